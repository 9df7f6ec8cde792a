/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From bytes to what the keep list asks, and its answer.  It is as strict as the BPF
 * programs only where that needs no memory of flows; never stricter.
 */
#ifndef CORDON_KMOD_PACKET_H
#define CORDON_KMOD_PACKET_H

#include <linux/skbuff.h>

/**
 * cordon_packet_passes() - by the keep list or a built-in rule
 * @level: that is enforced, not open
 * @offset: of the network header from skb->data
 * @ethertype: host byte order; VLAN tags before the header are skipped
 * @out: on its way out
 */
bool cordon_packet_passes(u32 level, const struct sk_buff *skb, int offset, u16 ethertype,
			  bool out);

#endif
