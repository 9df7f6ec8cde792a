// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files within a bundle.  Nothing is copied and nothing is written: names
 * are only checked so that whoever writes them stays in his folder.
 */
#include <errno.h>
#include <string.h>

#include "order.h"
#include "order_text.h"

/* "a/b.txt": no absolute path, no empty part, none of dots */
static bool is_name(struct order_piece name)
{
	struct order_piece part;

	while (order_piece_part(&name, '/', &part)) {
		if (!part.size || order_piece_is(part, ".") || order_piece_is(part, ".."))
			return false;
	}
	return true;
}

static int read_name(struct order_piece name, struct cordon_failure *failure,
		     struct cordon_order_file *file)
{
	const char *problem = order_text_problem(name);

	if (problem)
		return cordon_fail(failure, -EINVAL, "the name of a file in it: %s", problem);
	if (name.size >= sizeof(file->name))
		return cordon_fail(failure, -EINVAL,
				   "the name of a file in it is longer than %zu bytes",
				   sizeof(file->name) - 1);
	if (!is_name(name))
		return cordon_fail(failure, -EINVAL,
				   "the name of a file in it leads out of its folder: %.*s",
				   (int)name.size, name.text);
	memcpy(file->name, name.text, name.size);
	file->name[name.size] = '\0';
	return 0;
}

/* A name may have spaces, the number behind it has none. */
static int read_head(struct order_piece head, struct cordon_failure *failure,
		     struct cordon_order_file *file)
{
	const char *space = memrchr(head.text, ' ', head.size);
	struct order_piece name = { head.text + 5, 0 }, number;
	uint64_t size;

	if (!order_piece_starts(head, "file ") || space <= head.text + 5)
		return cordon_fail(failure, -EINVAL, "a file in it begins with 'file NAME BYTES'");
	name.size = (size_t)(space - name.text);
	number = (struct order_piece){ space + 1, head.size - name.size - 6 };
	if (!order_number_take(&number, 0, CORDON_BUNDLE_FILE_MAX, &size) || number.size)
		return cordon_fail(failure, -EINVAL, "a file in it does not say its size in bytes");
	file->size = (size_t)size;
	return read_name(name, failure, file);
}

int cordon_order_file_next(const char **body, size_t *size, struct cordon_failure *failure,
			   struct cordon_order_file *ret_file)
{
	struct order_piece rest = { *body, *size }, head;
	struct cordon_order_file file = { .size = 0 };
	int error;

	if (!rest.size)
		return 0;
	if (!order_piece_until(&rest, '\n', &head))
		return cordon_fail(failure, -EINVAL, "a file in it begins with 'file NAME BYTES'");
	error = read_head(head, failure, &file);
	if (error)
		return error;
	if (rest.size <= file.size || rest.text[file.size] != '\n')
		return cordon_fail(
			failure, -EINVAL,
			"file %s in it does not end with a line feed after its %zu bytes",
			file.name, file.size);
	file.text = rest.text;
	*ret_file = file;
	*body = rest.text + file.size + 1;
	*size = rest.size - file.size - 1;
	return 1;
}

int cordon_order_files_check(const struct cordon_order *order, struct cordon_failure *failure)
{
	struct cordon_order_file file, earlier;
	const char *body = order->body;
	size_t size = order->body_size, nr = 0;
	int more;

	while ((more = cordon_order_file_next(&body, &size, failure, &file)) > 0) {
		const char *from = order->body;
		size_t before = order->body_size;

		if (++nr > CORDON_BUNDLE_FILES_MAX)
			return cordon_fail(failure, -EINVAL, "more than %u files are in it",
					   CORDON_BUNDLE_FILES_MAX);
		for (size_t i = 1; i < nr; i++) {
			cordon_order_file_next(&from, &before, failure, &earlier);
			if (!strcmp(earlier.name, file.name))
				return cordon_fail(failure, -EINVAL, "file %s is in it twice",
						   file.name);
		}
	}
	return more;
}
