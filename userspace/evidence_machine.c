// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and modules; see evidence_machine.h.  Of a key that is not public it tells
 * the name and nothing that is in it.
 */
#include "evidence_machine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sign.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/hex.h"
#include "util/print.h"

/* Of a file of keys, and of one in /sys. */
#define KEYS_MAX (1UL << 20)
#define VALUE_MAX 4096

/* ---- a public key ------------------------------------------------------------------------- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Base 64, up to what is no digit of it. Return: bytes; in the place of the digits */
static size_t decode(char *text)
{
	unsigned int bits = 0, word = 0;
	size_t size = 0;

	for (const char *at = text; *at && strchr(digits, *at); at++) {
		word = (word << 6 | (unsigned int)(strchr(digits, *at) - digits)) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		text[size++] = (char)(word >> bits);
	}
	return size;
}

static void encode(const uint8_t *bytes, size_t size, char *text)
{
	for (size_t bit = 0; bit < 8 * size; bit += 6) {
		const size_t at = bit / 8;
		const unsigned int word = (unsigned int)bytes[at] << 8 |
					  (at + 1 < size ? bytes[at + 1] : 0);

		*text++ = digits[word >> (10 - bit % 8) & 63];
	}
	*text = '\0';
}

/* A blob begins with the length of its type, four bytes, as all do that begin with "AAAA". */
static void write_key(struct json *json, char *blob)
{
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	char text[64] = "SHA256:", type[33] = "";
	const size_t size = decode(blob);

	if (size < 5 || (uint8_t)blob[3] >= sizeof(type) || size < 4U + (uint8_t)blob[3])
		return;
	memcpy(type, blob + 4, (uint8_t)blob[3]);
	cordon_sign_digest(blob, size, &digest);
	encode(digest, sizeof(digest), text + strlen(text));
	json_object(json, NULL);
	json_string(json, "type", type);
	json_string(json, "fingerprint", text);
	json_object_end(json);
}

static void write_keys(struct json *json, char *text)
{
	for (char *line; (line = strsep(&text, "\n"));) {
		char *blob = line[0] == '#' ? NULL : strstr(line, "AAAA");

		if (blob)
			write_key(json, blob);
	}
}

static void write_public(struct json *json, int folder, const char *name)
{
	const int fd CLEANUP(close) =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	char hex[2 * sizeof(digest) + 1];
	struct cordon_file file = { .text = NULL };

	if (fd < 0 || cordon_file_read_fd(fd, KEYS_MAX, &file))
		return;
	cordon_sign_digest(file.text, file.size, &digest);
	cordon_hex_format(digest, sizeof(digest), hex);
	json_string(json, "sha256", hex);
	json_array(json, "keys");
	write_keys(json, file.text);
	json_array_end(json);
	free(file.text);
}

/* ---- folders of keys ---------------------------------------------------------------------- */

static bool is_public(const char *name)
{
	const size_t length = strlen(name);

	return !strncmp(name, "authorized_keys", 15) ||
	       (length > 4 && !strcmp(name + length - 4, ".pub"));
}

static void write_file(FILE *file, const char *path, int folder, const char *name)
{
	struct json json = { .file = file };
	char *whole CLEANUP(free) = NULL;
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) || S_ISDIR(status.st_mode) ||
	    asprintf(&whole, "%s/%s", path, name) < 0)
		return;
	json_object(&json, NULL);
	json_string(&json, "path", whole);
	json_bool(&json, "link", S_ISLNK(status.st_mode));
	json_number(&json, "size", (uint64_t)status.st_size);
	json_number(&json, "mode", status.st_mode & 07777);
	json_number(&json, "uid", status.st_uid);
	json_number(&json, "gid", status.st_gid);
	json_number(&json, "modified", (uint64_t)status.st_mtime);
	if (is_public(name))
		write_public(&json, folder, name);
	json_object_end(&json);
	json_line_end(&json);
}

static void write_folder(FILE *file, const char *path, const char *prefix)
{
	DIR *folder CLEANUP(folder) = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			write_file(file, path, dirfd(folder), entry->d_name);
	}
}

/* NAME:PASSWORD:UID:GID:ABOUT:HOME:SHELL */
static void write_home(FILE *file, char *account)
{
	char *path CLEANUP(free) = NULL;
	const char *home = NULL;

	for (int i = 0; i < 6 && account; i++)
		home = strsep(&account, ":");
	if (account && home[0] == '/' && asprintf(&path, "%s/.ssh", home) > 0)
		write_folder(file, path, "");
}

int cordon_evidence_keys(const void *state, FILE *file)
{
	struct cordon_file accounts = { .text = NULL };
	char *rest, *line;
	int error;

	(void)state;
	write_folder(file, "/etc/ssh", "ssh_host_");
	error = cordon_file_read("/etc/passwd", KEYS_MAX, &accounts);
	for (rest = accounts.text; (line = strsep(&rest, "\n"));)
		write_home(file, line);
	free(accounts.text);
	return error;
}

/* ---- modules ------------------------------------------------------------------------------ */

static void write_value(struct json *json, int folder, const char *name)
{
	const int fd CLEANUP(close) = openat(folder, name, O_RDONLY | O_CLOEXEC);
	char value[VALUE_MAX];
	const ssize_t size = fd < 0 ? -1 : read(fd, value, sizeof(value) - 1);

	if (size < 0)
		return;
	value[size] = '\0';
	value[strcspn(value, "\n")] = '\0';
	json_string(json, name, value);
}

/* What is built in has a folder, too, and no state. */
static void write_module(FILE *file, int modules, const char *name)
{
	static const char *const values[] = { "initstate", "version",  "srcversion",
					      "taint",	   "coresize", "refcnt" };
	const int folder CLEANUP(close) = openat(modules, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct json json = { .file = file };

	if (folder < 0 || faccessat(folder, "initstate", F_OK, 0))
		return;
	json_object(&json, NULL);
	json_string(&json, "name", name);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		write_value(&json, folder, values[i]);
	json_object_end(&json);
	json_line_end(&json);
}

int cordon_evidence_modules(const void *state, FILE *file)
{
	DIR *modules CLEANUP(folder) = opendir("/sys/module");
	const struct dirent *entry;

	(void)state;
	if (!modules)
		return -errno;
	while ((entry = readdir(modules))) {
		if (entry->d_name[0] != '.')
			write_module(file, dirfd(modules), entry->d_name);
	}
	return 0;
}
