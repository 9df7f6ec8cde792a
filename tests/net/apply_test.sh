#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# From a policy file to packets let through and dropped, and back: apply, status, confirm, rollback,
# detach, and the mistakes that must leave the running policy enforcing.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh

policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: $2
	node: test
	zones:
	  management: {addresses: [10.1.0.0/24, "fd01::/64"]}
	  devices:    {addresses: [10.2.0.0/24], interfaces: [lan0]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: ping,   from: management, to: node,       services: [icmp, icmpv6]}
	  - {name: $3,     from: management, to: node,       services: [tcp/$4]}
	  - {name: pos,    from: pos,        to: management, services: [tcp/443]}
	quarantine:
	  keep:
	    - {name: ping, from: management, to: node,       services: [icmp]}
	END
}

status_is() { cordon status >/dev/null; [ $? = "$1" ]; }
one_line() { [ "$("$@" 2>&1 >/dev/null | wc -l)" = 1 ]; }
ping4() { on_peer wan0 ping -q -c 1 -W 1 10.1.0.1; }
generation() { cordon status --json | gojq .generation; }
port_open() { on_peer wan0 timeout 1 bash -c "echo >/dev/tcp/10.1.0.1/$1"; }
audit_only_counted() { cordon counters --json | gojq -e '.rules[] | select(.name == "audit-only") | .builtin and .packets > 0'; }

test_start 43
net_start
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address lan0 10.2.0.1/24 10.2.0.2/24
policy one 1 web 80
policy two 2 other 81
on_node socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:true 2>/dev/null &
on_node socat TCP-LISTEN:81,fork,reuseaddr SYSTEM:true 2>/dev/null &
until_ok 5 port_open 80
until_ok 5 port_open 81

check "status before anything exits 4" status_is 4
check "check reads a policy" cordon check "$NET_TMP/one.yaml"
check "check changes nothing" test ! -e "$NET_BPFFS"
check "no pins, no confirm" exits 1 cordon confirm

check "apply" cordon apply "$NET_TMP/one.yaml"
check "status exits 0" status_is 0
check "status says so" says "cordon is enforcing" cordon status
check "a permitted ping passes" ping4
check "a permitted port passes" port_open 80
refuse "another port does not" port_open 81
refuse "a ping from a zone without a rule does not" on_peer lan0 ping -q -c 1 -W 1 10.2.0.1
check "the denial is counted" says no-rule cordon counters
check "and told apart" says "(devices)" cordon counters --denials
check "explain agrees" says "allowed by rule web" cordon explain in tcp 10.1.0.2 10.1.0.1 80
check "explain gives the reason" says "no-rule" cordon explain in tcp 10.1.0.2 10.1.0.1 81
check "explain knows spoofing" says "spoofed" cordon explain in tcp 10.1.0.2 10.2.0.1 80 --interface lan0
check "flows shows the ping" says icmp cordon flows
check "top counts" cordon top --count 1

check "a second policy" cordon apply "$NET_TMP/two.yaml"
refuse "what it took away is denied at once" port_open 80
check "what it gave is let through" port_open 81
check "a lower serial is refused" exits 1 cordon apply "$NET_TMP/one.yaml"
check "in one line" one_line cordon apply "$NET_TMP/one.yaml"
check "unless forced" cordon apply --force "$NET_TMP/one.yaml"
check "rollback" cordon rollback
check "brings the former rules back" port_open 81

check "a trial" cordon apply "$NET_TMP/one.yaml" --force --confirm 5
check "is in force" port_open 80
check "and lapses with nobody running" until_ok 10 port_open 81
check "confirm comes too late" says "too late" cordon confirm
check "a trial again" cordon apply "$NET_TMP/one.yaml" --force --confirm 5
check "is confirmed" cordon confirm
sleep 5.2
check "stays" port_open 80

before=$(generation)
printf 'cordon: 1\nserial: x\n' >"$NET_TMP/bad.yaml"
check "a bad policy is refused with its place" says "bad.yaml:2:" cordon apply "$NET_TMP/bad.yaml"
check "and leaves the running one" test "$(generation)" = "$before"
refuse "counters: no rule but rules and built-in ones" says audit-only cordon counters
check "audit mode" cordon apply "$NET_TMP/one.yaml" --force --audit
check "lets pass what would be denied" port_open 81
check "counters tell the replies to that" says audit-only cordon counters
check "in JSON, too" audit_only_counted
check "and is not called enforcing" status_is 4

check "detach" cordon detach
check "nothing is left after detach" test ! -e "$NET_BPFFS"
test_end
