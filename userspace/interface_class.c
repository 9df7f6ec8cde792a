// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes of interfaces, from the zones that are tied to them.  Patterns are
 * put in the order in which cordon_image_interface_find() tries them, so that
 * the first that fits is the one that counts; its class takes in what the
 * wider patterns behind it say.
 */
#include "interface_class.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

/*
 * struct ties - the zones tied to one pattern
 * @only: the zone without addresses, NULL: none
 * @only_pattern: that made it so
 * @sole: the one zone with addresses, if there is one
 * @nr: zones with addresses
 */
struct ties {
	const struct cordon_policy_zone *only;
	const char *only_pattern;
	uint32_t sole;
	size_t nr;
	__u64 allowed[CORDON_IDENTITY_WORDS];
};

static bool is_prefix(const char *pattern)
{
	size_t length = strlen(pattern);

	return length && pattern[length - 1] == '*';
}

bool cordon_pattern_covers(const char *pattern, const char *other)
{
	if (!is_prefix(pattern))
		return !strcmp(pattern, other);
	return !strncmp(pattern, other, strlen(pattern) - 1);
}

static void allow(__u64 *allowed, uint32_t identity)
{
	allowed[identity / 64] |= 1ULL << identity % 64;
}

static uint32_t identity_of(const struct cordon_policy *policy,
			    const struct cordon_policy_zone *zone)
{
	return cordon_zone_identity((size_t)(zone - policy->zones));
}

/* The first of the zone's patterns that covers @pattern, NULL: not tied. */
static const struct cordon_name_at *find_tie(const struct cordon_policy_zone *zone,
					     const char *pattern)
{
	for (size_t i = 0; i < zone->nr_interfaces; i++) {
		if (cordon_pattern_covers(zone->interfaces[i].text, pattern))
			return &zone->interfaces[i];
	}
	return NULL;
}

static int tie_only(struct ties *ties, const struct cordon_policy_zone *zone,
		    const struct cordon_name_at *tie, const char *pattern, struct cordon_diag *diag)
{
	if (!ties->only) {
		ties->only = zone;
		ties->only_pattern = tie->text;
		return 0;
	}
	/* Said once: where one of the two patterns itself is looked at. */
	if (!strcmp(tie->text, pattern) || !strcmp(ties->only_pattern, pattern))
		cordon_diag_error(
			diag, tie->at,
			"interface \"%s\" of zone \"%s\" is also that of zone \"%s\" (\"%s\"); "
			"only one of them may be without addresses",
			tie->text, zone->name, ties->only->name, ties->only_pattern);
	return -EINVAL;
}

static int find_ties(const struct cordon_policy *policy, const char *pattern,
		     struct cordon_diag *diag, struct ties *ties)
{
	const struct cordon_name_at *tie;
	int err = 0;

	for (size_t i = 0; !err && i < policy->nr_zones; i++) {
		const struct cordon_policy_zone *zone = &policy->zones[i];

		tie = find_tie(zone, pattern);
		if (!tie)
			continue;
		if (!zone->nr_prefixes) {
			err = tie_only(ties, zone, tie, pattern, diag);
			continue;
		}
		ties->sole = identity_of(policy, zone);
		ties->nr++;
		allow(ties->allowed, ties->sole);
	}
	return err;
}

static void allow_untied(const struct cordon_policy *policy, __u64 *allowed)
{
	for (size_t i = 0; i < policy->nr_zones; i++) {
		if (!policy->zones[i].nr_interfaces)
			allow(allowed, cordon_zone_identity(i));
	}
}

static void make_class(const struct cordon_policy *policy, const struct ties *ties,
		       struct cordon_class *class)
{
	memcpy(class->allowed, ties->allowed, sizeof(class->allowed));
	if (ties->nr && !ties->only) {
		class->flags = CORDON_CLASS_CLOSED;
		class->forwarder = ties->nr == 1 ? ties->sole : 0;
		return;
	}
	allow_untied(policy, class->allowed);
	if (ties->only) {
		class->fallback = identity_of(policy, ties->only);
		class->forwarder = class->fallback;
	}
}

/* Index of the one class that is equal to that of @ties. */
static int add_ties(const struct cordon_policy *policy, const struct ties *ties,
		    struct cordon_image *image, uint32_t *ret_class)
{
	struct cordon_class class = { 0 }, *added;

	make_class(policy, ties, &class);
	for (size_t i = 0; i < image->nr_classes; i++) {
		if (!memcmp(&image->classes[i], &class, sizeof(class))) {
			*ret_class = (uint32_t)i;
			return 0;
		}
	}
	if (image->nr_classes == CORDON_INTERFACE_CLASSES_MAX)
		return -E2BIG;
	added = array_push(image->classes, image->nr_classes);
	if (!added)
		return -ENOMEM;
	*added = class;
	*ret_class = (uint32_t)image->nr_classes - 1;
	return 0;
}

static int classify(const struct cordon_policy *policy, const char *pattern,
		    struct cordon_diag *diag, struct cordon_image *image, uint32_t *ret_class)
{
	struct ties ties = { 0 };
	int err;

	err = find_ties(policy, pattern, diag, &ties);
	return err ? err : add_ties(policy, &ties, image, ret_class);
}

/* Exact names first, then the longer prefix. */
static int compare_patterns(const void *left, const void *right)
{
	const struct cordon_image_interface *a = left, *b = right;
	size_t a_length = strlen(a->pattern), b_length = strlen(b->pattern);

	if (is_prefix(a->pattern) != is_prefix(b->pattern))
		return is_prefix(a->pattern) ? 1 : -1;
	if (is_prefix(a->pattern) && a_length != b_length)
		return a_length < b_length ? 1 : -1;
	return strcmp(a->pattern, b->pattern);
}

static int add_pattern(struct cordon_image *image, const char *pattern)
{
	struct cordon_image_interface *added;

	added = array_push(image->interfaces, image->nr_interfaces);
	if (!added)
		return -ENOMEM;
	memcpy(added->pattern, pattern, strnlen(pattern, sizeof(added->pattern) - 1));
	return 0;
}

static int collect_patterns(const struct cordon_policy *policy, struct cordon_image *image)
{
	int err = 0;

	for (size_t i = 0; i < policy->nr_zones; i++) {
		for (size_t j = 0; !err && j < policy->zones[i].nr_interfaces; j++)
			err = add_pattern(image, policy->zones[i].interfaces[j].text);
	}
	for (size_t i = 0; !err && i < policy->nr_choices; i++)
		err = add_pattern(image, policy->choices[i].pattern);
	return err;
}

static void sort_patterns(struct cordon_image *image)
{
	struct cordon_image_interface *all = image->interfaces;
	size_t kept = 0;

	if (!image->nr_interfaces)
		return;
	qsort(all, image->nr_interfaces, sizeof(*all), compare_patterns);
	for (size_t i = 1; i < image->nr_interfaces; i++) {
		if (strcmp(all[kept].pattern, all[i].pattern))
			all[++kept] = all[i];
	}
	image->nr_interfaces = kept + 1;
}

/* Of the choices that cover a pattern the most specific: exact, or the longest. */
static uint32_t choose_mode(const struct cordon_policy *policy, const char *pattern)
{
	const struct cordon_interface_choice *best = NULL;

	for (size_t i = 0; i < policy->nr_choices; i++) {
		const struct cordon_interface_choice *choice = &policy->choices[i];

		if (!cordon_pattern_covers(choice->pattern, pattern))
			continue;
		if (!best || !is_prefix(choice->pattern) ||
		    (is_prefix(best->pattern) && strlen(choice->pattern) > strlen(best->pattern)))
			best = choice;
	}
	return best ? best->mode : CORDON_MODE_AUTO;
}

static int too_many(const struct cordon_policy *policy, struct cordon_diag *diag)
{
	struct cordon_position at = { policy->nr_files ? policy->files[0] : NULL, 0, 0 };

	cordon_diag_error(diag, at, "zones are tied to interfaces in more than %d different ways",
			  CORDON_INTERFACE_CLASSES_MAX);
	return -EINVAL;
}

int cordon_interface_classes(const struct cordon_policy *policy, struct cordon_diag *diag,
			     struct cordon_image *image)
{
	const struct ties untied = { 0 };
	int err, first_err = 0;
	uint32_t class;

	err = add_ties(policy, &untied, image, &class);
	if (!err)
		err = collect_patterns(policy, image);
	if (err)
		return err;
	sort_patterns(image);
	for (size_t i = 0; i < image->nr_interfaces; i++) {
		struct cordon_image_interface *interface = &image->interfaces[i];

		interface->mode = choose_mode(policy, interface->pattern);
		err = classify(policy, interface->pattern, diag, image, &interface->class);
		if (err == -E2BIG)
			return too_many(policy, diag);
		if (err && err != -EINVAL)
			return err;
		first_err = first_err ? first_err : err;
	}
	return first_err;
}
