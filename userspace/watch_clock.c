// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clock, when somebody sets it: a timer that the kernel ends then.  By how
 * much, the clock that nobody sets tells; what a time server makes up for by
 * running faster or slower is no setting.
 */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "util/cleanup.h"

/* Two looks at two clocks do not happen at once, nor does one of them run just like the other. */
#define TOLD_NS 10000000

/* struct clock - @ahead: of CLOCK_REALTIME over CLOCK_BOOTTIME */
struct clock {
	const struct cordon_watch *watch;
	int fd;
	int64_t ahead;
};

static int64_t now(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t look_ahead(void)
{
	const int64_t before = now(CLOCK_BOOTTIME), wall = now(CLOCK_REALTIME),
		      after = now(CLOCK_BOOTTIME);

	return wall - (before + (after - before) / 2);
}

/* At the end of time, or when the clock is set. */
static int arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = INT64_MAX } };
	const int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;

	return timerfd_settime(fd, flags, &never, NULL) ? -errno : 0;
}

static void tell(const struct clock *clock, int64_t by)
{
	union cordon_event_room room;
	struct cordon_event_clock *record =
		cordon_event_begin(&room, CORDON_EVENT_CLOCK, sizeof(*record));

	record->after = now(CLOCK_REALTIME);
	record->before = record->after - by;
	clock->watch->tell(clock->watch->state, cordon_event_end(&room));
}

static void read_change(void *source)
{
	struct clock *clock = source;
	uint64_t times;
	int64_t ahead;

	if (read(clock->fd, &times, sizeof(times)) >= 0 || errno != ECANCELED)
		return;
	arm(clock->fd);
	ahead = look_ahead();
	if (llabs(ahead - clock->ahead) >= TOLD_NS)
		tell(clock, ahead - clock->ahead);
	clock->ahead = ahead;
}

/* What has been made up for since. */
static void look(void *source)
{
	struct clock *clock = source;

	read_change(source);
	clock->ahead = look_ahead();
}

static int get_fd(const void *source)
{
	return ((const struct clock *)source)->fd;
}

static void close_clock(void *source)
{
	struct clock *clock = source;

	cleanup_close(&clock->fd);
	free(clock);
}

static int open_clock(const struct cordon_watch *watch, struct cordon_failure *failure,
		      void **ret_source)
{
	struct clock *clock = calloc(1, sizeof(*clock));
	int error;

	if (!clock)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	clock->watch = watch;
	clock->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	error = clock->fd < 0 ? -errno : arm(clock->fd);
	if (error) {
		close_clock(clock);
		return cordon_fail(failure, error, "that the clock is set is not told: %s",
				   strerror(-error));
	}
	clock->ahead = look_ahead();
	*ret_source = clock;
	return 0;
}

const struct cordon_watch_kind cordon_watch_clock = {
	.open = open_clock,
	.close = close_clock,
	.fd = get_fd,
	.read = read_change,
	.look = look,
};
