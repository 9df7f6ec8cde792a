// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the daemon looks after pins and hooks, and what it says.
 */
#include "daemon_hold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "attach_hold.h"
#include "util/cleanup.h"
#include "util/print.h"

/* The kernel tells nobody that a link was taken off its hook: so often it is asked. */
#define LOOK_NS 250000000L
#define LOOKS_A_TRY 4

/**
 * struct cordon_daemon_hold
 * @failed: the last attempt to put pins back did, and it was said
 * @loose: for so many looks in a row a link was off its hook
 */
struct cordon_daemon_hold {
	const struct cordon_context *context;
	struct cordon_hold *pins;
	struct cordon_attached attached;
	int epoll;
	int timer;
	bool failed;
	unsigned int loose;
};

static void say(void *state, const char *what, const char *became)
{
	const struct cordon_daemon_hold *hold = state;
	struct json json = { .file = stdout };

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

static void say_nothing(void *state, const char *what, const char *became)
{
	(void)state, (void)what, (void)became;
}

static int wait_for(struct cordon_daemon_hold *hold, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(hold->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_events(struct cordon_daemon_hold *hold)
{
	const struct itimerspec often = { .it_interval = { .tv_nsec = LOOK_NS },
					  .it_value = { .tv_nsec = LOOK_NS } };
	int error;

	hold->epoll = epoll_create1(EPOLL_CLOEXEC);
	hold->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (hold->epoll < 0 || hold->timer < 0 || timerfd_settime(hold->timer, 0, &often, NULL))
		return -errno;
	error = wait_for(hold, hold->timer);
	return error ? error : wait_for(hold, cordon_hold_fd(hold->pins));
}

int cordon_daemon_hold_open(const struct cordon_context *context, struct cordon_failure *failure,
			    struct cordon_daemon_hold **ret_hold)
{
	struct cordon_daemon_hold *hold = calloc(1, sizeof(*hold));
	int error;

	if (!hold)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	hold->context = context;
	hold->epoll = hold->timer = -1;
	error = cordon_hold_open(context, failure, &hold->pins);
	if (!error && open_events(hold))
		error = cordon_fail(failure, -errno, "cannot hold on to the pins: %s",
				    strerror(errno));
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
	cordon_attached_clear(&hold->attached);
	cleanup_close(&hold->epoll);
	cleanup_close(&hold->timer);
	free(hold);
}

int cordon_daemon_hold_fd(const struct cordon_daemon_hold *hold)
{
	return hold->epoll;
}

void cordon_daemon_hold_keep(struct cordon_daemon_hold *hold)
{
	struct cordon_failure failure = { .text = "" };
	const bool failed = cordon_hold_pins(hold->pins, say, hold, &failure) != 0;

	if (failed && !hold->failed)
		fprintf(stderr, "cordon: %s; what is attached is held\n", failure.text);
	hold->failed = failed;
}

bool cordon_daemon_hold_read(struct cordon_daemon_hold *hold)
{
	const bool gone = cordon_hold_read(hold->pins);
	uint64_t expirations;

	if (read(hold->timer, &expirations, sizeof(expirations)) < 0 && !gone)
		return false;
	if (gone || hold->failed)
		cordon_daemon_hold_keep(hold);
	if (!cordon_hold_is_loose(hold->pins)) {
		hold->loose = 0;
		return false;
	}
	/* What cannot be mended is not tried at each look. */
	return hold->loose++ % LOOKS_A_TRY == 0;
}

static bool look(struct cordon_daemon_hold *hold, const struct cordon_session *session,
		 cordon_hold_tell tell)
{
	const struct cordon_attach attach = cordon_session_attach(session);
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure unsaid = { .text = "" };

	if (cordon_nl_links_read(&unsaid, &links))
		return false;
	return cordon_attached_look(&hold->attached, &attach, &links, tell, hold);
}

bool cordon_daemon_hold_look(struct cordon_daemon_hold *hold, const struct cordon_session *session)
{
	return look(hold, session, say);
}

void cordon_daemon_hold_note(struct cordon_daemon_hold *hold, const struct cordon_session *session)
{
	look(hold, session, say_nothing);
}
