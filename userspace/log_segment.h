/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the log: which segments a class has, one of them read whole,
 * compressed, deleted.  Knows nothing of what is in them.
 */
#ifndef CORDON_LOG_SEGMENT_H
#define CORDON_LOG_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

/* A segment that is larger, expanded, is not one of ours. */
#define CORDON_LOG_SEGMENT_MAX (64UL << 20)

/** cordon_event_class_name() - "own", "process" ... */
const char *cordon_event_class_name(enum cordon_event_class class);

/**
 * struct cordon_log_segment - a file of a class
 * @number: in its name
 * @compressed: its name ends in .zst
 * @size: of the file, in bytes
 * @changed: seconds since 1970 by the clock that the node had then
 */
struct cordon_log_segment {
	uint32_t number;
	bool compressed;
	uint64_t size;
	int64_t changed;
};

/** struct cordon_log_segments - in the order of their numbers, each once */
struct cordon_log_segments {
	struct cordon_log_segment *segment; /* owned */
	size_t nr;
};

/**
 * cordon_log_segments_list() - of which there are both, compressed and not, the
 *	one that is not: compressing was interrupted
 * @folder: the log's, open
 * Return: 0 or -errno.
 */
int cordon_log_segments_list(int folder, enum cordon_event_class class,
			     struct cordon_log_segments *ret_segments);

/** struct cordon_log_name - of a segment's file */
struct cordon_log_name {
	char text[48];
};
struct cordon_log_name cordon_log_segment_name(enum cordon_event_class class, uint32_t number,
					       bool compressed);

/**
 * cordon_log_segment_read() - all of its bytes, expanded
 * @ret_bytes: at a multiple of 8, the caller's to free
 * Return: 0; -EFBIG; -EBADMSG: not what zstd made; -ENOMEM; -errno.
 */
int cordon_log_segment_read(int folder, enum cordon_event_class class,
			    const struct cordon_log_segment *segment, uint8_t **ret_bytes,
			    size_t *ret_size);

/**
 * cordon_log_segment_compress() - the file is replaced when what replaces it is
 *	on stable storage
 * @segment: size and name are brought up to date
 * Return: 0 or -errno: it stays as it was.
 */
int cordon_log_segment_compress(int folder, enum cordon_event_class class,
				struct cordon_log_segment *segment);

/** cordon_log_segment_delete() - Return: 0 or -errno */
int cordon_log_segment_delete(int folder, enum cordon_event_class class,
			      const struct cordon_log_segment *segment);

#endif
