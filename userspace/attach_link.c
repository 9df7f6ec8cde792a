// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One program on one hook, and the pins of links.
 */
#include "attach_link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fault.h"
#include "guard.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"

/* More programs than this on one hook of one interface: ours is not found. */
#define HOOK_PROGRAMS_MAX 64

/* Ours among the filters of a clsact qdisc, first in order ("cord"). */
#define CLSACT_HANDLE 0x636f7264
#define CLSACT_PRIORITY 1

static int read_pin(const struct cordon_context *context, const char *name,
		    struct cordon_pinned_link *ret_link)
{
	struct cordon_pinned_link link = { .id = 0 };
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int fd CLEANUP(close) = -1;

	if (strlen(name) >= sizeof(link.name))
		return -ENAMETOOLONG;
	fd = cordon_pin_open(context, CORDON_PIN_LINKS, name);
	if (fd < 0)
		return fd;
	if (bpf_link_get_info_by_fd(fd, &info, &size))
		return -errno;
	memcpy(link.name, name, strlen(name));
	link.id = info.id;
	link.type = info.type;
	link.program = info.prog_id;
	if (info.type == BPF_LINK_TYPE_TCX)
		link.ifindex = info.tcx.ifindex;
	if (info.type == BPF_LINK_TYPE_XDP)
		link.ifindex = info.xdp.ifindex;
	if (info.type == BPF_LINK_TYPE_CGROUP)
		link.cgroup = info.cgroup.cgroup_id;
	*ret_link = link;
	return 0;
}

int cordon_pinned_links_read(const struct cordon_context *context,
			     struct cordon_pinned_links *ret_links)
{
	const struct cordon_path path = cordon_path_pin(context, "links", "");
	struct cordon_pinned_links links CLEANUP(pinned_links) = { 0 };
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;

	if (!folder && errno != ENOENT)
		return -errno;
	while (folder && (entry = readdir(folder))) {
		struct cordon_pinned_link found, *link;

		/* A pin aside is of a run that was cut short. */
		if (entry->d_name[0] == '.' || read_pin(context, entry->d_name, &found))
			continue;
		link = array_push(links.entry, links.nr);
		if (!link)
			return -ENOMEM;
		*link = found;
	}
	*ret_links = links;
	memset(&links, 0, sizeof(links));
	return 0;
}

void cordon_pinned_links_clear(struct cordon_pinned_links *links)
{
	free(links->entry);
	memset(links, 0, sizeof(*links));
}

struct cordon_pinned_link *cordon_pinned_link_named(const struct cordon_pinned_links *links,
						    const char *name)
{
	for (size_t i = 0; i < links->nr; i++) {
		if (!strcmp(links->entry[i].name, name))
			return &links->entry[i];
	}
	return NULL;
}

void cordon_link_pin_name(const char *interface, bool out, char (*ret_name)[64])
{
	snprintf(*ret_name, sizeof(*ret_name), "%s-%s", interface, out ? "egress" : "ingress");
	for (char *dot = *ret_name; (dot = strchr(dot, '.'));)
		*dot = ':';
}

static struct cordon_path link_path(const struct cordon_context *context, const char *name)
{
	return cordon_path_pin(context, "links", name);
}

/* 0: it is at none, or that is gone. */
static int read_cgroup(int link, uint64_t *ret_cgroup)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	const int error = bpf_link_get_info_by_fd(link, &info, &size);

	if (!error)
		*ret_cgroup = info.type == BPF_LINK_TYPE_CGROUP ? info.cgroup.cgroup_id : 0;
	return error;
}

/* Nobody moves a hook to another cgroup in the guard's name.  By the links themselves: what a path
 * leads to may change. */
static int check_cgroup(const struct cordon_context *context, const struct cordon_path *path,
			int link)
{
	const int old CLEANUP(close) = bpf_obj_get(path->text);
	struct cordon_guard guard = { .standing = 0 };
	uint64_t from = 0, to = 0;
	int error;

	if (old < 0)
		return old == -ENOENT ? 0 : old;
	error = read_cgroup(old, &from);
	if (!error)
		error = read_cgroup(link, &to);
	if (error || !from || from == to)
		return error;
	error = cordon_guard_read(context, &guard);
	if (error && error != -ENOENT)
		return error;
	return guard.standing ? -EXDEV : 0;
}

int cordon_link_pin(const struct cordon_context *context, const char *name, int fd)
{
	const struct cordon_path path = link_path(context, name);
	const int error = check_cgroup(context, &path, fd);

	return error ? error : cordon_pin_over(fd, &path);
}

int cordon_link_rename(const struct cordon_context *context, struct cordon_pinned_links *links,
		       struct cordon_pinned_link *link, const char *name)
{
	const struct cordon_path old = link_path(context, link->name),
				 new = link_path(context, name);
	struct cordon_pinned_link *other = cordon_pinned_link_named(links, name);

	if (other == link)
		return 0;
	if (renameat2(AT_FDCWD, old.text, AT_FDCWD, new.text,
		      other ? RENAME_EXCHANGE : RENAME_NOREPLACE))
		return -errno;
	cordon_step("rename link");
	if (other)
		memcpy(other->name, link->name, sizeof(other->name));
	snprintf(link->name, sizeof(link->name), "%s", name);
	return 0;
}

int cordon_link_unpin(const struct cordon_context *context, const char *name)
{
	const struct cordon_path path = link_path(context, name);
	int fd CLEANUP(close) = bpf_obj_get(path.text);

	/* Else the kernel would let go only a grace period after the pin. A
	 * tracepoint's link knows no other way. */
	if (fd >= 0)
		bpf_link_detach(fd);
	cordon_step("detach link");
	if (unlink(path.text) && errno != ENOENT)
		return -errno;
	cordon_step("unpin link");
	return 0;
}

int cordon_link_replace(const struct cordon_context *context, const char *name, int program)
{
	const struct cordon_path path = link_path(context, name);
	int fd CLEANUP(close) = bpf_obj_get(path.text);
	const int error = fd < 0 ? fd : bpf_link_update(fd, program, NULL);

	cordon_step("replace program");
	return error;
}

int cordon_tcx_find(const struct cordon_pinned_links *links, int ifindex, bool out,
		    struct cordon_tcx_found *ret_found)
{
	__u32 programs[HOOK_PROGRAMS_MAX] = { 0 }, ids[HOOK_PROGRAMS_MAX] = { 0 };
	LIBBPF_OPTS(bpf_prog_query_opts, query, .prog_ids = programs, .link_ids = ids,
		    .count = HOOK_PROGRAMS_MAX);
	struct cordon_tcx_found found = { .link = NULL };
	int error;

	error = bpf_prog_query_opts(ifindex, out ? BPF_TCX_EGRESS : BPF_TCX_INGRESS, &query);
	if (error)
		return error;
	for (__u32 i = 0; i < query.count && i < HOOK_PROGRAMS_MAX && !found.link; i++) {
		for (size_t j = 0; j < links->nr && !found.link; j++) {
			if (ids[i] && links->entry[j].id == ids[i])
				found.link = &links->entry[j];
		}
		found.ahead = i;
	}
	*ret_found = found;
	return 0;
}

/* Ahead of all others: one before us could let pass what we would not see. */
int cordon_tcx_link(int program, int ifindex, bool out)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = BPF_F_BEFORE);

	return bpf_link_create(program, ifindex, out ? BPF_TCX_EGRESS : BPF_TCX_INGRESS, &options);
}

int cordon_xdp_link(int program, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);

	return bpf_link_create(program, ifindex, BPF_XDP, &options);
}

int cordon_cgroup_link(int program, int cgroup, uint32_t attach_type)
{
	return bpf_link_create(program, cgroup, attach_type, NULL);
}

int cordon_tracing_link(int program)
{
	return bpf_raw_tracepoint_open(NULL, program);
}

int cordon_tracepoint_link(int program, const char *tracepoint)
{
	return bpf_raw_tracepoint_open(tracepoint, program);
}

/* "config:0" in the second, of which only the number is used. */
static int read_number(const char *path, const char *format, uint32_t *ret_number)
{
	FILE *file CLEANUP(fclose) = fopen(path, "re");

	if (!file)
		return -errno;
	return fscanf(file, format, ret_number) == 1 ? 0 : -EINVAL;
}

#define UPROBES "/sys/bus/event_source/devices/uprobe/"

static int open_uprobe(const char *file, uint64_t offset, bool returns)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.config1 = (uint64_t)(uintptr_t)file,
		.config2 = offset,
	};
	uint32_t bit = 0;
	int error = read_number(UPROBES "type", "%u", &attr.type);

	if (!error && returns)
		error = read_number(UPROBES "format/retprobe", "config:%u", &bit);
	if (error)
		return error;
	attr.config = (uint64_t)returns << bit;
	error = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return error < 0 ? -errno : error;
}

int cordon_uprobe_link(int program, const char *file, uint64_t offset, bool returns,
		       uint64_t cookie)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .perf_event.bpf_cookie = cookie);
	const int event CLEANUP(close) = open_uprobe(file, offset, returns);

	return event < 0 ? event : bpf_link_create(program, event, BPF_PERF_EVENT, &options);
}

void cordon_program_tell(uint32_t id, char (*ret_name)[16])
{
	int fd CLEANUP(close) = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	const bool known = fd >= 0 && !bpf_prog_get_info_by_fd(fd, &info, &size) && info.name[0];

	snprintf(*ret_name, sizeof(*ret_name), "%.15s", known ? info.name : "?");
}

static struct bpf_tc_hook clsact_hook(int ifindex, bool out)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = out ? BPF_TC_EGRESS : BPF_TC_INGRESS);

	return hook;
}

uint32_t cordon_clsact_find(int ifindex, bool out)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, out);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	return bpf_tc_query(&hook, &filter) ? 0 : filter.prog_id;
}

int cordon_clsact_attach(int program, int ifindex, bool out)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, out);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY,
		    .prog_fd = program, .flags = BPF_TC_F_REPLACE);
	const int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	return bpf_tc_attach(&hook, &filter);
}

void cordon_clsact_detach(int ifindex, bool out)
{
	struct bpf_tc_hook hook = clsact_hook(ifindex, out);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	bpf_tc_detach(&hook, &filter);
}
