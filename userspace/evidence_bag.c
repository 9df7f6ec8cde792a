// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bag of evidence; see evidence_bag.h.
 */
#include "evidence_bag.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/child.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/hex.h"
#include "util/print.h"

#define SECOND 1000000000ULL

/* Of most pieces; what may have more says so. */
#define BYTES (16ULL << 20)
#define SECONDS 10

#define NOT_STARTED 127

/* ---- children ----------------------------------------------------------------------------- */

/* What it starts ends with it; more than it may have is an error, not a signal. */
static void __attribute__((noreturn))
capture(const struct cordon_bag *bag, const struct cordon_piece *piece, uint64_t bytes)
{
	const struct rlimit size = { bytes, bytes };
	FILE *file = fdopen(bag->spool, "w");
	int error = file ? 0 : -errno;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &size);
	if (!error)
		error = piece->write(piece->state, file);
	if (file && fflush(file) && !error)
		error = -errno;
	_exit(-error);
}

static int run(struct cordon_bag *bag, const struct cordon_piece *piece, bool *ret_gone)
{
	const uint64_t bytes = piece->bytes ? piece->bytes : BYTES;
	const uint64_t by =
		cordon_clock_ns() + (piece->seconds ? piece->seconds : SECONDS) * SECOND;
	const pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child)
		capture(bag, piece, bytes < bag->bytes ? bytes : bag->bytes);
	status = cordon_child_wait(child, by < bag->until_ns ? by : bag->until_ns, ret_gone);
	if (status > 0 && piece->command)
		return status == NOT_STARTED ? -ENOEXEC : 0;
	return status > 0 ? -status : status;
}

/* ---- files without a name ----------------------------------------------------------------- */

static int open_spool(int folder)
{
	int fd = -1;

	if (folder >= 0)
		fd = openat(folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : memfd_create("cordon-evidence", MFD_CLOEXEC);
}

static FILE *open_list(int folder)
{
	const int fd = open_spool(folder);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* One that a child may still write to is nobody else's. */
static int empty_spool(struct cordon_bag *bag, bool gone)
{
	if (!gone) {
		cleanup_close(&bag->spool);
		bag->spool = open_spool(bag->spools);
	}
	if (bag->spool < 0 || ftruncate(bag->spool, 0) || lseek(bag->spool, 0, SEEK_SET))
		return -errno;
	return 0;
}

/* ---- the archive -------------------------------------------------------------------------- */

/* As sha256sum -c reads it: a name with such characters in it begins with one. */
static void list_file(FILE *manifest, const uint8_t *digest, const char *name)
{
	char text[65];

	cordon_hex_format(digest, 32, text);
	fprintf(manifest, "%s%s  ", strpbrk(name, "\\\n\r") ? "\\" : "", text);
	for (; *name; name++) {
		if (*name == '\\')
			fputs("\\\\", manifest);
		else if (*name == '\n')
			fputs("\\n", manifest);
		else if (*name == '\r')
			fputs("\\r", manifest);
		else
			fputc(*name, manifest);
	}
	fputc('\n', manifest);
}

static void add_file(struct cordon_bag *bag, const char *name, int fd, bool listed)
{
	char *path CLEANUP(free) = NULL;
	uint8_t digest[32];
	struct stat status;

	if (asprintf(&path, "%s/%s", bag->folder, name) < 0)
		bag->error = -ENOMEM;
	else if (fstat(fd, &status))
		bag->error = -errno;
	else
		bag->error = cordon_tar_add(&bag->tar, path, fd, (uint64_t)status.st_size, &digest);
	if (bag->error)
		return;
	if (listed)
		list_file(bag->manifest, digest, name);
	bag->files++;
}

static const char *explain(int error)
{
	switch (error) {
	case -ETIME:
		return "its time was up";
	case -ENODATA:
		return "there is none";
	case -EFBIG:
		return "it is larger than what there is room for";
	case -ELOOP:
		return "it is a symbolic link";
	case -ENOTSUP:
		return "it is no regular file";
	default:
		return strerror(-error);
	}
}

/* This machine has no such thing. */
static bool is_absent(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ENODATA;
}

static void note(struct cordon_bag *bag, const struct cordon_piece *piece, const char *before,
		 const char *why, bool absent)
{
	char text[128];

	snprintf(text, sizeof(text), "%s%s", before, why);
	*(absent ? &bag->absent : &bag->cut) += 1;
	print_clean(bag->missing, piece->name, SIZE_MAX);
	fprintf(bag->missing, ": %s\n", text);
	bag->teller(bag->state, piece->name, text, absent);
}

static void keep(struct cordon_bag *bag, const struct cordon_piece *piece, int error)
{
	struct stat status;

	if (fstat(bag->spool, &status)) {
		bag->error = -errno;
		return;
	}
	if (!status.st_size && piece->command && !error)
		error = -ENODATA;
	if (error && !status.st_size) {
		note(bag, piece, "", explain(error), is_absent(error) && !piece->wanted);
		return;
	}
	if (error)
		note(bag, piece, "only in part: ", explain(error), false);
	add_file(bag, piece->name, bag->spool, true);
	bag->bytes -= (uint64_t)status.st_size < bag->bytes ? (uint64_t)status.st_size : bag->bytes;
}

void cordon_bag_add(struct cordon_bag *bag, const struct cordon_piece *piece)
{
	bool gone = true;
	int error;

	if (bag->error)
		return;
	if (cordon_clock_ns() >= bag->until_ns || !bag->bytes) {
		note(bag, piece, "left out: ",
		     bag->bytes ? "the time for all was up" : "there was no room for more", false);
		return;
	}
	error = run(bag, piece, &gone);
	keep(bag, piece, error);
	if (!bag->error)
		bag->error = empty_spool(bag, gone);
}

int cordon_bag_begin(struct cordon_bag *bag, int to, int spools)
{
	cordon_tar_begin(&bag->tar, to, cordon_clock_wall() / (int64_t)SECOND);
	bag->spools = spools;
	bag->spool = open_spool(spools);
	bag->missing = open_list(spools);
	bag->manifest = open_list(spools);
	return bag->spool < 0 || !bag->missing || !bag->manifest ? -errno : 0;
}

static void add_list(struct cordon_bag *bag, const char *name, FILE *list, bool listed)
{
	if (bag->error)
		return;
	if (fflush(list) || ferror(list))
		bag->error = errno ? -errno : -EIO;
	else
		add_file(bag, name, fileno(list), listed);
}

int cordon_bag_end(struct cordon_bag *bag, uint8_t (*ret_digest)[32])
{
	add_list(bag, "missing", bag->missing, true);
	add_list(bag, "manifest", bag->manifest, false);
	if (!bag->error)
		bag->error = cordon_tar_end(&bag->tar, ret_digest);
	return bag->error;
}

void cordon_bag_close(struct cordon_bag *bag)
{
	cleanup_close(&bag->spool);
	cleanup_fclose(&bag->missing);
	cleanup_fclose(&bag->manifest);
}
