// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs and secrets at lockdown: bpf/lsm.bpf.c is loaded and attached when the
 * node comes to that level, and its pins, below bpffs in lockdown/GENERATION, keep
 * it there (what it lists: attach_listed.c).  What it refuses is what is listed when all of it is
 * attached: until then it refuses nothing, and a set for another policy stands before the former
 * goes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach_listed.h"
#include "bpf/lsm.skel.h"
#include "live.h"
#include "lockdown.h"
#include "lockdown_look.h"
#include "util/array.h"
#include "util/cleanup.h"

#define FOLDER "lockdown"

DEFINE_CLEANUP(lsm, struct lsm_bpf *, lsm_bpf__destroy)

struct build {
	const struct cordon_context *context;
	const struct cordon_image *image;
	struct cordon_ledger *ledger;
	struct lsm_bpf *lsm;
	struct cordon_lockdown_held held;
	struct cordon_failure *failure;
};

static struct cordon_path pin_path(const struct cordon_context *context, uint32_t generation,
				   const char *name)
{
	struct cordon_path path;

	if (snprintf(path.text, sizeof(path.text), "%s/" FOLDER "/%u%s%s", context->bpffs,
		     generation, name[0] ? "/" : "", name) >= (int)sizeof(path.text))
		path.text[0] = '\0';
	return path;
}

/* Return: 0, also if there are none; -errno */
static int remove_pins(const char *path)
{
	DIR *folder CLEANUP(folder) = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	return rmdir(path) && errno != ENOENT ? -errno : 0;
}

/* Return: its map, the caller's to close; -errno: there is none */
static int read_held(const struct cordon_context *context, uint32_t generation,
		     struct cordon_lockdown_held *ret_held)
{
	int map CLEANUP(close) = bpf_obj_get(pin_path(context, generation, "held").text);
	const uint32_t zero = 0;

	memset(ret_held, 0, sizeof(*ret_held));
	if (map < 0 || bpf_map_lookup_elem(map, &zero, ret_held))
		return -errno;
	return TAKE_FD(map);
}

/* Before it is unpinned: the kernel lets a link go some time after its pin. */
static void end_generation(const struct cordon_context *context, uint32_t generation)
{
	struct cordon_lockdown_held held;
	const int map CLEANUP(close) = read_held(context, generation, &held);
	const uint32_t zero = 0;

	if (map < 0)
		return;
	held.over = 1;
	bpf_map_update_elem(map, &zero, &held, BPF_ANY);
}

/* @but: a generation that stays; 0: none */
static int remove_generations(const struct cordon_context *context, uint32_t but)
{
	const struct cordon_path all = cordon_path_pin(context, FOLDER, "");
	DIR *folder CLEANUP(folder) = opendir(all.text);
	const struct dirent *entry;
	int result = 0;

	while (folder && (entry = readdir(folder))) {
		const uint32_t generation = (uint32_t)strtoul(entry->d_name, NULL, 10);
		int error;

		if (!generation || generation == but)
			continue;
		end_generation(context, generation);
		error = remove_pins(pin_path(context, generation, "").text);
		result = result ? result : error;
	}
	/* It holds nothing itself. */
	if (!but)
		rmdir(all.text);
	return result;
}

/* ---- maps -------------------------------------------------------------------------------- */

static int write_held(struct build *build)
{
	const uint32_t zero = 0;

	return bpf_map_update_elem(bpf_map__fd(build->lsm->maps.lockdown_held), &zero, &build->held,
				   BPF_ANY);
}

/* The rings that are read are those that are pinned. */
static int reuse_maps(const struct build *build)
{
	struct bpf_map *map;
	int error = 0;

	bpf_object__for_each_map(map, build->lsm->obj) {
		const struct cordon_path path =
			cordon_path_pin(build->context, "maps", bpf_map__name(map));
		const int fd CLEANUP(close) = bpf_obj_get(path.text);

		if (fd >= 0 && !error)
			error = bpf_map__reuse_fd(map, fd);
	}
	return error;
}

/* Until the last of it nothing is refused that starts. */
static int list_all(struct build *build)
{
	const struct cordon_image *image = build->image;
	struct cordon_listed listed = {
		.context = build->context,
		.image = image,
		.ledger = build->ledger,
		.lesson = bpf_map__fd(build->lsm->maps.lockdown_lesson),
		.code = bpf_map__fd(build->lsm->maps.lockdown_code),
		.keys = bpf_map__fd(build->lsm->maps.lockdown_keys),
		.failure = build->failure,
	};
	int error = cordon_listed_fill(&listed);

	if (!error)
		error = cordon_ledger_save(build->ledger);
	if (error)
		return error;
	build->held.programs = cordon_lockdown_count(image, CORDON_LOCKDOWN_PROGRAM) > 0;
	return write_held(build);
}

/* ---- pins -------------------------------------------------------------------------------- */

static int pin_all(struct build *build)
{
	const uint32_t generation = build->held.generation;
	const struct cordon_path folder = pin_path(build->context, generation, "");
	const struct bpf_object_skeleton *skeleton = build->lsm->skeleton;
	int error = cordon_folder_make(folder.text, 0700);

	for (int i = 0; i < skeleton->prog_cnt && !error; i++)
		error = bpf_link__pin(
			*skeleton->progs[i].link,
			pin_path(build->context, generation, skeleton->progs[i].name).text);
	/* Last: whoever finds it finds all. */
	if (!error)
		error = bpf_map__pin(build->lsm->maps.lockdown_held,
				     pin_path(build->context, generation, "held").text);
	if (error)
		remove_pins(folder.text);
	return error;
}

static int make(struct build *build)
{
	struct lsm_bpf *lsm CLEANUP(lsm) = lsm_bpf__open();
	int error = lsm ? 0 : -errno;

	build->lsm = lsm;
	if (!error)
		error = reuse_maps(build);
	if (!error)
		error = lsm_bpf__load(lsm);
	if (!error)
		error = write_held(build);
	if (!error)
		error = lsm_bpf__attach(lsm);
	if (!error)
		error = list_all(build);
	return error ? error : pin_all(build);
}

/* Its programs are pinned by their names before the map is; and what was ended may be pinned yet. */
static bool stands(const struct cordon_context *context, uint32_t generation)
{
	static const char *const names[] = {
		/* lsm.bpf.c */
		"lockdown_start",
		"lockdown_begin",
		"lockdown_started",
		"lockdown_forked",
		"lockdown_map",
		"lockdown_protect",
		"lockdown_open",
		"lockdown_rename",
		"lockdown_link",
		"lockdown_key",
		"lockdown_trace",
		"lockdown_traceme",
		"lockdown_prctl",
		/* its map, by which it holds */
		"held",
	};
	struct cordon_lockdown_held held;
	const int map CLEANUP(close) = read_held(context, generation, &held);
	bool all = map >= 0 && !held.over;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		all &= !access(pin_path(context, generation, names[i]).text, F_OK);
	return all;
}

/* ---- the part ---------------------------------------------------------------------------- */

static bool is_wanted(const struct cordon_image *image)
{
	return cordon_lockdown_count(image, CORDON_LOCKDOWN_PROGRAM) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_FILE) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_KEY) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_TPM);
}

static int hold(const struct cordon_image *image, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	const struct cordon_context *context = ledger->context;
	struct cordon_failure lack = { .text = "" };
	struct build build = { context, image, ledger, NULL, { .programs = 0 }, &lack };
	int error;

	build.held.generation = image->settings.generation;
	if (!is_wanted(image) || stands(context, build.held.generation))
		return 0;
	error = cordon_ledger_note(ledger, "kernel", "programs", "");
	if (!error) {
		/* What was cut short. */
		remove_pins(pin_path(context, build.held.generation, "").text);
		error = make(&build);
	}
	if (error)
		cordon_fail(failure, error, "the kernel holds no programs and no secrets: %s",
			    error == -ENOTSUP ? "it calls no BPF LSM program, or makes no digests "
						"(CONFIG_IMA)" :
						strerror(-error));
	else
		/* Ended, also where its pins cannot be removed. */
		remove_generations(context, build.held.generation);
	cordon_fail_also(failure, NULL, &lack);
	return error || !lack.text[0] ? error : -ENOENT;
}

static int let_go(const struct cordon_context *context, const struct cordon_ledger_line *line)
{
	return strcmp(line->kind, "kernel") ? 0 : remove_generations(context, 0);
}

int cordon_lockdown_refused(const struct cordon_context *context,
			    uint64_t (*ret_refused)[CORDON_LOCKDOWN_REFUSALS])
{
	struct cordon_lockdown_held held;
	const int map CLEANUP(close) = read_held(context, cordon_live_generation(context), &held);

	if (map < 0 || held.over)
		return map < 0 ? map : -ENOENT;
	memcpy(ret_refused, held.refused, sizeof(held.refused));
	return 0;
}

const struct cordon_lockdown_part cordon_lockdown_programs = { hold, let_go, NULL };
