#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm: last
# guard: yes
# timeout: 120
#
# Modules that hand packets to a device themselves, loaded while the node was open, and used: what they
# send is stopped when the kernel is closed, also where who began it does not show his file, and they
# are unloaded. Where they cannot be nobody makes them send again.
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh

CONFIG=/sys/kernel/config/netconsole
guard_start
guard_order open 1 release
net_address wan 10.9.0.1/24 10.9.0.2/24 wan0
modprobe configfs
mount -t configfs config /sys/kernel/config
ip link add log0 type dummy
ip address add 10.8.0.1/24 dev log0
ip link set log0 up

heard_by_wan() { on_peer wan ip -s -j link show eth0 | gojq '.[0].stats64.rx.packets'; }
# Twenty packets a second, for as long as it is there; who began it has closed its file by then.
pktgen_start()
{
	modprobe pktgen
	on_node python3 - <<-'END' &
	import os, threading, time
	def put(name, word): open("/proc/net/pktgen/" + name, "w").write(word + "\n")
	put("kpktgend_0", "add_device wan0")
	for word in ("count 0", "delay 50000000", "dst 10.9.0.2", "dst_mac 02:00:00:00:00:01"):
	    put("wan0", word)
	control = os.open("/proc/net/pktgen/pgctrl", os.O_WRONLY)
	threading.Thread(target=os.write, args=(control, b"start\n"), daemon=True).start()
	time.sleep(1)
	os.close(control)
	time.sleep(1000)
	END
	began=$!
}
pktgen_sends() { local before; before=$(heard_by_wan); sleep 1; [ $(($(heard_by_wan) - before)) -gt 9 ]; }
# Its folder keeps it from being unloaded, what is in that (from 6.9 on) keeps the folder, and an open
# file of it, which is the third one's to keep, the module.
netconsole_start()
{
	modprobe netconsole
	mkdir $CONFIG/there
	echo log0 >$CONFIG/there/dev_name
	echo 10.8.0.2 >$CONFIG/there/remote_ip
	echo 1 >$CONFIG/there/enabled
	[ ! -d $CONFIG/there/userdata ] || mkdir $CONFIG/there/userdata/more
}
is_loaded() { [ -e "/sys/module/$1/initstate" ]; }
told_module() { cordon events --class enforcement | grep -q "module $1: unloaded"; }

test_start 23
daemon_starts || die "the daemon does not start: $(cat "$NET_TMP/run.log")"
pktgen_start
netconsole_start
check "open: pktgen sends" until_ok 5 pktgen_sends
check "netconsole does" is_loaded netconsole
check "status sees no fault in them" says "cordon is enforcing" cordon status

mount -t tmpfs cover /sys/module
cordon seal isolate --reason senders >"$NET_TMP/sealed" 2>&1 || cat "$NET_TMP/sealed"
umount /sys/module
refuse "sealed: pktgen sends nothing" pktgen_sends
for module in pktgen netconsole; do
	refuse "$module is unloaded" is_loaded $module
	check "which is told" told_module $module
	refuse "nobody loads it again" modprobe $module
done
check "who began it lives" [ -e "/proc/$began" ]
check "nothing is left" says "cordon is enforcing" cordon status
check "its owner opens the node" cordon order "$NET_TMP/open.p7"

pktgen_start
netconsole_start
exec 7<$CONFIG/there/enabled
check "open again: pktgen sends" until_ok 5 pktgen_sends
# For good, so that no other test comes behind it in the machine.
sysctl -q kernel.modules_disabled=1
cordon seal isolate --reason senders >"$NET_TMP/sealed" 2>&1
check "what cannot be unloaded is told" grep -q "modules_disabled must be 0" "$NET_TMP/sealed"
check "by status, too" says "the module pktgen sends past the packet path" cordon status
refuse "but pktgen sends nothing" pktgen_sends
refuse "nor does anybody make it" on_node sh -c 'echo start >/proc/net/pktgen/pgctrl'
refuse "netconsole has no target" test -e $CONFIG/there
refuse "nor makes anybody one" mkdir $CONFIG/again
check "both are told" until_ok 5 says "tried to have packets sent past the packet path by" \
	cordon events --class tamper
exec 7<&-
guard_goes
test_end
