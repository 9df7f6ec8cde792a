// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What earlier records told; see event_past.h.  Both tables are filled by
 * number, and numbers are given out in a row: neighbours share no place.
 */
#include "event_past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/process.h>

#include "event.h"

#define PROCESSES 65536U
#define CGROUPS 8192U
#define PROBES 8U
/* Longer paths are cut. */
#define PATH_SIZE 1024

struct cgroup {
	uint64_t id;
	uint64_t told; /* when, in records */
	char *path;
};

struct cordon_event_past {
	uint8_t boot_id[16];
	uint64_t records;
	uint64_t asleep;
	struct cordon_event_names *names;
	struct cgroup cgroup[CGROUPS];
	struct cordon_event_process process[PROCESSES];
};

struct cordon_event_past *cordon_event_past_new(void)
{
	struct cordon_event_past *past = calloc(1, sizeof(*past));

	if (past)
		past->names = cordon_event_names_new();
	if (past && past->names)
		return past;
	free(past);
	return NULL;
}

/* But for the names: those are of their boot. */
static void forget(struct cordon_event_past *past)
{
	struct cordon_event_names *names = past->names;

	for (size_t i = 0; i < CGROUPS; i++)
		free(past->cgroup[i].path);
	memset(past, 0, sizeof(*past));
	past->names = names;
}

void cordon_event_past_free(struct cordon_event_past *past)
{
	if (!past)
		return;
	forget(past);
	cordon_event_names_free(past->names);
	free(past);
}

/* ---- cgroups ------------------------------------------------------------------------------ */

static struct cgroup *place_of_cgroup(struct cordon_event_past *past, uint64_t id)
{
	struct cgroup *oldest = &past->cgroup[id % CGROUPS];

	for (uint64_t i = 0; i < PROBES; i++) {
		struct cgroup *cgroup = &past->cgroup[(id + i) % CGROUPS];

		if (cgroup->id == id)
			return cgroup;
		if (cgroup->told < oldest->told)
			oldest = cgroup;
	}
	return oldest;
}

void cordon_event_past_learn(struct cordon_event_past *past, uint64_t id, const char *path)
{
	struct cgroup *cgroup = place_of_cgroup(past, id);

	free(cgroup->path);
	cgroup->id = id;
	cgroup->told = past->records;
	cgroup->path = strndup(path, PATH_SIZE);
}

static void take_cgroup(struct cordon_event_past *past, const struct cordon_event_cgroup *told)
{
	cordon_event_past_learn(past, told->cgroup,
				cordon_event_text(&told->event, sizeof(*told), 0));
}

const char *cordon_event_past_cgroup(const struct cordon_event_past *past, uint64_t id)
{
	for (uint64_t i = 0; id && i < PROBES; i++) {
		const struct cgroup *cgroup = &past->cgroup[(id + i) % CGROUPS];

		if (cgroup->id == id)
			return cgroup->path;
	}
	return NULL;
}

/* ---- processes ---------------------------------------------------------------------------- */

const struct cordon_event_process *cordon_event_past_process(const struct cordon_event_past *past,
							     uint32_t pid, uint64_t start)
{
	for (uint32_t i = 0; pid && i < PROBES; i++) {
		const struct cordon_event_process *process = &past->process[(pid + i) % PROCESSES];

		if (process->pid == pid && process->start == start)
			return process;
	}
	return NULL;
}

/* An id that has a new start was given out anew: whoever had it is gone. */
static struct cordon_event_process *place_of_process(struct cordon_event_past *past, uint32_t pid,
						     uint64_t start)
{
	struct cordon_event_process *oldest = &past->process[pid % PROCESSES];

	for (uint32_t i = 0; i < PROBES; i++) {
		struct cordon_event_process *process = &past->process[(pid + i) % PROCESSES];

		if (process->pid == pid) {
			oldest = process;
			break;
		}
		if (process->start < oldest->start)
			oldest = process;
	}
	if (oldest->pid != pid || oldest->start != start)
		*oldest = (struct cordon_event_process){ .pid = pid, .start = start };
	return oldest;
}

/* A child is what its parent was. */
static void take_fork(struct cordon_event_past *past, const struct cordon_event_fork *fork)
{
	const struct cordon_event_process *parent =
		cordon_event_past_process(past, fork->event.pid, fork->start);
	const struct cordon_event_process copy = parent ? *parent :
							  (struct cordon_event_process){ .pid = 0 };
	struct cordon_event_process *child = place_of_process(past, fork->child, fork->child_start);

	*child = copy;
	child->pid = fork->child;
	child->start = fork->child_start;
	child->parent = fork->event.pid;
	/* Both are of now, but for an instant. */
	past->asleep = fork->child_start > fork->event.time ? fork->child_start - fork->event.time :
							      0;
}

static void take_exec(struct cordon_event_past *past, const struct cordon_event_exec *exec)
{
	struct cordon_event_process *process = place_of_process(past, exec->event.pid, exec->start);
	const char *path = cordon_event_text(&exec->event, sizeof(*exec), 0);
	const char *slash = strrchr(path, '/');

	process->has_program = true;
	process->cgroup = exec->cgroup;
	process->parent = exec->parent;
	process->uid = exec->uid;
	process->euid = exec->euid;
	process->login_uid = exec->login_uid;
	snprintf(process->name, sizeof(process->name), "%s", slash && slash[1] ? slash + 1 : path);
}

/* ---- records ------------------------------------------------------------------------------ */

void cordon_event_past_take(struct cordon_event_past *past,
			    const struct cordon_events_record *record)
{
	const struct cordon_event *event = record->event;
	const void *whole = event;

	if (memcmp(past->boot_id, record->boot_id, sizeof(past->boot_id)) != 0) {
		if (past->records)
			forget(past);
		memcpy(past->boot_id, record->boot_id, sizeof(past->boot_id));
	}
	past->records++;
	cordon_event_names_take(past->names, record);
	if (cordon_event_is(event, CORDON_EVENT_CGROUP, sizeof(struct cordon_event_cgroup)))
		take_cgroup(past, whole);
	else if (cordon_event_is(event, CORDON_EVENT_FORK, sizeof(struct cordon_event_fork)))
		take_fork(past, whole);
	else if (cordon_event_is(event, CORDON_EVENT_EXEC, sizeof(struct cordon_event_exec)))
		take_exec(past, whole);
}

uint64_t cordon_event_past_boottime(const struct cordon_event_past *past, uint64_t monotonic)
{
	return monotonic + past->asleep;
}

struct cordon_event_names *cordon_event_past_names(struct cordon_event_past *past)
{
	return past->names;
}

const char *cordon_event_past_zone(const struct cordon_event_past *past, uint32_t generation,
				   uint32_t identity)
{
	return cordon_event_names_zone(past->names, past->boot_id, generation, identity);
}

const char *cordon_event_past_rule(const struct cordon_event_past *past, uint32_t generation,
				   uint32_t slot)
{
	return cordon_event_names_rule(past->names, past->boot_id, generation, slot);
}
