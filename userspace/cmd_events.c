// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon events: the log, for people or programs.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "command.h"
#include "event_filter.h"
#include "event_past.h"
#include "event_shape.h"
#include "event_tree.h"
#include "events.h"
#include "live.h"
#include "log_folder.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* Without a notice it is looked at again so often. */
#define PAUSE_MS 1000
/* Bytes of output that are written at once, of what is there already. */
#define OUTPUT_SIZE 65536

DEFINE_CLEANUP(events, struct cordon_events *, cordon_events_close)
DEFINE_CLEANUP(past, struct cordon_event_past *, cordon_event_past_free)
DEFINE_CLEANUP(tree, struct cordon_event_tree *, cordon_event_tree_free)

/**
 * struct show - what is shown, and what of
 * @live: names of this node, NULL: it has none
 * @boot_id: of this boot; @shown: of the last event that was shown
 * @tree: NULL: events are shown one by one
 * @silent: what is there already is only learned from
 * @malformed: records that are none
 * @missed: processes for which the tree had no room
 */
struct show {
	bool json;
	struct cordon_event_filter filter;
	struct cordon_events *events;
	struct cordon_event_past *past;
	struct cordon_event_tree *tree;
	struct cordon_live *live;
	uint8_t boot_id[16];
	uint8_t shown[16];
	bool any;
	bool silent;
	uint64_t malformed;
	uint64_t missed;
};

/* ---- one event ---------------------------------------------------------------------------- */

static void begin_boot(struct show *show, const uint8_t *boot_id)
{
	if (show->any && !memcmp(show->shown, boot_id, sizeof(show->shown)))
		return;
	if (show->tree)
		show->missed += cordon_event_tree_print(show->tree, stdout, show->json);
	if (show->any && !show->json)
		printf("-- boot %s --\n", cordon_event_boot_text(boot_id).text);
	memcpy(show->shown, boot_id, sizeof(show->shown));
	show->any = true;
}

static void show_view(struct show *show, const struct cordon_event_view *view)
{
	const bool wanted = cordon_event_filter_passes(&show->filter, view);

	if (!wanted && !show->tree)
		return;
	begin_boot(show, view->record->boot_id);
	if (show->tree)
		cordon_event_tree_take(show->tree, view, wanted);
	else if (show->json)
		cordon_event_view_json(stdout, view);
	else
		cordon_event_view_text(stdout, view);
}

static void take_record(struct show *show, const struct cordon_events_record *record)
{
	const struct cordon_event_shape *shape = cordon_event_shape_of(record->event);
	const bool here = !memcmp(show->boot_id, record->boot_id, sizeof(show->boot_id));
	struct cordon_event_view view;

	if (!shape) {
		show->malformed++;
		return;
	}
	cordon_event_past_take(show->past, record);
	if (show->silent || !cordon_event_filter_may_pass(&show->filter, record))
		return;
	cordon_event_view_of(record, shape, show->past, here ? show->live : NULL, &view);
	show_view(show, &view);
}

static void take_all(struct show *show)
{
	struct cordon_events_record record;

	while (cordon_events_next(show->events, &record) && !ferror(stdout))
		take_record(show, &record);
	if (show->tree)
		show->missed += cordon_event_tree_print(show->tree, stdout, show->json);
}

/* ---- what could not be shown -------------------------------------------------------------- */

static uint64_t nr_faults(const struct show *show)
{
	const struct cordon_events_faults *faults = cordon_events_faults(show->events);

	return show->malformed + faults->malformed + faults->damaged + faults->unreadable;
}

static int say_faults(const struct show *show)
{
	const struct cordon_events_faults *faults = cordon_events_faults(show->events);
	const uint64_t malformed = show->malformed + faults->malformed;

	if (show->missed)
		fprintf(stderr,
			"cordon: %" PRIu64 " more processes had no room: ask for less with --since "
			"and --until\n",
			show->missed);
	if (faults->damaged)
		fprintf(stderr, "cordon: %" PRIu64 " bytes of the log are no blocks of records\n",
			faults->damaged);
	if (malformed)
		fprintf(stderr, "cordon: %" PRIu64 " records are malformed, and not shown\n",
			malformed);
	if (faults->unreadable)
		fprintf(stderr, "cordon: %" PRIu64 " segments cannot be read: %s\n",
			faults->unreadable, faults->first.text);
	return malformed || faults->unreadable ? CORDON_EXIT_FAILED : CORDON_EXIT_DONE;
}

/* ---- what comes --------------------------------------------------------------------------- */

static void wait_for_more(int watch)
{
	struct pollfd poll_fd = { .fd = watch, .events = POLLIN };
	char notices[4096];

	poll(&poll_fd, 1, PAUSE_MS);
	while (watch >= 0 && read(watch, notices, sizeof(notices)) > 0)
		;
}

/* Until it is ended, or nobody reads it any more. */
static int follow(struct show *show, const char *path)
{
	const int watch CLEANUP(close) = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	uint64_t told = 0;

	if (watch >= 0)
		inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	take_all(show);
	show->silent = false;
	while (!fflush(stdout)) {
		if (nr_faults(show) > told)
			say_faults(show);
		told = nr_faults(show);
		wait_for_more(watch);
		if (show->live)
			cordon_live_follow(show->live);
		cordon_events_again(show->events);
		take_all(show);
	}
	return CORDON_EXIT_DONE;
}

/* ---- the command -------------------------------------------------------------------------- */

/**
 * struct asked - the command line
 * @folder: of a log, NULL: this node's
 */
struct asked {
	struct cordon_event_wish wish;
	const char *folder;
	bool follow;
	bool tree;
};

static int read_arguments(const struct cordon_call *call, struct asked *ret_asked)
{
	struct asked asked = { .folder = NULL };
	const struct cordon_flag flags[] = {
		{ "--class", NULL, &asked.wish.classes }, { "--user", NULL, &asked.wish.user },
		{ "--unit", NULL, &asked.wish.unit },	  { "--pid", NULL, &asked.wish.pid },
		{ "--reason", NULL, &asked.wish.reason }, { "--rule", NULL, &asked.wish.rule },
		{ "--since", NULL, &asked.wish.since },	  { "--until", NULL, &asked.wish.until },
		{ "--boot", &asked.wish.boot, NULL },	  { "--follow", &asked.follow, NULL },
		{ "--tree", &asked.tree, NULL },	  { NULL, NULL, NULL },
	};
	const int nr = cordon_call_flags(call, flags, 0, 1, &asked.folder);

	if (nr < 0)
		return nr;
	if (asked.follow && (asked.tree || asked.wish.until))
		return cordon_fail(call->failure, -EINVAL, "--follow goes without %s",
				   asked.tree ? "--tree" : "--until");
	if (asked.tree && (asked.wish.classes || asked.wish.reason || asked.wish.rule))
		return cordon_fail(call->failure, -EINVAL, "--tree goes without %s",
				   asked.wish.classes ? "--class" :
				   asked.wish.reason  ? "--reason" :
							"--rule");
	if (asked.tree)
		asked.wish.classes = "process";
	*ret_asked = asked;
	return 0;
}

static int show_log(const struct cordon_call *call, struct show *show,
		    const struct cordon_log_folder *folder, const struct asked *asked)
{
	/* Names of processes and cgroups stand there. */
	const unsigned int classes = show->filter.classes | 1U << CORDON_CLASS_PROCESS;
	struct cordon_events *events CLEANUP(events) = NULL;
	struct cordon_event_past *past CLEANUP(past) = cordon_event_past_new();
	struct cordon_event_tree *tree CLEANUP(tree) = asked->tree ? cordon_event_tree_new() : NULL;
	int error;

	if (!past || (asked->tree && !tree))
		return cordon_fail(call->failure, -ENOMEM, "out of memory");
	error = cordon_events_open(folder->fd, classes, call->failure, &events);
	if (error)
		return error;
	cordon_event_names_read(cordon_event_past_names(past), folder->fd);
	show->events = events;
	show->past = past;
	show->tree = tree;
	if (asked->follow)
		return follow(show, folder->path.text);
	take_all(show);
	return say_faults(show);
}

int cordon_cmd_events(const struct cordon_call *call)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	struct cordon_failure ignored = { .text = "" };
	const struct cordon_call quiet = { .context = call->context, .failure = &ignored };
	struct cordon_log_folder folder CLEANUP(log_folder) = { .fd = -1 };
	struct show show = { .json = call->context->json };
	struct asked asked = { .folder = NULL };
	int error;

	if (read_arguments(call, &asked) ||
	    cordon_event_filter_read(&asked.wish, cordon_clock_wall(), call->failure, &show.filter))
		return CORDON_EXIT_USAGE;
	error = cordon_log_folder_open(call->context, asked.folder, call->failure, &folder);
	if (error)
		return error;
	show.silent = asked.follow && !asked.wish.since;
	show.live = !asked.folder && !cordon_live_open(&quiet, &live) ? &live : NULL;
	cordon_boot_id(&show.boot_id);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_SIZE);
	return show_log(call, &show, &folder, &asked);
}
