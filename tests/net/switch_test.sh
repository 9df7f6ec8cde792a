#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 180
#
# Switches under traffic, and floods, counted packet by packet: no packet of a permitted flow is
# lost, a flow no longer permitted dies at once, what no rule allows leaves no trace in the flow
# table, and every denied packet is counted, though few are told.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh
PATH=$PATH:/usr/sbin

policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: 1
	zones:
	  wan:   {addresses: [10.1.0.0/25, "fd01::/64"]}
	  stray: {addresses: [10.1.0.128/25]}
	  lan:   {addresses: [10.2.0.0/24]}
	  filler$1: {addresses: [192.0.2.$1]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: keep,    from: wan,  to: node, services: [udp/7000, icmp]}
	  - {name: through, from: lan,  to: wan,  services: [udp/7001]}
	  - {name: out,     from: pos,  to: wan,  services: [udp/7002]}
	$2
	quarantine:
	  keep:
	    - {name: ssh, from: wan, to: node, services: [tcp/22]}
	flows: {entries: 64}
	END
}

# send ADDRESS PORT SECONDS: numbered packets, one a millisecond; says how many it tried
# receive PORT: until a second's silence behind the first; says how many, and when the last was sent
write_programs()
{
	cat >"$NET_TMP/send" <<-'END'
	import socket, struct, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("", int(sys.argv[4]) if len(sys.argv) > 4 else 0))
	end, n = time.monotonic() + float(sys.argv[3]), 0
	s.connect((sys.argv[1], int(sys.argv[2])))
	while time.monotonic() < end:
	    try: s.send(struct.pack("!Id", n, time.monotonic()))
	    except OSError: pass
	    n += 1
	    time.sleep(0.001)
	# A send that fails is a packet lost: egress tells the sender of its drops.
	print(n)
	END
	cat >"$NET_TMP/receive" <<-'END'
	import socket, struct, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("", int(sys.argv[1]))); s.settimeout(30)
	got = last = 0
	print("ready", flush=True)
	try:
	    while True:
	        number, sent = struct.unpack("!Id", s.recv(99)); got += 1; last = sent; s.settimeout(1.5)
	except TimeoutError:
	    print(got, int(last * 1000))
	END
	# scapy: many SYNs or datagrams from one zone's addresses, exactly N of them
	cat >"$NET_TMP/flood" <<-'END'
	import logging, sys
	logging.getLogger("scapy").setLevel(logging.ERROR)
	from scapy.all import Ether, IP, UDP, TCP, conf, get_if_hwaddr
	kind, first, count, port, target = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
	socket = conf.L2socket(iface="eth0")
	layer = UDP if kind == "udp" else TCP
	frames = [bytes(Ether(dst=target, src="02:00:00:00:00:77") /
	                IP(src=f"10.1.0.{first + i % 100}", dst="10.1.0.1") /
	                layer(sport=1024 + i % 60000, dport=port)) for i in range(min(count, 4000))]
	for i in range(count):
	    socket.send(frames[i % len(frames)])
	END
}

receive() { "$@" >"$NET_TMP/got.${*: -1}" & until_ok 5 grep -q ready "$NET_TMP/got.${*: -1}"; }
result() { tail -n 1 "$NET_TMP/got.$1"; }
flood() { on_peer wan0 /usr/bin/python3 "$NET_TMP/flood" "$@" "$(on_node cat /sys/class/net/wan0/address 2>/dev/null || ip -n "$NODE" -j link show wan0 | gojq -r '.[0].address')"; }
flows() { cordon flows --json | gojq length; }
# A machine that is busy is late: what it begins, and what it has not worked off yet.
flows_at_least() { cordon flows --json | gojq -e "any(.[]; .destination.port == $1 and .packets >= $2)" >/dev/null; }
settled() { local before; before=$(reason "$1"); sleep 0.3; [ "$(reason "$1")" = "$before" ]; }
reason() { cordon counters --json | gojq "[.. | objects | select(.name? == \"$1\") | .packets] | add // 0"; }
told() { cordon status --json | gojq .records.made; }
denied_by_slots() { bpftool -j map dump pinned "$NET_BPFFS/maps/denials" | gojq '[.[].formatted.values[].value | select(.key.reason == 1) | .packets] | add'; }
folded() { bpftool -j map dump pinned "$NET_BPFFS/maps/denials" | gojq '[.[].formatted.values[].value.folded] | add'; }

test_start 22
net_start
write_programs
net_peer wan0
net_peer lan0
net_quiet wan0
net_quiet lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address lan0 10.2.0.1/24 10.2.0.2/24
ip -n "$NET-wan0" address add 10.1.0.130/32 dev eth0
policy 1 '  - {name: gone,    from: wan,  to: node, services: [udp/7003]}'
policy 2 ''

check "apply" cordon apply "$NET_TMP/1.yaml"
mkdir -p "$NET_CGROUP/pos.service"
receive on_node python3 "$NET_TMP/receive" 7000
receive on_peer wan0 python3 "$NET_TMP/receive" 7001
receive on_peer wan0 python3 "$NET_TMP/receive" 7002
receive on_node python3 "$NET_TMP/receive" 7003
on_peer wan0 python3 "$NET_TMP/send" 10.1.0.1 7000 4 >"$NET_TMP/sent.7000" & s1=$!
on_peer lan0 python3 "$NET_TMP/send" 10.1.0.2 7001 4 >"$NET_TMP/sent.7001" & s2=$!
in_unit pos.service python3 "$NET_TMP/send" 10.1.0.2 7002 4 >"$NET_TMP/sent.7002" & s3=$!
on_peer wan0 python3 "$NET_TMP/send" 10.1.0.1 7003 4 >"$NET_TMP/sent.7003" & s4=$!
until_ok 10 flows_at_least 7003 200
cordon apply "$NET_TMP/2.yaml" >/dev/null
switched=$(awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime)
for i in 1 2 3 4 5 6 7 8; do
	policy 2 "  - {name: r$i, from: lan, to: node, services: [tcp/$i]}"
	cordon apply "$NET_TMP/2.yaml" >/dev/null
done
wait "$s1" "$s2" "$s3" "$s4"
sleep 1.6
check "something was sent" test "$(cat "$NET_TMP/sent.7000")" -gt 1000
for port in 7000 7001 7002; do
	read -r got _ <<<"$(result $port)"
	echo "# port $port: $got of $(cat "$NET_TMP/sent.$port") arrived across nine switches"
	check "no packet of a permitted flow is lost by nine switches ($port)" test "$got" = "$(cat "$NET_TMP/sent.$port")"
done
read -r got last <<<"$(result 7003)"
check "a flow no longer permitted was there" test "$got" -gt 100
check "and dies at once: its last packet was $((last - switched)) ms after the switch" \
	test $((last - switched)) -le 20

# A trial that nobody confirms, with everything of ours dead.
cordon apply "$NET_TMP/1.yaml" --force --confirm 1 >/dev/null &
applier=$!
wait "$applier"
receive on_node python3 "$NET_TMP/receive" 7003
on_peer wan0 timeout 9 python3 "$NET_TMP/send" 10.1.0.1 7003 3 >/dev/null
sleep 1.6
read -r got last <<<"$(result 7003)"
check "a trial lapses in the middle of a flow: $got of some 2700 packets" test "$got" -gt 200 -a "$got" -lt 1500

# Floods. A zone without a rule first: no entry, no eviction.
check "apply again" cordon apply --force "$NET_TMP/2.yaml"
receive on_node python3 "$NET_TMP/receive" 7000
receiver=$!
on_peer wan0 python3 "$NET_TMP/send" 10.1.0.1 7000 1 5555 >/dev/null
before=$(flows)
check "an established flow is in the table" test "$before" -ge 1
# What the kernel drops because the node's queue is full never came to a hook.
queue_drops() { on_node awk '$1 == "wan0:" { print $5 }' /proc/net/dev; }
no_rule=$(reason no-rule) slots=$(denied_by_slots) folds=$(folded) records=$(told) drops=$(queue_drops)
flood udp 130 20000 7000
drops=$(($(queue_drops) - drops)) counted=$(($(reason no-rule) - no_rule))
echo "# counted $counted, dropped before any hook $drops"
after=$(flows)
check "a flood that no rule allows makes no entry and evicts none" test "$before" = "$after"
# A peer may solicit a router meanwhile, so a few more, but never fewer.
all_of() { [ "$1" -ge $((20000 - drops)) ] && [ "$1" -le 20010 ] && [ "$1" -gt 10000 ]; }
check "each of 20,000 is counted" all_of "$counted"
check "and none is missing in the slots" all_of $(($(denied_by_slots) - slots + $(folded) - folds))
echo "# told of 20,000: $(($(told) - records))"
check "few are told" test $(($(told) - records)) -le 20
check "but the first at once" test $(($(told) - records)) -ge 1

# A flood of allowed ones over a table of 64 flows: those that had an answer outlast those that had none.
cat >"$NET_TMP/echo" <<-'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 7000)); s.settimeout(20)
print("ready", flush=True)
s.sendto(*s.recvfrom(9))
END
cat >"$NET_TMP/talk" <<-'END'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2); s.bind(("", 5556)); s.connect(("10.1.0.1", 7000))
s.send(b"x"); s.recv(9)
END
wait "$receiver"
on_node python3 "$NET_TMP/echo" >"$NET_TMP/got.echo" &
echo_pid=$!
until_ok 5 grep -q ready "$NET_TMP/got.echo"
check "a question and an answer" on_peer wan0 python3 "$NET_TMP/talk"
wait "$echo_pid"
established() { cordon flows --json | gojq '[.[] | select(.state == "established")] | length'; }
check "a flow with an answer is established" test "$(established)" -ge 1
flood tcp 2 4000 9999
check "denied ones evict nothing" test "$(established)" -ge 1
until_ok 10 settled no-rule
before=$(reason no-rule)
flood udp 2 4000 7000
echo "# flows after a flood of allowed ones: $(flows), established $(established)"
check "the table holds no more than it may" test "$(flows)" -le 64
check "the flood was not denied" test "$(reason no-rule)" = "$before"

# Audit mode.
check "audit mode" cordon apply --force --audit "$NET_TMP/2.yaml"
receive on_node python3 "$NET_TMP/receive" 7009
on_peer wan0 python3 "$NET_TMP/send" 10.1.0.1 7009 0.5 >"$NET_TMP/sent.7009"
sleep 1.6
read -r got _ <<<"$(result 7009)"
check "passes what would be denied" test "$got" = "$(cat "$NET_TMP/sent.7009")"
test_end
