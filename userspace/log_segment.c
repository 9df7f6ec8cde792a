// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of the log; see log_segment.h.
 */
#include "log_segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "util/cleanup.h"
#include "util/file.h"

#define DIGITS 8
/* A level that is worth its time on a small machine: it is a fourth of the time of the next. */
#define LEVEL 3

const char *cordon_event_class_name(enum cordon_event_class class)
{
	static const char *const names[] = {
#define CLASS_NAME(name, text) [CORDON_CLASS_##name] = (text),
		CORDON_CLASSES(CLASS_NAME)
#undef CLASS_NAME
	};

	return class < CORDON_CLASS_COUNT ? names[class] : "?";
}

struct cordon_log_name cordon_log_segment_name(enum cordon_event_class class, uint32_t number,
					       bool compressed)
{
	struct cordon_log_name name;

	snprintf(name.text, sizeof(name.text), "%s.%0*u%s", cordon_event_class_name(class), DIGITS,
		 number, compressed ? ".zst" : "");
	return name;
}

static bool parse_name(const char *name, enum cordon_event_class class,
		       struct cordon_log_segment *ret_segment)
{
	const char *prefix = cordon_event_class_name(class);
	const size_t length = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, length) != 0 || name[length] != '.')
		return false;
	name += length + 1;
	if (strspn(name, "0123456789") != DIGITS)
		return false;
	ret_segment->number = (uint32_t)strtoul(name, &end, 10);
	ret_segment->compressed = !strcmp(end, ".zst");
	return !*end || ret_segment->compressed;
}

static int compare(const void *a, const void *b)
{
	const struct cordon_log_segment *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (int)x->compressed - (int)y->compressed;
}

static void drop_doubles(struct cordon_log_segments *segments)
{
	size_t kept = 0;

	for (size_t i = 0; i < segments->nr; i++) {
		if (kept && segments->segment[kept - 1].number == segments->segment[i].number)
			continue;
		segments->segment[kept++] = segments->segment[i];
	}
	segments->nr = kept;
}

static int add(struct cordon_log_segments *segments, const struct cordon_log_segment *segment)
{
	struct cordon_log_segment *more =
		reallocarray(segments->segment, segments->nr + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	segments->segment = more;
	more[segments->nr++] = *segment;
	return 0;
}

static int add_entry(int folder, const char *name, enum cordon_event_class class,
		     struct cordon_log_segments *segments)
{
	struct cordon_log_segment segment;
	struct stat stat;

	if (!parse_name(name, class, &segment) ||
	    fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) || !S_ISREG(stat.st_mode))
		return 0;
	segment.size = (uint64_t)stat.st_size;
	segment.changed = stat.st_mtime;
	return add(segments, &segment);
}

static DIR *open_folder(int folder)
{
	int fd CLEANUP(close) = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *opened = fd < 0 ? NULL : fdopendir(fd);

	if (opened)
		fd = -1;
	return opened;
}

int cordon_log_segments_list(int folder, enum cordon_event_class class,
			     struct cordon_log_segments *ret_segments)
{
	struct cordon_log_segments segments = { NULL, 0 };
	DIR *opened = open_folder(folder);
	struct dirent *entry;
	int error = 0;

	if (!opened)
		return -errno;
	while (!error && (entry = readdir(opened)))
		error = add_entry(folder, entry->d_name, class, &segments);
	closedir(opened);
	if (error) {
		free(segments.segment);
		return error;
	}
	if (segments.nr)
		qsort(segments.segment, segments.nr, sizeof(*segments.segment), compare);
	drop_doubles(&segments);
	*ret_segments = segments;
	return 0;
}

static int expand(const struct cordon_file *file, uint8_t **ret_bytes, size_t *ret_size)
{
	const unsigned long long size = ZSTD_getFrameContentSize(file->text, file->size);
	uint8_t *bytes CLEANUP(free) = NULL;

	if (size > CORDON_LOG_SEGMENT_MAX) /* unknown and broken are the largest numbers */
		return -EBADMSG;
	bytes = malloc(size ? size : 1);
	if (!bytes)
		return -ENOMEM;
	if (ZSTD_decompress(bytes, size, file->text, file->size) != size)
		return -EBADMSG;
	*ret_size = size;
	*ret_bytes = TAKE(bytes);
	return 0;
}

static int read_file(int folder, const struct cordon_log_name *name, struct cordon_file *ret_file)
{
	const int fd CLEANUP(close) =
		openat(folder, name->text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : cordon_file_read_fd(fd, CORDON_LOG_SEGMENT_MAX, ret_file);
}

int cordon_log_segment_read(int folder, enum cordon_event_class class,
			    const struct cordon_log_segment *segment, uint8_t **ret_bytes,
			    size_t *ret_size)
{
	const struct cordon_log_name name =
		cordon_log_segment_name(class, segment->number, segment->compressed);
	struct cordon_file file = { .text = NULL };
	int error;

	error = read_file(folder, &name, &file);
	if (error)
		return error;
	if (segment->compressed) {
		error = expand(&file, ret_bytes, ret_size);
		free(file.text);
		return error;
	}
	*ret_bytes = (uint8_t *)file.text;
	*ret_size = file.size;
	return 0;
}

/* Beside it, under a name that is no segment's, until it is whole. */
static int write_beside(int folder, const struct cordon_log_name *name, const void *bytes,
			size_t size)
{
	const char *aside = "new.zst";
	const int fd CLEANUP(close) =
		openat(folder, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error;

	if (fd < 0)
		return -errno;
	error = cordon_file_write(fd, bytes, size);
	if (!error && fsync(fd))
		error = -errno;
	if (!error && renameat(folder, aside, folder, name->text))
		error = -errno;
	if (error)
		unlinkat(folder, aside, 0);
	return error;
}

int cordon_log_segment_compress(int folder, enum cordon_event_class class,
				struct cordon_log_segment *segment)
{
	const struct cordon_log_name from = cordon_log_segment_name(class, segment->number, false),
				     to = cordon_log_segment_name(class, segment->number, true);
	uint8_t *bytes CLEANUP(free) = NULL, *packed CLEANUP(free) = NULL;
	size_t size, room, used;
	int error;

	error = cordon_log_segment_read(folder, class, segment, &bytes, &size);
	if (error)
		return error;
	room = ZSTD_compressBound(size);
	packed = malloc(room);
	if (!packed)
		return -ENOMEM;
	used = ZSTD_compress(packed, room, bytes, size, LEVEL);
	if (ZSTD_isError(used))
		return -EIO;
	error = write_beside(folder, &to, packed, used);
	if (error)
		return error;
	if (fsync(folder) || unlinkat(folder, from.text, 0))
		return -errno;
	segment->compressed = true;
	segment->size = used;
	return 0;
}

int cordon_log_segment_delete(int folder, enum cordon_event_class class,
			      const struct cordon_log_segment *segment)
{
	const struct cordon_log_name name =
		cordon_log_segment_name(class, segment->number, segment->compressed);

	return unlinkat(folder, name.text, 0) ? -errno : 0;
}
