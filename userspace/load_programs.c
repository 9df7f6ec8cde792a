// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs and maps in their order: maps first, then the programs without which
 * no packet is judged, then, while the caller goes on, the others.
 *
 * Those that only tell what happens come when somebody asks for them.
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

#include <bpf/bpf.h>

#include <cordon/uapi/reason.h>

#include "load_object.h"
#include "load_pin.h"
#include "probe.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Elements of the map `build`. */
enum {
	BUILD_DIGEST,
	BUILD_PROGRAMS, /* bit by enum cordon_program */
	BUILD_MAPS,	/* CORDON_MAPS_VERSION */
	BUILD_PROCESS,	/* 1: those of cordon_load_process() are of it, too */
	BUILD_AUTH,	/* likewise */
	BUILD_LISTEN,	/* likewise */
	BUILD_CONFIG,	/* likewise */
	BUILD_COUNT
};

static const char *const program_names[CORDON_PROGRAM_COUNT] = {
#define CORDON_PROGRAM_NAME(name, text) [CORDON_PROGRAM_##name] = text,
	CORDON_PROGRAMS(CORDON_PROGRAM_NAME)
#undef CORDON_PROGRAM_NAME
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
	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++)
		cleanup_close(&programs->fd[i]);
	*programs = cordon_programs_none();
}

/* 0: there is none, as no build has that digest and no load that few programs. */
static uint64_t read_build(const struct cordon_context *context, __u32 key)
{
	const int fd CLEANUP(close) = cordon_pin_open(context, CORDON_PIN_MAPS, "build");
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

static uint64_t pinned_programs(const struct cordon_context *context)
{
	uint64_t pinned = 0;

	for (int i = 0; i < CORDON_PROGRAM_COUNT; i++)
		pinned |= (uint64_t)cordon_pin_stands(context, CORDON_PIN_PROGS, program_names[i])
			  << i;
	return pinned;
}

static bool all_stands(const struct cordon_context *context)
{
	const uint64_t programs = read_build(context, BUILD_PROGRAMS);

	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		if (!cordon_pin_stands(context, CORDON_PIN_MAPS, cordon_map_name(i)))
			return false;
	}
	if (!cordon_templates_stand(context) || !programs || programs & ~pinned_programs(context))
		return false;
	return read_build(context, BUILD_DIGEST) == cordon_object_digest();
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
		[BUILD_DIGEST] = cordon_object_digest(),
		[BUILD_PROGRAMS] = pinned_programs(context),
		[BUILD_MAPS] = CORDON_MAPS_VERSION,
	};
	int fd CLEANUP(close) = bpf_map_create(BPF_MAP_TYPE_ARRAY, "build", sizeof(__u32),
					       sizeof(values[0]), BUILD_COUNT, NULL);
	int error = fd < 0 ? fd : 0;

	for (__u32 i = 0; i < BUILD_COUNT && !error; i++)
		error = bpf_map_update_elem(fd, &i, &values[i], BPF_ANY);
	if (!error)
		error = cordon_pin_over(fd, &path);
	return error ? cordon_fail(failure, error, "cannot pin %s: %s", path.text,
				   strerror(-error)) :
		       0;
}

/* Without one of these no generation in the others is whole. */
static bool holds_policy(enum cordon_map map)
{
	return map <= CORDON_MAP_FLOWS_OF || map == CORDON_MAP_RULES;
}

/*
 * Left over when a detach or a first load was cut short, or somebody took a pin away:
 * a generation in them may lack half of its tables, and is not to be returned to.  Or
 * of a build that reads them otherwise: what is attached goes by them until the next
 * apply replaces it.
 */
static bool maps_are_of_no_use(const struct cordon_context *context)
{
	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		if (holds_policy(i) &&
		    !cordon_pin_stands(context, CORDON_PIN_MAPS, cordon_map_name(i)))
			return true;
	}
	return cordon_pin_stands(context, CORDON_PIN_MAPS, "build") &&
	       read_build(context, BUILD_MAPS) != CORDON_MAPS_VERSION;
}

static int make_maps(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error = 0;

	if (maps_are_of_no_use(context))
		error = cordon_load_unpin_maps(context, failure);
	if (!error)
		error = cordon_pin_folders_make(context, failure);
	return error ? error : cordon_object_maps(context, failure);
}

int cordon_load_start(const struct cordon_context *context, struct cordon_failure *failure,
		      struct cordon_loading **ret_loading)
{
	struct cordon_loading *loading CLEANUP(loading) = NULL;
	int error;

	error = cordon_probe_bpffs(context, failure);
	if (error)
		return error;
	if (all_stands(context)) {
		*ret_loading = NULL;
		return 0;
	}
	error = make_maps(context, failure);
	if (!error)
		error = cordon_loading_start(context, failure, &loading);
	if (!error)
		error = initialise(context, failure);
	if (!error)
		*ret_loading = TAKE(loading);
	return error;
}

int cordon_load_finish(const struct cordon_context *context, struct cordon_loading *loading,
		       struct cordon_failure *failure)
{
	int error;

	if (!loading)
		return 0;
	error = cordon_loading_finish(loading, failure);
	return error ? error : write_build(context, failure);
}

static int note_watchers(const struct cordon_context *context, uint32_t key,
			 struct cordon_failure *failure)
{
	const int fd CLEANUP(close) = cordon_pin_open(context, CORDON_PIN_MAPS, "build");
	const uint64_t one = 1;
	const int error = fd < 0 ? fd : bpf_map_update_elem(fd, &key, &one, BPF_ANY);

	return error ? cordon_fail(failure, error, "cannot use %s/maps/build: %s", context->bpffs,
				   strerror(-error)) :
		       0;
}

static const struct {
	enum cordon_part part;
	uint32_t build;
} watchers_of[] = {
	[CORDON_WATCHERS_PROCESS] = { CORDON_PART_PROCESS, BUILD_PROCESS },
	[CORDON_WATCHERS_AUTH] = { CORDON_PART_AUTH, BUILD_AUTH },
	[CORDON_WATCHERS_LISTEN] = { CORDON_PART_LISTEN, BUILD_LISTEN },
	[CORDON_WATCHERS_CONFIG] = { CORDON_PART_CONFIG, BUILD_CONFIG },
};

bool cordon_load_was_done(const struct cordon_context *context, enum cordon_watchers watchers)
{
	return read_build(context, watchers_of[watchers].build);
}

int cordon_load_watchers(const struct cordon_context *context, enum cordon_watchers watchers,
			 bool anew, struct cordon_failure *failure)
{
	int error;

	if (!anew && cordon_load_was_done(context, watchers))
		return 0;
	error = cordon_object_programs(context, watchers_of[watchers].part, CORDON_OBJECT_ALL,
				       failure);
	return error ? error : note_watchers(context, watchers_of[watchers].build, failure);
}
