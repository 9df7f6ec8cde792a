// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The links by which the kernel tells the log what happens; see attach_source.h.
 */
#include "attach_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach_auth.h"
#include "attach_config.h"
#include "attach_link.h"
#include "attach_listen.h"
#include "attach_process.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"

int cordon_source_program(const struct cordon_context *context, const char *program)
{
	const int fd = cordon_pin_open(context, CORDON_PIN_PROGS, program);

	return fd == -ENOENT ? -ESTALE : fd;
}

int cordon_source_attach(const struct cordon_context *context, enum cordon_watchers watchers,
			 cordon_source_attacher attach, const void *of,
			 struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error = cordon_lock_take(context, failure, &lock);

	if (error)
		return error;
	error = cordon_load_watchers(context, watchers, false, failure);
	if (!error)
		error = attach(context, of, failure);
	if (error != -ESTALE)
		return error;
	error = cordon_load_watchers(context, watchers, true, failure);
	return error ? error : attach(context, of, failure);
}

void cordon_source_add(const struct cordon_source_survey *survey, const char *name,
		       const char *program, bool due, uint64_t cgroup)
{
	const int fd CLEANUP(close) = cordon_source_program(survey->context, program);
	const struct cordon_pinned_link *pin = cordon_pinned_link_named(survey->pins, name);
	struct cordon_source *source;

	if (survey->sources->nr == ARRAY_SIZE(survey->sources->entry))
		return;
	source = &survey->sources->entry[survey->sources->nr++];
	*source = (struct cordon_source){
		.program = program, .due = due, .begun = survey->begun, .loaded = fd >= 0
	};
	snprintf(source->name, sizeof(source->name), "%s", name);
	source->there = pin && (fd < 0 || pin->program == cordon_pin_id(fd)) &&
			pin->cgroup == cgroup;
}

int cordon_sources_survey(const struct cordon_context *context,
			  const struct cordon_settings *settings,
			  struct cordon_sources *ret_sources)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	struct cordon_source_survey survey = { context, &pins, ret_sources, false };
	const int error = cordon_pinned_links_read(context, &pins);

	if (error)
		return error;
	ret_sources->nr = 0;
	survey.begun = cordon_load_was_done(context, CORDON_WATCHERS_PROCESS);
	cordon_process_survey(&survey, !settings || !(settings->flags & CORDON_SETTINGS_NO_EXEC));
	survey.begun = cordon_load_was_done(context, CORDON_WATCHERS_LISTEN);
	cordon_listen_survey(&survey);
	survey.begun = cordon_load_was_done(context, CORDON_WATCHERS_CONFIG);
	cordon_config_survey(&survey);
	survey.begun = cordon_load_was_done(context, CORDON_WATCHERS_AUTH);
	cordon_auth_survey(&survey);
	return 0;
}

const struct cordon_source *cordon_source_find(const struct cordon_sources *sources,
					       const char *name)
{
	for (size_t i = 0; i < sources->nr; i++) {
		if (!strcmp(sources->entry[i].name, name))
			return &sources->entry[i];
	}
	return NULL;
}

static int attach_auth(const struct cordon_context *context, struct cordon_failure *failure)
{
	/* All of them again: what is there is replaced. */
	struct cordon_pam pam = { .pam = { .inode = 0 } };

	return cordon_auth_attach(context, &pam, failure);
}

/* By what the names of their pins begin with. */
static const struct {
	const char *prefix;
	int (*attach)(const struct cordon_context *context, struct cordon_failure *failure);
} kinds[] = {
	{ "process-", cordon_process_attach },
	{ "listen-", cordon_listen_attach },
	{ "config-", cordon_config_attach },
	{ "pam-", attach_auth },
	{ "audit-", attach_auth },
};

static bool is_missing(const struct cordon_sources *sources, const char *prefix)
{
	for (size_t i = 0; i < sources->nr; i++) {
		const struct cordon_source *source = &sources->entry[i];

		if (source->due && !source->there && !strncmp(source->name, prefix, strlen(prefix)))
			return true;
	}
	return false;
}

int cordon_sources_attach(const struct cordon_context *context,
			  const struct cordon_sources *sources, struct cordon_failure *failure)
{
	int last = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const int error = is_missing(sources, kinds[i].prefix) ?
					  kinds[i].attach(context, failure) :
					  0;

		last = error ? error : last;
	}
	return last;
}
