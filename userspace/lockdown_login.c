// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may still log in.  A login is what the kernel's audit part takes for one:
 * a process whose login user was set (pam_loginuid, which sshd, login, cron and
 * their like use), and its children.  Whoever did so since the node came to
 * lockdown, and is not listed, is killed at the next look.  Where nobody but root
 * is listed pam_nologin says so to the others before.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lockdown.h"
#include "lockdown_look.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"
#include "util/login.h"

#define NOLOGIN "/run/nologin"
#define NOLOGIN_TEXT "This node is in lockdown: nobody but root logs in.\n"
#define USERS_MAX 256

/* struct sessions - @before: the last session that was there when the node came to lockdown */
struct sessions {
	uint32_t before;
	uint32_t allowed[USERS_MAX];
	size_t nr_allowed;
};

static bool read_number(int folder, const char *name, uint32_t *ret_number)
{
	char text[16] = "";
	const int fd CLEANUP(close) = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	*ret_number = (uint32_t)strtoul(text, NULL, 10);
	return true;
}

static void find_last(void *state, int folder, int pid)
{
	uint32_t *last = state, session;

	(void)pid;
	if (read_number(folder, "sessionid", &session) && session != CORDON_LOGIN_NONE &&
	    session > *last)
		*last = session;
}

static bool is_allowed(const struct sessions *sessions, uint32_t user)
{
	for (size_t i = 0; i < sessions->nr_allowed; i++) {
		if (sessions->allowed[i] == user)
			return true;
	}
	return false;
}

/* By a descriptor: the number may be another's by then. */
static void end_process(int folder, int pid)
{
	const int fd CLEANUP(close) = (int)syscall(SYS_pidfd_open, pid, 0);

	/* Still the one whose folder we have open? */
	if (fd >= 0 && !faccessat(folder, "sessionid", F_OK, 0))
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void end_session(void *state, int folder, int pid)
{
	const struct sessions *sessions = state;
	uint32_t session, user;

	if (read_number(folder, "sessionid", &session) && session != CORDON_LOGIN_NONE &&
	    session > sessions->before && read_number(folder, "loginuid", &user) &&
	    !is_allowed(sessions, user))
		end_process(folder, pid);
}

/* Sessions are numbered anew with each boot: then all of them are new. */
static uint32_t last_before(struct cordon_ledger *ledger, int *ret_error)
{
	const struct cordon_ledger_line *line;
	uint8_t boot[16];
	char name[33], value[16];
	uint32_t last = 0;

	cordon_boot_id(&boot);
	cordon_hex_format(boot, sizeof(boot), name);
	/* Of this level's first look; a later boot has none of its own. */
	line = cordon_ledger_find(ledger, "session", name);
	if (!line && !cordon_ledger_find(ledger, "logins", "listed")) {
		cordon_lockdown_processes(ledger->context, find_last, &last);
		snprintf(value, sizeof(value), "%u", last);
		*ret_error = cordon_ledger_note(ledger, "session", name, value);
	}
	if (line)
		last = (uint32_t)strtoul(line->value, NULL, 10);
	if (!*ret_error)
		*ret_error = cordon_ledger_note(ledger, "logins", "listed", "");
	return last;
}

static void list_allowed(const struct cordon_image *image, const struct cordon_context *context,
			 struct sessions *sessions)
{
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		if (image->lockdown[i].kind == CORDON_LOCKDOWN_LOGIN &&
		    sessions->nr_allowed < USERS_MAX &&
		    !cordon_lockdown_user(context, image->lockdown[i].text,
					  &sessions->allowed[sessions->nr_allowed]))
			sessions->nr_allowed++;
	}
}

static bool is_for_others(const struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->nr_allowed; i++) {
		if (sessions->allowed[i])
			return true;
	}
	return false;
}

static int put_nologin(struct cordon_ledger *ledger)
{
	const struct cordon_path path = cordon_path_root(ledger->context, NOLOGIN);
	int fd CLEANUP(close) = -1;
	int error;

	/* Somebody else's stays his. */
	if (!access(path.text, F_OK))
		return 0;
	error = cordon_ledger_note(ledger, "nologin", NOLOGIN, "");
	if (error)
		return error;
	fd = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return cordon_file_write(fd, NOLOGIN_TEXT, strlen(NOLOGIN_TEXT));
}

static int hold(const struct cordon_image *image, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	struct sessions sessions = { .before = 0 };
	int error = 0;

	if (!cordon_lockdown_count(image, CORDON_LOCKDOWN_LOGINS))
		return 0;
	sessions.before = last_before(ledger, &error);
	list_allowed(image, ledger->context, &sessions);
	if (!error)
		cordon_lockdown_processes(ledger->context, end_session, &sessions);
	if (!error && !is_for_others(&sessions))
		error = put_nologin(ledger);
	return error ? cordon_fail(failure, error, "logins are not held: %s", strerror(-error)) : 0;
}

static int let_go(const struct cordon_context *context, const struct cordon_ledger_line *line)
{
	if (strcmp(line->kind, "nologin") != 0)
		return 0;
	return unlink(cordon_path_root(context, NOLOGIN).text) ? -errno : 0;
}

const struct cordon_lockdown_part cordon_lockdown_logins = { hold, let_go, NULL };
