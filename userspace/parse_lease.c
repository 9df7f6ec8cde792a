// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `lease:`, `watchdog:` and `break-glass:` of a policy's quarantine: what shuts the node when
 * nobody speaks to it, or cordon itself is silent, and what reopens it once without a
 * signature.
 */
#include "parse.h"

#include <string.h>

#include <cordon/order.h>
#include <cordon/uapi/module.h>

#include "util/array.h"
#include "util/hex.h"

#define CODE_HASH "sha256:"

static int read_hours(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_lease *lease = target;
	uint64_t hours;
	int error = cordon_parse_number(parse, value, "'hours'", 1, CORDON_ORDER_LEASE_HOURS_MAX,
					&hours);

	if (!error)
		lease->hours = (uint32_t)hours;
	return error;
}

static int read_boots(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_lease *lease = target;
	uint64_t boots;
	int error = cordon_parse_number(parse, value, "'boots'", 1, CORDON_ORDER_LEASE_BOOTS_MAX,
					&boots);

	if (!error)
		lease->boots = (uint32_t)boots;
	return error;
}

static int read_latch(struct parse *parse, const struct cordon_value *value, const char *what,
		      uint32_t *ret_latch)
{
	static const char *const names[] = { "egress", "isolate", "lockdown" };
	size_t level;
	int error = cordon_parse_choice(parse, value, what, names, ARRAY_SIZE(names), &level);

	if (!error)
		*ret_latch = CORDON_LATCH_EGRESS + (uint32_t)level;
	return error;
}

static int read_level(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_lease *lease = target;

	return read_latch(parse, value, "the level of a lease", &lease->latch);
}

static const struct parse_field lease_fields[] = {
	{ .name = "hours", .read = read_hours },
	{ .name = "boots", .read = read_boots },
	{ .name = "level",
	  .read = read_level,
	  .required = true,
	  .hint = "level: egress, isolate or lockdown" },
};

int cordon_parse_lease(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_lease *lease = &parse->policy->lease;
	int error;

	(void)target;
	error = cordon_parse_fields(parse, value, "'lease'", lease_fields, ARRAY_SIZE(lease_fields),
				    lease);
	if (!error && !lease->hours && !lease->boots)
		return cordon_parse_refuse(parse, value->at,
					   "a lease needs 'hours' of uptime, 'boots', or both");
	return error;
}

static int read_silence(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const struct cordon_span span = { CORDON_MODULE_WATCH_MIN, CORDON_MODULE_WATCH_MAX };
	struct cordon_watchdog *watchdog = target;

	return cordon_parse_seconds(parse, value, "'silence'", &span, &watchdog->seconds);
}

static int read_watch_latch(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_watchdog *watchdog = target;

	return read_latch(parse, value, "the latch of a watchdog", &watchdog->latch);
}

static const struct parse_field watchdog_fields[] = {
	{ .name = "silence", .read = read_silence, .required = true, .hint = "silence: 60s" },
	{ .name = "latch", .read = read_watch_latch },
};

/* Without a latch silence is told, and nothing shut. */
int cordon_parse_watchdog(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return cordon_parse_fields(parse, value, "'watchdog'", watchdog_fields,
				   ARRAY_SIZE(watchdog_fields), &parse->policy->watchdog);
}

int cordon_parse_break_glass(struct parse *parse, const struct cordon_value *value, void *target)
{
	uint8_t *hash = parse->policy->break_glass;
	int error;

	(void)target;
	error = cordon_parse_need_kind(parse, value, "'break-glass'", CORDON_VALUE_TEXT);
	if (error)
		return error;
	if (strncmp(value->text, CODE_HASH, strlen(CODE_HASH)) != 0 ||
	    cordon_hex_read(value->text + strlen(CODE_HASH), hash,
			    sizeof(parse->policy->break_glass)))
		return cordon_parse_refuse(parse, value->at,
					   "'break-glass' is sha256: and 64 hexadecimal digits, "
					   "as cordon sign code prints them");
	return 0;
}
