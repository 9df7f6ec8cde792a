// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The programs' evaluator on the host.  Nothing is decided here that
 * bpf/verdict.h does not decide.
 */
#include "evaluate.h"

#include <netinet/in.h>

#include "bpf/verdict.h"

struct cordon_tables cordon_tables_of_view(const struct cordon_view *view)
{
	const struct cordon_area *area = view->area;
	const struct cordon_tables tables = {
		.settings = view->settings,
		.prefixes = area[CORDON_TABLE_PREFIXES].cells,
		.nr_prefixes = area[CORDON_TABLE_PREFIXES].count,
		.matrix = area[CORDON_TABLE_MATRIX].cells,
		.nr_cells = area[CORDON_TABLE_MATRIX].count,
		.pages = area[CORDON_TABLE_PAGES].cells,
		.nr_pages = area[CORDON_TABLE_PAGES].count,
		.classes = area[CORDON_TABLE_CLASSES].cells,
		.nr_classes = area[CORDON_TABLE_CLASSES].count,
	};

	return tables;
}

struct cordon_tables cordon_tables_of_image(const struct cordon_image *image)
{
	const struct cordon_tables tables = {
		.settings = &image->settings,
		.prefixes = image->prefixes,
		.nr_prefixes = (uint32_t)image->nr_prefixes,
		.matrix = image->matrix[CORDON_MATRIX_OPEN],
		.nr_cells = (uint32_t)image->nr_cells,
		.pages = image->pages,
		.nr_pages = (uint32_t)image->nr_pages,
		.classes = image->classes,
		.nr_classes = (uint32_t)image->nr_classes,
	};

	return tables;
}

static struct tables make_tables(const struct cordon_tables *tables)
{
	return (struct tables){
		tables->settings,
		{ tables->prefixes, tables->nr_prefixes, sizeof(*tables->prefixes) },
		{ tables->matrix, tables->nr_cells, sizeof(*tables->matrix) },
		{ tables->pages, tables->nr_pages, sizeof(*tables->pages) },
		{ tables->classes, tables->nr_classes, sizeof(*tables->classes) },
	};
}

uint32_t cordon_evaluate_zone(const struct cordon_tables *tables,
			      const struct cordon_address *address)
{
	const struct tables verdict = make_tables(tables);

	return verdict_zone(&verdict, address);
}

uint32_t cordon_evaluate_bind(const struct cordon_tables *tables, uint32_t local, uint8_t protocol,
			      uint16_t port)
{
	const struct tables verdict = make_tables(tables);
	const bool judged = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;

	if (!judged || !port || !(tables->settings->flags & CORDON_SETTINGS_RESERVED))
		return 0;
	return verdict_rule(&verdict, local, CORDON_IDENTITY_NODE, protocol, port);
}

/* The two remote ends of a forwarded packet, the one of any other. */
static enum cordon_reason find_ends(const struct tables *verdict,
				    const struct cordon_question *question,
				    struct cordon_answer *answer)
{
	const bool out = question->direction == CORDON_DIRECTION_OUT;
	const struct cordon_address *near = out ? &question->destination : &question->source;
	uint32_t *near_identity = out ? &answer->to : &answer->from;
	enum cordon_reason reason;

	answer->from = answer->to = question->local;
	reason = verdict_end(verdict, question->near, near, verdict_zone(verdict, near),
			     near_identity);
	if (reason || question->direction != CORDON_DIRECTION_FORWARD)
		return reason;
	return verdict_end(verdict, question->far, &question->destination,
			   verdict_zone(verdict, &question->destination), &answer->to);
}

struct cordon_answer cordon_evaluate(const struct cordon_tables *tables, bool latched,
				     const struct cordon_question *question)
{
	const struct tables verdict = make_tables(tables);
	struct cordon_answer answer = { .rule = 0 };

	answer.reason = find_ends(&verdict, question, &answer);
	if (answer.reason)
		return answer;
	answer.rule = verdict_rule(&verdict, answer.from, answer.to, question->protocol,
				   question->service);
	if (!answer.rule)
		answer.reason = latched ? CORDON_REASON_LATCH : CORDON_REASON_NO_RULE;
	return answer;
}
