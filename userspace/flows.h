/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flow table, as userspace touches it: reading it for people, and moving
 * live flows into a table of another size.
 */
#ifndef CORDON_FLOWS_H
#define CORDON_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/connection.h>
#include <cordon/uapi/flow.h>
#include <cordon/uapi/policy.h>

/** struct cordon_flow_table - buckets in memory, shared with the programs */
struct cordon_flow_table {
	struct cordon_flow_bucket *buckets;
	uint32_t nr;
};

/**
 * struct cordon_flow_live - a flow as it was at one moment
 * @idle: seconds since its last packet
 */
struct cordon_flow_live {
	struct cordon_flow flow;
	uint64_t tag;
	uint32_t idle;
};

/**
 * cordon_flows_read() - flows that have not expired
 * @ret_flows: the caller's to free
 * Return: 0 or -ENOMEM.
 */
int cordon_flows_read(const struct cordon_flow_table *table, const struct cordon_settings *settings,
		      uint64_t now_ns, struct cordon_flow_live **ret_flows, size_t *ret_nr);

/** typedef cordon_note_teller - a connection is over; @why: enum cordon_flow_end */
typedef void (*cordon_note_teller)(void *state, const struct cordon_flow_note *note, uint32_t why);

/**
 * cordon_notes_end() - connections that are over are told, each once, whoever else looks
 * @buckets, @nr: notes in memory, shared with the programs
 * @settings: of the generation in force
 * @all: all are, whatever their state
 * Return: how many go on.
 */
size_t cordon_notes_end(struct cordon_note_bucket *buckets, uint32_t nr,
			const struct cordon_settings *settings, uint64_t now_ns, bool all,
			cordon_note_teller tell, void *state);

/**
 * cordon_flows_move() - copy live flows into another table, those that it does
 *	not hold yet
 * @settings: of the generation that the flows are of
 * @classes: interface classes of that generation
 * Both tables may be in use by the programs.
 * Return: flows copied.
 */
size_t cordon_flows_move(const struct cordon_control *control,
			 const struct cordon_settings *settings, uint32_t classes,
			 const struct cordon_flow_table *from, const struct cordon_flow_table *to);

#endif
