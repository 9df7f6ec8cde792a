/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One use of the kernel's side by a command: what must be open, in the right
 * order, and closed again.  And what commands do with it: apply, confirm,
 * roll back, attach, detach.  It does not print.
 */
#ifndef CORDON_SESSION_H
#define CORDON_SESSION_H

#include "attach.h"
#include "attach_placeholder.h"
#include "cgroup.h"
#include "context.h"
#include "image.h"
#include "latch.h"
#include "load.h"
#include "maps.h"

/**
 * struct cordon_session - close with cordon_session_close()
 * @lock: -1: only looking
 * @loading: programs that are still on their way, NULL: none
 * @placeholder: what stands in for them on interfaces
 * @lapsed: the trial that had lapsed before, 0: none
 * @latch: what is remembered of the latch, as @memory says; not read if only looking
 * @held: the kernel's level when that was read: what is tighter came since
 * @image: by generation & 1, NULL while not read
 * @has_cgroups: false: there is no cgroup2, and @no_cgroups says why
 */
struct cordon_session {
	const struct cordon_context *context;
	int lock;
	struct cordon_loading *loading;
	struct cordon_placeholder placeholder;
	uint32_t lapsed;
	bool tcx;
	bool has_cgroups;
	struct cordon_cgroup_root cgroups;
	struct cordon_failure no_cgroups;
	struct cordon_maps maps;
	struct cordon_programs programs;
	struct cordon_image *image[2];
	enum cordon_latch_memory memory;
	struct cordon_latch_state latch;
	uint32_t held;
};

enum cordon_session_kind {
	CORDON_SESSION_LOOK,   /* change nothing */
	CORDON_SESSION_CHANGE, /* with the lock; cordon must be loaded */
	CORDON_SESSION_LOAD,   /* with the lock; load what is missing */
};

/**
 * cordon_session_open()
 * Return: 0; -ENOENT: cordon is not loaded; -EBUSY: another holds the lock;
 *	-errno; with @failure.
 */
int cordon_session_open(const struct cordon_context *context, enum cordon_session_kind kind,
			struct cordon_failure *failure, struct cordon_session *ret_session);
void cordon_session_close(struct cordon_session *session);

struct cordon_session cordon_session_none(void);

static inline void cleanup_session(struct cordon_session *session)
{
	cordon_session_close(session);
}

/** cordon_session_images() - read the images of the generations that stand, as far as kept */
void cordon_session_images(struct cordon_session *session);

/** cordon_session_attach() - what attach.h wants to know */
struct cordon_attach cordon_session_attach(const struct cordon_session *session);

/**
 * struct cordon_apply - a policy to put into force
 * @image: its generation is filled in
 * @policy: path of its text
 * @confirm_seconds: 0: for good
 * @force: also with a lower serial number than that in force
 * @restored: it comes from the store and keeps its number
 * @authorised: by a signature, or long ago; under a latch nothing else changes what passes
 * @order: SHA-256 of the order that it comes by, which no later one has overtaken; NULL: none
 */
struct cordon_apply {
	struct cordon_image *image;
	const char *policy;
	uint32_t confirm_seconds;
	bool force;
	bool restored;
	bool authorised;
	const uint8_t *order;
};

/**
 * cordon_session_apply() - switch, attach, keep
 * Return: 0 or -errno; with an error before the switch what was in force still
 *	is.
 */
int cordon_session_apply(struct cordon_session *session, const struct cordon_apply *wish,
			 struct cordon_failure *failure);

int cordon_session_confirm(struct cordon_session *session, struct cordon_failure *failure);
int cordon_session_rollback(struct cordon_session *session, struct cordon_failure *failure);

/**
 * cordon_session_latch() - memory, lease and kernel agree, in doubt as tight as the tightest
 * Return: 0; -errno with @failure: the kernel is right, but the disk cannot be written.
 */
int cordon_session_latch(struct cordon_session *session, struct cordon_failure *failure);

/** cordon_session_refresh() - files, pins and hooks agree with the generation in force;
 *	without one nothing is attached, unless the node is sealed */
int cordon_session_refresh(struct cordon_session *session, struct cordon_failure *failure);

/** cordon_session_cover() - only the interfaces: links have changed */
int cordon_session_cover(struct cordon_session *session, struct cordon_failure *failure);

#endif
