#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The way back, under traffic and counted packet by packet: rollbacks, and a trial that lapses with
# the daemon and the shell that typed it dead. No packet of a flow that both policies permit is
# lost, in either direction; a flow that one of them permits lives as long as that one.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

# policy SERIAL PORT - with a rule of its own for PORT
policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: $1
	zones:
	  wan: {addresses: [10.1.0.0/24]}
	  lan: {addresses: [10.2.0.0/24]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: in,      from: wan, to: node, services: [udp/7000, udp/7003]}
	  - {name: through, from: lan, to: wan,  services: [udp/7001]}
	  - {name: out,     from: pos, to: wan,  services: [udp/7002]}
	  - {name: own$1,   from: wan, to: node, services: [udp/$2]}
	quarantine:
	  keep:
	    - {name: ssh, from: wan, to: node, services: [tcp/22]}
	END
}

# send ADDRESS PORT SECONDS: a packet a millisecond; says how many it tried
# receive PORT SECONDS: how many came, the longest time without (ms), and when the last came
# reply PORT SECONDS: after one packet a packet a millisecond back, and nothing more the other way
# ask ADDRESS PORT SECONDS: that one packet, then what came, like receive
write_programs()
{
	cat >"$NET_TMP/traffic" <<-'END'
	import socket, sys, time
	what, *words = sys.argv[1:]
	seconds, port = float(words[-1]), int(words[-2])
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	now = time.monotonic
	def stream():
	    end, n = now() + seconds, 0
	    while now() < end:
	        # One that fails is a packet lost: egress tells the sender of its drops.
	        try: s.send(b"x")
	        except OSError: pass
	        n += 1
	        time.sleep(0.001)
	    print(n)
	def count(end):
	    got, last, hole = 0, None, 0
	    while True:
	        try:
	            s.settimeout(max(0.001, end - now()))
	            s.recv(9)
	        except TimeoutError:
	            break
	        got, before, last = got + 1, last, now()
	        hole = max(hole, last - (before or last))
	    print(got, int(hole * 1000), int((last or 0) * 1000))
	if what == "send":
	    s.connect((words[0], port))
	    stream()
	elif what == "receive":
	    s.bind(("", port))
	    print("ready", flush=True)
	    count(now() + seconds)
	elif what == "reply":
	    s.bind(("", port))
	    print("ready", flush=True)
	    s.connect(s.recvfrom(9)[1])
	    stream()
	elif what == "ask":
	    s.connect((words[0], port))
	    s.send(b"x")
	    count(now() + seconds)
	END
}

# on WHERE NAME ARGUMENT...: one of these programs in the background, its output in $NET_TMP/NAME
on()
{
	local where=$1 name=$2
	shift 2
	case $where in
	node) on_node python3 "$NET_TMP/traffic" "$@" ;;
	pos) in_unit pos.service python3 "$NET_TMP/traffic" "$@" ;;
	*) on_peer "$where" python3 "$NET_TMP/traffic" "$@" ;;
	esac >"$NET_TMP/$name" &
	PROGRAMS+=($!)
	case $1 in
	receive | reply) until_ok 10 grep -q ready "$NET_TMP/$name" ;;
	esac
}

# All flows at once, for so many seconds; receivers for three more.
start_traffic()
{
	PROGRAMS=()
	on node got.in receive 7000 $(($1 + 3))
	on wan0 got.through receive 7001 $(($1 + 3))
	on wan0 got.out receive 7002 $(($1 + 3))
	on node sent.back reply 7003 "$1"
	on node got.own1 receive 7004 $(($1 + 3))
	on node got.own2 receive 7005 $(($1 + 3))
	on wan0 got.back ask 10.1.0.1 7003 $(($1 + 3))
	on wan0 sent.in send 10.1.0.1 7000 "$1"
	on lan0 sent.through send 10.1.0.2 7001 "$1"
	on pos sent.out send 10.1.0.2 7002 "$1"
	on wan0 sent.own1 send 10.1.0.1 7004 "$1"
	on wan0 sent.own2 send 10.1.0.1 7005 "$1"
}

end_traffic() { wait "${PROGRAMS[@]}"; }

# value NAME FIELD
value() { tail -n 1 "$NET_TMP/$1" | cut -d ' ' -f "$2"; }

none_lost()
{
	local flow
	for flow in in through out back; do
		echo "# $flow: $(value "got.$flow" 1) of $(value "sent.$flow" 1), the longest hole $(value "got.$flow" 2) ms"
		check "$1: no packet lost ($flow)" \
			test "$(value "got.$flow" 1)" = "$(value "sent.$flow" 1)" -a "$(value "got.$flow" 1)" -gt 500
	done
}

serial_is() { [ "$(cordon status --json | gojq .serial)" = "$1" ]; }
# Of ours, in the node's namespace.
helpers() { ip netns pids "$NODE" | while read -r pid; do cat "/proc/$pid/comm" 2>/dev/null || true; done | grep '^cordon$'; }
nobody() { ! helpers; }
type_trial() { cordon apply --confirm 2 "$NET_TMP/2.yaml" >/dev/null && touch "$NET_TMP/typed" && exec sleep 60; }

roll_back() { for _ in $(seq 10); do cordon rollback >/dev/null && sleep 0.2; done; }

test_start 17
net_start
write_programs
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address lan0 10.2.0.1/24 10.2.0.2/24
mkdir "$NET_CGROUP/pos.service"
policy 1 7004
policy 2 7005

check "apply" cordon apply "$NET_TMP/1.yaml"
check "apply another" cordon apply "$NET_TMP/2.yaml"
start_traffic 4
sleep 0.5
check "ten rollbacks" roll_back
end_traffic
none_lost "ten rollbacks"
check "the second policy is back" serial_is 2

# The shell, its cordon and the daemon die as soon as the trial is in force.
check "back to the first" cordon rollback
cordon run >"$NET_TMP/run" 2>&1 &
until_ok 20 grep -q "is in force" "$NET_TMP/run"
daemon=$(cordon status --json | gojq .daemon)
start_traffic 5
sleep 1
start=$(now_ms)
type_trial &
shell=$!
until_ok 20 test -e "$NET_TMP/typed"
typed=$(($(now_ms) - start))
kill -9 "$daemon" $shell
check "nobody of ours is alive" until_ok 2 nobody
end_traffic
none_lost "a trial that lapses"
last=$(($(value got.own2 3) - start)) hole=$(value got.own1 2)
echo "# the trial's own flow ended $last ms after its command, the former's paused $hole ms"
in_time() { [ "$1" -ge 1900 ] && [ "$1" -le $((2400 + typed)) ]; }
check "what only the trial permits ends with it" in_time "$last"
check "what only the former permits comes back" in_time "$hole"
check "the first policy is in force" serial_is 1
test_end
