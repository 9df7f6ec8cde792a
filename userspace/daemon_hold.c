// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the daemon looks after pins and hooks, and what it says.
 */
#include "daemon_hold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "attach.h"
#include "attach_hold.h"
#include "attach_source.h"
#include "daemon_log.h"
#include "guard.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/print.h"

/* The kernel tells nobody that a link was taken off its hook: so often it is asked. */
#define LOOK_NS 250000000L
#define LOOKS_A_TRY 4
/* Nor that another program was put on it. */
#define SOURCES_NS 10000000000ULL

/** struct hooks - which of them were there at one look */
struct hooks {
	struct cordon_coverages interfaces;
	struct cordon_cgroup_hook cgroup[CORDON_CGROUP_HOOKS];
};

/**
 * struct cordon_daemon_hold
 * @sources: which of them there were at the last look
 * @failed: the last attempt to put pins back did, and it was said
 * @loose: for so many looks in a row a link was off its hook
 */
struct cordon_daemon_hold {
	const struct cordon_context *context;
	struct cordon_recorder *recorder;
	struct cordon_hold *pins;
	struct hooks hooks;
	struct cordon_sources sources;
	uint64_t sources_by;
	int timer;
	bool failed;
	unsigned int loose;
};

static void say(const struct cordon_daemon_hold *hold, const char *what, const char *became)
{
	struct json json = { .file = stdout };

	cordon_daemon_log_taken(hold->recorder, what, became);
	if (!hold->context->json) {
		printf("tamper: %s was taken away; %s\n", what, became);
	} else {
		json_object(&json, NULL);
		json_string(&json, "event", "tamper");
		json_string(&json, "lost", what);
		json_string(&json, "became", became);
		json_object_end(&json);
		json_line_end(&json);
	}
	fflush(stdout);
}

static void say_pin(void *state, const char *pin)
{
	char what[96];

	snprintf(what, sizeof(what), "the pin %s", pin);
	say(state, what, "pinned again");
}

static void say_hook(const struct cordon_daemon_hold *hold, const char *kind, const char *name)
{
	char what[64];

	snprintf(what, sizeof(what), "the %s %s", kind, name);
	say(hold, what, "attached again");
}

static int open_timer(struct cordon_daemon_hold *hold)
{
	const struct itimerspec often = { .it_interval = { .tv_nsec = LOOK_NS },
					  .it_value = { .tv_nsec = LOOK_NS } };

	hold->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hold->timer < 0 || timerfd_settime(hold->timer, 0, &often, NULL))
		return -errno;
	return 0;
}

int cordon_daemon_hold_open(const struct cordon_context *context, struct cordon_recorder *recorder,
			    struct cordon_failure *failure, struct cordon_daemon_hold **ret_hold)
{
	struct cordon_daemon_hold *hold = calloc(1, sizeof(*hold));
	int error;

	if (!hold)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	hold->context = context;
	hold->recorder = recorder;
	error = open_timer(hold);
	if (error)
		cordon_fail(failure, error, "cannot hold on to the pins: %s", strerror(-error));
	else
		error = cordon_hold_open(context, say_pin, hold, failure, &hold->pins);
	if (error) {
		cordon_daemon_hold_close(hold);
		return error;
	}
	*ret_hold = hold;
	return 0;
}

void cordon_daemon_hold_close(struct cordon_daemon_hold *hold)
{
	if (!hold)
		return;
	cordon_hold_close(hold->pins);
	cordon_coverages_clear(&hold->hooks.interfaces);
	cleanup_close(&hold->timer);
	free(hold);
}

int cordon_daemon_hold_fd(const struct cordon_daemon_hold *hold)
{
	return cordon_hold_fd(hold->pins);
}

int cordon_daemon_hold_timer(const struct cordon_daemon_hold *hold)
{
	return hold->timer;
}

void cordon_daemon_hold_keep(struct cordon_daemon_hold *hold)
{
	struct cordon_failure failure = { .text = "" };
	const bool failed = cordon_hold_pins(hold->pins, &failure) != 0;

	if (failed && !hold->failed)
		fprintf(stderr, "cordon: %s; what is attached is held\n", failure.text);
	hold->failed = failed;
}

void cordon_daemon_hold_let_go(struct cordon_daemon_hold *hold, const char *link)
{
	if (hold)
		cordon_hold_let_go(hold->pins, link);
}

bool cordon_daemon_hold_read(struct cordon_daemon_hold *hold)
{
	const bool touched = cordon_hold_read(hold->pins);
	uint64_t expirations;

	if (read(hold->timer, &expirations, sizeof(expirations)) < 0 && !touched)
		return false;
	if (touched || hold->failed)
		cordon_daemon_hold_keep(hold);
	if (!cordon_hold_is_loose(hold->pins)) {
		hold->loose = 0;
		return false;
	}
	/* What cannot be mended is not tried at each look. */
	return hold->loose++ % LOOKS_A_TRY == 0;
}

static bool was_covered(const struct hooks *hooks, int index)
{
	for (size_t i = 0; i < hooks->interfaces.nr; i++) {
		if (hooks->interfaces.entry[i].index == index)
			return hooks->interfaces.entry[i].hook != CORDON_HOOK_NONE;
	}
	return false;
}

static bool say_lost(const struct cordon_daemon_hold *hold, const struct hooks *now)
{
	bool lost = false;

	for (size_t i = 0; i < now->interfaces.nr; i++) {
		const struct cordon_coverage *interface = &now->interfaces.entry[i];

		if (interface->hook != CORDON_HOOK_NONE || interface->excluded ||
		    !was_covered(&hold->hooks, interface->index))
			continue;
		say_hook(hold, "hook on", interface->name);
		lost = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(now->cgroup); i++) {
		if (now->cgroup[i].there || !hold->hooks.cgroup[i].there)
			continue;
		say_hook(hold, "cgroup hook", now->cgroup[i].name);
		lost = true;
	}
	return lost;
}

bool cordon_daemon_hold_look(struct cordon_daemon_hold *hold, const struct cordon_session *session)
{
	const struct cordon_attach attach = cordon_session_attach(session);
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct hooks now = { .interfaces = { .nr = 0 } };
	bool lost;

	if (cordon_nl_links_read(&unsaid, &links) ||
	    cordon_attach_survey(&attach, &links, &unsaid, &now.interfaces))
		return false;
	cordon_attach_cgroup_survey(&attach, now.cgroup);
	lost = say_lost(hold, &now);
	cordon_coverages_clear(&hold->hooks.interfaces);
	hold->hooks = now;
	return lost;
}

static bool was_there(const struct cordon_daemon_hold *hold, const struct cordon_source *source)
{
	const struct cordon_source *before = cordon_source_find(&hold->sources, source->name);

	return before && before->there;
}

static bool any_source_lost(const struct cordon_daemon_hold *hold, const struct cordon_sources *now)
{
	bool lost = false;

	for (size_t i = 0; i < now->nr; i++) {
		const struct cordon_source *source = &now->entry[i];

		lost |= source->due && !source->there && was_there(hold, source);
	}
	return lost;
}

static void say_sources(const struct cordon_daemon_hold *hold, const struct cordon_sources *now,
			const char *became)
{
	char what[96];

	for (size_t i = 0; i < now->nr; i++) {
		const struct cordon_source *source = &now->entry[i];

		if (!source->due || source->there || !was_there(hold, source))
			continue;
		snprintf(what, sizeof(what), "the log's source %s", source->name);
		say(hold, what, became);
	}
}

void cordon_daemon_hold_sources(struct cordon_daemon_hold *hold,
				const struct cordon_settings *settings)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_sources now;

	hold->sources_by = cordon_clock_ns() + SOURCES_NS;
	if (cordon_sources_survey(hold->context, settings, &now))
		return;
	if (!any_source_lost(hold, &now)) {
		hold->sources = now;
		return;
	}
	/* What cannot be attached is tried, and said, at the next look again. */
	if (cordon_sources_attach(hold->context, &now, &failure)) {
		say_sources(hold, &now, failure.text);
		return;
	}
	say_sources(hold, &now, "attached again");
	cordon_sources_survey(hold->context, settings, &hold->sources);
}

void cordon_daemon_hold_tick(struct cordon_daemon_hold *hold,
			     const struct cordon_settings *settings)
{
	if (cordon_clock_ns() < hold->sources_by)
		return;
	cordon_daemon_hold_sources(hold, settings);
	cordon_daemon_hold_keep(hold);
	cordon_guard_forget(hold->context);
}
