// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes and reads images.  The format is <cordon/image.h>'s; what an image
 * may say is image_check.c's matter.  A reader allocates no more than the file
 * has bytes.
 */
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cordon/image.h>

#include "image_check.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SECTIONS CORDON_IMAGE_SECTIONS

/* Most bytes that one call of zlib's crc32() or of read() is given. */
#define CHUNK (1U << 30)

/*
 * struct section - where a section lies in struct cordon_image
 * @data: offset of the pointer to its elements
 * @count: offset of their number
 * @again: the number is also that of the section before, and must be the same
 */
struct section {
	size_t data;
	size_t count;
	uint32_t size;
	bool again;
};

#define SECTION(member, number, repeated)                                                          \
	{                                                                                          \
		offsetof(struct cordon_image, member), offsetof(struct cordon_image, number),      \
			sizeof(*((struct cordon_image *)0)->member), repeated                      \
	}

/* All but settings, which are no array. */
static const struct section sections[SECTIONS] = {
	[CORDON_IMAGE_PREFIXES] = SECTION(prefixes, nr_prefixes, false),
	[CORDON_IMAGE_MATRIX] = SECTION(matrix[CORDON_MATRIX_OPEN], nr_cells, false),
	[CORDON_IMAGE_EGRESS] = SECTION(matrix[CORDON_MATRIX_EGRESS], nr_cells, true),
	[CORDON_IMAGE_KEEP] = SECTION(matrix[CORDON_MATRIX_KEEP], nr_cells, true),
	[CORDON_IMAGE_PAGES] = SECTION(pages, nr_pages, false),
	[CORDON_IMAGE_LEAF] = SECTION(leaf, nr_pages, true),
	[CORDON_IMAGE_CLASSES] = SECTION(classes, nr_classes, false),
	[CORDON_IMAGE_ZONES] = SECTION(zones, nr_zones, false),
	[CORDON_IMAGE_RULES] = SECTION(rules, nr_rules, false),
	[CORDON_IMAGE_INTERFACES] = SECTION(interfaces, nr_interfaces, false),
	[CORDON_IMAGE_WORKLOADS] = SECTION(workloads, nr_workloads, false),
	[CORDON_IMAGE_CERTIFICATES] = SECTION(certificates, nr_certificates, false),
	[CORDON_IMAGE_LOCKDOWN] = SECTION(lockdown, nr_lockdown, false),
	[CORDON_IMAGE_BACKSTOP] = SECTION(backstop_rules, nr_backstop_rules, false),
	[CORDON_IMAGE_BACKSTOP_PREFIXES] = SECTION(backstop_prefixes, nr_backstop_prefixes, false),
};

/* struct piece - bytes that follow each other in the file */
struct piece {
	const void *data;
	size_t size;
};

static size_t padding(size_t size)
{
	return -size % sizeof(uint64_t);
}

static uint32_t sum(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (size_t part; size; size -= part, byte += part) {
		part = size < CHUNK ? size : CHUNK;
		crc = (uint32_t)crc32(crc, byte, (uInt)part);
	}
	return crc;
}

/* ---- writing ---- */

static const void *section_data(const struct cordon_image *image, unsigned int section)
{
	const char *base = (const char *)image;
	const void *data;

	memcpy(&data, base + sections[section].data, sizeof(data));
	return data;
}

static size_t section_count(const struct cordon_image *image, unsigned int section)
{
	size_t count;

	memcpy(&count, (const char *)image + sections[section].count, sizeof(count));
	return count;
}

/* The header but for its sum, and what follows it: a section, then its padding. */
static void lay_out(const struct cordon_image *image, struct cordon_image_header *header,
		    struct piece pieces[2 * SECTIONS])
{
	static const uint64_t zeros;

	memset(header, 0, sizeof(*header));
	memcpy(header->magic, CORDON_IMAGE_MAGIC, sizeof(header->magic));
	header->version = CORDON_IMAGE_VERSION;
	header->order = CORDON_IMAGE_ORDER;
	header->sections = SECTIONS;
	header->section[0].size = sizeof(image->settings);
	header->section[0].count = 1;
	pieces[0] = (struct piece){ &image->settings, sizeof(image->settings) };
	for (unsigned int i = 1; i < SECTIONS; i++) {
		header->section[i].size = sections[i].size;
		header->section[i].count = section_count(image, i);
		pieces[2 * i] = (struct piece){ section_data(image, i),
						section_count(image, i) * sections[i].size };
	}
	header->size = sizeof(*header);
	for (unsigned int i = 0; i < SECTIONS; i++) {
		pieces[2 * i + 1] = (struct piece){ &zeros, padding(pieces[2 * i].size) };
		header->size += pieces[2 * i].size + pieces[2 * i + 1].size;
	}
}

static int write_image(const struct cordon_image *image, int fd)
{
	struct cordon_image_header header;
	struct piece pieces[2 * SECTIONS];
	uint32_t crc;
	int err;

	lay_out(image, &header, pieces);
	crc = sum(0, &header, sizeof(header));
	for (unsigned int i = 0; i < 2 * SECTIONS; i++)
		crc = sum(crc, pieces[i].data, pieces[i].size);
	header.crc = crc;
	err = cordon_file_write(fd, &header, sizeof(header));
	for (unsigned int i = 0; !err && i < 2 * SECTIONS; i++)
		err = cordon_file_write(fd, pieces[i].data, pieces[i].size);
	if (err)
		return err;
	return fsync(fd) ? -errno : 0;
}

/* The folder that @name is in; a name without '/' is in @dirfd itself. */
static int sync_folder(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	char path[PATH_MAX] = ".";
	int fd CLEANUP(close) = -1;

	if (slash) {
		memcpy(path, name, (size_t)(slash - name) + 1);
		path[slash - name + 1] = 0;
	}
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fsync(fd) ? -errno : 0;
}

static int write_aside(const struct cordon_image *image, int dirfd, const char *aside)
{
	int fd CLEANUP(close) = -1;

	fd = openat(dirfd, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : write_image(image, fd);
}

int cordon_image_write(const struct cordon_image *image, int dirfd, const char *name)
{
	char aside[PATH_MAX];
	int err;

	if (snprintf(aside, sizeof(aside), "%s.new", name) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	err = write_aside(image, dirfd, aside);
	if (!err && renameat(dirfd, aside, dirfd, name))
		err = -errno;
	if (err) {
		unlinkat(dirfd, aside, 0);
		return err;
	}
	return sync_folder(dirfd, name);
}

/* ---- reading ---- */

/*
 * struct reader
 * @left: bytes of the file that were not read yet
 * @crc: of those that were
 */
struct reader {
	int fd;
	uint64_t left;
	uint32_t crc;
};

/* Return: 0; -EBADMSG: the file is shorter than it says; -errno. */
static int read_whole(struct reader *reader, void *ret_data, size_t size)
{
	size_t done = 0;
	ssize_t got;

	if (size > reader->left)
		return -EBADMSG;
	while (done < size) {
		got = read(reader->fd, (char *)ret_data + done,
			   size - done < CHUNK ? size - done : CHUNK);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EBADMSG;
		done += (size_t)got;
	}
	reader->left -= size;
	reader->crc = sum(reader->crc, ret_data, size);
	return 0;
}

static bool is_header_sound(const struct cordon_image_header *header, uint64_t size)
{
	if (memcmp(header->magic, CORDON_IMAGE_MAGIC, sizeof(header->magic)) ||
	    header->version != CORDON_IMAGE_VERSION || header->order != CORDON_IMAGE_ORDER ||
	    header->size != size || header->sections != SECTIONS ||
	    header->section[0].size != sizeof(struct cordon_settings) ||
	    header->section[0].count != 1 || header->section[0].pad)
		return false;
	for (unsigned int i = 1; i < SECTIONS; i++) {
		const struct cordon_image_extent *extent = &header->section[i];

		if (extent->size != sections[i].size || extent->pad ||
		    extent->count > size / extent->size)
			return false;
		if (sections[i].again && extent->count != header->section[i - 1].count)
			return false;
	}
	return true;
}

static int read_header(struct reader *reader, struct cordon_image_header *ret_header)
{
	const uint64_t size = reader->left;
	struct cordon_image_header header;
	uint32_t crc;
	int err;

	err = read_whole(reader, &header, sizeof(header));
	if (err)
		return err;
	if (!is_header_sound(&header, size))
		return -EBADMSG;
	crc = header.crc;
	header.crc = 0;
	reader->crc = sum(0, &header, sizeof(header));
	header.crc = crc;
	*ret_header = header;
	return 0;
}

static int read_padding(struct reader *reader, size_t size)
{
	uint64_t zeros = 0;
	int err;

	err = read_whole(reader, &zeros, padding(size));
	return err ? err : zeros ? -EBADMSG : 0;
}

/* The image owns the elements from then on. */
static int read_section(struct reader *reader, struct cordon_image *image, unsigned int section,
			size_t count)
{
	const size_t size = count * sections[section].size;
	void *data;
	int err;

	if (size > reader->left)
		return -EBADMSG;
	data = malloc(size ? size : 1);
	if (!data)
		return -ENOMEM;
	memcpy((char *)image + sections[section].data, &data, sizeof(data));
	memcpy((char *)image + sections[section].count, &count, sizeof(count));
	err = read_whole(reader, data, size);
	return err ? err : read_padding(reader, size);
}

static int read_sections(struct reader *reader, struct cordon_image *image)
{
	struct cordon_image_header header;
	int err;

	err = read_header(reader, &header);
	if (!err)
		err = read_whole(reader, &image->settings, sizeof(image->settings));
	for (unsigned int i = 1; !err && i < SECTIONS; i++)
		err = read_section(reader, image, i, header.section[i].count);
	if (err)
		return err;
	return reader->left || reader->crc != header.crc ? -EBADMSG : 0;
}

int cordon_image_read_fd(int fd, struct cordon_image **ret_image)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	struct reader reader = { .fd = fd };
	struct stat status;
	int err;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	reader.left = (uint64_t)status.st_size;
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	err = read_sections(&reader, image);
	if (!err)
		err = cordon_image_check(image);
	if (err)
		return err;
	*ret_image = TAKE(image);
	return 0;
}

int cordon_image_read(int dirfd, const char *name, struct cordon_image **ret_image)
{
	int fd CLEANUP(close) = -1;

	/* O_NONBLOCK: a FIFO in its place must not hold up a boot. */
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : cordon_image_read_fd(fd, ret_image);
}
