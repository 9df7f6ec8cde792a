// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes a tar archive; see tar.h.  POSIX.1-1988's header, and what GNU, busybox
 * and BSD read as a name of any length (type 'L').
 */
#include "tar.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "util/file.h"

#define BLOCK 512
#define FILE_TYPE '0'
#define NAME_TYPE 'L'

struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[8]; /* and version */
	char user[32];
	char group[32];
	char device[16];
	char prefix[155];
	char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a block");

static int put(struct cordon_tar *tar, const void *data, size_t size)
{
	cordon_digest_add(&tar->digest, data, size);
	tar->size += size;
	return cordon_file_write(tar->fd, data, size);
}

/* Zeros up to the next block. */
static int fill(struct cordon_tar *tar)
{
	static const char zeros[BLOCK];

	return put(tar, zeros, (BLOCK - tar->size % BLOCK) % BLOCK);
}

/* Octal digits, and a NUL. */
static void set_number(char *field, size_t size, uint64_t number)
{
	field[--size] = '\0';
	while (size--) {
		field[size] = (char)('0' + number % 8);
		number /= 8;
	}
}

static void set_sum(struct header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	unsigned int sum = 0;

	memset(header->sum, ' ', sizeof(header->sum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	set_number(header->sum, sizeof(header->sum) - 1, sum);
}

/* As much of a text as there is room for, without a NUL if it fills it. */
static void set_text(char *field, size_t size, const char *text, size_t length)
{
	memcpy(field, text, length < size ? length : size);
}

/* A name is cut at a '/' into two fields. Return: could it be? */
static bool set_name(struct header *header, const char *name)
{
	const size_t length = strlen(name);
	const char *slash = name;

	if (length <= sizeof(header->name)) {
		set_text(header->name, sizeof(header->name), name, length);
		return true;
	}
	if (length > sizeof(header->prefix) + 1 + sizeof(header->name))
		return false;
	slash = strchr(name + length - sizeof(header->name) - 1, '/');
	if (!slash || slash == name || !slash[1] || (size_t)(slash - name) > sizeof(header->prefix))
		return false;
	set_text(header->prefix, sizeof(header->prefix), name, (size_t)(slash - name));
	set_text(header->name, sizeof(header->name), slash + 1, strlen(slash + 1));
	return true;
}

static int put_header(struct cordon_tar *tar, struct header *header, char type, uint64_t size)
{
	set_number(header->mode, sizeof(header->mode), 0600);
	set_number(header->uid, sizeof(header->uid), 0);
	set_number(header->gid, sizeof(header->gid), 0);
	set_number(header->size, sizeof(header->size), size);
	set_number(header->mtime, sizeof(header->mtime), tar->mtime > 0 ? tar->mtime : 0);
	header->type = type;
	memcpy(header->magic,
	       "ustar\0"
	       "00",
	       sizeof(header->magic));
	set_sum(header);
	return put(tar, header, sizeof(*header));
}

static int put_long_name(struct cordon_tar *tar, const char *name)
{
	struct header header = { .name = "././@LongLink" };
	const size_t size = strlen(name) + 1;
	int error = put_header(tar, &header, NAME_TYPE, size);

	if (!error)
		error = put(tar, name, size);
	return error ? error : fill(tar);
}

static int put_name(struct cordon_tar *tar, const char *name, uint64_t size)
{
	struct header header = { .type = FILE_TYPE };
	int error = 0;

	if (!set_name(&header, name)) {
		error = put_long_name(tar, name);
		set_text(header.name, sizeof(header.name), name, strlen(name));
	}
	return error ? error : put_header(tar, &header, FILE_TYPE, size);
}

static int put_bytes(struct cordon_tar *tar, int from, uint64_t size, struct cordon_digest *digest)
{
	char bytes[16 * BLOCK];

	for (uint64_t at = 0; at < size;) {
		const uint64_t left = size - at;
		const ssize_t got =
			pread(from, bytes, left < sizeof(bytes) ? left : sizeof(bytes), (off_t)at);
		int error;

		if (got <= 0)
			return got ? -errno : -EIO;
		cordon_digest_add(digest, bytes, (size_t)got);
		error = put(tar, bytes, (size_t)got);
		if (error)
			return error;
		at += (uint64_t)got;
	}
	return fill(tar);
}

void cordon_tar_begin(struct cordon_tar *tar, int fd, int64_t mtime)
{
	*tar = (struct cordon_tar){ .fd = fd, .mtime = mtime };
	cordon_digest_begin(&tar->digest);
}

int cordon_tar_add(struct cordon_tar *tar, const char *name, int from, uint64_t size,
		   uint8_t (*ret_digest)[32])
{
	struct cordon_digest digest;
	int error = put_name(tar, name, size);

	cordon_digest_begin(&digest);
	if (!error)
		error = put_bytes(tar, from, size, &digest);
	if (!error)
		cordon_digest_end(&digest, ret_digest);
	return error;
}

int cordon_tar_end(struct cordon_tar *tar, uint8_t (*ret_digest)[32])
{
	static const char zeros[2 * BLOCK];
	const int error = put(tar, zeros, sizeof(zeros));

	if (!error)
		cordon_digest_end(&tar->digest, ret_digest);
	return error;
}
