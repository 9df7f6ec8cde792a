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
#include "util/array.h"
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
 * @past: what calls of before were good for; NULL: nothing is cut
 * @before: the walk before this one
 * @hidden: a socket that nobody seems to have, and for which nobody was killed in vain; NULL: none
 * @lasting: one that was so before, too; NULL: none
 * @loaded: a module that sends so, and is left; "": none
 * @stuck: why it is: -EBUSY: it is in use; 0: none is
 * @last: what cannot be taken goes with its owner
 * @cut: sockets, and owners that were killed
 * @left: that could be neither; @first of those that a process shows, NULL: none does
 */
struct walk {
	const struct cordon_context *context;
	struct cordon_bypass_past *past;
	struct cordon_bypass_seen seen;
	const struct walk *before;
	const struct cordon_bypass_socket *hidden;
	const struct cordon_bypass_socket *lasting;
	struct cordon_failure loaded;
	int stuck;
	bool last;
	size_t cut;
	size_t left;
	const struct cordon_bypass *first;
};

static inline void cleanup_walk(struct walk *walk)
{
	cordon_bypass_seen_clear(&walk->seen);
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
static int kill_owner(struct walk *walk, const struct cordon_bypass *found, enum cordon_cut_how how)
{
	const int process CLEANUP(close) = (int)syscall(SYS_pidfd_open, found->pid, 0);
	const struct owner owner = owner_of(found);

	if (found->pid == 1)
		return -EPERM;
	if (process < 0 || !is_still(found))
		return 0;
	if (syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0))
		return errno == ESRCH ? 0 : -errno;
	tell(walk, found, &owner, how);
	return 1;
}

/* ---- all of them -------------------------------------------------------------------------- */

static bool has_descriptor(const struct walk *walk, const struct cordon_bypass *mapped)
{
	for (size_t i = 0; i < walk->seen.nr_found; i++) {
		if (walk->seen.found[i].inode == mapped->inode && walk->seen.found[i].fd >= 0)
			return true;
	}
	return false;
}

static bool is_held(const struct walk *walk)
{
	return walk->stuck && walk->before->stuck;
}

/* Who of several has a socket, or keeps a module in use, the kernel does not say. What is so now
 * may not be in a moment; what was so before is held. */
static bool is_sought(const struct walk *walk, const struct cordon_bypass *holder)
{
	if (holder->fd == CORDON_BYPASS_SENDER)
		return is_held(walk);
	return walk->lasting ||
	       (is_held(walk) && walk->stuck == -EBUSY && !walk->past->hunted_user);
}

static bool is_told(const struct walk *walk, const struct cordon_bypass *holder)
{
	for (const struct cordon_bypass *each = walk->seen.found; each < holder; each++) {
		if (!each->family && each->pid == holder->pid && is_sought(walk, each))
			return true;
	}
	return false;
}

static int hunt(struct walk *walk, const struct cordon_bypass *holder)
{
	if (!is_sought(walk, holder) || is_told(walk, holder))
		return 0;
	return kill_owner(walk, holder, CORDON_CUT_HOLDER) > 0;
}

/* Of a packet socket that somebody has a descriptor of, that is enough. */
static int cut_one(struct walk *walk, const struct cordon_bypass *found)
{
	int result = -EOPNOTSUPP;

	if (!found->family)
		return hunt(walk, found);
	if (found->family == AF_PACKET && found->fd >= 0)
		result = cut_socket(walk, found);
	else if (found->family == AF_PACKET && has_descriptor(walk, found))
		return 0;
	if (result == -ESRCH || (result == -ESTALE && !walk->last))
		return 1;
	return result < 0 ? kill_owner(walk, found, CORDON_CUT_OWNER) : result;
}

static void note_left(struct walk *walk, const struct cordon_bypass *found)
{
	walk->left++;
	if (!walk->first)
		walk->first = found;
}

static void cut_all(struct walk *walk)
{
	for (size_t i = 0; i < walk->seen.nr_found; i++) {
		const int result = cut_one(walk, &walk->seen.found[i]);

		if (result > 0)
			walk->cut++;
		if (result < 0)
			note_left(walk, &walk->seen.found[i]);
	}
}

/* A socket that is deaf is one no more. */
static bool is_left(const struct walk *walk, const struct cordon_bypass *found)
{
	int socket CLEANUP(close) = -1;

	if (found->family != AF_PACKET)
		return found->family;
	if (found->fd < 0)
		return !has_descriptor(walk, found);
	socket = take(found);
	return socket < 0 ? is_still(found) : !is_deaf(socket);
}

static void look_at_all(struct walk *walk)
{
	for (size_t i = 0; i < walk->seen.nr_found; i++) {
		if (is_left(walk, &walk->seen.found[i]))
			note_left(walk, &walk->seen.found[i]);
	}
}

/* ---- what nobody seems to have ------------------------------------------------------------ */

static bool is_hidden(const struct walk *walk, const struct cordon_bypass_socket *socket)
{
	/* What a user made for himself leaves by our own interfaces. */
	if (socket->level)
		return false;
	for (size_t i = 0; i < walk->seen.nr_found; i++) {
		if (walk->seen.found[i].inode == socket->inode)
			return false;
	}
	return true;
}

static bool was_hidden(const struct walk *walk, uint64_t inode)
{
	for (size_t i = 0; i < walk->seen.nr_sockets; i++) {
		if (walk->seen.sockets[i].inode == inode)
			return is_hidden(walk, &walk->seen.sockets[i]);
	}
	return false;
}

static bool was_hunted(const struct cordon_bypass_past *past, uint64_t inode)
{
	for (size_t i = 0; i < past->nr_hunted; i++) {
		if (past->hunted[i] == inode)
			return true;
	}
	return false;
}

static void find_hidden(struct walk *walk)
{
	for (size_t i = 0; i < walk->seen.nr_sockets; i++) {
		const struct cordon_bypass_socket *socket = &walk->seen.sockets[i];

		if (!is_hidden(walk, socket))
			continue;
		walk->left++;
		if (!walk->past || was_hunted(walk->past, socket->inode))
			continue;
		walk->hidden = socket;
		if (was_hidden(walk->before, socket->inode))
			walk->lasting = socket;
	}
}

/* Whom we killed did not have it: others need not go for it as well. */
static void remember(const struct walk *walk)
{
	struct cordon_bypass_past *past = walk->past;

	past->hunted_user |= walk->stuck == -EBUSY;
	for (size_t i = 0; i < walk->seen.nr_sockets; i++) {
		const struct cordon_bypass_socket *socket = &walk->seen.sockets[i];
		uint64_t *entry;

		if (!is_hidden(walk, socket) || was_hunted(past, socket->inode))
			continue;
		entry = array_push(past->hunted, past->nr_hunted);
		if (entry)
			*entry = socket->inode;
	}
}

void cordon_bypass_past_clear(struct cordon_bypass_past *past)
{
	free(past->hunted);
	*past = (struct cordon_bypass_past){ .nr_hunted = 0 };
}

/* ---- walks -------------------------------------------------------------------------------- */

static int fail_left(const struct walk *walk, struct cordon_failure *failure)
{
	struct owner owner;

	if (!walk->first)
		return cordon_fail(failure, -EBUSY,
				   "%zu AF_PACKET or AF_XDP sockets send and receive past the "
				   "packet path, and no process has one of them by a descriptor: "
				   "end what uses io_uring, AIO or vhost-net, or hands sockets "
				   "on",
				   walk->left);
	owner = owner_of(walk->first);
	return cordon_fail(failure, -EBUSY,
			   "%zu AF_PACKET or AF_XDP sockets send and receive past the packet path, "
			   "one of them %s[%u]'s: end what has them",
			   walk->left, owner.comm, walk->first->pid);
}

static int fail_hanging(const struct walk *walk, struct cordon_failure *failure)
{
	const struct cordon_bypass first = { .pid = walk->seen.hanging };
	const struct owner owner = owner_of(&first);

	return cordon_fail(failure, -EBUSY,
			   "%zu processes keep what they have from being looked through for "
			   "AF_PACKET and AF_XDP sockets, one of them %s[%u]: end them",
			   walk->seen.nr_hanging, owner.comm, first.pid);
}

/* What was found is cut also where that is not all; but then nobody is taken for hiding one. */
static int walk_once(struct walk *walk, void (*each)(struct walk *walk),
		     struct cordon_failure *failure)
{
	const int error = cordon_bypass_see(walk->context, walk->stuck, &walk->seen);

	if (!error)
		find_hidden(walk);
	each(walk);
	if (error)
		return cordon_fail(failure, error,
				   "cannot look through all for AF_PACKET and AF_XDP sockets: %s",
				   strerror(-error));
	if (walk->left)
		return fail_left(walk, failure);
	if (walk->seen.nr_hanging)
		return fail_hanging(walk, failure);
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
	return walk->cut || (walk->hidden && !walk->lasting) || (walk->stuck && !is_held(walk));
}

int cordon_bypass_cut(const struct cordon_context *context, struct cordon_bypass_past *past,
		      struct cordon_failure *failure)
{
	struct walk before CLEANUP(walk) = { .past = past };
	bool more = cordon_bypass_due(context);
	int error = 0;

	for (int i = 1; i <= WALKS_MAX && more; i++) {
		struct walk walk = { .context = context, .past = past, .before = &before };

		walk.last = i == WALKS_MAX;
		walk.stuck = cordon_sender_stop(context, &walk.loaded);
		failure->text[0] = '\0';
		error = walk_once(&walk, cut_all, failure);
		more = goes_on(&walk, error);
		if (more && (walk.hidden || walk.stuck))
			usleep(LET_GO_US);
		cleanup_walk(&before);
		before = walk;
	}
	if (before.lasting || is_held(&before))
		remember(&before);
	return error;
}

int cordon_bypass_cut_once(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_bypass_past past = { .nr_hunted = 0 };
	const int error = cordon_bypass_cut(context, &past, failure);

	cordon_bypass_past_clear(&past);
	return error;
}

int cordon_bypass_look(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct walk walk CLEANUP(walk) = { .context = context };

	if (!cordon_bypass_due(context))
		return 0;
	cordon_sender_look(&walk.loaded);
	return walk_once(&walk, look_at_all, failure);
}
