#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 300
#
# The guard's life: kept off by the command line, raised, found again by the next daemon, not taken
# down without a signature, not deceived by a helper that somebody else directs.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

guard_start
rm "$TRUST/release.pem"
test_start 37

echo "$(cat /proc/cmdline) cordon.guard=off" >"$NET_TMP/cmdline"
mount --bind "$NET_TMP/cmdline" /proc/cmdline
cordon run --once 2>/dev/null
check "the command line keeps it off, and status says so" says "off (cordon.guard=off" cordon status
umount /proc/cmdline
check "which is no fault" says "cordon is enforcing" cordon status

bpftool prog load "$BUILD/tests/guard/older.bpf.o" "$NET_TMP/bpffs/older"
# As our unit starts it, and where /proc shows it no process of others.
rights=$(sed -n 's/^CapabilityBoundingSet=//p' userspace/systemd/cordon-restore.service |
	sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
mount -o remount,hidepid=2 /proc
on_node setpriv --bounding-set "-all,${rights:?}" --no-new-privs \
	"$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" run --once
mount -o remount,hidepid=0 /proc
check "it is raised, with the rights of our unit alone" says "stands, on" cordon status
older=$(bpftool prog show pinned "$NET_TMP/bpffs/older" | sed -n '1s/:.*//p')
check "a program on the kernel's hooks of before is told" \
	says "may deceive or end cordon: 1, the first with id ${older:?}" cordon status
rm "$NET_TMP/bpffs/older"
check "while nobody is trusted with a release it may be taken down" cordon detach
check "and is gone" exits 4 cordon status

cp "$NET_TMP/owner.pem" "$TRUST/release.pem"
net_small_policy
start_daemon()
{
	nsenter --net="/run/netns/$NODE" -- "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" \
		--cgroup "$NET_CGROUP" run >"$NET_TMP/run.log" 2>&1 &
	DAEMON=$!
	until_ok 60 grep -q following "$NET_TMP/run.log"
}
start_daemon
check "the daemon raises it" says "stands, on" cordon status
refuse "there is none of before now" says "deceive or end" cordon status
# On 6.1 a process was not known as long as another one, on its CPU, was made known: a thing of chance.
starts_often() { for _ in {1..20}; do "$HELPER" --help >/dev/null; done; }
refused() { cordon status --json | gojq .guard.refused; }
before=$(refused)
starters=() failed=
for _ in {1..3}; do starts_often & starters+=($!); done
while kill -0 "${starters[@]}" 2>/dev/null; do
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null || failed=yes
done
check "nothing of ours is refused while others start the helper" [ "$failed$(refused)" = "${before:?}" ]
program() { bpftool prog show name guard_open | sed -n '1s/:.*//p'; }
before=$(program)
refuse "kill -9 does not end the daemon" kill -9 "$DAEMON"
# Not by check, which is another process.
if kill "$DAEMON"; then
	ok "who started it may ask it to end while the node is open"
else
	not_ok "who started it may ask it to end while the node is open"
fi
wait "$DAEMON"
ok "it ends"
check "the guard stands without it" says "stands, on" cordon status
start_daemon
check "another daemon starts" grep -q following "$NET_TMP/run.log"
check "and finds it as it was" [ "${before:?}" = "$(program)" ]
refuse "it is not taken down without a signature" cordon detach
refuse "another root is refused" on_node "$CORDON" --root /nowhere --bpffs "$NET_BPFFS" status
refuse "a helper with mounts of its own is not ours" nsenter --net="/run/netns/$NODE" unshare -m \
	"$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" rollback
refuse "evidence goes nowhere near who is trusted" cordon evidence "$TRUST/seal.pem"
refuse "nor does the log's key" cordon log key "$TRUST/wipe.pem"
check "nothing of them is there" [ "$(ls "$TRUST")" = $'node\nrelease.pem' ]
TRACING=/sys/kernel/tracing
probe()
{
	echo "p:try $HELPER:$(readelf -h "$HELPER" | sed -n 's/.*Entry point address: *//p')" >>$TRACING/uprobe_events
	echo 1 >$TRACING/events/uprobes/try/enable
}
unprobe()
{
	echo 0 >$TRACING/events/uprobes/try/enable
	echo "-:try" >>$TRACING/uprobe_events
}
seal_says() { cordon seal isolate 2>&1 | grep -q "$1"; }
refuse "nobody ends the daemon" kill -9 "$DAEMON"
check "somebody puts a probe into the helper" probe
refuse "whom it changed nobody lets dump its memory" kill -ABRT "$DAEMON"
check "whom it changed anybody may end" kill -9 "$DAEMON"
refuse "which may do nothing from then on" cordon apply --force "$NET_TMP/policy.yaml"
check "and says why" says "does not take this process for cordon's" cordon status
refuse "nor seal, and says so" cordon seal isolate
check "for that reason" seal_says "does not take this process for cordon's"
check "he is told" until_ok 10 says "tried to put a probe into cordon's program" cordon events --class tamper
check "without it" unprobe
refuse "who only reads is told as nobody" says "to map into memory" cordon events --class tamper
check "and reads of the policy in force, too" cordon explain in tcp 203.0.113.7 192.0.2.1 22 --interface wan0
check "the next may again" cordon apply --force "$NET_TMP/policy.yaml"
check "status counts who was not taken for ours" says "were not taken for it" cordon status
guard_goes
test_end
