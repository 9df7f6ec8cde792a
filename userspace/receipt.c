// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Receipts; see receipt.h for where they are.
 */
#include "receipt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "sign.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"

#define FOLDER "/var/lib/cordon/receipts"
#define REFUSED FOLDER "/refused"
#define REFUSED_MAX 256

static void print_digest(FILE *file, const char *key, const uint8_t *digest, size_t size)
{
	char text[65];

	cordon_hex_format(digest, size, text);
	fprintf(file, "%s: %s\n", key, text);
}

static void print_moment(FILE *file, const struct cordon_latch_moment *at)
{
	const time_t wall = (time_t)at->wall;
	char text[32] = "?";
	struct tm parts;

	if (gmtime_r(&wall, &parts))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	fprintf(file, "boot: %llu\n", (unsigned long long)at->boot);
	print_digest(file, "boot-id", at->boot_id, sizeof(at->boot_id));
	fprintf(file, "monotonic-ns: %llu\n", (unsigned long long)at->monotonic);
	fprintf(file, "wall-clock: %s\n", text);
}

static void print_order(FILE *file, const struct cordon_warrant *warrant)
{
	const struct cordon_order *order = &warrant->order;
	char action[96];

	print_digest(file, "order", warrant->message.digest, sizeof(warrant->message.digest));
	for (size_t i = 0; i < warrant->message.nr_signers; i++)
		fprintf(file, "signed-by: %s\n", warrant->message.signer[i].subject);
	if (!warrant->is_order)
		return;
	cordon_order_action_text(order, &action);
	fprintf(file, "action: %s\nissuer: %s\ncounter: %llu\nreason: %s\n", action, order->issuer,
		(unsigned long long)order->counter, order->reason);
}

static void print_policy(FILE *file, const struct cordon_maps *maps)
{
	const struct cordon_standing standing = cordon_standing_read(maps);
	struct cordon_view view CLEANUP(view) = { 0 };

	if (cordon_view_open(maps, standing.effective, CORDON_LATCH_OPEN, &view)) {
		fprintf(file, "policy: none\n");
		return;
	}
	fprintf(file, "node: %s\n", view.settings->node[0] ? view.settings->node : "-");
	print_digest(file, "policy", view.settings->digest, sizeof(view.settings->digest));
	fprintf(file, "serial: %llu\ngeneration: %u\n", (unsigned long long)view.settings->serial,
		standing.effective);
}

static void print_programs(FILE *file, const struct cordon_context *context)
{
	struct cordon_programs programs = cordon_programs_none();
	struct cordon_failure unsaid = { .text = "" };
	char tag[17];

	if (cordon_programs_open(context, &unsaid, &programs))
		return;
	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++) {
		if (!cordon_program_tag(&programs, i, &tag))
			fprintf(file, "program: %s %s\n", cordon_program_name(i), tag);
	}
	cordon_programs_close(&programs);
}

static void print_kernel(FILE *file, const struct cordon_context *context)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();

	if (cordon_maps_open(context, &unsaid, &maps)) {
		fprintf(file, "policy: nothing is loaded\n");
		return;
	}
	print_policy(file, &maps);
	print_programs(file, context);
}

static void print_evidence(FILE *file, const struct cordon_outcome *outcome)
{
	const struct cordon_evidence *evidence = &outcome->evidence;

	if (outcome->no_evidence.text[0])
		fprintf(file, "no-evidence: %s\n", outcome->no_evidence.text);
	if (!evidence->size)
		return;
	fprintf(file, "evidence: %s\n", evidence->path.text);
	print_digest(file, "evidence-sha256", evidence->digest, sizeof(evidence->digest));
	fprintf(file, "evidence-files: %u\nevidence-not-whole: %u\n", evidence->files,
		evidence->cut);
}

/* One line each, whatever a file's name has in it. */
static void print_thing(FILE *file, const struct cordon_destroyed *thing)
{
	static const char *const keys[] = {
		[CORDON_DESTROYED] = "destroyed",
		[CORDON_DESTROYED_BEFORE] = "not-there",
		[CORDON_NOT_DESTROYED] = "not-destroyed",
	};
	char how[sizeof(thing->how)];

	snprintf(how, sizeof(how), "%s", thing->how);
	for (char *c = how; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	fprintf(file, "%s: %s %s: %s\n", keys[thing->state], cordon_lockdown_kind_name(thing->kind),
		thing->name, how);
}

static void print_times(FILE *file, const struct cordon_outcome *outcome)
{
	if (outcome->shut_ns) {
		fprintf(file, "read-to-shut-us: %llu\n",
			(unsigned long long)(outcome->shut_ns - outcome->read_ns) / 1000);
		fprintf(file, "packets-overtaken: %llu\n", (unsigned long long)outcome->overtaken);
		fprintf(file, "sockets-cut: %llu\n", (unsigned long long)outcome->cut);
	}
	fprintf(file, "read-to-done-us: %llu\n",
		(unsigned long long)(outcome->done_ns - outcome->read_ns) / 1000);
}

void cordon_receipt_print(FILE *file, const struct cordon_context *context,
			  const struct cordon_warrant *warrant,
			  const struct cordon_outcome *outcome)
{
	fprintf(file, "cordon-receipt: 1\n");
	fprintf(file, "result: %s\n", outcome->refusal ? "refused" : "done");
	if (outcome->refusal)
		fprintf(file, "refusal: %s\n", cordon_refusal_name(outcome->refusal));
	if (outcome->why.text[0])
		fprintf(file, "why: %s\n", outcome->why.text);
	if (outcome->by[0])
		fprintf(file, "by: %s\n", outcome->by);
	else
		print_order(file, warrant);
	print_moment(file, &outcome->at);
	if (outcome->refusal)
		return;
	fprintf(file, "latch-before: %s\nlatch-after: %s\n", cordon_latch_name(outcome->before),
		cordon_latch_name(outcome->after));
	for (size_t i = 0; i < outcome->destruction.nr; i++)
		print_thing(file, &outcome->destruction.each[i]);
	if (outcome->detached)
		fprintf(file, "detached: nothing is enforced until cordon run\n");
	print_times(file, outcome);
	print_evidence(file, outcome);
	print_kernel(file, context);
}

static unsigned long highest_number(const char *folder)
{
	unsigned long highest = 0;
	const struct dirent *entry;
	DIR *entries = opendir(folder);

	while (entries && (entry = readdir(entries))) {
		const unsigned long number = strtoul(entry->d_name, NULL, 10);

		highest = number > highest ? number : highest;
	}
	if (entries)
		closedir(entries);
	return highest;
}

/* The one that was written longest ago gives its place. */
static unsigned long oldest_refused(const struct cordon_context *context)
{
	struct timespec oldest = { .tv_sec = 0 };
	unsigned long number = 1;

	for (unsigned long i = 1; i <= REFUSED_MAX; i++) {
		struct cordon_path path;
		struct stat status;
		char name[64];

		snprintf(name, sizeof(name), REFUSED "/%03lu", i);
		path = cordon_path_root(context, name);
		if (stat(path.text, &status))
			return i;
		if (i > 1 && (status.st_mtim.tv_sec > oldest.tv_sec ||
			      (status.st_mtim.tv_sec == oldest.tv_sec &&
			       status.st_mtim.tv_nsec >= oldest.tv_nsec)))
			continue;
		oldest = status.st_mtim;
		number = i;
	}
	return number;
}

static void choose_name(const struct cordon_context *context, const struct cordon_warrant *warrant,
			const struct cordon_outcome *outcome, char *name, size_t size)
{
	const struct cordon_path folder = cordon_path_root(context, FOLDER);

	if (outcome->refusal)
		snprintf(name, size, REFUSED "/%03lu", oldest_refused(context));
	else
		snprintf(name, size, FOLDER "/%06lu-%s", highest_number(folder.text) + 1,
			 !outcome->by[0] ?
				 cordon_role_name(cordon_action_role(warrant->order.action)) :
				 "break-glass");
}

static int print_whole(const struct cordon_context *context, const struct cordon_warrant *warrant,
		       const struct cordon_outcome *outcome, char **ret_text, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	if (!file)
		return -ENOMEM;
	cordon_receipt_print(file, context, warrant, outcome);
	if (fclose(file)) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

static int write_whole(const char *path, const char *text, size_t size)
{
	const int fd CLEANUP(close) = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const int error = fd < 0 ? -errno : cordon_file_write(fd, text, size);

	return error ? error : fsync(fd) ? -errno : 0;
}

static void tell(const struct cordon_context *context, const struct cordon_warrant *warrant,
		 const char *name, const char *text, size_t size)
{
	struct cordon_event_receipt told = { .event = { 0 } };

	memcpy(told.order, warrant->message.digest, sizeof(told.order));
	cordon_sign_digest(text, size, &told.digest);
	cordon_tell_receipt(context, &told, name + strlen(FOLDER "/"));
}

static int sync_name(struct cordon_path path)
{
	*strrchr(path.text, '/') = '\0';
	return cordon_folder_sync(path.text);
}

/* Another may take the same number at the same time: then the next one. */
static int give_name(const struct cordon_context *context, const struct cordon_warrant *warrant,
		     const struct cordon_outcome *outcome, const char *aside, char (*ret_name)[128])
{
	const unsigned int flags = outcome->refusal ? 0 : RENAME_NOREPLACE;
	struct cordon_path path;

	do {
		choose_name(context, warrant, outcome, *ret_name, sizeof(*ret_name));
		path = cordon_path_root(context, *ret_name);
		if (!renameat2(AT_FDCWD, aside, AT_FDCWD, path.text, flags))
			return sync_name(path);
	} while (errno == EEXIST);
	return -errno;
}

int cordon_receipt_keep(const struct cordon_context *context, const struct cordon_warrant *warrant,
			const struct cordon_outcome *outcome, struct cordon_failure *failure)
{
	const struct cordon_path folder = cordon_path_root(context, REFUSED);
	char *text CLEANUP(free) = NULL;
	struct cordon_path aside;
	char name[128];
	size_t size;
	int error;

	snprintf(name, sizeof(name), FOLDER "/.new.%d", getpid());
	aside = cordon_path_root(context, name);
	error = cordon_folder_make(folder.text, 0700);
	if (!error)
		error = print_whole(context, warrant, outcome, &text, &size);
	if (!error)
		error = write_whole(aside.text, text, size);
	if (!error)
		error = give_name(context, warrant, outcome, aside.text, &name);
	if (!error) {
		tell(context, warrant, name, text, size);
		return 0;
	}
	unlink(aside.text);
	return cordon_fail(failure, error, "cannot keep the receipt in %s%s: %s", context->root,
			   FOLDER, strerror(-error));
}
