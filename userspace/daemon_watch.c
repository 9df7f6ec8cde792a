// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon watches of the machine; see daemon_watch.h.
 */
#include "daemon_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "util/clock.h"

/* So late a libpam that was replaced, or a folder that came, is noticed. */
#define LOOK_NS 10000000000ULL

static const struct cordon_watch_kind *const kinds[CORDON_WATCH_KINDS] = {
	&cordon_watch_files,	    &cordon_watch_links,   &cordon_watch_mounts,
	&cordon_watch_devices,	    &cordon_watch_clock,   &cordon_watch_programs,
	&cordon_watch_certificates, &cordon_watch_buttons,
};

/* Beside the kinds: what the kernel tells by itself. */
#define RING CORDON_WATCH_KINDS

static void tell(void *state, struct cordon_event *event)
{
	cordon_recorder_tell(state, event);
}

static void lose(void *state, uint64_t records)
{
	cordon_recorder_lost(state, CORDON_CLASS_CONFIG, records);
}

static void follow_logins(struct cordon_daemon_watch *watch)
{
	struct cordon_failure failure = { .text = "" };

	if (cordon_auth_attach(watch->watch.context, &watch->pam, &failure) &&
	    strcmp(failure.text, watch->said.text) != 0)
		fprintf(stderr, "cordon: %s; the log is without logins\n", failure.text);
	watch->said = failure;
}

static void follow_kernel(const struct cordon_daemon_watch *watch)
{
	struct cordon_failure failure = { .text = "" };

	if (cordon_config_attach(watch->watch.context, &failure))
		fprintf(stderr, "cordon: %s; the log is without changes of the kernel\n",
			failure.text);
}

static int wait_for(const struct cordon_daemon_watch *watch, uint32_t kind, int fd, bool only_news)
{
	struct epoll_event event = {
		.events = EPOLLIN | (only_news ? EPOLLET : 0),
		.data = { .u32 = kind },
	};

	return epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void open_source(struct cordon_daemon_watch *watch, uint32_t kind)
{
	struct cordon_failure failure = { .text = "" };
	void *source;
	int error = kinds[kind]->open(&watch->watch, &failure, &source);

	if (!error)
		watch->source[kind] = source;
	if (!error && kinds[kind]->fd)
		error = wait_for(watch, kind, kinds[kind]->fd(source), kinds[kind]->only_news);
	/* It may tell some of it, and say what not. */
	if (error || failure.text[0])
		fprintf(stderr, "cordon: %s\n", failure.text[0] ? failure.text : strerror(-error));
}

void cordon_daemon_watch_open(struct cordon_daemon_watch *watch,
			      const struct cordon_context *context,
			      struct cordon_recorder *recorder)
{
	*watch = (struct cordon_daemon_watch){
		.watch = { .context = context, .tell = tell, .lost = lose, .state = recorder },
		.recorder = recorder,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};
	follow_kernel(watch);
	/* With no room for them on disk, records stay in the ring. */
	wait_for(watch, RING, cordon_recorder_fd(recorder, CORDON_CLASS_CONFIG), true);
	for (uint32_t i = 0; i < CORDON_WATCH_KINDS; i++)
		open_source(watch, i);
	cordon_daemon_watch_tick(watch);
}

void cordon_daemon_watch_close(struct cordon_daemon_watch *watch)
{
	for (uint32_t i = 0; i < CORDON_WATCH_KINDS; i++) {
		if (watch->source[i])
			kinds[i]->close(watch->source[i]);
		watch->source[i] = NULL;
	}
	/* Zero: it was never opened. */
	if (watch->epoll > 0)
		close(watch->epoll);
	watch->epoll = -1;
}

int cordon_daemon_watch_fd(const struct cordon_daemon_watch *watch)
{
	return watch->epoll;
}

void cordon_daemon_watch_read(struct cordon_daemon_watch *watch)
{
	struct epoll_event events[CORDON_WATCH_KINDS + 1];
	const int nr = epoll_wait(watch->epoll, events, CORDON_WATCH_KINDS + 1, 0);

	for (int i = 0; i < nr; i++) {
		const uint32_t kind = events[i].data.u32;

		if (kind == RING)
			cordon_recorder_take(watch->recorder, CORDON_CLASS_CONFIG);
		else
			kinds[kind]->read(watch->source[kind]);
	}
	for (int i = 0; i < CORDON_WATCH_KINDS; i++) {
		if (kinds[i]->says_once && watch->source[i])
			kinds[i]->read(watch->source[i]);
	}
}

void cordon_daemon_watch_tick(struct cordon_daemon_watch *watch)
{
	const uint64_t now = cordon_clock_ns();

	if (now < watch->look_by)
		return;
	watch->look_by = now + LOOK_NS;
	follow_logins(watch);
	for (uint32_t i = 0; i < CORDON_WATCH_KINDS; i++) {
		if (watch->source[i] && kinds[i]->look)
			kinds[i]->look(watch->source[i]);
	}
}

void cordon_daemon_watch_follow(struct cordon_daemon_watch *watch, const struct cordon_image *image)
{
	for (uint32_t i = 0; i < CORDON_WATCH_KINDS; i++) {
		if (watch->source[i] && kinds[i]->follow)
			kinds[i]->follow(watch->source[i], image);
	}
}
