// SPDX-License-Identifier: GPL-2.0-only
/*
 * The level, and where it is published; see latch.h.
 */
#include "latch.h"

#include <linux/bpf.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include <cordon/uapi/module.h>

#include "compat.h"

CORDON_IMPORT_BPF;

u32 cordon_enforced __read_mostly;

/*
 * @lock: guards what follows; taken last
 * @held: a reference to this module, so that it cannot be unloaded
 */
static struct {
	spinlock_t lock;
	u32 level;
	bool gated;
	bool held;
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

static void follow(void)
{
	const bool hold = latch.level || latch.gated;

	WRITE_ONCE(cordon_enforced, latch.gated ? CORDON_LATCH_GATE : latch.level);
	publish();
	if (hold && !latch.held)
		__module_get(THIS_MODULE);
	if (!hold && latch.held)
		module_put(THIS_MODULE);
	latch.held = hold;
}

u32 cordon_latch_tighten(u32 level)
{
	u32 before;

	spin_lock(&latch.lock);
	before = latch.level;
	/* Also one that changes nothing: a release that is under way was not for it. */
	latch.seals++;
	if (before < level) {
		latch.level = level;
		follow();
	}
	spin_unlock(&latch.lock);
	return before;
}

int cordon_latch_release(u64 seals, u32 *ret_before)
{
	int error = -EBUSY;

	spin_lock(&latch.lock);
	if (latch.seals == seals) {
		*ret_before = latch.level;
		latch.level = CORDON_LATCH_OPEN;
		latch.gated = false;
		follow();
		error = 0;
	}
	spin_unlock(&latch.lock);
	return error;
}

void cordon_latch_gate(void)
{
	spin_lock(&latch.lock);
	latch.gated = true;
	follow();
	spin_unlock(&latch.lock);
}

bool cordon_latch_ungate(void)
{
	bool gated;

	spin_lock(&latch.lock);
	gated = latch.gated;
	latch.gated = false;
	follow();
	spin_unlock(&latch.lock);
	return gated;
}

/* Programs hold a map without a user's reference; its other references are descriptors, pins and
 * ours. */
static u32 map_programs(const struct bpf_map *map)
{
	const s64 programs = atomic64_read(&map->refcnt) - atomic64_read(&map->usercnt);

	return programs > 0 ? programs : 0;
}

struct cordon_latch_look cordon_latch_look(void)
{
	struct cordon_latch_look look;

	spin_lock(&latch.lock);
	look = (struct cordon_latch_look){
		.level = latch.level,
		.gated = latch.gated,
		.seals = latch.seals,
		.map = latch.map ? latch.map->id : 0,
		.programs = latch.map ? map_programs(latch.map) : 0,
	};
	spin_unlock(&latch.lock);
	return look;
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

/* What bpf_map_get() counts as a user's reference no module can give back: of an array nothing
 * depends on that count. */
int cordon_latch_map(int fd)
{
	struct bpf_map *map = bpf_map_get(fd), *former = NULL;
	int error;

	if (IS_ERR(map))
		return PTR_ERR(map);
	error = fits(map) ? take_map(map, &former) : -EINVAL;
	if (error)
		bpf_map_put(map);
	else if (former)
		bpf_map_put(former);
	return error;
}

void cordon_latch_exit(void)
{
	if (latch.map)
		bpf_map_put(latch.map);
}
