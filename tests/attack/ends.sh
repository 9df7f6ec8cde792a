# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The addresses of the ground (ground.py has the picture), behind tests/net/lib.sh:
#
#   node_end, far_ends           of the node, and of the namespaces at its wires' other ends
#   node_knows WAN LAN           the link addresses of the far ends
#   far_ends_know WAN LAN        those of the node

# Lines for ip -batch: known INTERFACE LINK-ADDRESS ADDRESS...
known()
{
	local interface=$1 link=$2
	shift 2
	printf "neighbour replace %s lladdr $link dev $interface\n" "$@"
}

# addresses INTERFACE ADDRESS...
addresses() { printf "address add %s dev $1\n" "${@:2}"; }

default_routes() { printf 'route add default via %s\n' "$@"; }

node_end()
{
	{
		addresses wan0 10.1.0.1/24 fd01::1/64
		addresses lan0 10.2.0.1/24 fd02::1/64
		default_routes 10.1.0.2 fd01::2
	} | ip -n "$NODE" -batch -
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
	{
		addresses eth0 10.1.0.2/24 fd01::2/64 10.1.0.53/24 10.1.0.66/24 fd01::66/64
		addresses lo 198.51.100.7/32 2001:db8::7/128
		default_routes 10.1.0.1 fd01::1
	} | ip -n "$NET-wan0" -batch -
	{
		addresses eth0 10.2.0.2/24 fd02::2/64
		default_routes 10.2.0.1 fd02::1
	} | ip -n "$NET-lan0" -batch -
}

node_knows()
{
	{
		known wan0 "$1" 10.1.0.2 10.1.0.53 10.1.0.66 fd01::2 fd01::66
		known lan0 "$2" 10.2.0.2 fd02::2
	} | ip -n "$NODE" -batch -
}

far_ends_know()
{
	known eth0 "$1" 10.1.0.1 fd01::1 | ip -n "$NET-wan0" -batch -
	known eth0 "$2" 10.2.0.1 fd02::1 | ip -n "$NET-lan0" -batch -
}
