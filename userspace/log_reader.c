// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the log's blocks; see log_reader.h.  One segment at a time is in memory.
 */
#include "log_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log_segment.h"

struct cordon_log_reader {
	int folder;
	enum cordon_event_class class;
	struct cordon_log_segments segments;
	size_t at;	 /* of the segment that is read */
	uint32_t number; /* its */
	uint8_t *bytes;
	size_t size;
	size_t offset;
	uint32_t whole_number; /* of the segment with the last whole block */
	size_t whole_end;      /* of that block in it */
};

int cordon_log_reader_open(int folder, enum cordon_event_class class,
			   struct cordon_failure *failure, struct cordon_log_reader **ret_reader)
{
	struct cordon_log_reader *reader = calloc(1, sizeof(*reader));
	int error;

	if (!reader)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	reader->folder = folder;
	reader->class = class;
	error = cordon_log_segments_list(folder, class, &reader->segments);
	if (error) {
		cordon_log_reader_close(reader);
		return cordon_fail(failure, error, "cannot list the log: %s", strerror(-error));
	}
	*ret_reader = reader;
	return 0;
}

void cordon_log_reader_close(struct cordon_log_reader *reader)
{
	if (!reader)
		return;
	free(reader->segments.segment);
	free(reader->bytes);
	free(reader);
}

void cordon_log_reader_skip_to(struct cordon_log_reader *reader, uint32_t segment)
{
	while (reader->at < reader->segments.nr &&
	       reader->segments.segment[reader->at].number < segment)
		reader->at++;
}

uint32_t cordon_log_reader_segment(const struct cordon_log_reader *reader)
{
	return reader->number;
}

bool cordon_log_reader_last(const struct cordon_log_reader *reader, uint32_t *ret_segment)
{
	if (!reader->segments.nr)
		return false;
	*ret_segment = reader->segments.segment[reader->segments.nr - 1].number;
	return true;
}

/* Its size says that nothing came to it. */
static bool is_read(const struct cordon_log_reader *reader)
{
	const struct cordon_log_segment *segment;

	if (reader->at == reader->segments.nr)
		return false;
	segment = &reader->segments.segment[reader->at];
	return segment->number == reader->whole_number && !segment->compressed &&
	       segment->size == reader->whole_end;
}

int cordon_log_reader_again(struct cordon_log_reader *reader)
{
	struct cordon_log_segments segments;
	const int error = cordon_log_segments_list(reader->folder, reader->class, &segments);

	if (error)
		return error;
	free(reader->segments.segment);
	free(reader->bytes);
	reader->bytes = NULL;
	reader->segments = segments;
	reader->at = 0;
	cordon_log_reader_skip_to(reader, reader->whole_number);
	reader->at += is_read(reader);
	return 0;
}

/* It may have been compressed since it was listed. */
static int read_segment(struct cordon_log_reader *reader, struct cordon_log_segment *segment)
{
	int error = cordon_log_segment_read(reader->folder, reader->class, segment, &reader->bytes,
					    &reader->size);

	if (error != -ENOENT || segment->compressed)
		return error;
	segment->compressed = true;
	return cordon_log_segment_read(reader->folder, reader->class, segment, &reader->bytes,
				       &reader->size);
}

static int load(struct cordon_log_reader *reader, struct cordon_failure *failure)
{
	struct cordon_log_segment *segment = &reader->segments.segment[reader->at];
	struct cordon_log_name name;
	int error;

	reader->number = segment->number;
	error = read_segment(reader, segment);
	name = cordon_log_segment_name(reader->class, segment->number, segment->compressed);
	reader->offset = segment->number == reader->whole_number ? reader->whole_end : 0;
	if (!error && reader->offset > reader->size)
		error = -ESTALE;
	if (error == -EBADMSG)
		return cordon_fail(failure, error, "%s: not what zstd made", name.text);
	return error ? cordon_fail(failure, error, "%s: %s", name.text, strerror(-error)) : 0;
}

/* Its bytes go, and the next one's turn comes. */
static void leave(struct cordon_log_reader *reader)
{
	free(reader->bytes);
	reader->bytes = NULL;
	reader->at++;
}

static enum cordon_log_fault check_at(const struct cordon_log_reader *reader, size_t offset,
				      struct cordon_log_found *found)
{
	return cordon_log_block_check(reader->bytes + offset, reader->size - offset, reader->class,
				      &found->block, &found->seal);
}

/* What is no block goes on until something is, or looks as if it had been one: no byte is digested
 * more than a few times, whatever somebody made of them. */
static size_t size_of_rest(const struct cordon_log_reader *reader)
{
	size_t offset = reader->offset + 8;

	while (offset < reader->size &&
	       !cordon_log_block_is_there(reader->bytes + offset, reader->size - offset,
					  reader->class))
		offset += 8;
	return (offset < reader->size ? offset : reader->size) - reader->offset;
}

/* One that was changed ends where it says. */
static size_t size_at(const struct cordon_log_reader *reader, enum cordon_log_fault fault)
{
	if (fault != CORDON_LOG_WHOLE && fault != CORDON_LOG_DAMAGED)
		return size_of_rest(reader);
	return cordon_log_block_size((const void *)(reader->bytes + reader->offset));
}

static void find(struct cordon_log_reader *reader, struct cordon_log_found *ret_found)
{
	struct cordon_log_found found = {
		.segment = reader->segments.segment[reader->at].number,
		.offset = reader->offset,
	};

	found.fault = check_at(reader, reader->offset, &found);
	found.size = size_at(reader, found.fault);
	reader->offset += found.size;
	if (found.fault == CORDON_LOG_WHOLE) {
		reader->whole_number = found.segment;
		reader->whole_end = reader->offset;
	}
	*ret_found = found;
}

int cordon_log_reader_next(struct cordon_log_reader *reader, struct cordon_failure *failure,
			   struct cordon_log_found *ret_found)
{
	while (!reader->bytes || reader->offset == reader->size) {
		int error;

		if (reader->bytes)
			leave(reader);
		if (reader->at == reader->segments.nr)
			return 0;
		error = load(reader, failure);
		if (error) {
			leave(reader);
			return error;
		}
	}
	find(reader, ret_found);
	return 1;
}
