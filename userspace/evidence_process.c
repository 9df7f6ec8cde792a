// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes as evidence; see evidence_process.h.  A process is looked at by its
 * folder, which stays its own: another that gets its number is another.
 */
#include "evidence_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence_walk.h"
#include "sign_digest.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/hex.h"
#include "util/print.h"
#include "util/stat.h"

#define ARGUMENTS_MAX 8192
#define FILES_MAX 4096
#define DELETED " (deleted)"

/* Larger programs are named without a digest. */
#define PROGRAM_MAX (256UL << 20)

/* ---- one process -------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/* Of a file that nobody can find by its name. */
static bool is_orphan(const char *target)
{
	return ends_with(target, DELETED) || !strncmp(target, "/memfd:", 7);
}

static void write_status(struct json *json, int folder)
{
	static const char *const keys[] = { "Name",    "State",	     "PPid",	"TracerPid",
					    "Uid",     "Gid",	     "Groups",	"NSpid",
					    "Threads", "NoNewPrivs", "Seccomp", "CapInh",
					    "CapPrm",  "CapEff",     "CapBnd",	"CapAmb" };
	FILE *status CLEANUP(fclose) = cordon_process_open(folder, "status");
	char line[4096];

	while (status && fgets(line, sizeof(line), status)) {
		char *value = line;
		const char *key = strsep(&value, ":");

		for (size_t i = 0; value && i < ARRAY_SIZE(keys); i++) {
			if (strcmp(key, keys[i]))
				continue;
			value += strspn(value, "\t ");
			value[strcspn(value, "\n")] = '\0';
			json_string(json, key, value);
		}
	}
}

static void write_start(struct json *json, int folder)
{
	uint64_t ticks;

	if (cordon_stat_read(folder, "stat", CORDON_STAT_START, &ticks))
		json_number(json, "start_ticks", ticks);
}

static void write_arguments(struct json *json, int folder)
{
	char text[ARGUMENTS_MAX];
	const ssize_t size = cordon_process_text(folder, "cmdline", text, sizeof(text));

	json_array(json, "arguments");
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(text + at) + 1)
		json_string(json, NULL, text + at);
	json_array_end(json);
	if (size == (ssize_t)sizeof(text) - 1)
		json_bool(json, "arguments_cut", true);
}

static void write_line(struct json *json, int folder, const char *name)
{
	char text[PATH_MAX];

	if (cordon_process_text(folder, name, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	json_string(json, name, text);
}

/* Return: false: it is not ours to see */
static bool write_link(struct json *json, int folder, const char *name)
{
	char target[PATH_MAX];

	if (!cordon_process_link(folder, name, &target))
		return !cordon_process_hides();
	json_string(json, name, target);
	if (!strcmp(name, "exe"))
		json_bool(json, "deleted", is_orphan(target));
	return true;
}

static void write_namespaces(struct json *json, int folder)
{
	static const char *const names[] = { "ns/net",	  "ns/mnt", "ns/pid", "ns/user",
					     "ns/cgroup", "ns/ipc", "ns/uts" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		write_link(json, folder, names[i]);
}

/* What the loader was told to load beside: of all variables only these. */
/* Return: false: they are not ours to see */
static bool write_loader(struct json *json, int folder)
{
	FILE *variables CLEANUP(fclose) = cordon_process_open(folder, "environ");
	char *text CLEANUP(free) = NULL;
	size_t room = 0;

	if (!variables)
		return !cordon_process_hides();
	while (getdelim(&text, &room, '\0', variables) > 0) {
		char *value = text;
		const char *key = strsep(&value, "=");

		if (value && !strncmp(key, "LD_", 3))
			json_string(json, key, value);
	}
	return true;
}

/* Return: false: some of them are not ours to see */
static bool write_files(struct json *json, int folder)
{
	DIR *files = cordon_process_files(folder);
	const struct dirent *entry;
	char target[PATH_MAX];
	bool seen = true;
	int nr = 0;

	if (!files)
		return !cordon_process_hides();
	json_object(json, "files");
	while (nr < FILES_MAX && (entry = readdir(files))) {
		if (entry->d_name[0] == '.')
			continue;
		if (cordon_process_link(dirfd(files), entry->d_name, &target))
			json_string(json, entry->d_name, target);
		else
			seen = seen && !cordon_process_hides();
		nr++;
	}
	json_object_end(json);
	json_bool(json, "files_cut", nr == FILES_MAX);
	closedir(files);
	return seen;
}

/* "ADDRESSES RIGHTS OFFSET DEVICE INODE NAME" */
static bool is_odd_map(const char *line, const char **ret_name)
{
	const char *rights = strchr(line, ' '), *name = strpbrk(line, "/[");
	const bool writable = rights && rights[2] == 'w' && rights[3] == 'x';

	*ret_name = name ? name : "(no file)";
	return rights && (writable || (rights[3] == 'x' && !name) || (name && is_orphan(name)));
}

/* Memory that is written and run, or that no file by its name is in; neighbours are one. */
static void write_maps(struct json *json, int folder)
{
	FILE *maps CLEANUP(fclose) = cordon_process_open(folder, "maps");
	char line[PATH_MAX + 128], last[PATH_MAX + 128] = "";
	const char *name;

	json_array(json, "odd_memory");
	while (maps && fgets(line, sizeof(line), maps)) {
		line[strcspn(line, "\n")] = '\0';
		if (!is_odd_map(line, &name) || !strcmp(name, last))
			continue;
		json_string(json, NULL, line);
		snprintf(last, sizeof(last), "%s", name);
	}
	json_array_end(json);
}

/* Return: false: some of it is not ours to see */
static bool write_process(FILE *file, int folder, pid_t pid)
{
	struct json json = { .file = file };
	bool seen;

	json_object(&json, NULL);
	json_number(&json, "pid", (uint64_t)pid);
	write_status(&json, folder);
	write_start(&json, folder);
	write_line(&json, folder, "loginuid");
	write_line(&json, folder, "sessionid");
	write_line(&json, folder, "cgroup");
	seen = write_link(&json, folder, "exe");
	write_link(&json, folder, "cwd");
	write_link(&json, folder, "root");
	write_namespaces(&json, folder);
	seen = write_files(&json, folder) && seen;
	json_bool(&json, "seen_whole", seen);
	json_object_end(&json);
	json_line_end(&json);
	return seen;
}

struct processes {
	FILE *file;
	bool unseen;
};

static void take_process(void *state, int folder, pid_t pid)
{
	struct processes *processes = state;

	if (!write_process(processes->file, folder, pid))
		processes->unseen = true;
	fflush(processes->file);
}

int cordon_evidence_processes(const void *state, FILE *file)
{
	struct processes processes = { file, false };
	const int error = cordon_process_walk(take_process, &processes);

	(void)state;
	return error || !processes.unseen ? error : -EPERM;
}

/* ---- their memory -------------------------------------------------------------------------- */

struct memories {
	FILE *file;
	bool unseen;
};

static void take_memory(void *state, int folder, pid_t pid)
{
	struct memories *memories = state;
	struct json json = { .file = memories->file };

	json_object(&json, NULL);
	json_number(&json, "pid", (uint64_t)pid);
	write_start(&json, folder);
	write_arguments(&json, folder);
	memories->unseen |= !write_loader(&json, folder);
	write_maps(&json, folder);
	json_object_end(&json);
	json_line_end(&json);
}

int cordon_evidence_arguments(const void *state, FILE *file)
{
	struct memories memories = { file, false };

	(void)state;
	return cordon_process_walk_apart(take_memory, &memories, file, &memories.unseen);
}

/* ---- programs ----------------------------------------------------------------------------- */

static int open_program(int folder, struct stat *status)
{
	int fd CLEANUP(close) = openat(folder, "exe", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, status))
		return -errno;
	return S_ISREG(status->st_mode) ? TAKE_FD(fd) : -ENOTSUP;
}

/* struct program - each file once, however many run it */
struct program {
	dev_t device;
	ino_t inode;
};

struct programs {
	FILE *file;
	struct program *program;
	size_t nr;
	bool unseen;
};

static bool is_new(struct programs *programs, const struct stat *status)
{
	struct program *program;

	for (size_t i = 0; i < programs->nr; i++) {
		if (programs->program[i].device == status->st_dev &&
		    programs->program[i].inode == status->st_ino)
			return false;
	}
	program = array_push(programs->program, programs->nr);
	if (program)
		*program = (struct program){ status->st_dev, status->st_ino };
	return true;
}

static bool digest_file(int fd, char (*ret_text)[65])
{
	struct cordon_digest digest;
	uint8_t sum[32], bytes[32768];
	ssize_t got;

	cordon_digest_begin(&digest);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		cordon_digest_add(&digest, bytes, (size_t)got);
	cordon_digest_end(&digest, &sum);
	cordon_hex_format(sum, sizeof(sum), *ret_text);
	return !got;
}

static void take_program(void *state, int folder, pid_t pid)
{
	struct programs *programs = state;
	struct json json = { .file = programs->file };
	struct stat status = { .st_size = 0 };
	const int fd CLEANUP(close) = open_program(folder, &status);
	char target[PATH_MAX], digest[65];

	programs->unseen |= fd == -EACCES || fd == -EPERM;
	if (fd < 0 || !is_new(programs, &status))
		return;
	json_object(&json, NULL);
	json_number(&json, "pid", (uint64_t)pid);
	if (cordon_process_link(folder, "exe", &target))
		json_string(&json, "path", target);
	json_number(&json, "size", (uint64_t)status.st_size);
	json_number(&json, "mode", status.st_mode & 07777);
	json_number(&json, "uid", status.st_uid);
	json_number(&json, "changed", (uint64_t)status.st_ctime);
	if ((uint64_t)status.st_size <= PROGRAM_MAX && digest_file(fd, &digest))
		json_string(&json, "sha256", digest);
	json_object_end(&json);
	json_line_end(&json);
}

int cordon_evidence_programs(const void *state, FILE *file)
{
	struct programs programs = { .file = file };

	(void)state;
	return cordon_process_walk_apart(take_program, &programs, file, &programs.unseen);
}

int cordon_evidence_program(const void *state, FILE *file)
{
	char path[32], bytes[32768];
	struct stat status = { .st_size = 0 };
	int folder CLEANUP(close) = -1, fd CLEANUP(close) = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d", *(const pid_t *)state);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = folder < 0 ? -errno : open_program(folder, &status);
	if (fd < 0)
		return fd;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		if (fwrite(bytes, 1, (size_t)got, file) != (size_t)got)
			return -errno;
	}
	return got ? -errno : 0;
}

/* ---- which ones --------------------------------------------------------------------------- */

struct finder {
	struct cordon_evidence_pids pids;
	char (*name)[64]; /* of what each has, in the order of the pids */
	size_t nr;
};

static void add_pid(struct finder *finder, pid_t pid, const char *name)
{
	char(*room)[64];
	pid_t *found;

	for (size_t i = 0; i < finder->nr; i++) {
		if (!strncmp(finder->name[i], name, sizeof(finder->name[i]) - 1))
			return;
	}
	room = array_push(finder->name, finder->nr);
	found = room ? array_push(finder->pids.pid, finder->pids.nr) : NULL;
	if (!found)
		return;
	snprintf(*room, sizeof(*room), "%s", name);
	*found = pid;
}

static void find_orphan(void *state, int folder, pid_t pid)
{
	char target[PATH_MAX];

	if (cordon_process_link(folder, "exe", &target) && is_orphan(target))
		add_pid(state, pid, target);
}

static void find_namespace(void *state, int folder, pid_t pid)
{
	char target[PATH_MAX];

	if (cordon_process_link(folder, "ns/net", &target))
		add_pid(state, pid, target);
}

static void find(cordon_process_visitor visitor, struct cordon_evidence_pids *ret_pids)
{
	struct finder finder = { .nr = 0 };

	cordon_process_walk(visitor, &finder);
	free(finder.name);
	*ret_pids = finder.pids;
}

void cordon_evidence_orphans(struct cordon_evidence_pids *ret_pids)
{
	find(find_orphan, ret_pids);
}

void cordon_evidence_namespaces(struct cordon_evidence_pids *ret_pids)
{
	find(find_namespace, ret_pids);
}
