// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates that the policy lists: when one ends soon, has ended, is not yet
 * valid or cannot be read.  A file is read when it is listed and when it has
 * changed; in between its times are only compared with the clock.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cordon/uapi/config.h>

#include "certificate_state.h"
#include "event.h"
#include "image.h"
#include "util/array.h"
#include "util/file.h"

/* A chain, or a store of all that is trusted. */
#define BYTES_MAX (1UL << 20)
/* Files that are asked at a look whether they have changed; all have their turn in 80 s. */
#define ASKED 8

/* struct stamp - what differs when a file is another one or has been written: error, device, inode,
 * size, when it was written and changed */
struct stamp {
	int64_t part[8];
};

/** struct listed - a file of the list
 * @stamp: of when it was read
 * @problem: why it cannot be read; "": it can
 */
struct listed {
	char path[CORDON_CERTIFICATE_PATH_SIZE];
	struct stamp stamp;
	struct cordon_failure problem;
	struct cordon_validity validity;
	struct cordon_certificate_told told;
};

/** struct certificates - @next: who is asked next */
struct certificates {
	const struct cordon_watch *watch;
	struct listed *listed;
	size_t nr;
	size_t next;
	struct cordon_steady steady;
};

/* ---- files ------------------------------------------------------------------------------- */

static struct stamp stamp_of(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return (struct stamp){ { errno } };
	return (struct stamp){ { 0, (int64_t)status.st_dev, (int64_t)status.st_ino, status.st_size,
				 status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
				 status.st_ctim.tv_sec, status.st_ctim.tv_nsec } };
}

static int read_validity(const char *path, struct cordon_failure *problem,
			 struct cordon_validity *ret_validity)
{
	struct cordon_file content = { .text = NULL };
	int error = cordon_file_read(path, BYTES_MAX, &content);

	if (error)
		return cordon_fail(problem, error, "%s", cordon_file_problem(error));
	error = cordon_validity_read(content.text, content.size, problem, ret_validity);
	/* The key may stand beside it. */
	explicit_bzero(content.text, content.size);
	free(content.text);
	return error && !problem->text[0] ? cordon_fail(problem, error, "%s", strerror(-error)) :
					    error;
}

/* What is in it now is another thing than before only if its bytes, or the reason why it cannot be
 * read, are. */
static void read_listed(const struct certificates *certificates, struct listed *listed)
{
	const struct cordon_path path =
		cordon_path_root(certificates->watch->context, listed->path);
	const struct stamp stamp = stamp_of(path.text);
	struct cordon_validity validity = { .certificates = 0 };
	struct cordon_failure problem = { .text = "" };

	if (!memcmp(&stamp, &listed->stamp, sizeof(stamp)))
		return;
	listed->stamp = stamp;
	if (!read_validity(path.text, &problem, &validity))
		problem.text[0] = '\0';
	if (!memcmp(validity.digest, listed->validity.digest, sizeof(validity.digest)) &&
	    !strcmp(problem.text, listed->problem.text))
		return;
	listed->told = (struct cordon_certificate_told){
		.replaced = listed->validity.certificates || listed->problem.text[0],
	};
	listed->validity = validity;
	listed->problem = problem;
}

/* ---- what is told ------------------------------------------------------------------------ */

static void tell(const struct certificates *certificates, const struct listed *listed,
		 enum cordon_certificate_state state)
{
	const struct cordon_validity *validity = &listed->validity;
	union cordon_event_room room;
	struct cordon_event_certificate *record =
		cordon_event_begin(&room, CORDON_EVENT_CERTIFICATE, sizeof(*record));

	record->state = state;
	record->not_before = validity->not_before;
	record->not_after = validity->not_after;
	record->certificates = validity->certificates;
	memcpy(record->digest, validity->digest, sizeof(record->digest));
	cordon_event_add(&room, listed->path);
	cordon_event_add(&room, validity->subject);
	cordon_event_add(&room, validity->issuer);
	cordon_event_add(&room, listed->problem.text);
	certificates->watch->tell(certificates->watch->state, cordon_event_end(&room));
}

static int64_t now(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What only a clock says waits until nobody has set it for a while. */
static void judge(struct certificates *certificates)
{
	const int64_t wall = now(CLOCK_REALTIME);
	const bool steady = cordon_is_steady(&certificates->steady, now(CLOCK_BOOTTIME), wall);

	for (struct listed *listed = certificates->listed;
	     listed < certificates->listed + certificates->nr; listed++) {
		enum cordon_certificate_state state = CORDON_CERTIFICATE_UNREADABLE;

		if (!listed->problem.text[0]) {
			state = cordon_certificate_state(&listed->validity, wall / 1000000000);
			if (!steady)
				continue;
		}
		if (cordon_certificate_is_news(&listed->told, state))
			tell(certificates, listed, state);
	}
}

static void look(void *source)
{
	struct certificates *certificates = source;

	for (size_t i = 0; i < certificates->nr && i < ASKED; i++) {
		certificates->next = (certificates->next + 1) % certificates->nr;
		read_listed(certificates, &certificates->listed[certificates->next]);
	}
	judge(certificates);
}

/* ---- the list ---------------------------------------------------------------------------- */

static const struct listed *find(const struct certificates *certificates, const char *path)
{
	for (size_t i = 0; i < certificates->nr; i++) {
		if (!strcmp(certificates->listed[i].path, path))
			return &certificates->listed[i];
	}
	return NULL;
}

/* What was listed before stays as it is, with what was told of it.  What there is to tell is told
 * at the next look. */
static void follow(void *source, const struct cordon_image *image)
{
	struct certificates *certificates = source;
	const size_t nr = image->nr_certificates;
	struct listed *listed = calloc(nr ? nr : 1, sizeof(*listed));

	/* Without memory the former list goes on. */
	if (!listed)
		return;
	for (size_t i = 0; i < nr; i++) {
		const char *path = image->certificates[i].path;
		const struct listed *former = find(certificates, path);

		if (former)
			listed[i] = *former;
		else
			memcpy(listed[i].path, path, sizeof(listed[i].path));
		read_listed(certificates, &listed[i]);
	}
	free(certificates->listed);
	certificates->listed = listed;
	certificates->nr = nr;
	certificates->next = 0;
}

static void close_certificates(void *source)
{
	struct certificates *certificates = source;

	free(certificates->listed);
	free(certificates);
}

static int open_certificates(const struct cordon_watch *watch, struct cordon_failure *failure,
			     void **ret_source)
{
	struct certificates *certificates = calloc(1, sizeof(*certificates));

	if (!certificates)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	certificates->watch = watch;
	*ret_source = certificates;
	return 0;
}

const struct cordon_watch_kind cordon_watch_certificates = {
	.open = open_certificates,
	.close = close_certificates,
	.look = look,
	.follow = follow,
};
