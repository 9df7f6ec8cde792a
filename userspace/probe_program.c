// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BPF programs of whomever; see probe_program.h.
 */
#include "probe_program.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util/cleanup.h"

DEFINE_CLEANUP(closedir, DIR *, closedir)

static int read_info(int fd, struct bpf_prog_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return fd < 0 ? fd : bpf_prog_get_info_by_fd(fd, info, &size);
}

int cordon_probe_program(uint32_t id, struct cordon_probe_program *ret_program)
{
	const int fd CLEANUP(close) = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info;
	const int error = read_info(fd, &info);

	if (error)
		return error;
	ret_program->type = info.type;
	memcpy(ret_program->name, info.name, sizeof(ret_program->name));
	ret_program->name[sizeof(ret_program->name) - 1] = '\0';
	return 0;
}

const char *cordon_probe_program_type(uint32_t type)
{
	const char *name = libbpf_bpf_prog_type_str((enum bpf_prog_type)type);

	return name ? name : "?";
}

static bool has_tag(const struct cordon_path *pin, const uint8_t tag[8])
{
	const int fd CLEANUP(close) = bpf_obj_get(pin->text);
	struct bpf_prog_info info;

	return !read_info(fd, &info) && !memcmp(info.tag, tag, sizeof(info.tag));
}

bool cordon_probe_program_is_ours(const struct cordon_context *context, const uint8_t tag[8])
{
	const struct cordon_path path = cordon_path_pin(context, "progs", "");
	DIR *folder CLEANUP(closedir) = opendir(path.text);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const struct cordon_path pin = cordon_path_pin(context, "progs", entry->d_name);

		if (entry->d_name[0] != '.' && has_tag(&pin, tag))
			return true;
	}
	return false;
}
