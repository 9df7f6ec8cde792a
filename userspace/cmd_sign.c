// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon sign: make orders, countersign and read them.  A file is written whole
 * or not at all, and never in another's place unless asked to.
 */
#include "cmd_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"
#include "util/print.h"

/* ---- options ----------------------------------------------------------------------------- */

static const struct {
	const char *flag;
	const char *key;
	bool needed;
} fields[CMD_SIGN_FIELDS] = {
	{ "--node", "node", false },
	{ "--fleet", "fleet", false },
	{ "--issuer", "issuer", true },
	{ "--counter", "counter", true },
	{ "--reason", "reason", true },
	{ "--not-before-boot", "not-before-boot", false },
	{ "--lease", "lease", false },
	{ "--challenge", "challenge", false },
	{ "--evidence", "evidence", false },
	[CMD_SIGN_ANCHOR] = { "--anchor", "anchor", false },
	[CMD_SIGN_ANCHOR_SIGNATURES] = { "--anchor-signatures", "anchor-signatures", false },
};

/* Return: words taken; 0: it is another option; -EINVAL. */
static int take_value(const struct cordon_call *call, int at, const char *name,
		      const char **ret_value)
{
	const char *text = call->argv[at];
	const size_t length = strlen(name);

	if (strncmp(text, name, length) != 0 || (text[length] && text[length] != '='))
		return 0;
	*ret_value = text[length] ? text + length + 1 : call->argv[at + 1];
	if (!*ret_value)
		return cordon_fail(call->failure, -EINVAL, "%s needs a value", name);
	return text[length] ? 1 : 2;
}

static int take_signer(const struct cordon_call *call, int at, struct cmd_sign *sign, size_t *keys)
{
	const char *value = NULL;
	int taken = take_value(call, at, "--cert", &value);

	if (taken > 0 && sign->nr < ARRAY_SIZE(sign->with))
		sign->with[sign->nr++].certificate = value;
	else if (taken > 0)
		return cordon_fail(call->failure, -EINVAL, "at most %zu may sign",
				   ARRAY_SIZE(sign->with));
	if (taken)
		return taken;
	taken = take_value(call, at, "--key", &value);
	if (taken > 0 && *keys < ARRAY_SIZE(sign->with))
		sign->with[(*keys)++].key = value;
	return taken;
}

/* The only options that may be given several times: taken out before the rest is read. */
static int take_signers(struct cordon_call *call, struct cmd_sign *sign)
{
	size_t keys = 0;
	int left = 1;

	for (int i = 1, taken; i < call->argc; i += taken) {
		taken = take_signer(call, i, sign, &keys);
		if (taken < 0)
			return taken;
		if (taken)
			continue;
		call->argv[left++] = call->argv[i];
		taken = 1;
	}
	call->argc = left;
	call->argv[left] = NULL;
	if (sign->nr != keys)
		return cordon_fail(call->failure, -EINVAL, "each --cert needs its --key");
	return 0;
}

/* Return: false: call->failure says what is wrong. */
static bool read_options(struct cordon_call *call, struct cmd_sign *sign, bool order, int most,
			 const char **arguments)
{
	struct cordon_flag flags[CMD_SIGN_FIELDS + 4] = {
		{ "-o", NULL, &sign->out },
		{ "--force", &sign->force, NULL },
	};

	if (order)
		flags[2] = (struct cordon_flag){ "--trust", NULL, &sign->trust };
	for (size_t i = 0; order && i < ARRAY_SIZE(fields); i++)
		flags[3 + i] = (struct cordon_flag){ fields[i].flag, NULL, &sign->manifest[i] };
	if (take_signers(call, sign) || cordon_call_flags(call, flags, 1, most, arguments) < 0)
		return false;
	if (sign->nr && sign->out)
		return true;
	cordon_fail(call->failure, -EINVAL,
		    sign->nr ? "-o says where it is written to" : "--cert and --key say who signs");
	return false;
}

/* ---- the order --------------------------------------------------------------------------- */

static int check_options(const struct cordon_call *call, const struct cmd_sign *sign)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].needed && !sign->manifest[i])
			return cordon_fail(call->failure, -EINVAL, "%s is missing", fields[i].flag);
		if (sign->manifest[i] && strchr(sign->manifest[i], '\n'))
			return cordon_fail(call->failure, -EINVAL, "%s has a line feed in it",
					   fields[i].flag);
	}
	if (!sign->manifest[0] == !sign->manifest[1])
		return cordon_fail(call->failure, -EINVAL,
				   "--node or --fleet says for whom it is: one of the two");
	return 0;
}

static char *write_manifest(const struct cmd_sign *sign, const char *action, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	if (!file)
		return NULL;
	fprintf(file, "%s\naction: %s\n", CORDON_ORDER_HEAD, action);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (sign->manifest[i])
			fprintf(file, "%s: %s\n", fields[i].key, sign->manifest[i]);
	}
	if (!fclose(file))
		return text;
	free(text);
	return NULL;
}

/* Lines are those of a text that the user does not see. */
static const char *without_line(const char *text)
{
	const char *colon = strncmp(text, "line ", 5) ? NULL : strstr(text, ": ");

	return colon ? colon + 2 : text;
}

int cmd_sign_manifest(const struct cordon_call *call, const struct cmd_sign *sign,
		      const char *action, struct cordon_order *ret_order)
{
	struct cordon_failure failure = { .text = "" };
	char *text CLEANUP(free) = NULL;
	size_t size;
	int error = check_options(call, sign);

	if (error)
		return error;
	text = write_manifest(sign, action, &size);
	if (!text)
		return -ENOMEM;
	error = cordon_order_parse(text, size, &failure, ret_order);
	return error ? cordon_fail(call->failure, error, "%s", without_line(failure.text)) : 0;
}

/* ---- the file ---------------------------------------------------------------------------- */

static int check_free(const struct cordon_call *call, const struct cmd_sign *sign)
{
	if (sign->force || access(sign->out, F_OK))
		return 0;
	return cordon_fail(call->failure, -EEXIST, "%s is there already; --force replaces it",
			   sign->out);
}

static int write_aside(const char *path, const void *bytes, size_t size)
{
	const int fd CLEANUP(close) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	const int error = fd < 0 ? -errno : cordon_file_write(fd, bytes, size);

	return error ? error : fsync(fd) ? -errno : 0;
}

static int move(const char *from, const char *to, bool force)
{
	/* A file system that knows no RENAME_NOREPLACE says EINVAL; access() was asked before. */
	if (!force && !renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return 0;
	if (!force && errno != EINVAL)
		return -errno;
	return rename(from, to) ? -errno : 0;
}

int cmd_sign_write(const struct cordon_call *call, const struct cmd_sign *sign, const void *bytes,
		   size_t size)
{
	char *aside CLEANUP(free) = NULL;
	int error;

	if (asprintf(&aside, "%s.%d.new", sign->out, (int)getpid()) < 0) {
		aside = NULL;
		return -ENOMEM;
	}
	error = write_aside(aside, bytes, size);
	if (!error)
		error = move(aside, sign->out, sign->force);
	if (!error)
		return 0;
	unlink(aside);
	return cordon_fail(call->failure, error, "cannot write %s: %s", sign->out,
			   strerror(-error));
}

static void print_done(const struct cordon_call *call, const struct cmd_sign *sign,
		       const struct cordon_order *order, size_t signatures)
{
	struct json json = { .file = stdout };
	char action[96];

	cordon_order_action_text(order, &action);
	if (!call->context->json) {
		printf("%s: %s, for %s %s, counter %" PRIu64 ", %zu signature%s\n", sign->out,
		       action, order->nodes[0] ? "node" : "fleet",
		       order->nodes[0] ? order->nodes : order->fleets, order->counter, signatures,
		       signatures == 1 ? "" : "s");
		return;
	}
	json_object(&json, NULL);
	json_string(&json, "file", sign->out);
	json_string(&json, "action", action);
	json_string(&json, "node", order->nodes);
	json_string(&json, "fleet", order->fleets);
	json_number(&json, "counter", order->counter);
	json_number(&json, "signatures", signatures);
	json_object_end(&json);
	json_line_end(&json);
}

int cmd_sign_finish(const struct cordon_call *call, const struct cmd_sign *sign,
		    const struct cordon_order *order, const char *text, size_t size)
{
	unsigned char *bytes = NULL;
	size_t length = 0;
	int error = check_free(call, sign);

	if (!error)
		error = cordon_sign_make(text, size, sign->with, sign->nr, call->failure, &bytes,
					 &length);
	if (!error)
		error = cmd_sign_write(call, sign, bytes, length);
	free(bytes);
	if (!error)
		print_done(call, sign, order, sign->nr);
	return error;
}

int cmd_sign_read(const struct cordon_call *call, const char *path,
		  const struct cordon_trust *trust, struct cordon_signed *ret_message)
{
	struct cordon_failure failure = { .text = "" };
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	int error = cordon_file_read(path, CORDON_BUNDLE_FILE_MAX, &file);

	if (error)
		return cordon_fail(call->failure, error, "cannot read %s: %s", path,
				   cordon_file_problem(error));
	text = file.text;
	error = cordon_sign_open(text, file.size, trust, &failure, ret_message);
	return error ? cordon_fail(call->failure, error, "%s: %s", path, failure.text) : 0;
}

/* ---- subcommands ------------------------------------------------------------------------- */

static int sign_order(struct cordon_call *call)
{
	struct cmd_sign sign = { .nr = 0 };
	const char *words[2] = { NULL, NULL };
	char text[CORDON_ORDER_MANIFEST_MAX + 1], action[128];
	char *signatures CLEANUP(free) = NULL;
	struct cordon_order order;
	int error, size;

	if (!read_options(call, &sign, true, 2, words))
		return CORDON_EXIT_USAGE;
	snprintf(action, sizeof(action), "%s%s%s", words[0], words[1] ? " " : "",
		 words[1] ? words[1] : "");
	error = cmd_sign_anchor(call, &sign, &signatures);
	if (error)
		return error;
	if (cmd_sign_manifest(call, &sign, action, &order))
		return CORDON_EXIT_USAGE;
	size = cordon_order_format(&order, call->failure, text);
	return size < 0 ? size : cmd_sign_finish(call, &sign, &order, text, (size_t)size);
}

static int sign_policy(struct cordon_call *call)
{
	struct cmd_sign sign = { .nr = 0 };
	const char *path;

	if (!read_options(call, &sign, true, 1, &path))
		return CORDON_EXIT_USAGE;
	return cmd_sign_policy(call, &sign, path);
}

static int add_to(const struct cordon_call *call, const struct cmd_sign *sign, const char *path)
{
	struct cordon_failure failure = { .text = "" };
	char *text CLEANUP(free) = NULL;
	unsigned char *bytes CLEANUP(free) = NULL;
	struct cordon_file file;
	size_t size = 0;
	int error = cordon_file_read(path, CORDON_BUNDLE_FILE_MAX, &file);

	if (error)
		return cordon_fail(call->failure, error, "cannot read %s: %s", path,
				   cordon_file_problem(error));
	text = file.text;
	error = cordon_sign_add(text, file.size, sign->with, sign->nr, &failure, &bytes, &size);
	if (error)
		return cordon_fail(call->failure, error, "%s%s%s", error == -EBADMSG ? path : "",
				   error == -EBADMSG ? ": " : "", failure.text);
	return cmd_sign_write(call, sign, bytes, size);
}

/* Whoever signs what he did not write shall know that it is an order, and which. */
static int sign_add(struct cordon_call *call)
{
	const struct cordon_trust nobody = { .nr_certificates = 0 };
	struct cordon_signed message CLEANUP(signed) = { .text = NULL };
	struct cmd_sign sign = { .nr = 0 };
	struct cordon_order order;
	const char *path;
	int error;

	if (!read_options(call, &sign, false, 1, &path))
		return CORDON_EXIT_USAGE;
	error = check_free(call, &sign);
	if (!error)
		error = cmd_sign_read(call, path, &nobody, &message);
	if (!error)
		error = cordon_order_parse(message.text, message.size, call->failure, &order);
	if (!error)
		error = add_to(call, &sign, path);
	if (!error)
		print_done(call, &sign, &order, message.nr_signatures + sign.nr);
	return error;
}

/* Nobody signs yet. */
static int sign_anchor(struct cordon_call *call)
{
	struct cmd_sign sign = { .nr = 0 };
	const struct cordon_flag flags[] = {
		{ "-o", NULL, &sign.out },
		{ "--force", &sign.force, NULL },
		{ "--trust", NULL, &sign.trust },
		{ "--node", NULL, &sign.manifest[CMD_SIGN_NODE] },
		{ "--anchor", NULL, &sign.manifest[CMD_SIGN_ANCHOR] },
		{ NULL, NULL, NULL },
	};
	int error;

	if (cordon_call_flags(call, flags, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	if (!sign.out) {
		cordon_fail(call->failure, -EINVAL, "-o says where it is written to");
		return CORDON_EXIT_USAGE;
	}
	error = check_free(call, &sign);
	return error ? error : cmd_sign_anchor_text(call, &sign);
}

static int sign_show(struct cordon_call *call)
{
	const char *path, *trust = NULL;
	const struct cordon_flag flags[] = { { "--trust", NULL, &trust }, { NULL, NULL, NULL } };

	if (cordon_call_flags(call, flags, 1, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	return cmd_sign_show(call, path, trust);
}

/* 120 bits, in letters and digits that are not taken for each other. */
#define CODE_GROUPS 6
#define CODE_GROUP 4
#define CODE_SIZE (CODE_GROUPS * (CODE_GROUP + 1))

static int make_code(char (*ret_code)[CODE_SIZE])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz023456789";
	uint8_t random[CODE_GROUPS * CODE_GROUP];
	char *at = *ret_code;

	_Static_assert(sizeof(letters) == 32 + 1, "five bits make a letter");
	if (cordon_sign_random(random, sizeof(random)))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++) {
		if (i && i % CODE_GROUP == 0)
			*at++ = '-';
		*at++ = letters[random[i] % 32];
	}
	*at = '\0';
	return 0;
}

static int sign_code(struct cordon_call *call)
{
	struct json json = { .file = stdout };
	char code[CODE_SIZE], digits[65];
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	if (make_code(&code))
		return cordon_fail(call->failure, -EIO, "the kernel gives no random bytes");
	cordon_sign_digest(code, strlen(code), &digest);
	cordon_hex_format(digest, sizeof(digest), digits);
	if (call->context->json) {
		json_object(&json, NULL);
		json_string(&json, "code", code);
		json_string(&json, "break-glass", digits);
		json_object_end(&json);
		json_line_end(&json);
	} else {
		printf("%s\n\nKeep it where only who may reopen a node without a signature finds it; "
		       "it works once.\nIn the policy, below 'quarantine':\n\n"
		       "  break-glass: \"sha256:%s\"\n",
		       code, digits);
	}
	return CORDON_EXIT_DONE;
}

int cordon_cmd_sign(const struct cordon_call *call)
{
	static const struct {
		const char *name;
		int (*run)(struct cordon_call *call);
	} subcommands[] = { { "order", sign_order }, { "policy", sign_policy },
			    { "add", sign_add },     { "anchor", sign_anchor },
			    { "show", sign_show },   { "code", sign_code } };
	struct cordon_call rest = { call->context, call->argc - 1, call->argv + 1, call->failure };

	for (size_t i = 0; call->argc > 1 && i < ARRAY_SIZE(subcommands); i++) {
		if (!strcmp(call->argv[1], subcommands[i].name))
			return subcommands[i].run(&rest);
	}
	cordon_fail(call->failure, -EINVAL,
		    "it is 'order', 'policy', 'add', 'anchor', 'show' or 'code'");
	return CORDON_EXIT_USAGE;
}
