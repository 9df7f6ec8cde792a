#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
# timeout: 300
#
# Connections in the log, as the policy wants them: each is told when it begins and once when it is
# over, with what it carried, why it ended and whose it was; what has no room is counted.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

# policy FLOWS [ENTRIES]
policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
		cordon: 1
		serial: 1
		zones: {lan: {interfaces: [lan0]}, wan: {interfaces: [wan0]}}
		workloads: {web: {units: [web.service]}}
		rules:
		- {name: in, from: lan, to: node, services: [tcp/22-29, udp/53, icmp]}
		- {name: out, from: node, to: lan, services: [tcp/80, udp/90]}
		- {name: web, from: web, to: lan, services: [tcp/81]}
		- {name: through, from: lan, to: wan, services: [tcp/443]}
		${3:-}
		log: {flows: $1, exec: none}
		flows: {entries: ${2:-4096}, timeouts: {udp: 1s, udp-reply: 2s, icmp: 2s}}
	END
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null
}

flows() { cordon events --json --class flow ${SINCE:+--since "$SINCE"}; }
# told JQ-CONDITION, times JQ-CONDITION N: of connections; CLOSED: of their ends
told() { flows | gojq -es "map(select($1)) | length > 0" >/dev/null; }
times() { [ "$(flows | gojq -s "map(select($1)) | length")" = "$2" ]; }
opened() { until_ok 20 told ".event.action == \"flow-open\" and $1"; }
closed() { until_ok 30 told ".event.action == \"flow-close\" and $1"; }
value() { flows | gojq -s "map(select(.event.action == \"flow-close\" and $1)) | last | $2"; }

# Bytes and packets that the node's interface saw of one port, both ways, with Ethernet headers.
cat_talk()
{
	cat <<-'END'
	import os, socket, struct, sys, time
	# serve ADDRESS PORT SEND: one connection; then what it gets is told
	# ask ADDRESS PORT SEND [reset|wait]
	what, address, port, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
	how = sys.argv[5] if len(sys.argv) > 5 else ""
	family = socket.AF_INET6 if ":" in address else socket.AF_INET
	if what == "serve":
	    server = socket.create_server((address, port), family=family)
	    print("ready", os.getpid(), flush=True)
	    peer = server.accept()[0]
	    peer.settimeout(20)
	else:
	    peer = socket.create_connection((address, port), timeout=20)
	print(*peer.getsockname()[:2], *peer.getpeername()[:2], flush=True)
	peer.sendall(b"x" * size)
	if how == "wait":
	    time.sleep(60)
	if how == "reset":
	    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	elif how != "open":
	    peer.shutdown(socket.SHUT_WR)
	    try:
	        while peer.recv(65536):
	            pass
	    except ConnectionError:
	        pass
	peer.close()
	END
}

talk() { python3 "$NET_TMP/talk.py" "$@"; }
# serves CMD...: in the background, until it listens
serves()
{
	: >"$NET_TMP/serve.out"
	"$@" >"$NET_TMP/serve.out" 2>&1 &
	SERVER=$!
	until_ok 20 grep -q ready "$NET_TMP/serve.out"
	SERVER_PID=$(awk '/ready/ { print $2 }' "$NET_TMP/serve.out")
}
on_node_talk() { in_unit "$1" python3 "$NET_TMP/talk.py" "${@:2}"; }

counted()
{
	bpftool -j map lookup pinned "$NET_BPFFS/maps/losses" key hex 06 00 00 00 |
		gojq '[.formatted.values[].value.lost] | add'
}
# What there are thousands of is not for gojq: a slow machine takes long for them.
lost() { flows | { grep -F log-loss || true; } | gojq -s 'map(.cordon.loss.records) | add // 0'; }
same_losses() { [ "$(lost)" = "$(counted)" ]; }

# A wire's own count: frames of a peer's interface, IPv4 or IPv6, TCP or UDP, by its own tap.
cat_tap()
{
	cat <<-'END'
	import json, os, select, signal, socket, struct, sys
	# tap INTERFACE PORT: bytes and packets to and from a port, as they are seen here
	port, total = int(sys.argv[2]), {"to": [0, 0], "from": [0, 0]}
	tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
	tap.bind((sys.argv[1], 0))
	end = []
	signal.signal(signal.SIGTERM, lambda *_: end.append(1))
	print("ready", os.getpid(), flush=True)
	while not end or select.select([tap], [], [], 0.2)[0]:
	    if not select.select([tap], [], [], 0.2)[0]:
	        continue
	    frame = tap.recv(1 << 17)
	    at = 34 if frame[12:14] == b"\x08\x00" else 54
	    if frame[12:14] not in (b"\x08\x00", b"\x86\xdd") or len(frame) < at + 4:
	        continue
	    if frame[23 if at == 34 else 20] not in (6, 17):
	        continue
	    ports = struct.unpack_from(">HH", frame, at)
	    if port in ports:
	        way = total["to" if ports[1] == port else "from"]
	        way[0] += len(frame)
	        way[1] += 1
	print(json.dumps(total))
	END
}

# tap_starts PORT, tap_ends; then on_wire: bytes and packets to the port, and from it
tap_starts()
{
	: >"$NET_TMP/tap.out"
	on_peer lan0 python3 "$NET_TMP/tap.py" eth0 "$1" >"$NET_TMP/tap.out" &
	TAP=$!
	until_ok 20 grep -q ready "$NET_TMP/tap.out"
}
tap_ends() { kill "$(awk '/ready/ { print $2 }' "$NET_TMP/tap.out")"; wait "$TAP"; }
on_wire() { tail -1 "$NET_TMP/tap.out" | gojq -c '.to + .from'; }

test_start 44
net_start
net_peer lan0
net_address lan0 10.1.0.1/24 10.1.0.2/24
net_address lan0 fd00:1::1/64 fd00:1::2/64
net_peer wan0
net_address wan0 10.2.0.1/24 10.2.0.2/24
net_address wan0 fd00:2::1/64 fd00:2::2/64
# What is counted is what is on the wire: no segments that are put together.
for peer in lan0 wan0; do
	on_peer "$peer" ethtool -K eth0 gro off gso off tso off >/dev/null 2>&1 || true
	on_node ethtool -K "$peer" gro off gso off tso off >/dev/null 2>&1 || true
done
cat_talk >"$NET_TMP/talk.py"
cat_tap >"$NET_TMP/tap.py"
policy all
check "the kernel takes the programs, that of XDP too" ls "$NET_BPFFS"/progs/{ingress_ether,egress_ip,xdp_ingress}
daemon_starts

# ---- from outside -------------------------------------------------------------------------

tap_starts 22
serves on_node_talk sshd.service serve 10.1.0.1 22 1400
on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.1.0.1 22 1000 >/dev/null
wait "$SERVER" || true
ssh='.destination.port == 22 and .destination.ip == "10.1.0.1"'
check "a connection from outside is told when it begins" opened "$ssh and .rule.name == \"in\" and
	.cordon.flow.from == \"lan\" and .cordon.flow.to == \"node\" and .network.direction == \"ingress\""
check "with whose socket it is for" told "$ssh and .process.pid == $SERVER_PID and .process.name == \"python3\""
check "in which unit" told "$ssh and .cordon.unit == \"sshd.service\""
check "and when it is over, by whom first" closed "$ssh and .event.reason == \"finished\" and
	.process.pid == $SERVER_PID and .event.duration >= 0"
tap_ends
check "with the bytes and packets of either way, exactly" test \
	"$(value "$ssh" '[.source.bytes, .source.packets, .destination.bytes, .destination.packets]' | gojq -c .)" = \
	"$(on_wire)"
check "once" until_ok 20 times "$ssh and .event.action != \"listen\"" 2

serves on_node_talk sshd.service serve fd00:1::1 23 100
on_peer lan0 python3 "$NET_TMP/talk.py" ask fd00:1::1 23 1000 reset >/dev/null
wait "$SERVER" || true
check "IPv6, and a reset" closed '.destination.port == 23 and .destination.ip == "fd00:1::1" and .event.reason == "reset"'

on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.1.0.1 24 10 >/dev/null 2>&1 || true
check "nobody listens: the node resets it" closed '.destination.port == 24 and .event.reason == "reset" and
	.source.packets == 1 and .destination.packets == 1 and .process == null'

on_peer lan0 python3 -c 'import socket
socket.socket(type=socket.SOCK_DGRAM).sendto(b"x" * 58, ("10.1.0.1", 53))'
check "a datagram is over when nothing follows" closed '.destination.port == 53 and .event.reason == "idle" and
	.source.bytes == 100 and .source.packets == 1'
on_peer lan0 ping -qc 3 -i 0.2 10.1.0.1 >/dev/null
check "an echo is answered" closed '.network.transport == "icmp" and .source.packets == 3 and .destination.packets == 3'

# ---- from inside, and through -------------------------------------------------------------

serves on_peer lan0 python3 "$NET_TMP/talk.py" serve 10.1.0.2 81 2000
on_node_talk web.service ask 10.1.0.2 81 300 >/dev/null
wait "$SERVER" || true
check "a workload's own connection" closed '.destination.port == 81 and .rule.name == "web" and
	.cordon.flow.from == "web" and .cordon.flow.direction == "out" and .cordon.unit == "web.service" and
	.process.name == "python3" and .network.direction == "egress"'

tap_starts 443
serves on_peer wan0 python3 "$NET_TMP/talk.py" serve 10.2.0.2 443 7000
on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.2.0.2 443 800 >/dev/null
wait "$SERVER" || true
through='.destination.port == 443 and .destination.ip == "10.2.0.2"'
check "a connection through the node" closed "$through and .cordon.flow.direction == \"forward\" and
	.rule.name == \"through\" and .cordon.flow.to == \"wan\" and .process == null"
tap_ends
check "of both sides counted once" test \
	"$(value "$through" '[.source.bytes, .source.packets, .destination.bytes, .destination.packets]' | gojq -c .)" = \
	"$(on_wire)"
check "and told once" until_ok 20 times "$through and .event.action != \"listen\"" 2
serves on_peer wan0 python3 "$NET_TMP/talk.py" serve fd00:2::2 443 70
on_peer lan0 python3 "$NET_TMP/talk.py" ask fd00:2::2 443 80 >/dev/null
wait "$SERVER" || true
check "IPv6 likewise" closed '.destination.ip == "fd00:2::2" and .cordon.flow.direction == "forward"'

on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.1.0.1 99 10 >/dev/null 2>&1 &
asker=$!
check "what is denied is a denial" until_ok 10 sh -c "$CORDON --root $NET_ROOT events --class denial | grep -q tcp/99"
refuse "and no connection" told '.destination.port == 99'
kill "$asker" 2>/dev/null || true
check "for people" says "lan) -> 10.1.0.1:22 (node) closed in, finished after" cordon events --class flow
check "by process" until_ok 5 says "rule web, by python3[" cordon events --class flow --unit web.service

# ---- who listens --------------------------------------------------------------------------

# listens ADDRESS PORT HOW: is it told?
listens() { until_ok 40 told ".event.action == \"listen\" and .destination.ip == \"$1\" and .destination.port == $2 and .cordon.listen == \"$3\" ${4:-}"; }
cat >"$NET_TMP/listen.py" <<'END'
import os, signal, socket
one = socket.create_server(("10.1.0.1", 28))
two = socket.create_server(("fd00:1::1", 29), family=socket.AF_INET6)
three = socket.socket(type=socket.SOCK_DGRAM)
three.bind(("", 53))
print("ready", os.getpid(), flush=True)
signal.pause()
END
serves in_unit sshd.service python3 "$NET_TMP/listen.py"
check "who begins to listen is told" listens 10.1.0.1 28 listens "and .process.pid == $SERVER_PID and
	.process.name == \"python3\" and .cordon.unit == \"sshd.service\""
check "IPv6 likewise" listens fd00:1::1 29 listens
check "a socket of UDP, too" listens 0.0.0.0 53 listens 'and .network.transport == "udp" and .cordon.unit == "sshd.service" and .user.id == "0"'
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
wait -n || true
daemon_starts
check "those that are there when the daemon starts" listens 10.1.0.1 28 'was listening' "and .process.pid == $SERVER_PID"
check "of UDP as well" listens 0.0.0.0 53 'was listening'
kill -9 "$SERVER_PID"
wait "$SERVER" || true
check "and that they are gone" listens 10.1.0.1 28 'listens no more'
check "of UDP at the next look" listens 0.0.0.0 53 'listens no more'
python3 -c 'import socket; socket.create_server(("127.0.0.1", 0))'
refuse "no socket of another namespace" told '.destination.ip == "127.0.0.1"'
check "all for people" says "tcp 10.1.0.1:28 listens, by python3[" cordon events --class flow

# ---- a flood ------------------------------------------------------------------------------

# Each datagram is a flow, from an address and port of its own; nobody reads for a while.
cat >"$NET_TMP/flood.py" <<'END'
import socket, struct, sys
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
tap.bind(("eth0", 0))
own = tap.getsockname()[4]
to = bytes.fromhex(sys.argv[1].replace(":", ""))
for i in range(int(sys.argv[2])):
    source = bytes([10, 1, 1, 9])
    body = struct.pack(">HHHH", 1000 + i, 53, 8, 0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, source, bytes([10, 1, 0, 1]))
    tap.send(to + own + b"\x08\x00" + ip + body)
END
FLOOD=8000
flood() { on_peer lan0 python3 "$NET_TMP/flood.py" "$(ip -n "$NODE" -j link show lan0 | gojq -r '.[0].address')" "$FLOOD"; }
# Packets of the rule that lets them in: each was one flow.
let_in() { cordon counters --json | gojq '[.. | objects | select(.name? == "in") | .packets] | add'; }
before=$(let_in)
kill -STOP "$(cat "$NET_ROOT/run/cordon/daemon")"
flood
kill -CONT "$(cat "$NET_ROOT/run/cordon/daemon")"
let_in=$(($(let_in) - before))
check "a flood finds no room in the ring, which is counted" test "$(counted)" -gt 1000
check "and told, exactly" until_ok 20 same_losses
# What was told or lost: a begin and an end of each.
all_told() { [ "$(($(flows | grep -cE '"source":\{[^}]*"ip":"10\.1\.1\.9"') + $(counted)))" = "$((2 * let_in))" ]; }
check "each connection of it is a record or a counted loss, when it begins and when it ends" until_ok 40 all_told
# What follows need not be looked for among all those.
SINCE=$(date -u '+%F %T')

# ---- switches -----------------------------------------------------------------------------

cat >"$NET_TMP/hold.py" <<'END'
import socket, sys
# Says a byte for each line that it is told, and gets it back.
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
peer = server.accept()[0]
while True:
    data = peer.recv(100)
    if not data:
        break
    peer.sendall(data)
END
cat >"$NET_TMP/line.py" <<'END'
import socket, sys
peer = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
print("ready", flush=True)
for line in sys.stdin:
    try:
        peer.sendall(b"x")
        print("back" if peer.recv(1) else "end", flush=True)
    except OSError as error:
        print("stuck", flush=True)
END
# holds PORT: a connection that stays; a line into fd 7 is a byte there and back
holds()
{
	serves in_unit sshd.service python3 "$NET_TMP/hold.py" 10.1.0.1 "$1"
	rm -f "$NET_TMP/line"
	mkfifo "$NET_TMP/line"
	: >"$NET_TMP/line.out"
	on_peer lan0 python3 "$NET_TMP/line.py" 10.1.0.1 "$1" <"$NET_TMP/line" >"$NET_TMP/line.out" &
	exec 7>"$NET_TMP/line"
	until_ok 20 grep -q ready "$NET_TMP/line.out"
}
backs() { grep -c back "$NET_TMP/line.out"; }
there_and_back() { local had; had=$(backs) || true; echo >&7; until_ok 20 test_backs "$((had + 1))"; }
test_backs() { [ "$(backs)" = "$1" ]; }

holds 25
there_and_back
policy all 4096 '- {name: more, from: lan, to: node, services: [tcp/99]}'
there_and_back
refuse "a connection goes on under another policy, untold" told '.destination.port == 25 and .event.action == "flow-close"'
check "it is told once that it began" until_ok 20 times '.destination.port == 25 and .event.action != "listen"' 1
policy none
check "who wants no connections told has their end" closed '.destination.port == 25 and .event.reason == "unwatched"'
there_and_back
on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.1.0.1 26 10 >/dev/null 2>&1 || true
policy denied
there_and_back
policy all
there_and_back
check "who wants them again has those that are older" opened '.destination.port == 25 and .cordon.flow.earlier'
refuse "not what was in between" told '.destination.port == 26 and .event.action != "listen"'
policy all 8192
there_and_back
check "a table of another size goes on, too" until_ok 20 times '.destination.port == 25 and .cordon.flow.earlier and .event.action == "flow-open"' 2
kill "$(cat "$NET_ROOT/run/cordon/daemon")"
exec 7>&-
wait || true
daemon_starts
check "what ends while no daemon runs is told by the next" closed '.destination.port == 25 and .event.reason == "finished"'

# ---- XDP ----------------------------------------------------------------------------------

policy all 8192 'interfaces: {modes: {lan0: xdp}}'
check "by XDP from now on" says "prog/xdp" ip -n "$NODE" link show lan0
tap_starts 29
serves on_node_talk sshd.service serve 10.1.0.1 29 1400
on_peer lan0 python3 "$NET_TMP/talk.py" ask 10.1.0.1 29 1000 >/dev/null
wait "$SERVER" || true
xdp='.destination.port == 29 and .destination.ip == "10.1.0.1"'
check "a connection that XDP meets first is told" opened "$xdp and .rule.name == \"in\" and .cordon.flow.direction == \"in\""
check "until it is over" closed "$xdp and .event.reason == \"finished\""
tap_ends
check "with all its bytes and packets, too" test \
	"$(value "$xdp" '[.source.bytes, .source.packets, .destination.bytes, .destination.packets]' | gojq -c .)" = \
	"$(on_wire)"

# ---- a seal -------------------------------------------------------------------------------

holds 27
there_and_back
cordon seal isolate --reason test --force >/dev/null 2>&1 || cordon seal isolate --reason test >/dev/null
echo >&7 || true
check "a seal ends it" closed '.destination.port == 27 and .event.reason == "denied"'
exec 7>&-
test_end
