// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What `lockdown:` says and what there is of it; see lockdown_look.h.
 */
#include "lockdown_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live.h"
#include "sign.h"
#include "store.h"
#include "tpm.h"
#include "util/cleanup.h"
#include "util/file.h"

#define PROGRAM_MAX (1UL << 30)
#define PASSWD_MAX (64UL << 20)

int cordon_lockdown_image(const struct cordon_context *context, struct cordon_failure *failure,
			  struct cordon_image **ret_image)
{
	const uint32_t generation = cordon_live_generation(context);
	int error;

	if (!generation)
		return cordon_fail(failure, -ENOENT,
				   "there is no policy that says what lockdown is");
	error = cordon_store_image(context, generation, ret_image);
	return error ? cordon_fail(failure, error, "generation %u cannot be read from the disk: %s",
				   generation, strerror(-error)) :
		       0;
}

size_t cordon_lockdown_count(const struct cordon_image *image, enum cordon_lockdown_kind kind)
{
	size_t nr = 0;

	for (size_t i = 0; i < image->nr_lockdown; i++)
		nr += image->lockdown[i].kind == kind;
	return nr;
}

/* What is only destroyed, by order, holds nothing. */
bool cordon_lockdown_holds(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const uint32_t kind = image->lockdown[i].kind;

		if (kind != CORDON_LOCKDOWN_LUKS && kind != CORDON_LOCKDOWN_WIPE)
			return true;
	}
	return false;
}

/* ---- what there is ----------------------------------------------------------------------- */

/* A line is NAME:PASSWORD:UID:...; the C library's own way needs shared objects. */
static bool is_user(const char *line, const char *name, uint32_t *ret_uid)
{
	const size_t length = strlen(name);
	const char *colon;

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return false;
	colon = strchr(line + length + 1, ':');
	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	*ret_uid = (uint32_t)strtoul(colon + 1, NULL, 10);
	return true;
}

int cordon_lockdown_user(const struct cordon_context *context, const char *name, uint32_t *ret_uid)
{
	const struct cordon_path path = cordon_path_root(context, "/etc/passwd");
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;

	if (cordon_file_read(path.text, PASSWD_MAX, &file))
		return -ENOENT;
	text = file.text;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (is_user(line, name, ret_uid))
			return 0;
	}
	return -ENOENT;
}

static const char *program_lack(const char *path, const struct cordon_image_lockdown *entry)
{
	static const uint8_t none[sizeof(entry->sha256)];
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;

	if (access(path, X_OK))
		return "there is no such program";
	if (!memcmp(entry->sha256, none, sizeof(none)))
		return NULL;
	if (cordon_file_read(path, PROGRAM_MAX, &file))
		return "it cannot be read";
	text = file.text;
	cordon_sign_digest(text, file.size, &digest);
	return memcmp(digest, entry->sha256, sizeof(digest)) ?
		       "it is another one than the digest says" :
		       NULL;
}

static const char *device_lack(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		return "there is none";
	return S_ISBLK(status.st_mode) || S_ISREG(status.st_mode) ? NULL : "it is no block device";
}

static const char *lack_of(const struct cordon_context *context,
			   const struct cordon_image_lockdown *entry)
{
	const struct cordon_path path = cordon_path_root(context, entry->text);
	struct stat status;
	uint32_t uid;

	switch ((enum cordon_lockdown_kind)entry->kind) {
	case CORDON_LOCKDOWN_PROGRAM:
	case CORDON_LOCKDOWN_OPENER:
		return program_lack(path.text, entry);
	case CORDON_LOCKDOWN_FILE:
	case CORDON_LOCKDOWN_WIPE:
	case CORDON_LOCKDOWN_LIBRARY:
		return lstat(path.text, &status) ? "there is none" : NULL;
	case CORDON_LOCKDOWN_LUKS:
		return device_lack(path.text);
	case CORDON_LOCKDOWN_TPM:
		return access(cordon_path_root(context, TPM_DEVICE).text, F_OK) ?
			       "there is no TPM 2.0 (" TPM_DEVICE ")" :
			       NULL;
	case CORDON_LOCKDOWN_LOGIN:
		return cordon_lockdown_user(context, entry->text, &uid) ?
			       "there is no such user in /etc/passwd" :
			       NULL;
	default:
		return NULL;
	}
}

bool cordon_lockdown_lack(const struct cordon_context *context,
			  const struct cordon_image_lockdown *entry,
			  struct cordon_failure *ret_lack)
{
	const char *lack = lack_of(context, entry);

	ret_lack->text[0] = '\0';
	if (lack)
		cordon_fail(ret_lack, 0, "%s %s: %s", cordon_lockdown_kind_name(entry->kind),
			    entry->text, lack);
	return lack;
}
