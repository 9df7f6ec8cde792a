/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole parser, for the packets that the small one inline in the hooks gives
 * up on: its steps are verified apart, and hand each other no more than a packet
 * that says how far they came.  It must not be where a call is too dear.
 */
#ifndef CORDON_BPF_AGAIN_H
#define CORDON_BPF_AGAIN_H

#include "core.h"
#include "parse.h"

/* In reach; __sk_buff and xdp_md have the same names for it. */
static __always_inline struct cursor hook_cursor(HOOK_CONTEXT *ctx, __u32 offset)
{
	return cursor_at((void *)(long)ctx->data, (void *)(long)ctx->data_end, offset);
}

VERIFIED_APART __u32 network_again(HOOK_CONTEXT *ctx, __u32 size, struct packet *packet)
{
	struct cursor cursor;

	if (!packet)
		return CORDON_REASON_INTERNAL;
	cursor = hook_cursor(ctx, packet->offset);
	return parse_network(&cursor, size, packet);
}

VERIFIED_APART __u32 inside_again(HOOK_CONTEXT *ctx, struct packet *packet)
{
	struct cursor cursor;

	if (!packet)
		return CORDON_REASON_INTERNAL;
	cursor = hook_cursor(ctx, packet->offset);
	return parse_inside(&cursor, packet);
}

VERIFIED_APART __u32 parse_hook_quoted(HOOK_CONTEXT *ctx, __u32 offset, __u32 ethertype,
				       struct packet *quoted)
{
	struct cursor cursor = hook_cursor(ctx, offset);

	if (!quoted)
		return CORDON_REASON_INTERNAL;
	return parse_quoted(&cursor, ethertype, quoted);
}

/* @packet: what the link header says is known */
static __always_inline enum cordon_reason parse_again(HOOK_CONTEXT *ctx, __u32 size,
						      struct packet *packet)
{
	const enum cordon_reason reason = network_again(ctx, size, packet);

	return reason ? reason : inside_again(ctx, packet);
}

#endif
