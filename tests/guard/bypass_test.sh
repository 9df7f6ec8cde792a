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

KINDS="plain ring fanout locked mapped xdp fixed vhost passed"

guard_start
modprobe vhost_net
net_address wan 10.9.0.1/24 10.9.0.2/24 wan0
heard_by_wan() { on_peer wan ip -s -j link show eth0 | jq '.[0].stats64.rx.packets'; }
# Twenty packets a second, for as long as it is there.
pktgen_start()
{
	modprobe pktgen
	on_node bash -ec 'cd /proc/net/pktgen; echo add_device wan0 >kpktgend_0
		for word in "count 0" "delay 50000000" "dst 10.9.0.2" "dst_mac 02:00:00:00:00:01"; do
			echo "$word" >wan0
		done; echo start >pgctrl' &
}
pktgen_sends() { local before; before=$(heard_by_wan); sleep 1; [ $(($(heard_by_wan) - before)) -gt 9 ]; }
# It keeps the module from being unloaded.
netconsole_start()
{
	modprobe netconsole
	ip link add log0 type dummy
	ip address add 10.8.0.1/24 dev log0
	ip link set log0 up
	mount -t configfs config /sys/kernel/config
	mkdir /sys/kernel/config/netconsole/there
	echo log0 >/sys/kernel/config/netconsole/there/dev_name
	echo 10.8.0.2 >/sys/kernel/config/netconsole/there/remote_ip
	echo 1 >/sys/kernel/config/netconsole/there/enabled
	umount /sys/kernel/config
}
is_loaded() { [ -e "/sys/module/$1/initstate" ]; }
told_module() { cordon events --class enforcement | grep -q "module $1: unloaded"; }
ip netns add "$NET-other"
ip -n "$NET-other" link add wan0 type dummy
ip -n "$NET-other" link set wan0 up
other() { nsenter --net="/run/netns/$NET-other" -- "$@"; }
test_start 45

cordon run --once
for kind in $KINDS; do holder "$kind" "$kind"; done
holder plain elsewhere other
for kind in plain ring fanout locked mapped; do check "open: $kind hears" hears "$kind"; done
for kind in plain ring fanout locked elsewhere; do check "open: $kind sends" until_ok 5 sends "$kind"; done
pktgen_start
netconsole_start
check "open: pktgen sends" until_ok 5 pktgen_sends
check "netconsole does" is_loaded netconsole
check "status sees no fault in them" says "cordon is enforcing" cordon status

mount -t tmpfs cover /sys/module
cordon seal isolate --reason bypass >"$NET_TMP/sealed" 2>&1 || cat "$NET_TMP/sealed"
umount /sys/module
for kind in plain ring fanout elsewhere; do
	check "sealed: $kind does not send" until_ok 5 is_mute "$kind"
	check "its process lives" lives "$kind"
	check "and it is told" told "AF_PACKET socket of python3" "$kind" "cut off"
done
refuse "sealed: pktgen sends nothing" pktgen_sends
for module in pktgen netconsole; do
	refuse "$module is unloaded" is_loaded $module
	check "which is told" told_module $module
	refuse "nobody loads it again" modprobe $module
done
for kind in locked mapped xdp fixed vhost; do check "sealed: who had $kind is gone" until_ok 5 ended "$kind"; done
check "which is told" told "AF_XDP socket of python3" xdp killed
check "of those that nobody seems to have, too" told "socket of python3" fixed killed
for kind in plain ring fanout; do refuse "$kind hears nothing any more" hears "$kind" 1; done
check "what is on its way is told" says "no process has one of them" cordon status
touch "$NET_TMP/holder.passed.take"
check "one on its way does not arrive" until_ok 5 grep -q "arrived 0" "$NET_TMP/holder.passed"
check "nothing is left" until_ok 5 says "cordon is enforcing" cordon status
test_end
