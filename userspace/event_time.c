// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moments and spans of events.
 */
#include "event_time.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"

#define SECOND 1000000000LL

/* The first second of the year 0, the last one of 9999. */
#define DATE_MIN (-62167219200LL)
#define DATE_MAX 253402300799LL

/* Return: nanoseconds of the second. */
static unsigned int break_down(int64_t wall, struct tm *ret_parts)
{
	int64_t seconds = wall / SECOND, rest = wall % SECOND;
	time_t time;

	if (rest < 0) {
		seconds--;
		rest += SECOND;
	}
	time = seconds;
	gmtime_r(&time, ret_parts); /* never too large: 64 bits of nanoseconds are 292 years */
	return (unsigned int)rest;
}

const char *cordon_event_time_text(int64_t wall, struct cordon_event_time *ret_time)
{
	struct tm parts;
	const unsigned int rest = break_down(wall, &parts);
	const size_t used =
		strftime(ret_time->text, sizeof(ret_time->text), "%Y-%m-%d %H:%M:%S", &parts);

	snprintf(ret_time->text + used, sizeof(ret_time->text) - used, ".%03u", rest / 1000000);
	return ret_time->text;
}

const char *cordon_event_time_iso(int64_t wall, struct cordon_event_time *ret_time)
{
	struct tm parts;
	const unsigned int rest = break_down(wall, &parts);
	const size_t used =
		strftime(ret_time->text, sizeof(ret_time->text), "%Y-%m-%dT%H:%M:%S", &parts);

	snprintf(ret_time->text + used, sizeof(ret_time->text) - used, ".%09uZ", rest);
	return ret_time->text;
}

static const char *date_format(int64_t seconds, const char *format,
			       struct cordon_event_time *ret_time)
{
	const time_t time = seconds < DATE_MIN ? DATE_MIN :
			    seconds > DATE_MAX ? DATE_MAX :
						 (time_t)seconds;
	struct tm parts;

	gmtime_r(&time, &parts);
	strftime(ret_time->text, sizeof(ret_time->text), format, &parts);
	return ret_time->text;
}

const char *cordon_event_date_text(int64_t seconds, struct cordon_event_time *ret_time)
{
	return date_format(seconds, "%Y-%m-%d %H:%M:%S", ret_time);
}

const char *cordon_event_date_iso(int64_t seconds, struct cordon_event_time *ret_time)
{
	return date_format(seconds, "%Y-%m-%dT%H:%M:%S.000000000Z", ret_time);
}

const char *cordon_event_span_text(uint64_t span, struct cordon_event_time *ret_time)
{
	const uint64_t minutes = span / SECOND / 60;
	char *text = ret_time->text;
	const size_t size = sizeof(ret_time->text);

	if (span < (uint64_t)SECOND)
		snprintf(text, size, "%.3f ms", (double)span / 1e6);
	else if (minutes < 2)
		snprintf(text, size, "%.3f s", (double)span / 1e9);
	else if (minutes < 120)
		snprintf(text, size, "%" PRIu64 " min", minutes);
	else
		snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
	return text;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Years back are enough. */
static bool read_ago(const char *text, int64_t now, int64_t *ret_wall)
{
	const size_t digits = strspn(text, "0123456789");
	const int64_t unit = cordon_clock_unit(text[digits]);

	if (!digits || digits > 5 || !unit || text[digits + 1])
		return false;
	*ret_wall = now - strtol(text, NULL, 10) * unit * SECOND;
	return true;
}

/* What the calendar does not have, such as February 30, comes back as another day. */
static bool is_in_calendar(const struct tm *parts)
{
	struct tm back = *parts;

	timegm(&back);
	return back.tm_mon == parts->tm_mon && back.tm_mday == parts->tm_mday &&
	       back.tm_hour == parts->tm_hour && back.tm_min == parts->tm_min &&
	       back.tm_sec == parts->tm_sec && parts->tm_year >= 70 && parts->tm_year < 300;
}

#define MOMENT "dddd-dd-dd dd:dd:dd.ddddddddd"
#define MOMENT_MINUTE 16 /* is told by so many characters, a second by so many */
#define MOMENT_SECOND 19

/* Return: how much of it is a moment. */
static size_t measure_moment(const char *text)
{
	size_t at = 0;

	for (; MOMENT[at]; at++) {
		const bool digit = text[at] >= '0' && text[at] <= '9';

		if (MOMENT[at] == 'd' ? !digit :
					text[at] != MOMENT[at] && (at != 10 || text[at] != 'T'))
			break;
	}
	return at;
}

/* What is not there is 0. */
static int number_at(const char *text, size_t size, size_t at, size_t digits)
{
	int number = 0;

	for (; digits; digits--, at++)
		number = number * 10 + (at < size ? text[at] - '0' : 0);
	return number;
}

/* Also as text and JSON show it, with fractions of the second, T and Z. */
static bool read_moment(const char *text, int64_t *ret_wall)
{
	const size_t size = measure_moment(text);
	struct tm parts;

	if (size != MOMENT_MINUTE && size != MOMENT_SECOND && size <= MOMENT_SECOND + 1)
		return false;
	if (text[size] && strcmp(text + size, "Z") != 0)
		return false;
	parts = (struct tm){
		.tm_year = number_at(text, size, 0, 4) - 1900,
		.tm_mon = number_at(text, size, 5, 2) - 1,
		.tm_mday = number_at(text, size, 8, 2),
		.tm_hour = number_at(text, size, 11, 2),
		.tm_min = number_at(text, size, 14, 2),
		.tm_sec = number_at(text, size, 17, 2),
	};
	if (!is_in_calendar(&parts))
		return false;
	*ret_wall = (int64_t)timegm(&parts) * SECOND + number_at(text, size, 20, 9);
	return true;
}

int cordon_event_time_read(const char *name, const char *text, int64_t now,
			   struct cordon_failure *failure, int64_t *ret_wall)
{
	if (read_ago(text, now, ret_wall) || read_moment(text, ret_wall))
		return 0;
	return cordon_fail(failure, -EINVAL,
			   "%s: %s is neither \"YYYY-MM-DD HH:MM[:SS]\" (UTC) nor 30s, 10m, 2h or "
			   "3d ago",
			   name, text);
}
