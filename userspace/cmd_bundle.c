// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy of an order; see cmd_bundle.h.
 */
#include "cmd_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_policy.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/hex.h"
#include "util/print.h"

#define FOLDERS_OPEN 8
#define DER_SEQUENCE 0x30

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void cmd_bundle_clear(struct cmd_bundle *bundle)
{
	cordon_image_free(bundle->image);
	bundle->image = NULL;
	if (bundle->folder.text[0])
		nftw(bundle->folder.text, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
	bundle->folder.text[0] = '\0';
}

static int write_file(const char *path, const struct cordon_order_file *file)
{
	const int fd CLEANUP(close) =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : cordon_file_write(fd, file->text, file->size);
}

/* A file's name may have folders in it; cordon_order_file_next() vouches for it. */
static int unpack_file(const struct cmd_bundle *bundle, const struct cordon_order_file *file,
		       struct cordon_path *ret_path)
{
	struct cordon_path path;
	char *slash;
	int error = 0;

	if (snprintf(path.text, sizeof(path.text), "%s/%s", bundle->folder.text, file->name) >=
	    (int)sizeof(path.text))
		return -ENAMETOOLONG;
	slash = strrchr(path.text, '/');
	*slash = '\0';
	error = cordon_folder_make(path.text, 0700);
	*slash = '/';
	if (!error)
		error = write_file(path.text, file);
	*ret_path = path;
	return error;
}

static int make_room(struct cmd_bundle *bundle)
{
	const struct cordon_path run = cordon_path_root(bundle->call->context, "/run/cordon");
	const int error = cordon_folder_make(run.text, 0755);

	if (error)
		return error;
	bundle->folder = cordon_path_root(bundle->call->context, "/run/cordon/bundle.XXXXXX");
	if (mkdtemp(bundle->folder.text))
		return 0;
	bundle->folder.text[0] = '\0';
	return -errno;
}

static int unpack(struct cmd_bundle *bundle, const struct cordon_order *order,
		  struct cordon_failure *failure)
{
	const char *body = order->body;
	size_t size = order->body_size;
	struct cordon_order_file file;
	struct cordon_path path;
	int more, error = cordon_order_files_check(order, failure);

	if (error)
		return error;
	error = make_room(bundle);
	for (bool first = true; !error; first = false) {
		more = cordon_order_file_next(&body, &size, failure, &file);
		if (more <= 0)
			return more;
		error = unpack_file(bundle, &file, &path);
		if (first)
			bundle->policy = path;
	}
	return cordon_fail(failure, error, "cannot unpack the bundle: %s", strerror(-error));
}

static int is_meant(const struct cmd_bundle *bundle, const struct cordon_order *order,
		    struct cordon_failure *failure)
{
	char found[65], meant[65];

	if (!memcmp(bundle->image->settings.digest, order->digest, sizeof(order->digest)))
		return 0;
	cordon_hex_format(bundle->image->settings.digest, sizeof(order->digest), found);
	cordon_hex_format(order->digest, sizeof(order->digest), meant);
	return cordon_fail(failure, -EINVAL,
			   "the order is about the policy with digest %.16s..., and %s has "
			   "%.16s...",
			   meant, order->body ? "the one in it" : bundle->policy.text, found);
}

static int prepare(void *state, const struct cordon_order *order, struct cordon_failure *failure)
{
	struct cmd_bundle *bundle = state;
	int error = 0;

	bundle->policy = cordon_path_root(bundle->call->context, "/etc/cordon/policy.yaml");
	if (order->body)
		error = unpack(bundle, order, failure);
	if (!error)
		error = cmd_policy_compile(bundle->call, bundle->policy.text, 0, &bundle->image);
	if (error > 0)
		return cordon_fail(failure, -EINVAL, "the policy has mistakes");
	if (!error)
		error = is_meant(bundle, order, failure);
	if (error)
		return error;
	return bundle->need_way_in ? cmd_policy_need_way_in(bundle->image, failure) : 0;
}

static int apply(void *state, const uint8_t *order, bool under_latch,
		 struct cordon_failure *failure)
{
	struct cmd_bundle *bundle = state;
	bool first;

	bundle->wish.image = bundle->image;
	bundle->wish.policy = bundle->policy.text;
	bundle->wish.authorised = under_latch;
	bundle->wish.order = order;
	return cmd_policy_apply(bundle->call->context, &bundle->wish, failure, &first);
}

struct cordon_policy_part cmd_bundle_part(struct cmd_bundle *bundle)
{
	return (struct cordon_policy_part){ bundle, prepare, apply };
}

/* DER begins with a SEQUENCE, which no text does. */
bool cmd_bundle_is_one(const char *path)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned char first = 0;

	return fd >= 0 && read(fd, &first, 1) == 1 && first == DER_SEQUENCE;
}

int cmd_bundle_read(const struct cordon_call *call, const char *path, char **ret_text,
		    struct cordon_delivery *ret_delivery)
{
	const uint64_t read_ns = cordon_clock_ns();
	struct cordon_file file;
	const int error = cordon_file_read(path, CORDON_BUNDLE_FILE_MAX, &file);

	if (error)
		return cordon_fail(call->failure, error, "cannot read %s: %s", path,
				   cordon_file_problem(error));
	*ret_text = file.text;
	*ret_delivery = (struct cordon_delivery){
		.cms = file.text,
		.size = file.size,
		.read_ns = read_ns,
	};
	return 0;
}

static void print_json(const struct cordon_warrant *warrant, const struct cordon_outcome *outcome)
{
	struct json json = { .file = stdout };
	char action[96] = "";

	if (warrant->is_order)
		cordon_order_action_text(&warrant->order, &action);
	json_object(&json, NULL);
	json_string(&json, "result", outcome->refusal ? "refused" : "done");
	json_string(&json, "refusal", cordon_refusal_name(outcome->refusal));
	json_string(&json, "why", outcome->why.text);
	json_string(&json, "action", action);
	json_number(&json, "counter", warrant->order.counter);
	/* Who refuses has not looked. */
	if (!outcome->refusal) {
		json_string(&json, "latch_before", cordon_latch_name(outcome->before));
		json_string(&json, "latch_after", cordon_latch_name(outcome->after));
	}
	if (outcome->destruction.nr) {
		json_number(&json, "to_destroy", outcome->destruction.nr);
		json_number(&json, "not_destroyed", outcome->destruction.failed);
	}
	if (outcome->shut_ns)
		json_number(&json, "read_to_shut_ns", outcome->shut_ns - outcome->read_ns);
	json_number(&json, "read_to_done_ns", outcome->done_ns - outcome->read_ns);
	json_object_end(&json);
	json_line_end(&json);
}

static int print_outcome(const struct cordon_call *call, const struct cordon_warrant *warrant,
			 const struct cordon_outcome *outcome)
{
	if (call->context->json)
		print_json(warrant, outcome);
	else if (!outcome->refusal)
		cordon_receipt_print(stdout, call->context, warrant, outcome);
	if (!outcome->refusal)
		return outcome->why.text[0] ? CORDON_EXIT_DEGRADED : CORDON_EXIT_DONE;
	fprintf(stderr, "cordon: the order is refused (%s): %s\n",
		cordon_refusal_name(outcome->refusal), outcome->why.text);
	return CORDON_EXIT_FAILED;
}

int cmd_bundle_deliver(const struct cordon_call *call, const struct cordon_delivery *delivery,
		       struct cmd_bundle *bundle)
{
	const struct cordon_policy_part part = cmd_bundle_part(bundle);
	struct cordon_warrant warrant CLEANUP(warrant) = { .is_order = false };
	struct cordon_outcome outcome CLEANUP(outcome) = { .handed = false };
	int error, result;

	error = cordon_carry_out(call->context, delivery, &part, call->failure, &warrant, &outcome);
	result = print_outcome(call, &warrant, &outcome);
	/* What was done is done: that it left no receipt is said beside it. */
	if (!error)
		return result;
	fprintf(stderr, "cordon: %s\n", call->failure->text);
	return outcome.refusal ? CORDON_EXIT_FAILED : CORDON_EXIT_DEGRADED;
}
