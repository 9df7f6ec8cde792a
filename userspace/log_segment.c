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
#define CHUNK 16384

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

/* All that the input gives. */
static int pack(ZSTD_CCtx *context, ZSTD_inBuffer *input, ZSTD_EndDirective end, int to)
{
	uint8_t packed[CHUNK];
	size_t left;

	do {
		ZSTD_outBuffer output = { packed, sizeof(packed), 0 };
		int error;

		left = ZSTD_compressStream2(context, &output, input, end);
		if (ZSTD_isError(left))
			return -EIO;
		error = cordon_file_write(to, packed, output.pos);
		if (error)
			return error;
	} while (input->pos < input->size || (end == ZSTD_e_end && left));
	return 0;
}

/* A segment is not held in memory; what is read of it is what its frame says that it has. */
static int pack_file(ZSTD_CCtx *context, int from, int to)
{
	uint8_t bytes[CHUNK];
	struct stat stat;
	int error = 0;
	ssize_t got;

	if (!context)
		return -ENOMEM;
	if (fstat(from, &stat))
		return -errno;
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setPledgedSrcSize(context, (unsigned long long)stat.st_size);
	do {
		ZSTD_inBuffer input = { bytes, 0, 0 };

		got = read(from, bytes, sizeof(bytes));
		if (got < 0)
			return -errno;
		input.size = (size_t)got;
		error = pack(context, &input, got ? ZSTD_e_continue : ZSTD_e_end, to);
	} while (got && !error);
	return error;
}

/* Beside it, under a name that is no segment's, until it is whole. */
static int write_beside(int folder, const struct cordon_log_name *from,
			const struct cordon_log_name *to, uint64_t *ret_size)
{
	const char *aside = "new.zst";
	const int in CLEANUP(close) =
		openat(folder, from->text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int out CLEANUP(close) = -1;
	ZSTD_CCtx *context;
	int error;

	if (in >= 0)
		out = openat(folder, aside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			     0600);
	if (out < 0)
		return -errno;
	context = ZSTD_createCCtx();
	error = pack_file(context, in, out);
	ZSTD_freeCCtx(context);
	if (!error && fsync(out))
		error = -errno;
	if (!error && renameat(folder, aside, folder, to->text))
		error = -errno;
	if (error)
		unlinkat(folder, aside, 0);
	if (!error)
		*ret_size = (uint64_t)lseek(out, 0, SEEK_CUR);
	return error;
}

int cordon_log_segment_compress(int folder, enum cordon_event_class class,
				struct cordon_log_segment *segment)
{
	const struct cordon_log_name from = cordon_log_segment_name(class, segment->number, false),
				     to = cordon_log_segment_name(class, segment->number, true);
	uint64_t size = 0;
	int error;

	error = write_beside(folder, &from, &to, &size);
	if (error)
		return error;
	if (fsync(folder) || unlinkat(folder, from.text, 0))
		return -errno;
	segment->compressed = true;
	segment->size = size;
	return 0;
}

int cordon_log_segment_delete(int folder, enum cordon_event_class class,
			      const struct cordon_log_segment *segment)
{
	const struct cordon_log_name name =
		cordon_log_segment_name(class, segment->number, segment->compressed);

	return unlinkat(folder, name.text, 0) ? -errno : 0;
}
