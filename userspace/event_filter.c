// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which events somebody wants to see.
 */
#include "event_filter.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/reason.h>

#include "denial_text.h"
#include "event_cgroup.h"
#include "event_ends.h"
#include "event_time.h"
#include "log_segment.h"
#include "util/boot.h"
#include "util/cleanup.h"

/* ---- reading ------------------------------------------------------------------------------ */

#define LIST_CLASS(name, text) " " text
#define LIST_REASON(name, text, help) " " text
/* But the first, which denies nothing. */
#define REASONS (&CORDON_REASONS(LIST_REASON)[sizeof(" none") - 1])

static int read_class(const char *text, size_t size, struct cordon_failure *failure,
		      unsigned int *classes)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const char *name = cordon_event_class_name(i);

		if (strlen(name) == size && !memcmp(name, text, size)) {
			*classes |= 1U << i;
			return 0;
		}
	}
	return cordon_fail(failure, -EINVAL, "--class: there is no class %.*s; there are:%s",
			   (int)size, text, CORDON_CLASSES(LIST_CLASS));
}

static int read_classes(const char *text, struct cordon_failure *failure, unsigned int *ret_classes)
{
	unsigned int classes = 0;
	int error = 0;

	if (!text) {
		*ret_classes = CORDON_EVENTS_ALL;
		return 0;
	}
	for (;;) {
		const size_t size = strcspn(text, ",");

		error = read_class(text, size, failure, &classes);
		if (error || !text[size])
			break;
		text += size + 1;
	}
	*ret_classes = classes;
	return error;
}

static bool read_number(const char *text, uint32_t *ret_number)
{
	unsigned long long number;

	if (!text[0] || strlen(text) > 10 || text[strspn(text, "0123456789")])
		return false;
	number = strtoull(text, NULL, 10);
	if (number >= CORDON_EVENT_NOBODY)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* By the file alone: other sources of names would need libraries that a static program has not. */
static bool find_user(const char *name, uint32_t *ret_uid)
{
	FILE *users CLEANUP(fclose) = fopen("/etc/passwd", "re");
	const struct passwd *user;

	while (users && (user = fgetpwent(users))) {
		if (!strcmp(user->pw_name, name)) {
			*ret_uid = user->pw_uid;
			return true;
		}
	}
	return false;
}

static int read_user(const char *text, struct cordon_failure *failure, uint32_t *ret_uid)
{
	*ret_uid = CORDON_EVENT_NOBODY;
	if (!text || read_number(text, ret_uid) || find_user(text, ret_uid))
		return 0;
	return cordon_fail(failure, -EINVAL, "--user: there is no user %s in /etc/passwd", text);
}

static int read_pid(const char *text, struct cordon_failure *failure, uint32_t *ret_pid)
{
	*ret_pid = 0;
	if (!text || (read_number(text, ret_pid) && *ret_pid))
		return 0;
	return cordon_fail(failure, -EINVAL, "--pid: %s is not the id of a process", text);
}

static int read_reason(const char *text, struct cordon_failure *failure, uint16_t *ret_reason)
{
	*ret_reason = 0;
	if (!text)
		return 0;
	for (unsigned int i = 1; i < CORDON_REASON_COUNT; i++) {
		if (!strcmp(text, cordon_reason_name((uint16_t)i))) {
			*ret_reason = (uint16_t)i;
			return 0;
		}
	}
	return cordon_fail(failure, -EINVAL, "--reason: there is no reason %s; there are:%s", text,
			   REASONS);
}

static int read_unit(const char *text, struct cordon_failure *failure, const char **ret_unit)
{
	*ret_unit = text;
	if (!text || (text[0] && !strchr(text, '/')))
		return 0;
	return cordon_fail(failure, -EINVAL, "--unit: %s is not the name of a unit",
			   text[0] ? text : "\"\"");
}

static int read_rule(const char *text, struct cordon_failure *failure, const char **ret_rule)
{
	*ret_rule = text;
	if (!text || text[0])
		return 0;
	return cordon_fail(failure, -EINVAL, "--rule: \"\" is not the name of a rule");
}

static int read_times(const struct cordon_event_wish *wish, int64_t now,
		      struct cordon_failure *failure, struct cordon_event_filter *ret_filter)
{
	int error = 0;

	ret_filter->since = INT64_MIN;
	ret_filter->until = INT64_MAX;
	if (wish->since)
		error = cordon_event_time_read("--since", wish->since, now, failure,
					       &ret_filter->since);
	if (!error && wish->until)
		error = cordon_event_time_read("--until", wish->until, now, failure,
					       &ret_filter->until);
	if (!error && ret_filter->since > ret_filter->until)
		return cordon_fail(failure, -EINVAL, "--since is later than --until");
	return error;
}

int cordon_event_filter_read(const struct cordon_event_wish *wish, int64_t now,
			     struct cordon_failure *failure, struct cordon_event_filter *ret_filter)
{
	struct cordon_event_filter filter = { .boot = wish->boot };
	int error;

	error = read_classes(wish->classes, failure, &filter.classes);
	if (!error)
		error = read_user(wish->user, failure, &filter.uid);
	if (!error)
		error = read_unit(wish->unit, failure, &filter.unit);
	if (!error)
		error = read_pid(wish->pid, failure, &filter.pid);
	if (!error)
		error = read_reason(wish->reason, failure, &filter.reason);
	if (!error)
		error = read_rule(wish->rule, failure, &filter.rule);
	if (!error)
		error = read_times(wish, now, failure, &filter);
	if (error)
		return error;
	cordon_boot_id(&filter.boot_id);
	*ret_filter = filter;
	return 0;
}

/* ---- asking ------------------------------------------------------------------------------- */

bool cordon_event_filter_may_pass(const struct cordon_event_filter *filter,
				  const struct cordon_events_record *record)
{
	if (!(filter->classes & 1U << record->class))
		return false;
	if (record->wall < filter->since || record->wall > filter->until)
		return false;
	return !filter->boot || !memcmp(filter->boot_id, record->boot_id, sizeof(filter->boot_id));
}

/* A login is by whoever logged in, whatever he has become since. */
static bool is_by_user(uint32_t uid, const struct cordon_event_facts *facts)
{
	return uid == facts->uid || uid == facts->euid || uid == facts->login_uid;
}

static bool is_by_rule(const char *rule, const struct cordon_event_view *view)
{
	const struct cordon_event_facts *facts = &view->facts;
	char number[24];

	return facts->generation &&
	       !strcmp(rule, cordon_event_rule(view, facts->generation, facts->rule, &number));
}

bool cordon_event_filter_passes(const struct cordon_event_filter *filter,
				const struct cordon_event_view *view)
{
	const struct cordon_event_facts *facts = &view->facts;

	if (filter->uid != CORDON_EVENT_NOBODY && !is_by_user(filter->uid, facts))
		return false;
	if (filter->unit && !cordon_event_cgroup_is_in(view->path, filter->unit))
		return false;
	/* A fork is of both. */
	if (filter->pid && filter->pid != facts->pid && filter->pid != view->record->event->pid)
		return false;
	if (filter->rule && !is_by_rule(filter->rule, view))
		return false;
	return !filter->reason || filter->reason == facts->reason;
}
