// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ends of the log's chains; see log_tail.h.
 */
#include "log_tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log_block.h"
#include "log_segment.h"
#include "util/cleanup.h"

/* From head to head, without a look at what is in between. Return: NULL: there is none */
static const struct cordon_log_block *find_last(const uint8_t *bytes, size_t size,
						enum cordon_event_class class)
{
	const struct cordon_log_block *block = (const void *)bytes, *last = NULL;

	while (cordon_log_block_is_there(block, size, class)) {
		last = block;
		bytes += cordon_log_block_size(block);
		size -= cordon_log_block_size(block);
		block = (const void *)bytes;
	}
	return last;
}

/* The newest segment may have got no block yet. Whatever @ret_block points to is in @ret_bytes. */
static int read_last(int folder, enum cordon_event_class class,
		     const struct cordon_log_segments *segments, uint8_t **ret_bytes,
		     const struct cordon_log_block **ret_block)
{
	*ret_block = NULL;
	for (size_t i = segments->nr; i-- > 0;) {
		uint8_t *bytes CLEANUP(free) = NULL;
		size_t size;
		int error;

		error = cordon_log_segment_read(folder, class, &segments->segment[i], &bytes,
						&size);
		if (error)
			return error;
		*ret_block = find_last(bytes, size, class);
		if (*ret_block) {
			*ret_bytes = TAKE(bytes);
			return 0;
		}
	}
	return 0;
}

static void take_last(struct cordon_log_tail *tail, const struct cordon_log_block *last)
{
	tail->blocks = last->number + 1;
	tail->records = last->first + last->records;
	tail->last = *last;
	memcpy(tail->digest, (const uint8_t *)(last + 1) + last->size, sizeof(tail->digest));
}

int cordon_log_tail_read(int folder, enum cordon_event_class class,
			 struct cordon_log_tail *ret_tail)
{
	struct cordon_log_tail tail = { .blocks = 0 };
	const struct cordon_log_block *last;
	struct cordon_log_segments segments;
	uint8_t *bytes CLEANUP(free) = NULL;
	int error;

	error = cordon_log_segments_list(folder, class, &segments);
	if (error)
		return error;
	for (size_t i = 0; i < segments.nr; i++)
		tail.bytes += segments.segment[i].size;
	error = read_last(folder, class, &segments, &bytes, &last);
	free(segments.segment);
	if (error)
		return error;
	if (last)
		take_last(&tail, last);
	*ret_tail = tail;
	return 0;
}

int cordon_log_tail_block(int folder, enum cordon_event_class class,
			  struct cordon_log_block **ret_block)
{
	const struct cordon_log_block *last;
	struct cordon_log_segments segments;
	uint8_t *bytes CLEANUP(free) = NULL;
	struct cordon_log_block *block = NULL;
	int error;

	error = cordon_log_segments_list(folder, class, &segments);
	if (error)
		return error;
	error = read_last(folder, class, &segments, &bytes, &last);
	free(segments.segment);
	if (error)
		return error;
	if (last) {
		block = malloc(sizeof(*last) + last->size);
		if (!block)
			return -ENOMEM;
		memcpy(block, last, sizeof(*last) + last->size);
	}
	*ret_block = block;
	return 0;
}
