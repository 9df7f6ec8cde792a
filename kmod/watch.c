// SPDX-License-Identifier: GPL-2.0-only
/*
 * The watch, once a second.
 */
#include "cordon.h"

#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

/*
 * @sign: seconds of the clock that stands still in sleep, when both lived last
 * @beat: likewise, of the helper
 * @silent: that was told
 * @closed: the setup is: silence may shut the node, and its time began anew with that
 */
static struct {
	struct mutex lock;
	bool watching;
	bool silent;
	bool closed;
	time64_t beat;
	time64_t sign;
} watch = { .lock = __MUTEX_INITIALIZER(watch.lock) };

static void look_on(struct work_struct *work);
static DECLARE_DELAYED_WORK(round, look_on);

static void tell_silence(const struct cordon_module_keep *keep)
{
	u32 before = CORDON_LATCH_OPEN;

	pr_warn("cordon: no sign of life of helper and programs for %u s\n", keep->watch_seconds);
	/* Where nobody could release it the latch is open. */
	if (watch.closed)
		cordon_setup_seal(keep->watch_latch, &before);
	cordon_netlink_tell(CORDON_MODULE_NEWS_SILENT, before, 0);
}

/* A list without a watch ends it: the next beat begins another. */
static void look_on(struct work_struct *work)
{
	const struct cordon_module_keep keep = cordon_keep_head();
	const time64_t now = ktime_get_seconds();
	bool silent;

	mutex_lock(&watch.lock);
	if (cordon_latch_is_read())
		watch.sign = watch.beat;
	if (!watch.closed && cordon_setup_is_closed()) {
		watch.closed = true;
		watch.sign = watch.beat = now;
	}
	watch.watching = keep.watch_seconds;
	silent = watch.watching && now - watch.sign >= keep.watch_seconds;
	if (silent && !watch.silent)
		tell_silence(&keep);
	watch.silent = silent;
	if (watch.watching)
		schedule_delayed_work(&round, HZ);
	mutex_unlock(&watch.lock);
}

void cordon_watch_beat(void)
{
	mutex_lock(&watch.lock);
	watch.beat = ktime_get_seconds();
	if (!watch.watching && cordon_keep_head().watch_seconds) {
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
