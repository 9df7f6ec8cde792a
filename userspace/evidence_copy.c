// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files as evidence; see evidence_copy.h.  What lies in a file's place, a FIFO, a
 * device or a link, is not opened to wait for it nor followed.
 */
#include "evidence_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

/* A file of a folder of many, and a line of one. */
#define SMALL (64UL << 10)

/* Links in /sys are the kernel's own. */
static int open_regular(int folder, const char *path, struct stat *status)
{
	const int follow = strncmp(path, "/sys/", 5) ? O_NOFOLLOW : 0;
	int fd CLEANUP(close) =
		openat(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | follow);

	if (fd < 0 || fstat(fd, status))
		return -errno;
	return S_ISREG(status->st_mode) ? TAKE_FD(fd) : -ENOTSUP;
}

/* @most: what a file of /proc or /sys tells of itself is no size */
static int copy_bytes(int from, FILE *to, uint64_t most)
{
	char bytes[32768];
	ssize_t got = 0;

	while (most) {
		got = read(from, bytes, sizeof(bytes) < most ? sizeof(bytes) : most);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (fwrite(bytes, 1, (size_t)got, to) != (size_t)got)
			return -errno;
		most -= (uint64_t)got;
	}
	return got < 0 ? -errno : 0;
}

static bool has_room(const struct stat *status)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) || (uint64_t)status->st_size <= limit.rlim_cur;
}

/* @status->st_size bytes: a file that grows is as it was when it was opened. */
int cordon_evidence_copy(const void *state, FILE *file)
{
	const struct cordon_evidence_copy *copy = state;
	struct stat status = { .st_size = 0 };
	const int fd CLEANUP(close) = open_regular(AT_FDCWD, copy->from, &status);

	if (fd < 0)
		return fd;
	if (copy->tail && (uint64_t)status.st_size > copy->tail)
		lseek(fd, status.st_size - (off_t)copy->tail, SEEK_SET);
	else if (!has_room(&status))
		return -EFBIG;
	return copy_bytes(fd, file, status.st_size ? (uint64_t)status.st_size : UINT64_MAX);
}

/* ---- accounts ----------------------------------------------------------------------------- */

/* "$6$salt$hash" is of algorithm 6; what has no '$' is of the oldest. */
static void write_kind(FILE *file, const char *password)
{
	const bool locked = password[0] == '!' || password[0] == '*';
	const char *hash = password + strspn(password, "!*");

	if (locked)
		fputs("locked", file);
	if (locked && hash[0])
		fputs(", ", file);
	if (!password[0])
		fputs("empty", file);
	else if (!strcmp(hash, "x"))
		fputs("in shadow", file);
	else if (hash[0] == '$')
		fprintf(file, "set, $%.*s$", (int)strcspn(hash + 1, "$") % 16, hash + 1);
	else if (hash[0])
		fputs("set, DES or unknown", file);
}

/* What is no account may be anything: nothing of it is shown. */
static void write_account(FILE *file, char *line)
{
	char *rest = line, *name, *password;

	line[strcspn(line, "\n")] = '\0';
	name = strsep(&rest, ":");
	password = strsep(&rest, ":");
	if (!password || !rest)
		fputs("(a line that is no account)\n", file);
	else {
		fprintf(file, "%s:(", name);
		write_kind(file, password);
		fprintf(file, "):%s\n", rest);
	}
}

int cordon_evidence_accounts(const void *state, FILE *file)
{
	struct stat status = { .st_size = 0 };
	const int fd = open_regular(AT_FDCWD, state, &status);
	FILE *accounts CLEANUP(fclose) = fd < 0 ? NULL : fdopen(fd, "r");
	char *line CLEANUP(free) = NULL;
	size_t room = 0;

	if (!accounts)
		return fd < 0 ? fd : -errno;
	while (getline(&line, &room, accounts) > 0)
		write_account(file, line);
	return ferror(accounts) ? -EIO : 0;
}

/* ---- kernel ------------------------------------------------------------------------------- */

/* A record each call; EPIPE: those that were next are overwritten already. */
int cordon_evidence_kernel_log(const void *state, FILE *file)
{
	const int fd CLEANUP(close) = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];

	(void)state;
	if (fd < 0)
		return -errno;
	for (;;) {
		const ssize_t got = read(fd, record, sizeof(record));

		if (got > 0 && fwrite(record, 1, (size_t)got, file) != (size_t)got)
			return -errno;
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (!got || (got < 0 && errno != EPIPE && errno != EINTR))
			return got ? -errno : 0;
	}
}

static void write_small(int folder, const char *name, FILE *file)
{
	struct stat status = { .st_size = 0 };
	const int fd CLEANUP(close) = open_regular(folder, name, &status);

	if (fd == -ENOTSUP || fd == -ELOOP)
		return;
	fprintf(file, "==> %s <==\n", name);
	if (fd < 0 || copy_bytes(fd, file, SMALL))
		fputs("(cannot be read)", file);
	fputc('\n', file);
}

int cordon_evidence_folder(const void *state, FILE *file)
{
	DIR *folder CLEANUP(folder) = opendir(state);
	const struct dirent *entry;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN)
			write_small(dirfd(folder), entry->d_name, file);
	}
	return 0;
}
