/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets as text, one line each, for tables of verdicts.  It knows headers,
 * not policies; it can write what no honest sender would.
 *
 * A packet is a list of layers with '/' between them.  Lengths and the number
 * of the next header are filled in unless given:
 *
 *	eth [type HEX] [other]         written by itself if it is not there; other: to a third
 *	vlan ID, qinq ID
 *	arp [op N] [hw N] [proto HEX] [hwsize N] [protosize N]
 *	ip4 SRC > DST [ttl N] [id N] [off BYTES] [mf] [proto N] [len N] [ver N] [ihl N] [opt HEX]
 *	ip6 SRC > DST [hop N] [next N] [len N] [ver N]
 *	hop, dst, route, ah [size N] [type N] [left N] [next N]
 *	frag [off BYTES] [mf] [id N] [next N]
 *	tcp PORT > PORT FLAGS [doff N] of the letters FSRPAU, '-' for none
 *	udp, udplite, sctp, dccp PORT > PORT [len N]
 *	icmp, icmp6 TYPE CODE [id N]
 *	dhcp OP [hw N] [cookie HEX]
 *	data BYTES, hex DIGITS
 *	pad BYTES                      the frame to that size, lengths as they were
 *	cut BYTES                      the frame to that size, lengths as they were
 */
#ifndef CORDON_TESTS_PACKET_TEXT_H
#define CORDON_TESTS_PACKET_TEXT_H

#include <stdint.h>

#define FRAME_MAX 2048

struct frame {
	uint8_t bytes[FRAME_MAX];
	uint32_t size;
};

/**
 * packet_text_build() - text to frame
 * Return: NULL, or what is wrong, a string that stays.
 */
const char *packet_text_build(const char *text, struct frame *ret_frame);

#endif
