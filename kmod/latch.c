// SPDX-License-Identifier: GPL-2.0-only
/*
 * The level, and where it is published.
 */
#include "cordon.h"

#include <linux/bpf.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "compat.h"

CORDON_IMPORT_BPF;

/*
 * @lock: guards what follows; taken last
 */
static struct {
	spinlock_t lock;
	u32 level;
	bool gated;
	u64 seals;
	struct bpf_map *map;
} latch = { .lock = __SPIN_LOCK_UNLOCKED(latch.lock) };

/* An array's update copies the value in place: nothing is allocated, nothing sleeps. */
static void publish(void)
{
	struct cordon_held value = { .level = { latch.level, latch.level } };
	u32 key = 0;

	if (!latch.map)
		return;
	rcu_read_lock();
	latch.map->ops->map_update_elem(latch.map, &key, &value, BPF_ANY);
	rcu_read_unlock();
}

/* While it shuts the node the module cannot be unloaded. */
static void change(u32 level, bool gated)
{
	const bool held = latch.level || latch.gated, hold = level || gated;

	latch.level = level;
	latch.gated = gated;
	cordon_hook_enforce(gated ? max_t(u32, level, CORDON_LATCH_ISOLATE) : level);
	publish();
	if (hold && !held)
		__module_get(THIS_MODULE);
	if (!hold && held)
		module_put(THIS_MODULE);
}

u32 cordon_latch_tighten(u32 level)
{
	u32 before;

	spin_lock(&latch.lock);
	before = latch.level;
	/* Also one that changes nothing: a release that is under way was not for it. */
	latch.seals++;
	if (before < level)
		change(level, latch.gated);
	spin_unlock(&latch.lock);
	return before;
}

int cordon_latch_release(u64 seals, u32 *ret_before)
{
	int error = -EBUSY;

	spin_lock(&latch.lock);
	if (latch.seals == seals) {
		*ret_before = latch.level;
		change(CORDON_LATCH_OPEN, false);
		error = 0;
	}
	spin_unlock(&latch.lock);
	return error;
}

bool cordon_latch_gate(bool shut)
{
	bool before;

	spin_lock(&latch.lock);
	before = latch.gated;
	change(latch.level, shut);
	spin_unlock(&latch.lock);
	return before;
}

bool cordon_latch_is_gated(void)
{
	return READ_ONCE(latch.gated);
}

u32 cordon_latch_level(void)
{
	return READ_ONCE(latch.level);
}

u64 cordon_latch_seals(void)
{
	return READ_ONCE(latch.seals);
}

/* Programs hold a map without a user's reference, and so do we; its other references are
 * descriptors and pins. */
static u32 map_programs(const struct bpf_map *map)
{
	const s64 programs = atomic64_read(&map->refcnt) - atomic64_read(&map->usercnt) - 1;

	return programs > 0 ? programs : 0;
}

void cordon_latch_tell(struct cordon_module_state *state)
{
	spin_lock(&latch.lock);
	state->latch = latch.level;
	state->flags |= latch.gated ? CORDON_MODULE_IS_GATED : 0;
	state->map = latch.map ? latch.map->id : 0;
	state->programs = latch.map ? map_programs(latch.map) : 0;
	spin_unlock(&latch.lock);
}

bool cordon_latch_is_read(void)
{
	bool is_read;

	spin_lock(&latch.lock);
	is_read = !latch.map || map_programs(latch.map);
	spin_unlock(&latch.lock);
	return is_read;
}

/* Only what nobody else can write, now or later. */
static bool fits(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_ARRAY && map->key_size == sizeof(u32) &&
	       map->value_size == sizeof(struct cordon_held) && map->max_entries == 1 &&
	       map->map_flags & BPF_F_RDONLY_PROG && READ_ONCE(map->frozen);
}

static int take_map(struct bpf_map *map, struct bpf_map **ret_former)
{
	int error = -EPERM;

	spin_lock(&latch.lock);
	if (!latch.level || !latch.map) {
		*ret_former = latch.map;
		latch.map = map;
		publish();
		error = 0;
	}
	spin_unlock(&latch.lock);
	return error;
}

int cordon_latch_map(int fd)
{
	struct bpf_map *map = bpf_map_get(fd), *former = NULL;
	int error;

	if (IS_ERR(map))
		return PTR_ERR(map);
	error = fits(map) ? take_map(map, &former) : -EINVAL;
	if (error)
		former = map;
	if (former)
		bpf_map_put(former);
	return error;
}

void cordon_latch_exit(void)
{
	if (latch.map)
		bpf_map_put(latch.map);
}
