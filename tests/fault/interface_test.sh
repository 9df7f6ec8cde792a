#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Interfaces that do not stay as they were looked at: another's XDP program where ours was wanted,
# links that come and go while they are attached to, one that comes back under its old name, two that
# swap their names.
set -e
cd "$(dirname "$0")/../.."
. tests/fault/lib.sh
PATH=$PATH:/usr/sbin
FOREIGN=$BUILD/tests/net/foreign.bpf.o
ROUNDS=40

hook_is() { [ "$(cordon status --json | gojq -r --arg name "$1" '.interfaces[] | select(.name == $name) | .hook')" = "$2" ]; }
foreign_xdp() { ip -n "$NODE" -d link show "$1" | grep -o 'prog/xdp id [0-9]* name [a-z_]*'; }
foreign_told() { sed 's/.*id \([0-9]*\) name \([a-z_]*\)/id \1, \2/' "$NET_TMP/foreign"; }
foreign_json() { cordon status --json | gojq -r --arg name "$1" '.interfaces[] | select(.name == $name and .ahead == 1) | .foreign_xdp | "id \(.id), \(.name)"'; }
exits() { local want=$1 status=0; shift; "$@" >/dev/null 2>&1 || status=$?; [ "$status" = "$want" ]; }

# Ends when its file goes, at the latest after a minute.
come_and_go()
{
	local i
	touch "$NET_TMP/$1"
	for ((i = 0; i < 6000 && SECONDS < 60; i++)); do
		[ -e "$NET_TMP/$1" ] || return 0
		ip -n "$NODE" link add "$1" type veth peer name "$1p" 2>/dev/null || true
		ip -n "$NODE" link set "$1" up 2>/dev/null || true
		ip -n "$NODE" link del "$1" 2>/dev/null || true
	done
}

# One after another, while links come and go; says what is wrong.
apply_many()
{
	local i
	for ((i = 0; i < ROUNDS; i++)); do
		cordon apply --force "$NET_TMP/$((i % 2 + 1)).yaml" >/dev/null 2>"$NET_TMP/line" ||
			cat "$NET_TMP/line"
		packets_say $((i % 2 + 1)) || echo "round $i: packets say another policy"
	done
}

link_ids() { for pin in "$NET_BPFFS"/links/*; do bpftool -j link show pinned "$pin" | gojq .id; done | sort; }

# rename_link OLD NEW: a kernel may refuse it of one that is up
rename_link()
{
	ip -n "$NODE" link set "$1" down
	ip -n "$NODE" link set "$1" name "$2"
	ip -n "$NODE" link set "$2" up
}

tell_wrong() { [ -z "$wrong" ] || sort <<<"$wrong" | uniq -c | sed 's/^/# /'; }

test_start 34
fault_start
ip -n "$NODE" link add fast0 type veth peer name fast1
ip -n "$NODE" link set fast0 up
{ cat "$NET_TMP/1.yaml"; echo "interfaces: {modes: {fast0: xdp}}"; } >"$NET_TMP/xdp.yaml"

check "apply" cordon apply "$NET_TMP/1.yaml"
ip -n "$NODE" link set fast0 xdp object "$FOREIGN" section xdp
foreign_xdp fast0 >"$NET_TMP/foreign"
check "another's XDP program is on an interface" test -s "$NET_TMP/foreign"
check "a policy that wants XDP there" cordon apply --force "$NET_TMP/xdp.yaml"
check "the other's stays" diff "$NET_TMP/foreign" <(foreign_xdp fast0)
refuse "and tc does our work" hook_is fast0 none
check "which is said" says "; tc instead of XDP" cordon status
check "the other's runs before us: degraded" exits 3 cordon status
check "it is named" says "interface fast0: an XDP program of others runs before ours ($(foreign_told))" cordon status
check "in JSON, too" test "$(foreign_json fast0)" = "$(foreign_told)"
check "also where tc is what the policy wants" cordon apply --force "$NET_TMP/1.yaml"
check "it is named" says "runs before ours ($(foreign_told))" cordon status
refuse "without a word of XDP instead" says "instead of XDP" cordon status
ip -n "$NODE" link set fast0 xdp off
check "without it" cordon apply --force "$NET_TMP/xdp.yaml"
check "XDP it is" hook_is fast0 xdp
check "all is well" in_force 1

# Gone and back with its name, and nobody who followed it: pins with dead links have that name.
ip -n "$NODE" link del fast0
ip -n "$NODE" link add fast0 type veth peer name fast1
refuse "a link of the same name is not covered yet" in_force 1
check "apply" cordon apply --force "$NET_TMP/xdp.yaml"
check "covers it" in_force 1
check "again the same" cordon apply --force "$NET_TMP/xdp.yaml"
check "leaves it covered" in_force 1

# Addresses stay with the link, modes and pins go by the name.
check "tc on both" cordon apply --force "$NET_TMP/1.yaml"
link_ids >"$NET_TMP/ids"
rename_link wan0 other0
rename_link fast0 wan0
rename_link other0 fast0
check "names are swapped: apply" cordon apply --force "$NET_TMP/1.yaml"
check "both are covered" in_force 1
check "and were at each moment" diff "$NET_TMP/ids" <(link_ids)
check "with XDP" cordon apply --force "$NET_TMP/xdp.yaml"
check "and XDP where the policy says" hook_is fast0 xdp
refuse "and nowhere else" hook_is wan0 xdp
rename_link fast0 other0
rename_link wan0 fast0
rename_link other0 wan0
check "and back" cordon apply --force "$NET_TMP/xdp.yaml"
check "both are covered" in_force 1

for serial in 1 2; do
	echo "interfaces: {modes: {gone1: xdp}}" >>"$NET_TMP/$serial.yaml"
done
come_and_go gone0 &
come_and_go gone1 &
until_ok 5 test -e "$NET_TMP/gone1"
wrong=$(apply_many)
check "$ROUNDS applies while links come and go" test -z "$wrong"
tell_wrong
cordon run >"$NET_TMP/run" 2>&1 &
daemon=$!
until_ok 10 grep -q "in force" "$NET_TMP/run"
wrong=$(apply_many)
check "and with the daemon" test -z "$wrong"
tell_wrong
rm "$NET_TMP"/gone?
wait %1 %2
check "the daemon lives" kill -0 "$daemon"
refuse "and complained of nothing" grep "^cordon" "$NET_TMP/run"
check "and all is well" until_ok 5 in_force 2
test_end
