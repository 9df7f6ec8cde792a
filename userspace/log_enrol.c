// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log's own key; see log_enrol.h.
 */
#include "log_enrol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"

#define DIGITS (2 * CORDON_LOG_KEY_SIZE)
/* With what an editor or a mail may have put behind it. */
#define KEY_FILE_MAX 4096

#define WHAT "a log's key is the line of 64 hexadecimal digits that cordon log key hands out"

/* ---- in a file elsewhere ------------------------------------------------------------------ */

static int parse_key(const char *path, char *text, struct cordon_failure *failure,
		     uint8_t (*ret_secret)[CORDON_LOG_KEY_SIZE])
{
	const size_t digits = strspn(text, "0123456789abcdefABCDEF");
	const size_t end = digits + strspn(text + digits, " \t\r\n");

	if (digits == DIGITS && !text[end]) {
		text[digits] = '\0';
		for (size_t i = 0; i < digits; i++)
			text[i] |= text[i] >= 'A' ? 0x20 : 0;
		return cordon_hex_read(text, ret_secret, sizeof(*ret_secret));
	}
	if (text[end] && digits < DIGITS)
		return cordon_fail(failure, -EINVAL,
				   "%s:1:%zu: this is no hexadecimal digit; " WHAT, path,
				   digits + 1);
	if (text[end])
		return cordon_fail(failure, -EINVAL,
				   "%s: there is more behind the first line; " WHAT, path);
	return cordon_fail(failure, -EINVAL, "%s: it has %zu digits; " WHAT, path, digits);
}

int cordon_log_key_read(const char *path, struct cordon_failure *failure,
			uint8_t (*ret_secret)[CORDON_LOG_KEY_SIZE])
{
	struct cordon_file file;
	int error;

	error = cordon_file_read(path, KEY_FILE_MAX, &file);
	if (error)
		return cordon_fail(failure, error, "cannot read the key in %s: %s; " WHAT, path,
				   cordon_file_problem(error));
	if (strlen(file.text) != file.size)
		error = cordon_fail(failure, -EINVAL, "%s: it is no text; " WHAT, path);
	else
		error = parse_key(path, file.text, failure, ret_secret);
	explicit_bzero(file.text, file.size);
	free(file.text);
	return error;
}

/* ---- on the node -------------------------------------------------------------------------- */

static int say_not_there(int folder, const char *path, struct cordon_failure *failure)
{
	if (faccessat(folder, CORDON_LOG_KEYS_FILE, F_OK, 0))
		return cordon_fail(
			failure, -ENOENT,
			"%s: no log was begun yet; cordon run and every change of policy "
			"or latch begin it",
			path);
	return cordon_fail(failure, -ENODATA,
			   "%s: the key was taken already: it is handed out once, and no longer on "
			   "this node",
			   path);
}

/* Who waited for another's lock holds a file that is gone. */
static int lock(int fd)
{
	struct stat stat;

	if (flock(fd, LOCK_EX) || fstat(fd, &stat))
		return -errno;
	return stat.st_nlink ? 0 : -ENOENT;
}

/* Open to write: a key that cannot be erased is not handed out. */
static int open_enrol(int folder, int *ret_fd)
{
	int fd CLEANUP(close) =
		openat(folder, CORDON_LOG_ENROL_FILE, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = lock(fd);
	if (!error)
		*ret_fd = TAKE_FD(fd);
	return error;
}

static bool is_whole(const struct cordon_log_key_text *key, ssize_t size)
{
	return size == DIGITS + 1 && strspn(key->text, "0123456789abcdef") == DIGITS &&
	       key->text[DIGITS] == '\n';
}

int cordon_log_enrol_open(int folder, const char *path, struct cordon_failure *failure, int *ret_fd,
			  struct cordon_log_key_text *ret_key)
{
	struct cordon_log_key_text key = { "" };
	int fd CLEANUP(close) = -1;
	int error;

	/* Before the keys of its chains are there it is not the log's. */
	error = faccessat(folder, CORDON_LOG_KEYS_FILE, F_OK, 0) ? -ENOENT :
								   open_enrol(folder, &fd);
	if (error == -ENOENT)
		return say_not_there(folder, path, failure);
	if (error)
		return cordon_fail(failure, error, "cannot take the key from %s/%s: %s", path,
				   CORDON_LOG_ENROL_FILE, strerror(-error));
	if (!is_whole(&key, pread(fd, key.text, sizeof(key.text) - 1, 0)))
		return cordon_fail(
			failure, -EBADMSG,
			"%s/%s is damaged: the log's key is lost, and what it seals cannot be "
			"proved; remove the folder to begin another log",
			path, CORDON_LOG_ENROL_FILE);
	*ret_key = key;
	explicit_bzero(&key, sizeof(key));
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int overwrite(int fd)
{
	static const char zeros[DIGITS + 1];
	const ssize_t written = pwrite(fd, zeros, sizeof(zeros), 0);

	if (written != sizeof(zeros))
		return written < 0 ? -errno : -EIO;
	return fsync(fd) ? -errno : 0;
}

int cordon_log_enrol_erase(int folder, int fd, const char *path, struct cordon_failure *failure)
{
	const int kept = overwrite(fd);
	int error = 0;

	if (unlinkat(folder, CORDON_LOG_ENROL_FILE, 0) || fsync(folder))
		error = -errno;
	if (!error)
		error = kept;
	return error ? cordon_fail(
			       failure, error,
			       "the key was handed out, but %s/%s could not be erased: %s; remove "
			       "it by hand",
			       path, CORDON_LOG_ENROL_FILE, strerror(-error)) :
		       0;
}
