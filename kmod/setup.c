// SPDX-License-Identifier: GPL-2.0-only
/*
 * The setup, and orders against it.
 */
#include "cordon.h"

#include <linux/mutex.h>
#include <linux/string.h>

/*
 * @lock: guards what follows; taken before the latch's
 * @setup: with a threshold of 0 there is none
 * @content: of the order that is being checked
 */
static struct {
	struct mutex lock;
	bool closed;
	struct cordon_module_setup setup;
	struct cordon_keys keys;
	struct cordon_content content;
} state = { .lock = __MUTEX_INITIALIZER(state.lock) };

bool cordon_setup_is_closed(void)
{
	return READ_ONCE(state.closed);
}

void cordon_setup_tell(struct cordon_module_state *told)
{
	mutex_lock(&state.lock);
	told->setup = state.setup;
	told->certificates = state.keys.nr;
	told->keys = cordon_keys_distinct(&state.keys);
	told->flags |= (state.setup.threshold ? CORDON_MODULE_IS_SET_UP : 0) |
		       (state.closed ? CORDON_MODULE_IS_CLOSED : 0);
	mutex_unlock(&state.lock);
}

static bool is_sound(const struct cordon_module_setup *setup)
{
	return setup->threshold && setup->threshold <= CORDON_MODULE_CERTIFICATES_MAX &&
	       setup->has_challenge <= 1 && !setup->owner[sizeof(setup->owner) - 1] &&
	       !setup->node[sizeof(setup->node) - 1] && !setup->fleets[sizeof(setup->fleets) - 1];
}

int cordon_setup_replace(const struct cordon_module_setup *setup)
{
	int error = -EPERM;

	if (!is_sound(setup))
		return -EINVAL;
	mutex_lock(&state.lock);
	if (!state.closed) {
		state.setup = *setup;
		cordon_keys_clear(&state.keys);
		error = 0;
	}
	mutex_unlock(&state.lock);
	return error;
}

int cordon_setup_certificate(const void *der, size_t size)
{
	int error = -EPERM;

	mutex_lock(&state.lock);
	if (!state.closed && state.setup.threshold)
		error = cordon_keys_add(&state.keys, der, size);
	mutex_unlock(&state.lock);
	return error;
}

int cordon_setup_close(void)
{
	int error = 0;

	mutex_lock(&state.lock);
	if (!state.setup.threshold)
		error = -EPERM;
	else if (cordon_keys_distinct(&state.keys) < state.setup.threshold)
		error = -ENOKEY;
	else
		WRITE_ONCE(state.closed, true);
	mutex_unlock(&state.lock);
	return error;
}

int cordon_setup_seal(u32 level, u32 *ret_before)
{
	if (!cordon_setup_is_closed())
		return -EPERM;
	*ret_before = cordon_latch_tighten(level);
	return 0;
}

/* A challenge that was made since is the helper's to check: here the counter is known. */
static bool names_challenge(const struct cordon_order *order)
{
	const struct cordon_module_setup *setup = &state.setup;

	if (!setup->has_challenge)
		return setup->counter != CORDON_MODULE_COUNTER_UNKNOWN;
	return order->has_challenge &&
	       !memcmp(setup->challenge, order->challenge, sizeof(setup->challenge));
}

/* Of an open node nothing opens: so the order that did may come again. */
static bool was_used(const struct cordon_order *order)
{
	const u64 counter = state.setup.counter;

	if (counter == CORDON_MODULE_COUNTER_UNKNOWN)
		return false;
	return order->counter < counter ||
	       (order->counter == counter && (cordon_latch_level() || cordon_latch_is_gated()));
}

static int check_order(const struct cordon_order *order, unsigned int signers)
{
	const struct cordon_module_setup *setup = &state.setup;

	if (signers < setup->threshold)
		return -EDQUOT;
	if (!cordon_order_names(order->nodes, setup->node) &&
	    !cordon_order_names(order->fleets, setup->fleets))
		return -EXDEV;
	if (!names_challenge(order))
		return -EKEYEXPIRED;
	if (was_used(order))
		return -ESTALE;
	return setup->boot && order->not_before > setup->boot ? -EAGAIN : 0;
}

int cordon_setup_release(const void *cms, size_t size, u32 *ret_before)
{
	const u64 seals = cordon_latch_seals();
	struct cordon_content *content = &state.content;
	struct cordon_order order;
	int error;

	mutex_lock(&state.lock);
	error = cordon_keys_verify(&state.keys, cms, size, content);
	if (!error)
		error = cordon_order_parse(content->text, content->size, &order);
	if (!error)
		error = check_order(&order, content->signers);
	if (!error)
		error = cordon_latch_release(seals, ret_before);
	if (!error)
		state.setup.counter = order.counter;
	mutex_unlock(&state.lock);
	return error;
}

void cordon_setup_exit(void)
{
	cordon_keys_clear(&state.keys);
}
