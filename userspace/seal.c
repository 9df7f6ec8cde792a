// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To shut the node; see seal.h for the order of things.
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "guard.h"
#include "module.h"
#include "order.h"
#include "session.h"
#include "start.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/login.h"

static int refuse_store(const struct cordon_context *context, int error,
			struct cordon_failure *failure)
{
	if (error == -EPERM && cordon_guard_check(context, failure))
		return error;
	if (error == -EPERM || error == -EACCES)
		return cordon_fail(failure, error, "cannot seal: this needs root");
	return cordon_fail(failure, error, "cannot seal: %s/maps/control: %s", context->bpffs,
			   strerror(-error));
}

static int refuse_looser(uint32_t level, uint32_t before, struct cordon_failure *failure)
{
	return cordon_fail(failure, -EPERM,
			   "the node is sealed at %s, which is tighter than %s: only a signed "
			   "release loosens it",
			   cordon_latch_name(before), cordon_latch_name(level));
}

/* By numbers: names are in files that may be anybody's. */
static void describe_caller(char *text, size_t size)
{
	const uint32_t login = cordon_login_uid();
	char terminal[32] = "", user[16] = "none";
	const ssize_t got = readlink("/proc/self/fd/0", terminal, sizeof(terminal) - 1);

	if (got <= 0 || !isatty(STDIN_FILENO))
		terminal[0] = '\0';
	if (login != CORDON_LOGIN_NONE)
		snprintf(user, sizeof(user), "%u", login);
	snprintf(text, size, "uid %u, login uid %s%s%s, locally", getuid(), user,
		 terminal[0] ? ", at " : "", terminal);
}

static void write_down(struct cordon_latch_state *state, uint32_t level, const char *by,
		       const char *reason)
{
	if (state->level < level)
		state->level = level;
	state->since = cordon_latch_now(state);
	if (by)
		snprintf(state->by, sizeof(state->by), "%s", by);
	else
		describe_caller(state->by, sizeof(state->by));
	if (snprintf(state->reason, sizeof(state->reason), "%s", reason) >=
	    (int)sizeof(state->reason))
		memcpy(state->reason + sizeof(state->reason) - sizeof("..."), "...", sizeof("..."));
	/* One line stays one line, whoever reads it. */
	for (char *c = state->reason; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	}
}

/* Is it news to the disk?  Also what ends a release that was under way: it must not open what is
 * shut from now on. */
static bool is_news(const struct cordon_latch_state *state, uint32_t level)
{
	return state->level < level || cordon_latch_is_releasing(state);
}

/* The lock is waited for, but not needed: two that write down the same do no harm.  Who shut the
 * node says so, whatever the disk held of what the kernel did not hold. */
static void remember(const struct cordon_context *context, uint32_t level, uint32_t before,
		     const char *by, const char *reason, struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_latch_state state;
	enum cordon_latch_memory memory;
	int lock CLEANUP(close) = -1;

	cordon_lock_take(context, &unsaid, &lock);
	memory = cordon_latch_recall(context, before, &state);
	cordon_latch_count_boot(&state);
	if (before < level || is_news(&state, level))
		write_down(&state, level, by, reason);
	else if (memory == CORDON_LATCH_SOUND)
		return;
	cordon_latch_write(context, &state, failure);
}

/* Under the lock, as a release changes both. */
int cordon_seal_remember(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_control control;
	struct cordon_latch_state state;
	enum cordon_latch_memory memory;
	int lock CLEANUP(close) = -1;
	uint32_t held;
	int error;

	error = cordon_lock_take(context, failure, &lock);
	if (error)
		return error;
	held = cordon_latch_held(context, &control);
	memory = cordon_latch_recall(context, held, &state);
	cordon_latch_count_boot(&state);
	if (held > state.level)
		write_down(&state, held, "the kernel, which held it",
			   "the disk had no room for who sealed it and why");
	else if (memory != CORDON_LATCH_FORGOTTEN)
		return 0;
	return cordon_latch_write(context, &state, failure);
}

static uint32_t remembered(const struct cordon_context *context)
{
	struct cordon_latch_state state;

	cordon_latch_read(context, &state);
	return state.level;
}

static uint64_t sum_overtaken(const struct cordon_maps *maps)
{
	struct cordon_overtaken *each CLEANUP(free) = calloc(maps->cpus, sizeof(*each));
	uint64_t packets = 0;

	if (!each || cordon_map_read_all(maps, CORDON_MAP_OVERTAKEN, 1, sizeof(*each), each))
		return 0;
	for (unsigned int i = 0; i < maps->cpus; i++)
		packets += each[i].packets;
	return packets;
}

/* A detach that was under way when we stored took away what we stored in. */
static int open_session(const struct cordon_context *context, struct cordon_sealed *sealed,
			struct cordon_session *ret_session)
{
	struct cordon_failure unsaid = { .text = "" };
	int error;

	if (sealed->loaded) {
		error = cordon_session_open(context, CORDON_SESSION_CHANGE, &unsaid, ret_session);
		if (error != -ENOENT)
			return error ? cordon_fail(&sealed->open, error, "%s", unsaid.text) : 0;
		sealed->loaded = false;
	}
	return cordon_session_open(context, CORDON_SESSION_LOAD, &sealed->open, ret_session);
}

/* A release that was under way when we remembered may have written after us. */
static void remember_still(struct cordon_session *session, uint32_t level, const char *by,
			   const char *reason, struct cordon_failure *failure)
{
	if (!is_news(&session->latch, level))
		return;
	write_down(&session->latch, level, by, reason);
	cordon_latch_write(session->context, &session->latch, failure);
}

/* What nothing follows yet is loaded and attached; what is not covered is covered. */
static int cover(const struct cordon_context *context, uint32_t level, const char *by,
		 const char *reason, struct cordon_sealed *sealed)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	struct cordon_failure unsaid = { .text = "" };
	int error;

	error = open_session(context, sealed, &session);
	if (error)
		return error;
	cordon_control_tighten(session.maps.control, level);
	if (!sealed->forgetful.text[0])
		remember_still(&session, level, by, reason, &sealed->forgetful);
	error = cordon_session_refresh(&session, &sealed->open);
	cordon_cut_sockets(&session.maps, &unsaid, &sealed->cut);
	sealed->overtaken = sum_overtaken(&session.maps);
	return error;
}

/* The store comes first; in `cordon seal` before main(). */
static int tighten(const struct cordon_context *context, uint32_t level, uint32_t *ret_before)
{
	const int error = cordon_start_did_store(ret_before) ?
				  0 :
				  cordon_latch_tighten(context, level, ret_before);

	cordon_module_seal(context, level);
	return error;
}

static void tell(const struct cordon_context *context, uint32_t level, const char *by,
		 const char *reason, const struct cordon_sealed *sealed)
{
	char caller[96];

	if (sealed->before >= level)
		return;
	if (!by)
		describe_caller(caller, sizeof(caller));
	cordon_tell_latch(context, sealed->before, level, by ? by : caller, reason);
}

int cordon_seal(const struct cordon_context *context, uint32_t level, const char *by,
		const char *reason, struct cordon_failure *failure,
		struct cordon_sealed *ret_sealed)
{
	struct cordon_sealed sealed = { .loaded = true };
	const int stored = tighten(context, level, &sealed.before);
	int open;

	sealed.shut_ns = cordon_clock_ns();
	cordon_step("latch store");
	if (stored == -ENOENT)
		sealed.before = remembered(context);
	if (stored && stored != -ENOENT)
		return refuse_store(context, stored, failure);
	if (!stored && sealed.before > level)
		return refuse_looser(level, sealed.before, failure);
	sealed.loaded = !stored;
	remember(context, level, sealed.before, by, reason, &sealed.forgetful);
	cordon_step("latch remembered");
	open = cover(context, level, by, reason, &sealed);
	tell(context, level, by, reason, &sealed);
	if (!sealed.loaded) {
		sealed.shut_ns = cordon_clock_ns();
		if (open)
			return cordon_fail(failure, open, "the node is NOT shut: %s",
					   sealed.open.text);
	}
	/* Nothing held what was remembered; now it does. */
	if (sealed.before > level)
		return refuse_looser(level, sealed.before, failure);
	*ret_sealed = sealed;
	return 0;
}

void cordon_sealed_faults(const struct cordon_sealed *sealed, struct cordon_failure *ret_faults)
{
	const char *open = sealed->open.text, *forgetful = sealed->forgetful.text;

	snprintf(ret_faults->text, sizeof(ret_faults->text), "%s%.220s%s%s%.220s",
		 open[0] ? "not all is covered: " : "", open, open[0] && forgetful[0] ? "; " : "",
		 forgetful[0] ? "only until a reboot: " : "", forgetful);
}
