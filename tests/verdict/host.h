/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole data path of bpf/packet.h on the host, over maps in memory: the
 * code that is enforced, with a clock, a routing table and interfaces that a
 * test sets.  Nothing is decided here.
 */
#ifndef CORDON_TESTS_HOST_H
#define CORDON_TESTS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/flow.h>
#include <cordon/uapi/policy.h>
#include <cordon/uapi/reason.h>

#include "image.h"

struct host;

/** struct host_packet - a frame where it is met
 * @interface: stage_interfaces[]
 * @came_by: likewise, -1 for none
 * @linear: bytes that the programs can reach, the rest is paged
 */
struct host_packet {
	const uint8_t *bytes;
	uint32_t size;
	uint32_t linear;
	int interface;
	int came_by;
	bool out;
};

/** struct host_verdict - @rule: slot that passed it */
struct host_verdict {
	bool pass;
	enum cordon_reason reason;
	uint32_t rule;
};

struct host *host_new(void);
void host_free(struct host *host);

/** host_load() - compile a policy and make it the active generation */
int host_load(struct host *host, const char *path);
/** host_load_text() - the same for a text */
int host_load_text(struct host *host, const char *text);

void host_latch(struct host *host, uint32_t level);
void host_wait(struct host *host, uint32_t seconds);
void host_forget_flows(struct host *host);
struct host_verdict host_judge(struct host *host, const struct host_packet *packet);

/** host_rule_name() - of a slot: a built-in rule's or the policy's */
const char *host_rule_name(const struct host *host, uint32_t rule);
const struct cordon_image *host_image(const struct host *host);
const struct cordon_flow_bucket *host_flows(const struct host *host, uint32_t *ret_buckets);
/** host_reason_packets() - denied so far */
uint64_t host_reason_packets(const struct host *host, enum cordon_reason reason);
/** host_slot_packets() - the same, by the denial slots: what they sum up and what they folded */
uint64_t host_slot_packets(const struct host *host);
/** host_records() - told so far */
uint64_t host_records(const struct host *host);

const char *host_reason_name(enum cordon_reason reason);

#endif
