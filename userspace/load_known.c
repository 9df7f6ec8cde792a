// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which maps, programs and links are ours: those that are pinned, and what belongs
 * to them; and which families of generic netlink are others'.  What is made while the
 * guard is attached its programs learn themselves.
 */
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <cordon/uapi/module.h>

#include "load_guard.h"
#include "load_pin.h"
#include "nl_dump.h"
#include "util/array.h"
#include "util/cleanup.h"

/* MAX_USED_MAPS of the kernel */
#define MAPS_OF_PROGRAM 64

static int know(int objects, uint32_t kind, uint32_t id)
{
	const struct cordon_guard_id key = { .kind = kind, .id = id };
	const uint32_t one = 1;

	return id ? bpf_map_update_elem(objects, &key, &one, BPF_ANY) : 0;
}

/* Those inside of it: a generation's tables. */
static int know_inner(int objects, int map, const struct bpf_map_info *info)
{
	int error = 0;

	if (info->type != BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return 0;
	for (uint32_t i = 0; i < info->max_entries && !error; i++) {
		uint32_t id = 0;

		if (!bpf_map_lookup_elem(map, &i, &id))
			error = know(objects, CORDON_GUARD_OBJECT_MAP, id);
	}
	return error;
}

static int know_map(int objects, int map)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int error = bpf_map_get_info_by_fd(map, &info, &size);

	if (!error)
		error = know(objects, CORDON_GUARD_OBJECT_MAP, info.id);
	return error ? error : know_inner(objects, map, &info);
}

static int know_program(int objects, int program)
{
	uint32_t maps[MAPS_OF_PROGRAM] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = ARRAY_SIZE(maps), .map_ids = (uintptr_t)maps };
	__u32 size = sizeof(info);
	int error = bpf_prog_get_info_by_fd(program, &info, &size);

	if (!error)
		error = know(objects, CORDON_GUARD_OBJECT_PROGRAM, info.id);
	for (uint32_t i = 0; i < info.nr_map_ids && i < ARRAY_SIZE(maps) && !error; i++)
		error = know(objects, CORDON_GUARD_OBJECT_MAP, maps[i]);
	return error;
}

static int know_link(int objects, int link)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);
	int program CLEANUP(close) = -1;
	int error = bpf_link_get_info_by_fd(link, &info, &size);

	if (!error)
		error = know(objects, CORDON_GUARD_OBJECT_LINK, info.id);
	if (error)
		return error;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	return program < 0 ? program : know_program(objects, program);
}

static int know_pin(int objects, enum cordon_pin_folder folder, int fd)
{
	switch (folder) {
	case CORDON_PIN_MAPS:
		return know_map(objects, fd);
	case CORDON_PIN_PROGS:
		return know_program(objects, fd);
	default:
		return know_link(objects, fd);
	}
}

static int know_folder(const struct cordon_context *context, int objects,
		       enum cordon_pin_folder which)
{
	const struct cordon_path path = cordon_path_pin(context, cordon_pin_folder_name(which), "");
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;
	int error = 0;

	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	while (!error && (entry = readdir(folder))) {
		int fd CLEANUP(close) = -1;

		if (entry->d_name[0] == '.')
			continue;
		fd = cordon_pin_open(context, which, entry->d_name);
		error = fd == -ENOENT ? 0 : fd < 0 ? fd : know_pin(objects, which, fd);
	}
	return error;
}

/* ---- what is another's -------------------------------------------------------------------- */

static int know_family(void *state, const struct nlmsghdr *message)
{
	const size_t head = NLMSG_LENGTH(GENL_HDRLEN);
	const uint8_t *first = (const uint8_t *)message + head;
	const size_t size = message->nlmsg_len < head ? 0 : message->nlmsg_len - head;
	const int *objects = state;
	const struct nlattr *id = cordon_nl_find(first, size, CTRL_ATTR_FAMILY_ID);
	const struct nlattr *name = cordon_nl_find(first, size, CTRL_ATTR_FAMILY_NAME);
	uint16_t number;

	if (!id || !name || cordon_nl_length(id) < sizeof(number) ||
	    !strncmp(cordon_nl_bytes(name), CORDON_MODULE_FAMILY, cordon_nl_length(name)))
		return 0;
	memcpy(&number, cordon_nl_bytes(id), sizeof(number));
	return know(*objects, CORDON_GUARD_FAMILY, number);
}

static int ask_here(void)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	return fd < 0 ? -errno : fd;
}

/* Only in the first network namespace are all of them listed.  Our units start there, but may not
 * look at the first process, as they have no CAP_SYS_PTRACE, or not see it (hidepid).  Whoever
 * starts the helper so in another one has the guard refuse what it then does not know. */
static int ask_first(void)
{
	const int own CLEANUP(close) = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	const int first CLEANUP(close) = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	int fd CLEANUP(close) = -1;

	if (first < 0)
		return ask_here();
	if (own < 0 || setns(first, CLONE_NEWNET))
		return -errno;
	fd = ask_here();
	if (setns(own, CLONE_NEWNET))
		return -errno;
	return fd < 0 ? fd : TAKE_FD(fd);
}

static int know_families(int objects)
{
	const int fd CLEANUP(close) = ask_first();
	const struct genlmsghdr all = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct cordon_nl_question question = { .protocol = NETLINK_GENERIC,
					       .type = GENL_ID_CTRL,
					       .size = sizeof(all) };

	memcpy(question.body, &all, sizeof(all));
	return fd < 0 ? fd : cordon_nl_walk(fd, &question, know_family, &objects);
}

/* ---- what is gone ------------------------------------------------------------------------- */

/* By what is listed in its place: that it is not there another LSM program may say, too.  The last
 * of all is kept until there is one behind it. */
static bool is_gone(const struct cordon_guard_id *object)
{
	__u32 next = 0;
	int error;

	switch (object->kind) {
	case CORDON_GUARD_OBJECT_MAP:
		error = bpf_map_get_next_id(object->id - 1, &next);
		break;
	case CORDON_GUARD_OBJECT_PROGRAM:
		error = bpf_prog_get_next_id(object->id - 1, &next);
		break;
	case CORDON_GUARD_OBJECT_LINK:
		error = bpf_link_get_next_id(object->id - 1, &next);
		break;
	default:
		return false;
	}
	return !error && next != object->id;
}

/* Numbers are not given twice before all have been; what is gone takes room. */
void cordon_guard_forget(const struct cordon_context *context)
{
	const int objects CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_OBJECTS);
	struct cordon_guard_id key, next;
	bool more = objects >= 0 && !bpf_map_get_next_key(objects, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(objects, &key, &next);
		if (is_gone(&key))
			bpf_map_delete_elem(objects, &key);
	}
}

int cordon_guard_know(const struct cordon_context *context)
{
	const int objects CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_OBJECTS);
	int error = objects < 0 ? objects : 0;

	for (int i = 0; i < CORDON_PIN_FOLDERS && !error; i++)
		error = know_folder(context, objects, i);
	if (!error)
		error = know_families(objects);
	if (!error)
		cordon_guard_forget(context);
	return error;
}
