/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of our maps, programs and links, and who is ours.
 *
 *	bprm_check_security	room for what is known of a process that starts the helper
 *	bprm_committed_creds	it becomes ours
 *	sched_process_fork	what it forks is, too
 *	uprobe_write_opcode	a probe is put into what ours run, or taken out: they are ours
 *				no more
 *	bpf_link_settle		a link that we make is known before anybody can ask for it
 *	bpf_link_new_fd		a link that is about to be given to somebody
 *	bpf			calls that write, detach, attach or run, and loads where closed
 *	bpf_map, bpf_prog	descriptors: what we make is known from now on; who is given
 *				one of ours to read is remembered; no others' programs that
 *				meddle with us
 *	mmap_file		our maps in others' memory
 *	file_receive		our descriptors by another process's hand
 *
 * bpf(2) finds a descriptor's file after these programs looked at it, and another
 * thread could put a different one there in between.  So descriptors of ours that
 * can do harm are not to be had: links are not, and maps and programs, which tools
 * ask for to write even if they only read, are given to processes alone that share
 * their table of descriptors with nobody, and then may not make a second thread
 * useful: what holds one is refused every call that could write by it.  What was
 * opened before the guard was raised is checked, but not proof against that race.
 */
#ifndef CORDON_BPF_GUARD_BPF_H
#define CORDON_BPF_GUARD_BPF_H

#include "guard.h"
#include "iterate.h"
#include "program.h"

/* include/linux/binfmts.h */
#define UNSAFE_SHARE 1
#define UNSAFE_PTRACE 2

#define CAP_SYS_ADMIN 21

#define SHA256 4 /* enum hash_algo */

#define MMAP_SHARED 1
#define MMAP_SHARED_VALIDATE 3
#define MMAP_TYPE 0xf
#define MMAP_WRITE 2

#define MAKES_MAP (1 + CORDON_GUARD_OBJECT_MAP)
#define MAKES_PROGRAM (1 + CORDON_GUARD_OBJECT_PROGRAM)

#define HOLDS_MAP (1U << CORDON_GUARD_OBJECT_MAP)
#define HOLDS_PROGRAM (1U << CORDON_GUARD_OBJECT_PROGRAM)

/* MAX_USED_MAPS */
#define USED_MAPS 64

struct seccomp {
	int mode;
} __attribute__((preserve_access_index));

struct task_struct___guard {
	unsigned int ptrace;
	struct seccomp seccomp;
} __attribute__((preserve_access_index));

struct linux_binprm___guard {
	int unsafe;
} __attribute__((preserve_access_index));

struct bpf_link {
	__u32 id;
	struct bpf_prog *prog;
} __attribute__((preserve_access_index));

struct bpf_link_primer {
	struct bpf_link *link;
	__u32 id;
} __attribute__((preserve_access_index));

/* ---- who is ours -------------------------------------------------------------------------- */

static __always_inline bool sees_our_mounts(const struct cordon_guard *guard,
					    const struct task_struct *task)
{
	const struct path *root = &task->fs->root;
	const struct inode *inode = root->dentry->d_inode;

	return guard_mounts() == guard->mounts &&
	       guard_is_at(&guard->root, inode, inode->i_sb->s_dev) &&
	       (__u32)BPF_CORE_READ(mount_of(root->mnt), mnt_id) == guard->root_mount;
}

static __always_inline bool has_our_digest(struct cordon_guard *guard, struct file *file)
{
	__u64 digest[8] = { 0 };
	const long algorithm = bpf_ima_file_hash(file, digest, sizeof(digest));
	const __u64 *ours = (const __u64 *)guard->digest;

	if (algorithm != SHA256) {
		guard->digest_error = algorithm;
		return false;
	}
	return digest[0] == ours[0] && digest[1] == ours[1] && digest[2] == ours[2] &&
	       digest[3] == ours[3];
}

/* Else it could not find the guard, to renounce what is the guard's (load_guarded.c). */
static __always_inline bool may_look(const struct task_struct *task)
{
	return task_capabilities(task) >> CAP_SYS_ADMIN & 1 &&
	       !BPF_CORE_READ(task, cred, user_ns, level);
}

/* Whoever traces it, filters its calls (and can feign what they return), or shares its working
 * directory could make it do what he likes. */
static __always_inline __u32 doubt_of(struct cordon_guard *guard, const struct task_struct *task,
				      const struct linux_binprm *program)
{
	const struct task_struct___guard *of = (const void *)task;
	const struct linux_binprm___guard *with = (const void *)program;

	if (BPF_CORE_READ(of, ptrace) ||
	    BPF_CORE_READ(with, unsafe) & (UNSAFE_SHARE | UNSAFE_PTRACE))
		return CORDON_GUARD_DOUBT_TRACED;
	if (BPF_CORE_READ(of, seccomp.mode))
		return CORDON_GUARD_DOUBT_FILTERED;
	if (!sees_our_mounts(guard, task))
		return CORDON_GUARD_DOUBT_MOUNTS;
	if (!may_look(task))
		return CORDON_GUARD_DOUBT_PRIVILEGE;
	return has_our_digest(guard, program->file) ? CORDON_GUARD_DOUBT_NONE :
						      CORDON_GUARD_DOUBT_DIGEST;
}

/* Here, as nothing sleeps: before 6.2 no other process on this CPU finds its own while one is being
 * made, and who is not found is not ours. */
SEC("lsm/bprm_check_security")
int guard_begin(__u64 *arguments)
{
	const struct linux_binprm *program = (const void *)arguments[0];
	const struct cordon_guard *guard = guard_find();

	if (guard && guard_is_helper(guard, program->file->f_inode))
		bpf_task_storage_get(&guard_tasks, bpf_get_current_task_btf(), 0,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* With the file still closed to writers. */
SEC("lsm.s/bprm_committed_creds")
int guard_exec(__u64 *arguments)
{
	const struct linux_binprm *program = (const void *)arguments[0];
	struct task_struct *task = bpf_get_current_task_btf();
	struct cordon_guard *guard = guard_find();
	struct cordon_guard_task *value;
	__u32 doubt;

	if (!guard)
		return 0;
	if (!guard_is_helper(guard, program->file->f_inode)) {
		value = bpf_task_storage_get(&guard_tasks, task, 0, 0);
		if (value)
			value->ours = 0;
		return 0;
	}
	value = bpf_task_storage_get(&guard_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!value)
		return 0;
	/* A probe that stands comes in with the program's pages, from here on. */
	value->probes = guard->probes;
	doubt = doubt_of(guard, task, program);
	value->ours = !doubt;
	if (doubt) {
		guard->why = doubt;
		__sync_fetch_and_add(&guard->unknown, 1);
	} else {
		__sync_fetch_and_add(&guard->known, 1);
	}
	return 0;
}

/* Arguments: the parent, the child.  A thread asks the one that leads it. */
SEC("tp_btf/sched_process_fork")
int guard_fork(__u64 *arguments)
{
	struct task_struct *parent = (void *)arguments[0], *child = (void *)arguments[1];
	const struct cordon_guard_task *from;
	struct cordon_guard_task *to;

	if (child->pid != child->tgid)
		return 0;
	from = guard_task(parent);
	if (!from || (!from->ours && !from->holds))
		return 0;
	to = bpf_task_storage_get(&guard_tasks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!to)
		return 0;
	to->ours = from->ours;
	to->holds = from->holds;
	to->probes = from->probes;
	return 0;
}

/* Before it is done. A breakpoint need not stand where an instruction begins: by one that does not,
 * code becomes another; and with a reference counter (SDT) data does. Arguments: the probe, the
 * memory that it is put into or taken out of (since Linux 6.16 the area). */
SEC("fentry/uprobe_write_opcode")
int guard_probe(__u64 *arguments)
{
	const struct vm_area_struct *area = (const void *)arguments[1];
	const struct mm_struct *mm = (const void *)arguments[1];
	struct cordon_guard *guard = guard_stands();

	if (!guard || (!guard_runs_helper(guard, mm) &&
		       !guard_runs_helper(guard, BPF_CORE_READ(area, vm_mm))))
		return 0;
	__sync_fetch_and_add(&guard->probes, 1);
	guard_refuse(CORDON_GUARD_ACT_PROBE, CORDON_GUARD_OBJECT_PROGRAM, 0, NULL);
	return 0;
}

/* ---- descriptors -------------------------------------------------------------------------- */

/* Nobody else can put another file behind its descriptors. */
static __always_inline bool is_alone(void)
{
	const struct task_struct *task = bpf_get_current_task_btf();

	return BPF_CORE_READ(task, files, count.counter) == 1;
}

/* A process's own threads, and nobody else's. */
static __always_inline bool is_among_own(void)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	const struct files_struct *files = BPF_CORE_READ(task, files);

	return files &&
	       BPF_CORE_READ(files, count.counter) <= BPF_CORE_READ(task, signal, nr_threads);
}

/* What the kernel keeps behind a descriptor of that kind; NULL: it is of another. */
static __always_inline const void *behind(const struct file *file, __u64 operations)
{
	if (!file || !operations || (__u64)BPF_CORE_READ(file, f_op) != operations)
		return NULL;
	return BPF_CORE_READ(file, private_data);
}

static __always_inline const struct bpf_map *map_of(const struct cordon_guard *guard, __u32 fd)
{
	return behind(task_file(fd), guard->map);
}

static __always_inline bool is_our_map(const struct bpf_map *map)
{
	return map && guard_knows(CORDON_GUARD_OBJECT_MAP, BPF_CORE_READ(map, id));
}

static __always_inline bool is_our_program(const struct bpf_prog *program)
{
	return program && guard_knows(CORDON_GUARD_OBJECT_PROGRAM, BPF_CORE_READ(program, aux, id));
}

static __always_inline int refuse_map(__u16 act, const struct bpf_map *map)
{
	return guard_refuse(act, CORDON_GUARD_OBJECT_MAP, BPF_CORE_READ(map, id), map->name);
}

static __always_inline int refuse_program(__u16 act, const struct bpf_prog *program)
{
	return guard_refuse(act, CORDON_GUARD_OBJECT_PROGRAM, BPF_CORE_READ(program, aux, id),
			    BPF_CORE_READ(program, aux)->name);
}

/* ---- calls of bpf(2) ---------------------------------------------------------------------- */

static __always_inline __u32 holds_of_current(void)
{
	const struct cordon_guard_task *value = guard_task(bpf_get_current_task_btf());

	return value ? value->holds : 0;
}

static __always_inline bool holds_others(__u32 type)
{
	return type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS ||
	       type == BPF_MAP_TYPE_PROG_ARRAY;
}

/* A map of others in which one of ours stood would hand it to their programs, to write to. */
static __always_inline int check_write(const struct cordon_guard *guard, __u32 fd)
{
	const struct bpf_map *map = map_of(guard, fd);
	const __u32 holds = holds_of_current();

	if (is_our_map(map))
		return refuse_map(CORDON_GUARD_ACT_WRITE, map);
	if (!holds)
		return 0;
	if (!is_alone() || (map && holds_others(BPF_CORE_READ(map, map_type))))
		return guard_refuse(CORDON_GUARD_ACT_WRITE, CORDON_GUARD_OBJECT_MAP, 0, NULL);
	return 0;
}

static __always_inline int check_link(const struct cordon_guard *guard, __u32 fd)
{
	const struct bpf_link *link = behind(task_file(fd), guard->link);

	if (!link || !is_our_program(BPF_CORE_READ(link, prog)))
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_CHANGE, CORDON_GUARD_OBJECT_LINK,
			    BPF_CORE_READ(link, id), BPF_CORE_READ(link, prog, aux)->name);
}

/* Where another thread could put ours behind the descriptor meanwhile, none will do. */
static __always_inline int check_own(const struct cordon_guard *guard, __u32 fd)
{
	const struct bpf_prog *program = behind(task_file(fd), guard->program);

	if (is_our_program(program))
		return refuse_program(CORDON_GUARD_ACT_RUN, program);
	if (holds_of_current() & HOLDS_PROGRAM && !is_alone())
		return guard_refuse(CORDON_GUARD_ACT_RUN, CORDON_GUARD_OBJECT_PROGRAM, 0, NULL);
	return 0;
}

/* The interface that we cover, as whoever asks calls it; in another namespace it is another. */
static __always_inline const struct cordon_interface *covered(__u32 index)
{
	const struct nsproxy *namespaces = task_namespaces(bpf_get_current_task_btf());
	const __u64 cookie = namespaces ? BPF_CORE_READ(namespaces, net_ns, net_cookie) : 0;

	return guard_covered(index, cookie);
}

static __always_inline bool is_tcx(__u32 type)
{
	return type == BPF_TCX_INGRESS || type == BPF_TCX_EGRESS;
}

/* Behind ours others may look on, as long as the node is open; nobody goes ahead.  Under a latch
 * no interface gets an XDP program: one that we do not know yet could send by one that we cover. */
static __always_inline int check_attach(__u32 type, __u32 index, __u32 flags)
{
	const struct cordon_interface *interface;

	if (!is_tcx(type) && type != BPF_XDP)
		return 0;
	interface = covered(index);
	if (is_tcx(type) && (!interface || (!(flags & BPF_F_BEFORE) && !guard_latched())))
		return 0;
	if (type == BPF_XDP && !interface && !guard_latched())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_ATTACH, CORDON_GUARD_OBJECT_INTERFACE, index,
			    interface ? interface->name : NULL);
}

/* One of ours that is attached somewhere runs, too; and one that was loaded onto another's may be
 * attached onto ours (BPF_PROG_TYPE_EXT), with a type's number beside the descriptor. */
static __always_inline int check_link_create(const struct cordon_guard *guard,
					     const union bpf_attr *attr)
{
	int refused = check_own(guard, attr->link_create.prog_fd);

	if (!refused && attr->link_create.target_btf_id)
		refused = check_own(guard, attr->link_create.target_fd);
	if (refused)
		return refused;
	/* An iterator's program may write to the values that it is given. */
	if (attr->link_create.attach_type == BPF_TRACE_ITER && holds_of_current() & HOLDS_MAP)
		return guard_refuse(CORDON_GUARD_ACT_WRITE, CORDON_GUARD_OBJECT_MAP, 0, NULL);
	return check_attach(attr->link_create.attach_type, attr->link_create.target_ifindex,
			    attr->link_create.flags);
}

static __always_inline int check_link_update(const struct cordon_guard *guard,
					     const union bpf_attr *attr)
{
	const int refused = check_link(guard, attr->link_update.link_fd);

	return refused ? refused : check_own(guard, attr->link_update.new_prog_fd);
}

static __always_inline int check_prog_attach(const struct cordon_guard *guard,
					     const union bpf_attr *attr)
{
	const int refused = check_own(guard, attr->attach_bpf_fd);

	return refused ? refused :
			 check_attach(attr->attach_type, attr->target_ifindex, attr->attach_flags);
}

static __always_inline int check_make(const union bpf_attr *attr)
{
	if (!guard_is_named(attr->map_name, CORDON_GUARD_MAP))
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_FEIGN, CORDON_GUARD_OBJECT_MAP, 0, attr->map_name);
}

static __always_inline int check_load(void)
{
	if (!guard_closed())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_LOAD_PROGRAM, CORDON_GUARD_OBJECT_KERNEL, 0, NULL);
}

static __always_inline int check_open_link(__u32 id)
{
	if (!guard_knows(CORDON_GUARD_OBJECT_LINK, id))
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_LINK, id, NULL);
}

static __always_inline bool begins(const char *path, const char *folder)
{
	for (int i = 0; i < CORDON_GUARD_PATH && folder[i]; i++) {
		if (path[i] != folder[i])
			return false;
	}
	return true;
}

/* By its name, so that a tool is refused and goes on; guard_link_given is for those who call it
 * otherwise, or change the name meanwhile. */
static __always_inline int check_get(const struct cordon_guard *guard, const void *path)
{
	char theirs[CORDON_GUARD_PATH] = { 0 };

	if (bpf_probe_read_user_str(theirs, sizeof(theirs), path) < 0)
		return 0;
	if (!begins(theirs, guard->links) && !begins(theirs, guard->lockdown))
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_LINK, 0, NULL);
}

static __always_inline int check_call(const struct cordon_guard *guard, __u32 call,
				      const union bpf_attr *attr)
{
	switch (call) {
	case BPF_MAP_CREATE:
		return check_make(attr);
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_FREEZE:
		return check_write(guard, attr->map_fd);
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
		return check_write(guard, attr->batch.map_fd);
	case BPF_PROG_LOAD:
		return check_load();
	case BPF_PROG_TEST_RUN:
		return check_own(guard, attr->test.prog_fd);
	case BPF_OBJ_GET:
		return check_get(guard, (const void *)attr->pathname);
	case BPF_LINK_GET_FD_BY_ID:
		return check_open_link(attr->link_id);
	case BPF_LINK_UPDATE:
		return check_link_update(guard, attr);
	case BPF_LINK_DETACH:
		return check_link(guard, attr->link_detach.link_fd);
	case BPF_LINK_CREATE:
		return check_link_create(guard, attr);
	case BPF_PROG_ATTACH:
		return check_prog_attach(guard, attr);
	case BPF_RAW_TRACEPOINT_OPEN:
		return check_own(guard, attr->raw_tracepoint.prog_fd);
	default:
		return 0;
	}
}

/* What the thread's call is about to make. */
static __always_inline void note_making(__u32 call)
{
	const __u32 making = call == BPF_MAP_CREATE ? MAKES_MAP :
			     call == BPF_PROG_LOAD  ? MAKES_PROGRAM :
						      0;
	struct cordon_guard_task *thread = bpf_task_storage_get(
		&guard_tasks, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (thread)
		thread->making = making;
}

static __always_inline __u32 made_by_current(void)
{
	const struct cordon_guard_task *thread =
		bpf_task_storage_get(&guard_tasks, bpf_get_current_task_btf(), 0, 0);

	return thread ? thread->making : 0;
}

/* Arguments: the command, its arguments in the kernel's memory. */
SEC("lsm/bpf")
int guard_bpf(__u64 *arguments)
{
	struct cordon_guard *guard = guard_find();
	const __u32 call = arguments[0];
	union bpf_attr attr;

	if (!guard)
		return 0;
	if (guard_is_us()) {
		note_making(call);
		__sync_fetch_and_add(&guard->heard, 1);
		return 0;
	}
	if (!guard->standing)
		return 0;
	bpf_probe_read_kernel(&attr, sizeof(attr), (const void *)arguments[1]);
	return check_call(guard, call, &attr);
}

static __always_inline int hold(__u32 what, bool may)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cordon_guard_task *value;

	if (!may)
		return -EPERM;
	value = bpf_task_storage_get(&guard_tasks, task->group_leader, 0,
				     BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!value)
		return -EPERM;
	value->holds |= what;
	return 0;
}

/* Of before the guard was raised, by its name. */
static __always_inline bool is_decoy(const struct cordon_guard *guard, const struct bpf_map *map)
{
	char name[16];

	BPF_CORE_READ_INTO(&name, map, name);
	return guard->standing && guard_is_named(name, CORDON_GUARD_MAP) &&
	       !guard_knows(CORDON_GUARD_OBJECT_MAP, map->id);
}

/* Arguments: the map, the mode of the descriptor that is about to be given. To us there is no
 * decoy: what it says the helper would believe, and run. */
SEC("lsm/bpf_map")
int guard_map(__u64 *arguments)
{
	const struct bpf_map *map = (const void *)arguments[0];
	struct cordon_guard *guard = guard_find();
	const __u32 mode = arguments[1];

	if (!guard)
		return 0;
	if (guard_is_us()) {
		if (made_by_current() == MAKES_MAP)
			guard_learn(guard, CORDON_GUARD_OBJECT_MAP, map->id);
		return is_decoy(guard, map) ? -ENOENT : 0;
	}
	if (!guard->standing || !guard_knows(CORDON_GUARD_OBJECT_MAP, map->id) ||
	    !hold(HOLDS_MAP, mode & MODE_WRITE ? is_alone() : is_among_own()))
		return 0;
	return refuse_map(CORDON_GUARD_ACT_OPEN, map);
}

static __always_inline const struct bpf_map *our_map_in(const struct bpf_prog_aux *aux)
{
	const __u32 count = BPF_CORE_READ(aux, used_map_cnt);
	struct bpf_map *const *maps = BPF_CORE_READ(aux, used_maps);

	for (__u32 i = 0; i < USED_MAPS && i < count; i++) {
		const struct bpf_map *map = NULL;

		bpf_probe_read_kernel(&map, sizeof(map), &maps[i]);
		if (is_our_map(map))
			return map;
	}
	return NULL;
}

static __always_inline void learn_program(struct cordon_guard *guard,
					  const struct bpf_prog *program)
{
	char name[16];

	guard_learn(guard, CORDON_GUARD_OBJECT_PROGRAM, program->aux->id);
	BPF_CORE_READ_INTO(&name, program, aux, name);
	if (guard_is_named(name, CORDON_GUARD_SAMPLE))
		program_learn(guard, program);
}

/* A new program, or a descriptor of one. */
SEC("lsm/bpf_prog")
int guard_program(__u64 *arguments)
{
	const struct bpf_prog *program = only_read(struct bpf_prog, arguments[0]);
	struct cordon_guard *guard = guard_find();
	const struct bpf_prog *onto;
	const struct bpf_map *map;

	if (!guard)
		return 0;
	if (guard_is_us()) {
		if (made_by_current() == MAKES_PROGRAM)
			learn_program(guard, program);
		return 0;
	}
	if (!guard->standing)
		return 0;
	if (is_our_program(program))
		return hold(HOLDS_PROGRAM, is_among_own()) ?
			       refuse_program(CORDON_GUARD_ACT_OPEN, program) :
			       0;
	/* Those of before may be looked at as ever. */
	if (!program_is_older(guard, program) && program_meddles(guard, program))
		return guard_refuse(CORDON_GUARD_ACT_LOAD_MEDDLING, CORDON_GUARD_OBJECT_FOREIGN, 0,
				    program->aux->name);
	onto = BPF_CORE_READ(program, aux, dst_prog);
	if (is_our_program(onto))
		return refuse_program(CORDON_GUARD_ACT_REPLACE, onto);
	map = our_map_in(program->aux);
	return map ? refuse_map(CORDON_GUARD_ACT_USE, map) : 0;
}

/* Run once the guard stands, from when on there will be no more that are older. */
SEC("iter/bpf_prog")
int guard_older(struct bpf_iter__bpf_prog *ctx)
{
	const struct bpf_prog *program = ctx->prog;
	struct cordon_guard *guard = guard_find();

	if (!guard || !program || is_our_program(program) || !program_meddles(guard, program))
		return 0;
	if (!guard->older)
		guard->oldest = program->aux->id;
	guard->older++;
	return 0;
}

/* Its number is given out before it has one that is found. */
SEC("fentry/bpf_link_settle")
int guard_link(__u64 *arguments)
{
	const struct bpf_link_primer *primer = (const void *)arguments[0];
	struct cordon_guard *guard = guard_find();

	if (guard && guard_is_us())
		guard_learn(guard, CORDON_GUARD_OBJECT_LINK, primer->id);
	return 0;
}

/* Of a link no hook asks who may have it, and to look at every path that anybody follows would cost
 * each open a third: whoever is about to get one of ours does not live to use it. */
SEC("fentry/bpf_link_new_fd")
int guard_link_given(__u64 *arguments)
{
	const struct bpf_link *link = (const void *)arguments[0];

	if (!guard_stands() || !guard_knows(CORDON_GUARD_OBJECT_LINK, link->id) || guard_is_us())
		return 0;
	guard_refuse(CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_LINK, link->id, NULL);
	bpf_send_signal(SIGNAL_KILL);
	return 0;
}

/* ---- files of maps ------------------------------------------------------------------------ */

/* Arguments: the file, what was asked for, what is given, flags. */
SEC("lsm/mmap_file")
int guard_mmap(__u64 *arguments)
{
	const __u32 type = arguments[3] & MMAP_TYPE;
	const struct cordon_guard *guard;
	const struct bpf_map *map;

	if (!(arguments[2] & MMAP_WRITE) || (type != MMAP_SHARED && type != MMAP_SHARED_VALIDATE))
		return 0;
	guard = guard_stands();
	map = guard ? behind((const struct file *)arguments[0], guard->map) : NULL;
	if (!is_our_map(map) || guard_is_us())
		return 0;
	return refuse_map(CORDON_GUARD_ACT_MAP, map);
}

/* One that was on its way when the kernel was closed. */
static __always_inline bool is_past(const struct file *file)
{
	const struct sock *sock = sock_of(file);

	return sock && guard_is_past(BPF_CORE_READ(sock, __sk_common.skc_family));
}

/* By a socket, or pidfd_getfd(2). */
SEC("lsm/file_receive")
int guard_receive(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];
	const struct cordon_guard *guard = guard_stands();
	const struct bpf_prog *program;
	const struct bpf_link *link;
	const struct bpf_map *map;

	if (!guard)
		return 0;
	if (is_past(file) && guard_closed() && !guard_is_us())
		return guard_refuse(CORDON_GUARD_ACT_SOCKET_USE, CORDON_GUARD_OBJECT_KERNEL, 0,
				    NULL);
	map = behind(file, guard->map);
	program = behind(file, guard->program);
	link = behind(file, guard->link);
	if (link)
		program = BPF_CORE_READ(link, prog);
	if ((!is_our_map(map) && !is_our_program(program)) || guard_is_us())
		return 0;
	return map ? refuse_map(CORDON_GUARD_ACT_TAKE, map) :
		     refuse_program(CORDON_GUARD_ACT_TAKE, program);
}

#endif
