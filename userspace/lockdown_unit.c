// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units that lockdown holds down.  systemd is told, by a drop-in that no
 * condition of the unit outweighs, and asked to stop them; and independent of
 * it whatever is in the unit's cgroup is killed, at every look, and what comes
 * there in between stands still.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "lockdown.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define UNITS "/run/systemd/system"
#define DROP_IN "zz-cordon-lockdown.conf"
#define MARK "/run/cordon/lockdown"
#define DROP_IN_TEXT                                                                               \
	"# The node is in lockdown; see cordon status.\n[Unit]\nConditionPathExists=!" MARK "\n"
#define SYSTEMCTL_SECONDS 20
#define PAUSE_NS 50000000L

/* What a console off means to systemd: whoever asks for a login on one. */
static const char *const console_units[] = { "getty@.service", "serial-getty@.service",
					     "console-getty.service", "container-getty@.service",
					     "autovt@.service" };

/* ---- systemd ----------------------------------------------------------------------------- */

/* With another root there is no systemd of it to speak to. */
static bool has_systemd(const struct cordon_context *context)
{
	return !context->root[0] && !access(UNITS, F_OK);
}

static void wait_or_kill(pid_t child)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (long i = 0; i < SYSTEMCTL_SECONDS * (1000000000L / PAUSE_NS); i++) {
		if (waitpid(child, NULL, WNOHANG))
			return;
		nanosleep(&pause, NULL);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* It need not succeed: what holds is below. */
static void systemctl(const char *verb, const char *unit)
{
	char *const argv[] = { "systemctl",  "--no-block", "--quiet",
			       (char *)verb, (char *)unit, NULL };
	char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const pid_t child = fork();

	if (child > 0)
		wait_or_kill(child);
	if (child)
		return;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	execve("/usr/bin/systemctl", argv, environment);
	execve("/bin/systemctl", argv, environment);
	_exit(127);
}

static struct cordon_path drop_in(const struct cordon_context *context, const char *unit,
				  const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), UNITS "/%s.d%s%s", unit, name[0] ? "/" : "", name);
	return cordon_path_root(context, path);
}

/* In /run: a reboot takes it away, and whoever follows the latch puts it there again.
 * Return: 1: it is new; 0: it was there; -errno */
static int put_drop_in(const struct cordon_context *context, const char *unit)
{
	const struct cordon_path folder = drop_in(context, unit, "");
	const struct cordon_path path = drop_in(context, unit, DROP_IN);
	const int made = cordon_folder_make(folder.text, 0755);
	int fd CLEANUP(close) = -1;

	if (made)
		return made;
	fd = open(path.text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	return cordon_file_write(fd, DROP_IN_TEXT, strlen(DROP_IN_TEXT)) ? -EIO : 1;
}

static void put_mark(const struct cordon_context *context)
{
	const struct cordon_path path = cordon_path_root(context, MARK);
	const int fd CLEANUP(close) =
		open(path.text, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	(void)fd;
}

/* ---- cgroups ----------------------------------------------------------------------------- */

struct search {
	const struct cordon_cgroup_root *root;
	const char *unit;
	enum act {
		LOOK,
		HOLD,
		LET_GO
	} act;
	bool found;
};

/* "getty@.service" is every "getty@NAME.service". */
static bool is_of(const char *name, const char *unit)
{
	const char *at = strstr(unit, "@.");

	if (!at)
		return !strcmp(name, unit);
	return !strncmp(name, unit, (size_t)(at - unit) + 1) && strlen(name) > strlen(unit) &&
	       !strcmp(name + strlen(name) - strlen(at + 1), at + 1);
}

static void write_cgroup(const struct search *search, const char *cgroup, const char *file,
			 const char *text)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%.*s%s/%s", (int)search->root->mount, search->root->path,
		     cgroup, file) < (int)sizeof(path))
		cordon_lockdown_write(path, text);
}

static uint64_t visit(void *state, const struct cordon_cgroup *cgroup)
{
	struct search *search = state;

	if (!cgroup->unit || !is_of(cgroup->name, search->unit))
		return 0;
	search->found = true;
	if (search->act == HOLD)
		write_cgroup(search, cgroup->path, "cgroup.kill", "1");
	if (search->act != LOOK)
		write_cgroup(search, cgroup->path, "cgroup.freeze",
			     search->act == HOLD ? "1" : "0");
	return 0;
}

/* Return: whether there is such a cgroup */
static bool in_cgroups(const struct cordon_context *context, const char *unit, enum act act)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_cgroup_root root;
	struct search search = { &root, unit, act, false };

	if (!cordon_cgroup_find(context, &unsaid, &root))
		cordon_cgroup_walk(&root, visit, &search);
	return search.found;
}

/* ---- the part ---------------------------------------------------------------------------- */

/* Return: 1: systemd is to be told; 0; -errno */
static int hold_unit(struct cordon_ledger *ledger, const char *unit)
{
	const struct cordon_context *context = ledger->context;
	int error = cordon_ledger_note(ledger, "unit", unit,
				       in_cgroups(context, unit, LOOK) ? "ran" : "stood");

	if (!error)
		error = put_drop_in(context, unit);
	if (error >= 0)
		in_cgroups(context, unit, HOLD);
	return error;
}

static void tell_systemd(const struct cordon_image *image)
{
	systemctl("daemon-reload", NULL);
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		if (image->lockdown[i].kind == CORDON_LOCKDOWN_UNIT)
			systemctl("stop", image->lockdown[i].text);
	}
}

static int hold(const struct cordon_image *image, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	bool tell = false;
	int result = 0, held;

	put_mark(ledger->context);
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];
		const bool console = entry->kind == CORDON_LOCKDOWN_CONSOLE;

		if (!console && entry->kind != CORDON_LOCKDOWN_UNIT)
			continue;
		for (size_t j = 0; j < (console ? ARRAY_SIZE(console_units) : 1); j++) {
			const char *unit = console ? console_units[j] : entry->text;

			held = hold_unit(ledger, unit);
			tell |= held > 0;
			if (held < 0)
				result = cordon_fail(failure, held, "unit %s is not held down: %s",
						     unit, strerror(-held));
		}
	}
	if (tell && has_systemd(ledger->context))
		tell_systemd(image);
	return result;
}

static int let_go(const struct cordon_context *context, const struct cordon_ledger_line *line)
{
	const struct cordon_path path = drop_in(context, line->name, DROP_IN);
	const struct cordon_path folder = drop_in(context, line->name, "");

	if (strcmp(line->kind, "unit") != 0)
		return 0;
	in_cgroups(context, line->name, LET_GO);
	if (unlink(path.text) && errno != ENOENT)
		return -errno;
	rmdir(folder.text);
	return 0;
}

/* A unit that stood already is not started; a template is what its instances ask for. */
static void end(const struct cordon_context *context, const struct cordon_ledger *ledger)
{
	unlink(cordon_path_root(context, MARK).text);
	if (!has_systemd(context))
		return;
	systemctl("daemon-reload", NULL);
	for (size_t i = 0; i < ledger->nr; i++) {
		const struct cordon_ledger_line *line = &ledger->line[i];

		if (!strcmp(line->kind, "unit") && !strcmp(line->value, "ran"))
			systemctl("start", line->name);
	}
	if (cordon_ledger_find(ledger, "unit", console_units[0]))
		systemctl("start", "getty.target");
}

const struct cordon_lockdown_part cordon_lockdown_units = { hold, let_go, end };
