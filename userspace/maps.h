/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pinned maps, as userspace uses them: opened by name, and the tables of
 * one generation mapped into memory.  Implemented by load_maps.c; it must not
 * decide what stands in them.
 */
#ifndef CORDON_MAPS_H
#define CORDON_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/connection.h>
#include <cordon/uapi/flow.h>
#include <cordon/uapi/policy.h>
#include <cordon/uapi/record.h>

#include "context.h"

/* X(NAME, "pin and map name") of what the programs share, and zones_of, which
 * no program reads. */
#define CORDON_MAPS(X)                                                                             \
	X(CONTROL, "control")                                                                      \
	X(MODULE_LATCH, "module_latch")                                                            \
	X(SETTINGS_OF, "settings_of")                                                              \
	X(HEAD_OF, "head_of")                                                                      \
	X(PREFIXES_OF, "prefixes_of")                                                              \
	X(MATRIX_OF, "matrix_of")                                                                  \
	X(PAGES_OF, "pages_of")                                                                    \
	X(CLASSES_OF, "classes_of")                                                                \
	X(FLOWS_OF, "flows_of")                                                                    \
	X(ZONES_OF, "zones_of")                                                                    \
	X(NOTES_OF, "notes_of")                                                                    \
	X(RULES, "rules")                                                                          \
	X(COUNTERS, "counters")                                                                    \
	X(REASONS, "reasons")                                                                      \
	X(INTERFACES, "interfaces")                                                                \
	X(INTERFACE_COUNTS, "interface_counts")                                                    \
	X(VLANS, "vlans")                                                                          \
	X(LOCAL_ADDRESSES, "local_addresses")                                                      \
	X(WORKLOAD_PATHS, "workload_paths")                                                        \
	X(WORKLOAD_CGROUPS, "workload_cgroups")                                                    \
	X(OVERTAKEN, "overtaken")                                                                  \
	X(DENIALS, "denials")                                                                      \
	X(LOSSES, "losses")                                                                        \
	X(LOSSES_TOLD, "losses_told")                                                              \
	X(ENFORCEMENT_RING, "enforcement_ring")                                                    \
	X(TAMPER_RING, "tamper_ring")                                                              \
	X(AUTH_RING, "auth_ring")                                                                  \
	X(DENIAL_RING, "denial_ring")                                                              \
	X(FLOW_RING, "flow_ring")                                                                  \
	X(CONFIG_RING, "config_ring")                                                              \
	X(PROCESS_RING, "process_ring")                                                            \
	X(OWNERS, "owners")

enum cordon_map {
#define CORDON_MAP_ENUM(name, text) CORDON_MAP_##name,
	CORDON_MAPS(CORDON_MAP_ENUM)
#undef CORDON_MAP_ENUM
	CORDON_MAP_COUNT
};

/* The tables of a generation, each the inner map of its `NAME_of`. */
enum cordon_table_id {
	CORDON_TABLE_SETTINGS,
	CORDON_TABLE_HEAD,
	CORDON_TABLE_PREFIXES,
	CORDON_TABLE_MATRIX,
	CORDON_TABLE_PAGES,
	CORDON_TABLE_CLASSES,
	CORDON_TABLE_FLOWS,
	CORDON_TABLE_NOTES,
	CORDON_TABLE_ZONES, /* names for people: nothing is decided by them */
	CORDON_TABLE_COUNT
};

/** cordon_table_map() - the outer map of a table */
enum cordon_map cordon_table_map(enum cordon_table_id table);
const char *cordon_map_name(enum cordon_map map);
const char *cordon_table_name(enum cordon_table_id table);

/**
 * struct cordon_maps - all of them open
 * @control: mapped; read and stored to with atomics
 * @rules: mapped, CORDON_RULE_SLOTS
 * @interfaces: mapped, CORDON_INTERFACES_MAX
 * @cpus: possible CPUs, that is values of a per-CPU element
 */
struct cordon_maps {
	int fd[CORDON_MAP_COUNT];
	struct cordon_control *control;
	struct cordon_rule *rules;
	struct cordon_interface *interfaces;
	unsigned int cpus;
};

/**
 * cordon_maps_open() - what is pinned
 * @ret_maps: cordon_maps_close() it
 * Return: 0; -ENOENT: cordon is not loaded; -errno; with @failure.
 */
int cordon_maps_open(const struct cordon_context *context, struct cordon_failure *failure,
		     struct cordon_maps *ret_maps);

/** cordon_maps_close() - takes what cordon_maps_none() made, too */
void cordon_maps_close(struct cordon_maps *maps);

/** cordon_maps_none() - nothing is open */
struct cordon_maps cordon_maps_none(void);

static inline void cleanup_maps(struct cordon_maps *maps)
{
	cordon_maps_close(maps);
}

/** struct cordon_standing - which generations are in force and could be */
struct cordon_standing {
	uint32_t effective; /* what the programs follow now; 0: none */
	uint32_t other;	    /* the one in the other half of the slots; 0: none */
	uint32_t former;    /* @other, if it was once in force and may be again */
	uint32_t named;	    /* control.generation */
	uint32_t latch;	    /* that the programs follow, a lapsed lease's included */
	uint32_t stored_latch;
	uint64_t lease_ns; /* until the lease lapses; 0: it has, or there is none */
	bool pending;	   /* effective waits for its confirmation */
	bool lapsed;	   /* the confirmation did not come; the former is back */
	uint64_t left_ns;  /* until a pending one lapses */
};

struct cordon_standing cordon_standing_read(const struct cordon_maps *maps);

static inline uint32_t cordon_slot(uint32_t generation, uint32_t latch)
{
	return (generation & 1) * CORDON_LATCH_LEVELS + latch;
}

/** struct cordon_area - an array map in memory; unmap with cordon_area_close() */
struct cordon_area {
	void *cells;
	uint32_t count;
	uint32_t size; /* bytes a cell */
	uint32_t map_id;
};

void cordon_area_close(struct cordon_area *area);

/**
 * cordon_table_open() - a table of a generation in a slot
 * @write: also to be written to
 * Return: 0; -ENOENT: there is none; -errno.
 */
int cordon_table_open(const struct cordon_maps *maps, enum cordon_table_id table, uint32_t slot,
		      bool write, struct cordon_area *ret_area);

/**
 * struct cordon_view - what one generation and latch level consist of, but for the flows
 * Its zones may be none, if a pin was lost.
 */
struct cordon_view {
	struct cordon_area area[CORDON_TABLE_COUNT];
	const struct cordon_settings *settings;
};

/**
 * cordon_view_open() - map a generation for reading
 * Return: 0; -ENOENT if the slot holds another one, or nothing; -errno.
 */
int cordon_view_open(const struct cordon_maps *maps, uint32_t generation, uint32_t latch,
		     struct cordon_view *ret_view);
void cordon_view_close(struct cordon_view *view);

static inline void cleanup_view(struct cordon_view *view)
{
	cordon_view_close(view);
}

/**
 * cordon_map_read_all() - every value of an array map, all CPUs
 * @values: room for entries * @size, for a per-CPU map times maps->cpus
 */
int cordon_map_read_all(const struct cordon_maps *maps, enum cordon_map map, uint32_t entries,
			size_t size, void *values);

/** cordon_counters_read() - sums over the CPUs; names of the first CPU */
int cordon_counters_read(const struct cordon_maps *maps, enum cordon_map map, uint32_t entries,
			 struct cordon_counter *ret_counters);

/** cordon_interface_counts_read() - sums by index of `interfaces` */
int cordon_interface_counts_read(const struct cordon_maps *maps,
				 struct cordon_interface_counter *ret_counts);

/** struct cordon_losses - summed over the CPUs */
struct cordon_losses {
	uint64_t records;
	uint64_t lost;
	uint64_t held;
};

/** cordon_losses_read() - of one class of events */
int cordon_losses_read(const struct cordon_maps *maps, enum cordon_event_class class,
		       struct cordon_losses *ret_losses);

/** cordon_denials_read() - all slots of all CPUs: CORDON_DENIAL_SLOTS * cpus values, CPU last */
int cordon_denials_read(const struct cordon_maps *maps, struct cordon_denial *ret_denials);

/** cordon_hash_get(), _set(), _add() (-EEXIST), _drop() - one element. Return: 0 or -errno */
int cordon_hash_get(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    void *ret_value);
int cordon_hash_set(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    const void *value);
int cordon_hash_add(const struct cordon_maps *maps, enum cordon_map map, const void *key,
		    const void *value);
int cordon_hash_drop(const struct cordon_maps *maps, enum cordon_map map, const void *key);

/**
 * cordon_hash_keys() - all keys at this moment
 * @ret_keys: nr * @size bytes, the caller's to free
 */
int cordon_hash_keys(const struct cordon_maps *maps, enum cordon_map map, size_t size,
		     void **ret_keys, size_t *ret_nr);

#endif
