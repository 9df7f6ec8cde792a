#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the commands say of a node that is not as it should be, and to questions that were asked
# wrongly: explain, flows and status.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

flows() { cordon flows --json | gojq "[.[] | select(.destination.port == 8080)] | $1"; }
listens() { on_peer wan0 bash -c 'echo >/dev/tcp/127.0.0.1/8080'; }
flow_is_open() { [ "$(flows '.[0].state')" = '"established"' ]; }
# hooks_missing COMMAND...: how many check --node finds missing, as COMMAND lets it run
hooks_missing() { on_node "$@" "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --cgroup "$NET_CGROUP" check --node "$NET_TMP/policy.yaml" | grep -c "this kernel takes no program for"; }
no_trailing_blanks() { ! "$@" | grep -q ' $'; }

test_start 48
net_start
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address lan0 10.2.0.1/24 10.2.0.2/24
cat >"$NET_TMP/policy.yaml" <<-'END'
	cordon: 1
	serial: 1
	zones:
	  management: {addresses: [10.1.0.0/24, "fd01::/64"]}
	  devices:    {addresses: [10.2.0.0/24], interfaces: [lan0]}
	workloads:
	  pos:     {units: [pos.service]}
	  updater: {units: [updater.service]}
	rules:
	  - {name: sensors, from: devices,    to: management, services: [tcp/8080]}
	  - {name: orders,  from: management, to: pos,        services: [tcp/9000]}
	  - {name: local,   from: devices,    to: node,       services: [tcp/9000, tcp/9001]}
	quarantine:
	  keep:
	    - {name: ssh, from: management, to: node, services: [tcp/22]}
END
check "check: this kernel has every hook" test "$(hooks_missing)" = 0
check "and says which it refuses" test "$(hooks_missing setpriv --bounding-set=-bpf,-sys_admin)" = 9

# Who could reopen it is asked before it is shut.
check "check --node: nobody could reopen the node" says "nobody is trusted with release" \
	cordon check --node "$NET_TMP/policy.yaml"
mkdir "$NET_ROOT/etc/cordon/trust"
echo 'node: store-0043' >"$NET_ROOT/etc/cordon/trust/node"
{ cat "$NET_TMP/policy.yaml"; printf '  lease: {hours: 72, level: egress}\nnode: store-0042\n'; } >"$NET_TMP/leased.yaml"
check "a policy for another node" says "for node store-0042, and this is store-0043" \
	cordon check --node "$NET_TMP/leased.yaml"
check "a lease that nobody may renew" says "nobody is trusted to renew" cordon check --node "$NET_TMP/leased.yaml"
echo 'release two' >"$NET_ROOT/etc/cordon/trust/threshold"
check "a mistake in trust/" says "threshold: line 1" cordon check --node "$NET_TMP/leased.yaml"
rm -r "$NET_ROOT/etc/cordon/trust"

check "nothing loaded: status says what to do" says "cordon apply" cordon status
check "and exits 4" exits 4 cordon status
check "a cgroup that is not there is a mistake, no state" exits 1 cordon status --cgroup "$NET_TMP/none"
check "apply" cordon apply "$NET_TMP/policy.yaml"
check "status in another network namespace says so" says "another network namespace" cordon_from lan0 status
refuse "and in the node's does not" says "another network namespace" cordon status
sed 's/^serial: .*/serial: 99/' "$NET_TMP/policy.yaml" >"$NET_TMP/elsewhere.yaml"
check "apply there is refused" says "another network namespace" cordon_from lan0 apply "$NET_TMP/elsewhere.yaml"
refuse "so is the daemon" cordon_from lan0 run --once
check "the node's interfaces are where they were" exits 0 cordon status

check "explain: a port of a workload" says "only workload pos may listen" \
	cordon explain in tcp 10.1.0.2 10.1.0.1 9000
check "explain: for that workload" says "allowed by rule orders" \
	cordon explain in tcp 10.1.0.2 10.1.0.1 9000 --workload pos
check "explain: for another" says "denied, reserved-port" \
	cordon explain in tcp 10.1.0.2 10.1.0.1 9000 --workload updater
check "explain: by a rule to the node, for the workload that another gives the port to" \
	says "allowed by rule local" cordon explain in tcp 10.2.0.2 10.2.0.1 9000 --workload pos
check "explain: for another" says "denied, reserved-port" \
	cordon explain in tcp 10.2.0.2 10.2.0.1 9000 --workload updater
check "explain: by the text of a policy, too" says "denied, reserved-port" \
	cordon explain in tcp 10.2.0.2 10.2.0.1 9000 --workload updater --policy "$NET_TMP/policy.yaml"
check "explain: whose port it is" says "only workload pos may listen" \
	cordon explain in tcp 10.2.0.2 10.2.0.1 9000
check "explain: a port that is nobody's" says "allowed by rule local" \
	cordon explain in tcp 10.2.0.2 10.2.0.1 9001 --workload updater
# The kernel says the same: a process of that workload cannot take the port.
bind() { in_unit "$1.service" python3 -c 'import socket, sys; socket.socket().bind(("", int(sys.argv[1])))' "$2"; }
refuse "so says the kernel: not another" bind updater 9000
check "but that one" bind pos 9000
check "and nobody's by any" bind updater 9001
check "explain: a workload that is not there" exits 1 \
	cordon explain in tcp 10.1.0.2 10.1.0.1 9000 --workload nobody
check "explain: addresses of two families" exits 2 cordon explain in tcp 10.1.0.2 fd01::1 80
check "explain: icmp between IPv6 addresses" exits 2 cordon explain in icmp fd01::2 fd01::1 8
check "explain: no workload forwards" exits 2 \
	cordon explain forward tcp 10.2.0.2 10.1.0.2 8080 --workload pos
check "explain: in, but for another node" says "explain forward" \
	cordon explain in tcp 10.2.0.2 10.1.0.2 8080
check "explain: forward, but for this one" says "explain in" \
	cordon explain forward tcp 10.2.0.2 10.1.0.1 8080
check "explain: what a built-in rule passes" says "rule neighbour-discovery passes" \
	cordon explain in icmpv6 fd01::2 fd01::1 neighbour-solicitation
check "explain: and by which way" says "denied, no-rule" \
	cordon explain in icmpv6 fd01::2 fd01::1 echo-request

on_peer wan0 socat TCP-LISTEN:8080,reuseaddr,fork EXEC:'sleep 60' 2>/dev/null &
until_ok 10 listens
on_peer lan0 socat -u TCP:10.1.0.2:8080 - 2>/dev/null &
check "a forwarded connection" until_ok 10 flow_is_open
check "is one line of flows" [ "$(flows length)" = 1 ]
check "no line of flows ends in blanks" no_trailing_blanks cordon flows
check "nor one of status" no_trailing_blanks cordon status

sed 's/^serial: 1/serial: 2/' "$NET_TMP/policy.yaml" >"$NET_TMP/later.yaml"
check "a later policy" cordon apply "$NET_TMP/later.yaml"
check "a serial that goes down is told by its place" says "policy.yaml:2:9: error: serial 1 is" \
	cordon apply "$NET_TMP/policy.yaml"
mistake() { cordon apply --json "$NET_TMP/policy.yaml" 2>/dev/null | gojq '.diagnostics[0].line'; }
check "also to a program" [ "$(mistake)" = 2 ]
check "unless it is forced" cordon apply --force "$NET_TMP/policy.yaml"
full() { cordon status --json >/dev/full; }
check "no room for the answer: no success" exits 1 full

rm "$NET_BPFFS/maps/counters"
check "a pin is gone: status exits 3" exits 3 cordon status
check "as programs go on" says "their programs go on" cordon status
check "apply puts it right" cordon apply "$NET_TMP/policy.yaml"
check "status exits 0" exits 0 cordon status
umount "$NET_TMP/bpffs"
check "no bpffs: status says so" says "bpffs is not mounted" cordon status
test_end
