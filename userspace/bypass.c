// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets past the packet path are cut; see bypass.h.
 */
#include "bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"
#include "load_bypass.h"
#include "maps.h"
#include "sender.h"
#include "tell_guard.h"
#include "util/cleanup.h"
#include "util/stat.h"

/* Who forks may be gone through before his child is there: walked again until none is cut, but not
 * for ever. */
#define WALKS_MAX 4

/* So long the kernel may take to let go what a process had that ended. */
#define LET_GO_US 300000

/* Packets; more than fit into the largest queue that is usual. */
#define DRAIN_MAX 65536

/* start_boottime, as CORDON_STAT_START has it (USER_HZ) */
#define TICK_NS 10000000ULL

/**
 * struct walk - one walk through all processes
 * @before: the walk before this one
 * @hidden: the first of the sockets that nobody seems to have; NULL: none
 * @lasting: the first of those that were so before, too; NULL: none
 * @loaded: a module that sends so, and is left; "": none
 * @used: it is in use
 * @last: what cannot be taken goes with its owner
 * @cut: sockets, and owners that were killed
 * @left: that could be neither; the first of them is @first
 */
struct walk {
	const struct cordon_context *context;
	struct cordon_bypass *found;
	size_t nr;
	const struct walk *before;
	const struct cordon_bypass *hidden;
	const struct cordon_bypass *lasting;
	struct cordon_failure loaded;
	bool used;
	bool last;
	size_t cut;
	size_t left;
	const struct cordon_bypass *first;
};

static inline void cleanup_walk(struct walk *walk)
{
	free(walk->found);
}

/* ---- who has one -------------------------------------------------------------------------- */

struct owner {
	char comm[16];
	char program[PATH_MAX];
	uint32_t uid;
};

static void read_comm(const struct cordon_bypass *found, char (*ret_comm)[16])
{
	int fd CLEANUP(close) = -1;
	char path[64];
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%u/comm", found->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, *ret_comm, sizeof(*ret_comm) - 1);
	(*ret_comm)[got > 0 ? got : 0] = '\0';
	(*ret_comm)[strcspn(*ret_comm, "\n")] = '\0';
}

static struct owner owner_of(const struct cordon_bypass *found)
{
	struct owner owner = { .comm = "" };
	struct stat status = { .st_uid = 0 };
	char path[64];
	ssize_t got;

	read_comm(found, &owner.comm);
	snprintf(path, sizeof(path), "/proc/%u/exe", found->pid);
	got = readlink(path, owner.program, sizeof(owner.program) - 1);
	owner.program[got > 0 ? got : 0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u", found->pid);
	stat(path, &status);
	owner.uid = status.st_uid;
	return owner;
}

/* Its number may be another's by now. */
static bool is_still(const struct cordon_bypass *found)
{
	uint64_t start = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/stat", found->pid);
	cordon_stat_read(AT_FDCWD, path, CORDON_STAT_START, &start);
	return start == found->start / TICK_NS;
}

static void tell(const struct walk *walk, const struct cordon_bypass *found,
		 const struct owner *owner, enum cordon_cut_how how)
{
	struct cordon_event_cut cut = {
		.start = found->start,
		.inode = found->inode,
		.owner = found->pid,
		.family = found->family,
		.how = how,
		.uid = owner->uid,
	};

	memcpy(cut.comm, owner->comm, sizeof(cut.comm));
	cordon_tell_cut(walk->context, &cut, owner->program);
}

/* ---- one is cut --------------------------------------------------------------------------- */

/* Return: fd; -ESTALE: it is another one by now, or another thread's; -errno */
static int take(const struct cordon_bypass *found)
{
	const int process CLEANUP(close) = (int)syscall(SYS_pidfd_open, found->pid, 0);
	int fd CLEANUP(close) = -1;
	struct stat status;

	if (process < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, process, found->fd, 0);
	if (fd < 0 || fstat(fd, &status) || status.st_ino != found->inode)
		return -ESTALE;
	return TAKE_FD(fd);
}

static const struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);

static bool is_deaf(int socket)
{
	struct sock_filter filter = { 0 };
	socklen_t size = 1; /* instructions */
	int locked = 0;

	if (getsockopt(socket, SOL_SOCKET, SO_GET_FILTER, &filter, &size) ||
	    memcmp(&filter, &nothing, sizeof(filter)) != 0)
		return false;
	size = sizeof(locked);
	return !getsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &locked, &size) && locked;
}

/* What it heard before, and its process may not ask for any more, would keep that awake. */
static void drain(int socket)
{
	char ignored;

	for (int i = 0; i < DRAIN_MAX && recv(socket, &ignored, 1, MSG_DONTWAIT) >= 0; i++)
		;
}

/* What a driver of virtual machines sends by it goes by the packet path from now on. */
static int make_deaf(int socket)
{
	struct sock_filter filter = nothing;
	const struct sock_fprog program = { .len = 1, .filter = &filter };
	const int one = 1, zero = 0;

	setsockopt(socket, SOL_PACKET, PACKET_QDISC_BYPASS, &zero, sizeof(zero));
	if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ||
	    setsockopt(socket, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)))
		return -errno;
	drain(socket);
	return 0;
}

/* Return: 1: it was cut; 0: it is already; -errno */
static int cut_socket(struct walk *walk, const struct cordon_bypass *found)
{
	const int socket CLEANUP(close) = take(found);
	struct owner owner;
	int error;

	if (socket < 0)
		return socket;
	if (is_deaf(socket))
		return 0;
	error = make_deaf(socket);
	if (error)
		return error;
	owner = owner_of(found);
	tell(walk, found, &owner, CORDON_CUT_SOCKET);
	return 1;
}

/* Without the first process there is no machine. */
static int kill_owner(struct walk *walk, const struct cordon_bypass *found)
{
	const int process CLEANUP(close) = (int)syscall(SYS_pidfd_open, found->pid, 0);
	const struct owner owner = owner_of(found);

	if (found->pid == 1)
		return -EPERM;
	if (process < 0 || !is_still(found))
		return 0;
	if (syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0))
		return errno == ESRCH ? 0 : -errno;
	tell(walk, found, &owner, CORDON_CUT_OWNER);
	return 1;
}

/* ---- all of them -------------------------------------------------------------------------- */

static bool has_descriptor(const struct walk *walk, const struct cordon_bypass *mapped)
{
	for (size_t i = 0; i < walk->nr; i++) {
		if (walk->found[i].inode == mapped->inode && walk->found[i].fd >= 0)
			return true;
	}
	return false;
}

/* What is left now may be gone in a moment; what was there before is held. */
static bool is_held(const struct walk *walk)
{
	return walk->lasting || (walk->used && walk->before->used);
}

static bool is_told(const struct walk *walk, const struct cordon_bypass *holder)
{
	for (const struct cordon_bypass *each = walk->found; each < holder; each++) {
		if (each->fd == CORDON_BYPASS_HOLDER && each->pid == holder->pid)
			return true;
	}
	return false;
}

/* Who of several has it the kernel does not say. */
static int hunt(struct walk *walk, const struct cordon_bypass *holder)
{
	struct cordon_bypass found = *holder;

	if (!is_held(walk) || is_told(walk, holder))
		return 0;
	if (walk->lasting) {
		found.inode = walk->lasting->inode;
		found.family = walk->lasting->family;
	}
	return kill_owner(walk, &found) > 0;
}

/* Of a packet socket that somebody has a descriptor of, that is enough. */
static int cut_one(struct walk *walk, const struct cordon_bypass *found)
{
	int result = -EOPNOTSUPP;

	if (found->fd == CORDON_BYPASS_HIDDEN)
		return result;
	if (found->fd == CORDON_BYPASS_HOLDER)
		return hunt(walk, found);
	if (found->family == AF_PACKET && found->fd >= 0)
		result = cut_socket(walk, found);
	else if (found->family == AF_PACKET && has_descriptor(walk, found))
		return 0;
	if (result == -ESRCH || (result == -ESTALE && !walk->last))
		return 1;
	return result < 0 ? kill_owner(walk, found) : result;
}

static void cut_all(struct walk *walk)
{
	walk->used = cordon_sender_stop(walk->context, &walk->loaded) == -EBUSY;
	for (size_t i = 0; i < walk->nr; i++) {
		const int result = cut_one(walk, &walk->found[i]);

		if (result > 0)
			walk->cut++;
		if (result < 0 && !walk->left++)
			walk->first = &walk->found[i];
	}
}

/* A socket that is deaf is one no more. */
static bool is_left(const struct walk *walk, const struct cordon_bypass *found)
{
	int socket CLEANUP(close) = -1;

	if (found->fd == CORDON_BYPASS_HOLDER)
		return false;
	if (found->fd == CORDON_BYPASS_HIDDEN || found->family != AF_PACKET)
		return true;
	if (found->fd < 0)
		return !has_descriptor(walk, found);
	socket = take(found);
	return socket < 0 ? is_still(found) : !is_deaf(socket);
}

static void look_at_all(struct walk *walk)
{
	cordon_sender_look(&walk->loaded);
	for (size_t i = 0; i < walk->nr; i++) {
		if (is_left(walk, &walk->found[i]) && !walk->left++)
			walk->first = &walk->found[i];
	}
}

static int fail_left(const struct walk *walk, struct cordon_failure *failure)
{
	const struct owner owner = owner_of(walk->first);

	if (walk->hidden)
		return cordon_fail(failure, -EBUSY,
				   "%zu AF_PACKET or AF_XDP sockets send and receive past the "
				   "packet path, and no process has one of them by a descriptor: "
				   "end what uses io_uring, AIO or vhost-net, or hands sockets "
				   "on",
				   walk->left);
	return cordon_fail(failure, -EBUSY,
			   "%zu AF_PACKET or AF_XDP sockets send and receive past the packet path, "
			   "one of them %s[%u]'s: end what has them",
			   walk->left, owner.comm, walk->first->pid);
}

/* @inode: of any, if 0 */
static const struct cordon_bypass *find_hidden(const struct walk *walk, uint64_t inode)
{
	for (size_t i = 0; i < walk->nr; i++) {
		if (walk->found[i].fd == CORDON_BYPASS_HIDDEN &&
		    (!inode || walk->found[i].inode == inode))
			return &walk->found[i];
	}
	return NULL;
}

static const struct cordon_bypass *find_lasting(const struct walk *walk)
{
	for (size_t i = 0; i < walk->nr && walk->before; i++) {
		if (walk->found[i].fd == CORDON_BYPASS_HIDDEN &&
		    find_hidden(walk->before, walk->found[i].inode))
			return &walk->found[i];
	}
	return NULL;
}

/* What was found is cut also where that is not all. */
static int walk_once(struct walk *walk, void (*each)(struct walk *walk),
		     struct cordon_failure *failure)
{
	const int error = cordon_bypass_list(&walk->found, &walk->nr);

	walk->hidden = find_hidden(walk, 0);
	walk->lasting = find_lasting(walk);
	each(walk);
	if (error)
		return cordon_fail(failure, error,
				   "cannot look through all for AF_PACKET and AF_XDP sockets: %s",
				   strerror(-error));
	if (walk->left)
		return fail_left(walk, failure);
	*failure = walk->loaded;
	return failure->text[0] ? -EBUSY : 0;
}

bool cordon_bypass_due(const struct cordon_context *context)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_view view CLEANUP(view) = { .settings = NULL };
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_standing standing;

	if (!cordon_guard_stands(context) || cordon_maps_open(context, &unsaid, &maps))
		return false;
	standing = cordon_standing_read(&maps);
	if (standing.effective)
		cordon_view_open(&maps, standing.effective, standing.latch, &view);
	return standing.latch >= cordon_guard_closes_from(view.settings);
}

/* Whether there is more to be done: somebody may have got away, or be held to have hidden one. */
static bool goes_on(const struct walk *walk, int error)
{
	if (error && error != -EBUSY)
		return false;
	return walk->cut || ((walk->hidden || walk->used) && !is_held(walk));
}

int cordon_bypass_cut(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct walk before CLEANUP(walk) = { .context = context };
	bool more = cordon_bypass_due(context);
	int error = 0;

	for (int i = 1; i <= WALKS_MAX && more; i++) {
		struct walk walk = { .context = context, .before = &before };

		walk.last = i == WALKS_MAX;
		failure->text[0] = '\0';
		error = walk_once(&walk, cut_all, failure);
		more = goes_on(&walk, error);
		if (more && (walk.hidden || walk.used))
			usleep(LET_GO_US);
		cleanup_walk(&before);
		before = walk;
	}
	return error;
}

int cordon_bypass_look(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct walk walk CLEANUP(walk) = { .context = context };

	return cordon_bypass_due(context) ? walk_once(&walk, look_at_all, failure) : 0;
}
