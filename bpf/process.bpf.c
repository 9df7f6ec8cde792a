// SPDX-License-Identifier: GPL-2.0-only
/*
 * What processes do: they are made, start programs and end; and what cgroups
 * are called, in which they do it.  Each record goes into the ring or is counted.
 * Threads are not told.
 *
 * The tracepoints are in the kernel's own code, where nothing sleeps and the CPU
 * stays the same: two of these programs never meet on a CPU but where one
 * interrupts another, and what interrupts makes no processes.  Kernels that let
 * tracepoints be preempted are no harm: who finds the room taken is counted.
 */
#include <cordon/uapi/process.h>

#include "directory.h"
#include "privilege.h"
#include "ring.h"
#include "task.h"

/* Set by the loader. */
const volatile __u32 page_size SEC(".rodata.page_size") = 4096;

/* Bytes of a cgroup's path that are told, with the NUL. */
#define CGROUP_TEXT 1024

#define TEXTS_MAX (3 * CORDON_PATH_TEXT + CORDON_ARGUMENTS_TEXT)

/* Of a process whose last threads end at once each may think that it is the last. */
#define ENDED_MAX 1024
/* Beyond these the time of threads that are ending, but not counted in their process yet, is not
 * told. */
#define THREADS_MAX 64

/**
 * struct room - where a record of any length is made
 * @taken: 1: by a program that is at work on this CPU
 * @record: and behind its longest what zeros need that fill it up
 */
struct room {
	__u32 taken;
	__u32 pad;
	struct directory directory;
	union {
		struct cordon_event_exec exec;
		struct cordon_event_cgroup cgroup;
		char bytes[sizeof(struct cordon_event_exec) + TEXTS_MAX + 8];
	};
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct room);
} process_room SEC(".maps");

struct ended {
	__u64 start;
	__u64 pid;
};

/* Full: the process that ended longest ago is forgotten, whose threads are all gone. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ENDED_MAX);
	__type(key, struct ended);
	__type(value, __u8);
} process_ended SEC(".maps");

/* Return: NULL: it is taken */
static __always_inline struct room *room_take(void)
{
	__u32 zero = 0;
	struct room *room = bpf_map_lookup_elem(&process_room, &zero);

	return room && !__sync_lock_test_and_set(&room->taken, 1) ? room : NULL;
}

/* The record, @size bytes, is told or counted, and the room free again. */
static __always_inline void room_tell(struct room *room, __u32 size, struct cordon_loss *loss)
{
	*(__u64 *)(room->bytes + size) = 0;
	size = (size + 7) & ~7;
	room->exec.event.size = size;
	if (bpf_ringbuf_output(&process_ring, room->bytes, size,
			       event_wake(&process_ring, PROCESS_RING_SIZE)))
		event_lost(loss);
	__sync_lock_test_and_set(&room->taken, 0);
}

SEC("tp_btf/sched_process_fork")
int process_fork(__u64 *arguments)
{
	const struct task_struct *parent = only_read(struct task_struct, arguments[0]);
	const struct task_struct *child = only_read(struct task_struct, arguments[1]);
	struct cordon_event_fork *record;

	if (child->pid != child->tgid)
		return 0;
	privilege_look(parent);
	session_look(parent);
	record = event_reserve(&process_ring, CORDON_EVENT_FORK, sizeof(*record), parent->tgid,
			       bpf_ktime_get_ns());
	if (!record)
		return 0;
	record->start = task_start(parent);
	record->child_start = child->start_boottime;
	record->child = child->tgid;
	record->child_own = task_own_id(child).pid;
	bpf_ringbuf_submit(record, event_wake(&process_ring, PROCESS_RING_SIZE));
	return 0;
}

static __always_inline void tell_task(struct cordon_event_exec *exec,
				      const struct task_struct *task)
{
	const struct own_id own = task_own_id(task);
	const struct cred *cred = task->cred;

	exec->start = task_start(task);
	exec->parent_start = task_start(task->real_parent);
	exec->parent = task->real_parent->tgid;
	exec->cgroup = bpf_get_current_cgroup_id();
	exec->own = own.pid;
	exec->pid_namespace = own.namespace;
	exec->capabilities = task_capabilities(task);
	exec->uid = cred->uid.val;
	exec->euid = cred->euid.val;
	exec->gid = cred->gid.val;
	exec->egid = cred->egid.val;
	exec->login_uid = task_login(task);
	exec->session = task_session(task);
	exec->tty = task_tty(task);
}

static __always_inline void tell_program(struct cordon_event_exec *exec,
					 const struct linux_binprm *program)
{
	const struct inode *inode = program->file->f_inode;

	exec->inode = inode->i_ino;
	exec->device = inode->i_sb->s_dev;
	/* What a set-user-ID program of one's own starts may be secure, too, but gains nothing. */
	if (program->per_clear && BPF_CORE_READ_BITFIELD_PROBED(program, secureexec))
		exec->event.flags |= CORDON_EXEC_GAINED;
}

/* Return: its size; one that is longer than CORDON_PATH_TEXT is read one byte too far */
static __always_inline __u32 tell_text(struct cordon_event_exec *exec, char *to, const char *text,
				       __u16 cut)
{
	long size = bpf_probe_read_kernel_str(to, CORDON_PATH_TEXT + 1, text);

	if (size > CORDON_PATH_TEXT) {
		to[CORDON_PATH_TEXT - 1] = '\0';
		exec->event.flags |= cut;
		return CORDON_PATH_TEXT;
	}
	/* Else the compiler makes one comparison of two, and the verifier learns nothing by it. */
	barrier_value(size);
	if (size > 0)
		return size;
	to[0] = '\0';
	return 1;
}

/* Return: its size */
static __always_inline __u32 tell_directory(struct room *room, char *to,
					    const struct task_struct *task)
{
	struct directory *directory = &room->directory;
	__u32 size;

	directory_begin(directory, task->fs);
	directory_follow(directory);
	size = directory_write(directory, (struct directory_text *)to);
	if (directory->cut)
		room->exec.event.flags |= CORDON_EXEC_DIRECTORY_CUT;
	return size < CORDON_PATH_TEXT ? size : CORDON_PATH_TEXT;
}

/* From the new program's own memory: that of the call may be gone. Return: size */
static __always_inline __u32 tell_arguments(struct cordon_event_exec *exec, char *to,
					    const struct mm_struct *mm)
{
	const __u64 from = mm->arg_start, whole = mm->arg_end - from;
	__u64 size = whole;

	exec->arguments_size = whole;
	/* Else the compiler compares the one and uses the other. */
	barrier_value(size);
	if (size > CORDON_ARGUMENTS_TEXT)
		size = CORDON_ARGUMENTS_TEXT;
	if (bpf_probe_read_user(to, size, (const void *)from)) {
		exec->event.flags |= CORDON_EXEC_ARGUMENTS_UNREAD;
		return 0;
	}
	if (whole > CORDON_ARGUMENTS_TEXT)
		exec->event.flags |= CORDON_EXEC_ARGUMENTS_CUT;
	/* Whatever another thread made of it meanwhile. */
	if (size)
		to[(size - 1) % CORDON_ARGUMENTS_TEXT] = '\0';
	return size;
}

/* Return: size of the record */
static __always_inline __u32 tell_texts(struct room *room, const struct task_struct *task,
					const struct linux_binprm *program)
{
	struct cordon_event_exec *exec = &room->exec;
	__u32 at = sizeof(*exec);

	exec->path_size =
		tell_text(exec, room->bytes + at, program->filename, CORDON_EXEC_PATH_CUT);
	at += exec->path_size;
	exec->interpreter_size = program->interp == program->filename ?
					 0 :
					 tell_text(exec, room->bytes + at, program->interp,
						   CORDON_EXEC_INTERPRETER_CUT);
	at += exec->interpreter_size;
	exec->directory_size = tell_directory(room, room->bytes + at, task);
	at += exec->directory_size;
	exec->told_size = tell_arguments(exec, room->bytes + at, task->mm);
	return at + exec->told_size;
}

/* From 6.10 on: the program is still the former one. */
SEC("?tp_btf/sched_prepare_exec")
int process_prepare(__u64 *arguments)
{
	const struct task_struct *task = only_read(struct task_struct, arguments[0]);

	privilege_look(task);
	session_look(task);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec(__u64 *arguments)
{
	const struct task_struct *task = only_read(struct task_struct, arguments[0]);
	const struct linux_binprm *program = only_read(struct linux_binprm, arguments[2]);
	struct cordon_loss *loss = event_loss(CORDON_CLASS_PROCESS);
	struct room *room;
	__u32 number;

	privilege_start(task, program);
	room = room_take();
	if (!loss)
		return 0;
	number = event_number(loss);
	if (!room) {
		event_lost(loss);
		return 0;
	}
	room->exec.event = event_head(CORDON_EVENT_EXEC, 0, number, task->tgid, bpf_ktime_get_ns());
	tell_task(&room->exec, task);
	tell_program(&room->exec, program);
	room_tell(room, tell_texts(room, task, program), loss);
	return 0;
}

/* What the scheduler has counted so far: at the last switch or tick of each. */
static __always_inline __u64 cpu_time(const struct task_struct *task)
{
	const struct signal_struct *signal = task->signal;
	__u64 sum = signal->sum_sched_runtime;
	const struct list_head *head, *node;

	if (signal->nr_threads == 1)
		return sum + task->se.sum_exec_runtime;
	head = (const void *)signal + bpf_core_field_offset(struct signal_struct, thread_head);
	node = BPF_CORE_READ(head, next);
	for (int i = 0; i < THREADS_MAX && node != head; i++) {
		const struct task_struct *thread =
			(const void *)node - bpf_core_field_offset(struct task_struct, thread_node);

		sum += BPF_CORE_READ(thread, se.sum_exec_runtime);
		node = BPF_CORE_READ(node, next);
	}
	return sum;
}

/* Once for a process, when all its threads are ending. */
static __always_inline bool is_end(const struct task_struct *task)
{
	const struct signal_struct *signal = task->signal;
	struct ended ended = { .pid = task->tgid };
	const __u8 one = 1;

	if (signal->live.counter)
		return false;
	/* Alone, and no other was before: that one may have told it. */
	if (signal->nr_threads == 1 && !signal->sum_sched_runtime)
		return true;
	ended.start = task_start(task);
	return !bpf_map_update_elem(&process_ended, &ended, &one, BPF_NOEXIST);
}

SEC("tp_btf/sched_process_exit")
int process_exit(__u64 *arguments)
{
	const struct task_struct *task = only_read(struct task_struct, arguments[0]);
	struct cordon_event_exit *record;

	if (!is_end(task))
		return 0;
	privilege_look(task);
	record = event_reserve(&process_ring, CORDON_EVENT_EXIT, sizeof(*record), task->tgid,
			       bpf_ktime_get_ns());
	if (!record)
		return 0;
	record->start = task_start(task);
	record->cpu_ns = cpu_time(task);
	record->peak_kib = task->signal->maxrss * page_size >> 10;
	record->status = task->signal->group_exit_code;
	bpf_ringbuf_submit(record, event_wake(&process_ring, PROCESS_RING_SIZE));
	return 0;
}

/* Arguments as of include/trace/events/cgroup.h: the cgroup, its path. */
SEC("tp_btf/cgroup_mkdir")
int process_cgroup(__u64 *arguments)
{
	const struct cgroup *cgroup = (const void *)arguments[0];
	const char *path = (const void *)arguments[1];
	struct cordon_loss *loss;
	struct room *room;
	__u32 number;
	long size;

	/* cgroup2 has hierarchy 0, the old hierarchies count from 1. */
	if (BPF_CORE_READ(cgroup, root, hierarchy_id))
		return 0;
	loss = event_loss(CORDON_CLASS_PROCESS);
	if (!loss)
		return 0;
	number = event_number(loss);
	room = room_take();
	if (!room) {
		event_lost(loss);
		return 0;
	}
	room->cgroup.event = event_head(CORDON_EVENT_CGROUP, 0, number,
					bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	room->cgroup.cgroup = BPF_CORE_READ(cgroup, kn, id);
	size = bpf_probe_read_kernel_str(room->bytes + sizeof(room->cgroup), CGROUP_TEXT, path);
	if (size < 0)
		size = 0;
	room_tell(room, sizeof(room->cgroup) + size, loss);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
