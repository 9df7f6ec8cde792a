#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pins of programs that somebody removed: what is attached goes on, status says what is gone and what
# to do, no command makes it worse, and apply and run put it right.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
PATH=$PATH:/usr/sbin

lose() { for name in "$@"; do rm "$NET_BPFFS/progs/$name"; done; }
hook_of() { cordon status --json | gojq -r ".interfaces[] | select(.name == \"$1\") | .hook"; }
attached() { cordon status --json | gojq -e ".cgroup_hooks.$1" >/dev/null; }
# runs PROGRAM LINK: the pinned link runs the pinned program
runs()
{
	[ "$(bpftool -j prog show pinned "$NET_BPFFS/progs/$1" | gojq .id)" = \
		"$(bpftool -j link show pinned "$NET_BPFFS/links/$2" | gojq .prog_id)" ]
}

kept_is() { [ "$(readlink "$NET_ROOT/var/lib/cordon/policy/active")" = "$1" ]; }
map_id() { bpftool -j map show pinned "$NET_BPFFS/maps/$1" | gojq .id; }

test_start 49
fault_start
ip -n "$NODE" link add fast0 type veth peer name fast1
ip -n "$NODE" link set fast0 up
for serial in 1 2; do echo "interfaces: {modes: {fast0: xdp}}" >>"$NET_TMP/$serial.yaml"; done
check "apply" cordon apply "$NET_TMP/1.yaml"
check "apply another" cordon apply "$NET_TMP/2.yaml"
check "all is well" in_force 2

lose connect4 cgroup_mkdir ingress_ether xdp_ingress
check "pins of programs are gone: degraded" exits 3 cordon status
for name in connect4 cgroup_mkdir ingress_ether xdp_ingress; do
	check "$name is said to be" says "the pin progs/$name is gone" cordon status
done
check "and what to do" says "cordon apply or cordon run puts it right" cordon status
check "in JSON, too" says "the pin progs/connect4 is gone" cordon status --json
check "the hook that goes on is not said to be missing" attached connect4
check "nor the watcher" attached cgroup_mkdir
check "nor what goes on at an interface" test "$(hook_of fast0)" = xdp
check "packets say it goes on" packets_say 2
check "rollback" cordon rollback
check "is in force" packets_say 1
check "and leaves XDP where it is" test "$(hook_of fast0)" = xdp
ip -n "$NODE" link add new0 type veth peer name new1
refused "rollback with a new interface says why that is not covered" "a pin below progs is gone" cordon rollback
check "but a boot would load what is in force" kept_is "$(cordon status --json | gojq .generation)"
check "apply" cordon apply "$NET_TMP/2.yaml"
check "puts all right" in_force 2
check "with hooks on what is pinned" runs connect4 cgroup-connect4
check "watchers, too" runs cgroup_mkdir cgroup-mkdir
check "and XDP" runs xdp_ingress fast0-ingress

lose bind6 egress_ip
check "others are gone: degraded" exits 3 cordon status
cordon run >"$NET_TMP/run" 2>&1 &
daemon=$!
check "the daemon starts" until_ok 60 grep -q "in force" "$NET_TMP/run"
check "and puts all right" in_force 2
kill "$(cordon status --json | gojq .daemon)"
wait "$daemon" || true

rm "$NET_BPFFS/maps/build"
check "what is loaded is not known: degraded" exits 3 cordon status
check "apply" cordon apply --force "$NET_TMP/1.yaml"
check "puts it right" in_force 1

# Without one of the maps that hold it a policy is not whole: it is made again from the disk.
for name in classes_of rules; do
	rm "$NET_BPFFS/maps/$name"
	check "the pin of $name is gone: degraded" exits 3 cordon status
	check "what is attached goes on" packets_say 1
	check "run" cordon run --once
	check "puts it right" in_force 1
done
rm "$NET_BPFFS/maps/zones"
check "a pin that only people read is gone: status names it" says "the pin maps/zones" cordon status
check "run" cordon run --once
check "puts it right" exits 0 cordon status

# A build that reads the maps otherwise must not take over what stands in them.
before=$(map_id control)
bpftool map update pinned "$NET_BPFFS/maps/build" key 0 0 0 0 value 1 0 0 0 0 0 0 0
check "another build, maps of this version: apply" cordon apply "$NET_TMP/2.yaml"
check "takes them over" test "$(map_id control)" = "$before"
check "and the policy is in force" in_force 2
for element in 0 2; do
	bpftool map update pinned "$NET_BPFFS/maps/build" key $element 0 0 0 value 1 0 0 0 0 0 0 0
done
check "another build, maps of another version: packets go by them" packets_say 2
check "apply" cordon apply --force "$NET_TMP/1.yaml"
refuse "takes none over" test "$(map_id control)" = "$before"
check "and the policy is in force" in_force 1
check "with hooks on what is pinned" runs connect4 cgroup-connect4
test_end
