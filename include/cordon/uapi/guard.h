/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The guard: what others may not do to cordon, however privileged they are, and
 * how that they tried is told.
 *
 * Who is ours is told by the executable: a process is, if the program file that it
 * started is the helper's (device, inode, and the SHA-256 that the kernel itself
 * makes of it), if nobody traced it or filtered its system calls then, if it sees
 * the mounts that the guard was raised in, and if it has CAP_SYS_ADMIN there.  So
 * are those that it forks, until they start another program.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_GUARD_H
#define CORDON_UAPI_GUARD_H

#include <linux/types.h>

#include "event.h"

/* The map by whose name a guard is found, also where its pin cannot be seen: no other
 * map gets this name while it stands.  Names of maps have 15 bytes. */
#define CORDON_GUARD_MAP "cordon_guard"

/* The program that shows how the kernel calls what ends processes; it never runs. */
#define CORDON_GUARD_SAMPLE "guard_sample"
#define CORDON_GUARD_CALLS 2

/* Folders above ours, with those of every mount: /var/lib/cordon has three. */
#define CORDON_GUARD_ABOVE 32
/* Longer is what tests have, at most. */
#define CORDON_GUARD_PATH 128
/* Mounts through which ours are reached. */
#define CORDON_GUARD_MOUNTS 16
/* Folders that are followed from a file up to one of ours: no deeper do ours go. */
#define CORDON_GUARD_DEPTH 6

/* The TPM's devices: with and without its resource manager. */
#define CORDON_GUARD_TPMS 2
/* Control groups, from a process of ours up to the root's children. */
#define CORDON_GUARD_CGROUPS 8

/* Folders of ours, with all that is in them. */
enum cordon_guard_tree {
	CORDON_GUARD_PINS,  /* --bpffs */
	CORDON_GUARD_STATE, /* /var/lib/cordon; in its inbox others may make files */
	CORDON_GUARD_TRUST, /* /etc/cordon/trust */
	CORDON_GUARD_RUN,   /* /run/cordon */
	CORDON_GUARD_TREES
};

/** struct cordon_guard_place - a file or folder, as the kernel's own structs name it */
struct cordon_guard_place {
	__u64 device;
	__u64 inode;
};

/**
 * struct cordon_guard - the only value of the map CORDON_GUARD_MAP
 * @standing: 1: the guard holds; 0: its programs do nothing
 * @mounts: number of the mount namespace whose view is ours
 * @look: id of the program guard_look
 * @tasks: id of the map guard_tasks
 * @heard: system calls of ours that the guard saw since it was attached
 * @known: programs started that it took for ours
 * @unknown: programs started from the helper's inode that it did not, and @why
 * @full: objects of ours that found no place in guard_objects
 * @since: when it learned @call, just before it stands, CLOCK_BOOTTIME
 * @sample: id of the program that it learned it from
 * @probes: breakpoints (uprobes) that were put into processes of the helper, or taken out: who was
 *	started before the last is ours no more
 * @older: programs of others that were there when the guard was raised, and may change what we
 *	are told, or end us; @oldest is the id of the first
 * @call: what the kernel has in programs for a call of bpf_send_signal() and
 *	bpf_send_signal_thread(): the guard reads it from ours of the name CORDON_GUARD_SAMPLE
 * @why: enum cordon_guard_doubt of the last one
 * @digest_error: what the kernel said when it was asked for a digest of another kind, or for none
 * @map, @program, @link: the kernel's operations on their descriptors, by which it tells them
 * @tpm: devices, as the kernel numbers them; 0: there is none
 * @digest: SHA-256 of the helper
 * @above: folders that may not be moved or mounted over; then zeros
 * @mount: ids of mounts that may not be taken away; then zeros
 * @links, @lockdown: paths of the folders where links are pinned, with a '/' at their ends
 */
struct cordon_guard {
	__u32 standing;
	__u32 mounts;
	__u32 look;
	__u32 tasks;
	__u32 root_mount;
	__u32 older;
	__u32 oldest;
	__s32 call[CORDON_GUARD_CALLS];
	__u32 sample;
	__u64 heard;
	__u64 known;
	__u64 unknown;
	__u64 full;
	__u64 since;
	__u64 probes;
	__u32 why;
	__s32 digest_error;
	__u64 map;
	__u64 program;
	__u64 link;
	__u32 tpm[CORDON_GUARD_TPMS];
	__u8 digest[32];
	struct cordon_guard_place tree[CORDON_GUARD_TREES];
	struct cordon_guard_place inbox;
	struct cordon_guard_place helper;
	struct cordon_guard_place root;
	struct cordon_guard_place above[CORDON_GUARD_ABOVE];
	__u32 mount[CORDON_GUARD_MOUNTS];
	char links[CORDON_GUARD_PATH];
	char lockdown[CORDON_GUARD_PATH];
};

/* Why a process that started the helper is not ours: X(NAME, "text") */
#define CORDON_GUARD_DOUBTS(X)                                                                     \
	X(NONE, "nothing")                                                                         \
	X(DIGEST, "its file is not what it was")                                                   \
	X(TRACED, "it was traced, or shares its folders with another process")                     \
	X(FILTERED, "its system calls are filtered by who started it")                             \
	X(MOUNTS, "it sees other mounts, or another root")                                         \
	X(PRIVILEGE, "it lacks CAP_SYS_ADMIN, or is in another user namespace")

enum cordon_guard_doubt {
#define CORDON_GUARD_DOUBT_ENUM(name, text) CORDON_GUARD_DOUBT_##name,
	CORDON_GUARD_DOUBTS(CORDON_GUARD_DOUBT_ENUM)
#undef CORDON_GUARD_DOUBT_ENUM
	CORDON_GUARD_DOUBT_COUNT
};

/* cordon_event_tried.object: X(NAME, "what it is called"); from DEVICE on none of ours, from
 * EXECUTABLE on what lockdown lists; FOREIGN: another's program */
#define CORDON_GUARD_OBJECTS(X)                                                                    \
	X(MAP, "map")                                                                              \
	X(PROGRAM, "program")                                                                      \
	X(LINK, "link")                                                                            \
	X(FILE, "file")                                                                            \
	X(MOUNT, "mount")                                                                          \
	X(PROCESS, "process")                                                                      \
	X(INTERFACE, "interface")                                                                  \
	X(MODULE, "kernel module")                                                                 \
	X(DEVICE, "block device")                                                                  \
	X(KERNEL, "kernel")                                                                        \
	X(TPM, "TPM")                                                                              \
	X(CGROUP, "control group")                                                                 \
	X(EXECUTABLE, "program")                                                                   \
	X(CODE, "file")                                                                            \
	X(SECRET, "secret")                                                                        \
	X(KEY, "key")                                                                              \
	X(OTHER, "process")                                                                        \
	X(FOREIGN, "BPF program")

enum cordon_guard_object {
#define CORDON_GUARD_OBJECT_ENUM(name, text) CORDON_GUARD_OBJECT_##name,
	CORDON_GUARD_OBJECTS(CORDON_GUARD_OBJECT_ENUM)
#undef CORDON_GUARD_OBJECT_ENUM
	CORDON_GUARD_OBJECT_COUNT
};

/* cordon_event_tried.act: X(NAME, "what it tried") */
#define CORDON_GUARD_ACTS(X)                                                                       \
	X(OPEN, "open")                                                                            \
	X(WRITE, "write to")                                                                       \
	X(MAP, "map into memory, to write to it,")                                                 \
	X(TAKE, "get, by another process's hand, a descriptor of")                                 \
	X(USE, "load a program that uses")                                                         \
	X(REPLACE, "load a program onto")                                                          \
	X(RUN, "run")                                                                              \
	X(CHANGE, "detach or change")                                                              \
	X(FEIGN, "make a map with the name of")                                                    \
	X(ATTACH, "attach a program to")                                                           \
	X(FILTER, "change the filters of")                                                         \
	X(QUEUE, "change the queueing discipline of")                                              \
	X(MOVE_LINK, "move into another namespace")                                                \
	X(MAKE, "make")                                                                            \
	X(REMOVE, "remove")                                                                        \
	X(MOVE, "rename")                                                                          \
	X(NAME, "give another name to")                                                            \
	X(ATTRIBUTES, "change the attributes of")                                                  \
	X(LOCK, "lock")                                                                            \
	X(COVER, "mount something over")                                                           \
	X(UNMOUNT, "unmount")                                                                      \
	X(REMOUNT, "remount")                                                                      \
	X(SIGNAL, "send a signal to")                                                              \
	X(TRACE, "trace, or get at the memory or files of,")                                       \
	X(SCHEDULE, "change the priority of")                                                      \
	X(LIMIT, "limit")                                                                          \
	X(CONTROL, "freeze, limit or end all that is in")                                          \
	X(LOAD_MODULE, "load a module into")                                                       \
	X(USE_MODULES, "load or unload modules of")                                                \
	X(KEXEC, "start another kernel in place of")                                               \
	X(MEMORY, "get at the memory of")                                                          \
	X(LOAD_PROGRAM, "load a BPF program into")                                                 \
	X(SOCKET, "open a socket past the packet path of")                                         \
	X(SOCKET_USE, "use a socket past the packet path of")                                      \
	X(SYSRQ, "give a magic system request to")                                                 \
	X(START, "start")                                                                          \
	X(RUN_CODE, "run code of")                                                                 \
	X(BE_TRACED, "be traced by")                                                               \
	X(FEIGN_PROGRAM, "feign which program runs in")                                            \
	X(TELL, "tell something to")                                                               \
	X(LOAD_MEDDLING, "load, to meddle with other processes,")                                  \
	X(PROBE, "put a probe into")                                                               \
	X(SEND, "have packets sent past the packet path by")

enum cordon_guard_act {
#define CORDON_GUARD_ACT_ENUM(name, text) CORDON_GUARD_ACT_##name,
	CORDON_GUARD_ACTS(CORDON_GUARD_ACT_ENUM)
#undef CORDON_GUARD_ACT_ENUM
	CORDON_GUARD_ACT_COUNT
};

#define CORDON_GUARD_NAME 32

/**
 * struct cordon_event_tried - what the guard refused, or at lockdown bpf/lsm.bpf.c
 * @start: of the process, CLOCK_BOOTTIME
 * @cgroup: its
 * @number: id of a map, program or link, pid, interface index, mount id, signal's
 *	process, reason of the kernel's; 0: the name says all
 * @folded: refusals of the same act of the same process since the last record, which
 *	no record tells
 * @act: enum cordon_guard_act
 * @object: enum cordon_guard_object
 * @detail: of SIGNAL: its number; of LIMIT: which; of SOCKET, SOCKET_USE: its family
 * @comm: of the process
 * @name: of the object, cut
 */
struct cordon_event_tried {
	struct cordon_event event;
	__u64 start;
	__u64 cgroup;
	__u64 number;
	__u64 folded;
	__u16 act;
	__u16 object;
	__u32 uid;
	__u32 latch;
	__u32 detail;
	char comm[16];
	char name[CORDON_GUARD_NAME];
};
_Static_assert(sizeof(struct cordon_event_tried) == 120, "no padding");

/* cordon_event_guard.how: X(NAME, "name") */
#define CORDON_GUARD_CHANGES(X)                                                                    \
	X(RAISED, "raised")                                                                        \
	X(LOWERED, "lowered")                                                                      \
	X(KEPT_OFF, "kept-off")                                                                    \
	X(FAILED, "not-raised")

enum cordon_guard_change {
#define CORDON_GUARD_CHANGE_ENUM(name, text) CORDON_GUARD_CHANGE_##name,
	CORDON_GUARD_CHANGES(CORDON_GUARD_CHANGE_ENUM)
#undef CORDON_GUARD_CHANGE_ENUM
	CORDON_GUARD_CHANGE_COUNT
};

/**
 * struct cordon_event_guard - the guard stands, or does not any more, or cannot
 * @how: enum cordon_guard_change
 * @hooks: that it has
 * texts: why it does not, ""
 */
struct cordon_event_guard {
	struct cordon_event event;
	__u32 how;
	__u32 hooks;
};
_Static_assert(sizeof(struct cordon_event_guard) == 32, "no padding");

/* A family of generic netlink that is not the module's. */
#define CORDON_GUARD_FAMILY 0x100

/** struct cordon_guard_id - key of the map `guard_objects`; the value is 1 */
struct cordon_guard_id {
	__u32 kind; /* enum cordon_guard_object, or CORDON_GUARD_FAMILY */
	__u32 id;
};

/** struct cordon_guard_task - value of the map `guard_tasks`, of the thread that leads a process
 * @ours: 1
 * @holds: bit by enum cordon_guard_object: it was given one of ours to read
 * @making: of any thread of ours: 1 + what its system call makes
 * @probes: cordon_guard.probes when it was started
 */
struct cordon_guard_task {
	__u32 ours;
	__u32 holds;
	__u32 making;
	__u32 pad;
	__u64 probes;
};

/** struct cordon_bypass_socket - one past the packet path, whoever has it
 * @family: 0: there are no more
 * @level: of the user namespace whose network namespace it is in; 0: the first
 */
struct cordon_bypass_socket {
	__u64 inode;
	__u32 family;
	__u32 level;
};
_Static_assert(sizeof(struct cordon_bypass_socket) == 16, "no padding");

/* So many are told at once, and so often. */
#define CORDON_BYPASS_PAGE 1024
#define CORDON_BYPASS_PAGES 64

/* cordon_bypass_task.flags: it is the kernel's own; it has what can hold sockets (io_uring, AIO,
 * vhost-net) */
#define CORDON_BYPASS_KERNEL 0x1
#define CORDON_BYPASS_HOLDS 0x2

/** struct cordon_bypass_task - a thread
 * @start: of its process, CLOCK_BOOTTIME
 * @files, @memory: which they are, to tell those that threads share; 0: it has none
 */
struct cordon_bypass_task {
	__u64 start;
	__u64 files;
	__u64 memory;
	__u32 pid;
	__u32 tid;
	__u32 flags;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_bypass_task) == 40, "no padding");

/* cordon_bypass.fd: it has no descriptor, but its memory is mapped; no socket, but what can hold
 * some; nor that, but a file of pktgen */
#define CORDON_BYPASS_MAPPED (-1)
#define CORDON_BYPASS_HOLDER (-2)
#define CORDON_BYPASS_SENDER (-3)

/** struct cordon_bypass - a process has a socket past the packet path
 * @start: of the process, CLOCK_BOOTTIME
 * @inode: of the socket; 0: CORDON_BYPASS_HOLDER, CORDON_BYPASS_SENDER
 * @fd: of one of its threads, or CORDON_BYPASS_*
 * @family: 0 as @inode
 */
struct cordon_bypass {
	__u64 start;
	__u64 inode;
	__u32 pid;
	__s32 fd;
	__u32 family;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_bypass) == 32, "no padding");

/* cordon_event_cut.how: X(NAME, "what became of it") */
#define CORDON_CUTS(X)                                                                             \
	X(SOCKET, "cut off")                                                                       \
	X(OWNER, "its process killed")                                                             \
	X(MODULE, "unloaded")                                                                      \
	X(HOLDER, "killed, as it may hold a socket that no process shows")

enum cordon_cut_how {
#define CORDON_CUT_ENUM(name, text) CORDON_CUT_##name,
	CORDON_CUTS(CORDON_CUT_ENUM)
#undef CORDON_CUT_ENUM
	CORDON_CUT_COUNT
};

/**
 * struct cordon_event_cut - what goes past the packet path, of before the kernel was closed: a
 *	socket, or with CORDON_CUT_MODULE a module, of which there is only the name
 * @start, @owner, @comm: of its process, and the number of it
 * @inode: the socket's
 * @how: enum cordon_cut_how
 * texts: the process's program file, or the module
 */
struct cordon_event_cut {
	struct cordon_event event;
	__u64 start;
	__u64 inode;
	__u32 owner;
	__u32 family;
	__u32 how;
	__u32 uid;
	char comm[16];
};
_Static_assert(sizeof(struct cordon_event_cut) == 72, "no padding");

#define CORDON_GUARD_STEPS 24

/**
 * struct cordon_guard_look - asked of the program guard_look: what is behind a descriptor
 * @fd: ours
 * @steps: of @step that were filled
 * @mounts: number of this process's mount namespace
 * @operations: that the kernel has for it
 * @cgroup: those of who asks; then zeros
 * @step: what it is, and then what it is in, up to the root of all
 */
struct cordon_guard_look {
	__s32 fd;
	__u32 steps;
	__u32 mounts;
	__u32 pad;
	__u64 operations;
	__u64 cgroup[CORDON_GUARD_CGROUPS];
	struct {
		struct cordon_guard_place place;
		__u32 mount;
		__u32 pad;
	} step[CORDON_GUARD_STEPS];
};

#endif
