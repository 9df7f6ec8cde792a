// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the lockdown level holds down; see lockdown.h.
 */
#include "lockdown.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "destroy_order.h"
#include "fault.h"
#include "latch.h"
#include "live.h"
#include "lockdown_look.h"
#include "util/array.h"
#include "util/cleanup.h"

/* In the order in which they are held: systemctl need not be listed to stop units. */
static const struct cordon_lockdown_part *const parts[] = {
	&cordon_lockdown_logins,
	&cordon_lockdown_inputs,
	&cordon_lockdown_units,
	&cordon_lockdown_programs,
};

void cordon_lockdown_clear(struct cordon_lockdown *lockdown)
{
	cordon_image_free(lockdown->image);
	lockdown->image = NULL;
	lockdown->generation = 0;
}

int cordon_lockdown_write(const char *path, const char *text)
{
	const int fd CLEANUP(close) = open(path, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	char line[300];
	int size;

	if (fd < 0)
		return -errno;
	size = snprintf(line, sizeof(line), "%s\n", text);
	if (size >= (int)sizeof(line))
		return -ENAMETOOLONG;
	return write(fd, line, (size_t)size) == size ? 0 : -errno;
}

int cordon_lockdown_read(const char *path, char *ret_text, size_t size)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const ssize_t got = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (got < 0)
		return -errno;
	ret_text[got] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return 0;
}

void cordon_lockdown_processes(const struct cordon_context *context,
			       void (*visitor)(void *state, int folder, int pid), void *state)
{
	const struct cordon_path path = cordon_path_root(context, "/proc");
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const int pid = (int)strtol(entry->d_name, NULL, 10);
		int fd CLEANUP(close) = -1;

		if (pid <= 1 || pid == getpid())
			continue;
		fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			visitor(state, fd, pid);
	}
}

/* A policy that came since is asked, not the one that was in force when the node was shut. */
static int read_image(struct cordon_lockdown *lockdown, struct cordon_failure *failure)
{
	const uint32_t generation = cordon_live_generation(lockdown->context);
	int error;

	if (lockdown->image && lockdown->generation == generation)
		return 0;
	cordon_lockdown_clear(lockdown);
	error = cordon_lockdown_image(lockdown->context, failure, &lockdown->image);
	if (!error)
		lockdown->generation = generation;
	return error;
}

/* What one part cannot do keeps none of the others. */
static int hold(struct cordon_lockdown *lockdown, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	int result = read_image(lockdown, failure);

	/* Without a policy nothing is listed. */
	if (result)
		return result == -ENOENT ? 0 : result;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct cordon_failure why = { .text = "" };
		const int error = parts[i]->hold(lockdown->image, ledger, &why);

		cordon_fail_also(failure, NULL, &why);
		result = result ? result : error;
		cordon_step("part held");
	}
	return result;
}

/* What could not be is all that the ledger knows then, and what is tried again. */
static int let_go(struct cordon_ledger *ledger, struct cordon_failure *failure)
{
	struct cordon_ledger left CLEANUP(ledger) = { .context = ledger->context };
	int result = 0;

	for (size_t i = 0; i < ledger->nr; i++) {
		const struct cordon_ledger_line *line = &ledger->line[i];

		for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
			const int error = parts[part]->let_go(ledger->context, line);

			if (!error || error == -ENOENT)
				continue;
			result = cordon_fail(failure, error,
					     "%s %s is not as it was before lockdown: %s",
					     line->kind, line->name, strerror(-error));
			if (cordon_ledger_add(&left, line->kind, line->name, line->value))
				return result;
		}
		cordon_step("line let go");
	}
	for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
		if (parts[part]->end)
			parts[part]->end(ledger->context, ledger);
	}
	if (!result)
		return cordon_ledger_end(ledger);
	cordon_ledger_save(&left);
	return result;
}

int cordon_lockdown_follow(struct cordon_lockdown *lockdown, struct cordon_failure *failure)
{
	const bool held = cordon_latch_level(lockdown->context) == CORDON_LATCH_LOCKDOWN;
	struct cordon_ledger ledger CLEANUP(ledger) = { .nr = 0 };
	const int error = cordon_ledger_read(lockdown->context, &ledger);

	if (error)
		return cordon_fail(failure, error, "what lockdown changed cannot be read: %s",
				   strerror(-error));
	if (held)
		return hold(lockdown, &ledger, failure);
	return ledger.nr ? let_go(&ledger, failure) : 0;
}

static int fail_lock(int error, struct cordon_failure *failure)
{
	return cordon_fail(failure, error, "cannot take /run/cordon/hand.lock: %s",
			   error == -EBUSY ? "another cordon holds it; what is left to do cordon "
					     "run --hand does" :
					     strerror(-error));
}

int cordon_lockdown_once(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_lockdown lockdown CLEANUP(lockdown) = { .context = context };
	const int lock CLEANUP(close) = cordon_destroy_lock(context, 2);

	/* Whoever has it: the hand looks again behind him. */
	if (lock == -EBUSY && cordon_hand_pid(context))
		return 0;
	return lock < 0 ? fail_lock(lock, failure) : cordon_lockdown_follow(&lockdown, failure);
}

int cordon_lockdown_boot(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_lockdown lockdown CLEANUP(lockdown) = { .context = context };
	struct cordon_ledger ledger CLEANUP(ledger) = { .nr = 0 };
	int lock CLEANUP(close) = -1;
	int error;

	if (cordon_latch_level(context) != CORDON_LATCH_LOCKDOWN)
		return 0;
	lock = cordon_destroy_lock(context, 2);
	if (lock < 0)
		return fail_lock(lock, failure);
	error = cordon_ledger_read(context, &ledger);
	if (error)
		return cordon_fail(failure, error, "what lockdown changed cannot be read: %s",
				   strerror(-error));
	error = read_image(&lockdown, failure);
	if (error)
		return error == -ENOENT ? 0 : error;
	return cordon_lockdown_programs.hold(lockdown.image, &ledger, failure);
}
