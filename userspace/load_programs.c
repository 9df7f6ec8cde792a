// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs and maps: loaded from the objects in this binary and pinned.  Maps
 * that stand are used again, so that a newer build takes over counters, flows
 * and the policy in force.
 *
 * The map `build` says which build the pinned programs are of, which they are,
 * for a kernel may refuse some, and how the maps are to be read.  It is written
 * last, so that a load cut short is done again.
 */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/cgroup.skel.h"
#include "bpf/tcx.skel.h"
#include "bpf/xdp.skel.h"

#include <cordon/uapi/reason.h>

#include "fault.h"
#include "probe.h"
#include "util/array.h"
#include "util/cleanup.h"

#define VERIFIER_LOG (256 << 10)

/* Elements of the map `build`. */
enum {
	BUILD_DIGEST,
	BUILD_PROGRAMS, /* bit by enum cordon_program */
	BUILD_MAPS,	/* CORDON_MAPS_VERSION */
	BUILD_COUNT
};

DEFINE_CLEANUP(bpf_object, struct bpf_object *, bpf_object__close)

static const char *const program_names[CORDON_PROGRAM_COUNT] = {
#define CORDON_PROGRAM_NAME(name, text) [CORDON_PROGRAM_##name] = text,
	CORDON_PROGRAMS(CORDON_PROGRAM_NAME)
#undef CORDON_PROGRAM_NAME
};

/**
 * struct part - one object of this binary
 * @must: without it nothing is enforced; others are missed by status
 */
struct part {
	const char *name;
	const void *(*bytes)(size_t *size);
	bool must;
};

static const struct part parts[] = {
	{ "tcx", tcx_bpf__elf_bytes, true },
	{ "xdp", xdp_bpf__elf_bytes, false },
	{ "cgroup", cgroup_bpf__elf_bytes, false },
};

/* Values of the tables of a generation, by the name of their struct. */
static const struct {
	const char *pin;
	const char *type;
	uint32_t size;
	uint32_t flags;
} templates[] = {
	{ "settings", "cordon_settings", sizeof(struct cordon_settings), BPF_F_MMAPABLE },
	{ "head", "cordon_head", sizeof(struct cordon_head), BPF_F_MMAPABLE },
	{ "prefixes", "cordon_prefix_page", sizeof(struct cordon_prefix_page),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "matrix", "cordon_cell", sizeof(struct cordon_cell), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "pages", "cordon_page", sizeof(struct cordon_page), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "classes", "cordon_class", sizeof(struct cordon_class),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "flows", "cordon_flow_bucket", sizeof(struct cordon_flow_bucket),
	  BPF_F_MMAPABLE | BPF_F_INNER_MAP },
	{ "zones", "cordon_zone", sizeof(struct cordon_zone), BPF_F_MMAPABLE | BPF_F_INNER_MAP },
};

const char *cordon_program_name(enum cordon_program program)
{
	return program_names[program];
}

struct cordon_programs cordon_programs_none(void)
{
	struct cordon_programs programs = { .id = { 0 } };

	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++)
		programs.fd[i] = -1;
	return programs;
}

void cordon_programs_close(struct cordon_programs *programs)
{
	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++) {
		if (programs->fd[i] >= 0)
			close(programs->fd[i]);
	}
	*programs = cordon_programs_none();
}

/* 0: there is none, as no build has that digest and no load that few programs. */
static uint64_t read_build(const struct cordon_context *context, __u32 key)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", "build");
	int fd CLEANUP(close) = bpf_obj_get(path.text);
	uint64_t value;

	return fd >= 0 && !bpf_map_lookup_elem(fd, &key, &value) ? value : 0;
}

int cordon_programs_open(const struct cordon_context *context, struct cordon_failure *failure,
			 struct cordon_programs *ret_programs)
{
	struct cordon_programs programs CLEANUP(programs) = cordon_programs_none();

	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++) {
		const struct cordon_path path = cordon_path_pin(context, "progs", program_names[i]);
		struct bpf_prog_info info = { 0 };
		__u32 size = sizeof(info);

		programs.fd[i] = bpf_obj_get(path.text);
		if (programs.fd[i] == -ENOENT)
			continue;
		if (programs.fd[i] < 0 || bpf_prog_get_info_by_fd(programs.fd[i], &info, &size))
			return cordon_fail(failure, -EIO, "cannot open %s", path.text);
		programs.id[i] = info.id;
	}
	programs.loaded = (uint32_t)read_build(context, BUILD_PROGRAMS);
	*ret_programs = programs;
	programs = cordon_programs_none();
	return 0;
}

/* FNV-1a by words: tells builds apart, guards against nothing. */
static uint64_t build_digest(void)
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

static bool is_pinned(const struct cordon_context *context, const char *folder, const char *name)
{
	const struct cordon_path path = cordon_path_pin(context, folder, name);

	return !access(path.text, F_OK);
}

static uint64_t pinned_programs(const struct cordon_context *context)
{
	uint64_t pinned = 0;

	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++)
		pinned |= (uint64_t)is_pinned(context, "progs", program_names[i]) << i;
	return pinned;
}

static bool all_stands(const struct cordon_context *context)
{
	const uint64_t programs = read_build(context, BUILD_PROGRAMS);

	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		if (!is_pinned(context, "maps", cordon_map_name(i)))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		if (!is_pinned(context, "maps", templates[i].pin))
			return false;
	}
	if (!programs || programs & ~pinned_programs(context))
		return false;
	return read_build(context, BUILD_DIGEST) == build_digest();
}

/* Never a moment without the name: pinned aside, then moved over it. */
static int pin_over(int fd, const struct cordon_path *path)
{
	struct cordon_path aside;
	int error;

	if (snprintf(aside.text, sizeof(aside.text), "%s:new", path->text) >=
	    (int)sizeof(aside.text))
		return -ENAMETOOLONG;
	unlink(aside.text);
	error = bpf_obj_pin(fd, aside.text);
	if (error)
		return error;
	return rename(aside.text, path->text) ? -errno : 0;
}

static bool map_is_shared(const char *name)
{
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

static int prepare_maps(const struct cordon_context *context, struct bpf_object *object,
			struct cordon_failure *failure)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		int error;

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

		if (!map_is_shared(bpf_map__name(map)) || !access(path.text, F_OK))
			continue;
		error = bpf_obj_pin(bpf_map__fd(map), path.text);
		if (error)
			return cordon_fail(failure, error, "cannot pin %s: %s", path.text,
					   strerror(-error));
		cordon_step("pin map");
	}
	return 0;
}

static int pin_programs(const struct cordon_context *context, struct bpf_object *object,
			struct cordon_failure *failure)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const struct cordon_path path =
			cordon_path_pin(context, "progs", bpf_program__name(program));
		const int error = pin_over(bpf_program__fd(program), &path);

		if (error)
			return cordon_fail(failure, error, "cannot pin %s: %s", path.text,
					   strerror(-error));
		cordon_step("pin program");
	}
	return 0;
}

/* No program reads the zones, so no object has their outer map. */
static int make_zones_of(const struct cordon_context *context)
{
	const char *name = cordon_map_name(CORDON_MAP_ZONES_OF);
	const struct cordon_path path = cordon_path_pin(context, "maps", name);
	const struct cordon_path model = cordon_path_pin(context, "maps", "zones");
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int inner CLEANUP(close) = -1, fd CLEANUP(close) = -1;
	int error;

	if (!access(path.text, F_OK))
		return 0;
	inner = bpf_obj_get(model.text);
	if (inner < 0)
		return inner;
	options.inner_map_fd = (__u32)inner;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, name, sizeof(__u32), sizeof(__u32),
			    CORDON_SLOTS, &options);
	if (fd < 0)
		return fd;
	error = bpf_obj_pin(fd, path.text);
	cordon_step("pin zones_of");
	return error;
}

/* One of an earlier version would not fit into the outer maps. */
static bool template_stands(const struct cordon_path *path, uint32_t flags)
{
	int fd CLEANUP(close) = bpf_obj_get(path->text);
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return fd >= 0 && !bpf_map_get_info_by_fd(fd, &info, &size) && info.map_flags == flags;
}

/* A map whose dump reads like the policy: its types are named in the BTF of
 * the object. Later generations take theirs from this map. */
static int make_template(const struct cordon_context *context, struct bpf_object *object,
			 size_t index)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", templates[index].pin);
	const struct btf *btf = bpf_object__btf(object);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = templates[index].flags);
	int key, value, error, fd CLEANUP(close) = -1;

	if (template_stands(&path, templates[index].flags))
		return 0;
	key = btf__find_by_name_kind(btf, "__u32", BTF_KIND_TYPEDEF);
	value = btf__find_by_name_kind(btf, templates[index].type, BTF_KIND_STRUCT);
	if (key > 0 && value > 0) {
		options.btf_fd = (__u32)bpf_object__btf_fd(object);
		options.btf_key_type_id = (__u32)key;
		options.btf_value_type_id = (__u32)value;
	}
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, templates[index].pin, sizeof(__u32),
			    templates[index].size, 1, &options);
	if (fd < 0)
		return fd;
	error = pin_over(fd, &path);
	cordon_step("pin template");
	return error;
}

static int make_templates(const struct cordon_context *context, struct bpf_object *object,
			  struct cordon_failure *failure)
{
	int error;

	for (size_t i = 0; i < ARRAY_SIZE(templates); i++) {
		error = make_template(context, object, i);
		if (error)
			return cordon_fail(failure, error, "cannot make maps/%s: %s",
					   templates[i].pin, strerror(-error));
	}
	error = make_zones_of(context);
	return error ? cordon_fail(failure, error, "cannot make maps/zones_of: %s",
				   strerror(-error)) :
		       0;
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

static int load_object(const struct part *part, struct bpf_object *object, char *log,
		       struct cordon_failure *failure)
{
	const int error = bpf_object__load(object);
	const char *complaint;

	if (!error)
		return 0;
	complaint = last_complaint(log);
	return cordon_fail(failure, error, "the kernel refuses the %s programs: %s%s%s", part->name,
			   strerror(-error), complaint ? ": " : "", complaint ? complaint : "");
}

static int load_part(const struct cordon_context *context, const struct part *part,
		     struct cordon_failure *failure)
{
	char *log CLEANUP(free) = calloc(1, VERIFIER_LOG);
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = part->name, .kernel_log_buf = log,
		    .kernel_log_size = VERIFIER_LOG);
	struct bpf_object *object CLEANUP(bpf_object) = NULL;
	const void *bytes;
	size_t size;
	int error;

	if (!log)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	bytes = part->bytes(&size);
	object = bpf_object__open_mem(bytes, size, &options);
	if (!object)
		return cordon_fail(failure, -errno, "cannot read the %s object: %s", part->name,
				   strerror(errno));
	error = prepare_maps(context, object, failure);
	if (!error)
		error = load_object(part, object, log, failure);
	if (!error)
		error = pin_maps(context, object, failure);
	if (!error)
		error = make_templates(context, object, failure);
	if (!error)
		error = pin_programs(context, object, failure);
	return error;
}

/* Keys of the flow hash: odd, secret, and never changed while a flow lives. */
static int make_secret(struct cordon_control *control)
{
	uint64_t secret[ARRAY_SIZE(control->secret)];

	if (control->secret[0])
		return 0;
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -EIO;
	for (size_t i = ARRAY_SIZE(secret); i--;)
		__atomic_store_n(&control->secret[i], secret[i] | 1, __ATOMIC_RELEASE);
	return 0;
}

static int name_counter(const struct cordon_maps *maps, enum cordon_map map, uint32_t index,
			const char *name)
{
	struct cordon_counter *values CLEANUP(free) = calloc(maps->cpus, sizeof(*values));
	int error;

	if (!values)
		return -ENOMEM;
	error = bpf_map_lookup_elem(maps->fd[map], &index, values);
	if (error || !strcmp(values[0].name, name))
		return error;
	for (unsigned int i = 0; i < maps->cpus; i++)
		snprintf(values[i].name, sizeof(values[i].name), "%s", name);
	return bpf_map_update_elem(maps->fd[map], &index, values, BPF_ANY);
}

static int name_constants(const struct cordon_maps *maps)
{
	static const char *const reasons[] = {
#define REASON_NAME(name, text, help) [CORDON_REASON_##name] = text,
		CORDON_REASONS(REASON_NAME)
#undef REASON_NAME
	};
	static const char *const builtins[] = {
#define BUILTIN_NAME(name, text, help) [CORDON_BUILTIN_##name] = text,
		CORDON_BUILTINS(BUILTIN_NAME)
#undef BUILTIN_NAME
	};
	int error = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(reasons) && !error; i++)
		error = name_counter(maps, CORDON_MAP_REASONS, i, reasons[i]);
	for (uint32_t i = 0; i < ARRAY_SIZE(builtins) && !error; i++) {
		struct cordon_rule *rule = &maps->rules[i];

		error = name_counter(maps, CORDON_MAP_COUNTERS, i, builtins[i]);
		snprintf(rule->name, sizeof(rule->name), "%s", builtins[i]);
		snprintf(rule->services, sizeof(rule->services), "%s",
			 i == CORDON_BUILTIN_NONE ? "no rule: replies to what audit let in" :
						    "built in");
	}
	return error;
}

static int initialise(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	int error = cordon_maps_open(context, failure, &maps);

	if (error)
		return error;
	error = make_secret(maps.control);
	if (!error)
		error = name_constants(&maps);
	return error ? cordon_fail(failure, error, "cannot fill the maps: %s", strerror(-error)) :
		       0;
}

static int write_build(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", "build");
	const uint64_t values[BUILD_COUNT] = {
		[BUILD_DIGEST] = build_digest(),
		[BUILD_PROGRAMS] = pinned_programs(context),
		[BUILD_MAPS] = CORDON_MAPS_VERSION,
	};
	int fd CLEANUP(close) = bpf_map_create(BPF_MAP_TYPE_ARRAY, "build", sizeof(__u32),
					       sizeof(values[0]), BUILD_COUNT, NULL);
	int error = fd < 0 ? fd : 0;

	for (__u32 i = 0; i < BUILD_COUNT && !error; i++)
		error = bpf_map_update_elem(fd, &i, &values[i], BPF_ANY);
	if (!error)
		error = pin_over(fd, &path);
	cordon_step("pin build");
	return error ? cordon_fail(failure, error, "cannot pin %s: %s", path.text,
				   strerror(-error)) :
		       0;
}

static int make_folders(const struct cordon_context *context, struct cordon_failure *failure)
{
	static const char *const folders[] = { "maps", "progs", "links" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const struct cordon_path path = cordon_path_pin(context, folders[i], "");
		const int error = cordon_folder_make(path.text, 0700);

		if (error && error != -EEXIST)
			return cordon_fail(failure, error, "cannot make %s: %s", path.text,
					   strerror(-error));
	}
	return 0;
}

static int load_parts(const struct cordon_context *context, struct cordon_failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct cordon_failure own = { .text = "" };
		const int error = load_part(context, &parts[i], &own);

		if (error && parts[i].must)
			return cordon_fail(failure, error, "%s", own.text);
	}
	return 0;
}

/*
 * Left over when a detach or a first load was cut short: a generation in them may
 * lack half of its tables, and is not to be returned to.  Or of a build that reads
 * them otherwise: what is attached goes by them until the next apply replaces it.
 */
static bool maps_are_of_no_use(const struct cordon_context *context)
{
	return !is_pinned(context, "maps", "control") ||
	       (is_pinned(context, "maps", "build") &&
		read_build(context, BUILD_MAPS) != CORDON_MAPS_VERSION);
}

int cordon_load_programs(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error;

	error = cordon_probe_bpffs(context, failure);
	if (error)
		return error;
	if (all_stands(context))
		return 0;
	if (maps_are_of_no_use(context))
		error = cordon_load_unpin_maps(context, failure);
	if (!error)
		error = make_folders(context, failure);
	if (!error)
		error = load_parts(context, failure);
	if (!error)
		error = initialise(context, failure);
	if (!error)
		error = write_build(context, failure);
	return error;
}
