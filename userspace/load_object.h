/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The objects in this binary, and what libbpf makes of them: maps and programs,
 * pinned.  A seam within load_*.c; it must not know in which order they are
 * wanted.
 */
#ifndef CORDON_LOAD_OBJECT_H
#define CORDON_LOAD_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "load.h"

enum cordon_part {
	CORDON_PART_TCX,
	CORDON_PART_XDP,
	CORDON_PART_CGROUP,
	CORDON_PART_WORKLOAD,
	CORDON_PART_TELL,
	CORDON_PART_PROCESS,
	CORDON_PART_AUTH,
	CORDON_PART_LISTEN,
	CORDON_PART_CONFIG,
	CORDON_PART_GUARD,
	CORDON_PART_COUNT
};

/** cordon_object_digest() - of all parts: tells builds apart, guards against nothing */
uint64_t cordon_object_digest(void);

/**
 * cordon_object_maps() - maps that are not pinned yet, made and pinned; those of
 *	the tables of a generation, and what later ones are made like, included
 * Return: 0; -EPROTO: those that stand are of another version; -errno; with @failure.
 */
int cordon_object_maps(const struct cordon_context *context, struct cordon_failure *failure);

#define CORDON_OBJECT_ALL UINT32_MAX

/**
 * cordon_object_programs() - some programs of a part, loaded and pinned in place
 *	of those of their name; the maps are pinned.  May be called by more than
 *	one thread at a time
 * @programs: bit by enum cordon_program; CORDON_OBJECT_ALL: whatever there is
 */
int cordon_object_programs(const struct cordon_context *context, enum cordon_part part,
			   uint32_t programs, struct cordon_failure *failure);

/** cordon_object_guard() - the guard's programs and maps (guard.h) */
int cordon_object_guard(const struct cordon_context *context, struct cordon_failure *failure);

/* load_threads.c */

/** cordon_loading_start() - all programs, by threads where there are CPUs; free it */
int cordon_loading_start(const struct cordon_context *context, struct cordon_failure *failure,
			 struct cordon_loading **ret_loading);

/** cordon_loading_finish() - wait, and work along, until all are there or refused; -errno with
 *	@failure if one that must not fail did */
int cordon_loading_finish(struct cordon_loading *loading, struct cordon_failure *failure);

/* load_template.c */

struct btf;

/** cordon_templates_stand() - whether all are pinned */
bool cordon_templates_stand(const struct cordon_context *context);

/** cordon_templates_make() - maps like which those of a generation are made, and the
 *	outer map of the zones, which no program reads
 * @btf, @btf_fd: of an object that names the types
 */
int cordon_templates_make(const struct cordon_context *context, const struct btf *btf, int btf_fd,
			  struct cordon_failure *failure);

#endif
