#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 300
#
# With the daemon running nobody takes for good what it holds: pins that are removed, one by one or
# with their folder, links that are taken off their hooks, filters and qdiscs that are deleted, are
# put back within a bounded time, and each is said. Packets notice nothing of a pin.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
PATH=$PATH:/usr/sbin

# Seconds that a machine which is emulated may take, and what most need.
PATIENCE=20

tampers() { grep -c "^tamper: " "$NET_TMP/run" || true; }
told() { grep -qF "tamper: $1 was taken away; $2" "$NET_TMP/run"; }
is_pinned() { [ -e "$NET_BPFFS/$1" ]; }
pins() { (cd "$NET_BPFFS" && ls -d ./*/* | sort); }
now_us() { local t=$EPOCHREALTIME; echo "${t/./}"; }
link_id() { bpftool -j link show pinned "$NET_BPFFS/links/$1" | gojq .id; }
well() { cordon status >/dev/null; }

# back WHAT CMD... - CMD is true again in time; says how long it took
back()
{
	local what=$1 start
	shift
	start=$(now_us)
	if until_ok $PATIENCE "$@"; then
		ok "$what"
		echo "# after $((($(now_us) - start) / 1000)) ms"
	else
		not_ok "$what"
	fi
}

tcx() { bpftool -j net show 2>/dev/null | grep -q tcx || [ -e "$NET_BPFFS/links/wan0-egress" ]; }

test_start 37
fault_start
check "apply" cordon apply "$NET_TMP/1.yaml"
cordon run >"$NET_TMP/run" 2>"$NET_TMP/complaints" &
daemon=$!
check "the daemon starts" until_ok 60 grep -q "in force" "$NET_TMP/run"
check "all is well" in_force 1
pins >"$NET_TMP/before"

for pin in links/cgroup-connect4 links/cgroup-mkdir maps/control maps/counters progs/egress_ether; do
	rm "$NET_BPFFS/$pin"
	back "$pin is pinned again" is_pinned "$pin"
done
check "each was said" until_ok $PATIENCE told "the pin maps/control" "pinned again"
check "five times" test "$(tampers)" = 5
check "and the log has the same words" until_ok $PATIENCE says "the pin maps/control was taken away; pinned again" cordon events --class tamper

mv "$NET_BPFFS/maps/control" "$NET_BPFFS/maps/hidden"
back "a pin that is moved is pinned again" is_pinned maps/control
mkdir "$NET_BPFFS/links/folder"
rm "$NET_BPFFS/links/cgroup-bind4"
back "a folder among the pins keeps none from it" is_pinned links/cgroup-bind4
rmdir "$NET_BPFFS/links/folder"
rm "$NET_BPFFS/maps/hidden"
back "and what is no name of ours is held, too" is_pinned maps/hidden
pins >"$NET_TMP/before"

# What is put back may be quicker than what removes.
rm -rf "$NET_BPFFS/maps" "$NET_BPFFS/progs" 2>/dev/null || true
back "two folders are there again" eval 'diff "$NET_TMP/before" <(pins) >/dev/null 2>&1'
rm -rf "$NET_BPFFS" 2>/dev/null || true
check "packets notice nothing" packets_say 1
back "and so is all of it" eval 'diff "$NET_TMP/before" <(pins) >/dev/null 2>&1'
back "nothing is missed by status" well
check "policy 1 is in force" in_force 1

umount "$NET_TMP/bpffs"
check "without the file system" test ! -e "$NET_BPFFS"
check "packets notice nothing" packets_say 1
check "it is said" until_ok $PATIENCE grep -q "what is attached is held" "$NET_TMP/complaints"
mount -t bpf "$NET" "$NET_TMP/bpffs"
back "mounted again, it has all of it" eval 'diff "$NET_TMP/before" <(pins) >/dev/null 2>&1'

if tcx; then
	before=$(link_id wan0-ingress)
	rm "$NET_BPFFS"/links/wan0-*
	back "pins of an interface" is_pinned links/wan0-ingress
	check "are of the same link" test "$(link_id wan0-ingress)" = "$before"
	mv "$NET_BPFFS/links/wan0-egress" "$NET_BPFFS/links/wan0-ingress"
	back "one moved over another: covered again" eval 'is_pinned links/wan0-egress && well'
	check "packets say so" packets_say 1
	bpftool link detach pinned "$NET_BPFFS/links/wan0-ingress"
	back "a link taken off its hook: covered again" until_ok 1 well
	check "is said" told "the hook on wan0" "attached again"
else
	skip "there are no links on interfaces"
	skip "there are no links on interfaces"
	skip "there are no links on interfaces"
	skip "there are no links on interfaces"
	on_node tc qdisc del dev wan0 clsact
	back "a qdisc deleted: covered again" until_ok 1 well
	check "is said" told "the hook on wan0" "attached again"
fi
check "packets say so" packets_say 1
bpftool link detach pinned "$NET_BPFFS/links/cgroup-bind4"
back "a cgroup hook taken off" eval 'cordon status --json | gojq -e .cgroup_hooks.bind4 >/dev/null'

check "another policy, with the daemon looking on" cordon apply "$NET_TMP/2.yaml"
check "is in force" in_force 2
ip -n "$NODE" link add spare0 type veth peer name spare1
check "an interface that comes is covered" until_ok $PATIENCE is_pinned links/spare0-egress
{ cat "$NET_TMP/2.yaml"; echo "interfaces: {exclude: [spare0]}"; } >"$NET_TMP/3.yaml"
sleep 1
said=$(tampers)
check "a policy that leaves it out" cordon apply "$NET_TMP/3.yaml"
ip -n "$NODE" link add gone0 type veth peer name gone1
check "another is covered" until_ok $PATIENCE is_pinned links/gone0-ingress
ip -n "$NODE" link del gone0
sleep 1
check "what we do ourselves is no tampering" test "$(tampers)" = "$said"
kill "$(cordon status --json | gojq .daemon)"
wait "$daemon" || true
sed 's/^/# /' "$NET_TMP/complaints"
test_end
