// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The objects in this binary.  Maps that stand are used again, so that a newer
 * build takes over counters, flows and the policy in force.
 */
#include "load_object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/auth.skel.h"
#include "bpf/cgroup.skel.h"
#include "bpf/config.skel.h"
#include "bpf/guard.skel.h"
#include "bpf/listen.skel.h"
#include "bpf/process.skel.h"
#include "bpf/tcx.skel.h"
#include "bpf/tell.skel.h"
#include "bpf/workload.skel.h"
#include "bpf/xdp.skel.h"

#include "fault.h"
#include "load_pin.h"
#include "guard.h"
#include "maps.h"
#include "util/array.h"
#include "util/cleanup.h"

#define VERIFIER_LOG (256 << 10)

DEFINE_CLEANUP(bpf_object, struct bpf_object *, bpf_object__close)

static const struct {
	const char *name;
	const void *(*bytes)(size_t *size);
} parts[CORDON_PART_COUNT] = {
	[CORDON_PART_TCX] = { "tcx", tcx_bpf__elf_bytes },
	[CORDON_PART_XDP] = { "xdp", xdp_bpf__elf_bytes },
	[CORDON_PART_CGROUP] = { "cgroup", cgroup_bpf__elf_bytes },
	[CORDON_PART_WORKLOAD] = { "workload", workload_bpf__elf_bytes },
	[CORDON_PART_TELL] = { "tell", tell_bpf__elf_bytes },
	[CORDON_PART_PROCESS] = { "process", process_bpf__elf_bytes },
	[CORDON_PART_AUTH] = { "auth", auth_bpf__elf_bytes },
	[CORDON_PART_LISTEN] = { "listen", listen_bpf__elf_bytes },
	[CORDON_PART_CONFIG] = { "config", config_bpf__elf_bytes },
	[CORDON_PART_GUARD] = { "guard", guard_bpf__elf_bytes },
};

/* FNV-1a by words. */
uint64_t cordon_object_digest(void)
{
	uint64_t digest = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t size, at;
		const char *bytes = parts[i].bytes(&size);
		uint64_t word;

		for (at = 0; at < size; at += sizeof(word)) {
			const size_t left = size - at;

			word = 0;
			memcpy(&word, bytes + at, left < sizeof(word) ? left : sizeof(word));
			digest = (digest ^ word) * 0x100000001b3ULL;
			digest ^= digest >> 29;
		}
	}
	return digest;
}

static bool map_is_shared(const char *name)
{
	for (size_t i = 0; i < CORDON_GUARD_MAP_COUNT; i++) {
		if (!strcmp(cordon_guard_map_name(i), name))
			return true;
	}
	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		if (!strcmp(cordon_map_name(i), name))
			return true;
	}
	return false;
}

static int check_same(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	const int error = bpf_map_get_info_by_fd(fd, &info, &size);

	if (error)
		return error;
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map) ||
	    (info.type != BPF_MAP_TYPE_RINGBUF && info.type != BPF_MAP_TYPE_SK_STORAGE &&
	     info.max_entries != bpf_map__max_entries(map)))
		return -EPROTO;
	return 0;
}

static int reuse_map(const struct cordon_context *context, struct bpf_map *map,
		     struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", bpf_map__name(map));
	int fd CLEANUP(close) = bpf_obj_get(path.text);
	int error;

	if (fd == -ENOENT)
		return 0;
	error = fd < 0 ? fd : check_same(map, fd);
	if (error == -EPROTO)
		return cordon_fail(failure, error,
				   "%s is of another version of cordon: run `cordon detach` first",
				   path.text);
	if (!error)
		error = bpf_map__reuse_fd(map, fd);
	return error ? cordon_fail(failure, error, "cannot use %s: %s", path.text,
				   strerror(-error)) :
		       0;
}

/* Maps that stand are used again. */
static int reuse_maps(const struct cordon_context *context, struct bpf_object *object,
		      struct cordon_failure *failure)
{
	struct bpf_map *map;
	int error;

	bpf_object__for_each_map(map, object) {
		if (!strcmp(bpf_map__name(map), "zones"))
			bpf_map__set_autocreate(map, false);
		if (!map_is_shared(bpf_map__name(map)))
			continue;
		error = reuse_map(context, map, failure);
		if (error)
			return error;
	}
	return 0;
}

static int pin_maps(const struct cordon_context *context, struct bpf_object *object,
		    struct cordon_failure *failure)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const struct cordon_path path =
			cordon_path_pin(context, "maps", bpf_map__name(map));
		int error;

		if (!map_is_shared(bpf_map__name(map)) ||
		    cordon_pin_stands(context, CORDON_PIN_MAPS, bpf_map__name(map)))
			continue;
		error = bpf_obj_pin(bpf_map__fd(map), path.text);
		if (error)
			return cordon_fail(failure, error, "cannot pin %s: %s", path.text,
					   strerror(-error));
		cordon_step("pin map");
	}
	return 0;
}

/* From then on only the module writes what it holds.  One with a pin was frozen before it got it,
 * and cannot be once more. */
static int freeze_latch(const struct cordon_context *context, struct bpf_object *object,
			struct cordon_failure *failure)
{
	const char *name = cordon_map_name(CORDON_MAP_MODULE_LATCH);
	const struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	int error;

	if (cordon_pin_stands(context, CORDON_PIN_MAPS, name))
		return 0;
	error = map ? bpf_map_freeze(bpf_map__fd(map)) : -ENOENT;
	return error ? cordon_fail(failure, error, "cannot freeze the map %s: %s", name,
				   strerror(-error)) :
		       0;
}

static int pin_programs(const struct cordon_context *context, struct bpf_object *object,
			struct cordon_failure *failure)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const struct cordon_path path =
			cordon_path_pin(context, "progs", bpf_program__name(program));
		int error;

		if (!bpf_program__autoload(program))
			continue;
		error = cordon_pin_over(bpf_program__fd(program), &path);
		if (error)
			return cordon_fail(failure, error, "cannot pin %s: %s", path.text,
					   strerror(-error));
	}
	return 0;
}

/* The verifier's log ends in figures; what it disliked stands before them. */
static const char *last_complaint(char *log)
{
	char *line = log, *complaint = NULL;

	for (char *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!*line || !strncmp(line, "processed ", 10) ||
		    strstr(line, "verification time") || strstr(line, "stack depth") ||
		    strstr(line, "-- END"))
			continue;
		complaint = line;
	}
	return complaint;
}

/* A tracepoint that not every kernel has: its section begins with a question mark. */
static bool is_missing(const struct bpf_program *program)
{
	const char *hook = strrchr(bpf_program__section_name(program), '/');

	return !bpf_program__autoload(program) &&
	       (!hook || libbpf_find_vmlinux_btf_id(hook + 1, BPF_TRACE_RAW_TP) < 0);
}

static void choose_programs(struct bpf_object *object, uint32_t programs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		bool wanted = programs == CORDON_OBJECT_ALL && !is_missing(program);

		for (int i = 0; i < CORDON_PROGRAM_COUNT; i++) {
			if (programs >> i & 1)
				wanted |=
					!strcmp(cordon_program_name(i), bpf_program__name(program));
		}
		bpf_program__set_autoload(program, wanted);
	}
}

static void set_constant(struct bpf_object *object, const char *name, uint32_t value)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (map)
		bpf_map__set_initial_value(map, &value, sizeof(value));
}

/* Before 6.9 it was told the name first of all. */
static bool setattr_has_idmap(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const int id = btf ? btf__find_by_name_kind(btf, "bpf_lsm_inode_setattr", BTF_KIND_FUNC) :
			     -1;
	bool has = false;

	if (id > 0)
		has = btf_vlen(btf__type_by_id(btf, btf__type_by_id(btf, (__u32)id)->type)) > 2;
	btf__free(btf);
	return has;
}

static void set_constants(struct bpf_object *object, enum cordon_part part)
{
	/* No helper tells it, and some machines' kernels have larger ones. */
	set_constant(object, ".rodata.page_size", (uint32_t)sysconf(_SC_PAGESIZE));
	if (part == CORDON_PART_GUARD)
		set_constant(object, ".rodata.setattr_dentry", setattr_has_idmap());
}

/* Of a part, with maps as far as they stand, and only some of its programs. */
static int open_object(const struct cordon_context *context, enum cordon_part part,
		       uint32_t programs, char *log, struct cordon_failure *failure,
		       struct bpf_object **ret_object)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = parts[part].name,
		    .kernel_log_buf = log, .kernel_log_size = log ? VERIFIER_LOG : 0);
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	const void *bytes;
	size_t size;
	int error;

	bytes = parts[part].bytes(&size);
	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return cordon_fail(failure, -errno, "cannot read the %s object: %s",
				   parts[part].name, strerror(errno));
	choose_programs(object, programs);
	set_constants(object, part);
	error = reuse_maps(context, object, failure);
	if (error)
		return error;
	*ret_object = TAKE(object);
	return 0;
}

int cordon_object_maps(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	int error = open_object(context, CORDON_PART_CGROUP, 0, NULL, failure, &object);

	if (error)
		return error;
	error = bpf_object__load(object);
	if (error)
		return cordon_fail(failure, error, "cannot make the maps: %s", strerror(-error));
	error = freeze_latch(context, object, failure);
	if (!error)
		error = pin_maps(context, object, failure);
	if (error)
		return error;
	return cordon_templates_make(context, bpf_object__btf(object), bpf_object__btf_fd(object),
				     failure);
}

static int load_programs(const struct cordon_context *context, enum cordon_part part,
			 uint32_t programs, struct cordon_failure *failure,
			 struct bpf_object **ret_object)
{
	char *log CLEANUP(free) = calloc(1, VERIFIER_LOG);
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	const char *complaint;
	int error;

	if (!log)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	error = open_object(context, part, programs, log, failure, &object);
	if (error)
		return error;
	error = bpf_object__load(object);
	complaint = error ? last_complaint(log) : NULL;
	if (error)
		return cordon_fail(failure, error, "the kernel refuses the %s programs: %s%s%s",
				   parts[part].name, strerror(-error), complaint ? ": " : "",
				   complaint ? complaint : "");
	*ret_object = TAKE(object);
	return 0;
}

int cordon_object_guard(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	int error = load_programs(context, CORDON_PART_GUARD, CORDON_OBJECT_ALL, failure, &object);

	if (!error)
		error = pin_maps(context, object, failure);
	return error ? error : pin_programs(context, object, failure);
}

int cordon_object_programs(const struct cordon_context *context, enum cordon_part part,
			   uint32_t programs, struct cordon_failure *failure)
{
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	const int error = load_programs(context, part, programs, failure, &object);

	return error ? error : pin_programs(context, object, failure);
}
