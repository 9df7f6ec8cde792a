// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gathers and checks prefixes.  What is told about them is told in the order
 * of addresses.
 */
#include "prefix_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prefix_sort.h"
#include "util/array.h"
#include "util/cleanup.h"

static bool is_full(const struct cordon_policy *policy)
{
	return policy->nr_prefixes4 + policy->nr_prefixes6 >= CORDON_POLICY_PREFIXES_MAX;
}

static uint16_t narrow(uint32_t column)
{
	return column > UINT16_MAX ? UINT16_MAX : (uint16_t)column;
}

static int add4(struct cordon_policy *policy, uint32_t address, uint8_t length,
		const struct cordon_prefix_place *place)
{
	struct cordon_prefix4 *added = array_push(policy->prefixes4, policy->nr_prefixes4);

	if (!added)
		return -ENOMEM;
	*added = (struct cordon_prefix4){
		.address = address,
		.length = length,
		.zone = place->zone,
		.line = place->line,
		.column = narrow(place->column),
		.file = place->file,
	};
	return 0;
}

static int add6(struct cordon_policy *policy, const struct cordon_prefix *prefix,
		const struct cordon_prefix_place *place)
{
	struct cordon_prefix6 *added = array_push(policy->prefixes6, policy->nr_prefixes6);

	if (!added)
		return -ENOMEM;
	*added = (struct cordon_prefix6){
		.high = prefix->high,
		.low = prefix->low,
		.length = prefix->length,
		.zone = place->zone,
		.line = place->line,
		.column = narrow(place->column),
		.file = place->file,
	};
	return 0;
}

int cordon_prefix_list_add(struct cordon_policy *policy, const struct cordon_prefix *prefix,
			   const struct cordon_prefix_place *place)
{
	if (is_full(policy))
		return -ENOSPC;
	if (prefix->ipv6)
		return add6(policy, prefix, place);
	return add4(policy, (uint32_t)prefix->low, prefix->length, place);
}

/* ---- prefix files ------------------------------------------------------------------------ */

static const char *skip_blanks(const char *text, const char *end)
{
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	return text;
}

static const char *find_newline(const char *text, const char *end)
{
	while (text < end && *text != '\n')
		text++;
	return text;
}

/* Whether nothing but blanks and a comment is left of the line; if so, its end. */
static const char *end_line(const char *text, const char *end)
{
	text = skip_blanks(text, end);
	if (text < end && *text == '#')
		return find_newline(text, end);
	if (text < end && *text == '\r')
		text++;
	return text == end || *text == '\n' ? text : NULL;
}

static void tell_line(const struct cordon_policy *policy, const char *text, const char *end,
		      const struct cordon_prefix_place *place, struct cordon_diag *diag)
{
	struct cordon_position at = { policy->files[place->file], place->line, place->column };
	char problem[CORDON_PREFIX_PROBLEM_SIZE];
	size_t size = 0;

	while (text + size < end && !strchr(" \t\r\n#", text[size]))
		size++;
	cordon_prefix_problem(text, size, problem);
	if (end_line(text + size, end) && size)
		cordon_diag_error(diag, at, "%s", problem);
	else
		cordon_diag_error(diag, at,
				  "one prefix a line is allowed, and a comment after '#'");
}

/* One line that does not begin with an IPv4 prefix in its first column. */
static int scan_line(struct cordon_policy *policy, const char **text, const char *end,
		     struct cordon_prefix_place place, struct cordon_diag *diag)
{
	const char *start = skip_blanks(*text, end);
	const char *rest = end_line(start, end);
	struct cordon_prefix prefix;

	place.column = (uint32_t)(start - *text) + 1;
	if (rest) {
		*text = rest;
		return 0;
	}
	rest = cordon_prefix_scan(start, end, &prefix);
	rest = rest ? end_line(rest, end) : NULL;
	if (!rest) {
		*text = find_newline(start, end);
		tell_line(policy, start, *text, &place, diag);
		return 0;
	}
	*text = rest;
	return cordon_prefix_list_add(policy, &prefix, &place);
}

int cordon_prefix_list_scan(struct cordon_policy *policy, const char *text, size_t size,
			    struct cordon_prefix_place place, struct cordon_diag *diag)
{
	const char *end = text + size;
	int error = 0;

	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	place.column = 1;
	for (place.line = 1; text < end && !error; place.line++) {
		uint32_t address;
		uint8_t length;
		const char *rest = cordon_prefix_scan4(text, end, &address, &length);

		if (rest && (rest == end || *rest == '\n') && !is_full(policy)) {
			error = add4(policy, address, length, &place);
			text = rest;
		} else {
			error = scan_line(policy, &text, end, place, diag);
		}
		text += text < end; /* the newline */
	}
	return error;
}

/* ---- what stands twice ------------------------------------------------------------------- */

/* What two neighbours in the sorted list have in common, whatever their family. */
struct twin {
	struct cordon_prefix prefix;
	struct cordon_prefix_place first;
	struct cordon_prefix_place second;
};

/* Of one zone: what stands twice by way of its files. */
struct repeat {
	size_t count;
	struct twin twin;
};

static struct cordon_position position(const struct cordon_policy *policy,
				       const struct cordon_prefix_place *place)
{
	return (struct cordon_position){ policy->files[place->file], place->line, place->column };
}

static void take_twin(const struct cordon_policy *policy, struct repeat *repeats,
		      const struct twin *twin, struct cordon_diag *diag)
{
	struct cordon_position first = position(policy, &twin->first);
	struct cordon_position second = position(policy, &twin->second);
	const char *name = policy->zones[twin->first.zone].name;
	char text[CORDON_PREFIX_TEXT_SIZE];

	cordon_prefix_format(&twin->prefix, text);
	if (twin->first.zone != twin->second.zone)
		cordon_diag_error(diag, second,
				  "%s is in zone '%s' already (%s:%u:%u); a prefix belongs to one "
				  "zone",
				  text, name, first.file, first.line, first.column);
	else if (!twin->first.file && !twin->second.file)
		cordon_diag_error(diag, second, "%s stands twice in zone '%s' (first in %s:%u:%u)",
				  text, name, first.file, first.line, first.column);
	else if (!repeats[twin->first.zone].count++)
		repeats[twin->first.zone].twin = *twin;
}

static void tell_repeats(const struct cordon_policy *policy, const struct repeat *repeats,
			 struct cordon_diag *diag)
{
	for (size_t i = 0; i < policy->nr_zones; i++) {
		const struct twin *twin = &repeats[i].twin;
		char text[CORDON_PREFIX_TEXT_SIZE];

		if (!repeats[i].count)
			continue;
		cordon_prefix_format(&twin->prefix, text);
		cordon_diag_warning(diag, position(policy, &twin->second),
				    "%zu of the prefixes of zone '%s' stand there more than once; "
				    "the first of them is %s (also in %s:%u:%u)",
				    repeats[i].count, policy->zones[i].name, text,
				    policy->files[twin->first.file], twin->first.line,
				    twin->first.column);
	}
}

static struct cordon_prefix_place place4(const struct cordon_prefix4 *prefix)
{
	return (struct cordon_prefix_place){ prefix->zone, prefix->file, prefix->line,
					     prefix->column };
}

static struct cordon_prefix_place place6(const struct cordon_prefix6 *prefix)
{
	return (struct cordon_prefix_place){ prefix->zone, prefix->file, prefix->line,
					     prefix->column };
}

static void unify4(struct cordon_policy *policy, struct repeat *repeats, struct cordon_diag *diag)
{
	struct cordon_prefix4 *all = policy->prefixes4;
	size_t kept = 0;

	for (size_t i = 0; i < policy->nr_prefixes4; i++) {
		const struct cordon_prefix4 *last = &all[kept ? kept - 1 : 0];

		if (kept && last->address == all[i].address && last->length == all[i].length) {
			struct twin twin = { { 0, last->address, last->length, false },
					     place4(last),
					     place4(&all[i]) };

			take_twin(policy, repeats, &twin, diag);
			continue;
		}
		policy->zones[all[i].zone].nr_prefixes++;
		all[kept++] = all[i];
	}
	policy->nr_prefixes4 = kept;
}

static void unify6(struct cordon_policy *policy, struct repeat *repeats, struct cordon_diag *diag)
{
	struct cordon_prefix6 *all = policy->prefixes6;
	size_t kept = 0;

	for (size_t i = 0; i < policy->nr_prefixes6; i++) {
		const struct cordon_prefix6 *last = &all[kept ? kept - 1 : 0];

		if (kept && last->high == all[i].high && last->low == all[i].low &&
		    last->length == all[i].length) {
			struct twin twin = { { last->high, last->low, last->length, true },
					     place6(last),
					     place6(&all[i]) };

			take_twin(policy, repeats, &twin, diag);
			continue;
		}
		policy->zones[all[i].zone].nr_prefixes++;
		all[kept++] = all[i];
	}
	policy->nr_prefixes6 = kept;
}

/* The room that growing left over goes back; a failure to shrink is none. */
static void *shrink(void *array, size_t count, size_t size)
{
	void *smaller = count ? realloc(array, count * size) : array;

	return smaller ? smaller : array;
}

int cordon_prefix_list_finish(struct cordon_policy *policy, struct cordon_diag *diag)
{
	struct repeat *repeats CLEANUP(free) = calloc(policy->nr_zones + 1, sizeof(*repeats));
	int error;

	if (!repeats)
		return -ENOMEM;
	policy->prefixes4 =
		shrink(policy->prefixes4, policy->nr_prefixes4, sizeof(*policy->prefixes4));
	policy->prefixes6 =
		shrink(policy->prefixes6, policy->nr_prefixes6, sizeof(*policy->prefixes6));
	error = cordon_prefix_sort4(&policy->prefixes4, policy->nr_prefixes4);
	if (!error)
		error = cordon_prefix_sort6(&policy->prefixes6, policy->nr_prefixes6);
	if (error)
		return error;
	unify4(policy, repeats, diag);
	unify6(policy, repeats, diag);
	tell_repeats(policy, repeats, diag);
	return 0;
}
