#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a virtual machine of one CPU whose clock counts instructions (guest.py starts it): what the
# module costs an open node on each packet, and the guard on fork and exec and on open and close.
# Prints "figure ACT SUBJECT NANOSECONDS" for each, where a nanosecond is an instruction.
set -e
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/guard/lib.sh
. tests/guard/lib.sh
ROUNDS=3
KMOD=$BUILD/kmod/$(uname -r | cut -d. -f1,2)/cordon.ko

# Without the host's file system below.
mount -t tmpfs bench /mnt
cp "$BUILD/tests/bench/guest_helper" /mnt/helper
figure() { echo "figure $1 $2 $(on_node /mnt/helper "$1" "$3" "$4")"; }

modprobe tun
net_start
net_own
on_node ip tuntap add bench0 mode tap
on_node ip address add 192.0.2.1/24 dev bench0
on_node ip link set bench0 up
on_node ip neighbour replace 192.0.2.2 dev bench0 lladdr 02:00:00:00:00:00 nud permanent
packets()
{
	figure receive "$1" 500 bench0
	figure send "$1" 500 bench0
}
for _ in $(seq "$ROUNDS"); do
	packets bare
	insmod "$KMOD"
	packets module
	rmmod cordon
done

net_small_policy
calls()
{
	figure exec "$1" 4 /mnt/helper
	# So few that most goes are between two ticks.
	figure open "$1" 100 /mnt/helper
}
HELPER=$NET_TMP/cordon
cp "$CORDON" "$HELPER"
CORDON=$HELPER
echo "$(cat /proc/cmdline) cordon.guard=off" >"$NET_TMP/cmdline"
for _ in $(seq "$ROUNDS"); do
	mount --bind "$NET_TMP/cmdline" /proc/cmdline
	cordon run --once 2>/dev/null
	calls unguarded
	umount /proc/cmdline
	cordon run --once
	cordon status | grep -q "stands, on" || die "no guard"
	calls guarded
	cordon detach >/dev/null
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null
done
