/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The evaluator that the programs run (bpf/verdict.h), run here over tables in
 * memory: those of the generation in force, or those of an image.
 */
#ifndef CORDON_EVALUATE_H
#define CORDON_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>
#include <cordon/uapi/reason.h>
#include <cordon/uapi/record.h>

#include "image.h"
#include "maps.h"

/** struct cordon_tables - cells and their numbers; nothing is owned */
struct cordon_tables {
	const struct cordon_settings *settings;
	const struct cordon_prefix_page *prefixes;
	uint32_t nr_prefixes;
	const struct cordon_cell *matrix;
	uint32_t nr_cells;
	const struct cordon_page *pages;
	uint32_t nr_pages;
	const struct cordon_class *classes;
	uint32_t nr_classes;
};

struct cordon_tables cordon_tables_of_view(const struct cordon_view *view);
struct cordon_tables cordon_tables_of_image(const struct cordon_image *image);

/**
 * struct cordon_question - may a new packet pass?
 * @direction: IN, OUT or FORWARD
 * @service: see uapi/policy.h
 * @near: class of the interface where a remote end is: the source's for IN and
 *	FORWARD, the destination's for OUT
 * @far: FORWARD: class of the interface where it leaves
 * @local: identity of the end that is this machine
 */
struct cordon_question {
	enum cordon_direction direction;
	uint8_t protocol;
	uint16_t service;
	struct cordon_address source;
	struct cordon_address destination;
	uint32_t near;
	uint32_t far;
	uint32_t local;
};

/**
 * struct cordon_answer
 * @reason: NONE: it passes by @rule
 * @rule: as the pages have it: a slot in the kernel, FIRST + index in an image
 */
struct cordon_answer {
	enum cordon_reason reason;
	uint32_t rule;
	uint32_t from;
	uint32_t to;
};

struct cordon_answer cordon_evaluate(const struct cordon_tables *tables, bool latched,
				     const struct cordon_question *question);

/**
 * cordon_evaluate_bind() - may a local process take a port? As call_may_bind() asks it
 * @local: its identity: a workload's or the node's
 * Return: the rule that gives the port to another, as struct cordon_answer has it; 0: it may.
 */
uint32_t cordon_evaluate_bind(const struct cordon_tables *tables, uint32_t local, uint8_t protocol,
			      uint16_t port);

/** cordon_evaluate_zone() - the zone whose prefix covers an address, or STRANGER */
uint32_t cordon_evaluate_zone(const struct cordon_tables *tables,
			      const struct cordon_address *address);

#endif
