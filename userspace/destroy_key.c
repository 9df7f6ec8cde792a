// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and keyrings of the kernel (keyrings(7)): revoked, and invalidated so
 * that they are collected at once.
 *
 * Only who possesses a key may do that, or its owner if its permissions say so,
 * root or not.  So for each user who has keys a child becomes that user, links
 * the user's own keyrings to its session, and looks at /proc/keys from there.
 * What only another process's session leads to is seen and not reached: that is
 * said.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "destroy.h"
#include "util/cleanup.h"

#define USERS_MAX 4096
#define DESCRIPTION_MAX 4500 /* the kernel's own limit is a page and its head */

/* struct wanted - @type: as keyctl_describe(3) has it */
struct wanted {
	char type[32];
	const char *description;
};

/* struct tally - of one user, or of all; @error: of the last one that was found and not revoked */
struct tally {
	uint32_t found;
	uint32_t revoked;
	int32_t error;
};

static long keyctl(int operation, long a, long b, long c)
{
	return syscall(SYS_keyctl, operation, a, b, c, 0L);
}

/* "type;uid;gid;perm;description" */
static bool is_meant(const struct wanted *wanted, uint32_t key)
{
	char text[DESCRIPTION_MAX];
	const long size = keyctl(KEYCTL_DESCRIBE, (long)(int32_t)key, (long)text, sizeof(text));
	const size_t length = strlen(wanted->type);
	const char *at = text;

	if (size <= 0 || size > (long)sizeof(text) || strncmp(text, wanted->type, length) != 0 ||
	    text[length] != ';')
		return false;
	for (int i = 0; i < 4 && at; i++) {
		at = strchr(at, ';');
		at = at ? at + 1 : NULL;
	}
	return at && !strcmp(at, wanted->description);
}

static void revoke_key(uint32_t key, struct tally *tally)
{
	tally->found++;
	/* A keyring's keys are its own: without the ring they are nobody's. */
	keyctl(KEYCTL_CLEAR, (long)(int32_t)key, 0, 0);
	if (keyctl(KEYCTL_REVOKE, (long)(int32_t)key, 0, 0) && errno != EKEYREVOKED) {
		tally->error = errno;
		return;
	}
	keyctl(KEYCTL_INVALIDATE, (long)(int32_t)key, 0, 0);
	tally->revoked++;
}

static void possess(uint32_t uid)
{
	keyctl(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0);
	keyctl(KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING, 0);
	keyctl(KEYCTL_LINK, KEY_SPEC_USER_SESSION_KEYRING, KEY_SPEC_SESSION_KEYRING, 0);
	keyctl(KEYCTL_GET_PERSISTENT, (long)(int32_t)uid, KEY_SPEC_SESSION_KEYRING, 0);
}

static struct tally revoke_as(uint32_t uid, const struct wanted *wanted)
{
	struct tally tally = { .found = 0 };
	FILE *keys CLEANUP(fclose) = NULL;
	char line[1024];

	if (uid && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresuid, uid, uid, uid))) {
		tally.error = errno;
		return tally;
	}
	possess(uid);
	keys = fopen("/proc/keys", "re");
	while (keys && fgets(line, sizeof(line), keys)) {
		const uint32_t key = (uint32_t)strtoul(line, NULL, 16);

		if (is_meant(wanted, key))
			revoke_key(key, &tally);
	}
	return tally;
}

static void revoke_in_child(uint32_t uid, const struct wanted *wanted, struct tally *tally)
{
	struct tally part = { .found = 0 };
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return;
	child = fork();
	if (!child) {
		part = revoke_as(uid, wanted);
		_exit(write(ends[1], &part, sizeof(part)) != sizeof(part));
	}
	close(ends[1]);
	if (child > 0 && read(ends[0], &part, sizeof(part)) == sizeof(part)) {
		tally->found += part.found;
		tally->revoked += part.revoked;
		tally->error = part.error ? part.error : tally->error;
	}
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* "    0:   112 111/111 105/1000000 2012/25000000" */
static void revoke_all(const struct wanted *wanted, struct tally *tally)
{
	FILE *users CLEANUP(fclose) = fopen("/proc/key-users", "re");
	char line[256];

	for (int i = 0; users && i < USERS_MAX && fgets(line, sizeof(line), users); i++)
		revoke_in_child((uint32_t)strtoul(line, NULL, 10), wanted, tally);
	if (!users)
		tally->error = errno;
}

void cordon_destroy_key(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing)
{
	const char *colon = strchr(thing->name, ':');
	struct wanted wanted = { .type = "" };
	struct tally tally = { .found = 0 };

	(void)destroyer;
	snprintf(wanted.type, sizeof(wanted.type), "%.*s", (int)(colon ? colon - thing->name : 0),
		 thing->name);
	wanted.description = colon ? colon + 1 : "";
	revoke_all(&wanted, &tally);
	if (tally.revoked == tally.found && tally.found)
		cordon_destroyed_say(thing, CORDON_DESTROYED, "%u revoked and invalidated",
				     tally.revoked);
	else if (tally.found)
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED,
				     "%u of %u revoked; the others only their own process's "
				     "session leads to: %s",
				     tally.revoked, tally.found, strerror(tally.error));
	else if (tally.error)
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "keys cannot be looked at: %s",
				     strerror(tally.error));
	else
		cordon_destroyed_say(thing, CORDON_DESTROYED_BEFORE,
				     "there is none that its user's keyrings show");
}
