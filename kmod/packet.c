// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a packet, of any source, linear or not: each header is copied out, or found to
 * be cut short.  What is not understood does not pass.
 */
#include "packet.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ipv6.h>

#include <cordon/uapi/reason.h>

#include "keep.h"

/*
 * @at: offset of the next header
 * @packet: as far as it was read
 * @hop_limit, @length: IPv6: of the network header
 * @builtin: enum cordon_builtin that the packet looks like in its direction
 */
struct reader {
	const struct sk_buff *skb;
	int at;
	struct cordon_packet packet;
	u8 hop_limit;
	u16 length;
	u8 builtin;
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

static const struct in6_addr *source6(const struct reader *reader)
{
	return (const struct in6_addr *)reader->packet.source;
}

static const struct in6_addr *destination6(const struct reader *reader)
{
	return (const struct in6_addr *)reader->packet.destination;
}

/* What neighbours, routers and groups are told; no longer than Linux makes it. */
static const struct link_message {
	u8 type;
	u8 builtin;
	u8 hop_limit;
	bool in;
	bool out;
	u16 longest;
} link_messages[] = {
	{ ICMPV6_MGM_QUERY, CORDON_BUILTIN_MLD, 1, true, false, 0 },
	{ ICMPV6_MGM_REPORT, CORDON_BUILTIN_MLD, 1, true, true, 336 },
	{ ICMPV6_MGM_REDUCTION, CORDON_BUILTIN_MLD, 1, true, true, 336 },
	{ ICMPV6_MLD2_REPORT, CORDON_BUILTIN_MLD, 1, true, true, 336 },
	{ 133, CORDON_BUILTIN_RA, 255, false, true, 128 }, /* router solicitation */
	{ 134, CORDON_BUILTIN_RA, 255, true, false, 0 },   /* router advertisement */
	{ 135, CORDON_BUILTIN_ND, 255, true, true, 128 },  /* neighbour solicitation */
	{ 136, CORDON_BUILTIN_ND, 255, true, true, 128 },  /* neighbour advertisement */
};

static bool ends_fit(const struct reader *reader, u8 builtin)
{
	const int from = ipv6_addr_type(source6(reader)), to = ipv6_addr_type(destination6(reader));
	const bool out = reader->packet.out;

	if (builtin == CORDON_BUILTIN_MLD)
		return (from == IPV6_ADDR_ANY || from & IPV6_ADDR_LINKLOCAL) &&
		       (!out || to & IPV6_ADDR_MULTICAST);
	if (builtin == CORDON_BUILTIN_RA)
		return (out ? to : from) & IPV6_ADDR_LINKLOCAL;
	return !out || to & IPV6_ADDR_LINKLOCAL ||
	       ipv6_prefix_equal(source6(reader), destination6(reader), 64);
}

static bool is_sound(const struct reader *reader, const struct link_message *message)
{
	const bool out = reader->packet.out;

	return reader->hop_limit == message->hop_limit && (out ? message->out : message->in) &&
	       (!out || (reader->length && reader->length <= message->longest)) &&
	       ends_fit(reader, message->builtin);
}

static void note_link_message(struct reader *reader, u8 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(link_messages); i++) {
		if (link_messages[i].type == type && is_sound(reader, &link_messages[i]))
			reader->builtin = link_messages[i].builtin;
	}
}

/* ---- the transport ----------------------------------------------------------------------- */

static const u8 everybody4[16] = { [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const u8 servers6[16] = { 0xff, 0x02, [13] = 1, [15] = 2 };

static void note_dhcp(struct reader *reader, u16 from, u16 to)
{
	const u8 *destination = reader->packet.destination;
	const bool out = reader->packet.out;

	if ((out && from == 68 && to == 67 && !memcmp(destination, everybody4, 16)) ||
	    (!out && from == 67 && to == 68) ||
	    (out && from == 546 && to == 547 && !memcmp(destination, servers6, 16)) ||
	    (!out && from == 547 && to == 546 &&
	     ipv6_addr_type(source6(reader)) & IPV6_ADDR_LINKLOCAL))
		reader->builtin = CORDON_BUILTIN_DHCP;
}

static bool read_ports(struct reader *reader)
{
	__be16 copy[2];
	const __be16 *ports = skb_header_pointer(reader->skb, reader->at, sizeof(copy), copy);

	if (!ports)
		return false;
	reader->packet.answers = ntohs(ports[0]);
	reader->packet.asks = ntohs(ports[1]);
	if (reader->packet.protocol == IPPROTO_UDP)
		note_dhcp(reader, reader->packet.answers, reader->packet.asks);
	return true;
}

/* What opens a connection answers nothing. */
static bool read_tcp(struct reader *reader, bool quoted)
{
	struct tcphdr copy;
	const struct tcphdr *tcp;

	if (!read_ports(reader))
		return false;
	if (quoted)
		return true;
	tcp = read_header(reader, &copy);
	if (tcp && tcp->syn && !tcp->ack)
		reader->packet.may_answer = false;
	return tcp;
}

static const struct {
	u8 protocol;
	u8 reply;
	u8 request;
} replies[] = {
	{ IPPROTO_ICMPV6, ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST },
	{ IPPROTO_ICMP, ICMP_ECHOREPLY, ICMP_ECHO },
	{ IPPROTO_ICMP, ICMP_TIMESTAMPREPLY, ICMP_TIMESTAMP },
	{ IPPROTO_ICMP, ICMP_INFO_REPLY, ICMP_INFO_REQUEST },
	{ IPPROTO_ICMP, ICMP_ADDRESSREPLY, ICMP_ADDRESS },
};

/* Type of the request that a reply is to; 0: it is none. */
static u8 request_of(u8 protocol, u8 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		if (replies[i].protocol == protocol && replies[i].reply == type)
			return replies[i].request;
	}
	return 0;
}

static bool is_error(u8 protocol, u8 type)
{
	if (protocol == IPPROTO_ICMPV6)
		return type && type <= ICMPV6_PARAMPROB;
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

static bool read_network(struct reader *reader, u16 ethertype, bool quoted);

/* An error is as good as what it quotes, which went the other way, and goes to who sent that. */
static bool read_quoted(struct reader *reader)
{
	const bool is_ipv4 = reader->packet.protocol == IPPROTO_ICMP;
	struct reader inner = { .skb = reader->skb, .at = reader->at + 8 };

	inner.packet.out = !reader->packet.out;
	inner.packet.forwarded = true;
	if (!read_network(&inner, is_ipv4 ? ETH_P_IP : ETH_P_IPV6, true) ||
	    memcmp(inner.packet.source, reader->packet.destination, sizeof(inner.packet.source)))
		return false;
	reader->packet = inner.packet;
	return true;
}

static bool read_icmp(struct reader *reader, bool quoted)
{
	struct cordon_packet *packet = &reader->packet;
	u8 copy[8];
	const u8 *icmp = skb_header_pointer(reader->skb, reader->at, sizeof(copy), copy);
	u8 request;

	if (!icmp)
		return false;
	if (!quoted && is_error(packet->protocol, icmp[0]))
		return read_quoted(reader);
	request = request_of(packet->protocol, icmp[0]);
	packet->asks = icmp[0] << 8 | icmp[1];
	packet->answers = request << 8;
	packet->may_answer = request;
	if (packet->protocol == IPPROTO_ICMPV6)
		note_link_message(reader, icmp[0]);
	return true;
}

static bool read_transport(struct reader *reader, bool quoted)
{
	reader->packet.may_ask = true;
	reader->packet.may_answer = true;
	if (reader->packet.fragment)
		return true;
	switch (reader->packet.protocol) {
	case IPPROTO_TCP:
		return read_tcp(reader, quoted);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return read_ports(reader);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return read_icmp(reader, quoted);
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

static bool read_ipv4(struct reader *reader, bool quoted)
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
	return read_transport(reader, quoted);
}

static bool read_ipv6(struct reader *reader, bool quoted)
{
	struct ipv6hdr copy;
	const struct ipv6hdr *ip = read_header(reader, &copy);
	__be16 offset = 0;
	u8 next;

	if (!ip || ip->version != 6)
		return false;
	memcpy(reader->packet.source, &ip->saddr, 16);
	memcpy(reader->packet.destination, &ip->daddr, 16);
	reader->hop_limit = ip->hop_limit;
	reader->length = ntohs(ip->payload_len);
	next = ip->nexthdr;
	reader->at = ipv6_skip_exthdr(reader->skb, reader->at + sizeof(*ip), &next, &offset);
	if (reader->at < 0)
		return false;
	reader->packet.protocol = next;
	/* What a later fragment is of stands in the first one. */
	reader->packet.fragment = offset & htons(0xfff8);
	reader->packet.any_protocol = reader->packet.fragment;
	return read_transport(reader, quoted);
}

static bool read_network(struct reader *reader, u16 ethertype, bool quoted)
{
	if (ethertype == ETH_P_IP)
		return read_ipv4(reader, quoted);
	return ethertype == ETH_P_IPV6 && read_ipv6(reader, quoted);
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
		return arp_is_sound(&reader) && cordon_keep_builtin(CORDON_BUILTIN_ARP);
	if (!read_network(&reader, ethertype, false))
		return false;
	if (reader.builtin && cordon_keep_builtin(reader.builtin))
		return true;
	return cordon_keep_allows(level, &reader.packet);
}
