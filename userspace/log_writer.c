// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes one chain of the log; see log_writer.h.
 */
#include "log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_segment.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

/* More full segments than these are not held open. */
#define LEFT_MAX 64

DEFINE_CLEANUP(writer, struct cordon_log_writer *, cordon_log_writer_close)

struct cordon_log_writer {
	int folder;
	enum cordon_event_class class;
	struct cordon_log_chain chain;
	size_t limit;
	uint32_t segment;
	size_t size;		      /* of the segment: all whole blocks */
	int fd;			      /* of the segment, -1: it is not made yet */
	bool written;		      /* to, since it was last given */
	int error;		      /* of files that were never given */
	struct cordon_log_files left; /* segments that are full, and were not given */
};

static void note_error(struct cordon_log_writer *writer, int error)
{
	writer->error = writer->error ? writer->error : error;
}

int cordon_log_writer_failure(struct cordon_log_writer *writer)
{
	const int error = writer->error;

	writer->error = 0;
	return error;
}

/* With no room to remember it, it is brought to stable storage now. */
static void leave(struct cordon_log_writer *writer, int fd)
{
	int *place;

	if (writer->left.nr >= LEFT_MAX)
		note_error(writer, cordon_log_files_sync(&writer->left, writer->folder));
	place = array_push(writer->left.fd, writer->left.nr);
	if (place) {
		*place = fd;
		return;
	}
	note_error(writer, fdatasync(fd) ? -errno : 0);
	close(fd);
}

/* Who wrote them was killed before they were on stable storage, say. The key that is kept must not
 * come before what is told of them, so it stays. */
static void sync_segments(struct cordon_log_writer *writer, const struct cordon_log_range *range)
{
	for (uint32_t number = range->begin; number < range->end; number++) {
		const struct cordon_log_name name =
			cordon_log_segment_name(writer->class, number, false);
		const int fd = openat(writer->folder, name.text,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd >= 0)
			leave(writer, fd);
	}
	writer->left.made = true;
	note_error(writer, cordon_log_files_sync(&writer->left, writer->folder));
}

int cordon_log_writer_open(int folder, enum cordon_event_class class,
			   const struct cordon_log_key *key, size_t limit,
			   struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery,
			   struct cordon_log_writer **ret_writer)
{
	struct cordon_log_writer *writer CLEANUP(writer) = calloc(1, sizeof(*writer));
	struct cordon_log_range range;
	int error;

	if (!writer)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	writer->folder = folder;
	writer->class = class;
	writer->limit = limit;
	writer->fd = -1;
	error = cordon_log_recover(folder, class, key, failure, ret_recovery, &writer->chain,
				   &range);
	if (error)
		return error;
	writer->segment = range.end;
	if (writer->chain.key.number > key->number)
		sync_segments(writer, &range);
	*ret_writer = TAKE(writer);
	return 0;
}

void cordon_log_writer_close(struct cordon_log_writer *writer)
{
	cleanup_close(&writer->fd);
	cordon_log_files_sync(&writer->left, writer->folder);
	explicit_bzero(writer, sizeof(*writer));
	free(writer);
}

static int open_segment(struct cordon_log_writer *writer)
{
	const struct cordon_log_name name =
		cordon_log_segment_name(writer->class, writer->segment, false);

	writer->fd = openat(writer->folder, name.text,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (writer->fd < 0)
		return -errno;
	writer->size = 0;
	writer->left.made = true;
	return 0;
}

/* Who gives it away has it brought to stable storage. */
void cordon_log_writer_leave(struct cordon_log_writer *writer)
{
	if (writer->fd < 0)
		return;
	leave(writer, writer->fd);
	writer->fd = -1;
	writer->written = false;
	writer->segment++;
}

/* What was begun and found no room is taken back: the next block would lie behind rubbish. */
static int write_block(struct cordon_log_writer *writer, const struct cordon_log_block *block)
{
	const size_t size = cordon_log_block_size(block);
	const int error = cordon_file_write(writer->fd, block, size);

	if (!error) {
		writer->size += size;
		writer->written = true;
		return 0;
	}
	if (ftruncate(writer->fd, (off_t)writer->size) ||
	    lseek(writer->fd, (off_t)writer->size, SEEK_SET) < 0)
		cordon_log_writer_leave(writer);
	return error;
}

static int find_room(struct cordon_log_writer *writer, size_t size)
{
	if (writer->fd >= 0 && writer->size && writer->size + size > writer->limit)
		cordon_log_writer_leave(writer);
	return writer->fd < 0 ? open_segment(writer) : 0;
}

int cordon_log_writer_add(struct cordon_log_writer *writer, struct cordon_log_block *block)
{
	struct cordon_log_chain chain = writer->chain;
	int error;

	error = find_room(writer, cordon_log_block_size(block));
	if (!error) {
		block->class = (__u16)writer->class;
		cordon_log_block_close(block, &chain);
		error = write_block(writer, block);
	}
	if (!error)
		writer->chain = chain;
	explicit_bzero(&chain, sizeof(chain));
	return error;
}

void cordon_log_writer_set_limit(struct cordon_log_writer *writer, size_t limit)
{
	writer->limit = limit;
}

/* Room for so many more. Its length stays the array's that array_push() made. */
static int make_room(struct cordon_log_files *files, size_t more)
{
	const size_t nr = files->nr;

	for (size_t i = 0; i < more; i++) {
		if (!array_push(files->fd, files->nr)) {
			files->nr = nr;
			return -ENOMEM;
		}
	}
	files->nr = nr;
	return 0;
}

int cordon_log_writer_give(struct cordon_log_writer *writer, struct cordon_log_files *files)
{
	int fd = -1, error = make_room(files, writer->left.nr + 1);

	if (error)
		return error;
	if (writer->written) {
		fd = fcntl(writer->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		files->fd[files->nr++] = fd;
	}
	while (writer->left.nr)
		files->fd[files->nr++] = writer->left.fd[--writer->left.nr];
	files->made |= writer->left.made;
	writer->left.made = false;
	writer->written = false;
	return 0;
}

size_t cordon_log_writer_left(const struct cordon_log_writer *writer)
{
	return writer->left.nr;
}

const struct cordon_log_chain *cordon_log_writer_chain(const struct cordon_log_writer *writer)
{
	return &writer->chain;
}

size_t cordon_log_writer_size(const struct cordon_log_writer *writer)
{
	return writer->fd < 0 ? 0 : writer->size;
}

uint32_t cordon_log_writer_segment(const struct cordon_log_writer *writer)
{
	return writer->segment;
}
