// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs `openssl cms -sign`.  What goes in and comes out are files in memory, so
 * that standard input is free for a passphrase where there is no terminal.
 */
#include "sign_run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define CMS_MAX (CORDON_BUNDLE_FILE_MAX + 65536)
#define SAID_MAX 65536

struct memory_path {
	char text[32];
};

static struct memory_path path_of(int fd)
{
	struct memory_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

/* Standard error is kept, and told in one line if need be. */
static int spawn_and_wait(char *const *argv, int said, int *ret_status)
{
	posix_spawn_file_actions_t actions;
	pid_t child = -1;
	int error;

	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	error = -posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
	if (!error)
		error = -posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return error;
	while (waitpid(child, ret_status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* What openssl is asked to do, between a file that it reads and one that it writes. */
typedef int run_openssl(const struct cordon_signing *with, int in, int out, int said,
			int *ret_status);

static int run_cms(const struct cordon_signing *with, int in, int out, int said, int *ret_status)
{
	struct memory_path from = path_of(in), to = path_of(out);
	/* Each option makes of the message what the kernel's verifier takes, too. */
	const char *const argv[] = { "openssl",		"cms",	    "-sign",	"-binary",
				     "-nodetach",	"-noattr",  "-nocerts", "-md",
				     "sha256",		"-outform", "DER",	"-in",
				     from.text,		"-out",	    to.text,	"-signer",
				     with->certificate, "-inkey",   with->key,	NULL };

	return spawn_and_wait((char *const *)argv, said, ret_status);
}

static int run_digest(const struct cordon_signing *with, int in, int out, int said, int *ret_status)
{
	struct memory_path from = path_of(in), to = path_of(out);
	const char *const argv[] = { "openssl", "dgst",	 "-sha256", "-sign", with->key,
				     "-out",	to.text, from.text, NULL };

	return spawn_and_wait((char *const *)argv, said, ret_status);
}

static bool has_said(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strstr(text, *words))
			return true;
	}
	return false;
}

static int refuse(const struct cordon_signing *with, const char *text,
		  struct cordon_failure *failure)
{
	static const char *const passphrase[] = { "bad decrypt",
						  "bad password",
						  "wrong password",
						  "read password",
						  "reading password",
						  "interrupted or cancelled",
						  NULL };
	static const char *const mismatch[] = { "does not match", "mismatch", NULL };

	if (has_said(text, mismatch))
		return cordon_fail(failure, -EINVAL, "the key %s is not that of certificate %s",
				   with->key, with->certificate);
	if (has_said(text, passphrase))
		return cordon_fail(failure, -EINVAL, "the passphrase of %s is wrong", with->key);
	return cordon_fail(failure, -EINVAL, "cannot use the key %s; openssl says: %.*s", with->key,
			   (int)strcspn(text, "\r\n"), text[0] ? text : "nothing");
}

static int fail_openssl(const struct cordon_signing *with, int said, struct cordon_failure *failure)
{
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;

	if (cordon_file_read(path_of(said).text, SAID_MAX, &file))
		return refuse(with, "", failure);
	text = file.text;
	for (size_t i = 0; i < file.size; i++) {
		if ((text[i] < ' ' && text[i] != '\n') || text[i] > '~')
			text[i] = '?';
	}
	return refuse(with, text, failure);
}

static int make_memory(int *ret_fd)
{
	/* Not closed on exec: that is how openssl gets at it. */
	*ret_fd = memfd_create("cordon-sign", 0);
	return *ret_fd < 0 ? -errno : 0;
}

static int sign(int in, const struct cordon_signing *with, run_openssl *run,
		struct cordon_failure *failure, struct cordon_file *ret_file)
{
	int out CLEANUP(close) = -1;
	int said CLEANUP(close) = -1;
	int status = 0;
	int error = make_memory(&out);

	if (!error)
		error = make_memory(&said);
	if (!error)
		error = run(with, in, out, said, &status);
	if (error == -ENOENT)
		return cordon_fail(failure, error,
				   "the program openssl, which signs, is not installed");
	if (!error && status)
		return fail_openssl(with, said, failure);
	return error ? error : cordon_file_read(path_of(out).text, CMS_MAX, ret_file);
}

static int sign_text(const char *text, size_t size, const struct cordon_signing *with,
		     run_openssl *run, struct cordon_failure *failure, struct cordon_file *ret_file)
{
	int in CLEANUP(close) = -1;
	int error = make_memory(&in);

	if (!error)
		error = cordon_file_write(in, text, size);
	if (!error)
		error = sign(in, with, run, failure, ret_file);
	return error ? cordon_fail(failure, error, "cannot run openssl: %s", strerror(-error)) : 0;
}

int sign_run(const char *text, size_t size, const struct cordon_signing *with,
	     struct cordon_failure *failure, uint8_t **ret_cms, size_t *ret_size)
{
	struct cordon_file file = { .size = 0 };
	const int error = sign_text(text, size, with, run_cms, failure, &file);

	if (error)
		return error;
	*ret_cms = (uint8_t *)file.text;
	*ret_size = file.size;
	return 0;
}

int sign_run_bytes(const void *bytes, size_t size, const struct cordon_signing *with,
		   struct cordon_failure *failure, uint8_t **ret_signature, size_t *ret_size)
{
	struct cordon_file file = { .size = 0 };
	const int error = sign_text(bytes, size, with, run_digest, failure, &file);

	if (error)
		return error;
	*ret_signature = (uint8_t *)file.text;
	*ret_size = file.size;
	return 0;
}
