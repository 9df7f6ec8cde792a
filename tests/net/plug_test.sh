#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How long a new interface is without a guard while `cordon run` follows: from before the command
# that makes it until programs are attached both ways and the map of interfaces has its name.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh
PATH=$PATH:/usr/sbin
COUNT=10
BURST=30

write_policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 1
	zones:
	  all: {addresses: [10.0.0.0/8]}
	rules:
	  - {name: web, from: all, to: node, services: [tcp/80]}
	quarantine:
	  keep:
	    - {name: ssh, from: all, to: node, services: [tcp/22]}
	END
}

# plug LINKS COUNT COMMAND...: runs COMMAND with # as the number of the round, and waits for pins of
# the links of these names; then says the milliseconds of each round.
write_plug()
{
	cat >"$NET_TMP/plug" <<-'END'
	import os, subprocess, sys, time
	pins, links, count, *command = sys.argv[1:]
	for i in range(int(count)):
	    names = links.replace("#", str(i)).split(",")
	    wanted = [f"{pins}/{name}-{side}" for name in names for side in ("ingress", "egress")]
	    start = time.monotonic()
	    subprocess.run([word.replace("#", str(i)) for word in command], check=True)
	    while not all(os.path.exists(pin) for pin in wanted):
	        if time.monotonic() - start > 20:
	            sys.exit("not covered after 20 s")
	    print(f"{(time.monotonic() - start) * 1000:.1f}")
	    time.sleep(0.05)
	END
}

plug() { on_node python3 "$NET_TMP/plug" "$NET_BPFFS/links" "$@"; }
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }
worst() { sort -n "$1" | tail -n 1; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }

# measured TEXT MILLISECONDS FILE
measured()
{
	echo "# $1: median $(median "$3") ms, worst $(worst "$3") ms of $(wc -l <"$3")"
	check "$1: the median is below $2 ms" below "$(median "$3")" "$2"
}

covered() { cordon status --json | gojq -e --arg name "$1" '.interfaces[] | select(.name == $name) | .hook != "none"'; }
in_map() { bpftool -j map dump pinned "$NET_BPFFS/maps/interfaces" | grep -q "\"$1\""; }

[ "$(uname -r | awk -F '[.-]' '{ print $1 * 100 + $2 }')" -ge 606 ] ||
	{ echo "1..0 # SKIP filters of clsact have no pins to wait for"; exit 0; }
test_start 10
net_start
net_peer wan0
write_policy
write_plug
check "apply" cordon apply "$NET_TMP/policy.yaml"
cordon run >"$NET_TMP/run" 2>&1 &
until_ok 20 grep -q "is in force" "$NET_TMP/run"

# A kind that stands alone; not every kernel has dummy.
KIND=dummy
ip -n "$NODE" link add try0 type dummy 2>/dev/null && ip -n "$NODE" link del try0 || KIND=bridge

plug "$KIND#" $COUNT ip link add "$KIND#" type $KIND >"$NET_TMP/alone" || true
check "each $KIND is covered" test "$(wc -l <"$NET_TMP/alone")" = $COUNT
measured "$KIND" 100 "$NET_TMP/alone"
plug "veth#" $COUNT ip link add "veth#" type veth peer name "veth#" netns "$NET-wan0" \
	>"$NET_TMP/veth" || true
check "each veth is covered" test "$(wc -l <"$NET_TMP/veth")" = $COUNT
measured veth 100 "$NET_TMP/veth"
check "status says so" covered veth9
check "and the map of interfaces has it" in_map veth9

# Many at once: each waits for those before it, for the kernel takes a grace period a program.
seq -f "link add many%g type $KIND" $BURST >"$NET_TMP/batch"
plug "$(seq -s , -f 'many%g' $BURST)" 1 ip -batch "$NET_TMP/batch" >"$NET_TMP/burst" || true
check "$BURST at once are covered" test -s "$NET_TMP/burst"
echo "# $BURST at once: the last after $(worst "$NET_TMP/burst") ms"
check "in the map, too" in_map "many$BURST"
refuse "and nothing is complained of" grep "^cordon: " "$NET_TMP/run"
test_end
