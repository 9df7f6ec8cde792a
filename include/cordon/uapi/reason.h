/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Why a packet or a call was denied: the one list.  The enumeration, the
 * texts that people read, the counters' names and the manual page come from
 * it.  Codes are ABI: append, never renumber.
 */
#ifndef CORDON_UAPI_REASON_H
#define CORDON_UAPI_REASON_H

/* X(NAME, "name in output and counters", "what a person should know") */
#define CORDON_REASONS(X)                                                                          \
	X(NONE, "none", "passed")                                                                  \
	X(NO_RULE, "no-rule", "no rule of the policy covers it")                                   \
	X(NO_POLICY, "no-policy", "no policy is loaded")                                           \
	X(SPOOFED, "spoofed", "the address does not belong on this interface")                     \
	X(TRUNCATED, "truncated", "a header ends beyond the end of the packet")                    \
	X(MALFORMED, "malformed", "a header contradicts itself or its RFC")                        \
	X(ETHERTYPE, "ethertype", "neither IPv4, IPv6 nor ARP")                                    \
	X(VLAN_DEPTH, "vlan-depth", "more VLAN tags than the parser follows")                      \
	X(EXTENSION_DEPTH, "extension-depth",                                                      \
	  "more IPv6 extension headers than the parser follows")                                   \
	X(SOURCE_ROUTE, "source-route", "source routing asks to be sent round the policy")         \
	X(FRAGMENT_ORPHAN, "fragment-orphan",                                                      \
	  "a fragment whose first part was not allowed or not seen")                               \
	X(FRAGMENT_TINY, "fragment-tiny", "a fragment that could overwrite the ports (RFC 1858)")  \
	X(ICMP_ORPHAN, "icmp-orphan", "an ICMP error or reply that fits no flow")                  \
	X(TCP_STATE, "tcp-state",                                                                  \
	  "a TCP segment that cannot open a connection and belongs to none")                       \
	X(BUILTIN_OFF, "builtin-off", "the policy turned ARP off")                                 \
	X(BUILTIN_BOUNDS, "builtin-bounds",                                                        \
	  "ARP that is not for IPv4 over Ethernet, or carries more than that")                     \
	X(LATCH, "latch", "the node is sealed and the keep list does not cover it")                \
	X(RESERVED_PORT, "reserved-port", "the policy gives this port to another workload")        \
	X(INTERNAL, "internal", "a table that must be there is not; please report")

enum cordon_reason {
#define CORDON_REASON_ENUM(name, text, help) CORDON_REASON_##name,
	CORDON_REASONS(CORDON_REASON_ENUM)
#undef CORDON_REASON_ENUM
	CORDON_REASON_COUNT
};

/*
 * The named built-in rules.  They are always in the kernel, hold the first
 * rule slots, and can be turned off by name in the policy (`builtin:`).
 */
#define CORDON_BUILTINS(X)                                                                         \
	X(NONE, "audit-only", "no rule: replies to what only audit mode let through")              \
	X(ARP, "arp", "ARP requests and replies for IPv4 over Ethernet (RFC 826)")                 \
	X(ND, "neighbour-discovery",                                                               \
	  "neighbour solicitations and advertisements, hop limit 255 (RFC 4861)")                  \
	X(RA, "router-advertisement",                                                              \
	  "router advertisements in from link-local, solicitations out (RFC 4861)")                \
	X(MLD, "multicast-listener",                                                               \
	  "multicast listener reports and queries, hop limit 1 (RFC 3810)")                        \
	X(DHCP, "dhcp-client", "DHCPv4 and DHCPv6 of this node as a client (RFC 2131, RFC 8415)")

enum cordon_builtin {
#define CORDON_BUILTIN_ENUM(name, text, help) CORDON_BUILTIN_##name,
	CORDON_BUILTINS(CORDON_BUILTIN_ENUM)
#undef CORDON_BUILTIN_ENUM
	CORDON_BUILTIN_COUNT
};

/* The policy's own rules start at this slot. */
#define CORDON_RULE_SLOT_FIRST 16

_Static_assert(CORDON_BUILTIN_COUNT <= CORDON_RULE_SLOT_FIRST,
	       "built-in rules have slots of their own");

#endif
