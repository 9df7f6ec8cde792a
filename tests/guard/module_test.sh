#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 200
#
# The guard and the module on one node: who directs the module, what a helper that is told other
# folders may do in the guard's name, and a seal by other folders.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 45

kmod_node
kmod_peers
HELPER=$NET_TMP/cordon
cp "$CORDON" "$HELPER"
CORDON=$HELPER
key ada rsa:2048
key mallory rsa:2048
cp "$KMOD_TMP/ada.pem" "$TRUST/release.pem"
order sound 1 release ada
cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 1
	node: store-0042
	zones: {management: {addresses: [10.20.0.0/24]}}
	rules: [{name: in, from: management, to: node, services: [tcp/22]}]
	quarantine:
	  keep: [{name: responders, from: management, to: node, services: [tcp/22]}]
	  watchdog: {silence: 10s, latch: isolate}
END
cordon apply --force "$NET_TMP/policy.yaml" >/dev/null

# What somebody else made under the guard's name before it is raised.
decoy()
{
	local size
	size=$(bpftool btf dump file "$BUILD/bpf/guard.bpf.o" | sed -n "s/.*STRUCT 'cordon_guard' size=\([0-9]*\).*/\1/p")
	bpftool map create "$NET_TMP/bpffs/tasks" type hash key 4 value 16 entries 9 name tasks
	bpftool map create "$NET_TMP/bpffs/decoy" type array key 4 value "$size" entries 1 name cordon_guard
	python3 -c 'import struct, sys; print(*struct.pack("4I", 1, 0, 0, int(sys.argv[1])).ljust(int(sys.argv[2]), b"\0"))' \
		"$(bpftool -j map show pinned "$NET_TMP/bpffs/tasks" | gojq .id)" "$size" >"$NET_TMP/decoy"
}
# shellcheck disable=SC2046 # bytes
decoy_stands() { bpftool map update pinned "$NET_TMP/bpffs/decoy" key 0 0 0 0 value $(cat "$NET_TMP/decoy"); }
decoy

# ---- before -------------------------------------------------------------------------------------

kmod_load
check "anybody who is root may direct the module" module keep in:6:22:any
check "and say that we live" module beat 1
cordon run >"$NET_TMP/run.log" 2>&1 &
until_ok 60 grep -q following "$NET_TMP/run.log"
check "the guard stands" says "stands, on" cordon status
check "the module knows who may release" until_ok 10 is certificates 1

# ---- who directs it -----------------------------------------------------------------------------

check "everybody may look" module get
for what in "keep in:6:22:any" "beat 1" stand "map $NET_BPFFS/maps/module_latch" "setup threshold=1" close; do
	# shellcheck disable=SC2086 # words
	refuse "nobody else may: ${what%% *}" module $what
done
check "it is told" until_ok 10 says "tried to tell something to cordon's kernel module" \
	cordon events --class tamper
check "the helper may" cordon apply --force "$NET_TMP/policy.yaml"

# In one process, before anybody else could tell the guard.
again() { rmmod cordon && insmod "$KMOD" && module beat 1; }
former=$(stat -c %i /sys/module/cordon)
refuse "nor when it was unloaded, and loaded again" again
check "it was" [ "$(stat -c %i /sys/module/cordon)" != "$former" ]
check "the daemon says again, by itself, who may release" until_ok 10 is certificates 1
check "and the helper is heard by that, too" cordon apply --force "$NET_TMP/policy.yaml"
# Where the guard does not refuse it, it waits for the number's registration, and comes in with it.
foresees()
{
	local round
	for round in 1 2 3 4 5; do
		module flood "$KMOD_TMP/mallory.der" >"$NET_TMP/flood$round" &
		until_ok 10 grep -q flooding "$NET_TMP/flood$round"
		rmmod cordon
		insmod "$KMOD"
		wait $!
		! is owner flood || return 0
	done
	return 1
}
refuse "nor who said it before the module was loaded" foresees

# ---- in the guard's name ------------------------------------------------------------------------

signs() { "${@:2}" "$CORDON" --bpffs /nowhere sign order release --node x --issuer y --counter 9 --reason z \
	--cert "$KMOD_TMP/ada.pem" --key "$KMOD_TMP/ada.key" --force -o "$1"; }
few() { (ulimit -n "$1" && "${@:2}"); }
check "the helper signs for its caller" signs "$NET_TMP/signed"
refuse "with its caller's rights, whatever pins it is told of" signs "$TRUST/threshold"
weak=(setpriv --bounding-set=-sys_admin)
check "without CAP_SYS_ADMIN it signs" signs "$NET_TMP/weak" "${weak[@]}"
refuse "and is not ours" signs "$TRUST/threshold" "${weak[@]}"
refuse "nor in another user namespace" signs "$TRUST/threshold" unshare -U --map-root-user
check "nor does it go on where it cannot look" says "cannot look for a guard" few 4 "$CORDON" check "$NET_TMP/policy.yaml"
check "somebody else's map says that it is the guard" decoy_stands
refuse "he is not believed" signs "$TRUST/threshold"
check "and cordon acts as before" cordon apply --force "$NET_TMP/policy.yaml"
check "status says who was not taken for ours" says "CAP_SYS_ADMIN" cordon status
# By somebody else than who took its capabilities: a security module, or a filter as here.
unable() { python3 - "$@" <<-'END'
	import ctypes, os, struct, sys
	libc = ctypes.CDLL(None)
	# load the call's number; bpf(2): EPERM; anything else passes
	code = ctypes.create_string_buffer(struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 321,
	                                               6, 0, 0, 0x50001, 6, 0, 0, 0x7fff0000))
	libc.prctl(38, 1, 0, 0, 0)
	libc.prctl(22, 2, struct.pack("H6xQ", 4, ctypes.addressof(code)), 0, 0)
	os.execvp(sys.argv[1], sys.argv[1:])
END
}
check "nor where something forbids it that leaves it its capabilities" \
	says "cannot look for a guard" unable "$CORDON" check "$NET_TMP/policy.yaml"
ln -s "$NET_ROOT" "$NET_TMP/link"
mkdir "$NET_TMP/bind"
mount --bind "$NET_ROOT" "$NET_TMP/bind"
for way in link bind root/../root; do
	refuse "by $way, which may lead elsewhere in a moment, nothing is done" \
		"$CORDON" --root "$NET_TMP/$way" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" \
		apply --force "$NET_TMP/policy.yaml"
done
mkdir "$(net_cgroup2)/other"
elsewhere() { "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$(net_cgroup2)/other" "$@"; }
check "nobody moves its hooks to another cgroup" says "stays at its cgroup while the guard stands" \
	elsewhere apply --force "$NET_TMP/policy.yaml"
check "they are where they were" says "cordon is enforcing" cordon status
check "nothing of it is there" [ "$(ls "$TRUST")" = release.pem ]
check "who is not taken for the helper may still check" unshare -m "$CORDON" check "$NET_TMP/policy.yaml"
check "a seal by other folders does no more than shut, and says so" says "the node is shut, until" \
	"$CORDON" --root /nowhere --bpffs "$NET_BPFFS" seal egress
refuse "nor is it done" "$CORDON" --root /nowhere --bpffs "$NET_BPFFS" seal egress
check "the node is shut" says "egress" cordon status
refuse "its programs are where they were" says "NOT COVERED" cordon status

# ---- sealed -------------------------------------------------------------------------------------

check "everybody may tighten" module seal isolate
check "and bring a signed order" module order "$KMOD_TMP/sound.p7"
# When the guard is gone it would be the only one that says so.
rm "$NET_TMP/bpffs/decoy" "$NET_TMP/bpffs/tasks"
order last 2 detach ada
check "its owner's order takes all down" cordon order "$KMOD_TMP/last.p7"
check "and nothing of it is left" exits 4 cordon status
check "the module waits for nobody" is watch_seconds 0
umount "$NET_TMP/bind"
rmdir "$(net_cgroup2)/other"
kmod_end
