#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: only
# timeout: 200
#
# The module alone, without programs, pins or helper: who gets past it, and who must. Senders of
# every kind that platform has, in and out, through the node, from namespaces, by devices that are
# moved or made afterwards, and by traffic control that sends on what loopback lets pass.
set -e
cd "$(dirname "$0")/../.."
. tests/kmod/lib.sh
kmod_start 51

kmod_node
kmod_peers
net_peer inner inner0
net_address inner 192.168.7.1/24 192.168.7.2/24 inner0
net_address wan 2001:db8::1/64 2001:db8::2/64 wan0
net_address mgmt fd00:20::1/64 fd00:20::2/64 mgmt0
opens() { on_peer "$1" timeout 2 bash -c "exec 3<>/dev/tcp/$2/$3"; }
reaches() { timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2"; }
socat TCP6-LISTEN:22,fork,reuseaddr OPEN:/dev/null &
socat TCP6-LISTEN:80,fork,reuseaddr OPEN:/dev/null &
for peer in wan mgmt; do on_peer "$peer" socat TCP6-LISTEN:8883,fork,reuseaddr OPEN:/dev/null & done
sent() { python3 tests/kmod/senders.py "$NET-wan" wan0 203.0.113.1 203.0.113.2; }
# Made once, so that its neighbours are known.
ping -c 1 -W 2 203.0.113.2 >/dev/null; ping -c 1 -W 2 10.20.0.2 >/dev/null

# senders TEXT PASSED...: these get out, and no other
senders()
{
	local text=$1 kind what want
	shift
	while read -r kind what; do
		want=stopped
		[[ " $* " != *" $kind "* ]] || want=passed
		check "$text: $kind $want" [ "$what" = "$want" ]
	done < <(sent)
}
all=(udp raw-ip ping header-included packet packet-bypass packet-lying packet-answer
	other-ethertype other-ethertype-bypass tagged fragment icmp-error arp-with-more)

kmod_load
key ada rsa:2048
set_up ada
module keep in:6:22:10.20.0.0/24,fd00:20::/64 out:6:8883:10.20.0.0/24 in:1:2048:10.20.0.0/24 \
	egress:in:6:80:any >/dev/null
senders "open" "${all[@]}"

# A device of hardware, as far as the kernel knows: a USB gadget, with the other end plugged in here.
modprobe -a dummy_hcd cdc_ether rndis_host g_ether
until_ok 10 ls /sys/class/net/usb0 /sys/class/net/usb1
hardware=usb0
# Who is plugged in says so once, to an end that is up by then. While both ends are up they are polled
# thousands of times a second.
are_joined() { [ "$(cat /sys/class/net/usb[01]/carrier)" = $'1\n1' ]; }
hardware_works()
{
	ip link set usb1 up
	ip link set usb0 up
	until_ok 10 are_joined
}
hardware_rests()
{
	ip link set usb0 down
	ip link set usb1 down
}
# ten_frames NETNS|"" TIMES - given to the device, each so often while it has no room for it; fails
# if it did not take all of them
ten_frames()
{
	local enter=()
	[ ! "$1" ] || enter=(nsenter --net="/run/netns/$1")
	"${enter[@]}" ip link set "$hardware" up
	"${enter[@]}" python3 -c "
import socket, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.setsockopt(263, 20, 1)
left = 10
for _ in range(10):
    for _ in range($2):
        try: s.sendto(bytes(12) + b'\x88\xb5' + bytes(50), ('$hardware', 0))
        except OSError: time.sleep(0.01)
        else:
            left -= 1
            break
raise SystemExit(left)"
}
frames_sent() { ip -j -s link show "$hardware" | gojq '.[0].stats64.tx.packets'; }
have_been_sent() { [ "$(frames_sent)" -ge "$1" ]; }
hardware_works
before=$(frames_sent)
hardware_sends() { ten_frames "" 500 && until_ok 5 have_been_sent $((before + 10)); }
check "open: hardware sends what it is given" hardware_sends
hardware_rests

# ---- isolate ------------------------------------------------------------------------------------

module seal isolate >/dev/null
senders "isolate"
check "the keep list comes in" opens mgmt 10.20.0.1 22
check "by IPv6, too" opens mgmt fd00:20::1 22
check "and goes out" reaches 10.20.0.2 8883
check "a ping is answered" on_peer mgmt ping -c 1 -W 2 10.20.0.1
refuse "no other port comes in" opens mgmt 10.20.0.1 80
refuse "no other peer" opens wan 203.0.113.1 22
refuse "nor by IPv6" opens wan 2001:db8::1 22
refuse "nor goes out" reaches 203.0.113.2 8883
refuse "a ping that nobody asked for" ping -c 1 -W 1 10.20.0.2
refuse "nothing goes through the node" on_peer inner ping -c 1 -W 1 203.0.113.2
check "loopback passes" reaches 127.0.0.1 22
ip link add dummy9 type dummy
ip link set dummy9 up
dropped=$(field dropped_out)
python3 -c "
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
for _ in range(10):
    try: s.sendto(bytes(12) + b'\x88\xb5' + bytes(40), ('dummy9', 0))
    except OSError: pass"
check "a device that is made afterwards has hooks of ours" [ "$(field dropped_out)" -ge $((dropped + 10)) ]

# ---- namespaces ---------------------------------------------------------------------------------

ip netns add "$NET-a"
# What neighbours are told, which passes, is not to be counted.
nsenter --net="/run/netns/$NET-a" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
ip netns add "$NET-b"
ip -n "$NET-a" link add one type veth peer name two netns "$NET-b"
ip -n "$NET-a" addr add 172.31.0.1/24 dev one
ip -n "$NET-b" addr add 172.31.0.2/24 dev two
ip -n "$NET-a" link set one up
ip -n "$NET-b" link set two up
check "two namespaces beside the node speak with each other" \
	nsenter --net="/run/netns/$NET-a" ping -c 2 -W 2 172.31.0.2
# stops NETNS|"": each of ten frames was dropped; what neighbours are told may pass
stops()
{
	local dropped
	dropped=$(field dropped_out)
	ten_frames "$1" 1 || true
	[ "$(field dropped_out)" -ge $((dropped + 10)) ]
}
hardware_works
check "hardware in the node's namespace sends nothing" stops ""
ip link set "$hardware" down
ip link set "$hardware" netns "$NET-a"
check "nor once it is moved to another" stops "$NET-a"
nsenter --net="/run/netns/$NET-a" ip link set "$hardware" down
nsenter --net="/run/netns/$NET-a" ip link set "$hardware" name veth-x
hardware=veth-x
check "nor by another name" stops "$NET-a"
nsenter --net="/run/netns/$NET-a" ip link set "$hardware" down
nsenter --net="/run/netns/$NET-a" ip link set "$hardware" netns 1

# ---- traffic control ----------------------------------------------------------------------------

check "loopback that traffic control sends on is judged" bash -c "
	tc qdisc add dev lo clsact && tc filter add dev lo egress matchall action mirred egress redirect dev wan0 &&
	! timeout 1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/22' 2>/dev/null; tc qdisc del dev lo clsact"

# ---- what the policy excludes -------------------------------------------------------------------

rmmod cordon 2>/dev/null && not_ok "it was unloaded under a latch" || ok "under a latch it cannot be unloaded"
order sound 1 release ada
check "a release opens it" module order "$KMOD_TMP/sound.p7"
ip netns del "$NET-a"
ip link del dummy9
rmmod cordon
kmod_load gate=1
set_up ada
# As the helper does while the gate is shut.
module keep exclude=usb1* >/dev/null
module stand >/dev/null
module seal isolate >/dev/null
ip link set "$hardware" name usb0
hardware=usb1
hardware_works
before=$(frames_sent)
check "an interface that the policy excludes is not shut" hardware_sends
hardware_rests
ip link set usb0 name usb1-x
ip link set usb1-x netns "$NET-b"
nsenter --net="/run/netns/$NET-b" ip link set usb1-x netns 1
hardware=usb1-x
ip link set usb1 up
check "hardware that comes by its name is, under a latch" stops ""
ip link set usb1 down
check "a release opens it" module order "$KMOD_TMP/sound.p7"
ip netns del "$NET-b"
modprobe -r g_ether dummy_hcd
kmod_end
