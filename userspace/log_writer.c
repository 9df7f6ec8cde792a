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

#include "log_reader.h"
#include "log_segment.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

/* More full segments than these are not held open. */
#define LEFT_MAX 64

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)
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
	struct cordon_log_files left; /* segments that are full, and were not given */
};

/* Before the key that was kept there is nothing to ask; from it on its successors tell. */
static bool goes_on(const struct cordon_log_chain *chain, const struct cordon_log_found *found)
{
	if (found->block->number < chain->key.number)
		return true;
	return found->block->number == chain->key.number &&
	       cordon_log_seal_is_by(found->seal, &chain->key);
}

static void follow(struct cordon_log_chain *chain, const struct cordon_log_found *found)
{
	cordon_log_key_to(&chain->key, found->block->number + 1);
	chain->records = found->block->first + found->block->records;
	memcpy(chain->former, found->seal->digest, sizeof(chain->former));
}

/* Behind the first block that does not belong there none counts. */
static void note(struct cordon_log_chain *chain, const struct cordon_log_found *found,
		 struct cordon_log_recovery *recovery, uint64_t *next)
{
	if (found->fault) {
		recovery->torn += found->size;
	} else if (recovery->forged || !goes_on(chain, found)) {
		recovery->forged++;
	} else {
		follow(chain, found);
		*next = found->block->number + 1;
	}
}

static int walk(struct cordon_log_chain *chain, struct cordon_log_reader *reader,
		struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery)
{
	struct cordon_log_recovery recovery = { .torn = 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found;
	uint64_t next = 0;
	int result;

	while ((result = cordon_log_reader_next(reader, &unsaid, &found)) != 0) {
		if (result == -ENOMEM)
			return cordon_fail(failure, result, "out of memory");
		if (result < 0)
			recovery.unreadable++;
		else
			note(chain, &found, &recovery, &next);
	}
	if (chain->key.number > next)
		recovery.missing = chain->key.number - next;
	*ret_recovery = recovery;
	return 0;
}

/* The last two segments tell: the very last may have got no block. */
static int find_end(struct cordon_log_writer *writer, struct cordon_failure *failure,
		    struct cordon_log_recovery *ret_recovery)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	uint32_t last;
	int error;

	error = cordon_log_reader_open(writer->folder, writer->class, failure, &reader);
	if (error)
		return error;
	if (cordon_log_reader_last(reader, &last)) {
		writer->segment = last + 1;
		cordon_log_reader_skip_to(reader, last ? last - 1 : 0);
	}
	return walk(&writer->chain, reader, failure, ret_recovery);
}

int cordon_log_writer_open(int folder, enum cordon_event_class class,
			   const struct cordon_log_key *key, size_t limit,
			   struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery,
			   struct cordon_log_writer **ret_writer)
{
	struct cordon_log_writer *writer CLEANUP(writer) = calloc(1, sizeof(*writer));
	int error;

	if (!writer)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	writer->folder = folder;
	writer->class = class;
	writer->chain.key = *key;
	writer->limit = limit;
	writer->fd = -1;
	error = find_end(writer, failure, ret_recovery);
	if (error)
		return error;
	*ret_writer = TAKE(writer);
	return 0;
}

void cordon_log_writer_close(struct cordon_log_writer *writer)
{
	cleanup_close(&writer->fd);
	cordon_log_files_sync(&writer->left);
	explicit_bzero(writer, sizeof(*writer));
	free(writer);
}

static int open_segment(struct cordon_log_writer *writer)
{
	const struct cordon_log_name name =
		cordon_log_segment_name(writer->class, writer->segment, false);

	writer->fd = openat(writer->folder, name.text,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	writer->size = 0;
	return writer->fd < 0 ? -errno : 0;
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
	    lseek(writer->fd, (off_t)writer->size, SEEK_SET) < 0) {
		cleanup_close(&writer->fd);
		writer->fd = -1;
		writer->segment++;
	}
	return error;
}

/* Who gives it away has it brought to stable storage; with no room to remember it, it is done now. */
void cordon_log_writer_leave(struct cordon_log_writer *writer)
{
	int *place;

	if (writer->fd < 0)
		return;
	if (writer->left.nr >= LEFT_MAX)
		cordon_log_files_sync(&writer->left);
	place = array_push(writer->left.fd, writer->left.nr);
	if (place) {
		*place = writer->fd;
	} else {
		fdatasync(writer->fd);
		close(writer->fd);
	}
	writer->fd = -1;
	writer->written = false;
	writer->segment++;
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

static int give(int fd, struct cordon_log_files *files)
{
	int *place = array_push(files->fd, files->nr);

	if (!place)
		return -ENOMEM;
	*place = fd;
	return 0;
}

int cordon_log_writer_give(struct cordon_log_writer *writer, struct cordon_log_files *files)
{
	int fd = writer->written ? fcntl(writer->fd, F_DUPFD_CLOEXEC, 0) : -1;
	int error = writer->written && fd < 0 ? -errno : 0;

	if (fd >= 0)
		error = give(fd, files);
	if (error) {
		cleanup_close(&fd);
		return error;
	}
	writer->written = false;
	while (writer->left.nr && !give(writer->left.fd[writer->left.nr - 1], files))
		writer->left.nr--;
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
