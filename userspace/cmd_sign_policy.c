// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon sign policy: a policy and what it includes, as one signed file.  What
 * is signed is what was checked: both are compared by digest.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_policy.h"
#include "cmd_sign.h"
#include "policy.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"

/**
 * struct bundle - a bundle being written
 * @folder: that of the policy, open, with a slash at its end: what an included file's
 *	path begins with, unless it is absolute
 * @digests: of each file, one after another
 */
struct bundle {
	const struct cordon_call *call;
	const char *path;
	char folder[32];
	const struct cordon_policy *policy;
	FILE *file;
	uint8_t (*digests)[CORDON_SIGN_DIGEST_SIZE];
};

/* "./lists//a" is "lists/a", the only form that a bundle has. */
static void clean_name(char *name)
{
	char *to = name;

	for (const char *from = name; *from;) {
		const size_t length = strcspn(from, "/");

		if (length && !(length == 1 && from[0] == '.')) {
			if (to != name)
				*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length + (from[length] == '/');
	}
	*to = '\0';
}

static int name_file(const struct bundle *bundle, const char *path, char (*ret_name)[PATH_MAX])
{
	const size_t length = strlen(bundle->folder);

	if (strncmp(path, bundle->folder, length) != 0)
		return cordon_fail(
			bundle->call->failure, -EINVAL,
			"%s includes %s: a bundle takes files below the policy's folder, "
			"by a path relative to it",
			bundle->path, path);
	snprintf(*ret_name, sizeof(*ret_name), "%s", path + length);
	clean_name(*ret_name);
	return 0;
}

static int write_file(const struct bundle *bundle, size_t index)
{
	const char *path = bundle->policy->files[index];
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	char name[PATH_MAX];
	int error = name_file(bundle, path, &name);

	if (error)
		return error;
	error = cordon_file_read(path, CORDON_BUNDLE_FILE_MAX, &file);
	if (error)
		return cordon_fail(bundle->call->failure, error, "cannot read %s: %s", name,
				   cordon_file_problem(error));
	text = file.text;
	cordon_sign_digest(text, file.size, &bundle->digests[index]);
	fprintf(bundle->file, "file %s %zu\n", name, file.size);
	fwrite(text, 1, file.size, bundle->file);
	fputc('\n', bundle->file);
	return 0;
}

static int check_digest(const struct bundle *bundle, const struct cordon_order *order)
{
	const size_t nr = bundle->policy->nr_files;
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	memcpy(digest, bundle->digests[0], sizeof(digest));
	if (nr > 1)
		cordon_sign_digest(bundle->digests, nr * sizeof(digest), &digest);
	if (!memcmp(digest, order->digest, sizeof(digest)))
		return 0;
	return cordon_fail(bundle->call->failure, -EAGAIN,
			   "%s or a file of it was changed while it was read", bundle->path);
}

static int write_bundle(struct bundle *bundle, const struct cordon_order *order)
{
	char text[CORDON_ORDER_MANIFEST_MAX + 1];
	int error = cordon_order_format(order, bundle->call->failure, text);

	if (error < 0)
		return error;
	fprintf(bundle->file, "%s\n", text);
	error = 0;
	for (size_t i = 0; i < bundle->policy->nr_files && !error; i++)
		error = write_file(bundle, i);
	return error ? error : check_digest(bundle, order);
}

/* Once more what the node will do, before it is signed. */
static int check_bundle(const struct bundle *bundle, const char *text, size_t size)
{
	struct cordon_order order;
	int error;

	if (size > CORDON_BUNDLE_FILE_MAX - CORDON_ORDER_FILE_MAX)
		return cordon_fail(bundle->call->failure, -EFBIG,
				   "%s and its files are larger than a bundle may be",
				   bundle->path);
	error = cordon_order_parse(text, size, bundle->call->failure, &order);
	return error ? error : cordon_order_files_check(&order, bundle->call->failure);
}

static int make_bundle(struct bundle *bundle, const struct cordon_order *order, char **ret_text,
		       size_t *ret_size)
{
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	int error;

	bundle->file = open_memstream(&text, &size);
	bundle->digests = calloc(bundle->policy->nr_files, sizeof(*bundle->digests));
	error = bundle->file && bundle->digests ? write_bundle(bundle, order) : -ENOMEM;
	free(bundle->digests);
	if (bundle->file && fclose(bundle->file) && !error)
		error = -ENOMEM;
	if (!error)
		error = check_bundle(bundle, text, size);
	if (error)
		return cordon_fail(bundle->call->failure, error, "%s", strerror(-error));
	*ret_text = TAKE(text);
	*ret_size = size;
	return 0;
}

/* Read by way of the open folder, so that a path which is absolute shows. */
static int open_policy(struct bundle *bundle, int *ret_fd, struct cordon_policy **ret_policy)
{
	char *whole CLEANUP(free) = strdup(bundle->path);
	struct cordon_diag diag = { .stored = 0 };
	const char *slash = strrchr(bundle->path, '/');
	char path[PATH_MAX];
	int error;

	if (!whole)
		return -ENOMEM;
	*ret_fd = open(dirname(whole), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return -errno;
	snprintf(bundle->folder, sizeof(bundle->folder), "/proc/self/fd/%d/", *ret_fd);
	snprintf(path, sizeof(path), "%s%s", bundle->folder, slash ? slash + 1 : bundle->path);
	error = cordon_policy_parse_file(path, &diag, ret_policy);
	cordon_diag_clear(&diag);
	return error;
}

static int check_node(const struct cordon_call *call, const struct cordon_settings *settings,
		      const struct cordon_order *order)
{
	if (!settings->node[0] || !order->nodes[0] ||
	    cordon_order_names_share(order->nodes, settings->node))
		return 0;
	return cordon_fail(call->failure, -EINVAL,
			   "the policy says that it is for node %s, the order for %s",
			   settings->node, order->nodes);
}

static int sign(const struct cordon_call *call, const struct cmd_sign *sign, const char *path,
		const struct cordon_order *order)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct bundle bundle = { .call = call, .path = path };
	char *text CLEANUP(free) = NULL;
	int folder CLEANUP(close) = -1;
	size_t size = 0;
	int error = open_policy(&bundle, &folder, &policy);

	if (!policy)
		return cordon_fail(call->failure, error, "%s: %s", path, strerror(-error));
	bundle.policy = policy;
	error = make_bundle(&bundle, order, &text, &size);
	return error ? error : cmd_sign_finish(call, sign, order, text, size);
}

int cmd_sign_policy(const struct cordon_call *call, struct cmd_sign *options, const char *path)
{
	static const char head[] = "policy sha256:";
	struct cordon_image *image CLEANUP(image) = NULL;
	char action[sizeof(head) + 2 * CORDON_SIGN_DIGEST_SIZE];
	struct cordon_order order;
	int error = cmd_policy_compile(call, path, 0, &image);

	if (error)
		return error;
	memcpy(action, head, sizeof(head));
	cordon_hex_format(image->settings.digest, sizeof(image->settings.digest),
			  action + sizeof(head) - 1);
	if (cmd_sign_manifest(call, options, action, &order))
		return CORDON_EXIT_USAGE;
	error = check_node(call, &image->settings, &order);
	return error ? error : sign(call, options, path, &order);
}
