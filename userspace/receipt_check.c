// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receipts against the log; see receipt_check.h.
 */
#include "receipt_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "events.h"
#include "sign.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define RECEIPT_MAX (1UL << 20)
#define REFUSED "refused"

DEFINE_CLEANUP(events, struct cordon_events *, cordon_events_close)

const char *cordon_receipt_state_name(enum cordon_receipt_state state)
{
	static const char *const names[] = {
#define STATE_NAME(name, breach, text) [CORDON_RECEIPT_##name] = text,
		CORDON_RECEIPT_STATES(STATE_NAME)
#undef STATE_NAME
	};

	return names[state];
}

bool cordon_receipt_state_is_breach(enum cordon_receipt_state state)
{
	static const bool breach[] = {
#define STATE_BREACH(name, is_breach, text) [CORDON_RECEIPT_##name] = is_breach,
		CORDON_RECEIPT_STATES(STATE_BREACH)
#undef STATE_BREACH
	};

	return breach[state];
}

/* struct receipt - what the log told last of a name, and what is in the folder */
struct receipt {
	char name[64];
	uint8_t digest[32];
	bool told;
	bool there;
	uint8_t found[32];
};

struct receipts {
	struct receipt *receipt;
	size_t nr;
};

static struct receipt *find(struct receipts *receipts, const char *name)
{
	struct receipt *receipt;

	for (size_t i = 0; i < receipts->nr; i++) {
		if (!strcmp(receipts->receipt[i].name, name))
			return &receipts->receipt[i];
	}
	receipt = array_push(receipts->receipt, receipts->nr);
	if (receipt)
		snprintf(receipt->name, sizeof(receipt->name), "%s", name);
	return receipt;
}

/* ---- what the log tells ------------------------------------------------------------------- */

static int take_record(struct receipts *receipts, const struct cordon_event *event)
{
	const struct cordon_event_receipt *told = (const void *)event;
	struct receipt *receipt;

	if (!cordon_event_is(event, CORDON_EVENT_RECEIPT, sizeof(*told)))
		return 0;
	receipt = find(receipts, cordon_event_text(event, sizeof(*told), 0));
	if (!receipt)
		return -ENOMEM;
	memcpy(receipt->digest, told->digest, sizeof(receipt->digest));
	receipt->told = true;
	return 0;
}

static int read_log(int log, struct receipts *receipts, struct cordon_failure *failure)
{
	struct cordon_events *events CLEANUP(events) = NULL;
	struct cordon_events_record record;
	int error;

	error = cordon_events_open(log, 1U << CORDON_CLASS_ENFORCEMENT, failure, &events);
	while (!error && cordon_events_next(events, &record))
		error = take_record(receipts, record.event);
	return error == -ENOMEM ? cordon_fail(failure, error, "out of memory") : error;
}

/* ---- what is there ------------------------------------------------------------------------ */

static int take_file(struct receipts *receipts, int folder, const char *name, const char *shown)
{
	const int fd CLEANUP(close) =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct receipt *receipt = find(receipts, shown);
	struct cordon_file file = { .text = NULL };

	if (!receipt)
		return -ENOMEM;
	receipt->there = true;
	if (fd < 0 || cordon_file_read_fd(fd, RECEIPT_MAX, &file))
		return 0; /* then it is none that fits */
	cordon_sign_digest(file.text, file.size, &receipt->found);
	free(file.text);
	return 0;
}

/* @prefix: before the names, "refused/" */
static int take_folder(struct receipts *receipts, const char *path, const char *prefix)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char shown[64];
	int error = 0;

	if (!folder)
		return errno == ENOENT && prefix[0] ? 0 : -errno;
	while (!error && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || (!prefix[0] && !strcmp(entry->d_name, REFUSED)))
			continue;
		snprintf(shown, sizeof(shown), "%s%.48s", prefix, entry->d_name);
		error = take_file(receipts, dirfd(folder), entry->d_name, shown);
	}
	closedir(folder);
	return error;
}

static int read_folder(const char *path, struct receipts *receipts, struct cordon_failure *failure)
{
	char *refused CLEANUP(free) = NULL;
	int error = asprintf(&refused, "%s/" REFUSED, path) < 0 ? -ENOMEM : 0;

	if (!error)
		error = take_folder(receipts, path, "");
	if (!error)
		error = take_folder(receipts, refused, REFUSED "/");
	return error ? cordon_fail(failure, error, "cannot read the receipts in %s: %s", path,
				   strerror(-error)) :
		       0;
}

/* ---- both --------------------------------------------------------------------------------- */

static enum cordon_receipt_state state_of(const struct receipt *receipt)
{
	if (!receipt->told)
		return CORDON_RECEIPT_UNTOLD;
	if (!receipt->there)
		return CORDON_RECEIPT_REMOVED;
	if (memcmp(receipt->digest, receipt->found, sizeof(receipt->digest)) != 0)
		return CORDON_RECEIPT_EDITED;
	return CORDON_RECEIPT_FITS;
}

static int by_name(const void *a, const void *b)
{
	const struct cordon_receipt_found *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int compare(const struct receipts *receipts, struct cordon_receipts_found *ret_found)
{
	struct cordon_receipts_found found = { .nr = receipts->nr };

	found.found = calloc(receipts->nr ? receipts->nr : 1, sizeof(*found.found));
	if (!found.found)
		return -ENOMEM;
	for (size_t i = 0; i < found.nr; i++) {
		memcpy(found.found[i].name, receipts->receipt[i].name, sizeof(found.found->name));
		found.found[i].state = state_of(&receipts->receipt[i]);
	}
	qsort(found.found, found.nr, sizeof(*found.found), by_name);
	*ret_found = found;
	return 0;
}

int cordon_receipts_check(int log, const char *folder, struct cordon_failure *failure,
			  struct cordon_receipts_found *ret_found)
{
	struct receipts receipts = { .nr = 0 };
	int error = read_log(log, &receipts, failure);

	if (!error)
		error = read_folder(folder, &receipts, failure);
	if (!error && compare(&receipts, ret_found))
		error = cordon_fail(failure, -ENOMEM, "out of memory");
	free(receipts.receipt);
	return error;
}
