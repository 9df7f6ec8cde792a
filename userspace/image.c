// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be asked of an image, and its end.  It must not change one.
 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/connection.h>
#include <cordon/uapi/flow.h>
#include <cordon/uapi/reason.h>
#include <cordon/uapi/record.h>

#include "interface_class.h"

#define PAGE_BYTES 4096UL

const struct cordon_image_interface *cordon_image_interface_find(const struct cordon_image *image,
								 const char *name)
{
	for (size_t i = 0; i < image->nr_interfaces; i++) {
		if (cordon_pattern_covers(image->interfaces[i].pattern, name))
			return &image->interfaces[i];
	}
	return NULL;
}

static size_t pages_of(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

/* An array that can be mapped: a page for the map itself, then whole pages. */
static size_t mapped_array(size_t length, size_t size)
{
	return PAGE_BYTES + pages_of(length * ((size + 7) & ~7UL));
}

/* A pointer a place, and for each CPU the value. */
static size_t per_cpu_array(size_t length, size_t size, unsigned int cpus)
{
	return pages_of(length * sizeof(void *)) + length * ((size + 7) & ~7UL) * cpus;
}

/* The tables of a generation; heads and matrices for each set of rules that may hold. */
static size_t generation_memory(const struct cordon_image *image)
{
	return mapped_array(1, sizeof(image->settings)) +
	       CORDON_MATRICES * mapped_array(1, sizeof(struct cordon_head)) +
	       mapped_array(image->nr_prefixes, sizeof(*image->prefixes)) +
	       CORDON_MATRICES * mapped_array(image->nr_cells, sizeof(struct cordon_cell)) +
	       mapped_array(image->nr_pages, sizeof(*image->pages)) +
	       mapped_array(image->nr_classes, sizeof(*image->classes));
}

size_t cordon_image_memory(const struct cordon_image *image, unsigned int cpus)
{
	const uint32_t notes =
		image->settings.flags & CORDON_SETTINGS_FLOWS ? image->settings.flow_buckets : 1;

	return generation_memory(image) +
	       mapped_array(image->settings.flow_buckets, sizeof(struct cordon_flow_bucket)) +
	       mapped_array(notes, sizeof(struct cordon_note_bucket)) +
	       mapped_array(CORDON_IDENTITIES_MAX, sizeof(struct cordon_zone)) +
	       mapped_array(CORDON_RULE_SLOTS, sizeof(struct cordon_rule)) +
	       mapped_array(CORDON_INTERFACES_MAX, sizeof(struct cordon_interface)) +
	       per_cpu_array(CORDON_RULE_SLOTS, sizeof(struct cordon_counter), cpus) +
	       per_cpu_array(CORDON_REASON_COUNT, sizeof(struct cordon_counter), cpus) +
	       per_cpu_array(CORDON_INTERFACES_MAX, sizeof(struct cordon_interface_counter), cpus) +
	       per_cpu_array(CORDON_DENIAL_SLOTS, sizeof(struct cordon_denial), cpus);
}

void cordon_image_free(struct cordon_image *image)
{
	if (!image)
		return;
	free(image->prefixes);
	for (int i = 0; i < CORDON_MATRICES; i++)
		free(image->matrix[i]);
	free(image->pages);
	free(image->leaf);
	free(image->classes);
	free(image->zones);
	free(image->rules);
	free(image->interfaces);
	free(image->workloads);
	free(image->certificates);
	free(image->lockdown);
	free(image->backstop_rules);
	free(image->backstop_prefixes);
	free(image);
}
