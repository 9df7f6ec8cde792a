// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watch, once a second; see watch.h.
 */
#include "watch.h"

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "latch.h"
#include "netlink.h"
#include "setup.h"

/*
 * @sign: seconds of the clock that stands still in sleep, when both lived last
 * @beat: likewise, of the helper
 */
static struct {
	struct mutex lock;
	bool watching;
	bool silent;
	time64_t beat;
	time64_t sign;
	u32 seconds;
	u32 level;
} watch = { .lock = __MUTEX_INITIALIZER(watch.lock) };

static bool programs_live(void)
{
	const struct cordon_latch_look look = cordon_latch_look();

	return !look.map || look.programs;
}

static void tell_silence(void)
{
	u32 before;

	pr_warn("cordon: no sign of life of helper and programs for %u s\n", watch.seconds);
	before = cordon_latch_tighten(watch.level);
	cordon_netlink_tell(CORDON_MODULE_EVENT_SILENT, before, max(before, watch.level));
}

static void look_on(struct work_struct *work);
static DECLARE_DELAYED_WORK(round, look_on);

static void look_on(struct work_struct *work)
{
	const time64_t now = ktime_get_seconds();

	mutex_lock(&watch.lock);
	if (programs_live())
		watch.sign = watch.beat;
	if (now - watch.sign < watch.seconds) {
		watch.silent = false;
	} else if (!watch.silent) {
		watch.silent = true;
		tell_silence();
	}
	mutex_unlock(&watch.lock);
	schedule_delayed_work(&round, HZ);
}

void cordon_watch_beat(void)
{
	struct cordon_setup_look *look = kmalloc(sizeof(*look), GFP_KERNEL);

	if (!look)
		return;
	cordon_setup_look(look);
	mutex_lock(&watch.lock);
	watch.beat = ktime_get_seconds();
	if (!watch.watching && look->setup.watch_seconds) {
		watch.watching = true;
		watch.sign = watch.beat;
		schedule_delayed_work(&round, HZ);
	}
	if (look->setup.watch_seconds) {
		watch.seconds = look->setup.watch_seconds;
		watch.level = look->setup.watch_latch;
	}
	mutex_unlock(&watch.lock);
	kfree(look);
}

struct cordon_watch_look cordon_watch_look(void)
{
	struct cordon_watch_look look;

	mutex_lock(&watch.lock);
	look = (struct cordon_watch_look){ watch.watching, watch.silent,
					   ktime_get_seconds() - watch.sign };
	mutex_unlock(&watch.lock);
	return look;
}

void cordon_watch_exit(void)
{
	cancel_delayed_work_sync(&round);
}
