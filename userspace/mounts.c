// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mount tables; see mounts.h.
 */
#include "mounts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/* ---- a line ------------------------------------------------------------------------------ */

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
	       at[2] <= '7';
}

/* Spaces and such are written as "\040". */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && is_octal(text + 1)) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* Return: the next word of a line, which may be empty; NULL: none is left */
static char *next_word(char **line)
{
	return strsep(line, " ");
}

static bool read_text(char **line, const char **ret_text)
{
	char *word = next_word(line);

	if (!word)
		return false;
	unescape(word);
	*ret_text = word;
	return true;
}

static bool read_number(char **line, unsigned long *ret_number)
{
	const char *word = next_word(line);
	char *end;

	if (!word)
		return false;
	*ret_number = strtoul(word, &end, 10);
	return !*end;
}

/* Tags of propagation, as many as there are, end in a dash. */
static bool skip_tags(char **line)
{
	const char *word;

	while ((word = next_word(line))) {
		if (!strcmp(word, "-"))
			return true;
	}
	return false;
}

static bool read_mount(char *line, struct cordon_mount *mount)
{
	return read_number(&line, &mount->id) && read_number(&line, &mount->parent) &&
	       read_text(&line, &mount->device) && read_text(&line, &mount->root) &&
	       read_text(&line, &mount->point) && read_text(&line, &mount->options) &&
	       skip_tags(&line) && read_text(&line, &mount->type) &&
	       read_text(&line, &mount->source) && read_text(&line, &mount->super);
}

/* ---- a table ----------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct cordon_mount *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

int cordon_mounts_read(char *text, struct cordon_mounts *ret_mounts)
{
	struct cordon_mounts mounts = { .text = text };
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		struct cordon_mount mount, *place;

		if (!read_mount(line, &mount))
			continue;
		place = array_push(mounts.entry, mounts.nr);
		if (!place) {
			cordon_mounts_clear(&mounts);
			return -ENOMEM;
		}
		*place = mount;
	}
	if (mounts.nr)
		qsort(mounts.entry, mounts.nr, sizeof(*mounts.entry), by_id);
	*ret_mounts = mounts;
	return 0;
}

void cordon_mounts_clear(struct cordon_mounts *mounts)
{
	free(mounts->entry);
	free(mounts->text);
	memset(mounts, 0, sizeof(*mounts));
}

/* ---- two tables -------------------------------------------------------------------------- */

static void compare(const struct cordon_mount *before, const struct cordon_mount *after,
		    cordon_mounts_viewer viewer, void *state)
{
	if (strcmp(before->device, after->device) != 0 || strcmp(before->root, after->root) != 0 ||
	    strcmp(before->type, after->type) != 0 || strcmp(before->source, after->source) != 0) {
		viewer(state, before, CORDON_MOUNT_UNMOUNTED);
		viewer(state, after, CORDON_MOUNT_MOUNTED);
		return;
	}
	if (before->parent != after->parent || strcmp(before->point, after->point) != 0)
		viewer(state, after, CORDON_MOUNT_MOVED);
	if (strcmp(before->options, after->options) != 0 ||
	    strcmp(before->super, after->super) != 0)
		viewer(state, after, CORDON_MOUNT_CHANGED);
}

static const struct cordon_mount *at(const struct cordon_mounts *mounts, size_t index)
{
	return index < mounts->nr ? &mounts->entry[index] : NULL;
}

void cordon_mounts_compare(const struct cordon_mounts *before, const struct cordon_mounts *after,
			   cordon_mounts_viewer viewer, void *state)
{
	const struct cordon_mount *was, *is;
	size_t old = 0, new = 0;

	while (was = at(before, old), is = at(after, new), was || is) {
		if (!is || (was && was->id < is->id)) {
			viewer(state, was, CORDON_MOUNT_UNMOUNTED);
			old++;
		} else if (!was || is->id < was->id) {
			viewer(state, is, CORDON_MOUNT_MOUNTED);
			new ++;
		} else {
			compare(was, is, viewer, state);
			old++;
			new ++;
		}
	}
}
