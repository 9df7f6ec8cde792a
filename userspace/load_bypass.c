// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets past the packet path; see load_bypass.h.
 */
#include "load_bypass.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/bypass.skel.h"

#include "util/array.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(bypass_bpf, struct bypass_bpf *, bypass_bpf__destroy)

static inline void cleanup_link(struct bpf_link **link)
{
	bpf_link__destroy(*link);
}

struct list {
	struct cordon_bypass *entry;
	size_t nr;
};

static int read_all(FILE *from, struct list *list)
{
	struct cordon_bypass found;

	while (fread(&found, sizeof(found), 1, from) == 1) {
		struct cordon_bypass *entry = array_push(list->entry, list->nr);

		if (!entry)
			return -ENOMEM;
		*entry = found;
	}
	return ferror(from) ? -EIO : 0;
}

static int go_through(const struct bpf_program *program, struct list *list)
{
	struct bpf_link *link CLEANUP(link) = bpf_program__attach_iter(program, NULL);
	FILE *from CLEANUP(fclose) = NULL;
	int fd;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	from = fd < 0 ? NULL : fdopen(fd, "r");
	return from ? read_all(from, list) : -errno;
}

int cordon_bypass_list(struct cordon_bypass **ret_found, size_t *ret_nr)
{
	struct bypass_bpf *bypass CLEANUP(bypass_bpf) = NULL;
	struct list list = { .nr = 0 };
	int error = 0;

	libbpf_set_print(NULL);
	bypass = bypass_bpf__open_and_load();
	if (!bypass)
		return -errno;
	const struct bpf_program *const each[] = {
		bypass->progs.bypass_files,
		bypass->progs.bypass_memory,
		bypass->progs.bypass_rings,
		bypass->progs.bypass_hidden,
	};
	for (size_t i = 0; i < ARRAY_SIZE(each) && !error; i++)
		error = go_through(each[i], &list);
	if (error) {
		free(list.entry);
		return error;
	}
	*ret_found = list.entry;
	*ret_nr = list.nr;
	return 0;
}
