#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# What the node remembers of its latch: copies that are missing or torn, a disk that is full or cannot
# be written to, and that what holds a sealed node is not uninstalled. Nothing of it depends on the
# kernel, so it does not run in a virtual machine.
set -e
cd "$(dirname "$0")/../.."
. tests/latch/lib.sh

memory_is() { [ "$(cordon status --json | gojq -r .latch_state.memory)" = "$1" ]; }
tear() { printf 'x' | dd of="$NET_ROOT/$STATE/$1" bs=1 seek=200 conv=notrunc status=none; }

forgot() { [ "$(cordon status --json | gojq '.latch_state | .memory == "sound" and .counters.release == null')" = true ]; }
forget_all() { rm "$NET_ROOT/$STATE"/latch* "$NET_ROOT/$STATE/policy/sealed-once" "$NET_ROOT/etc/cordon/sealed-once"; }

test_start 40
latch_start
cordon seal lockdown --reason 'to be remembered' >/dev/null
reboot
check "nothing is loaded after a boot: status says that the node is sealed" \
	says 'sealed at lockdown, by uid 0' cordon status
check "that nothing holds it" says 'NOT SHUT' cordon status
check "and what does: not an apply" says 'cordon run --once' cordon status
check "to a program, too" remembers lockdown
check "and is not enforcing" exits 4 cordon status
rm "$NET_ROOT/$STATE/latch"
check "one copy is missing: a boot" cordon run --once
check "restores it" shut_at lockdown
check "and both copies" memory_is sound
reboot
tear latch.copy
check "one copy is torn: a boot" cordon run --once
check "restores it" shut_at lockdown
reboot
tear latch
tear latch.copy
check "both are torn: a boot" cordon run --once
check "comes up at isolate" shut_at isolate
check "and asks for a challenge" test "$(cordon status --json | gojq -r '.latch_state.challenge | length')" = 32
rm "$NET_ROOT/$STATE"/latch*
check "both are deleted: status says that all is lost" says 'both copies' cordon status
check "and how to be given a challenge" says 'cordon run --once' cordon release
check "both are deleted under the latch: a change" cordon seal isolate --reason 'deleted'
check "does not make it forget" forgot
fresh
again
cordon seal isolate --reason 'all of it deleted' >/dev/null
forget_all
check "with the marks, under the latch: a tighter seal" cordon seal lockdown --reason 'deleted'
check "does not make it forget either" forgot
fresh
again
cordon seal isolate --reason 'all of it deleted' >/dev/null
daemon_starts
forget_all
check "nor the daemon, which writes down what the kernel holds" until_ok 10 forgot
daemon_ends

# A node that was never sealed and lost its files is not locked out.
fresh
again
check "a fresh node is open" shut_at open
rm "$NET_ROOT/$STATE"/latch*
reboot
cordon run --once
check "and stays so if it has nothing to remember" shut_at open

# What holds a sealed node is not uninstalled.
if make --version >/dev/null 2>&1 && make -s install "DESTDIR=$NET_TMP/dest" PREFIX=/usr BUILD="$BUILD"; then
	touch "$NET_TMP/dest/etc/cordon/gate"
	refuse "uninstall of a node whose initramfs shuts the gate" make -s uninstall "DESTDIR=$NET_TMP/dest" PREFIX=/usr BUILD="$BUILD"
	check "leaves it as it is" test -x "$NET_TMP/dest/usr/sbin/cordon"
	rm "$NET_TMP/dest/etc/cordon/gate"
	check "uninstall" make -s uninstall "DESTDIR=$NET_TMP/dest" PREFIX=/usr BUILD="$BUILD"
	refuse "leaves nothing to run" test -e "$NET_TMP/dest/usr/sbin/cordon"
	make -s install "DESTDIR=$NET_TMP/dest" PREFIX=/usr BUILD="$BUILD"
	cordon seal isolate --reason 'to stay' >/dev/null
	cp -r "$NET_ROOT/var" "$NET_TMP/dest/"
	refuse "uninstall of a sealed node" make -s uninstall "DESTDIR=$NET_TMP/dest" PREFIX=/usr BUILD="$BUILD"
	check "leaves it as it is" test -x "$NET_TMP/dest/usr/sbin/cordon"
else
	for text in "uninstall of a gated node" "leaves it" "uninstall" "leaves nothing to run" "uninstall of a sealed node" "leaves it as it is"; do
		skip "$text: nothing can be installed here"
	done
fi

# A disk with no room left, with and without the files that are there from the first day on.
fresh
mkdir -p "$NET_ROOT/small"
mount -t tmpfs -o size=256k,nr_inodes=64 small "$NET_ROOT/small"
BIG_ROOT=$NET_ROOT NET_ROOT=$NET_ROOT/small
mkdir -p "$NET_ROOT/etc/cordon" "$NET_ROOT/run/cordon"
again
dd if=/dev/zero of="$NET_ROOT/fill" bs=1k status=none 2>/dev/null || true
check "a full disk: seal" cordon seal isolate --reason 'full'
check "shuts" shut_at isolate
check "and is remembered" remembers isolate
reboot
rm -rf "${NET_ROOT:?}/$STATE"/latch* "$NET_ROOT/$STATE/policy"/* "$NET_ROOT"/etc/cordon/sealed-once
dd if=/dev/zero of="$NET_ROOT/fill2" bs=1k status=none 2>/dev/null || true
check "a full disk that has no room for the file: seal says so" exits 3 cordon seal isolate --reason 'full'
check "and shuts" shut_at empty
reboot
rm -f "$NET_ROOT/$STATE/policy/sealed-once" "$NET_ROOT/etc/cordon/sealed-once"
mount -o remount,ro "$NET_ROOT"
check "nothing can be written: seal says so" exits 3 cordon seal isolate --reason 'read-only'
check "and shuts" shut_at empty
check "which status says" says 'will not outlast a reboot' cordon status
# Two faults at once are both told.
rm "$NET_BPFFS"/progs/ingress_ether
ip -n "$NODE" link add new0 type veth peer name new1
ip -n "$NODE" link set new0 up
cordon seal lockdown --reason 'two faults' >/dev/null 2>"$NET_TMP/faults" || true
check "an interface that cannot be covered is told" grep -q 'not all is covered: .*progs' "$NET_TMP/faults"
check "beside what cannot be written" grep -q 'only until a reboot: .*Read-only' "$NET_TMP/faults"
# The daemon does its part all the same; only what is run, not what is kept, is written.
mount -t tmpfs run "$NET_ROOT/run/cordon"
daemon_starts
mount -o remount,rw "$NET_ROOT"
rm -f "$NET_ROOT"/fill*
check "and has an inbox when there can be one" until_ok 5 test -d "$NET_ROOT/$STATE/inbox"
check "and then remembers what the kernel holds" until_ok 5 remembers lockdown
daemon_ends
umount "$NET_ROOT/run/cordon"
umount -l "$NET_ROOT"
NET_ROOT=$BIG_ROOT
test_end
