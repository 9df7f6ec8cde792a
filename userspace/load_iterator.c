// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What iterators write; see load_iterator.h.
 */
#include "load_iterator.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>

static ssize_t read_on(void *cookie, char *buffer, size_t size)
{
	ssize_t got;

	do {
		got = read((int)(intptr_t)cookie, buffer, size);
	} while (got < 0 && (errno == EAGAIN || errno == EINTR));
	return got;
}

static int close_fd(void *cookie)
{
	return close((int)(intptr_t)cookie);
}

FILE *cordon_iterator_open(const struct bpf_program *program)
{
	return cordon_iterator_open_of(program, 0);
}

FILE *cordon_iterator_open_of(const struct bpf_program *program, uint32_t tid)
{
	union bpf_iter_link_info of = { .task = { .tid = tid } };
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = tid ? &of : NULL,
		    .link_info_len = tid ? sizeof(of) : 0);
	const cookie_io_functions_t functions = { .read = read_on, .close = close_fd };
	struct bpf_link *link = bpf_program__attach_iter(program, &options);
	const int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	const int error = errno;
	FILE *stream;

	bpf_link__destroy(link);
	errno = error;
	if (fd < 0)
		return NULL;
	stream = fopencookie((void *)(intptr_t)fd, "r", functions);
	if (!stream)
		close(fd);
	return stream;
}
