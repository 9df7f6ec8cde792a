#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# Links of every kind: bridge, macvlan, tun, VLAN, QinQ and bond (where the kernel has them), native
# XDP, an interface left out, one that comes while the daemon runs; and others' programs and filters,
# which must stay as they were.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh
PATH=$PATH:/usr/sbin
# An emulated machine is some 14 times slower; most of what is waited for is not work.
SLOWER=1 LONGER=1
[ ! -d /run/vm ] || SLOWER=10 LONGER=4

# try FROM ADDRESS PORT: on a peer, or on the node
try() { local at=$1; shift; "${at}" timeout "$((6 * SLOWER))e-1" bash -c "echo >/dev/tcp/$1/$2" 2>/dev/null; }
on_wan0() { on_peer wan0 "$@"; }
on_far() { on_peer far "$@"; }
guarded() { [ "$("$1" python3 "$NET_TMP/ask" "$2" 80)" = 80 ]; }
open_to() { [ "$("$1" python3 "$NET_TMP/ask" "$2" 80 81)" = "80 81" ]; }
hook_of() { cordon status --json | gojq -r ".interfaces[] | select(.name == \"$1\") | .hook"; }
hook_is() { [ "$(hook_of "$1")" = "$2" ]; }
hook_is_tc() { case $(hook_of "$1") in tcx | clsact) ;; *) return 1 ;; esac; }
load_modules() { modprobe -q -a 8021q bonding macvlan tun dummy bridge sch_ingress cls_bpf 2>/dev/null; true; }

# ask ADDRESS PORT...: which of 80 and 81 answer? Those named are waited for. Then 80 is asked twice
# more: its third answer cannot come before 81's first, if that one comes at all. So a port that is
# shut is told without a wait.
write_ask()
{
	cat >"$NET_TMP/ask" <<-'END'
	import select, socket, sys
	address, wanted = sys.argv[1], [int(word) for word in sys.argv[2:]]
	def asked(port):
	    s = socket.socket()
	    s.setblocking(False)
	    s.connect_ex((address, port))
	    return s
	def answered(s, patience=0):
	    return bool(select.select([], [s], [], patience)[1]) and not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
	first = {port: asked(port) for port in (81, 80)}
	there = all(answered(first[port], 6) for port in wanted)
	there and answered(asked(80), 6) and answered(asked(80), 6)
	print(*[port for port in (80, 81) if answered(first[port])])
	END
}

policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 1
	zones:
	  all: {addresses: [10.0.0.0/8]}
	rules:
	  - {name: web,  from: all,  to: node, services: [tcp/80]}
	  - {name: out,  from: node, to: all,  services: [tcp/82]}
	quarantine:
	  keep:
	    - {name: ssh, from: all, to: node, services: [tcp/22]}
	interfaces:
	  exclude: [free0]
	  modes: {fast0: xdp}
	END
}

# hot_plug_ms INTERFACE PEER SUBNET: what an interface that comes lets through until it is covered: milliseconds
hot_plug_ms()
{
	cat >"$NET_TMP/receive" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.bind(("", 9999)); s.settimeout(1.5 * int(sys.argv[1]))
	last = 0.0
	print("ready", flush=True)
	try:
	    while True:
	        s.recv(99); last = time.monotonic()
	except TimeoutError:
	    print(int(last * 1000))
	END
	cat >"$NET_TMP/send" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	end = time.monotonic() + 1.2 * int(sys.argv[2])
	while time.monotonic() < end:
	    try: s.sendto(b"x", (sys.argv[1] + ".1", 9999))
	    except OSError: pass
	    time.sleep(0.001)
	END
	on_node python3 "$NET_TMP/receive" "$LONGER" >"$NET_TMP/last" &
	local receiver=$! start interface=$1 peer=$2 subnet=$3
	until_ok 3 grep -q ready "$NET_TMP/last"
	ip netns add "$NET-$peer"
	on_peer "$peer" python3 "$NET_TMP/send" "$subnet" "$LONGER" &
	start=$(now_ms)
	ip -n "$NODE" link add "$interface" type veth peer name eth0 netns "$NET-$peer"
	ip -n "$NODE" address add "$subnet.1/24" dev "$interface"
	ip -n "$NET-$peer" address add "$subnet.2/24" dev eth0
	ip -n "$NODE" link set "$interface" up
	ip -n "$NET-$peer" link set eth0 up
	wait "$receiver"
	echo $(($(tail -n 1 "$NET_TMP/last") > start ? $(tail -n 1 "$NET_TMP/last") - start : 0))
}

bridge_up()
{
	ip -n "$NODE" link add br0 type bridge &&
		ip -n "$NODE" address flush dev far && ip -n "$NODE" address flush dev third &&
		ip -n "$NODE" link set far master br0 && ip -n "$NODE" link set third master br0 &&
		ip -n "$NODE" address add 10.3.0.1/24 dev br0 && ip -n "$NODE" link set br0 up
}

# child TYPE NAME ADDRESS ARGUMENT...: the same kind of link on top of wan0, at both ends
child()
{
	local type=$1 name=$2 subnet=$3
	shift 3
	ip -n "$NODE" link add link "${PARENT:-wan0}" name "$name" type "$type" "$@" &&
		ip -n "$NET-wan0" link add link "${PEER_PARENT:-eth0}" name "$name" type "$type" "$@" &&
		ip -n "$NODE" address add "$subnet.1/24" dev "$name" &&
		ip -n "$NET-wan0" address add "$subnet.2/24" dev "$name" &&
		ip -n "$NODE" link set "$name" up && ip -n "$NET-wan0" link set "$name" up
}

FOREIGN=$BUILD/tests/net/foreign.bpf.o
foreign()
{
	ip -n "$NODE" link add alien0 type veth peer name alien1 netns "$NET-wan0"
	ip -n "$NODE" link set alien0 up
	on_node tc qdisc replace dev alien0 root handle 77: pfifo limit 99
	on_node tc qdisc add dev alien0 clsact
	for side in ingress egress; do
		on_node tc filter add dev alien0 "$side" protocol all prio 5 handle 5 \
			bpf direct-action object-file "$FOREIGN" section tc
	done
	ip -n "$NODE" link set alien0 xdp object "$FOREIGN" section xdp
}
# A program's id and tag stay what they are; only the foreign ones are looked at.
foreign_seen()
{
	on_node tc qdisc show dev alien0 | grep -c 'pfifo 77: \|clsact'
	on_node tc filter show dev alien0 ingress | grep foreign
	on_node tc filter show dev alien0 egress | grep foreign
	ip -n "$NODE" link show alien0 | grep -o 'prog/xdp.*'
}

test_start 29
# Made in a subshell.
NET_PEERS+=(early late)
load_modules
net_start
for peer in wan0 far third; do net_peer "$peer"; done
net_peer free free0
net_peer fast fast0
on_free() { on_peer free "$@"; }
on_fast() { on_peer fast "$@"; }
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address far 10.3.0.1/24 10.3.0.2/24
net_address third 10.3.1.1/24 10.3.0.3/24
net_address free 10.4.0.1/24 10.4.0.2/24 free0
net_address fast 10.5.0.1/24 10.5.0.2/24 fast0
policy
write_ask
for port in 80 81; do
	on_node socat "TCP-LISTEN:$port,fork,reuseaddr" SYSTEM:true 2>/dev/null &
	on_peer third socat "TCP-LISTEN:$port,fork,reuseaddr" SYSTEM:true 2>/dev/null &
done
until_ok 5 open_to on_wan0 10.1.0.1
check "unguarded: all passes" open_to on_fast 10.5.0.1
foreign
foreign_seen >"$NET_TMP/foreign.before"
check "another's programs and qdisc are there" test "$(wc -l <"$NET_TMP/foreign.before")" = 4
took=$(hot_plug_ms early0 early 10.6.0)
check "unguarded: an interface that comes is open ($took ms)" test "$took" -ge 500

check "apply" cordon apply "$NET_TMP/policy.yaml"
check "veth" guarded on_wan0 10.1.0.1
check "an interface that is left out" open_to on_free 10.4.0.1
check "and said to be so" hook_is free0 none
check "XDP, as the policy says" hook_is fast0 xdp
check "XDP guards" guarded on_fast 10.5.0.1
check "others' qdiscs and filters are as they were" diff "$NET_TMP/foreign.before" <(foreign_seen)

cordon run >"$NET_TMP/run.log" 2>&1 &
daemon=$!
until_ok 5 hook_is_tc far
sleep 0.3
took=$(hot_plug_ms late0 late 10.7.0)
echo "# the last packet that an interface let through: $took ms after it came (0: none)"
check "an interface that comes is covered within 100 ms" test "$took" -le $((100 * SLOWER))
check "and in the status" hook_is_tc late0
on_late() { on_peer late "$@"; }
check "and guarded" guarded on_late 10.7.0.1

bridge_up
until_ok 3 hook_is_tc br0
check "a bridge" guarded on_far 10.3.0.1
refuse "between two ports without a rule" try on_far 10.3.0.3 80

if child macvlan mac0 10.11.0 mode bridge 2>/dev/null; then
	until_ok 3 hook_is_tc mac0
	check "macvlan" guarded on_wan0 10.11.0.1
else
	skip "no macvlan"
fi

if [ -c /dev/net/tun ] && ip -n "$NODE" tuntap add dev tun0 mode tun 2>/dev/null; then
	cat >"$NET_TMP/tun" <<-'END'
	# One SYN each to port 80 and 81 into the node by a tun; prints the ports that answered.
	import fcntl, os, select, struct, sys, time
	def word(data): return sum(struct.unpack(f"!{len(data) // 2}H", data))
	def fold(n): return ~((n & 0xffff) + (n >> 16) + (((n & 0xffff) + (n >> 16)) >> 16)) & 0xffff
	tun = os.open("/dev/net/tun", os.O_RDWR)
	fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tun0", 0x1001))
	time.sleep(0.3)
	seen = set()
	ends = bytes([10, 12, 0, 2, 10, 12, 0, 1])
	for port in (80, 81):
	    tcp = struct.pack("!HHIIBBHHH", 4000, port, 1, 0, 0x50, 2, 1000, 0, 0)
	    sum_ = fold(word(ends) + 6 + 20 + word(tcp))
	    tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
	    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + ends
	    ip = ip[:10] + struct.pack("!H", fold(word(ip))) + ip[12:]
	    os.write(tun, ip + tcp)
	end = time.monotonic() + 0.6
	while time.monotonic() < end:
	    if select.select([tun], [], [], 0.1)[0]:
	        data = os.read(tun, 2000)
	        if data[0] == 0x45 and data[9] == 6: seen.add(struct.unpack("!H", data[20:22])[0])
	print(*sorted(seen))
	END
	ip -n "$NODE" address add 10.12.0.1/24 dev tun0
	ip -n "$NODE" link set tun0 up
	until_ok 3 hook_is_tc tun0
	check "tun, without an Ethernet header" test "$(on_node python3 "$NET_TMP/tun")" = 80
else
	skip "no tun"
fi

if child vlan wan0.5 10.13.0 id 5 2>/dev/null; then
	until_ok 3 hook_is_tc wan0.5
	check "VLAN" guarded on_wan0 10.13.0.1
	PARENT=wan0.5 PEER_PARENT=wan0.5 child vlan q6 10.14.0 id 6
	until_ok 3 hook_is_tc q6
	check "VLAN in VLAN" guarded on_wan0 10.14.0.1
	child vlan s7 10.15.0 protocol 802.1ad id 7
	PARENT=s7 PEER_PARENT=s7 child vlan s7c8 10.16.0 id 8
	until_ok 3 hook_is_tc s7c8
	check "QinQ" guarded on_wan0 10.16.0.1
else
	skip "no VLAN devices"
	skip "no VLAN devices"
	skip "no VLAN devices"
fi

if ip -n "$NODE" link add bond0 type bond mode active-backup 2>/dev/null; then
	ip -n "$NODE" link set free0 down
	ip -n "$NODE" link set fast0 down
	net_peer slave slave0
	ip -n "$NODE" link set slave0 down
	ip -n "$NODE" link set slave0 master bond0
	ip -n "$NODE" address add 10.17.0.1/24 dev bond0
	ip -n "$NET-slave" address add 10.17.0.2/24 dev eth0
	ip -n "$NODE" link set bond0 up
	on_slave() { on_peer slave "$@"; }
	until_ok 3 hook_is_tc bond0
	check "bond" guarded on_slave 10.17.0.1
else
	skip "no bonding"
fi

check "nothing is uncovered but what was chosen" \
	test "$(cordon status --json | gojq -r '[.interfaces[] | select(.hook == "none") | .name] | join(" ")')" = "lo free0"
check "others' are still as they were" diff "$NET_TMP/foreign.before" <(foreign_seen)
check "the daemon lives" kill -0 "$daemon"
helper=$(cordon status --json | gojq .daemon)
kill "$helper" "$daemon" 2>/dev/null
wait "$daemon"
is_gone() { ! kill -0 "$1" 2>/dev/null; }
check "and ends when told" until_ok 10 is_gone "$helper"
check "what it covered stays covered" guarded on_late 10.7.0.1
check "detach" cordon detach
check "all passes again" until_ok 3 open_to on_late 10.7.0.1
check "others' are as they were after detach" diff "$NET_TMP/foreign.before" <(foreign_seen)
test_end
