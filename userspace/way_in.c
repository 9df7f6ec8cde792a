// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ways in, asked by the programs' own evaluator.
 */
#include "way_in.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "evaluate.h"
#include "util/print.h"

static bool is_local(const struct cordon_image *image, uint32_t identity)
{
	return identity == CORDON_IDENTITY_NODE ||
	       image->zones[identity].kind == CORDON_IDENTITY_KIND_WORKLOAD;
}

bool cordon_way_in_is_kept(const struct cordon_image *image)
{
	const uint32_t nr = image->settings.identities;

	for (uint32_t to = 0; to < nr; to++) {
		for (uint32_t from = 0; from < nr; from++) {
			if (image->matrix[CORDON_MATRIX_KEEP][to * nr + from].page &&
			    is_local(image, to) != is_local(image, from))
				return true;
		}
	}
	return false;
}

/* A way that the keep list leaves open is open at `egress`, too: its rules hold there. */
static struct cordon_answer ask(const struct cordon_image *image, enum cordon_matrix matrix,
				const struct cordon_way *way)
{
	struct cordon_tables tables = cordon_tables_of_image(image);
	const struct cordon_question question = {
		.direction = CORDON_DIRECTION_IN,
		.protocol = IPPROTO_TCP,
		.service = way->port,
		.source = way->remote,
		.destination = way->local,
		.near = way->class,
		.local = CORDON_IDENTITY_NODE,
	};

	tables.matrix = image->matrix[matrix];
	return cordon_evaluate(&tables, matrix != CORDON_MATRIX_OPEN, &question);
}

/* What would let it in: a rule, or the zone that a rule could name. */
static void describe_remedy(const struct cordon_image *image, const struct cordon_way *way,
			    const struct cordon_answer *answer, char (*ret_text)[192])
{
	const struct cordon_tables tables = cordon_tables_of_image(image);
	const uint32_t zone = cordon_evaluate_zone(&tables, &way->remote);
	const char *on = way->interface[0] ? way->interface : "?";

	if (answer->reason == CORDON_REASON_SPOOFED && zone == CORDON_IDENTITY_STRANGER)
		snprintf(*ret_text, sizeof(*ret_text),
			 "a zone with that address must be tied to interface %s", on);
	else if (answer->reason == CORDON_REASON_SPOOFED)
		snprintf(*ret_text, sizeof(*ret_text), "zone %s must be tied to interface %s",
			 image->zones[zone].name, on);
	else
		snprintf(*ret_text, sizeof(*ret_text),
			 "it needs {from: %s, to: node, services: [tcp/%u]}",
			 answer->from == CORDON_IDENTITY_STRANGER ? "A-ZONE-WITH-THAT-ADDRESS" :
								    image->zones[answer->from].name,
			 way->port);
}

static int refuse(const struct cordon_image *image, enum cordon_matrix matrix,
		  const struct cordon_way *way, struct cordon_failure *failure)
{
	const struct cordon_answer answer = ask(image, matrix, way);
	char remote[64], remedy[192];

	if (!answer.reason)
		return 0;
	describe_remedy(image, way, &answer, &remedy);
	return cordon_fail(failure, -EPERM,
			   "you are connected from %s to tcp/%u, and %s would cut that%s: %s "
			   "(--force to apply it anyway)",
			   print_address(way->remote.bytes, &remote), way->port,
			   matrix == CORDON_MATRIX_OPEN ? "the rules" : "the keep list",
			   matrix == CORDON_MATRIX_OPEN ? "" : " once the node is sealed", remedy);
}

int cordon_way_in_check(const struct cordon_image *image, const struct cordon_way *way,
			struct cordon_failure *failure)
{
	int error = 0;

	if (!cordon_way_in_is_kept(image))
		return cordon_fail(failure, -EPERM,
				   "the keep list has no way in: sealed, this node could only be "
				   "reached by hand; under quarantine, keep: it needs "
				   "{from: ZONE, to: node} or {from: node, to: ZONE} "
				   "(--force to apply it anyway)");
	if (way && !(image->settings.flags & CORDON_SETTINGS_AUDIT))
		error = refuse(image, CORDON_MATRIX_OPEN, way, failure);
	if (way && !error)
		error = refuse(image, CORDON_MATRIX_KEEP, way, failure);
	return error;
}
