// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a packet, of any source, linear or not: each header is copied out, or found to
 * be cut short.  What is not understood does not pass.
 */
#include "cordon.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>

/*
 * @at: offset of the next header
 * @packet: as far as it was read
 */
struct reader {
	const struct sk_buff *skb;
	int at;
	struct cordon_packet packet;
};

#define read_header(reader, copy)                                                                  \
	skb_header_pointer((reader)->skb, (reader)->at, sizeof(*(copy)), copy)

/* ---- the link ---------------------------------------------------------------------------- */

/* The longest frame of ARP is padded to 60 bytes; see bpf/parse.h. */
#define ARP_SIZE_MAX 46

static bool arp_is_sound(struct reader *reader)
{
	struct arphdr copy;
	const struct arphdr *arp = read_header(reader, &copy);

	return arp && reader->skb->len - reader->at <= ARP_SIZE_MAX &&
	       arp->ar_hrd == htons(ARPHRD_ETHER) && arp->ar_pro == htons(ETH_P_IP) &&
	       arp->ar_hln == ETH_ALEN && arp->ar_pln == 4 &&
	       (arp->ar_op == htons(ARPOP_REQUEST) || arp->ar_op == htons(ARPOP_REPLY));
}

/* ---- the transport ----------------------------------------------------------------------- */

static bool read_ports(struct reader *reader)
{
	__be16 copy[2];
	const __be16 *ports = skb_header_pointer(reader->skb, reader->at, sizeof(copy), copy);

	if (!ports)
		return false;
	reader->packet.answers = ntohs(ports[0]);
	reader->packet.asks = ntohs(ports[1]);
	return true;
}

/* What opens a connection answers nothing. */
static bool read_tcp(struct reader *reader)
{
	struct tcphdr copy;
	const struct tcphdr *tcp;

	if (!read_ports(reader))
		return false;
	if (reader->packet.quoted)
		return true;
	tcp = read_header(reader, &copy);
	if (tcp && tcp->syn && !tcp->ack)
		reader->packet.opens = true;
	return tcp;
}

/* Type of the request that a reply is to; 0: it is none. */
static u8 request_of(u8 protocol, u8 type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type == ICMPV6_ECHO_REPLY ? ICMPV6_ECHO_REQUEST : 0;
	if (type == ICMP_TIMESTAMPREPLY || type == ICMP_INFO_REPLY || type == ICMP_ADDRESSREPLY)
		return type - 1;
	return type == ICMP_ECHOREPLY ? ICMP_ECHO : 0;
}

static bool is_error(u8 protocol, u8 type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type && type <= ICMPV6_PARAMPROB;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

static bool read_network(struct reader *reader, u16 ethertype);

/* An error is as good as what it quotes, which went the other way, and goes to who sent that. */
static bool read_quoted(struct reader *reader)
{
	const bool is_ipv4 = reader->packet.protocol == IPPROTO_ICMP;
	struct reader inner = { .skb = reader->skb, .at = reader->at + 8 };

	inner.packet.out = !reader->packet.out;
	inner.packet.forwarded = true;
	inner.packet.quoted = true;
	if (!read_network(&inner, is_ipv4 ? ETH_P_IP : ETH_P_IPV6) ||
	    memcmp(inner.packet.source, reader->packet.destination, sizeof(inner.packet.source)))
		return false;
	reader->packet = inner.packet;
	return true;
}

static bool read_icmp(struct reader *reader)
{
	struct cordon_packet *packet = &reader->packet;
	u8 copy[8];
	const u8 *icmp = skb_header_pointer(reader->skb, reader->at, sizeof(copy), copy);
	u8 request;

	if (!icmp)
		return false;
	if (!packet->quoted && is_error(packet->protocol, icmp[0]))
		return read_quoted(reader);
	request = request_of(packet->protocol, icmp[0]);
	packet->asks = icmp[0] << 8 | icmp[1];
	packet->answers = request << 8;
	packet->opens = !request;
	return true;
}

static bool read_transport(struct reader *reader)
{
	if (reader->packet.fragment)
		return true;
	switch (reader->packet.protocol) {
	case IPPROTO_TCP:
		return read_tcp(reader);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return read_ports(reader);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return read_icmp(reader);
	}
	return true;
}

/* ---- the network ------------------------------------------------------------------------- */

static void map_address(__be32 address, u8 *ret_mapped)
{
	memset(ret_mapped, 0, 10);
	ret_mapped[10] = ret_mapped[11] = 0xff;
	memcpy(ret_mapped + 12, &address, sizeof(address));
}

static bool read_ipv4(struct reader *reader)
{
	struct iphdr copy;
	const struct iphdr *ip = read_header(reader, &copy);

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return false;
	map_address(ip->saddr, reader->packet.source);
	map_address(ip->daddr, reader->packet.destination);
	reader->packet.protocol = ip->protocol;
	reader->packet.fragment = ip->frag_off & htons(0x1fff);
	reader->at += ip->ihl * 4;
	return read_transport(reader);
}

static bool read_ipv6(struct reader *reader)
{
	struct ipv6hdr copy;
	const struct ipv6hdr *ip = read_header(reader, &copy);
	__be16 offset = 0;
	u8 next;

	if (!ip || ip->version != 6)
		return false;
	memcpy(reader->packet.source, &ip->saddr, 16);
	memcpy(reader->packet.destination, &ip->daddr, 16);
	reader->packet.hop_limit = ip->hop_limit;
	reader->packet.length = ntohs(ip->payload_len);
	next = ip->nexthdr;
	reader->at = ipv6_skip_exthdr(reader->skb, reader->at + sizeof(*ip), &next, &offset);
	if (reader->at < 0)
		return false;
	reader->packet.protocol = next;
	/* What a later fragment is of stands in the first one. */
	reader->packet.fragment = offset & htons(0xfff8);
	reader->packet.any_protocol = reader->packet.fragment;
	return read_transport(reader);
}

static bool read_network(struct reader *reader, u16 ethertype)
{
	if (ethertype == ETH_P_IP)
		return read_ipv4(reader);
	return ethertype == ETH_P_IPV6 && read_ipv6(reader);
}

static u16 skip_tags(struct reader *reader, u16 ethertype)
{
	struct vlan_hdr copy;
	const struct vlan_hdr *tag;

	for (int i = 0; i < CORDON_VLAN_TAGS_MAX; i++) {
		if (ethertype != ETH_P_8021Q && ethertype != ETH_P_8021AD)
			break;
		tag = read_header(reader, &copy);
		if (!tag)
			return 0;
		ethertype = ntohs(tag->h_vlan_encapsulated_proto);
		reader->at += VLAN_HLEN;
	}
	return ethertype;
}

bool cordon_packet_passes(u32 level, const struct sk_buff *skb, int offset, u16 ethertype, bool out)
{
	struct reader reader = { .skb = skb, .at = offset };

	reader.packet.out = out;
	reader.packet.forwarded = skb->skb_iif;
	ethertype = skip_tags(&reader, ethertype);
	if (ethertype == ETH_P_ARP)
		return arp_is_sound(&reader) && cordon_keep_head().arp;
	return read_network(&reader, ethertype) && cordon_keep_allows(level, &reader.packet);
}
