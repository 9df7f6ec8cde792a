// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's hand; see daemon_hand.h.
 */
#include "daemon_hand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bypass.h"
#include "carry_out.h"
#include "cmd_bundle.h"
#include "destroy_order.h"
#include "guard.h"
#include "lockdown.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"

/* What cannot be done now is tried again then. */
#define RETRY_NS (10ULL * 1000000000ULL)

/* What the guard needs done is done so often, sockets past the packet path among it. */
#define GUARD_NS (10ULL * 1000000000ULL)

/* struct hand - @not_before, @guard_by: CLOCK_MONOTONIC, when orders and what the guard needs are
 * looked at next */
struct hand {
	const struct cordon_context *context;
	struct cordon_lockdown lockdown;
	struct cordon_failure stuck;	/* what cannot be held or let go; told once */
	struct cordon_failure bypassed; /* sockets that cannot be cut; told once */
	struct cordon_bypass_past past;
	uint64_t not_before;
	uint64_t guard_by;
	bool closed; /* the kernel, at the last look */
	bool failed; /* the last look; told once */
};

static int no_policy(void *state, const struct cordon_order *order, struct cordon_failure *failure)
{
	(void)state;
	(void)order;
	return cordon_fail(failure, -EINVAL, "an order with a policy has no place there");
}

/* Others than those that destroy are given to the inbox. */
static const struct cordon_policy_part no_part = { NULL, no_policy, NULL };

static void tell(const struct cordon_warrant *warrant, const struct cordon_outcome *outcome,
		 const char *name)
{
	char action[96] = "?";

	if (warrant->is_order)
		cordon_order_action_text(&warrant->order, &action);
	if (outcome->refusal)
		printf("order %.16s refused (%s): %s%s\n", name,
		       cordon_refusal_name(outcome->refusal), outcome->why.text,
		       outcome->passing ? "; it is tried again" : "");
	else
		printf("order %.16s: %s, %zu of %zu destroyed%s%s\n", name, action,
		       outcome->destruction.nr - outcome->destruction.failed,
		       outcome->destruction.nr, outcome->why.text[0] ? ", but: " : "",
		       outcome->why.text);
	fflush(stdout);
}

/* Return: whether it may be tried again */
static bool carry_out(struct hand *hand, int folder, const char *name)
{
	struct cordon_outcome outcome CLEANUP(outcome) = { .passing = false };
	struct cordon_warrant warrant CLEANUP(warrant) = { .is_order = false };
	struct cordon_delivery delivery = { .read_ns = cordon_clock_ns(),
					    .locked = true,
					    .again = hand->failed };
	struct cordon_failure failure = { .text = "" };
	struct cordon_file content = { .text = NULL };
	const int fd CLEANUP(close) =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	delivery.error = fd < 0 ? -errno : cordon_file_read_fd(fd, CORDON_ORDER_FILE_MAX, &content);
	delivery.cms = content.text;
	delivery.size = content.size;
	if (cordon_carry_out(hand->context, &delivery, &no_part, &failure, &warrant, &outcome))
		fprintf(stderr, "cordon: %s\n", failure.text);
	if (!hand->failed || !outcome.passing)
		tell(&warrant, &outcome, name);
	free(content.text);
	return outcome.passing;
}

static void carry_out_all(struct hand *hand)
{
	const struct cordon_path path = cordon_path_root(hand->context, CORDON_ORDERS_FOLDER);
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;
	bool again = false;

	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (carry_out(hand, dirfd(folder), entry->d_name))
			again = true;
		else
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	hand->failed = again;
	hand->not_before = again ? cordon_clock_ns() + RETRY_NS : 0;
}

static void follow_latch(struct hand *hand)
{
	struct cordon_failure failure = { .text = "" };

	if (cordon_lockdown_follow(&hand->lockdown, &failure) &&
	    strcmp(failure.text, hand->stuck.text) != 0)
		fprintf(stderr, "cordon: %s\n", failure.text);
	hand->stuck = failure;
}

/* At once when the kernel is closed, then again and again: somebody may have hidden one, or moved
 * us into another control group. */
static void follow_guard(struct hand *hand)
{
	struct cordon_failure failure = { .text = "" };
	const bool closed = cordon_bypass_due(hand->context);

	if (closed == hand->closed && cordon_clock_ns() < hand->guard_by)
		return;
	hand->closed = closed;
	cordon_guard_shelter(hand->context);
	cordon_guard_forget(hand->context);
	if (closed && cordon_bypass_cut(hand->context, &hand->past, &failure) &&
	    strcmp(failure.text, hand->bypassed.text) != 0)
		fprintf(stderr, "cordon: %s\n", failure.text);
	hand->bypassed = failure;
	hand->guard_by = cordon_clock_ns() + GUARD_NS;
}

/* Who destroys or holds down by a command has the lock meanwhile. */
static void look(struct hand *hand)
{
	const int lock CLEANUP(close) = cordon_destroy_lock(hand->context, 0);

	if (lock < 0)
		return;
	follow_latch(hand);
	if (cordon_clock_ns() >= hand->not_before)
		carry_out_all(hand);
}

int cordon_daemon_hand(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct timespec second = { .tv_sec = 1 };
	struct hand hand = { .context = context, .lockdown = { .context = context } };
	sigset_t ends;
	int claim CLEANUP(close) = -1;
	int error = cordon_hand_claim(context, failure, &claim);

	if (error)
		return error;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	puts("following the latch, and orders that destroy");
	fflush(stdout);
	do {
		look(&hand);
		follow_guard(&hand);
	} while (sigtimedwait(&ends, NULL, &second) < 0);
	cordon_lockdown_clear(&hand.lockdown);
	cordon_bypass_past_clear(&hand.past);
	return 0;
}
