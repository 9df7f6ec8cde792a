// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard is raised and taken down; see guard.h.  Its programs do nothing until
 * all are attached, what is ours is known, and a start of the helper was taken for
 * ours: then one store makes it stand, and one store ends it before anything of it
 * is taken away.
 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "attach_source.h"
#include "load_guard.h"
#include "load_pin.h"
#include "probe.h"
#include "tell_guard.h"
#include "util/array.h"
#include "util/cleanup.h"

struct pin {
	char text[64];
};

/* guard_move_mount -> guard-move-mount */
static struct pin pin_of(const char *program)
{
	struct pin pin;

	snprintf(pin.text, sizeof(pin.text), "%s", program);
	for (char *at = pin.text; (at = strchr(at, '_'));)
		*at = '-';
	return pin;
}

static unsigned int count_hooks(const struct cordon_context *context, unsigned int *ret_missing,
				const char **ret_first)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	unsigned int there = 0, missing = 0;
	const char *program;

	cordon_pinned_links_read(context, &pins);
	for (size_t i = 0; (program = cordon_guard_program(i)); i++) {
		const struct pin pin = pin_of(program);

		if (cordon_pinned_link_named(&pins, pin.text))
			there++;
		else if (!missing++)
			*ret_first = program;
	}
	for (size_t i = 0; (program = cordon_guard_question(i)); i++) {
		if (!cordon_pin_stands(context, CORDON_PIN_PROGS, program) && !missing++)
			*ret_first = program;
	}
	*ret_missing = missing;
	return there;
}

static bool is_whole(const struct cordon_context *context)
{
	unsigned int missing;
	const char *first;

	count_hooks(context, &missing, &first);
	return !missing;
}

bool cordon_guard_stands(const struct cordon_context *context)
{
	struct cordon_guard guard;

	return !cordon_guard_read(context, &guard) && guard.standing;
}

uint32_t cordon_guard_closes_from(const struct cordon_settings *settings)
{
	return settings ? settings->kernel_closed_from : CORDON_LATCH_ISOLATE;
}

/* ---- raising ------------------------------------------------------------------------------ */

static int attach_one(const struct cordon_context *context, const char *name, int *ret_link)
{
	const int program CLEANUP(close) = cordon_source_program(context, name);
	const struct pin pin = pin_of(name);
	int link CLEANUP(close) = -1;
	int error;

	if (program < 0)
		return program;
	link = cordon_tracing_link(program);
	error = link < 0 ? link : cordon_link_pin(context, pin.text, link);
	if (!error)
		*ret_link = TAKE_FD(link);
	return error;
}

/* By it descriptors of links are told from others: any of them will do. */
static int note_operations(const struct cordon_context *context, int link)
{
	const int program CLEANUP(close) = cordon_source_program(context, "guard_look");
	struct cordon_guard_look look = { .steps = 0 };
	struct cordon_guard guard;
	int error = program < 0 ? program : cordon_guard_look(program, link, &look);

	if (!error)
		error = cordon_guard_read(context, &guard);
	if (error)
		return error;
	guard.link = look.operations;
	return cordon_guard_write(context, &guard);
}

static int attach_all(const struct cordon_context *context, struct cordon_failure *failure)
{
	const int tasks CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_TASKS);
	int error = cordon_guard_mark(tasks, true);
	const char *program;

	if (error)
		return cordon_fail(failure, error, "cannot mark this process for the guard: %s",
				   strerror(-error));
	for (size_t i = 0; (program = cordon_guard_program(i)) && !error; i++) {
		int link CLEANUP(close) = -1;

		error = attach_one(context, program, &link);
		if (!error && !i)
			error = note_operations(context, link);
		if (error)
			cordon_fail(failure, error, "cannot attach %s: %s", program,
				    strerror(-error));
	}
	return error;
}

/* A start of the helper, which does nothing. */
static int start_helper(void)
{
	static char *const arguments[] = { (char *)"cordon", (char *)"--help", NULL };
	static char *const environment[] = { NULL };
	const pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child) {
		const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(nowhere, STDOUT_FILENO);
		execve("/proc/self/exe", arguments, environment);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		return -errno;
	return status ? -EIO : 0;
}

/* A guard that does not hear us is no guard, and one that does not know us shuts us out. */
static int try_out(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_guard guard;
	int error = cordon_guard_read(context, &guard);

	if (error)
		return cordon_fail(failure, error, "cannot read the guard's state: %s",
				   strerror(-error));
	if (!guard.heard)
		return cordon_fail(failure, -ENOTSUP,
				   "the kernel calls no BPF LSM program: boot with lsm=...,bpf");
	error = start_helper();
	if (!error)
		error = cordon_guard_read(context, &guard);
	if (error)
		return cordon_fail(failure, error, "cannot start the helper to try the guard: %s",
				   strerror(-error));
	if (guard.known)
		return 0;
	return cordon_fail(failure, -EPERM, "the guard does not know the helper: %s (%d)",
			   cordon_guard_doubt_text(guard.why), guard.digest_error);
}

/* It calls what others' programs may not; the guard sees it pass by. */
static int show_sample(void)
{
	const struct bpf_insn none = { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 };
	const struct bpf_insn sample[] = {
		none,
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_send_signal },
		none,
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_send_signal_thread },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	const int program CLEANUP(close) = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT,
							 CORDON_GUARD_SAMPLE, "GPL", sample,
							 ARRAY_SIZE(sample), NULL);

	return program < 0 ? program : 0;
}

static int learn_calls(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_guard guard;
	int error = show_sample();

	if (!error)
		error = cordon_guard_read(context, &guard);
	for (int i = 0; i < CORDON_GUARD_CALLS && !error; i++)
		error = guard.call[i] ? 0 : -ENOTSUP;
	return error ? cordon_fail(failure, error,
				   "cannot learn which programs of others end processes: %s",
				   strerror(-error)) :
		       0;
}

/* What others loaded before; they get no more of these. */
static int count_older(const struct cordon_context *context, struct cordon_failure *failure)
{
	const int program CLEANUP(close) = cordon_source_program(context, "guard_older");
	const int link CLEANUP(close) =
		program < 0 ? program : bpf_link_create(program, 0, BPF_TRACE_ITER, NULL);
	const int walk CLEANUP(close) = link < 0 ? link : bpf_iter_create(link);
	char nothing;

	if (walk < 0 || read(walk, &nothing, sizeof(nothing)))
		return cordon_fail(failure, walk < 0 ? walk : -EIO,
				   "cannot look for older programs of others: %s",
				   walk < 0 ? strerror(-walk) : "broken off");
	return 0;
}

static int set_standing(const struct cordon_context *context, bool standing)
{
	struct cordon_guard guard;
	const int error = cordon_guard_read(context, &guard);

	guard.standing = standing;
	return error ? error : cordon_guard_write(context, &guard);
}

static int close_it(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error = cordon_guard_know(context);

	if (!error)
		error = set_standing(context, true);
	return error ? cordon_fail(failure, error, "cannot close the guard: %s", strerror(-error)) :
		       0;
}

static void take_away(const struct cordon_context *context)
{
	const char *program;

	for (size_t i = 0; (program = cordon_guard_program(i)); i++) {
		const struct pin pin = pin_of(program);

		cordon_link_unpin(context, pin.text);
	}
	cordon_guard_unload(context);
}

static int raise_it(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error;

	/* What a raise or a lowering that was cut short left. */
	take_away(context);
	error = cordon_guard_load(context, failure);
	if (!error)
		error = attach_all(context, failure);
	if (!error)
		error = try_out(context, failure);
	if (!error)
		error = learn_calls(context, failure);
	if (!error)
		error = close_it(context, failure);
	if (!error)
		error = count_older(context, failure);
	if (error) {
		set_standing(context, false);
		take_away(context);
	}
	return error;
}

/* Why it could not be raised, for whoever looks later. */
static struct cordon_path note_path(const struct cordon_context *context)
{
	return cordon_path_root(context, "/run/cordon/guard");
}

static void write_note(const struct cordon_context *context, const char *text)
{
	const struct cordon_path path = note_path(context);
	FILE *file CLEANUP(fclose) = NULL;

	unlink(path.text);
	if (!text)
		return;
	file = fopen(path.text, "wxe");
	if (file)
		fprintf(file, "%s\n", text);
}

static bool read_note(const struct cordon_context *context, char *ret_text, int size)
{
	const struct cordon_path path = note_path(context);
	FILE *file CLEANUP(fclose) = fopen(path.text, "re");

	if (!file || !fgets(ret_text, size, file))
		return false;
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return true;
}

int cordon_guard_raise(const struct cordon_context *context, struct cordon_failure *failure)
{
	const enum cordon_probe_guard may = cordon_probe_guard(context);
	int lock CLEANUP(close) = -1;
	int error;

	if (may != CORDON_PROBE_GUARD_MAY) {
		if (may == CORDON_PROBE_GUARD_OFF)
			cordon_tell_guard(context, CORDON_GUARD_CHANGE_KEPT_OFF,
					  "cordon.guard=off on the kernel's command line");
		return 0;
	}
	error = cordon_lock_take(context, failure, &lock);
	if (error || (cordon_guard_stands(context) && is_whole(context)))
		return error;
	error = raise_it(context, failure);
	write_note(context, error ? failure->text : NULL);
	cordon_tell_guard(context, error ? CORDON_GUARD_CHANGE_FAILED : CORDON_GUARD_CHANGE_RAISED,
			  error ? failure->text : "");
	return error;
}

int cordon_guard_lower(const struct cordon_context *context, struct cordon_failure *failure)
{
	const int error = set_standing(context, false);

	if (error == -ENOENT)
		return 0;
	if (error)
		return cordon_fail(failure, error, "cannot take the guard down: %s",
				   strerror(-error));
	take_away(context);
	cordon_tell_guard(context, CORDON_GUARD_CHANGE_LOWERED, "");
	return 0;
}

/* ---- looking ------------------------------------------------------------------------------ */

static uint64_t count_refused(const struct cordon_context *context)
{
	const int fd CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_REFUSED);
	uint64_t sum = 0, count;

	for (uint32_t i = 0; fd >= 0 && i < CORDON_GUARD_ACT_COUNT; i++) {
		if (!bpf_map_lookup_elem(fd, &i, &count))
			sum += count;
	}
	return sum;
}

static enum cordon_guard_standing judge_absent(const struct cordon_context *context,
					       struct cordon_guard_view *view)
{
	switch (cordon_probe_guard(context)) {
	case CORDON_PROBE_GUARD_OFF:
		return CORDON_GUARD_KEPT_OFF;
	case CORDON_PROBE_GUARD_PRIVATE:
		return CORDON_GUARD_PRIVATE;
	case CORDON_PROBE_GUARD_NO_LSM:
		return CORDON_GUARD_NO_LSM;
	default:
		return read_note(context, view->why, sizeof(view->why)) ? CORDON_GUARD_FAILED :
									  CORDON_GUARD_NOT_YET;
	}
}

void cordon_guard_view_read(const struct cordon_context *context,
			    struct cordon_guard_view *ret_view)
{
	struct cordon_guard_view view = { .hooks = 0 };
	struct cordon_guard guard;
	unsigned int missing;
	const char *first;

	if (cordon_guard_read(context, &guard)) {
		view.standing = judge_absent(context, &view);
		*ret_view = view;
		return;
	}
	view.hooks = count_hooks(context, &missing, &first);
	view.standing = guard.standing && !missing ? CORDON_GUARD_STANDS : CORDON_GUARD_HALF;
	if (missing)
		snprintf(view.why, sizeof(view.why), "%u of its programs are missing, %s first",
			 missing, first);
	else if (!guard.standing)
		snprintf(view.why, sizeof(view.why), "it was not raised to its end");
	view.refused = count_refused(context);
	view.unknown = guard.unknown;
	view.doubt = guard.why;
	view.full = guard.full;
	view.older = guard.older;
	view.oldest = guard.oldest;
	*ret_view = view;
}
