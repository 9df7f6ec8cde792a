// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What iterators write; see load_iterator.h.
 */
#include "load_iterator.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "util/cleanup.h"

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

FILE *cordon_iterator_open(int program)
{
	return cordon_iterator_open_of(program, 0);
}

FILE *cordon_iterator_open_of(int program, uint32_t tid)
{
	union bpf_iter_link_info of = { .task = { .tid = tid } };
	LIBBPF_OPTS(bpf_link_create_opts, options, .iter_info = tid ? &of : NULL,
		    .iter_info_len = tid ? sizeof(of) : 0);
	const cookie_io_functions_t functions = { .read = read_on, .close = close_fd };
	const int link CLEANUP(close) = bpf_link_create(program, 0, BPF_TRACE_ITER, &options);
	const int fd = link < 0 ? link : bpf_iter_create(link);
	FILE *stream;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	stream = fopencookie((void *)(intptr_t)fd, "r", functions);
	if (!stream)
		close(fd);
	return stream;
}
