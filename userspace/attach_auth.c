// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes on the machine's libpam; see attach_auth.h.
 */
#include "attach_auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <cordon/uapi/auth.h>

#include "attach_link.h"
#include "load.h"
#include "symbol.h"
#include "util/array.h"
#include "util/cleanup.h"

#if defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#endif

/* Where distributions have it. */
static const char *const libraries[] = {
	"/usr/lib/" TRIPLET "/libpam.so.0",
	"/lib/" TRIPLET "/libpam.so.0",
	"/usr/lib64/libpam.so.0",
	"/lib64/libpam.so.0",
	"/usr/lib/libpam.so.0",
	"/lib/libpam.so.0",
};

static const struct {
	const char *function;
	const char *name;
} calls[CORDON_PAM_CALL_COUNT] = {
#define CORDON_PAM_CALL(id, function, text) [CORDON_PAM_##id] = { function, text },
	CORDON_PAM_CALLS(CORDON_PAM_CALL)
#undef CORDON_PAM_CALL
};

static const char *find_library(struct stat *ret_status)
{
	for (size_t i = 0; i < ARRAY_SIZE(libraries); i++) {
		if (!stat(libraries[i], ret_status))
			return libraries[i];
	}
	return NULL;
}

static int attach(const struct cordon_context *context, const char *library, unsigned int call,
		  bool returns)
{
	const struct cordon_path path =
		cordon_path_pin(context, "progs", returns ? "pam_return" : "pam_enter");
	const int program CLEANUP(close) = bpf_obj_get(path.text);
	int fd CLEANUP(close) = -1;
	uint64_t offset;
	char pin[64];
	int error;

	if (program < 0)
		return program;
	error = cordon_symbol_offset(library, calls[call].function, &offset);
	if (error)
		return error;
	fd = cordon_uprobe_link(program, library, offset, returns, call);
	snprintf(pin, sizeof(pin), "pam-%s%s", calls[call].name, returns ? "-return" : "");
	return fd < 0 ? fd : cordon_link_pin(context, pin, fd);
}

/* What has come in is told when it returns: the way in first. */
static int attach_all(const struct cordon_context *context, const char *library,
		      struct cordon_failure *failure)
{
	for (unsigned int call = 0; call < CORDON_PAM_CALL_COUNT; call++) {
		int error = attach(context, library, call, false);

		if (!error)
			error = attach(context, library, call, true);
		if (error)
			return cordon_fail(failure, error, "cannot follow %s of %s: %s",
					   calls[call].function, library, strerror(-error));
	}
	return 0;
}

int cordon_auth_attach(const struct cordon_context *context, struct cordon_pam *pam,
		       struct cordon_failure *failure)
{
	struct stat status;
	const char *library = find_library(&status);
	int lock CLEANUP(close) = -1;
	int error;

	if (!library || (pam->device == status.st_dev && pam->inode == status.st_ino))
		return 0;
	error = cordon_lock_take(context, failure, &lock);
	if (!error)
		error = cordon_load_auth(context, failure);
	if (!error)
		error = attach_all(context, library, failure);
	if (error)
		return error;
	*pam = (struct cordon_pam){ status.st_dev, status.st_ino };
	return 0;
}
