/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other records of a boot told that one only has a number for: the paths
 * of cgroups, which program, user and cgroup a process has, and the names of
 * zones and rules.  Its memory is bounded: what was told of longest ago is
 * forgotten first.
 */
#ifndef CORDON_EVENT_PAST_H
#define CORDON_EVENT_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "event_names.h"
#include "events.h"

struct cordon_event_past;

/**
 * struct cordon_event_process - what is known of a process
 * @start: with its id never used again in one boot, CLOCK_BOOTTIME nanoseconds
 * @has_program: it was told which one it runs: @uid to @name are its
 * @name: last component of the program's path, as anybody may have called it
 */
struct cordon_event_process {
	uint64_t start;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t parent;
	uint32_t uid;
	uint32_t euid;
	uint32_t login_uid;
	bool has_program;
	char name[47];
};

/** cordon_event_past_new() - Return: NULL: no memory */
struct cordon_event_past *cordon_event_past_new(void);
void cordon_event_past_free(struct cordon_event_past *past);

/** cordon_event_past_take() - the next record; it need not be one that tells something */
void cordon_event_past_take(struct cordon_event_past *past,
			    const struct cordon_events_record *record);

/** cordon_event_past_learn() - the path of a cgroup by another than a record, "": it has none */
void cordon_event_past_learn(struct cordon_event_past *past, uint64_t cgroup, const char *path);

/** cordon_event_past_cgroup() - its path as it was told. Return: NULL: nobody told it */
const char *cordon_event_past_cgroup(const struct cordon_event_past *past, uint64_t cgroup);

/** cordon_event_past_process() - Return: NULL: nobody told of it */
const struct cordon_event_process *cordon_event_past_process(const struct cordon_event_past *past,
							     uint32_t pid, uint64_t start);

/** cordon_event_past_names() - those of all boots */
struct cordon_event_names *cordon_event_past_names(struct cordon_event_past *past);

/** cordon_event_past_zone(), cordon_event_past_rule() - by a number of a generation of this boot.
 * Return: NULL: nobody told it
 */
const char *cordon_event_past_zone(const struct cordon_event_past *past, uint32_t generation,
				   uint32_t identity);
const char *cordon_event_past_rule(const struct cordon_event_past *past, uint32_t generation,
				   uint32_t slot);

/** cordon_event_past_boottime() - what CLOCK_BOOTTIME was at a time of CLOCK_MONOTONIC, as far as
 *	records told: they differ by how long the node slept
 */
uint64_t cordon_event_past_boottime(const struct cordon_event_past *past, uint64_t monotonic);

#endif
