#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: only
# guard: yes
# timeout: 120
#
# Sockets past the packet path that were there before the node was shut: AF_PACKET and AF_XDP, by
# descriptor and by mapped memory, in this namespace and in another one, and by neither. Each is cut,
# or its owner killed, and told.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

KINDS="plain ring fanout locked mapped xdp fixed vhost flown passed"

guard_start
modprobe vhost_net
net_address wan 10.9.0.1/24 10.9.0.2/24 wan0
ip netns add "$NET-other"
NET_PEERS+=(other)
ip -n "$NET-other" link add wan0 type dummy
ip -n "$NET-other" link set wan0 up
other() { nsenter --net="/run/netns/$NET-other" -- "$@"; }
test_start 41

cordon run --once
# The others are on the second page of the list.
holder crowd crowd
for kind in $KINDS; do holder "$kind" "$kind"; done
holder plain elsewhere other
holder fixed far other
for kind in plain ring fanout locked mapped; do check "open: $kind hears" hears "$kind"; done
for kind in plain ring fanout locked elsewhere; do check "open: $kind sends" until_ok 5 sends "$kind"; done
check "status sees no fault in them" says "cordon is enforcing" cordon status

cordon seal isolate --reason bypass >"$NET_TMP/sealed" 2>&1 || cat "$NET_TMP/sealed"
for kind in plain ring fanout elsewhere; do
	check "sealed: $kind does not send" until_ok 5 is_mute "$kind"
	check "its process lives" lives "$kind"
	check "and it is told" told "AF_PACKET socket of python3" "$kind" "cut off"
done
for kind in locked mapped xdp fixed far vhost flown; do check "sealed: who had $kind is gone" until_ok 5 ended "$kind"; done
check "which is told" told "AF_XDP socket of python3" xdp killed
check "and of who had one that no process shows" told "it may hold a socket that no process shows" fixed killed
for kind in plain ring fanout; do refuse "$kind hears nothing any more" hears "$kind" 1; done
check "who has a thousand that are deaf lives" lives crowd
check "what is on its way is told" says "no process has one of them" cordon status
touch "$NET_TMP/holder.passed.take"
check "one on its way does not arrive" until_ok 5 grep -q "arrived 0" "$NET_TMP/holder.passed"
check "nothing is left" until_ok 5 says "cordon is enforcing" cordon status
guard_goes
test_end
