/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of the log's class CONFIG: each follows one kind of thing on the node,
 * and tells what changes of it; what is there when it begins is not told.  A
 * source is a file watch_*.c with one of the tables below, and knows no other.
 * What needs rights is opened before the daemon gives up its own.
 */
#ifndef CORDON_WATCH_H
#define CORDON_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/uapi/event.h>

#include "context.h"

struct cordon_image;

/**
 * struct cordon_watch - to whom a source tells; outlives it
 * @tell: gets each record
 * @lost: so many changes went by without a record
 */
struct cordon_watch {
	const struct cordon_context *context;
	void (*tell)(void *state, struct cordon_event *event);
	void (*lost)(void *state, uint64_t records);
	void *state;
};

/**
 * struct cordon_watch_kind - a kind of source
 * @open: Return: 0, with @failure if some are not told; -errno with @failure: this machine does not
 *	tell of such changes
 * @fd: readable when there is something to read; NULL: it never is, and @read is not called
 * @only_news: the file is always readable: only when the kernel says so there is news
 * @says_once: to whoever asks first, which may be an epoll around ours: it is read with any other
 * @look: every ten seconds; NULL: it need not
 * @follow: this policy is in force now; NULL: whichever is
 */
struct cordon_watch_kind {
	int (*open)(const struct cordon_watch *watch, struct cordon_failure *failure,
		    void **ret_source);
	void (*close)(void *source);
	int (*fd)(const void *source);
	bool only_news;
	bool says_once;
	void (*read)(void *source);
	void (*look)(void *source);
	void (*follow)(void *source, const struct cordon_image *image);
};

/* Files by which a node is taken over or kept: who changes one, with what is in it then. */
extern const struct cordon_watch_kind cordon_watch_files;
/* Interfaces, addresses and routes of this network namespace. */
extern const struct cordon_watch_kind cordon_watch_links;
/* Mounts of this mount namespace. */
extern const struct cordon_watch_kind cordon_watch_mounts;
/* Devices that somebody can put in or take out. */
extern const struct cordon_watch_kind cordon_watch_devices;
/* Lids and power buttons. */
extern const struct cordon_watch_kind cordon_watch_buttons;
/* BPF programs that anybody loads. */
extern const struct cordon_watch_kind cordon_watch_programs;
/* Certificates that the policy lists, when they end. */
extern const struct cordon_watch_kind cordon_watch_certificates;
/* The clock, when it is set. */
extern const struct cordon_watch_kind cordon_watch_clock;

#endif
