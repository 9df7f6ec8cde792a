// SPDX-License-Identifier: GPL-2.0-only
/*
 * The setup, and orders against it; see setup.h.
 */
#include "setup.h"

#include <crypto/sha2.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "latch.h"
#include "verify.h"

/*
 * @lock: guards what follows; taken before the latch's
 * @released: SHA-256 of the order that opened the latch last
 * @released_seals: cordon_latch_look.seals then
 */
static struct {
	struct mutex lock;
	bool set_up;
	bool closed;
	bool built_in;
	struct cordon_setup setup;
	struct cordon_keys keys;
	bool has_released;
	u8 released[SHA256_DIGEST_SIZE];
	u64 released_seals;
} state = { .lock = __MUTEX_INITIALIZER(state.lock) };

void cordon_setup_look(struct cordon_setup_look *ret_look)
{
	mutex_lock(&state.lock);
	ret_look->setup = state.setup;
	ret_look->certificates = state.keys.nr;
	ret_look->flags = (state.set_up ? CORDON_MODULE_IS_SET_UP : 0) |
			  (state.closed ? CORDON_MODULE_IS_CLOSED : 0) |
			  (state.built_in ? CORDON_MODULE_IS_BUILT_IN : 0);
	mutex_unlock(&state.lock);
}

static bool may_change(void)
{
	return !state.closed && !cordon_latch_look().level;
}

int cordon_setup_replace(const struct cordon_setup *setup)
{
	int error = -EPERM;

	mutex_lock(&state.lock);
	if (may_change()) {
		state.setup = *setup;
		state.set_up = true;
		if (!state.built_in)
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
	if (may_change() && state.set_up && !state.built_in)
		error = cordon_keys_add(&state.keys, der, size);
	mutex_unlock(&state.lock);
	return error;
}

int cordon_setup_close(void)
{
	int error = -EPERM;

	mutex_lock(&state.lock);
	if (state.set_up) {
		state.closed = true;
		error = 0;
	}
	mutex_unlock(&state.lock);
	return error;
}

static bool is_for_us(const struct cordon_order *order)
{
	return cordon_order_names(order->nodes, state.setup.node) ||
	       cordon_order_names(order->fleets, state.setup.fleets);
}

/* A challenge that was made since is the helper's to check: here the counter is known. */
static int check_challenge(const struct cordon_order *order)
{
	const struct cordon_setup *setup = &state.setup;

	if (!setup->has_challenge)
		return setup->counter == CORDON_MODULE_COUNTER_UNKNOWN ? -EKEYEXPIRED : 0;
	return order->has_challenge && !memcmp(setup->challenge, order->challenge,
					       sizeof(setup->challenge)) ?
		       0 :
		       -EKEYEXPIRED;
}

static int check_order(const struct cordon_order *order, unsigned int signers)
{
	const struct cordon_setup *setup = &state.setup;

	if (signers < setup->threshold)
		return -EDQUOT;
	if (!is_for_us(order))
		return -EXDEV;
	if (check_challenge(order))
		return -EKEYEXPIRED;
	if (setup->counter != CORDON_MODULE_COUNTER_UNKNOWN && order->counter <= setup->counter)
		return -ESTALE;
	return setup->boot && order->not_before > setup->boot ? -EAGAIN : 0;
}

static bool came_already(const u8 *digest, u64 seals)
{
	return state.has_released && state.released_seals == seals &&
	       !memcmp(state.released, digest, sizeof(state.released));
}

static int open_latch(const struct cordon_order *order, const u8 *digest, u64 seals,
		      u32 *ret_before)
{
	int error = cordon_latch_release(seals, ret_before);

	if (error)
		return error;
	state.setup.counter = order->counter;
	state.has_released = true;
	state.released_seals = seals;
	memcpy(state.released, digest, sizeof(state.released));
	return 0;
}

static int judge(const void *cms, size_t size, struct cordon_content *content, u32 *ret_before)
{
	const u64 seals = cordon_latch_look().seals;
	u8 digest[SHA256_DIGEST_SIZE];
	struct cordon_order order;
	int error;

	sha256(cms, size, digest);
	if (came_already(digest, seals)) {
		*ret_before = CORDON_LATCH_OPEN;
		return 0;
	}
	error = cordon_keys_verify(&state.keys, cms, size, content);
	if (!error)
		error = cordon_order_parse(content->text, content->size, &order);
	if (!error)
		error = check_order(&order, content->signers);
	return error ? error : open_latch(&order, digest, seals, ret_before);
}

int cordon_setup_release(const void *cms, size_t size, u32 *ret_before)
{
	struct cordon_content *content = kzalloc(sizeof(*content), GFP_KERNEL);
	int error;

	if (!content)
		return -ENOMEM;
	mutex_lock(&state.lock);
	error = state.set_up ? judge(cms, size, content, ret_before) : -ENOKEY;
	mutex_unlock(&state.lock);
	kfree(content);
	return error;
}

void cordon_setup_exit(void)
{
	cordon_keys_clear(&state.keys);
}
