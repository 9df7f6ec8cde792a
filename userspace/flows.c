// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow table from userspace.  It shares bpf/flow.h with the programs, so
 * that a hash means the same on both sides; it decides nothing.
 */
#include "flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/flow.h"

#include "util/array.h"

static bool tag_is_live(uint64_t tag)
{
	return tag & CORDON_FLOW_TAG_SET;
}

/* A copy that was not written to while it was made; false: look elsewhere. */
static bool copy_flow(const struct cordon_flow_bucket *bucket, unsigned int way,
		      struct cordon_flow *ret_flow, uint64_t *ret_tag)
{
	const uint64_t tag = __atomic_load_n(&bucket->flow[way].tag, __ATOMIC_ACQUIRE);

	if (!tag_is_live(tag))
		return false;
	memcpy(ret_flow, &bucket->flow[way], sizeof(*ret_flow));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	*ret_tag = tag;
	return __atomic_load_n(&bucket->flow[way].tag, __ATOMIC_RELAXED) == tag;
}

static uint32_t flow_now(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> FLOW_TICK_SHIFT);
}

static uint32_t idle_seconds(const struct cordon_flow *flow, uint64_t now_ns)
{
	const uint32_t age = flow_now(now_ns) - flow->seen;

	if ((int32_t)age <= 0)
		return 0;
	return (uint32_t)(((uint64_t)age << FLOW_TICK_SHIFT) / 1000000000ULL);
}

int cordon_flows_read(const struct cordon_flow_table *table, const struct cordon_settings *settings,
		      uint64_t now_ns, struct cordon_flow_live **ret_flows, size_t *ret_nr)
{
	struct cordon_flow_live *flows = NULL, *live;
	size_t nr = 0;

	for (uint64_t i = 0; i < (uint64_t)table->nr * CORDON_FLOW_WAYS; i++) {
		struct cordon_flow flow;
		uint64_t tag;

		if (!copy_flow(&table->buckets[i / CORDON_FLOW_WAYS], i % CORDON_FLOW_WAYS, &flow,
			       &tag) ||
		    flow_expired(settings, &flow, flow_tag_state(tag), flow_now(now_ns)))
			continue;
		live = array_push(flows, nr);
		if (!live) {
			free(flows);
			return -ENOMEM;
		}
		live->flow = flow;
		live->flow.state = flow_tag_state(tag);
		live->tag = tag;
		live->idle = idle_seconds(&flow, now_ns);
	}
	*ret_flows = flows;
	*ret_nr = nr;
	return 0;
}

/* A packet of the flow, as far as its key goes. */
static struct packet packet_of(const struct cordon_flow *flow)
{
	const struct packet packet = {
		.source = flow->source,
		.destination = flow->destination,
		.source_port = flow->source_port,
		.destination_port = flow->destination_port,
	};

	return packet;
}

/* The class of its interface is in the hash but not in the flow: the one whose
 * hash has the upper half of the tag is it. */
static bool find_key(const struct cordon_control *control, const struct cordon_flow *flow,
		     uint64_t tag, uint32_t classes, struct flow_key *ret_key)
{
	const struct packet packet = packet_of(flow);

	for (uint32_t class = 0; class < classes; class ++) {
		struct flow_key key;

		flow_key_make(control, &packet, flow->protocol, class, 0, &key);
		if (key.tag >> 32 == tag >> 32) {
			*ret_key = key;
			return true;
		}
	}
	return false;
}

static bool has_flow(const struct cordon_flow_bucket *bucket, const struct cordon_flow *flow)
{
	const struct packet packet = packet_of(flow);

	for (unsigned int i = 0; i < CORDON_FLOW_WAYS; i++) {
		enum flow_way way;

		if (tag_is_live(bucket->flow[i].tag) &&
		    flow_fits(&bucket->flow[i], &packet, flow->protocol, &way))
			return true;
	}
	return false;
}

/* As a program does it: the first free place from the preferred one on is taken by
 * compare-and-exchange, written, and published with its tag. A full bucket keeps what it has. */
static bool put_flow(struct cordon_flow_bucket *bucket, const struct flow_key *key,
		     const struct cordon_flow *flow, uint64_t tag)
{
	struct cordon_flow taken = *flow;

	taken.tag = CORDON_FLOW_TAG_BUSY;
	for (uint32_t i = 0; i < CORDON_FLOW_WAYS; i++) {
		struct cordon_flow *place = &bucket->flow[flow_place(flow_preferred(key) + i)];
		__u64 free_tag = CORDON_FLOW_TAG_FREE;

		if (!__atomic_compare_exchange_n(&place->tag, &free_tag, CORDON_FLOW_TAG_BUSY,
						 false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		*place = taken;
		__atomic_store_n(&place->tag, tag, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

size_t cordon_flows_move(const struct cordon_control *control,
			 const struct cordon_settings *settings, uint32_t classes,
			 const struct cordon_flow_table *from, const struct cordon_flow_table *to)
{
	struct cordon_flow_live *flows = NULL;
	size_t nr = 0, moved = 0;

	if (cordon_flows_read(from, settings, 0, &flows, &nr))
		return 0;
	for (size_t i = 0; i < nr; i++) {
		struct cordon_flow_bucket *bucket;
		struct flow_key key;

		if (!find_key(control, &flows[i].flow, flows[i].tag, classes, &key))
			continue;
		bucket = &to->buckets[flow_bucket(&key, to->nr)];
		if (!has_flow(bucket, &flows[i].flow))
			moved += put_flow(bucket, &key, &flows[i].flow, flows[i].tag);
	}
	free(flows);
	return moved;
}

/* ---- notes -------------------------------------------------------------------------------- */

/* So late a finished connection is told: its last packets count, too. */
#define FINISHED_NS 2000000000ULL

/* enum cordon_flow_end; END_COUNT: it goes on. */
static uint32_t end_of(const struct cordon_settings *settings, const struct cordon_flow_note *note,
		       uint64_t now_ns, bool all)
{
	const uint32_t why = note_end(settings, note, now_ns,
				      all ? CORDON_FLOW_UNWATCHED : CORDON_FLOW_END_COUNT);
	const bool ended = why == CORDON_FLOW_FINISHED || why == CORDON_FLOW_RESET;

	return ended && !all && now_ns < note->last + FINISHED_NS ? CORDON_FLOW_END_COUNT : why;
}

/* Return: it goes on. */
static bool end_note(struct cordon_flow_note *note, const struct cordon_settings *settings,
		     uint64_t now_ns, bool all, cordon_note_teller tell, void *state)
{
	__u64 start = __atomic_load_n(&note->start, __ATOMIC_ACQUIRE);
	struct cordon_flow_note copy;
	uint32_t why;

	if (!start)
		return false;
	copy = *note;
	copy.start = start;
	why = end_of(settings, &copy, now_ns, all);
	if (why == CORDON_FLOW_END_COUNT)
		return true;
	/* Who takes it tells it; if it is another's by now, so is what was copied. */
	if (__atomic_compare_exchange_n(&note->start, &start, 0, false, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		tell(state, &copy, why);
	return false;
}

size_t cordon_notes_end(struct cordon_note_bucket *buckets, uint32_t nr,
			const struct cordon_settings *settings, uint64_t now_ns, bool all,
			cordon_note_teller tell, void *state)
{
	size_t open = 0;

	for (uint32_t i = 0; i < nr; i++) {
		for (unsigned int j = 0; j < CORDON_FLOW_WAYS; j++)
			open += end_note(&buckets[i].note[j], settings, now_ns, all, tell, state);
	}
	return open;
}
