#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# Sockets that a latch level cuts off: their owners get an error at once instead of a wait, and
# every socket that the level permits goes on, in both families and both directions.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh
HELPER=$BUILD/tests/net/cut_helper

policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: 1
	$3
	zones:
	  control: {addresses: [10.1.0.2, "fd01::2"]}
	  devices: {addresses: [10.2.0.0/24], interfaces: [lan0]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: any-out, from: node,    to: control, services: [tcp/9000-9100, udp/9000-9100]}
	  - {name: any-in,  from: control, to: node,    services: [tcp/9000-9100, udp/9000-9100]}
	  - {name: sensors, from: devices, to: node,    services: [tcp/9200]}
	quarantine:
	  keep:
	    - {name: orders,     from: node,    to: control, services: [tcp/9001, udp/9001]}
	    - {name: responders, from: control, to: node,    services: [tcp/9002]}
	    - {name: card,       from: pos,     to: control, services: [tcp/9003]}
	    - {name: alarm,      from: devices, to: node,    services: [tcp/$2]}
	END
}

# A byte goes to and fro, with pauses that an error ends. FILE.seen counts those that came, written in
# place: thirty of these run at once. FILE.end says what ended it, and when.
write_talk()
{
	cat >"$NET_TMP/talk" <<-'END'
	import errno, os, select, socket, sys, time
	how, protocol, address, port, file = sys.argv[1:]
	def write(name, text):
	    with open(file + ".new", "w") as out: out.write(text)
	    os.rename(file + ".new", file + name)
	def connection():
	    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
	                      socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    if how == "connect":
	        s.connect((address, int(port)))
	        return s
	    s.bind((address, int(port)))
	    if protocol == "tcp": s.listen(1)
	    write(".ready", "")
	    if protocol == "tcp": return s.accept()[0]
	    s.connect(s.recvfrom(1)[1])
	    return s
	s, seen, counter, pause = connection(), 0, None, select.poll()
	pause.register(s, 0)
	try:
	    while True:
	        s.send(b"x")
	        if not s.recv(1): raise ConnectionError(0, "")
	        seen += 1
	        if counter is None:
	            write(".seen", "1")
	            counter = os.open(file + ".seen", os.O_WRONLY)
	        os.pwrite(counter, b"%d" % seen, 0)
	        pause.poll(500)
	except OSError as error:
	    now = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)
	    write(".end", f"{errno.errorcode.get(error.errno, 'closed')} {now}\n")
	END
}

# on SIDE CMD...: on the node, at a peer (wan0, lan0), or on the node in a unit
on()
{
	case $1 in
	node) shift && on_node "$@" ;;
	*.service) in_unit "$@" ;;
	*) on_peer "$@" ;;
	esac
}

# talk NAME LISTENER CONNECTOR PROTOCOL ADDRESS PORT: NAME is the end that is on the node
talk()
{
	local name=$1 listener=$2 connector=$3 there=$NET_TMP/$1.connect here=$NET_TMP/$1
	shift 3
	case $listener in node) ;; *) there=$NET_TMP/$name here=$NET_TMP/$name.listen ;; esac
	on "$listener" python3 "$NET_TMP/talk" listen "$@" "$here" 2>/dev/null &
	until_ok 20 test -e "$here.ready"
	on "$connector" python3 "$NET_TMP/talk" connect "$@" "$there" 2>/dev/null &
	until_ok 20 test -e "$NET_TMP/$name.seen" || echo "# $name: never connected"
}

seal_and_cut() { on_node "$HELPER" "$NET_BPFFS" "$@" >"$NET_TMP/done"; }
elsewhere() { on_peer wan0 "$HELPER" "$NET_BPFFS" isolate >"$NET_TMP/done"; }
count() { gojq ".$1" "$NET_TMP/done"; }
ended() { cat "$NET_TMP/$1.end"; }
# The time is that of the answer, so that a slow start of a program does not count.
aborted()
{
	until_ok 5 test -e "$NET_TMP/$1.end" || { echo "$1 still waits"; return 1; }
	ended "$1"
	# A UDP socket is also disconnected, which a send() sees before the error.
	grep -qE "ECONNABORTED|EDESTADDRREQ" "$NET_TMP/$1.end" && [ $(($(ended "$1" | cut -d' ' -f2) - $(count ms))) -le 200 ]
}
more_than() { [ "$(cat "$NET_TMP/$1.seen")" -gt "$2" ]; }
goes_on() { [ ! -e "$NET_TMP/$1.end" ] && until_ok 20 more_than "$1" "$(cat "$NET_TMP/$1.seen")"; }
all_start() { for name in "$@"; do [ -e "$NET_TMP/$name.seen" ] || return 1; done; }

# 500 connections that isolate keeps and 500 that it does not, held by one process.
write_many()
{
	cat >"$NET_TMP/many" <<-'END'
	import socket, sys, time
	node, held = sys.argv[1] == "node", []
	servers = {port: socket.create_server(("10.1.0.2", port), backlog=999) for port in (9001, 9004)} if not node else {}
	if not node: open(sys.argv[2], "w")
	for i in range(500):
	    for port in (9001, 9004):
	        held.append(socket.create_connection(("10.1.0.2", port)) if node else servers[port].accept()[0])
	if node: open(sys.argv[2], "w")
	time.sleep(600)
	END
}
connections() { on_node ss -Htn "dport = $1" | wc -l; }

# All at once: it is the programs' start that takes its time.
start_all()
{
	local starts=()
	while read -r words; do
		# shellcheck disable=SC2086 # words
		talk $words & starts+=($!)
	done <<-'END'
	out-cut wan0 node tcp 10.1.0.2 9000
	out-kept wan0 node tcp 10.1.0.2 9001
	out-cut-6 wan0 node tcp fd01::2 9010
	out-kept-6 wan0 node tcp fd01::2 9001
	in-cut node wan0 tcp 10.1.0.1 9000
	in-kept node wan0 tcp 10.1.0.1 9002
	in-cut-6 node wan0 tcp fd01::1 9011
	in-kept-6 node wan0 tcp fd01::1 9002
	pos-kept wan0 pos.service tcp 10.1.0.2 9003
	other-cut wan0 other.service tcp fd01::2 9003
	udp-cut wan0 node udp 10.1.0.2 9000
	udp-kept wan0 node udp 10.1.0.2 9001
	device node lan0 tcp 10.2.0.1 9200
	loop node node tcp 127.0.0.1 9000
	own node node tcp fd01::1 9020
	END
	wait "${starts[@]}"
}

test_start 53
net_start
ulimit -n 4096
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address wan0 fd01::1/64 fd01::2/64
net_address lan0 10.2.0.1/24 10.2.0.2/24
policy kept 9200 ""
policy less 9300 ""
policy audit 9200 "mode: audit"
write_talk
write_many
check "apply" cordon apply "$NET_TMP/kept.yaml"
start_all
check "connections of both families, both ways" all_start {out,in}-{cut,kept}{,-6} pos-kept other-cut \
	udp-cut udp-kept device loop own

check "look at them while the node is open" seal_and_cut open
check "none is cut" [ "$(count cut)" = 0 ]
check "though all are seen" [ "$(count seen)" -ge 15 ]

check "shut egress" seal_and_cut egress
for name in out-cut out-cut-6 other-cut udp-cut; do
	check "its owner is told: $name" aborted "$name"
done
check "as many are cut as should be" [ "$(count cut)" = 4 ]
check "and none withstood" [ "$(count failed)" = 0 ]
check "what was opened from outside goes on" goes_on in-cut
check "by IPv6, too" goes_on in-cut-6

check "isolate" seal_and_cut isolate
for name in in-cut in-cut-6; do
	check "its owner is told: $name" aborted "$name"
done
check "as many are cut as should be" [ "$(count cut)" = 2 ]
for name in {in,out}-kept{,-6} pos-kept udp-kept device loop own; do
	check "goes on: $name" goes_on "$name"
done

seal_and_cut open
check "a policy whose keep list has one rule less" cordon apply --force "$NET_TMP/less.yaml"
check "isolate again" seal_and_cut isolate
check "what it kept on an interface is cut" aborted device
check "alone" [ "$(count cut)" = 1 ]

on_peer wan0 python3 "$NET_TMP/many" peer "$NET_TMP/many.ready" &
until_ok 10 test -e "$NET_TMP/many.ready"
check "open again" seal_and_cut open
on_node python3 "$NET_TMP/many" node "$NET_TMP/many.done" &
check "many connections" until_ok 60 test -e "$NET_TMP/many.done"
# Renews its lease: RFC 2131, 4.4.5.
on_node python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("10.1.0.1", 68)); s.connect(("10.1.0.2", 67)); time.sleep(600)' &
leases() { on_node ss -Hun "sport = 68" | grep -c ":67"; }
until_ok 10 leases
check "from elsewhere" elsewhere
check "nothing is looked at" [ "$(count elsewhere)-$(count seen)" = true-0 ]
check "here" seal_and_cut isolate
check "each that is not kept is cut" [ "$(count cut)-$(connections 9004)" = 500-0 ]
check "each that is kept stays, and two from before" [ "$(connections 9001)" = 502 ]
check "so does a DHCP client" leases

seal_and_cut open
check "audit only" cordon apply --force "$NET_TMP/audit.yaml"
talk audited node wan0 tcp 10.1.0.1 9999
check "open: nothing is denied" seal_and_cut open
check "so nothing is cut" [ "$(count cut)" = 0 ]
check "a latch does not audit" seal_and_cut isolate
check "so it cuts" aborted audited

seal_and_cut open
talk by-seal wan0 node tcp fd01::2 9000
check "cordon seal" cordon seal isolate --reason test
told() { until_ok 5 grep ECONNABORTED "$NET_TMP/by-seal.end"; }
check "tells it, too" told

check "no policy, but open" seal_and_cut open none
check "nothing is cut" [ "$(count cut)" = 0 ]
check "no policy, and a latch" seal_and_cut egress none
check "all are cut" aborted out-kept
check "whatever they are" aborted in-kept-6
check "but those that stay on this machine" goes_on own
check "by whatever name" goes_on loop
test_end
