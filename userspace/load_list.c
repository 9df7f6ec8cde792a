// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BPF objects of the machine; see load_list.h.
 */
#include "load_list.h"

#include <errno.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/hex.h"
#include "util/print.h"

#define MAPS_MAX 64

static void add_text(struct json *json, const char *key, const char *text)
{
	if (text && text[0])
		json_string(json, key, text);
}

/* ---- programs ----------------------------------------------------------------------------- */

static int list_program(FILE *file, int fd)
{
	struct json json = { .file = file };
	__u32 maps[MAPS_MAX], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .map_ids = (__u64)(unsigned long)maps,
				      .nr_map_ids = MAPS_MAX };
	char tag[17];

	if (bpf_prog_get_info_by_fd(fd, &info, &size))
		return -errno;
	cordon_hex_format(info.tag, sizeof(info.tag), tag);
	json_object(&json, NULL);
	json_number(&json, "id", info.id);
	add_text(&json, "type", libbpf_bpf_prog_type_str(info.type));
	json_string(&json, "name", info.name);
	json_string(&json, "tag", tag);
	json_number(&json, "loaded_by_uid", info.created_by_uid);
	json_number(&json, "loaded_ns_after_boot", info.load_time);
	json_number(&json, "bytes", info.xlated_prog_len);
	json_number(&json, "interface", info.ifindex);
	json_number(&json, "attached_to_btf", info.attach_btf_id);
	json_array(&json, "maps");
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		json_number(&json, NULL, maps[i]);
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
	return 0;
}

/* ---- maps --------------------------------------------------------------------------------- */

static int list_map(FILE *file, int fd)
{
	struct json json = { .file = file };
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_map_get_info_by_fd(fd, &info, &size))
		return -errno;
	json_object(&json, NULL);
	json_number(&json, "id", info.id);
	add_text(&json, "type", libbpf_bpf_map_type_str(info.type));
	json_string(&json, "name", info.name);
	json_number(&json, "key_bytes", info.key_size);
	json_number(&json, "value_bytes", info.value_size);
	json_number(&json, "entries", info.max_entries);
	json_number(&json, "flags", info.map_flags);
	json_object_end(&json);
	json_line_end(&json);
	return 0;
}

/* ---- links -------------------------------------------------------------------------------- */

static void add_place(struct json *json, const struct bpf_link_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_TRACING:
		add_text(json, "attach", libbpf_bpf_attach_type_str(info->tracing.attach_type));
		json_number(json, "target", info->tracing.target_obj_id);
		json_number(json, "target_btf", info->tracing.target_btf_id);
		break;
	case BPF_LINK_TYPE_CGROUP:
		add_text(json, "attach", libbpf_bpf_attach_type_str(info->cgroup.attach_type));
		json_number(json, "cgroup", info->cgroup.cgroup_id);
		break;
	case BPF_LINK_TYPE_NETNS:
		add_text(json, "attach", libbpf_bpf_attach_type_str(info->netns.attach_type));
		json_number(json, "namespace", info->netns.netns_ino);
		break;
	case BPF_LINK_TYPE_XDP:
		json_number(json, "interface", info->xdp.ifindex);
		break;
	case BPF_LINK_TYPE_TCX:
		add_text(json, "attach", libbpf_bpf_attach_type_str(info->tcx.attach_type));
		json_number(json, "interface", info->tcx.ifindex);
		break;
	default:
		break;
	}
}

/* Room is only for the kind that has a name: others would write something else there. */
static void add_tracepoint(struct json *json, int fd)
{
	char name[128] = "";
	struct bpf_link_info info = { .raw_tracepoint = { .tp_name = (__u64)(unsigned long)name,
							  .tp_name_len = sizeof(name) } };
	__u32 size = sizeof(info);

	if (!bpf_link_get_info_by_fd(fd, &info, &size))
		json_string(json, "tracepoint", name);
}

static int list_link(FILE *file, int fd)
{
	struct json json = { .file = file };
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_link_get_info_by_fd(fd, &info, &size))
		return -errno;
	json_object(&json, NULL);
	json_number(&json, "id", info.id);
	add_text(&json, "type", libbpf_bpf_link_type_str(info.type));
	json_number(&json, "program", info.prog_id);
	if (info.type == BPF_LINK_TYPE_RAW_TRACEPOINT)
		add_tracepoint(&json, fd);
	else
		add_place(&json, &info);
	json_object_end(&json);
	json_line_end(&json);
	return 0;
}

/* ---- all of a kind ------------------------------------------------------------------------ */

struct kind {
	int (*next)(__u32 id, __u32 *next);
	int (*open)(__u32 id);
	int (*list)(FILE *file, int fd);
};

/* One that is gone by then is passed over. Return: -ENOENT behind the last becomes 0 */
static int list_all(FILE *file, const struct kind *kind)
{
	__u32 id = 0;
	int error;

	while (!(error = kind->next(id, &id))) {
		const int fd CLEANUP(close) = kind->open(id);

		if (fd < 0 && errno == ENOENT)
			continue;
		error = fd < 0 ? -errno : kind->list(file, fd);
		if (error)
			return error;
	}
	return error == -ENOENT ? 0 : error;
}

int cordon_list_programs(const void *state, FILE *file)
{
	(void)state;
	return list_all(file, &(struct kind){ bpf_prog_get_next_id, bpf_prog_get_fd_by_id,
					      list_program });
}

int cordon_list_maps(const void *state, FILE *file)
{
	(void)state;
	return list_all(file,
			&(struct kind){ bpf_map_get_next_id, bpf_map_get_fd_by_id, list_map });
}

int cordon_list_links(const void *state, FILE *file)
{
	(void)state;
	return list_all(file,
			&(struct kind){ bpf_link_get_next_id, bpf_link_get_fd_by_id, list_link });
}
