// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks an image as if an enemy had written it.  Each table is followed the
 * way the programs follow it; what cannot be reached is not looked at.  It
 * must trust nothing in the image but the lengths of its arrays.
 */
#include "image_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cordon/log.h>
#include <cordon/uapi/flow.h>
#include <cordon/uapi/reason.h>

#include "service_trie.h"
#include "util/cleanup.h"

#define CELLS_PER_PAGE CORDON_PREFIX_PAGE_CELLS

/* Depths at which a page of the service trie may stand. */
#define PAGE_IS_ROOT 1
#define PAGE_IS_MIDDLE 2
#define PAGE_IS_LEAF 4

/*
 * struct prefix_walk
 * @budget: cells that may still be looked at.  In a table that was built no
 *	cell is used twice, so it is as many as there are: a table whose parts
 *	overlap, which could take for ever, runs out of it.
 */
struct prefix_walk {
	const struct cordon_image *image;
	uint64_t nr_cells;
	uint64_t budget;
};

static bool is_text(const char *text, size_t size)
{
	return memchr(text, 0, size);
}

static bool is_zone(const struct cordon_image *image, uint32_t identity)
{
	return identity >= CORDON_IDENTITY_FIRST &&
	       identity - CORDON_IDENTITY_FIRST < image->settings.zones;
}

static bool is_zone_or_stranger(const struct cordon_image *image, uint32_t identity)
{
	return identity == CORDON_IDENTITY_STRANGER || is_zone(image, identity);
}

/* ---- settings and lengths ---- */

static bool are_settings_sound(const struct cordon_settings *settings)
{
	return !(settings->flags & ~CORDON_SETTINGS_KNOWN_FLAGS) &&
	       !(settings->builtins_off >> CORDON_BUILTIN_COUNT) &&
	       settings->zones < CORDON_IDENTITIES_MAX &&
	       settings->workloads < CORDON_IDENTITIES_MAX &&
	       settings->identities <= CORDON_IDENTITIES_MAX &&
	       settings->identities ==
		       CORDON_IDENTITY_FIRST + settings->zones + settings->workloads &&
	       settings->flow_buckets >= CORDON_FLOWS_MIN / CORDON_FLOW_WAYS &&
	       settings->flow_buckets <= CORDON_FLOWS_MAX / CORDON_FLOW_WAYS &&
	       settings->lease_latch < CORDON_LATCH_LEVELS &&
	       settings->kernel_closed_from < CORDON_LATCH_LEVELS &&
	       settings->watch_latch < CORDON_LATCH_LEVELS &&
	       settings->watch_seconds <= CORDON_MODULE_WATCH_MAX &&
	       settings->log_bytes >= CORDON_LOG_LIMIT_MIN &&
	       settings->log_bytes <= CORDON_LOG_LIMIT_MAX &&
	       is_text(settings->node, sizeof(settings->node));
}

static bool are_lengths_sound(const struct cordon_image *image)
{
	const size_t identities = image->settings.identities;

	return image->nr_cells == identities * identities && image->nr_zones == identities &&
	       image->nr_pages >= 1 && image->nr_pages <= CORDON_PAGES_MAX &&
	       image->nr_classes >= 1 && image->nr_classes <= CORDON_INTERFACE_CLASSES_MAX &&
	       image->nr_rules <= CORDON_RULES_MAX && image->settings.rules <= image->nr_rules &&
	       image->nr_workloads <= CORDON_WORKLOAD_PATHS_MAX &&
	       image->nr_certificates <= CORDON_POLICY_CERTIFICATES_MAX &&
	       image->nr_lockdown <= CORDON_POLICY_LOCKDOWN_MAX &&
	       image->nr_backstop_rules <= CORDON_MODULE_RULES_MAX &&
	       image->nr_backstop_prefixes <= CORDON_MODULE_PREFIXES_MAX &&
	       image->nr_prefixes >= 1 &&
	       image->nr_prefixes <= CORDON_PREFIX_VALUE_MASK / CELLS_PER_PAGE;
}

/* ---- prefixes ---- */

static const struct cordon_prefix_cell *cell_at(const struct prefix_walk *walk, uint64_t index)
{
	return &walk->image->prefixes[index / CELLS_PER_PAGE].cell[index % CELLS_PER_PAGE];
}

/* Whether @count cells from @first on are there, and were not too many. */
static bool take_cells(struct prefix_walk *walk, uint64_t first, uint64_t count)
{
	if (first > walk->nr_cells || count > walk->nr_cells - first || count > walk->budget)
		return false;
	walk->budget -= count;
	return true;
}

/* A result that is not a descent. */
static bool is_identity_sound(const struct prefix_walk *walk, uint32_t result)
{
	return (result & ~CORDON_PREFIX_VALUE_MASK) == CORDON_PREFIX_RESULT &&
	       is_zone_or_stranger(walk->image, result & CORDON_PREFIX_VALUE_MASK);
}

/* @words: of the address that are left after the one whose prefix goes on */
static bool is_lone_sound(struct prefix_walk *walk, uint32_t index, unsigned int words)
{
	const uint32_t length = cell_at(walk, index)->second >> CORDON_PREFIX_LONE_SHIFT;

	return take_cells(walk, index, CORDON_PREFIX_LONE_CELLS) &&
	       length > 32 * (CORDON_PREFIX_WORDS_MAX - words) &&
	       length <= 32 * CORDON_PREFIX_WORDS_MAX &&
	       is_identity_sound(walk, cell_at(walk, index + 2)->first) &&
	       is_identity_sound(walk, cell_at(walk, index + 2)->second);
}

static bool is_node_sound(struct prefix_walk *walk, uint32_t direct, uint32_t bits,
			  unsigned int words);

/* @words: of the address that are left; 0: no descent is possible */
static bool is_result_sound(struct prefix_walk *walk, uint32_t result, unsigned int words)
{
	const uint32_t index = result & CORDON_PREFIX_VALUE_MASK;

	if (!(result & CORDON_PREFIX_RESULT) || !(result & CORDON_PREFIX_DESCEND))
		return is_identity_sound(walk, result);
	if (!words || index >= walk->nr_cells)
		return false;
	if ((cell_at(walk, index)->second & CORDON_PREFIX_LONE) == CORDON_PREFIX_LONE)
		return is_lone_sound(walk, index, words);
	return take_cells(walk, index, 1) && is_node_sound(walk, cell_at(walk, index)->first,
							   cell_at(walk, index)->second, words - 1);
}

static bool are_ranges_sound(struct prefix_walk *walk, uint32_t first, uint32_t count,
			     unsigned int words)
{
	if (!count || !take_cells(walk, first, count))
		return false;
	for (uint64_t i = first; i < (uint64_t)first + count; i++) {
		if (i > first && cell_at(walk, i)->first <= cell_at(walk, i - 1)->first)
			return false;
		if (!is_result_sound(walk, cell_at(walk, i)->second, words))
			return false;
	}
	return true;
}

static bool is_split_sound(const struct prefix_walk *walk, uint32_t second, uint32_t bits)
{
	const uint32_t mask = (1U << CORDON_PREFIX_IDENTITY_BITS) - 1;

	for (unsigned int i = 0; i < 3; i++) {
		if (!is_zone_or_stranger(walk->image,
					 second >> i * CORDON_PREFIX_IDENTITY_BITS & mask))
			return false;
	}
	return bits >= CORDON_PREFIX_SPLIT_BITS;
}

/* Recursion: one level a word. */
static bool is_node_sound(struct prefix_walk *walk, uint32_t direct, uint32_t bits,
			  unsigned int words)
{
	if (bits > CORDON_PREFIX_DIRECT_BITS_MAX || !take_cells(walk, direct, 1ULL << bits))
		return false;
	for (uint64_t i = direct; i < direct + (1ULL << bits); i++) {
		const struct cordon_prefix_cell *cell = cell_at(walk, i);
		bool sound;

		if (cell->second & CORDON_PREFIX_RESULT)
			sound = is_result_sound(walk, cell->second, words);
		else if (cell->second & CORDON_PREFIX_SPLIT)
			sound = is_split_sound(walk, cell->second, bits);
		else
			sound = are_ranges_sound(walk, cell->first, cell->second, words);
		if (!sound)
			return false;
	}
	return true;
}

static bool are_prefixes_sound(const struct cordon_image *image)
{
	const uint64_t nr = (uint64_t)image->nr_prefixes * CELLS_PER_PAGE;
	struct prefix_walk walk = { .image = image, .nr_cells = nr, .budget = nr };
	const struct cordon_prefix_root *ipv4 = &image->settings.ipv4;
	const struct cordon_prefix_root *ipv6 = &image->settings.ipv6;

	return is_node_sound(&walk, ipv4->direct, ipv4->bits, 0) &&
	       is_node_sound(&walk, ipv6->direct, ipv6->bits, CORDON_PREFIX_WORDS_MAX - 1);
}

/* ---- matrix and service trie ---- */

static bool mark_roots(const struct cordon_image *image, const struct cordon_cell *matrix,
		       uint8_t *marks)
{
	for (size_t i = 0; i < image->nr_cells; i++) {
		if (matrix[i].page >= image->nr_pages)
			return false;
		marks[matrix[i].page] |= PAGE_IS_ROOT;
	}
	return true;
}

/* What pages of one depth lead to stands at the next. */
static bool mark_next(const struct cordon_image *image, uint8_t depth, uint8_t next, uint8_t *marks)
{
	for (size_t i = 1; i < image->nr_pages; i++) {
		if (!(marks[i] & depth))
			continue;
		for (unsigned int j = 0; j < CORDON_PAGE_ENTRIES; j++) {
			if (image->pages[i].next[j] >= image->nr_pages)
				return false;
			marks[image->pages[i].next[j]] |= next;
		}
	}
	return true;
}

static bool is_leaf_sound(const struct cordon_image *image, const struct cordon_page *page)
{
	for (unsigned int i = 0; i < CORDON_PAGE_ENTRIES; i++) {
		const uint16_t slot = page->next[i];

		if (slot && (slot < CORDON_RULE_SLOT_FIRST ||
			     slot >= CORDON_RULE_SLOT_FIRST + image->nr_rules))
			return false;
	}
	return true;
}

/* A leaf stands where leaves do, and nothing else does. */
static bool are_pages_sound(const struct cordon_image *image, const uint8_t *marks)
{
	static const struct cordon_page empty;

	if (memcmp(&image->pages[0], &empty, sizeof(empty)) || image->leaf[0])
		return false;
	for (size_t i = 1; i < image->nr_pages; i++) {
		if (image->leaf[i] > 1)
			return false;
		if (image->leaf[i] && (marks[i] & (PAGE_IS_ROOT | PAGE_IS_MIDDLE)))
			return false;
		if (!image->leaf[i] && (marks[i] & PAGE_IS_LEAF))
			return false;
		if (image->leaf[i] && !is_leaf_sound(image, &image->pages[i]))
			return false;
	}
	return true;
}

/* The pages are sound. @of_root: as in compile.c */
static bool are_services_sound(const struct cordon_image *image, const struct cordon_cell *matrix,
			       uint32_t *of_root)
{
	for (size_t i = 0; i < image->nr_cells; i++) {
		uint32_t *services = &of_root[matrix[i].page];

		if (matrix[i].page && !*services)
			*services = cordon_trie_services(image->pages, matrix[i].page);
		if (matrix[i].services != *services)
			return false;
	}
	return true;
}

static int check_services(const struct cordon_image *image)
{
	uint32_t *of_root CLEANUP(free) = calloc(image->nr_pages, sizeof(*of_root));

	if (!of_root)
		return -ENOMEM;
	for (int i = 0; i < CORDON_MATRICES; i++) {
		if (!are_services_sound(image, image->matrix[i], of_root))
			return -EBADMSG;
	}
	return 0;
}

static int check_rules(const struct cordon_image *image)
{
	uint8_t *marks CLEANUP(free) = calloc(image->nr_pages, 1);

	if (!marks)
		return -ENOMEM;
	for (int i = 0; i < CORDON_MATRICES; i++) {
		if (!mark_roots(image, image->matrix[i], marks))
			return -EBADMSG;
	}
	if (!mark_next(image, PAGE_IS_ROOT, PAGE_IS_MIDDLE, marks) ||
	    !mark_next(image, PAGE_IS_MIDDLE, PAGE_IS_LEAF, marks) ||
	    !are_pages_sound(image, marks))
		return -EBADMSG;
	return check_services(image);
}

/* ---- classes, names, interfaces, workloads ---- */

static bool is_class_sound(const struct cordon_image *image, const struct cordon_class *class)
{
	if (!is_zone_or_stranger(image, class->fallback) ||
	    !is_zone_or_stranger(image, class->forwarder) || class->pad ||
	    (class->flags & ~CORDON_CLASS_CLOSED))
		return false;
	for (uint32_t i = 0; i < CORDON_IDENTITIES_MAX; i++) {
		if (class->allowed[i / 64] >> i % 64 & 1 && !is_zone(image, i))
			return false;
	}
	return true;
}

static bool are_classes_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_classes; i++) {
		if (!is_class_sound(image, &image->classes[i]))
			return false;
	}
	return true;
}

static bool are_zones_sound(const struct cordon_image *image)
{
	for (uint32_t i = 0; i < image->nr_zones; i++) {
		const uint32_t kind = i < CORDON_IDENTITY_FIRST ? CORDON_IDENTITY_KIND_BUILTIN :
				      is_zone(image, i)		? CORDON_IDENTITY_KIND_ZONE :
								  CORDON_IDENTITY_KIND_WORKLOAD;

		if (image->zones[i].kind != kind || image->zones[i].pad ||
		    !is_text(image->zones[i].name, CORDON_NAME_SIZE))
			return false;
	}
	return true;
}

static bool are_names_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_rules; i++) {
		const struct cordon_image_rule *rule = &image->rules[i];

		if (!is_text(rule->rule.name, sizeof(rule->rule.name)) ||
		    !is_text(rule->rule.from, sizeof(rule->rule.from)) ||
		    !is_text(rule->rule.to, sizeof(rule->rule.to)) ||
		    !is_text(rule->rule.services, sizeof(rule->rule.services)) ||
		    rule->keep != (i >= image->settings.rules) || rule->pad)
			return false;
	}
	return true;
}

static bool are_interfaces_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_interfaces; i++) {
		const struct cordon_image_interface *interface = &image->interfaces[i];

		if (!interface->pattern[0] ||
		    !is_text(interface->pattern, sizeof(interface->pattern)) ||
		    interface->class >= image->nr_classes || interface->mode > CORDON_MODE_EXCLUDE)
			return false;
	}
	return true;
}

static bool are_workloads_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_workloads; i++) {
		const struct cordon_image_workload *workload = &image->workloads[i];

		if (!workload->path.path[0] ||
		    !is_text(workload->path.path, sizeof(workload->path.path)) ||
		    workload->identity >= image->settings.identities ||
		    workload->identity < CORDON_IDENTITY_FIRST ||
		    is_zone(image, workload->identity) || workload->pad)
			return false;
	}
	return true;
}

static bool are_certificates_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_certificates; i++) {
		const struct cordon_image_certificate *certificate = &image->certificates[i];

		if (certificate->path[0] != '/' ||
		    !is_text(certificate->path, sizeof(certificate->path)))
			return false;
	}
	return true;
}

/* Paths that are followed to destroy what is there. */
static bool is_lockdown_path(uint32_t kind)
{
	return kind == CORDON_LOCKDOWN_PROGRAM || kind == CORDON_LOCKDOWN_FILE ||
	       kind == CORDON_LOCKDOWN_OPENER || kind == CORDON_LOCKDOWN_LUKS ||
	       kind == CORDON_LOCKDOWN_WIPE || kind == CORDON_LOCKDOWN_LIBRARY;
}

static bool is_lockdown_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		if (entry->kind >= CORDON_LOCKDOWN_KIND_COUNT || entry->pad || !entry->text[0] ||
		    !is_text(entry->text, sizeof(entry->text)) ||
		    !is_text(entry->secret, sizeof(entry->secret)) ||
		    (is_lockdown_path(entry->kind) && (entry->text[0] != '/' || !entry->text[1])))
			return false;
	}
	return true;
}

/* What it says is the module's to check, which believes nobody. */
static bool is_backstop_sound(const struct cordon_image *image)
{
	for (size_t i = 0; i < image->nr_backstop_rules; i++) {
		const struct cordon_module_rule *rule = &image->backstop_rules[i];

		if (rule->way > CORDON_MODULE_WAY_FORWARD ||
		    rule->from + rule->froms > (int)image->nr_backstop_prefixes ||
		    rule->to + rule->tos > (int)image->nr_backstop_prefixes)
			return false;
	}
	return true;
}

int cordon_image_check(const struct cordon_image *image)
{
	if (!are_settings_sound(&image->settings) || !are_lengths_sound(image) ||
	    !are_prefixes_sound(image) || !are_classes_sound(image) || !are_zones_sound(image) ||
	    !are_names_sound(image) || !are_interfaces_sound(image) ||
	    !are_workloads_sound(image) || !are_certificates_sound(image) ||
	    !is_lockdown_sound(image) || !is_backstop_sound(image))
		return -EBADMSG;
	return check_rules(image);
}
