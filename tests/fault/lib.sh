# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of faults share: a node with one peer, two policies that can be told apart by
# packets, and the two questions that matter after a fault: was it said in one clear line, and is
# what was in force still in force, whole. It must not break anything itself.
#
#   fault_start            the node, the peer `wan0`, $NET_TMP/1.yaml and 2.yaml
#   by_packets             which policy is in force, as packets see it: 1, 2, both or none
#   packets_say WORD       is it that?
#   in_force N             packets and status say policy N, and all is covered
#   refused TEXT WORDS CMD...   CMD must exit 1 with one line on stderr that has WORDS; a test case

. tests/net/lib.sh

# Policy N lets port 8N in, and no other.
fault_policy()
{
	cat >"$NET_TMP/$1.yaml" <<-END
	cordon: 1
	serial: $1
	zones:
	  peers: {addresses: [10.1.0.0/24]}
	workloads:
	  pos: {units: [pos.service]}
	rules:
	  - {name: port$1, from: peers, to: node,  services: [udp/8$1]}
	  - {name: pos$1,  from: pos,   to: peers, services: [tcp/8$1]}
	quarantine:
	  keep:
	    - {name: port$1, from: peers, to: node, services: [udp/8$1]}
	END
}

# The node answers on both ports in turn. The peer asks both, and when one answer came, both twice
# more: the third answer of a port cannot come before the other's first, if that one comes at all.
# So a port that is shut is told without a wait.
fault_programs()
{
	cat >"$NET_TMP/answer" <<-'END'
	import select, socket
	ports = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
	for i, port in enumerate(ports): port.bind(("", 81 + i))
	while True:
	    for port in select.select(ports, [], [])[0]:
	        try: port.sendto(*port.recvfrom(9))
	        except OSError: pass
	END
	cat >"$NET_TMP/ask" <<-'END'
	import socket, sys, time
	def ask():
	    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    open_ports = set()
	    def round(number, wanted):
	        end = time.monotonic() + 2
	        for port in (81, 82): s.sendto(number, ("10.1.0.1", port))
	        while time.monotonic() < end:
	            s.settimeout(max(0.001, end - time.monotonic()))
	            try: data, sender = s.recvfrom(9)
	            except TimeoutError: return None
	            open_ports.add(sender[1])
	            if data == number and wanted in (None, sender[1]): return sender[1]
	    first = round(b"1", None)
	    if first: round(b"2", first) and round(b"3", first)
	    return {(): "none", (81,): "1", (82,): "2"}.get(tuple(sorted(open_ports)), "both")
	for _ in sys.stdin: print(ask(), flush=True)
	END
	mkfifo "$NET_TMP/questions" "$NET_TMP/answers"
	exec 8<>"$NET_TMP/questions" 9<>"$NET_TMP/answers"
	on_node python3 "$NET_TMP/answer" 2>/dev/null &
	on_peer wan0 python3 "$NET_TMP/ask" <&8 >&9 2>/dev/null &
	disown -a
}

fault_start()
{
	net_start
	net_peer wan0
	net_address wan0 10.1.0.1/24 10.1.0.2/24
	fault_policy 1
	fault_policy 2
	fault_programs
	until_ok 20 packets_say both || die "the node does not answer"
}

by_packets()
{
	local answer=silence
	echo >&8
	read -r -t 30 answer <&9
	echo "$answer"
}

packets_say() { [ "$(by_packets)" = "$1" ]; }

in_force()
{
	local packets serial faults status=0
	packets=$(by_packets)
	cordon status --json >"$NET_TMP/status" 2>&1 || status=$?
	read -r serial faults <<<"$(gojq -r '"\(.serial) \(.faults)"' "$NET_TMP/status")"
	[ "$packets" = "$1" ] && [ "$serial" = "$1" ] && [ "$status" = 0 ] && return 0
	echo "packets say $packets, status says serial $serial, exit $status, faults $faults"
	return 1
}

refused()
{
	local text=$1 words=$2 status=0
	shift 2
	"$@" >"$NET_TMP/said" 2>"$NET_TMP/line" || status=$?
	if [ $status = 1 ] && [ "$(wc -l <"$NET_TMP/line")" = 1 ] && [ ! -s "$NET_TMP/said" ] &&
		grep -q "^cordon: " "$NET_TMP/line" && grep -qF -- "$words" "$NET_TMP/line"; then
		ok "$text"
	else
		not_ok "$text"
		echo "# exit $status"
		sed 's/^/# said: /' "$NET_TMP/said"
	fi
	sed 's/^/# /' "$NET_TMP/line"
}
