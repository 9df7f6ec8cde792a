/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image: a compiled policy, byte for byte what the kernel's arrays will
 * hold.  Made by compile.c from the model, put into the kernel by load.c,
 * stored by store.c so that a boot need not parse or compile.  It knows
 * neither YAML nor libbpf.
 */
#ifndef CORDON_IMAGE_H
#define CORDON_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/module.h>
#include <cordon/uapi/policy.h>

#include "diag.h"
#include "policy.h"
#include "util/cleanup.h"

/** struct cordon_image_interface - class and mode of interfaces by name */
struct cordon_image_interface {
	char pattern[CORDON_INTERFACE_NAME_SIZE]; /* exact, or a prefix and '*' */
	uint32_t class;				  /* 0: no zone is tied */
	uint32_t mode;				  /* enum cordon_interface_mode */
};

/** struct cordon_image_workload - where a workload's cgroups are */
struct cordon_image_workload {
	struct cordon_workload_path path; /* a unit's name, or "/path" */
	uint32_t identity;
	uint32_t pad;
};

/** struct cordon_image_certificate - a file whose certificates the log follows */
struct cordon_image_certificate {
	char path[CORDON_CERTIFICATE_PATH_SIZE];
};

/**
 * struct cordon_image_lockdown - one thing that `lockdown:` names
 * @text: what it is, by @kind
 * @secret: name of the secret that it is of, else ""
 * @sha256: of a program; zeros: it says none
 * @kind: enum cordon_lockdown_kind
 */
struct cordon_image_lockdown {
	char text[CORDON_LOCKDOWN_TEXT_SIZE];
	char secret[CORDON_NAME_SIZE];
	uint8_t sha256[32];
	uint32_t kind;
	uint32_t pad;
};

/**
 * struct cordon_image_rule - a rule, its slot not yet chosen
 * @rule: for people
 * @keep: 1: of the quarantine's keep list
 *
 * In the pages the rule at index i stands as CORDON_RULE_SLOT_FIRST + i; load
 * replaces that by the slot that the rule's name has in the kernel.
 */
struct cordon_image_rule {
	struct cordon_rule rule;
	uint32_t keep;
	uint32_t pad;
};

/** enum cordon_matrix - which rules stand in a matrix; see enum cordon_latch */
enum cordon_matrix {
	CORDON_MATRIX_OPEN,
	CORDON_MATRIX_EGRESS,
	CORDON_MATRIX_KEEP,
	CORDON_MATRICES
};

/** cordon_matrix_at() - the one that holds at a latch level */
static inline enum cordon_matrix cordon_matrix_at(uint32_t latch)
{
	return latch < CORDON_MATRIX_KEEP ? (enum cordon_matrix)latch : CORDON_MATRIX_KEEP;
}

/**
 * struct cordon_image - all arrays are owned; lengths in elements
 * @settings: @generation is 0, load fills it in
 * @matrix: each of settings.identities squared cells; they share the pages
 * @pages: page 0 is all zero. The lowest level of pages holds rule numbers
 * @leaf: leaf[i] != 0: page i holds rule numbers, not page numbers
 */
struct cordon_image {
	struct cordon_settings settings;
	struct cordon_prefix_page *prefixes;
	size_t nr_prefixes; /* pages */
	struct cordon_cell *matrix[CORDON_MATRICES];
	size_t nr_cells;
	struct cordon_page *pages;
	uint8_t *leaf;
	size_t nr_pages;
	struct cordon_class *classes;
	size_t nr_classes;
	struct cordon_zone *zones; /* indexed by identity */
	size_t nr_zones;
	struct cordon_image_rule *rules;
	size_t nr_rules;
	struct cordon_image_interface *interfaces; /* exact names first, then longest */
	size_t nr_interfaces;
	struct cordon_image_workload *workloads;
	size_t nr_workloads;
	struct cordon_image_certificate *certificates;
	size_t nr_certificates;
	struct cordon_image_lockdown *lockdown; /* in the order in which it is written */
	size_t nr_lockdown;
	struct cordon_module_rule *backstop_rules; /* what the kernel module keeps */
	size_t nr_backstop_rules;
	struct cordon_module_prefix *backstop_prefixes;
	size_t nr_backstop_prefixes;
};

/**
 * cordon_image_interface_find() - class and mode for a name: an exact pattern,
 *	else the longest prefix, else NULL (class 0, CORDON_MODE_AUTO)
 */
const struct cordon_image_interface *cordon_image_interface_find(const struct cordon_image *image,
								 const char *name);

/** cordon_image_memory() - bytes of kernel memory that its maps will take, flows included */
size_t cordon_image_memory(const struct cordon_image *image, unsigned int cpus);

/** cordon_image_free() - takes NULL and half-built images */
void cordon_image_free(struct cordon_image *image);
DEFINE_CLEANUP(image, struct cordon_image *, cordon_image_free)

/**
 * cordon_compile() - model to image
 * @diag: receives what is found only now: more tables than there is room for
 * Return: 0, -EINVAL with @diag, -ENOMEM.
 */
int cordon_compile(const struct cordon_policy *policy, struct cordon_diag *diag,
		   struct cordon_image **ret_image);

/**
 * cordon_compile_file() - a policy's text to an image
 * @active_serial: its own must not be lower; 0: any will do
 * Return: 0, -EINVAL with @diag; -ENOMEM; -errno of reading, also said in @diag.
 */
int cordon_compile_file(const char *path, uint64_t active_serial, struct cordon_diag *diag,
			struct cordon_image **ret_image);

#endif
