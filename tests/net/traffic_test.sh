#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# TCP, UDP and ICMP of real programs: in, out and through the node, by IPv4 and IPv6, from workloads
# and from others. Every probe passes before there is a policy; afterwards what the policy says.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh

# What is to pass is waited for: a machine may be slow. WAIT is in seconds.
PASSING=10 DENIED=0.6
export WAIT=$DENIED
ping_from() { on_peer "$1" ping -q -c 1 -W "$WAIT" "$2"; }
ping_out() { on_node ping -q -c 1 -W "$WAIT" "$1"; }
from_wan() { on_peer wan0 "$NET_TMP/try" "$@"; }
from_lan() { on_peer lan0 "$NET_TMP/try" "$@"; }
from_node() { in_unit other.service "$NET_TMP/try" "$@"; }
from_pos() { in_unit pos.service "$NET_TMP/try" "$@"; }
from_kiosk() { in_unit kiosk/browser "$NET_TMP/try" "$@"; }

# try tcp|udp|errno|bind [ADDRESS] PORT: one attempt, not longer than needed
write_try()
{
	cat >"$NET_TMP/try" <<-'END'
	#!/usr/bin/python3
	import os, socket, sys
	what, port = sys.argv[1], int(sys.argv[-1])
	family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
	s = socket.socket(family, socket.SOCK_DGRAM if what == "udp" else socket.SOCK_STREAM)
	s.settimeout(float(os.environ["WAIT"]))
	try:
	    if what == "bind":
	        s.bind(("", port))
	    else:
	        s.connect((sys.argv[2], port))
	    if what == "udp":
	        s.send(b"hi")
	        assert s.recv(9) == b"hi"
	except OSError as error:
	    if what in ("tcp", "udp"):
	        sys.exit(f"{error}")
	    print(error.errno)
	    sys.exit(0)
	if what in ("errno", "bind"):
	    print(0)
	END
	chmod +x "$NET_TMP/try"
}
is() { [ "$("${@:2}")" = "$1" ]; }

serve()
{
	"$@" socat TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr SYSTEM:true 2>/dev/null &
	"$@" socat TCP6-LISTEN:81,ipv6only=0,fork,reuseaddr SYSTEM:true 2>/dev/null &
	"$@" socat UDP6-RECVFROM:90,ipv6only=0,fork PIPE 2>/dev/null &
	"$@" socat UDP6-RECVFROM:91,ipv6only=0,fork PIPE 2>/dev/null &
}

# TEXT and command; those that the policy allows, then those that it does not.
allowed=(
	"TCP in, IPv4;from_wan tcp 10.1.0.1 80"
	"TCP in, IPv6;from_wan tcp fd01::1 80"
	"UDP in, IPv4;from_wan udp 10.1.0.1 90"
	"UDP in, IPv6;from_wan udp fd01::1 90"
	"ping in, IPv4;ping_from wan0 10.1.0.1"
	"ping in, IPv6;ping_from wan0 fd01::1"
	"TCP out, IPv4;from_node tcp 10.2.0.2 80"
	"TCP out, IPv6;from_node tcp fd02::2 80"
	"UDP out, IPv4;from_node udp 10.2.0.2 90"
	"UDP out, IPv6;from_node udp fd02::2 90"
	"ping out, IPv4;ping_out 10.2.0.2"
	"ping out, IPv6;ping_out fd02::2"
	"TCP through, IPv4;from_lan tcp 10.1.0.2 80"
	"TCP through, IPv6;from_lan tcp fd01::2 80"
	"UDP through, IPv4;from_lan udp 10.1.0.2 90"
	"UDP through, IPv6;from_lan udp fd01::2 90"
	"ping through, IPv4;ping_from lan0 10.1.0.2"
	"ping through, IPv6;ping_from lan0 fd01::2"
	"a unit's TCP out;from_pos tcp 10.1.0.2 81"
	"a cgroup's TCP out;from_kiosk tcp fd01::2 81"
	"loopback;from_node tcp 127.0.0.1 81"
)
denied=(
	"TCP in, another port;from_wan tcp 10.1.0.1 81"
	"TCP in, another port, IPv6;from_wan tcp fd01::1 81"
	"UDP in, another port;from_wan udp 10.1.0.1 91"
	"TCP in, another zone;from_lan tcp 10.2.0.1 80"
	"ping in, another zone;ping_from lan0 fd02::1"
	"TCP out, another port;from_node tcp 10.2.0.2 81"
	"TCP out, a port of a workload's;from_node tcp 10.1.0.2 81"
	"ping out, another zone;ping_out 10.1.0.2"
	"TCP through, another port;from_lan tcp 10.1.0.2 81"
	"UDP through, another port;from_lan udp fd01::2 91"
	"TCP through, the other way;from_wan tcp 10.2.0.2 80"
	"ping through, the other way;ping_from wan0 fd02::2"
	"a unit's TCP out, another port;from_pos tcp 10.1.0.2 80"
	"a unit's TCP out by the other unit's rule;from_pos tcp fd01::2 81"
)

policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: $1
	zones:
	  wan:  {addresses: [10.1.0.0/24, "fd01::/64"]}
	  lan:  {addresses: [10.2.0.0/24, "fd02::/64"]}
	  six:  {addresses: ["fd01::2"]}
	workloads:
	  pos:     {units: [pos.service]}
	  browser: {cgroups: [/$NET.slice/kiosk/browser]}
	rules:
	  - {name: in,      from: wan,     to: node,    services: [tcp/80, udp/90, icmp, icmpv6]}
	  - {name: in6,     from: six,     to: node,    services: [tcp/80, udp/90, icmpv6]}
	  - {name: out,     from: node,    to: lan,     services: [tcp/80, udp/90, icmp, icmpv6]}
	  - {name: through, from: lan,     to: wan,     services: [tcp/80, udp/90, icmp]}
	  - {name: thru6,   from: lan,     to: six,     services: [tcp/80, udp/90, icmpv6]}
	  - {name: pos,     from: pos,     to: wan,     services: [tcp/81]}
	  - {name: browser, from: browser, to: six,     services: [tcp/81]}
	  - {name: own,     from: wan,     to: pos,     services: [tcp/7000]}
	quarantine:
	  keep:
	    - {name: ssh, from: wan, to: node, services: [tcp/22]}
	END
}

test_start $((2 * (${#allowed[@]} + ${#denied[@]}) + 15))
net_start
write_try
net_peer wan0
net_peer lan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address wan0 fd01::1/64 fd01::2/64
net_address lan0 10.2.0.1/24 10.2.0.2/24
net_address lan0 fd02::1/64 fd02::2/64
serve on_node
serve on_peer wan0
serve on_peer lan0
mkdir -p "$NET_CGROUP/pos.service"
until_ok 5 from_node tcp 10.2.0.2 81
until_ok 5 from_node tcp fd01::2 81
until_ok 5 from_wan tcp 10.1.0.1 81
until_ok 5 from_wan udp fd01::1 91
until_ok 5 from_node udp 10.2.0.2 90

WAIT=$PASSING
for probe in "${allowed[@]}" "${denied[@]}"; do
	# shellcheck disable=SC2086 # words
	check "unguarded: ${probe%%;*}" ${probe#*;}
done
check "unguarded: anyone may bind" is 0 from_node bind 7000

policy 1
check "apply" cordon apply "$NET_TMP/policy.yaml"
for probe in "${allowed[@]}"; do
	# shellcheck disable=SC2086 # words
	check "${probe%%;*}" ${probe#*;}
done
WAIT=$DENIED
for probe in "${denied[@]}"; do
	# shellcheck disable=SC2086 # words
	refuse "denied: ${probe%%;*}" ${probe#*;}
done
WAIT=$PASSING

check "a process that may not connect is told EPERM at once" is 1 from_node errno 10.1.0.2 81
check "and by IPv6" is 1 from_node errno fd01::2 81
check "a reserved port cannot be bound by others" is 1 from_node bind 7000
check "but by its workload" is 0 from_pos bind 7000
check "other ports can" is 0 from_node bind 7001
check "the denial tells the process" grep -q " by try" <(cordon counters --denials)

# A unit that comes, goes and comes again, with nobody running.
WAIT=$DENIED refuse "a unit made after apply is nobody before it is named so" \
	in_unit late.service "$NET_TMP/try" tcp 10.1.0.2 81
net_remove_cgroup "$NET_CGROUP/pos.service"
refuse "a removed unit is gone" test -d "$NET_CGROUP/pos.service"
check "a restarted unit is known by the kernel alone" from_pos tcp 10.1.0.2 81
mkdir -p "$NET_CGROUP/pos.service/inner"
check "what is below it belongs to it" in_unit pos.service/inner "$NET_TMP/try" tcp 10.1.0.2 81
mkdir -p "$NET_CGROUP/user@1000.service"
WAIT=$DENIED refuse "a user's own cgroup of that name is not the unit" \
	in_unit user@1000.service/pos.service "$NET_TMP/try" tcp 10.1.0.2 81

policy 2
check "switch" cordon apply "$NET_TMP/policy.yaml"
check "the unit is still known after a switch" from_pos tcp 10.1.0.2 81
test_end
