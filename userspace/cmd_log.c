// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon log: hand out the log's key, once, and with it check on any machine
 * that a log is what the node wrote.  Reads no kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/log.h>

#include "command.h"
#include "guard.h"
#include "log_enrol.h"
#include "log_folder.h"
#include "log_look.h"
#include "log_segment.h"
#include "log_tail.h"
#include "receipt_check.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"
#include "util/print.h"

/* ---- verify ------------------------------------------------------------------------------ */

static const char *explain_kind(enum cordon_log_finding_kind kind)
{
	switch (kind) {
	case CORDON_LOG_FINDING_EDITED:
		return "they are not what was written";
	case CORDON_LOG_FINDING_FORGED:
		return "whole, but not sealed by this log's key";
	case CORDON_LOG_FINDING_STRANGE:
		return "they are no block, and no record tells of them";
	case CORDON_LOG_FINDING_REMOVED:
		return "they were written, and are missing before what follows here";
	case CORDON_LOG_FINDING_REORDERED:
		return "again, or too late";
	case CORDON_LOG_FINDING_CUT:
		return "they were written, and are no longer there at the end";
	case CORDON_LOG_FINDING_UNREADABLE:
		return "the segment cannot be read or expanded";
	case CORDON_LOG_FINDING_MALFORMED:
		return "authentic, but it holds what is no record";
	case CORDON_LOG_FINDING_UNPROVED:
		return "nothing proves that the chain ends here: the file keys is missing or "
		       "damaged, or another log's";
	case CORDON_LOG_FINDING_TORN:
		return "power or the disk failed while they were written, as the node recorded";
	case CORDON_LOG_FINDING_MISSED:
		return "power or the disk failed before they were on it, as the node recorded";
	case CORDON_LOG_FINDING_DOUBTED:
		return "the disk said that it failed to store them, as the node recorded: those "
		       "that are there are authentic";
	case CORDON_LOG_FINDING_DELETED:
		return "by the node, for want of room, as it recorded";
	case CORDON_LOG_FINDING_LOST:
		return "as the node recorded, with why";
	}
	return "?";
}

/* Bytes, blocks or records; "" of a whole segment. */
static void print_range(const struct cordon_log_finding *finding)
{
	const uint64_t last = finding->first + finding->count - 1;

	switch (finding->kind) {
	case CORDON_LOG_FINDING_EDITED:
	case CORDON_LOG_FINDING_STRANGE:
	case CORDON_LOG_FINDING_TORN:
		printf(", bytes %" PRIu64 " to %" PRIu64, finding->first, last);
		break;
	case CORDON_LOG_FINDING_LOST:
		printf(", %" PRIu64 " record%s", finding->count, finding->count == 1 ? "" : "s");
		break;
	case CORDON_LOG_FINDING_UNREADABLE:
		break;
	default:
		printf(", block%s %" PRIu64, finding->count > 1 ? "s" : "", finding->first);
		if (finding->count > 1)
			printf(" to %" PRIu64, last);
	}
}

/* The end of a chain and the blocks before it are in no segment. */
static struct cordon_log_name place_of(const struct cordon_log_finding *finding)
{
	const bool whole = finding->kind == CORDON_LOG_FINDING_CUT ||
			   finding->kind == CORDON_LOG_FINDING_UNPROVED ||
			   finding->kind == CORDON_LOG_FINDING_DELETED;
	struct cordon_log_name name;

	if (!whole)
		return cordon_log_segment_name(finding->class, finding->segment, false);
	snprintf(name.text, sizeof(name.text), "%s", cordon_event_class_name(finding->class));
	return name;
}

static void print_finding(const struct cordon_log_finding *finding)
{
	printf("%s", place_of(finding).text);
	print_range(finding);
	printf(": %s%s: %s\n", cordon_log_finding_is_breach(finding->kind) ? "BREACH: " : "",
	       cordon_log_finding_name(finding->kind), explain_kind(finding->kind));
}

static void print_classes(const struct cordon_log_look *look)
{
	static const char *const titles[] = { "CLASS", ">BLOCKS",  ">RECORDS",
					      ">LOST", ">DELETED", NULL };
	struct table table = { 0 };

	table_head(&table, titles);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		table_cell(&table, "%s", cordon_event_class_name(i));
		table_cell(&table, "%" PRIu64, look->sum.class[i].blocks);
		table_cell(&table, "%" PRIu64, look->sum.class[i].records);
		table_cell(&table, "%" PRIu64, look->lost[i]);
		table_cell(&table, "%" PRIu64, look->sum.class[i].deleted);
	}
	table_print(&table, stdout);
}

static uint64_t count_blocks(const struct cordon_log_look *look)
{
	uint64_t blocks = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		blocks += look->sum.class[i].blocks;
	return blocks;
}

/* What is not there any more the node itself told of. */
static void print_sound(const struct cordon_log_folder *folder, const struct cordon_log_look *look)
{
	uint64_t deleted = 0, missed = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		deleted += look->sum.class[i].deleted;
		missed += look->sum.class[i].missed;
	}
	printf("\n%s: sound, it is what the node wrote", folder->path.text);
	if (missed)
		printf(", but for %" PRIu64 " block%s that power or the disk took, as it says",
		       missed, missed == 1 ? "" : "s");
	puts(!deleted ? "" : missed ? ", and what it deleted" : ", but for what it deleted");
}

static bool has_forged(const struct cordon_log_look *look)
{
	for (size_t i = 0; i < look->nr; i++) {
		if (look->finding[i].kind == CORDON_LOG_FINDING_FORGED)
			return true;
	}
	return false;
}

static void print_look(const struct cordon_log_folder *folder, const struct cordon_log_look *look)
{
	for (size_t i = 0; i < look->nr; i++)
		print_finding(&look->finding[i]);
	if (look->more)
		printf("... and %" PRIu64 " more\n", look->more);
	if (look->nr)
		putchar('\n');
	print_classes(look);
	if (!look->breaches)
		print_sound(folder, look);
	else
		printf("\n%s: NOT SOUND, %" PRIu64 " breach%s\n", folder->path.text, look->breaches,
		       look->breaches == 1 ? "" : "es");
	if (!count_blocks(look) && has_forged(look))
		puts("Not one block is by this key: is it another log's?");
}

static void json_finding(struct json *json, const struct cordon_log_finding *finding)
{
	json_object(json, NULL);
	json_string(json, "kind", cordon_log_finding_name(finding->kind));
	json_bool(json, "breach", cordon_log_finding_is_breach(finding->kind));
	json_string(json, "class", cordon_event_class_name(finding->class));
	json_string(json, "place", place_of(finding).text);
	json_number(json, "first", finding->first);
	json_number(json, "count", finding->count);
	json_string(json, "text", explain_kind(finding->kind));
	json_object_end(json);
}

static void json_class(struct json *json, const struct cordon_log_look *look,
		       enum cordon_event_class class)
{
	json_object(json, cordon_event_class_name(class));
	json_number(json, "blocks", look->sum.class[class].blocks);
	json_number(json, "records", look->sum.class[class].records);
	json_number(json, "lost", look->lost[class]);
	json_number(json, "deleted_blocks", look->sum.class[class].deleted);
	json_number(json, "missed_blocks", look->sum.class[class].missed);
	json_object_end(json);
}

/* struct receipts - @asked: they were to be looked at; only a sound log can speak for them */
struct receipts {
	struct cordon_receipts_found found;
	bool asked;
	uint64_t breaches;
};

static void cleanup_receipts(struct receipts *receipts)
{
	free(receipts->found.found);
}

static void print_receipts(const struct cordon_log_look *look, const struct receipts *receipts)
{
	const struct cordon_receipt_found *found = receipts->found.found;

	if (receipts->asked && look->breaches)
		puts("Receipts were not looked at: only a sound log can speak for them");
	if (!receipts->asked || look->breaches)
		return;
	for (size_t i = 0; i < receipts->found.nr; i++, found++) {
		if (found->state == CORDON_RECEIPT_FITS)
			continue;
		fputs("receipt ", stdout);
		print_clean(stdout, found->name, sizeof(found->name));
		printf(": %s%s\n", cordon_receipt_state_is_breach(found->state) ? "BREACH: " : "",
		       cordon_receipt_state_name(found->state));
	}
	printf("%zu receipts looked at, %" PRIu64 " breach%s\n", receipts->found.nr,
	       receipts->breaches, receipts->breaches == 1 ? "" : "es");
}

static void json_receipts(struct json *json, const struct receipts *receipts)
{
	json_object(json, "receipts");
	for (size_t i = 0; i < receipts->found.nr; i++)
		json_string(json, receipts->found.found[i].name,
			    cordon_receipt_state_name(receipts->found.found[i].state));
	json_object_end(json);
	json_number(json, "receipt_breaches", receipts->breaches);
}

static void json_look(const struct cordon_log_folder *folder, const struct cordon_log_look *look,
		      const struct receipts *receipts)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "folder", folder->path.text);
	json_bool(&json, "sound", !look->breaches);
	json_number(&json, "breaches", look->breaches);
	json_array(&json, "findings");
	for (size_t i = 0; i < look->nr; i++)
		json_finding(&json, &look->finding[i]);
	json_array_end(&json);
	json_number(&json, "findings_left_out", look->more);
	json_object(&json, "classes");
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		json_class(&json, look, i);
	json_object_end(&json);
	if (receipts->asked)
		json_receipts(&json, receipts);
	json_object_end(&json);
	json_line_end(&json);
}

static int look_at_receipts(const struct cordon_call *call, const struct cordon_log_folder *folder,
			    const struct cordon_log_look *look, const char *path,
			    struct receipts *receipts)
{
	int error;

	receipts->asked = path != NULL;
	if (!path || look->breaches)
		return 0;
	error = cordon_receipts_check(folder->fd, path, call->failure, &receipts->found);
	for (size_t i = 0; i < receipts->found.nr; i++)
		receipts->breaches +=
			cordon_receipt_state_is_breach(receipts->found.found[i].state);
	return error;
}

static int verify(struct cordon_call *call, const char *path, const char *key,
		  const char *receipts_path)
{
	struct receipts receipts CLEANUP(receipts) = { .asked = false };
	struct cordon_log_folder folder CLEANUP(log_folder) = { .fd = -1 };
	struct cordon_log_look look CLEANUP(log_look) = { .finding = NULL };
	uint8_t secret[CORDON_LOG_KEY_SIZE];
	int error;

	error = cordon_log_key_read(key, call->failure, &secret);
	if (!error)
		error = cordon_log_folder_open(call->context, path, call->failure, &folder);
	if (!error)
		error = cordon_log_look(folder.fd, secret, call->failure, &look);
	explicit_bzero(secret, sizeof(secret));
	if (!error)
		error = look_at_receipts(call, &folder, &look, receipts_path, &receipts);
	if (error)
		return error;
	if (call->context->json) {
		json_look(&folder, &look, &receipts);
	} else {
		print_look(&folder, &look);
		print_receipts(&look, &receipts);
	}
	return look.breaches || receipts.breaches ? CORDON_EXIT_FAILED : CORDON_EXIT_DONE;
}

static int log_verify(struct cordon_call *call)
{
	const char *path = NULL, *key = NULL, *receipts = NULL;
	const struct cordon_flag flags[] = { { "--key", NULL, &key },
					     { "--receipts", NULL, &receipts },
					     { NULL, NULL, NULL } };

	if (cordon_call_flags(call, flags, 0, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	if (!key) {
		cordon_fail(call->failure, -EINVAL,
			    "--key FILE is missing: what cordon log key handed out when the node "
			    "was enrolled");
		return CORDON_EXIT_USAGE;
	}
	return verify(call, path, key, receipts);
}

/* ---- key --------------------------------------------------------------------------------- */

static int sync_folder_of(const char *path)
{
	struct cordon_path folder;
	char *slash;

	snprintf(folder.text, sizeof(folder.text), "%s", path);
	slash = strrchr(folder.text, '/');
	if (!slash)
		return cordon_folder_sync(".");
	slash[slash == folder.text] = '\0';
	return cordon_folder_sync(folder.text);
}

/* In a file of its own: what is there already may be the key of another node. */
static int write_file(const struct cordon_call *call, const char *path, const char *text)
{
	struct cordon_failure *failure = call->failure;
	const int fd CLEANUP(close) =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = 0;

	if (fd < 0)
		return cordon_fail(failure, -errno, "cannot make %s: %s", path, strerror(errno));
	/* Who may not write there himself does not by us. */
	if (cordon_guard_holds(call->context, fd))
		error = -EPERM;
	if (!error)
		error = cordon_file_write(fd, text, strlen(text));
	if (!error && fsync(fd))
		error = -errno;
	if (!error)
		error = sync_folder_of(path);
	if (!error)
		return 0;
	unlink(path);
	return cordon_fail(failure, error, "cannot write %s: %s; the key is still on the node",
			   path, strerror(-error));
}

static void print_key(const struct cordon_call *call, const struct cordon_log_key_text *key)
{
	struct json json = { .file = stdout };
	struct cordon_log_key_text line = *key;

	if (!call->context->json) {
		fputs(key->text, stdout);
		return;
	}
	line.text[strcspn(line.text, "\n")] = '\0';
	json_object(&json, NULL);
	json_string(&json, "key", line.text);
	json_object_end(&json);
	json_line_end(&json);
	explicit_bzero(&line, sizeof(line));
}

/* A file is synchronised; a terminal or a pipe has it, or says so. */
static int write_out(const struct cordon_call *call, const struct cordon_log_key_text *key)
{
	struct stat stat;

	print_key(call, key);
	if (fflush(stdout) || ferror(stdout) ||
	    (!fstat(STDOUT_FILENO, &stat) && S_ISREG(stat.st_mode) && fsync(STDOUT_FILENO)))
		return cordon_fail(call->failure, -errno,
				   "cannot write the output: %s; the key is still on the node",
				   strerror(errno));
	return 0;
}

static void say_where(const struct cordon_call *call, const char *path)
{
	struct json json = { .file = stdout };

	if (!call->context->json) {
		printf("the log's key is in %s and nowhere else: keep it away from this node\n",
		       path);
		return;
	}
	json_object(&json, NULL);
	json_string(&json, "file", path);
	json_object_end(&json);
	json_line_end(&json);
}

/* First it is safe where it goes, then it is erased here. */
static int hand_out(const struct cordon_call *call, const struct cordon_log_folder *folder,
		    const char *path)
{
	struct cordon_log_key_text key;
	int fd CLEANUP(close) = -1;
	int error;

	error = cordon_log_enrol_open(folder->fd, folder->path.text, call->failure, &fd, &key);
	if (error)
		return error;
	error = path ? write_file(call, path, key.text) : write_out(call, &key);
	explicit_bzero(&key, sizeof(key));
	if (!error)
		error = cordon_log_enrol_erase(folder->fd, fd, folder->path.text, call->failure);
	if (!error && path)
		say_where(call, path);
	return error;
}

static int log_key(struct cordon_call *call)
{
	struct cordon_log_folder folder CLEANUP(log_folder) = { .fd = -1 };
	const char *path = NULL;
	int error;

	if (cordon_call_flags(call, NULL, 0, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_log_folder_open(call->context, NULL, call->failure, &folder);
	return error ? error : hand_out(call, &folder, path);
}

/* ---- head -------------------------------------------------------------------------------- */

static void print_tails(const struct cordon_log_tail *tails)
{
	static const char *const titles[] = { "CLASS", ">BLOCKS", ">RECORDS", "DIGEST", NULL };
	struct table table = { 0 };
	char digest[2 * CORDON_LOG_DIGEST_SIZE + 1];

	table_head(&table, titles);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		cordon_hex_format(tails[i].digest, sizeof(tails[i].digest), digest);
		table_cell(&table, "%s", cordon_event_class_name(i));
		table_cell(&table, "%" PRIu64, tails[i].blocks);
		table_cell(&table, "%" PRIu64, tails[i].records);
		table_cell(&table, "%s", tails[i].blocks ? digest : "-");
	}
	table_print(&table, stdout);
}

static void json_tails(const struct cordon_log_tail *tails)
{
	struct json json = { .file = stdout };
	char digest[2 * CORDON_LOG_DIGEST_SIZE + 1];

	json_object(&json, NULL);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		cordon_hex_format(tails[i].digest, sizeof(tails[i].digest), digest);
		json_object(&json, cordon_event_class_name(i));
		json_number(&json, "blocks", tails[i].blocks);
		json_number(&json, "records", tails[i].records);
		json_string(&json, "digest", tails[i].blocks ? digest : "");
		json_object_end(&json);
	}
	json_object_end(&json);
	json_line_end(&json);
}

static int log_head(struct cordon_call *call)
{
	struct cordon_log_tail tails[CORDON_CLASS_COUNT];
	struct cordon_log_folder folder CLEANUP(log_folder) = { .fd = -1 };
	const char *path = NULL;
	int error;

	if (cordon_call_flags(call, NULL, 0, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_log_folder_open(call->context, path, call->failure, &folder);
	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++) {
		error = cordon_log_tail_read(folder.fd, i, &tails[i]);
		if (error)
			cordon_fail(call->failure, error, "cannot read the log %s: %s",
				    folder.path.text, strerror(-error));
	}
	if (error)
		return error;
	if (call->context->json)
		json_tails(tails);
	else
		print_tails(tails);
	return CORDON_EXIT_DONE;
}

/* ---- which ------------------------------------------------------------------------------- */

static int explain(const struct cordon_call *call)
{
	const struct cordon_path folder = cordon_path_root(call->context, CORDON_LOG_FOLDER);

	printf("The event log is in %s, sealed block by block with keys that come from one\n"
	       "and are erased as they are used.\n\n"
	       "  cordon log key [FILE]               take that one key, once, when the node is\n"
	       "                                      enrolled, and keep it elsewhere\n"
	       "  cordon log verify [DIR] --key FILE  with it, on any machine: is the log, or this\n"
	       "                                      copy of it, what the node wrote?\n"
	       "  cordon log head [DIR]               where its chains end now, to write it down\n",
	       folder.text);
	return CORDON_EXIT_DONE;
}

int cordon_cmd_log(const struct cordon_call *call)
{
	static const struct {
		const char *name;
		int (*run)(struct cordon_call *call);
	} subcommands[] = { { "verify", log_verify }, { "key", log_key }, { "head", log_head } };
	struct cordon_call rest = { call->context, call->argc - 1, call->argv + 1, call->failure };

	if (call->argc < 2)
		return explain(call);
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++) {
		if (!strcmp(call->argv[1], subcommands[i].name))
			return subcommands[i].run(&rest);
	}
	cordon_fail(call->failure, -EINVAL, "it is 'verify', 'key' or 'head', not '%s'",
		    call->argv[1]);
	return CORDON_EXIT_USAGE;
}
