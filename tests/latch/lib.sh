# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests of the latch share: a node with a peer on wan0 and one on lan0, a policy with a keep
# list, servers on every end, and the one question: what passes? It must not seal anything itself.
#
#   latch_start            the world and $NET_TMP/policy.yaml, in force if LATCH_POLICY is not empty
#   latch_world            only namespaces and servers
#   passes FROM TO PORT    FROM, TO: node, wan0, lan0; a TCP connection and an answer over it
#   shut_at LEVEL          is what passes that which LEVEL lets pass? Prints what is not
#   fresh, again           forget all of the latch; apply the policy
#   latch_is LEVEL, remembers LEVEL, held_lock
#   reboot                 all that a power failure takes: pins, programs, links; files stay

. tests/net/lib.sh

STATE=var/lib/cordon
ADDRESS_wan0=10.1.0.2 ADDRESS_lan0=10.2.0.2 ADDRESS_node=10.1.0.1

latch_policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: ${1:-1}
	node: ${2:-store-0042}
	zones:
	  wan: {addresses: [10.1.0.0/24]}
	  lan: {addresses: [10.2.0.0/24]}
	rules:
	  - {name: in,      from: wan,  to: node, services: [tcp/81]}
	  - {name: out,     from: node, to: wan,  services: [tcp/82]}
	  - {name: through, from: lan,  to: wan,  services: [tcp/83]}
	  - {name: control, from: node, to: wan,  services: [tcp/84]}
	  - {name: admin,   from: wan,  to: node, services: [tcp/85]}
	quarantine:
	  keep:
	    - {name: control, from: node, to: wan,  services: [tcp/84]}
	    - {name: admin,   from: wan,  to: node, services: [tcp/85]}
	END
}

# Answers on 81 to 86, as often as it is asked, over each connection.
latch_server()
{
	cat >"$NET_TMP/server.py" <<-'END'
	import socket, threading
	def serve(connection):
	    try:
	        while connection.recv(64): connection.sendall(b"here\n")
	    except OSError: pass
	def listen(port):
	    s = socket.create_server(("", port))
	    while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
	for port in range(81, 87): threading.Thread(target=listen, args=(port,)).start()
	END
	on_node python3 "$NET_TMP/server.py" 2>/dev/null &
	on_peer wan0 python3 "$NET_TMP/server.py" 2>/dev/null &
	disown -a
}

latch_world()
{
	net_start
	net_peer wan0
	net_peer lan0
	net_address wan0 10.1.0.1/24 10.1.0.2/24
	net_address lan0 10.2.0.1/24 10.2.0.2/24
	latch_policy
	latch_server
	until_ok 20 passes wan0 node 81 || die "the node's server does not answer"
	until_ok 20 passes node wan0 82 || die "the peer's server does not answer"
}

latch_start()
{
	latch_world
	cordon apply "$NET_TMP/policy.yaml" >/dev/null || die "the policy is not applied"
}

on() { if [ "$1" = node ]; then shift; on_node "$@"; else on_peer "$@"; fi; }

# shellcheck disable=SC2016 # expanded by the inner shell
passes()
{
	local address=ADDRESS_$2
	on "$1" timeout "${WAIT:-1}" bash -c 'exec 3<>"/dev/tcp/$0/$1" && echo >&3 && read -r -t 8 <&3' \
		"${!address}" "$3" 2>/dev/null
}

# LEVEL, then what it lets pass of: in out through control admin stranger
latch_lets()
{
	case $1 in
	none) echo 'passes passes passes passes passes passes' ;;
	open) echo 'passes passes passes passes passes denied' ;;
	egress) echo 'passes denied denied passes passes denied' ;;
	isolate | lockdown) echo 'denied denied denied passes passes denied' ;;
	empty) echo 'denied denied denied denied denied denied' ;;
	esac
}

verdict() { if "$@"; then echo passes; else echo denied; fi; }

# All at once: what is denied on the way in takes its second.
what_passes()
{
	local path
	for path in 'wan0 node 81' 'node wan0 82' 'lan0 wan0 83' 'node wan0 84' 'wan0 node 85' \
		'wan0 node 86'; do
		# shellcheck disable=SC2086 # three words
		verdict passes $path >"$NET_TMP/passed.${path##* }" &
	done
	wait $(jobs -p)
	cat "$NET_TMP"/passed.8[1-6] | xargs
}

# more FOUND WANTED: does something pass that must not? That needs no second look.
more()
{
	local i found wanted
	read -ra found <<<"$1"
	read -ra wanted <<<"$2"
	for i in "${!wanted[@]}"; do
		[ "${found[i]}" != passes ] || [ "${wanted[i]}" = passes ] || return 0
	done
	return 1
}

# What is to pass is given time: a machine may be slow.
shut_at()
{
	local found wanted WAIT
	wanted=$(latch_lets "$1")
	for WAIT in 1 3 8; do
		found=$(what_passes)
		[ "$found" != "$wanted" ] || return 0
		! more "$found" "$wanted" || break
	done
	echo "in, out, through, control, admin, stranger: $found; $1 is: $wanted"
	return 1
}

reboot()
{
	local interface tries
	umount -l "$NET_TMP/bpffs"
	# Below 6.6 filters outlive their pins.
	for interface in wan0 lan0; do
		on_node tc qdisc del dev "$interface" clsact 2>/dev/null || true
	done
	for ((tries = 0; tries < 20; tries++)); do
		! shut_at none >/dev/null || break
	done
	[ "$tries" -lt 20 ] || die "programs go on without pins"
	mount -t bpf "$NET" "$NET_TMP/bpffs"
}

# A node that was never sealed, and its policy in force again.
fresh() { reboot; rm -rf "${NET_ROOT:?}/$STATE" "${NET_ROOT:?}/etc/cordon/sealed-once"; }
again() { cordon apply "$NET_TMP/policy.yaml" >/dev/null; }

latch_is() { [ "$(cordon status --json | gojq -r .latch)" = "$1" ]; }
remembers() { [ "$(cordon status --json | gojq -r .latch_state.remembered)" = "$1" ]; }
held_lock() { ! flock -n "$NET_ROOT/run/cordon/lock" true; }
