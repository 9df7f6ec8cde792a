/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays that grow by one: the room is always the next power of two of the
 * length, so that a pointer and a length are all there is to keep.
 */
#ifndef CORDON_UTIL_ARRAY_H
#define CORDON_UTIL_ARRAY_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Room for element number @length of @size bytes; NULL without memory, and
 * then @array is as it was. */
static inline void *array_room(void *array, size_t length, size_t size)
{
	if (length && (length & (length - 1)))
		return array;
	if (length > SIZE_MAX / 2 / size)
		return NULL;
	return realloc(array, (length ? 2 * length : 1) * size);
}

/*
 * array_push() - one more element, zeroed, at the end of an array that only
 *	array_push() has made
 * @array: the pointer, an lvalue
 * @length: its length, an lvalue; counted up
 * Return: the new element, or NULL without memory.
 */
#define array_push(array, length)                                                                  \
	__extension__({                                                                            \
		__typeof__(array) room_ = array_room((array), (length), sizeof(*(array)));         \
		if (room_) {                                                                       \
			(array) = room_;                                                           \
			room_ += (length)++;                                                       \
			memset(room_, 0, sizeof(*room_));                                          \
		}                                                                                  \
		room_;                                                                             \
	})

#endif
