// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon evidence: capture what there is to see now.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cordon/order.h>

#include "command.h"
#include "evidence.h"
#include "util/array.h"
#include "util/hex.h"
#include "util/print.h"

#define ADDED_MAX 64
#define BYTES_MIN (64ULL << 10)
#define BYTES_MAX (4ULL << 30)
#define SECONDS_MAX 3600

/* ---- options ------------------------------------------------------------------------------ */

/* struct options - @add: of --add */
struct options {
	const char *add[ADDED_MAX];
	size_t nr_add;
	const char *reason;
	const char *limit;
	const char *time;
	const char *out;
};

static bool leads_up(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2) {
		if ((at == path || at[-1] == '/') && (!at[2] || at[2] == '/'))
			return true;
	}
	return false;
}

static int add_path(const struct cordon_call *call, struct options *options, const char *path)
{
	if (!path)
		return cordon_fail(call->failure, -EINVAL, "--add needs a value");
	if (path[0] != '/' || leads_up(path))
		return cordon_fail(call->failure, -EINVAL,
				   "--add takes a path that begins with / and has no .. in it");
	if (options->nr_add == ARRAY_SIZE(options->add))
		return cordon_fail(call->failure, -EINVAL, "at most %zu files can be added",
				   ARRAY_SIZE(options->add));
	options->add[options->nr_add++] = path;
	return 0;
}

/* The only option that may be given several times: taken out before the rest is read. */
static int take_added(struct cordon_call *call, struct options *options)
{
	int left = 1, error = 0;

	for (int i = 1; i < call->argc && !error; i++) {
		const char *text = call->argv[i];

		if (!strcmp(text, "--add"))
			error = add_path(call, options, call->argv[++i]);
		else if (!strncmp(text, "--add=", 6))
			error = add_path(call, options, text + 6);
		else
			call->argv[left++] = call->argv[i];
	}
	call->argv[left] = NULL;
	call->argc = left;
	return error;
}

/* "500k", "64M", "1G", or bytes; in capitals or not */
static int read_limit(const struct cordon_call *call, const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "kmg";
	uint64_t bytes;
	const char *unit;
	char *end;

	errno = 0;
	bytes = strtoull(text, &end, 10);
	unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	if (unit && !errno && bytes <= BYTES_MAX) {
		bytes <<= 10 * (unit - units + 1);
		end++;
	}
	if (text[0] < '0' || text[0] > '9' || *end || errno || bytes < BYTES_MIN ||
	    bytes > BYTES_MAX)
		return cordon_fail(call->failure, -EINVAL, "--limit: %s is no size from 64k to 4G",
				   text);
	*ret_bytes = bytes;
	return 0;
}

static int read_wish(const struct cordon_call *call, const struct options *options,
		     struct cordon_evidence_wish *wish)
{
	unsigned long seconds = CORDON_EVIDENCE_SECONDS;
	int error = 0;

	if (options->limit)
		error = read_limit(call, options->limit, &wish->bytes);
	if (!error && options->time)
		error = cordon_call_number(call, "--time", options->time, 1, SECONDS_MAX, &seconds);
	if (!error && options->reason && strlen(options->reason) > CORDON_ORDER_REASON_MAX)
		error = cordon_fail(call->failure, -EINVAL, "--reason is longer than %d bytes",
				    CORDON_ORDER_REASON_MAX);
	wish->seconds = (unsigned int)seconds;
	wish->reason = options->reason;
	wish->out = options->out;
	wish->add = options->add;
	wish->nr_add = options->nr_add;
	return error;
}

/* ---- what is said ------------------------------------------------------------------------- */

static void tell_missing(void *state, const char *name, const char *why, bool absent)
{
	(void)state;
	if (absent)
		return;
	fputs("cordon: missing: ", stderr);
	print_clean(stderr, name, strlen(name));
	fprintf(stderr, ": %s\n", why);
}

static void print_text(FILE *file, const struct cordon_evidence *evidence, const char *digest)
{
	char size[32];

	fprintf(file, "%s: %u files, %s", evidence->path.text, evidence->files,
		print_size(evidence->size, &size));
	if (evidence->cut)
		fprintf(file, ", %u not whole or left out", evidence->cut);
	fprintf(file, "\nsha256 %s\n", digest);
}

static void print_json(FILE *file, const struct cordon_evidence *evidence, const char *digest)
{
	struct json json = { .file = file };

	json_object(&json, NULL);
	json_string(&json, "path", evidence->path.text);
	json_string(&json, "sha256", digest);
	json_number(&json, "bytes", evidence->size);
	json_number(&json, "files", evidence->files);
	json_number(&json, "cut", evidence->cut);
	json_number(&json, "absent", evidence->absent);
	json_object_end(&json);
	json_line_end(&json);
}

static int capture(const struct cordon_call *call, const struct cordon_evidence_wish *wish)
{
	const bool piped = wish->out && !strcmp(wish->out, "-");
	struct cordon_evidence evidence;
	char digest[2 * sizeof(evidence.digest) + 1];
	int error;

	if (piped && isatty(STDOUT_FILENO))
		return cordon_fail(call->failure, -EINVAL, "an archive is nothing for a terminal");
	error = cordon_evidence_take(call->context, wish, call->failure, &evidence);
	if (error)
		return error;
	cordon_hex_format(evidence.digest, sizeof(evidence.digest), digest);
	(call->context->json ? print_json : print_text)(piped ? stderr : stdout, &evidence, digest);
	return evidence.cut ? CORDON_EXIT_DEGRADED : CORDON_EXIT_DONE;
}

int cordon_cmd_evidence(const struct cordon_call *call)
{
	struct cordon_call rest = *call;
	struct options options = { .nr_add = 0 };
	const struct cordon_flag flags[] = {
		{ "--reason", NULL, &options.reason },
		{ "--limit", NULL, &options.limit },
		{ "--time", NULL, &options.time },
		{ NULL, NULL, NULL },
	};
	struct cordon_evidence_wish wish = {
		.bytes = CORDON_EVIDENCE_BYTES,
		.teller = tell_missing,
	};

	if (take_added(&rest, &options) ||
	    cordon_call_flags(&rest, flags, 0, 1, &options.out) < 0 ||
	    read_wish(&rest, &options, &wish))
		return CORDON_EXIT_USAGE;
	return capture(call, &wish);
}
