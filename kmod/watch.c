// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watch, once a second; see watch.h.
 */
#include "watch.h"

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/workqueue.h>

#include "keep.h"
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
} watch = { .lock = __MUTEX_INITIALIZER(watch.lock) };

static void look_on(struct work_struct *work);
static DECLARE_DELAYED_WORK(round, look_on);

static void tell_silence(u32 seconds, u32 level)
{
	if (!cordon_setup_is_closed())
		level = CORDON_LATCH_OPEN;
	pr_warn("cordon: no sign of life of helper and programs for %u s\n", seconds);
	cordon_netlink_tell(CORDON_MODULE_NEWS_SILENT, cordon_latch_tighten(level), 0);
}

/* A list without a watch ends it: the next beat begins another. */
static void look_on(struct work_struct *work)
{
	const time64_t now = ktime_get_seconds();
	bool was_silent;
	u32 level, seconds = cordon_keep_watch(&level);

	mutex_lock(&watch.lock);
	was_silent = watch.silent;
	if (cordon_latch_is_read())
		watch.sign = watch.beat;
	watch.watching = seconds;
	watch.silent = seconds && now - watch.sign >= seconds;
	if (watch.silent && !was_silent)
		tell_silence(seconds, level);
	if (seconds)
		schedule_delayed_work(&round, HZ);
	mutex_unlock(&watch.lock);
}

void cordon_watch_beat(void)
{
	u32 level;

	mutex_lock(&watch.lock);
	watch.beat = ktime_get_seconds();
	if (!watch.watching && cordon_keep_watch(&level)) {
		watch.watching = true;
		watch.sign = watch.beat;
		schedule_delayed_work(&round, HZ);
	}
	mutex_unlock(&watch.lock);
}

void cordon_watch_tell(struct cordon_module_state *state)
{
	mutex_lock(&watch.lock);
	state->flags |= (watch.watching ? CORDON_MODULE_IS_WATCHED : 0) |
			(watch.silent ? CORDON_MODULE_IS_SILENT : 0);
	state->silent = watch.watching ? ktime_get_seconds() - watch.sign : 0;
	mutex_unlock(&watch.lock);
}

void cordon_watch_exit(void)
{
	cancel_delayed_work_sync(&round);
}
