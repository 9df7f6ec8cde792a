# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The addresses of the ground (ground.py has the picture), behind tests/net/lib.sh:
#
#   node_end, far_ends           of the node, and of the namespaces at its wires' other ends
#   node_knows WAN LAN           the link addresses of the far ends
#   far_ends_know WAN LAN        those of the node

# known NAMESPACE INTERFACE LINK-ADDRESS ADDRESS...
known()
{
	local namespace=$1 interface=$2 link=$3 address
	shift 3
	for address; do
		ip -n "$namespace" neighbour replace "$address" lladdr "$link" dev "$interface"
	done
}

addresses()
{
	local namespace=$1 interface=$2 address
	shift 2
	for address; do ip -n "$namespace" address add "$address" dev "$interface"; done
}

node_end()
{
	addresses "$NODE" wan0 10.1.0.1/24 fd01::1/64
	addresses "$NODE" lan0 10.2.0.1/24 fd02::1/64
	ip -n "$NODE" route add default via 10.1.0.2
	ip -n "$NODE" -6 route add default via fd01::2
	NET_PEERS+=(guest)
	ip netns add "$NET-guest"
	ip -n "$NET-guest" link set lo up
	on_node sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.conf.wan0.rp_filter=0 net.ipv4.conf.lan0.rp_filter=0 \
		net.ipv4.tcp_fastopen=5 "net.ipv4.ping_group_range=0 2147483647"
	mkdir -p "$NET_CGROUP/pos.service"
}

far_ends()
{
	local outside=$NET-wan0 devices=$NET-lan0
	addresses "$outside" eth0 10.1.0.2/24 fd01::2/64 10.1.0.53/24 10.1.0.66/24 fd01::66/64
	addresses "$outside" lo 198.51.100.7/32 2001:db8::7/128
	addresses "$devices" eth0 10.2.0.2/24 fd02::2/64
	ip -n "$outside" route add default via 10.1.0.1
	ip -n "$outside" -6 route add default via fd01::1
	ip -n "$devices" route add default via 10.2.0.1
	ip -n "$devices" -6 route add default via fd02::1
}

node_knows()
{
	known "$NODE" wan0 "$1" 10.1.0.2 10.1.0.53 10.1.0.66 fd01::2 fd01::66
	known "$NODE" lan0 "$2" 10.2.0.2 fd02::2
}

far_ends_know()
{
	known "$NET-wan0" eth0 "$1" 10.1.0.1 fd01::1
	known "$NET-lan0" eth0 "$2" 10.2.0.1 fd02::1
}
