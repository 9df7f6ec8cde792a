/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The links by which the kernel tells the log what happens: which of them there
 * should be, and which there are.  They guard nothing, but who takes one away
 * takes what it would have told.
 */
#ifndef CORDON_ATTACH_SOURCE_H
#define CORDON_ATTACH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>

#include "context.h"
#include "load.h"

#define CORDON_SOURCES_MAX 32

/**
 * struct cordon_source - one link
 * @name: its pin's
 * @program: the pin of its program
 * @due: the policy wants it, and this machine has what it is to be attached to
 * @begun: its program was loaded, as the log's are
 * @loaded: its program is pinned
 * @there: it is on its hook, with that program
 */
struct cordon_source {
	char name[64];
	const char *program;
	bool due;
	bool begun;
	bool loaded;
	bool there;
};

struct cordon_sources {
	struct cordon_source entry[CORDON_SOURCES_MAX];
	size_t nr;
};

/**
 * cordon_sources_survey() - look; needs no lock
 * @settings: of the policy in force; NULL: there is none
 * Return: 0; -errno: the pins cannot be read.
 */
int cordon_sources_survey(const struct cordon_context *context,
			  const struct cordon_settings *settings,
			  struct cordon_sources *ret_sources);

/** cordon_source_find() - NULL: there is none of that name */
const struct cordon_source *cordon_source_find(const struct cordon_sources *sources,
					       const char *name);

/** cordon_sources_attach() - those that are due, and missing; takes the lock, each.
 * Return: 0; the last -errno with @failure; the others are there.
 */
int cordon_sources_attach(const struct cordon_context *context,
			  const struct cordon_sources *sources, struct cordon_failure *failure);

/* For attach_*.c: what they have of them. */

struct cordon_pinned_links;

/** struct cordon_source_survey - being taken; @begun: of all that are added */
struct cordon_source_survey {
	const struct cordon_context *context;
	const struct cordon_pinned_links *pins;
	struct cordon_sources *sources;
	bool begun;
};

/** cordon_source_add()
 * @cgroup: that it is to be attached to; 0: to none
 */
void cordon_source_add(const struct cordon_source_survey *survey, const char *name,
		       const char *program, bool due, uint64_t cgroup);

void cordon_process_survey(const struct cordon_source_survey *survey, bool due);
void cordon_listen_survey(const struct cordon_source_survey *survey);
void cordon_config_survey(const struct cordon_source_survey *survey);
void cordon_auth_survey(const struct cordon_source_survey *survey);

/** cordon_source_program() - a pinned program. Return: fd; -ESTALE: its pin is gone; -errno */
int cordon_source_program(const struct cordon_context *context, const char *program);

/** cordon_source_attacher - @of: the caller's. Return: 0; -ESTALE: a program is not there; -errno */
typedef int (*cordon_source_attacher)(const struct cordon_context *context, const void *of,
				      struct cordon_failure *failure);

/**
 * cordon_source_attach() - load programs and attach them, under the lock; what somebody took away
 *	of their pins is loaded anew
 */
int cordon_source_attach(const struct cordon_context *context, enum cordon_watchers watchers,
			 cordon_source_attacher attach, const void *of,
			 struct cordon_failure *failure);

#endif
