// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pinned maps and their contents, read and mapped.  Decides nothing.
 */
#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "latch.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define READ_BATCH 256U

static const char *const map_names[CORDON_MAP_COUNT] = {
#define CORDON_MAP_NAME(name, text) [CORDON_MAP_##name] = text,
	CORDON_MAPS(CORDON_MAP_NAME)
#undef CORDON_MAP_NAME
};

static const struct {
	enum cordon_map map;
	const char *name;
} tables[CORDON_TABLE_COUNT] = {
	[CORDON_TABLE_SETTINGS] = { CORDON_MAP_SETTINGS_OF, "settings" },
	[CORDON_TABLE_HEAD] = { CORDON_MAP_HEAD_OF, "head" },
	[CORDON_TABLE_PREFIXES] = { CORDON_MAP_PREFIXES_OF, "prefixes" },
	[CORDON_TABLE_MATRIX] = { CORDON_MAP_MATRIX_OF, "matrix" },
	[CORDON_TABLE_PAGES] = { CORDON_MAP_PAGES_OF, "pages" },
	[CORDON_TABLE_CLASSES] = { CORDON_MAP_CLASSES_OF, "classes" },
	[CORDON_TABLE_FLOWS] = { CORDON_MAP_FLOWS_OF, "flows" },
	[CORDON_TABLE_NOTES] = { CORDON_MAP_NOTES_OF, "notes" },
	[CORDON_TABLE_ZONES] = { CORDON_MAP_ZONES_OF, "zones" },
};

enum cordon_map cordon_table_map(enum cordon_table_id table)
{
	return tables[table].map;
}

const char *cordon_map_name(enum cordon_map map)
{
	return map_names[map];
}

const char *cordon_table_name(enum cordon_table_id table)
{
	return tables[table].name;
}

struct cordon_maps cordon_maps_none(void)
{
	struct cordon_maps maps = { .cpus = 0 };

	for (int i = 0; i < CORDON_MAP_COUNT; i++)
		maps.fd[i] = -1;
	return maps;
}

static void *map_memory(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* mmap() wants whole pages, but a map's memory is rounded up to them. */
static int map_parts(struct cordon_maps *maps, int protection)
{
	maps->control =
		map_memory(maps->fd[CORDON_MAP_CONTROL], sizeof(*maps->control), protection);
	maps->rules = map_memory(maps->fd[CORDON_MAP_RULES],
				 CORDON_RULE_SLOTS * sizeof(*maps->rules), protection);
	maps->interfaces = map_memory(maps->fd[CORDON_MAP_INTERFACES],
				      CORDON_INTERFACES_MAX * sizeof(*maps->interfaces),
				      protection);
	return maps->control && maps->rules && maps->interfaces ? 0 : -errno;
}

static int open_pins(const struct cordon_context *context, struct cordon_maps *maps,
		     struct cordon_failure *failure)
{
	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		const struct cordon_path path = cordon_path_pin(context, "maps", map_names[i]);

		maps->fd[i] = bpf_obj_get(path.text);
		if (maps->fd[i] == -ENOENT)
			return cordon_fail(failure, -ENOENT, "nothing is loaded here (no %s)",
					   path.text);
		if (maps->fd[i] < 0 && geteuid())
			return cordon_fail(failure, maps->fd[i], "this needs root");
		if (maps->fd[i] < 0)
			return cordon_fail(failure, maps->fd[i], "cannot open %s: %s", path.text,
					   strerror(-maps->fd[i]));
	}
	return 0;
}

int cordon_maps_open(const struct cordon_context *context, struct cordon_failure *failure,
		     struct cordon_maps *ret_maps)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	const int cpus = libbpf_num_possible_cpus();
	const int protection = context->reads ? PROT_READ : PROT_READ | PROT_WRITE;
	int error;

	error = open_pins(context, &maps, failure);
	if (error)
		return error;
	error = cpus < 0 ? cpus : map_parts(&maps, protection);
	if (error)
		return cordon_fail(failure, error, "cannot map %s/maps/control: %s", context->bpffs,
				   strerror(-error));
	maps.cpus = (unsigned int)cpus;
	*ret_maps = maps;
	maps = cordon_maps_none();
	return 0;
}

void cordon_maps_close(struct cordon_maps *maps)
{
	if (maps->control)
		munmap(maps->control, sizeof(*maps->control));
	if (maps->rules)
		munmap(maps->rules, CORDON_RULE_SLOTS * sizeof(*maps->rules));
	if (maps->interfaces)
		munmap(maps->interfaces, CORDON_INTERFACES_MAX * sizeof(*maps->interfaces));
	for (int i = 0; i < CORDON_MAP_COUNT; i++) {
		if (maps->fd[i] >= 0)
			close(maps->fd[i]);
	}
	*maps = cordon_maps_none();
}

void cordon_area_close(struct cordon_area *area)
{
	if (area->cells)
		munmap(area->cells, (size_t)area->count * area->size);
	memset(area, 0, sizeof(*area));
}

static int open_area(int fd, bool write, struct cordon_area *ret_area)
{
	struct bpf_map_info info = { 0 };
	struct cordon_area area;
	__u32 size = sizeof(info);
	int error;

	error = bpf_map_get_info_by_fd(fd, &info, &size);
	if (error)
		return error;
	area.count = info.max_entries;
	area.size = info.value_size;
	area.map_id = info.id;
	area.cells = map_memory(fd, (size_t)area.count * area.size,
				write ? PROT_READ | PROT_WRITE : PROT_READ);
	if (!area.cells)
		return -ENOMEM;
	*ret_area = area;
	return 0;
}

int cordon_table_open(const struct cordon_maps *maps, enum cordon_table_id table, uint32_t slot,
		      bool write, struct cordon_area *ret_area)
{
	int fd CLEANUP(close) = -1;
	uint32_t id;
	int error;

	error = bpf_map_lookup_elem(maps->fd[tables[table].map], &slot, &id);
	if (error)
		return error;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	return open_area(fd, write, ret_area);
}

/* Generation that a half of the slots holds, 0 for none. */
static uint32_t stored_generation(const struct cordon_maps *maps, uint32_t parity)
{
	struct cordon_area area = { 0 };
	uint32_t generation;

	if (cordon_table_open(maps, CORDON_TABLE_SETTINGS, cordon_slot(parity, 0), false, &area))
		return 0;
	generation = ((const struct cordon_settings *)area.cells)->generation;
	cordon_area_close(&area);
	return generation && (generation & 1) == parity ? generation : 0;
}

/*
 * The other half of the slots may hold one that was built and never came into
 * force.  Numbers go up and a half is written over by the next attempt, so a
 * lower one than that in force was in force before it; a higher one was only
 * if a rollback says so.
 */
static uint32_t former_generation(const struct cordon_control *control,
				  const struct cordon_standing *standing)
{
	if (standing->lapsed || standing->other == standing->effective)
		return 0;
	if (standing->other < standing->effective || standing->other == control->former)
		return standing->other;
	return 0;
}

static uint64_t lease_left(const struct cordon_control *control, uint64_t now)
{
	const uint64_t by = __atomic_load_n(&control->lease_by, __ATOMIC_ACQUIRE);

	return by > now ? by - now : 0;
}

struct cordon_standing cordon_standing_read(const struct cordon_maps *maps)
{
	const struct cordon_control *control = maps->control;
	const uint64_t by = __atomic_load_n(&control->confirm_by, __ATOMIC_ACQUIRE);
	const uint64_t now = cordon_clock_ns();
	struct cordon_standing standing = { 0 };

	standing.named = __atomic_load_n(&control->generation, __ATOMIC_ACQUIRE);
	standing.stored_latch = __atomic_load_n(&control->latch, __ATOMIC_ACQUIRE);
	standing.lease_ns = lease_left(control, now);
	standing.latch = cordon_control_level(control, now);
	standing.effective = standing.named;
	/* Killed between the stores, a switch leaves a time but nothing to confirm. */
	if (by && control->former != standing.named) {
		standing.lapsed = now >= by;
		standing.pending = !standing.lapsed;
		standing.left_ns = standing.pending ? by - now : 0;
	}
	if (standing.lapsed)
		standing.effective = control->former;
	standing.other = stored_generation(maps, ~standing.effective & 1);
	standing.former = former_generation(control, &standing);
	return standing;
}

int cordon_view_open(const struct cordon_maps *maps, uint32_t generation, uint32_t latch,
		     struct cordon_view *ret_view)
{
	struct cordon_view view CLEANUP(view) = { 0 };

	for (int i = 0; i < CORDON_TABLE_COUNT; i++) {
		int error;

		/* Megabytes that few look at: cordon_table_open() has them. */
		if (i == CORDON_TABLE_FLOWS || i == CORDON_TABLE_NOTES)
			continue;
		error = cordon_table_open(maps, i, cordon_slot(generation, latch), false,
					  &view.area[i]);
		if (error && i != CORDON_TABLE_ZONES)
			return error;
	}
	view.settings = view.area[CORDON_TABLE_SETTINGS].cells;
	if (view.settings->generation != generation)
		return -ENOENT;
	*ret_view = view;
	memset(&view, 0, sizeof(view));
	return 0;
}

void cordon_view_close(struct cordon_view *view)
{
	for (int i = 0; i < CORDON_TABLE_COUNT; i++)
		cordon_area_close(&view->area[i]);
}

int cordon_map_read_all(const struct cordon_maps *maps, enum cordon_map map, uint32_t entries,
			size_t size, void *values)
{
	uint32_t *keys CLEANUP(free) = calloc(READ_BATCH, sizeof(*keys));
	uint32_t cursor = 0;

	if (!keys)
		return -ENOMEM;
	for (uint32_t done = 0; done < entries;) {
		uint32_t count = entries - done < READ_BATCH ? entries - done : READ_BATCH;
		const int error = bpf_map_lookup_batch(maps->fd[map], done ? &cursor : NULL,
						       &cursor, keys, (char *)values + done * size,
						       &count, NULL);

		if (error && error != -ENOENT)
			return error;
		if (!count)
			return -EIO;
		done += count;
	}
	return 0;
}

int cordon_counters_read(const struct cordon_maps *maps, enum cordon_map map, uint32_t entries,
			 struct cordon_counter *ret_counters)
{
	const size_t size = sizeof(struct cordon_counter) * maps->cpus;
	struct cordon_counter *all CLEANUP(free) = calloc(entries, size);
	int error;

	if (!all)
		return -ENOMEM;
	error = cordon_map_read_all(maps, map, entries, size, all);
	if (error)
		return error;
	for (uint32_t i = 0; i < entries; i++) {
		const struct cordon_counter *cpu = all + (size_t)i * maps->cpus;

		ret_counters[i] = cpu[0];
		for (unsigned int j = 1; j < maps->cpus; j++) {
			ret_counters[i].packets += cpu[j].packets;
			ret_counters[i].bytes += cpu[j].bytes;
		}
	}
	return 0;
}

static void add_traffic(struct cordon_traffic *sum, const struct cordon_traffic *part)
{
	sum->packets += part->packets;
	sum->bytes += part->bytes;
}

int cordon_interface_counts_read(const struct cordon_maps *maps,
				 struct cordon_interface_counter *ret_counts)
{
	const size_t size = sizeof(struct cordon_interface_counter) * maps->cpus;
	struct cordon_interface_counter *all CLEANUP(free) = calloc(CORDON_INTERFACES_MAX, size);
	int error;

	if (!all)
		return -ENOMEM;
	error = cordon_map_read_all(maps, CORDON_MAP_INTERFACE_COUNTS, CORDON_INTERFACES_MAX, size,
				    all);
	if (error)
		return error;
	memset(ret_counts, 0, CORDON_INTERFACES_MAX * sizeof(*ret_counts));
	for (size_t i = 0; i < (size_t)CORDON_INTERFACES_MAX * maps->cpus; i++) {
		struct cordon_interface_counter *sum = &ret_counts[i / maps->cpus];

		add_traffic(&sum->in, &all[i].in);
		add_traffic(&sum->out, &all[i].out);
		add_traffic(&sum->in_denied, &all[i].in_denied);
		add_traffic(&sum->out_denied, &all[i].out_denied);
	}
	return 0;
}

int cordon_losses_read(const struct cordon_maps *maps, enum cordon_event_class class,
		       struct cordon_losses *ret_losses)
{
	struct cordon_loss *all CLEANUP(free) = calloc(maps->cpus, sizeof(*all));
	struct cordon_losses sum = { 0 };
	const uint32_t key = class;
	int error;

	if (!all)
		return -ENOMEM;
	error = bpf_map_lookup_elem(maps->fd[CORDON_MAP_LOSSES], &key, all);
	if (error)
		return error;
	for (unsigned int i = 0; i < maps->cpus; i++) {
		sum.records += all[i].sequence;
		sum.lost += all[i].lost;
		sum.held += all[i].held;
	}
	*ret_losses = sum;
	return 0;
}

int cordon_denials_read(const struct cordon_maps *maps, struct cordon_denial *ret_denials)
{
	return cordon_map_read_all(maps, CORDON_MAP_DENIALS, CORDON_DENIAL_SLOTS,
				   sizeof(*ret_denials) * maps->cpus, ret_denials);
}

int cordon_hash_get(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    void *ret_value)
{
	return bpf_map_lookup_elem(maps->fd[map], key, ret_value);
}

int cordon_hash_set(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    const void *value)
{
	return bpf_map_update_elem(maps->fd[map], key, value, BPF_ANY);
}

int cordon_hash_add(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    const void *value)
{
	return bpf_map_update_elem(maps->fd[map], key, value, BPF_NOEXIST);
}

int cordon_hash_drop(const struct cordon_maps *maps, enum cordon_map map, const void *key)
{
	const int error = bpf_map_delete_elem(maps->fd[map], key);

	return error == -ENOENT ? 0 : error;
}

/* A key that goes while we walk makes the kernel start over; the bound keeps
 * that from going on for ever, and a key seen twice does no harm. */
int cordon_hash_keys(const struct cordon_maps *maps, enum cordon_map map, size_t size,
		     void **ret_keys, size_t *ret_nr)
{
	const size_t most = CORDON_WORKLOAD_CGROUPS_MAX * 2;
	char *keys CLEANUP(free) = calloc(most, size);
	size_t nr = 0;

	if (!keys)
		return -ENOMEM;
	while (nr < most && !bpf_map_get_next_key(maps->fd[map], nr ? keys + (nr - 1) * size : NULL,
						  keys + nr * size))
		nr++;
	*ret_keys = TAKE(keys);
	*ret_nr = nr;
	return 0;
}
