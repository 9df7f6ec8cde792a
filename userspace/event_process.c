// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What processes do: records of the class PROCESS.
 */
#include "event_process.h"

#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>

#include "event.h"
#include "event_shape.h"
#include "event_time.h"
#include "util/print.h"

#define PROCESS .kind = "event", .category = "process"

/* ---- the texts of an exec ----------------------------------------------------------------- */

static bool exec_is_whole(const struct cordon_event *event)
{
	const struct cordon_event_exec *exec = (const void *)event;
	const uint16_t sizes[] = { exec->path_size, exec->interpreter_size, exec->directory_size,
				   exec->told_size };
	const char *at = (const char *)(exec + 1);
	size_t left = event->size - sizeof(*exec);

	for (size_t i = 0; i < 4; i++) {
		if (sizes[i] > left || (sizes[i] && at[sizes[i] - 1]))
			return false;
		at += sizes[i];
		left -= sizes[i];
	}
	return true;
}

struct cordon_exec_texts cordon_exec_texts(const struct cordon_event_exec *exec)
{
	const char *path = (const char *)(exec + 1);
	const char *interpreter = path + exec->path_size;
	const char *directory = interpreter + exec->interpreter_size;

	return (struct cordon_exec_texts){
		.path = exec->path_size ? path : "",
		.interpreter = exec->interpreter_size ? interpreter : "",
		.directory = exec->directory_size ? directory : "",
		.arguments = directory + exec->directory_size,
		.arguments_size = exec->told_size,
	};
}

void cordon_exec_command(FILE *file, const struct cordon_event_exec *exec)
{
	const struct cordon_exec_texts texts = cordon_exec_texts(exec);
	const char *at = texts.arguments, *end = at + texts.arguments_size;

	print_name(file, texts.path, strlen(texts.path));
	for (size_t i = 0; at < end; at += strlen(at) + 1, i++) {
		/* The first is what the program calls itself. */
		if (!i)
			continue;
		fputc(' ', file);
		print_name(file, at, strlen(at));
	}
	if (exec->event.flags & CORDON_EXEC_ARGUMENTS_CUT)
		fputs(" ...", file);
	if (exec->event.flags & CORDON_EXEC_ARGUMENTS_UNREAD)
		fputs(" (arguments could not be read)", file);
}

static void print_parent(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_facts *facts = &view->facts;
	const struct cordon_event_process *parent =
		cordon_event_past_process(view->past, facts->parent, facts->parent_start);

	if (parent)
		print_name(file, parent->name, sizeof(parent->name));
	fprintf(file, "[%u]", facts->parent);
}

/* ---- fork --------------------------------------------------------------------------------- */

static void fork_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_fork *fork = (const void *)event;

	facts->pid = fork->child;
	facts->start = fork->child_start;
	facts->parent = event->pid;
	facts->parent_start = fork->start;
}

static void fork_text(FILE *file, const struct cordon_event_view *view)
{
	fputs("fork ", file);
	cordon_event_who_text(file, view);
	fputs(" of ", file);
	print_parent(file, view);
}

static void fork_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_fork *fork = (const void *)view->record->event;

	cordon_ecs_number(ecs, "process.vpid", fork->child_own);
}

/* ---- exec --------------------------------------------------------------------------------- */

static void exec_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_exec *exec = (const void *)event;

	facts->start = exec->start;
	facts->parent = exec->parent;
	facts->parent_start = exec->parent_start;
	facts->uid = exec->uid;
	facts->euid = exec->euid;
	facts->login_uid = exec->login_uid;
	facts->cgroup = exec->cgroup;
	facts->outcome = "success";
}

static void exec_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_exec *exec = (const void *)view->record->event;
	const struct cordon_exec_texts texts = cordon_exec_texts(exec);

	fputs("exec ", file);
	cordon_event_who_text(file, view);
	fputs(exec->event.flags & CORDON_EXEC_GAINED ? " with the file's rights, by " : ", by ",
	      file);
	print_parent(file, view);
	fputs(": ", file);
	cordon_exec_command(file, exec);
	if (texts.interpreter[0]) {
		fputs(", run by ", file);
		print_name(file, texts.interpreter, strlen(texts.interpreter));
	}
}

static void add_ids(struct cordon_ecs *ecs, const struct cordon_event_exec *exec)
{
	cordon_ecs_format(ecs, "group.id", "%u", exec->gid);
	cordon_ecs_format(ecs, "user.effective.group.id", "%u", exec->egid);
	cordon_ecs_number(ecs, "process.vpid", exec->own);
	cordon_ecs_format(ecs, "cordon.process.capabilities", "%016" PRIx64,
			  (uint64_t)exec->capabilities);
	cordon_ecs_number(ecs, "cordon.process.pid_namespace", exec->pid_namespace);
	cordon_ecs_number(ecs, "cordon.process.inode", exec->inode);
	cordon_ecs_format(ecs, "cordon.process.device", "%u:%u", exec->device >> 20,
			  exec->device & 0xfffff);
	if (exec->session != CORDON_EVENT_NOBODY)
		cordon_ecs_number(ecs, "cordon.login.session", exec->session);
	if (!exec->tty)
		return;
	cordon_ecs_number(ecs, "process.tty.char_device.major", exec->tty >> 20);
	cordon_ecs_number(ecs, "process.tty.char_device.minor", exec->tty & 0xfffff);
}

static void add_flags(struct cordon_ecs *ecs, uint16_t flags)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} names[] = {
		{ CORDON_EXEC_PATH_CUT, "cordon.process.cut.path" },
		{ CORDON_EXEC_INTERPRETER_CUT, "cordon.process.cut.interpreter" },
		{ CORDON_EXEC_DIRECTORY_CUT, "cordon.process.cut.directory" },
		{ CORDON_EXEC_ARGUMENTS_CUT, "cordon.process.cut.arguments" },
		{ CORDON_EXEC_ARGUMENTS_UNREAD, "cordon.process.unread" },
		{ CORDON_EXEC_GAINED, "cordon.process.gained" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].flag)
			cordon_ecs_flag(ecs, names[i].name, true);
	}
}

static size_t count_texts(const char *texts, size_t size)
{
	size_t nr = 0;

	for (size_t i = 0; i < size; i++)
		nr += !texts[i];
	return nr;
}

static void exec_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_exec *exec = (const void *)view->record->event;
	const struct cordon_exec_texts texts = cordon_exec_texts(exec);

	cordon_ecs_text(ecs, "process.executable", texts.path);
	cordon_ecs_text(ecs, "process.working_directory", texts.directory);
	cordon_ecs_list(ecs, "process.args", texts.arguments, texts.arguments_size);
	cordon_ecs_words(ecs, "process.command_line", texts.arguments, texts.arguments_size);
	cordon_ecs_text(ecs, "cordon.process.interpreter", texts.interpreter);
	/* Of those that were cut nobody knows how many there are. */
	if (!(exec->event.flags & (CORDON_EXEC_ARGUMENTS_CUT | CORDON_EXEC_ARGUMENTS_UNREAD)))
		cordon_ecs_number(ecs, "process.args_count",
				  count_texts(texts.arguments, texts.arguments_size));
	cordon_ecs_number(ecs, "cordon.process.arguments_size", exec->arguments_size);
	add_ids(ecs, exec);
	add_flags(ecs, exec->event.flags);
}

/* ---- exit --------------------------------------------------------------------------------- */

static void exit_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_exit *exit = (const void *)event;

	facts->start = exit->start;
	facts->outcome = exit->status ? "failure" : "success";
}

void cordon_exit_status_text(FILE *file, uint32_t status)
{
	const int waited = (int)(status & 0xffff);

	if (WIFEXITED(waited))
		fprintf(file, "exit %d", WEXITSTATUS(waited));
	else
		fprintf(file, "signal %d%s", waited & 0x7f, waited & 0x80 ? ", core" : "");
}

void cordon_exit_status_fields(struct cordon_ecs *ecs, uint32_t status)
{
	const int waited = (int)(status & 0xffff);

	if (WIFEXITED(waited))
		cordon_ecs_number(ecs, "process.exit_code", WEXITSTATUS(waited));
	else
		cordon_ecs_number(ecs, "cordon.process.signal", waited & 0x7f);
	cordon_ecs_flag(ecs, "cordon.process.core", waited & 0x80);
}

static uint64_t ran_ns(const struct cordon_event_view *view)
{
	const struct cordon_event_exit *exit = (const void *)view->record->event;
	const uint64_t end = cordon_event_past_boottime(view->past, exit->event.time);

	return end > exit->start ? end - exit->start : 0;
}

static void exit_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_exit *exit = (const void *)view->record->event;
	struct cordon_event_time ran, cpu;
	char peak[32];

	fputs("exit ", file);
	cordon_event_who_text(file, view);
	fputs(": ", file);
	cordon_exit_status_text(file, exit->status);
	fprintf(file, " after %s, %s of CPU, %s at most",
		cordon_event_span_text(ran_ns(view), &ran),
		cordon_event_span_text(exit->cpu_ns, &cpu),
		print_size((uint64_t)exit->peak_kib << 10, &peak));
}

static void exit_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_exit *exit = (const void *)view->record->event;

	cordon_ecs_time(ecs, "process.end", view->record->wall);
	cordon_ecs_number(ecs, "event.duration", ran_ns(view));
	cordon_exit_status_fields(ecs, exit->status);
	cordon_ecs_number(ecs, "cordon.process.cpu", exit->cpu_ns);
	cordon_ecs_number(ecs, "cordon.process.peak", (uint64_t)exit->peak_kib << 10);
}

/* ---- cgroups ------------------------------------------------------------------------------ */

static void cgroup_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	facts->cgroup = ((const struct cordon_event_cgroup *)event)->cgroup;
}

static void cgroup_text(FILE *file, const struct cordon_event_view *view)
{
	fprintf(file, "cgroup %" PRIu64 " is ", view->facts.cgroup);
	print_clean(file, view->path, strlen(view->path));
}

static void cgroup_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	(void)ecs;
	(void)view; /* its facts are all */
}

const struct cordon_event_shape cordon_event_shapes_process[] = {
	{ CORDON_EVENT_FORK, sizeof(struct cordon_event_fork), "fork", PROCESS, .subtype = "start",
	  .facts = fork_facts, .text = fork_text, .fields = fork_fields },
	{ CORDON_EVENT_EXEC, sizeof(struct cordon_event_exec), "exec", PROCESS, .subtype = "start",
	  .is_whole = exec_is_whole, .facts = exec_facts, .text = exec_text,
	  .fields = exec_fields },
	{ CORDON_EVENT_EXIT, sizeof(struct cordon_event_exit), "exit", PROCESS, .subtype = "end",
	  .facts = exit_facts, .text = exit_text, .fields = exit_fields },
	{ CORDON_EVENT_CGROUP, sizeof(struct cordon_event_cgroup), "cgroup", PROCESS,
	  .subtype = "info", .facts = cgroup_facts, .text = cgroup_text, .fields = cgroup_fields },
	{ .text = NULL },
};
