// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is listed at lockdown; see attach_listed.h.  A file is listed by the hook of
 * its opening, or of its mapping, so that the kernel's own numbers of it are used on
 * any file system, and its own digest.
 */
#include "attach_listed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <cordon/uapi/lockdown.h>

#include "libraries.h"
#include "lockdown_look.h"
#include "tpm.h"
#include "util/cleanup.h"
#include "util/hex.h"

#define SHA256 4 /* enum hash_algo */

static int write_lesson(const struct cordon_listed *listed,
			const struct cordon_lockdown_lesson *lesson)
{
	const uint32_t zero = 0;

	return bpf_map_update_elem(listed->lesson, &zero, lesson, BPF_ANY);
}

/* Return: 0 or -errno of the opening: the hook may have been called nonetheless */
static int show(const char *path, bool map)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return -errno;
	memory = map ? mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (memory != MAP_FAILED)
		munmap(memory, 1);
	return 0;
}

/* @lesson: with what there is to say; then with what was listed */
static int teach(const struct cordon_listed *listed, const char *path,
		 struct cordon_lockdown_lesson *lesson)
{
	const struct cordon_lockdown_lesson over = { .learner = 0 };
	const uint32_t zero = 0;
	int error, shown;

	lesson->learner = (uint32_t)getpid();
	lesson->result = CORDON_LOCKDOWN_UNHEARD;
	error = write_lesson(listed, lesson);
	if (error)
		return error;
	shown = show(path, lesson->kind == CORDON_LOCKDOWN_LEARN_CODE);
	error = bpf_map_lookup_elem(listed->lesson, &zero, lesson);
	write_lesson(listed, &over);
	if (error || lesson->result != CORDON_LOCKDOWN_UNHEARD)
		return error ? error : lesson->result;
	return shown ? shown : -ENOTSUP;
}

static uint64_t bit_of(const struct cordon_image *image, const char *secret)
{
	uint64_t bit = 1;

	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (!entry->secret[0] || (i && !strcmp(entry->secret, entry[-1].secret)))
			continue;
		if (!strcmp(entry->secret, secret))
			return bit;
		bit = bit << 1 ? bit << 1 : bit;
	}
	return 0;
}

/* ---- programs and libraries --------------------------------------------------------------- */

/* All that is listed of one program. */
static struct cordon_lockdown_right right_of(const struct cordon_image *image, const char *path)
{
	struct cordon_lockdown_right right = { .opens = 0 };

	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (strcmp(entry->text, path) != 0)
			continue;
		right.starts |= entry->kind == CORDON_LOCKDOWN_PROGRAM;
		if (entry->kind == CORDON_LOCKDOWN_OPENER)
			right.opens |= bit_of(image, entry->secret);
	}
	return right;
}

static const uint8_t no_digest[32];

/* As the policy wants it; if it says nothing, as it was when the level was reached. */
static int check(const struct cordon_listed *listed, const char *path, const uint8_t *wanted,
		 const struct cordon_lockdown_right *right)
{
	const bool told = memcmp(wanted, no_digest, sizeof(no_digest)) != 0;
	const struct cordon_ledger_line *line = cordon_ledger_find(listed->ledger, "code", path);
	char value[sizeof(line->value)], digest[2 * sizeof(no_digest) + 1];

	if (told && right->algorithm == SHA256)
		return memcmp(wanted, right->digest, sizeof(no_digest)) ? -ESTALE : 0;
	cordon_hex_format(right->digest, sizeof(no_digest), digest);
	snprintf(value, sizeof(value), "%d:%s", right->algorithm, digest);
	if (line)
		return strcmp(line->value, value) ? -ESTALE : 0;
	/* A line has no room for a blank. */
	return strchr(path, ' ') ? 0 : cordon_ledger_add(listed->ledger, "code", path, value);
}

static bool is_fatal(int error)
{
	return error == -ENOTSUP || error == -E2BIG || error == -ENOMEM;
}

/* What cannot be opened, or is another one, is not listed. */
static int list_one(const struct cordon_listed *listed, const char *text, const uint8_t *wanted,
		    struct cordon_lockdown_right right)
{
	const struct cordon_path path = cordon_path_root(listed->context, text);
	struct cordon_lockdown_lesson lesson = { .kind = CORDON_LOCKDOWN_LEARN_CODE,
						 .right = right };
	int error = teach(listed, path.text, &lesson);

	if (!error) {
		error = check(listed, text, wanted, &lesson.right);
		if (error)
			bpf_map_delete_elem(listed->code, &lesson.file);
	}
	if (!error || is_fatal(error))
		return error;
	cordon_fail(listed->failure, error, "%s: %s", text,
		    error == -ESTALE ? "it was changed since the node was shut" : strerror(-error));
	return 0;
}

static int list_program(const struct cordon_listed *listed,
			const struct cordon_image_lockdown *entry,
			struct cordon_libraries *libraries)
{
	struct cordon_failure lack;
	int error;

	if (cordon_lockdown_lack(listed->context, entry, &lack)) {
		cordon_fail(listed->failure, -ENOENT, "%s", lack.text);
		return 0;
	}
	error = list_one(listed, entry->text, entry->sha256, right_of(listed->image, entry->text));
	return error ? error : cordon_libraries_add(libraries, entry->text);
}

static int list_libraries(const struct cordon_listed *listed,
			  const struct cordon_libraries *libraries)
{
	const struct cordon_lockdown_right mapped = { .starts = 0 };
	int error = 0;

	for (size_t i = 0; i < libraries->nr && !error; i++)
		error = list_one(listed, libraries->path[i], no_digest, mapped);
	return error;
}

static int list_code(const struct cordon_listed *listed)
{
	struct cordon_libraries libraries CLEANUP(libraries) = { .context = listed->context };
	int error = 0;

	for (size_t i = 0; i < listed->image->nr_lockdown && !error; i++) {
		const struct cordon_image_lockdown *entry = &listed->image->lockdown[i];

		if (entry->kind == CORDON_LOCKDOWN_PROGRAM || entry->kind == CORDON_LOCKDOWN_OPENER)
			error = list_program(listed, entry, &libraries);
		else if (entry->kind == CORDON_LOCKDOWN_LIBRARY)
			error = cordon_libraries_list(&libraries, entry->text);
	}
	return error ? error : list_libraries(listed, &libraries);
}

/* Our own helper starts, and opens what an order is to destroy. */
static int list_helper(const struct cordon_listed *listed)
{
	struct cordon_lockdown_lesson lesson = { .kind = CORDON_LOCKDOWN_LEARN_CODE,
						 .right = { .opens = UINT64_MAX, .starts = 1 } };

	return teach(listed, "/proc/self/exe", &lesson);
}

/* ---- secrets ------------------------------------------------------------------------------ */

/* What is not there is no secret, and a device that another has open is one. */
static int list_file(const struct cordon_listed *listed, const char *path, uint64_t secret)
{
	const struct cordon_path file = cordon_path_root(listed->context, path);
	struct cordon_lockdown_lesson lesson = { .kind = CORDON_LOCKDOWN_LEARN_SECRET,
						 .right = { .opens = secret } };
	const int error = teach(listed, file.text, &lesson);

	return is_fatal(error) ? error : 0;
}

static int list_tpm(const struct cordon_listed *listed, uint64_t secret)
{
	const int error = list_file(listed, TPM_DEVICE, secret);

	return error ? error : list_file(listed, TPM_DEVICE_BARE, secret);
}

/* "TYPE:DESCRIPTION" */
static int list_key(const struct cordon_listed *listed, const char *text, uint64_t secret)
{
	struct cordon_lockdown_key key = { .type = "" };
	const size_t type = strcspn(text, ":");
	uint64_t before = 0;

	if (type >= sizeof(key.type) || strlen(text + type + 1) >= sizeof(key.description)) {
		cordon_fail(listed->failure, -ENAMETOOLONG,
			    "key %.40s: its type or description is too long to be held", text);
		return 0;
	}
	memcpy(key.type, text, type);
	memcpy(key.description, text + type + 1, strlen(text + type + 1));
	bpf_map_lookup_elem(listed->keys, &key, &before);
	secret |= before;
	return bpf_map_update_elem(listed->keys, &key, &secret, BPF_ANY);
}

static int list_secret(const struct cordon_listed *listed,
		       const struct cordon_image_lockdown *entry)
{
	const uint64_t secret = bit_of(listed->image, entry->secret);

	switch ((enum cordon_lockdown_kind)entry->kind) {
	case CORDON_LOCKDOWN_FILE:
		return list_file(listed, entry->text, secret);
	case CORDON_LOCKDOWN_TPM:
		return list_tpm(listed, secret);
	case CORDON_LOCKDOWN_KEY:
		return list_key(listed, entry->text, secret);
	default:
		return 0;
	}
}

int cordon_listed_fill(struct cordon_listed *listed)
{
	int error = list_helper(listed);

	if (!error)
		error = list_code(listed);
	for (size_t i = 0; i < listed->image->nr_lockdown && !error; i++)
		error = list_secret(listed, &listed->image->lockdown[i]);
	return error;
}
