#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply and the way by which its operator is connected: a policy that would cut it, or that leaves no
# way in at all, is refused unless forced, and what was in force still is.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh

# policy NAME ADMIN-RULE KEEP-RULE [LINE]
policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: 1
	${4:-}
	zones:
	  management: {addresses: [10.1.0.0/24, "fd01::/64", "fe80::/10"]}
	  devices:    {addresses: [10.2.0.0/24], interfaces: [lan0]}
	rules: [$2]
	quarantine: {keep: [$3]}
	END
}

# by REMOTE PORT LOCAL PORT, as sshd says it
by() { SSH_CONNECTION="$1 $2 $3 $4" cordon apply "$NET_TMP/$5.yaml" "${@:6}"; }
by_ssh() { by 10.1.0.2 40000 10.1.0.1 22 "$@"; }
# sudo takes the variable from its child: only the parent has it.
below_sudo() { SSH_CONNECTION="10.1.0.2 40000 10.1.0.1 22" nsenter --net="/run/netns/$NODE" -- bash -c 'env -u SSH_CONNECTION -- "$@"; exit $?' - "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" apply "$NET_TMP/$1.yaml"; }
# One connection that stands, said by a parent; one that is gone, said by its child.
both() { SSH_CONNECTION="10.1.0.2 41000 10.1.0.1 2200" nsenter --net="/run/netns/$NODE" -- bash -c 'SSH_CONNECTION="10.1.0.2 40000 10.1.0.1 22" "$@"; exit $?' - "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" apply "$NET_TMP/$1.yaml"; }
one_line() { [ "$("$@" 2>&1 >/dev/null | wc -l)" = 1 ]; }
generation() { cordon status --json | gojq .generation; }
# refused WORDS COMMAND...: exits 1, says so in one line, and nothing has changed
refused()
{
	local words=$1 before
	shift
	before=$(generation)
	exits 1 "$@" && one_line "$@" && says "$words" "$@" && [ "$(generation)" = "$before" ]
}

test_start 23
net_start
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address wan0 fd01::1/64 fd01::2/64
net_address lan0 10.2.0.1/24 10.2.0.2/24
ssh='{name: ssh, from: management, to: node, services: [tcp/22]}'
web='{name: web, from: management, to: node, services: [tcp/443]}'
policy good "$ssh" "$ssh"
policy no-rule "$web" "$ssh"
policy no-keep "$ssh" "$web"
policy nothing "$ssh" ""
policy audit "$web" "$ssh" "mode: audit"
policy excluded "$web" "$web" "interfaces: {exclude: [wan0]}"
grep -v quarantine "$NET_TMP/good.yaml" >"$NET_TMP/absent.yaml"

on_node socat TCP-LISTEN:2200 EXEC:"sleep 60" 2>/dev/null &
listens() { on_node ss -Hltn "sport = 2200" | grep -q .; }
connected() { on_node ss -Htn state established "sport = 2200" | grep -q .; }
until_ok 5 listens
on_peer wan0 socat -u TCP:10.1.0.1:2200,sourceport=41000 - &
until_ok 5 connected
check "a policy with both rules" by_ssh good
check "rules that cut it" refused "the rules would cut that: it needs {from: management, to: node, services: [tcp/22]}" by_ssh no-rule
check "a keep list that cuts it" refused "the keep list would cut that once the node is sealed" by_ssh no-keep
check "how to do it anyway is said" refused "(--force to apply it anyway)" by_ssh no-keep
check "also to who runs it by sudo" refused "from 10.1.0.2 to tcp/22" below_sudo no-rule
check "also on trial" refused "the rules would cut" by_ssh no-rule --confirm 60
check "also by IPv6" refused "from fd01::2 to tcp/22" by fd01::2 40000 fd01::1 22 no-rule
ip -n "$NODE" -6 address add fe80::99/64 dev wan0
check "also by a link-local address" refused "from fe80::1 to tcp/22" by fe80::1%wan0 40000 fe80::99%wan0 22 no-rule
check "to another port than that of the rule" refused "services: [tcp/2222]}" by 10.1.0.2 40000 10.1.0.1 2222 good
ip -n "$NODE" route add 10.1.0.77 dev lan0
check "from an address that does not belong there" refused "must be tied to interface lan0" by 10.1.0.77 40000 10.2.0.1 22 good
check "of two connections the one that stands" refused "from 10.1.0.2 to tcp/2200" both no-rule
check "forced" by_ssh no-rule --force
check "audited rules cut nothing" by_ssh audit
check "their keep list does" refused "the keep list would" by 10.1.0.2 40000 10.1.0.1 2222 audit
check "an interface that is not covered" by_ssh excluded
check "who is connected to another machine" by 10.1.0.2 40000 10.9.0.1 22 no-rule
check "who is connected from this one" by 10.1.0.1 40000 10.1.0.1 22 no-rule
check "who is at the console" cordon apply "$NET_TMP/no-rule.yaml"
check "no way in at all" refused "the keep list has no way in" cordon apply "$NET_TMP/nothing.yaml"
check "no quarantine part" refused "the keep list has no way in" cordon apply "$NET_TMP/absent.yaml"
check "check warns of it" says "absent.yaml: warning: the keep list" cordon check "$NET_TMP/absent.yaml"
check "but only warns" exits 0 cordon check "$NET_TMP/absent.yaml"
check "forced" cordon apply --force "$NET_TMP/absent.yaml"
test_end
