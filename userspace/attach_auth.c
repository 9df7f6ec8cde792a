// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes on the machine's libpam and libaudit; see attach_auth.h.
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
#include "attach_source.h"
#include "symbol.h"
#include "util/array.h"
#include "util/cleanup.h"

#if defined(__x86_64__)
#define TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#endif

#define LIBPAM "libpam.so.0"
#define LIBAUDIT "libaudit.so.1"

/* Where distributions have them. */
static const char *const folders[] = {
	"/usr/lib/" TRIPLET, "/lib/" TRIPLET, "/usr/lib64", "/lib64", "/usr/lib", "/lib",
};

static const struct {
	const char *function;
	const char *name;
} calls[CORDON_PAM_CALL_COUNT] = {
#define CORDON_PAM_CALL(id, function, text) [CORDON_PAM_##id] = { function, text },
	CORDON_PAM_CALLS(CORDON_PAM_CALL)
#undef CORDON_PAM_CALL
};

/* Return: false: there is none */
static bool find_library(const char *name, struct cordon_path *ret_path,
			 struct cordon_library *ret_library)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct stat status;

		snprintf(ret_path->text, sizeof(ret_path->text), "%s/%s", folders[i], name);
		if (stat(ret_path->text, &status))
			continue;
		*ret_library = (struct cordon_library){ status.st_dev, status.st_ino };
		return true;
	}
	return false;
}

static bool is_same(const struct cordon_library *a, const struct cordon_library *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/**
 * struct probe - a program at a function
 * @pin: its link's
 */
struct probe {
	const char *function;
	const char *program;
	const char *pin;
	bool returns;
	unsigned int cookie;
};

static int attach(const struct cordon_context *context, const char *library,
		  const struct probe *probe)
{
	const int program CLEANUP(close) = cordon_source_program(context, probe->program);
	int fd CLEANUP(close) = -1;
	uint64_t offset;
	int error;

	if (program < 0)
		return program;
	error = cordon_symbol_offset(library, probe->function, &offset);
	if (error)
		return error;
	fd = cordon_uprobe_link(program, library, offset, probe->returns, probe->cookie);
	return fd < 0 ? fd : cordon_link_pin(context, probe->pin, fd);
}

static void name_pin(unsigned int call, bool returns, char (*ret_pin)[64])
{
	snprintf(*ret_pin, sizeof(*ret_pin), "pam-%s%s", calls[call].name,
		 returns ? "-return" : "");
}

static const char *pam_program(bool returns)
{
	return returns ? "pam_return" : "pam_enter";
}

static int attach_call(const struct cordon_context *context, const char *library, unsigned int call,
		       bool returns)
{
	char pin[64];
	const struct probe probe = {
		calls[call].function, pam_program(returns), pin, returns, call,
	};

	name_pin(call, returns, &pin);
	return attach(context, library, &probe);
}

/* What has come in is told when it returns: the way in first. */
static int attach_pam(const struct cordon_context *context, const void *of,
		      struct cordon_failure *failure)
{
	const char *library = of;

	for (unsigned int call = 0; call < CORDON_PAM_CALL_COUNT; call++) {
		int error = attach_call(context, library, call, false);

		if (!error)
			error = attach_call(context, library, call, true);
		if (error)
			return cordon_fail(failure, error, "cannot follow %s of %s: %s",
					   calls[call].function, library, strerror(-error));
	}
	return 0;
}

static const struct probe audit = { "audit_log_acct_message", "audit_enter", "audit-account", false,
				    0 };

static int attach_audit(const struct cordon_context *context, const void *of,
			struct cordon_failure *failure)
{
	const char *library = of;
	const int error = attach(context, library, &audit);

	return error ? cordon_fail(failure, error, "cannot follow %s of %s: %s", audit.function,
				   library, strerror(-error)) :
		       0;
}

static int follow(const struct cordon_context *context, const char *name,
		  struct cordon_library *library, cordon_source_attacher attach_library,
		  struct cordon_failure *failure)
{
	struct cordon_library found;
	struct cordon_path path;
	int error;

	if (!find_library(name, &path, &found) || is_same(&found, library))
		return 0;
	error = cordon_source_attach(context, CORDON_WATCHERS_AUTH, attach_library, path.text,
				     failure);
	if (!error)
		*library = found;
	return error;
}

int cordon_auth_attach(const struct cordon_context *context, struct cordon_pam *pam,
		       struct cordon_failure *failure)
{
	const int error = follow(context, LIBPAM, &pam->pam, attach_pam, failure);

	return error ? error : follow(context, LIBAUDIT, &pam->audit, attach_audit, failure);
}

/* Which file they are on nobody asks: the daemon follows that. */
void cordon_auth_survey(const struct cordon_source_survey *survey)
{
	struct cordon_library unused;
	struct cordon_path path;
	const bool pam = find_library(LIBPAM, &path, &unused);
	char pin[64];

	for (unsigned int i = 0; i < 2 * CORDON_PAM_CALL_COUNT; i++) {
		name_pin(i / 2, i % 2, &pin);
		cordon_source_add(survey, pin, pam_program(i % 2), pam, 0);
	}
	cordon_source_add(survey, audit.pin, audit.program, find_library(LIBAUDIT, &path, &unused),
			  0);
}
