// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs and secrets at lockdown: bpf/lsm.bpf.c is loaded and attached when the
 * node comes to that level, and its pins, below bpffs in lockdown/GENERATION, keep
 * it there.  What it refuses is what is listed when all of it is attached: until
 * then it refuses nothing, and a set for another policy stands before the former
 * goes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/lsm.skel.h"
#include "lockdown.h"
#include "lockdown_look.h"
#include "util/cleanup.h"

#define FOLDER "lockdown"

DEFINE_CLEANUP(folder, DIR *, closedir)
DEFINE_CLEANUP(lsm, struct lsm_bpf *, lsm_bpf__destroy)

struct build {
	const struct cordon_context *context;
	const struct cordon_image *image;
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

static void remove_pins(const char *path)
{
	DIR *folder CLEANUP(folder) = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	rmdir(path);
}

/* Before it is unpinned: the kernel lets a link go some time after its pin. */
static void end_generation(const struct cordon_context *context, uint32_t generation)
{
	const int map CLEANUP(close) = bpf_obj_get(pin_path(context, generation, "held").text);
	struct cordon_lockdown_held held;
	const uint32_t zero = 0;

	if (map < 0 || bpf_map_lookup_elem(map, &zero, &held))
		return;
	held.over = 1;
	bpf_map_update_elem(map, &zero, &held, BPF_ANY);
}

/* @but: a generation that stays; 0: none */
static void remove_generations(const struct cordon_context *context, uint32_t but)
{
	const struct cordon_path all = cordon_path_pin(context, FOLDER, "");
	DIR *folder CLEANUP(folder) = opendir(all.text);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const uint32_t generation = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (!generation || generation == but)
			continue;
		end_generation(context, generation);
		remove_pins(pin_path(context, generation, "").text);
	}
	if (!but)
		rmdir(all.text);
}

/* ---- what is listed ---------------------------------------------------------------------- */

static int write_held(struct build *build)
{
	const uint32_t zero = 0;

	return bpf_map_update_elem(bpf_map__fd(build->lsm->maps.lockdown_held), &zero, &build->held,
				   BPF_ANY);
}

/* The opening lists it.  What is not there is none of its programs or secrets. */
static int learn(struct build *build, enum cordon_lockdown_lesson lesson, const char *path,
		 struct cordon_lockdown_right right)
{
	int fd CLEANUP(close) = -1;
	int error;

	build->held.learner = (uint32_t)getpid();
	build->held.lesson = lesson;
	build->held.right = right;
	error = write_held(build);
	if (error)
		return error;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	build->held.learner = 0;
	return write_held(build);
}

static uint64_t bit_of(const struct cordon_image *image, const char *secret)
{
	uint64_t bit = 1;

	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (!entry->secret[0] || (i && !strcmp(entry->secret, entry[-1].secret)))
			continue;
		if (!strcmp(entry->secret, secret))
			return bit;
		bit = bit << 1 ? bit << 1 : bit;
	}
	return 0;
}

/* All that is listed of one program. */
static struct cordon_lockdown_right right_of(const struct cordon_image *image, const char *path)
{
	struct cordon_lockdown_right right = { .opens = 0 };

	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (strcmp(entry->text, path) != 0)
			continue;
		right.starts |= entry->kind == CORDON_LOCKDOWN_PROGRAM;
		if (entry->kind == CORDON_LOCKDOWN_OPENER)
			right.opens |= bit_of(image, entry->secret);
	}
	return right;
}

static int learn_program(struct build *build, const struct cordon_image_lockdown *entry)
{
	const struct cordon_path path = cordon_path_root(build->context, entry->text);
	struct cordon_failure lack;

	/* Another one than the digest says is not listed. */
	if (cordon_lockdown_lack(build->context, entry, &lack)) {
		cordon_fail(build->failure, -ENOENT, "%s", lack.text);
		return 0;
	}
	return learn(build, CORDON_LOCKDOWN_LEARN_PROGRAM, path.text,
		     right_of(build->image, entry->text));
}

static int learn_tpm(struct build *build, struct cordon_lockdown_right right)
{
	int error = learn(build, CORDON_LOCKDOWN_LEARN_SECRET,
			  cordon_path_root(build->context, "/dev/tpmrm0").text, right);

	return error ? error :
		       learn(build, CORDON_LOCKDOWN_LEARN_SECRET,
			     cordon_path_root(build->context, "/dev/tpm0").text, right);
}

static int learn_entry(struct build *build, const struct cordon_image_lockdown *entry)
{
	const struct cordon_lockdown_right secret = { .opens =
							      bit_of(build->image, entry->secret) };

	switch ((enum cordon_lockdown_kind)entry->kind) {
	case CORDON_LOCKDOWN_PROGRAM:
	case CORDON_LOCKDOWN_OPENER:
		return learn_program(build, entry);
	case CORDON_LOCKDOWN_FILE:
		return learn(build, CORDON_LOCKDOWN_LEARN_SECRET,
			     cordon_path_root(build->context, entry->text).text, secret);
	case CORDON_LOCKDOWN_TPM:
		return learn_tpm(build, secret);
	default:
		return 0;
	}
}

/* Our own helper starts, and opens what an order is to destroy. */
static int learn_helper(struct build *build)
{
	const struct cordon_lockdown_right all = { .opens = UINT64_MAX, .starts = 1 };
	struct cordon_lockdown_file key;
	const int map = bpf_map__fd(build->lsm->maps.lockdown_programs);
	const int error = learn(build, CORDON_LOCKDOWN_LEARN_PROGRAM, "/proc/self/exe", all);

	if (error)
		return error;
	/* Hooks that nobody calls taught nothing. */
	return bpf_map_get_next_key(map, NULL, &key) ? -ENOTSUP : 0;
}

static int learn_all(struct build *build)
{
	int error = learn_helper(build);

	for (size_t i = 0; i < build->image->nr_lockdown && !error; i++)
		error = learn_entry(build, &build->image->lockdown[i]);
	if (error)
		return error;
	build->held.programs = cordon_lockdown_count(build->image, CORDON_LOCKDOWN_PROGRAM) > 0;
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
	struct lsm_bpf *lsm CLEANUP(lsm) = lsm_bpf__open_and_load();
	int error = lsm ? 0 : -errno;

	build->lsm = lsm;
	if (!error)
		error = write_held(build);
	if (!error)
		error = lsm_bpf__attach(lsm);
	if (!error)
		error = learn_all(build);
	return error ? error : pin_all(build);
}

static bool stands(const struct cordon_context *context, uint32_t generation)
{
	return !access(pin_path(context, generation, "held").text, F_OK) &&
	       !access(pin_path(context, generation, "lockdown_start").text, F_OK) &&
	       !access(pin_path(context, generation, "lockdown_map").text, F_OK) &&
	       !access(pin_path(context, generation, "lockdown_open").text, F_OK) &&
	       !access(pin_path(context, generation, "lockdown_rename").text, F_OK) &&
	       !access(pin_path(context, generation, "lockdown_link").text, F_OK);
}

/* ---- the part ---------------------------------------------------------------------------- */

static bool is_wanted(const struct cordon_image *image)
{
	return cordon_lockdown_count(image, CORDON_LOCKDOWN_PROGRAM) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_FILE) ||
	       cordon_lockdown_count(image, CORDON_LOCKDOWN_TPM);
}

static int hold(const struct cordon_image *image, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	const struct cordon_context *context = ledger->context;
	struct build build = { context, image, NULL, { .since = time(NULL) }, failure };
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
		return cordon_fail(
			failure, error, "the kernel holds no programs and no secrets: %s",
			error == -ENOTSUP ? "it calls no BPF LSM program" : strerror(-error));
	remove_generations(context, build.held.generation);
	return build.failure->text[0] ? -ENOENT : 0;
}

static int let_go(const struct cordon_context *context, const struct cordon_ledger_line *line)
{
	if (!strcmp(line->kind, "kernel"))
		remove_generations(context, 0);
	return 0;
}

int cordon_lockdown_refused(const struct cordon_context *context,
			    uint64_t (*ret_refused)[CORDON_LOCKDOWN_REFUSALS])
{
	const uint32_t generation = cordon_lockdown_generation(context), zero = 0;
	const int map CLEANUP(close) = bpf_obj_get(pin_path(context, generation, "held").text);
	struct cordon_lockdown_held held;

	if (map < 0)
		return map;
	if (bpf_map_lookup_elem(map, &zero, &held))
		return -errno;
	memcpy(ret_refused, held.refused, sizeof(held.refused));
	return 0;
}

const struct cordon_lockdown_part cordon_lockdown_programs = { hold, let_go, NULL };
