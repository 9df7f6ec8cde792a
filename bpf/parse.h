/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From bytes to a packet, or to the reason why not.  The cursor never moves
 * beyond its end; whatever is not understood is a reason, and a reason is a
 * denial.  Compiles for BPF and for the host alike, so that what tests and
 * fuzzers run is what is enforced.  Knows no policy and no map.
 *
 * Sources: IEEE 802.1Q, RFC 791, 8200, 9293, 768, 792, 4443, 826, 1858, 5095,
 * 5722, 6946.
 */
#ifndef CORDON_BPF_PARSE_H
#define CORDON_BPF_PARSE_H

#include <cordon/uapi/flow.h>
#include <cordon/uapi/reason.h>

#include "core.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_QINQ 0x88a8

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_DCCP 33
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_AH 51
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_NONE 59
#define PROTOCOL_DESTINATION 60
#define PROTOCOL_SCTP 132
#define PROTOCOL_UDPLITE 136

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* An IPv4 header has room for 40 bytes of options, each of which may be one. */
#define IPV4_OPTIONS_SIZE_MAX 40
#define IPV4_OPTIONS_MAX 40

enum packet_fragment {
	FRAGMENT_WHOLE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,
};

/* What an ICMP message asks of the flow table. */
enum packet_icmp {
	ICMP_OPENS,	 /* a request, or a message that expects no reply */
	ICMP_REPLY,	 /* the reply to a request of a flow */
	ICMP_ABOUT_FLOW, /* about a flow whose packet it quotes */
};

/**
 * struct packet - what the rest of the program knows of a packet
 * @source_port, @destination_port: as in struct cordon_flow; host byte order
 * @service: as in uapi/policy.h
 * @ethertype: of the network header
 * @vlan: VLAN ids, outer first, 0 for none
 * @builtin: enum cordon_builtin that it looks like, within its bounds
 * @builtin_direction: BUILTIN_*
 * @fragment_id: identification; IPv4: with the protocol in the high half
 * @quoted: of an ICMP error: where the packet that it quotes starts
 * @offset: where the parser was when it last settled
 * @length: IPv6: bytes behind the network header, 0 if they are more than 65,535
 * @end: of the packet as its network header has it, from its start
 */
struct packet {
	struct cordon_address source;
	struct cordon_address destination;
	__u16 source_port;
	__u16 destination_port;
	__u16 service;
	__u16 ethertype;
	__u16 vlan[CORDON_VLAN_TAGS_MAX];
	__u8 protocol;
	__u8 fragment;
	__u8 icmp;
	__u8 tcp_flags;
	__u8 hop_limit;
	__u8 builtin;
	__u8 builtin_direction;
	__u8 pad;
	__u32 fragment_id;
	__u16 quoted;
	__u16 offset;
	__u16 length;
	__u16 pad2;
	__u32 end;
} __attribute__((aligned(8)));

#define BUILTIN_IN 1
#define BUILTIN_OUT 2
#define BUILTIN_OWN 4 /* out only from an address of the node */

/* No reason: the packet is not plain. */
#define PARSE_AGAIN CORDON_REASON_COUNT

/**
 * struct cursor - where in a packet the parser is
 * @start: of the packet; offsets count from here
 * @plain: known to the compiler: give up with PARSE_AGAIN on all but TCP and UDP
 *	right behind an Ethernet header and one of IPv4 without options or of IPv6,
 *	whole.  A hook has this small parser inline, and the whole one apart
 */
struct cursor {
	const __u8 *at;
	const __u8 *end;
	const __u8 *start;
	bool plain;
};

struct ether_header {
	__u8 destination[6];
	__u8 source[6];
	__u16 type;
};

struct vlan_header {
	__u16 tag;
	__u16 type;
};

struct arp_header {
	__u16 hardware;
	__u16 protocol;
	__u8 hardware_size;
	__u8 protocol_size;
	__u16 operation;
	__u8 addresses[20];
};

struct ipv4_header {
	__u8 version_size;
	__u8 service;
	__u16 length;
	__u16 id;
	__u16 fragment;
	__u8 ttl;
	__u8 protocol;
	__u16 checksum;
	__u32 source;
	__u32 destination;
};

struct ipv6_header {
	__u32 version_class_flow;
	__u16 length;
	__u8 next;
	__u8 hop_limit;
	__u32 source[4];
	__u32 destination[4];
};

struct extension_header {
	__u8 next;
	__u8 size; /* 8-byte units beyond the first (AH: 4-byte units, less 2) */
	__u8 type; /* routing: type */
	__u8 left; /* routing: segments left */
	__u32 rest;
};

struct fragment_header {
	__u8 next;
	__u8 reserved;
	__u16 offset;
	__u32 id;
};

struct ports_header {
	__u16 source;
	__u16 destination;
};

struct tcp_header {
	__u16 source;
	__u16 destination;
	__u32 sequence;
	__u32 acknowledgement;
	__u8 size;
	__u8 flags;
	__u16 window;
	__u16 checksum;
	__u16 urgent;
};

struct udp_header {
	__u16 source;
	__u16 destination;
	__u16 length;
	__u16 checksum;
};

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u16 id;
	__u16 rest;
};

/** cursor_take() - the next @size bytes, or NULL if they are not there */
static __always_inline const void *cursor_take(struct cursor *cursor, __u32 size)
{
	const __u8 *at = cursor->at;

	if (at + size > cursor->end)
		return NULL;
	cursor->at = at + size;
	return at;
}

/** cursor_skip() - past @size bytes, at most 4 KiB; false if they are not there */
static __always_inline bool cursor_skip(struct cursor *cursor, __u32 size)
{
	const __u8 *at = cursor->at;

	size &= 0xfff;
	if (at + size > cursor->end)
		return false;
	cursor->at = at + size;
	return true;
}

static __always_inline void packet_ports(struct packet *packet, __u16 source, __u16 destination)
{
	packet->source_port = from_be16(source);
	packet->destination_port = from_be16(destination);
	packet->service = packet->destination_port;
}

static __always_inline bool has_ports(__u8 protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_SCTP ||
	       protocol == PROTOCOL_DCCP || protocol == PROTOCOL_UDPLITE;
}

/* Longer chains of headers are given up on, whether they are in reach or not. */
#define CURSOR_OFFSET_MAX 0x1ff

/* Forget how the cursor got here: the verifier then follows one way on, instead
 * of one for each way there.  false: it is too far from the start. */
static __always_inline bool cursor_settle(struct cursor *cursor, struct packet *packet)
{
	volatile __u16 *offset = &packet->offset;

	if (cursor->at - cursor->start > CURSOR_OFFSET_MAX)
		return false;
	*offset = cursor->at - cursor->start;
	cursor->at = cursor->start + (*offset & CURSOR_OFFSET_MAX);
	return true;
}

static __always_inline enum cordon_reason parse_ports(struct cursor *cursor, struct packet *packet)
{
	const struct ports_header *ports = cursor_take(cursor, sizeof(*ports));

	if (!ports)
		return CORDON_REASON_TRUNCATED;
	packet_ports(packet, ports->source, ports->destination);
	return CORDON_REASON_NONE;
}

/* Combinations that no TCP sends and that scanners do. */
static __always_inline bool tcp_flags_absurd(__u8 flags)
{
	if (!(flags & (TCP_SYN | TCP_RST | TCP_ACK)))
		return true;
	return (flags & TCP_SYN) && (flags & (TCP_FIN | TCP_RST));
}

static __always_inline enum cordon_reason parse_tcp(struct cursor *cursor, struct packet *packet)
{
	const struct tcp_header *tcp = cursor_take(cursor, sizeof(*tcp));

	if (!tcp)
		return CORDON_REASON_TRUNCATED;
	if ((tcp->size >> 4) < 5 || tcp_flags_absurd(tcp->flags))
		return CORDON_REASON_MALFORMED;
	packet->tcp_flags = tcp->flags;
	packet_ports(packet, tcp->source, tcp->destination);
	return CORDON_REASON_NONE;
}

/* DHCP as a client speaks it: BOOTP over Ethernet with the magic cookie (RFC
 * 2131); a request leaves the link only by broadcast. */
struct dhcp_start {
	__u8 operation;
	__u8 hardware;
	__u8 rest[234];
	__u32 cookie;
};
#define DHCP_COOKIE 0x63825363
#define DHCPV6_SERVERS_LOW 0x00010002 /* the last word of ff02::1:2 */

/* A driver may leave what is behind the UDP header out of the linear part. What lies beyond
 * the packet's end is no DHCP; the header before it may be allowed all the same. */
static __always_inline enum cordon_reason parse_dhcp(const struct cursor *cursor,
						     struct packet *packet)
{
	struct cursor behind = *cursor;
	const bool asks = packet->source_port == 68 && packet->destination_port == 67;
	const bool answers = packet->source_port == 67 && packet->destination_port == 68;
	const struct dhcp_start *dhcp;

	if (!asks && !answers)
		return CORDON_REASON_NONE;
	dhcp = cursor_take(&behind, sizeof(*dhcp));
	if (!dhcp && cursor->plain)
		return PARSE_AGAIN;
	if (!dhcp || behind.at - behind.start > packet->end)
		return CORDON_REASON_NONE;
	if (dhcp->hardware != 1 || dhcp->cookie != to_be32(DHCP_COOKIE))
		return CORDON_REASON_NONE;
	if (asks && dhcp->operation == 1 && address_word(&packet->destination, 3) == 0xffffffff)
		packet->builtin_direction = BUILTIN_OUT;
	if (answers && dhcp->operation == 2)
		packet->builtin_direction = BUILTIN_IN;
	if (packet->builtin_direction)
		packet->builtin = CORDON_BUILTIN_DHCP;
	return CORDON_REASON_NONE;
}

static __always_inline void parse_dhcpv6(struct packet *packet)
{
	const struct cordon_address *to = &packet->destination;

	if (packet->source_port == 546 && packet->destination_port == 547 &&
	    address_word(to, 0) == 0xff020000 && !address_word(to, 1) && !address_word(to, 2) &&
	    address_word(to, 3) == DHCPV6_SERVERS_LOW)
		packet->builtin_direction = BUILTIN_OUT;
	if (packet->source_port == 547 && packet->destination_port == 546 &&
	    address_is_link_local(&packet->source))
		packet->builtin_direction = BUILTIN_IN;
	if (packet->builtin_direction)
		packet->builtin = CORDON_BUILTIN_DHCP;
}

static __always_inline enum cordon_reason parse_udp(struct cursor *cursor, struct packet *packet)
{
	const struct udp_header *udp = cursor_take(cursor, sizeof(*udp));

	if (!udp)
		return CORDON_REASON_TRUNCATED;
	if (packet->protocol == PROTOCOL_UDP && udp->length &&
	    from_be16(udp->length) < sizeof(*udp))
		return CORDON_REASON_MALFORMED;
	packet_ports(packet, udp->source, udp->destination);
	if (packet->protocol != PROTOCOL_UDP)
		return CORDON_REASON_NONE;
	if (packet->ethertype == ETHERTYPE_IPV4)
		return parse_dhcp(cursor, packet);
	parse_dhcpv6(packet);
	return CORDON_REASON_NONE;
}

/* A request's identifier stands for its ports; a reply is turned into the
 * request that it answers. */
static __always_inline void packet_icmp_query(struct packet *packet, __u8 request, __u16 id,
					      enum packet_icmp kind)
{
	packet->icmp = kind;
	if (kind == ICMP_OPENS) {
		packet->source_port = from_be16(id);
		packet->destination_port = (__u16)(request << 8);
		return;
	}
	packet->destination_port = from_be16(id);
	packet->source_port = (__u16)(request << 8);
}

static __always_inline void classify_icmp(struct packet *packet, const struct icmp_header *icmp)
{
	switch (icmp->type) {
	case 0: /* echo reply */
		packet_icmp_query(packet, 8, icmp->id, ICMP_REPLY);
		break;
	case 8: /* echo */
		packet_icmp_query(packet, 8, icmp->id, ICMP_OPENS);
		break;
	case 13: /* timestamp */
		packet_icmp_query(packet, 13, icmp->id, ICMP_OPENS);
		break;
	case 14: /* timestamp reply */
		packet_icmp_query(packet, 13, icmp->id, ICMP_REPLY);
		break;
	case 3:	 /* destination unreachable */
	case 11: /* time exceeded */
	case 12: /* parameter problem */
		packet->icmp = ICMP_ABOUT_FLOW;
		break;
	default:
		packet->destination_port = packet->service;
		break;
	}
}

static __always_inline void packet_builtin(struct packet *packet, __u8 builtin, __u8 direction)
{
	packet->builtin = builtin;
	packet->builtin_direction = direction;
}

/* A neighbour discovery message of this node, with all options that Linux sends. */
#define ND_LENGTH_MAX 128

static __always_inline bool same_network(const struct cordon_address *a,
					 const struct cordon_address *b)
{
	return address_words(a).word[0] == address_words(b).word[0];
}

/*
 * In, the hop limit proves that a neighbour sent it (RFC 4861, 7.1).  Out, it
 * proves nothing: what leaves must be for this link, and no more than a
 * message.  A probe of a neighbour's global address goes from one of the
 * node's own in the same /64, as its link is.
 */
static __always_inline __u8 nd_directions(const struct packet *packet)
{
	if (packet->hop_limit != 255)
		return 0;
	if (!packet->length || packet->length > ND_LENGTH_MAX)
		return BUILTIN_IN;
	if (address_is_link_scoped(&packet->destination))
		return BUILTIN_IN | BUILTIN_OUT;
	if (same_network(&packet->source, &packet->destination))
		return BUILTIN_IN | BUILTIN_OUT | BUILTIN_OWN;
	return BUILTIN_IN;
}

/* A report of this node: 16 groups and the options before it. */
#define MLD_LENGTH_MAX 336

/* Out, reports to groups of listeners: a host asks nobody who listens. */
static __always_inline __u8 mld_directions(const struct packet *packet, __u8 type)
{
	if (packet->hop_limit != 1 ||
	    !(address_is_link_local(&packet->source) || address_is_unspecified(&packet->source)))
		return 0;
	if (type == 130 || !packet->length || packet->length > MLD_LENGTH_MAX ||
	    !address_is_multicast(&packet->destination))
		return BUILTIN_IN;
	return BUILTIN_IN | BUILTIN_OUT;
}

/* Neighbour discovery and listener messages: only as hosts on one link send
 * them (RFC 4861, 7.1; RFC 3810, 5). */
static __always_inline void classify_link_icmpv6(struct packet *packet, __u8 type)
{
	const __u8 nd = nd_directions(packet), mld = mld_directions(packet, type);

	switch (type) {
	case 130: /* listener query */
	case 131:
	case 132:
	case 143: /* listener reports */
		if (mld)
			packet_builtin(packet, CORDON_BUILTIN_MLD, mld);
		break;
	case 133: /* router solicitation */
		if (nd & BUILTIN_OUT && !(nd & BUILTIN_OWN))
			packet_builtin(packet, CORDON_BUILTIN_RA, BUILTIN_OUT);
		break;
	case 134: /* router advertisement */
		if (nd && address_is_link_local(&packet->source))
			packet_builtin(packet, CORDON_BUILTIN_RA, BUILTIN_IN);
		break;
	case 135: /* neighbour solicitation */
	case 136: /* neighbour advertisement */
		if (nd)
			packet_builtin(packet, CORDON_BUILTIN_ND, nd);
		break;
	default:
		break;
	}
}

static __always_inline void classify_icmpv6(struct packet *packet, const struct icmp_header *icmp)
{
	switch (icmp->type) {
	case 1: /* destination unreachable */
	case 2: /* packet too big */
	case 3: /* time exceeded */
	case 4: /* parameter problem */
		packet->icmp = ICMP_ABOUT_FLOW;
		break;
	case 128: /* echo */
		packet_icmp_query(packet, 128, icmp->id, ICMP_OPENS);
		break;
	case 129: /* echo reply */
		packet_icmp_query(packet, 128, icmp->id, ICMP_REPLY);
		break;
	default:
		packet->destination_port = packet->service;
		classify_link_icmpv6(packet, icmp->type);
		break;
	}
}

static __always_inline enum cordon_reason parse_icmp(struct cursor *cursor, struct packet *packet)
{
	const struct icmp_header *icmp = cursor_take(cursor, sizeof(*icmp));

	if (!icmp)
		return CORDON_REASON_TRUNCATED;
	packet->service = (__u16)(icmp->type << 8 | icmp->code);
	packet->quoted = cursor->at - cursor->start;
	if (packet->protocol == PROTOCOL_ICMP)
		classify_icmp(packet, icmp);
	else
		classify_icmpv6(packet, icmp);
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason parse_transport(struct cursor *cursor,
							  struct packet *packet)
{
	const bool ipv4 = packet->ethertype == ETHERTYPE_IPV4;

	if (cursor->plain)
		return packet->protocol == PROTOCOL_TCP ? parse_tcp(cursor, packet) :
							  parse_udp(cursor, packet);

	switch (packet->protocol) {
	case PROTOCOL_TCP:
		return parse_tcp(cursor, packet);
	case PROTOCOL_UDP:
	case PROTOCOL_UDPLITE:
		return parse_udp(cursor, packet);
	case PROTOCOL_SCTP:
	case PROTOCOL_DCCP:
		return parse_ports(cursor, packet);
	case PROTOCOL_ICMP:
		return ipv4 ? parse_icmp(cursor, packet) : CORDON_REASON_MALFORMED;
	case PROTOCOL_ICMPV6:
		return ipv4 ? CORDON_REASON_MALFORMED : parse_icmp(cursor, packet);
	default:
		return CORDON_REASON_NONE;
	}
}

/* @offset: in bytes.  A later fragment that could overwrite a TCP header is
 * an attack (RFC 1858). */
static __always_inline enum cordon_reason parse_later_fragment(struct packet *packet, __u32 offset)
{
	packet->fragment = FRAGMENT_LATER;
	if (packet->protocol == PROTOCOL_TCP && offset < sizeof(struct tcp_header))
		return CORDON_REASON_FRAGMENT_TINY;
	return CORDON_REASON_NONE;
}

/* 1 or 0, and no branch, which would double the verifier's states with each option. */
static __always_inline __u32 is_filler(__u8 type)
{
	__u32 difference = type ^ 1U;

	barrier_value(difference);
	return (difference - 1) >> 31;
}

/* Size of an option; 0: it is the last, or asks for what it must not, or is none.
 * A filler has no size: what is read of it is what comes next. */
static __always_inline __u32 ipv4_option(const __u8 *option, const __u8 *end,
					 enum cordon_reason *ret_reason)
{
	__u32 filler, size;

	*ret_reason = CORDON_REASON_TRUNCATED;
	if (option + 2 > end)
		return 0;
	*ret_reason = CORDON_REASON_NONE;
	if (!option[0])
		return 0;
	*ret_reason = CORDON_REASON_SOURCE_ROUTE;
	if (option[0] == 131 || option[0] == 137)
		return 0;
	filler = is_filler(option[0]);
	size = filler + option[1] * (1 - filler);
	*ret_reason = CORDON_REASON_MALFORMED;
	if (size + filler < 2 || size > IPV4_OPTIONS_SIZE_MAX)
		return 0;
	*ret_reason = CORDON_REASON_NONE;
	return size;
}

/* Options may ask to be routed round the policy.  How far they are read is kept
 * where the verifier does not follow it, as in cursor_settle(). */
static __always_inline enum cordon_reason parse_ipv4_options(struct cursor *cursor, __u32 size,
							     struct packet *packet)
{
	const __u8 *options = cursor->at;
	volatile __u16 *used = &packet->offset;
	enum cordon_reason reason;
	__u32 one;

	if (!cursor_skip(cursor, size))
		return CORDON_REASON_TRUNCATED;
	*used = 0;
	for (int i = 0; i < IPV4_OPTIONS_MAX && *used < size; i++) {
		one = ipv4_option(options + (*used & 63), cursor->end, &reason);
		if (!one)
			return reason;
		*used += one;
	}
	return *used == size ? CORDON_REASON_NONE : CORDON_REASON_MALFORMED;
}

static __always_inline bool is_plain(__u8 protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP;
}

/* A packet of GSO or GRO that is too long to say so says 0 (BIG TCP); no other may. */
static __always_inline __u32 network_length(__u32 said, __u32 size)
{
	return !said && size > 0xffff ? size : said;
}

/* @size: bytes from the network header to the end of the packet */
static __always_inline enum cordon_reason parse_ipv4(struct cursor *cursor, __u32 size,
						     struct packet *packet)
{
	const __u32 start = cursor->at - cursor->start;
	const struct ipv4_header *ipv4 = cursor_take(cursor, sizeof(*ipv4));
	enum cordon_reason reason = CORDON_REASON_NONE;
	__u32 header, offset, length;

	if (!ipv4)
		return CORDON_REASON_TRUNCATED;
	header = (ipv4->version_size & 0xf) * 4;
	length = network_length(from_be16(ipv4->length), size);
	if (ipv4->version_size >> 4 != 4 || header < sizeof(*ipv4) || length < header)
		return CORDON_REASON_MALFORMED;
	if (length > size)
		return CORDON_REASON_TRUNCATED;
	packet->protocol = ipv4->protocol;
	packet->hop_limit = ipv4->ttl;
	address_set_ipv4(&packet->source, ipv4->source);
	address_set_ipv4(&packet->destination, ipv4->destination);
	offset = from_be16(ipv4->fragment);
	packet->fragment_id = (__u32)packet->protocol << 16 | from_be16(ipv4->id);
	packet->end = start + length;
	if (cursor->plain)
		return likely(header == sizeof(*ipv4) && !(offset & 0x3fff) &&
			      is_plain(packet->protocol)) ?
			       CORDON_REASON_NONE :
			       PARSE_AGAIN;
	if (header > sizeof(*ipv4))
		reason = parse_ipv4_options(cursor, header - sizeof(*ipv4), packet);
	if (reason)
		return reason;
	if (offset & 0x1fff)
		return parse_later_fragment(packet, (offset & 0x1fff) * 8);
	if (offset & 0x2000)
		packet->fragment = FRAGMENT_FIRST;
	return CORDON_REASON_NONE;
}

#define EXTENSIONS                                                                                 \
	(1ULL << PROTOCOL_HOP_BY_HOP | 1ULL << PROTOCOL_ROUTING | 1ULL << PROTOCOL_FRAGMENT |      \
	 1ULL << PROTOCOL_AH | 1ULL << PROTOCOL_DESTINATION)

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol < 64 && EXTENSIONS >> protocol & 1;
}

static __always_inline enum cordon_reason parse_fragment(struct cursor *cursor,
							 struct packet *packet, __u32 *offset)
{
	const struct fragment_header *fragment = cursor_take(cursor, sizeof(*fragment));

	if (!fragment)
		return CORDON_REASON_TRUNCATED;
	if (packet->fragment != FRAGMENT_WHOLE)
		return CORDON_REASON_MALFORMED;
	*offset = from_be16(fragment->offset) & 0xfff8;
	packet->protocol = fragment->next;
	packet->fragment_id = from_be32(fragment->id);
	if (*offset)
		packet->fragment = FRAGMENT_LATER;
	else if (from_be16(fragment->offset) & 1)
		packet->fragment = FRAGMENT_FIRST;
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason parse_extension(struct cursor *cursor,
							  struct packet *packet)
{
	const struct extension_header *extension = cursor_take(cursor, sizeof(*extension));
	const __u8 protocol = packet->protocol;
	__u32 more;

	if (!extension)
		return CORDON_REASON_TRUNCATED;
	if (protocol == PROTOCOL_ROUTING && (extension->type == 0 || extension->left))
		return CORDON_REASON_SOURCE_ROUTE;
	more = protocol == PROTOCOL_AH ? (extension->size + 2) * 4 - 8 : extension->size * 8;
	packet->protocol = extension->next;
	return cursor_skip(cursor, more) ? CORDON_REASON_NONE : CORDON_REASON_TRUNCATED;
}

static __always_inline enum cordon_reason parse_extensions(struct cursor *cursor,
							   struct packet *packet)
{
	enum cordon_reason reason;
	__u32 offset = 0;

	for (int i = 0; i < CORDON_IPV6_EXTENSIONS_MAX; i++) {
		if (!is_extension(packet->protocol))
			return CORDON_REASON_NONE;
		if (packet->protocol == PROTOCOL_HOP_BY_HOP && i)
			return CORDON_REASON_MALFORMED;
		if (packet->protocol != PROTOCOL_FRAGMENT)
			reason = parse_extension(cursor, packet);
		else
			reason = parse_fragment(cursor, packet, &offset);
		if (reason)
			return reason;
		if (packet->fragment == FRAGMENT_LATER)
			return parse_later_fragment(packet, offset);
		if (!cursor_settle(cursor, packet))
			return CORDON_REASON_EXTENSION_DEPTH;
	}
	return is_extension(packet->protocol) ? CORDON_REASON_EXTENSION_DEPTH : CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason parse_ipv6(struct cursor *cursor, __u32 size,
						     struct packet *packet)
{
	const __u32 start = cursor->at - cursor->start;
	const struct ipv6_header *ipv6 = cursor_take(cursor, sizeof(*ipv6));
	__u32 length;

	if (!ipv6)
		return CORDON_REASON_TRUNCATED;
	if (from_be32(ipv6->version_class_flow) >> 28 != 6)
		return CORDON_REASON_MALFORMED;
	length = network_length(from_be16(ipv6->length), size);
	if (length + sizeof(*ipv6) > size && length != size)
		return CORDON_REASON_TRUNCATED;
	packet->length = from_be16(ipv6->length);
	packet->protocol = ipv6->next;
	packet->hop_limit = ipv6->hop_limit;
	__builtin_memcpy(&packet->source, ipv6->source, sizeof(packet->source));
	__builtin_memcpy(&packet->destination, ipv6->destination, sizeof(packet->destination));
	/* The wire must not speak in the form that stands for IPv4 here. */
	if (address_is_ipv4(&packet->source) || address_is_ipv4(&packet->destination))
		return CORDON_REASON_MALFORMED;
	packet->end = start + sizeof(*ipv6) + length;
	if (likely(is_plain(packet->protocol)))
		return CORDON_REASON_NONE;
	return cursor->plain ? PARSE_AGAIN : parse_extensions(cursor, packet);
}

/* The longest ARP frame is padded to 60 bytes; anything longer carries
 * something else. */
#define ARP_SIZE_MAX 46

static __always_inline enum cordon_reason parse_arp(struct cursor *cursor, __u32 size,
						    struct packet *packet)
{
	const struct arp_header *arp = cursor_take(cursor, sizeof(*arp));

	if (!arp)
		return CORDON_REASON_TRUNCATED;
	if (size > ARP_SIZE_MAX || arp->hardware_size != 6 || arp->protocol_size != 4 ||
	    from_be16(arp->hardware) != 1 || from_be16(arp->protocol) != ETHERTYPE_IPV4)
		return CORDON_REASON_BUILTIN_BOUNDS;
	if (from_be16(arp->operation) != 1 && from_be16(arp->operation) != 2)
		return CORDON_REASON_BUILTIN_BOUNDS;
	packet_builtin(packet, CORDON_BUILTIN_ARP, BUILTIN_IN | BUILTIN_OUT);
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason parse_other(struct cursor *cursor, __u32 size,
						      struct packet *packet)
{
	if (cursor->plain)
		return PARSE_AGAIN;
	if (packet->ethertype == ETHERTYPE_ARP)
		return parse_arp(cursor, size, packet);
	return CORDON_REASON_ETHERTYPE;
}

/**
 * parse_network() - the network header and what else is before the transport's
 * @size: bytes of the whole packet, also those that the cursor cannot reach
 * @packet: its ethertype is known
 */
static __always_inline enum cordon_reason parse_network(struct cursor *cursor, __u32 size,
							struct packet *packet)
{
	enum cordon_reason reason;

	size -= cursor->at - cursor->start;
	if (likely(packet->ethertype == ETHERTYPE_IPV4))
		reason = parse_ipv4(cursor, size, packet);
	else if (packet->ethertype == ETHERTYPE_IPV6)
		reason = parse_ipv6(cursor, size, packet);
	else
		return parse_other(cursor, size, packet);
	if (!reason && !cursor->plain && !cursor_settle(cursor, packet))
		return CORDON_REASON_TRUNCATED;
	return reason;
}

/** parse_inside() - the transport header, which must lie in the packet, not in padding behind it,
 *	which the receiver cuts off */
static __always_inline enum cordon_reason parse_inside(struct cursor *cursor, struct packet *packet)
{
	enum cordon_reason reason;

	if (!cursor->plain &&
	    (packet->fragment == FRAGMENT_LATER || packet->ethertype == ETHERTYPE_ARP))
		return CORDON_REASON_NONE;
	reason = parse_transport(cursor, packet);
	if (!reason && cursor->at - cursor->start > packet->end)
		return CORDON_REASON_TRUNCATED;
	return reason;
}

static __always_inline bool is_vlan(__u16 ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ;
}

/* A tag with VLAN id 0 has a priority only (IEEE 802.1Q, 9.6). */
static __always_inline void packet_add_vlan(struct packet *packet, __u16 tag)
{
	if (packet->vlan[0])
		packet->vlan[1] = tag & 0xfff;
	else
		packet->vlan[0] = tag & 0xfff;
}

/**
 * parse_link() - the Ethernet header
 * @tags: VLAN tags that the kernel has taken out already, and added to @packet
 * @packet: else zeroed
 */
static __always_inline enum cordon_reason parse_link(struct cursor *cursor, __u32 tags,
						     struct packet *packet)
{
	const struct ether_header *ether = cursor_take(cursor, sizeof(*ether));
	const struct vlan_header *vlan;
	__u16 ethertype;

	if (!ether)
		return CORDON_REASON_TRUNCATED;
	packet->ethertype = ethertype = from_be16(ether->type);
	if (cursor->plain)
		return CORDON_REASON_NONE;
	for (int i = 0; i < CORDON_VLAN_TAGS_MAX && is_vlan(ethertype); i++) {
		if (tags++ >= CORDON_VLAN_TAGS_MAX)
			return CORDON_REASON_VLAN_DEPTH;
		vlan = cursor_take(cursor, sizeof(*vlan));
		if (!vlan)
			return CORDON_REASON_TRUNCATED;
		packet_add_vlan(packet, from_be16(vlan->tag));
		packet->ethertype = ethertype = from_be16(vlan->type);
	}
	if (is_vlan(ethertype))
		return CORDON_REASON_VLAN_DEPTH;
	return cursor_settle(cursor, packet) ? CORDON_REASON_NONE : CORDON_REASON_TRUNCATED;
}

/**
 * parse_ether() - all of it, from the Ethernet header on
 * @size: bytes of the whole packet
 * @tags, @packet: as parse_link()
 */
static __always_inline enum cordon_reason parse_ether(struct cursor *cursor, __u32 size, __u32 tags,
						      struct packet *packet)
{
	enum cordon_reason reason = parse_link(cursor, tags, packet);

	if (!reason)
		reason = parse_network(cursor, size, packet);
	return reason ? reason : parse_inside(cursor, packet);
}

/** cursor_at() - a cursor at an offset, at most 4 KiB, into a packet */
static __always_inline struct cursor cursor_at(const void *start, const void *end, __u32 offset)
{
	return (struct cursor){ (const __u8 *)start + (offset & 0xfff), end, start, false };
}

/**
 * parse_quoted() - the packet that an ICMP error quotes
 * @cursor: at packet.quoted of the error
 * @ethertype: of the error itself: an error quotes its own family
 * @quoted: zeroed; addresses, protocol and ports are filled in
 *
 * Only eight bytes behind the network header need to be there (RFC 792).
 */
static __always_inline enum cordon_reason parse_quoted(struct cursor *cursor, __u16 ethertype,
						       struct packet *quoted)
{
	const struct icmp_header *icmp;
	enum cordon_reason reason;

	if (ethertype == ETHERTYPE_IPV4) {
		const struct ipv4_header *ipv4 = cursor_take(cursor, sizeof(*ipv4));

		if (!ipv4 || (ipv4->version_size & 0xf) < 5)
			return CORDON_REASON_ICMP_ORPHAN;
		if (!cursor_skip(cursor, (ipv4->version_size & 0xf) * 4 - sizeof(*ipv4)))
			return CORDON_REASON_ICMP_ORPHAN;
		address_set_ipv4(&quoted->source, ipv4->source);
		address_set_ipv4(&quoted->destination, ipv4->destination);
		quoted->protocol = ipv4->protocol;
		if (from_be16(ipv4->fragment) & 0x1fff)
			return CORDON_REASON_ICMP_ORPHAN;
	} else {
		const struct ipv6_header *ipv6 = cursor_take(cursor, sizeof(*ipv6));

		if (!ipv6)
			return CORDON_REASON_ICMP_ORPHAN;
		__builtin_memcpy(&quoted->source, ipv6->source, sizeof(quoted->source));
		__builtin_memcpy(&quoted->destination, ipv6->destination,
				 sizeof(quoted->destination));
		quoted->protocol = ipv6->next;
		reason = parse_extensions(cursor, quoted);
		if (reason || quoted->fragment == FRAGMENT_LATER)
			return CORDON_REASON_ICMP_ORPHAN;
	}
	if (!cursor_settle(cursor, quoted))
		return CORDON_REASON_ICMP_ORPHAN;
	quoted->ethertype = ethertype;
	if (has_ports(quoted->protocol))
		return parse_ports(cursor, quoted) ? CORDON_REASON_ICMP_ORPHAN : CORDON_REASON_NONE;
	if (quoted->protocol != PROTOCOL_ICMP && quoted->protocol != PROTOCOL_ICMPV6)
		return CORDON_REASON_NONE;
	icmp = cursor_take(cursor, sizeof(*icmp));
	if (!icmp)
		return CORDON_REASON_ICMP_ORPHAN;
	quoted->service = (__u16)(icmp->type << 8 | icmp->code);
	if (quoted->protocol == PROTOCOL_ICMP)
		classify_icmp(quoted, icmp);
	else
		classify_icmpv6(quoted, icmp);
	return quoted->icmp == ICMP_ABOUT_FLOW ? CORDON_REASON_ICMP_ORPHAN : CORDON_REASON_NONE;
}

#endif
