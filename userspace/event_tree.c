// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes as trees; see event_tree.h.  Nodes are found by id and start; whoever
 * is told of as a parent only is a node without a program.
 */
#include "event_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "event_process.h"
#include "event_time.h"
#include "util/cleanup.h"
#include "util/print.h"

#define NODES 65536U
#define BUCKETS 16384U
#define NONE UINT32_MAX
/* Bytes of a command that are kept, and beyond which no more of them are. */
#define COMMAND_MAX 250
#define COMMANDS_MAX 1000
/* Steps up a tree to see that it is one; and what indentation can show. */
#define DEPTH_MAX 4096U
#define INDENT_MAX 24U

/**
 * struct node - a process
 * @next: in its bucket
 * @begun, @ended: wall clock
 * @told: by a record, or as a parent; @over: it ended
 * @command: what it ran, programs one after the other; NULL: not told
 * @wanted: or is below one that is; @above: of one that is
 */
struct node {
	uint64_t start;
	uint32_t pid;
	uint32_t uid;
	uint32_t next;
	uint32_t parent, first, last, sibling;
	int64_t begun, ended;
	uint32_t status;
	bool told, over;
	bool wanted, above;
	char *command; /* owned */
};

struct cordon_event_tree {
	struct node *node;
	uint32_t nr;
	uint32_t *bucket;
	uint64_t missed;
	bool full; /* of what must stay */
	uint8_t boot_id[16];
};

static void empty(struct cordon_event_tree *tree)
{
	for (uint32_t i = 0; i < tree->nr; i++)
		free(tree->node[i].command);
	tree->nr = 0;
	tree->missed = 0;
	tree->full = false;
	memset(tree->bucket, 0xff, BUCKETS * sizeof(*tree->bucket));
}

struct cordon_event_tree *cordon_event_tree_new(void)
{
	struct cordon_event_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->node = calloc(NODES, sizeof(*tree->node));
	tree->bucket = calloc(BUCKETS, sizeof(*tree->bucket));
	if (!tree->node || !tree->bucket) {
		cordon_event_tree_free(tree);
		return NULL;
	}
	empty(tree);
	return tree;
}

void cordon_event_tree_free(struct cordon_event_tree *tree)
{
	if (!tree)
		return;
	if (tree->bucket)
		empty(tree);
	free(tree->node);
	free(tree->bucket);
	free(tree);
}

/* ---- nodes -------------------------------------------------------------------------------- */

static uint32_t *bucket_of(struct cordon_event_tree *tree, uint32_t pid, uint64_t start)
{
	return &tree->bucket[(pid ^ start >> 20) % BUCKETS];
}

/* Return: NONE: it is not there, and there is no room for it. */
static uint32_t find_or_add(struct cordon_event_tree *tree, uint32_t pid, uint64_t start)
{
	uint32_t *bucket = bucket_of(tree, pid, start);

	for (uint32_t i = *bucket; i != NONE; i = tree->node[i].next) {
		if (tree->node[i].pid == pid && tree->node[i].start == start)
			return i;
	}
	if (tree->nr == NODES)
		return NONE;
	tree->node[tree->nr] = (struct node){
		.start = start,
		.pid = pid,
		.uid = CORDON_EVENT_NOBODY,
		.next = *bucket,
		.parent = NONE,
		.first = NONE,
		.last = NONE,
		.sibling = NONE,
	};
	*bucket = tree->nr;
	return tree->nr++;
}

/* What records say need not be a tree. */
static bool is_below(const struct cordon_event_tree *tree, uint32_t at, uint32_t root)
{
	for (uint32_t i = 0; at != NONE; at = tree->node[at].parent, i++) {
		if (at == root || i == DEPTH_MAX)
			return true;
	}
	return false;
}

static void mark_above(struct cordon_event_tree *tree, uint32_t child)
{
	for (uint32_t i = tree->node[child].parent; i != NONE && !tree->node[i].above;
	     i = tree->node[i].parent)
		tree->node[i].above = true;
}

static void append(struct cordon_event_tree *tree, uint32_t child, uint32_t parent)
{
	struct node *above = &tree->node[parent];

	tree->node[child].parent = parent;
	if (above->last == NONE)
		above->first = child;
	else
		tree->node[above->last].sibling = child;
	above->last = child;
}

static void hang_below(struct cordon_event_tree *tree, uint32_t child, uint32_t parent)
{
	const struct node *node = &tree->node[child];

	if (node->parent != NONE || is_below(tree, parent, child))
		return;
	append(tree, child, parent);
	if (node->wanted || node->above)
		mark_above(tree, child);
}

/* ---- room --------------------------------------------------------------------------------- */

/* It ended, nobody is below it, and nobody asks for it or for who it is below. */
static bool may_go(const struct cordon_event_tree *tree, uint32_t at)
{
	const struct node *node = &tree->node[at];

	if (!node->over || node->above || node->first != NONE)
		return false;
	for (; at != NONE; at = tree->node[at].parent) {
		if (tree->node[at].wanted)
			return false;
	}
	return true;
}

/* @place: by number until now: number from now on. */
static void link_anew(struct cordon_event_tree *tree, const uint32_t *place)
{
	memset(tree->bucket, 0xff, BUCKETS * sizeof(*tree->bucket));
	for (uint32_t i = 0; i < tree->nr; i++) {
		struct node *node = &tree->node[i];
		uint32_t *bucket = bucket_of(tree, node->pid, node->start);

		node->next = *bucket;
		*bucket = i;
		node->first = node->last = node->sibling = NONE;
	}
	for (uint32_t i = 0; i < tree->nr; i++) {
		if (tree->node[i].parent != NONE)
			append(tree, i, place[tree->node[i].parent]);
	}
}

/* If that makes little room it would have to be done again and again. */
static void make_room(struct cordon_event_tree *tree)
{
	uint32_t *place CLEANUP(free) = calloc(tree->nr, sizeof(*place));
	uint32_t kept = 0;

	for (uint32_t i = 0; place && i < tree->nr; i++)
		place[i] = may_go(tree, i) ? NONE : kept++;
	tree->full = !place || kept > NODES - NODES / 8;
	if (tree->full)
		return;
	for (uint32_t i = 0; i < tree->nr; i++) {
		if (place[i] == NONE)
			free(tree->node[i].command);
		else
			tree->node[place[i]] = tree->node[i];
	}
	tree->nr = kept;
	link_anew(tree, place);
}

/* ---- records ------------------------------------------------------------------------------ */

static char *clean_copy(const char *name)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	print_clean(file, name, strlen(name));
	fclose(file);
	return text;
}

static char *command_of(const struct cordon_event_exec *exec)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	cordon_exec_command(file, exec);
	fclose(file);
	if (text && size > COMMAND_MAX)
		memcpy(text + COMMAND_MAX - 3, "...", 4);
	return text;
}

/* What it ran before stays, as long as there is room. */
static void take_exec(struct node *node, const struct cordon_event_exec *exec)
{
	char *former CLEANUP(free) = node->command;
	char *command CLEANUP(free) = command_of(exec);

	node->command = NULL;
	if (!former || !command)
		node->command = former ? TAKE(former) : TAKE(command);
	else if (strlen(former) >= COMMANDS_MAX ||
		 asprintf(&node->command, "%s => %s", former, command) < 0)
		node->command = TAKE(former);
	node->uid = exec->uid;
}

static int64_t wall_of(const struct cordon_event_view *view, uint64_t boottime)
{
	const uint64_t ago =
		cordon_event_past_boottime(view->past, view->record->event->time) - boottime;

	return (int64_t)((uint64_t)view->record->wall - ago);
}

/* Who began before the records that are asked for is known by name at most. */
static void take_name(struct node *node, const struct cordon_event_view *view)
{
	const struct cordon_event_process *known =
		cordon_event_past_process(view->past, node->pid, node->start);

	if (!known || !known->has_program)
		return;
	node->uid = known->uid;
	node->command = clean_copy(known->name);
}

static void take_record(struct node *node, const struct cordon_event_view *view)
{
	const struct cordon_event *event = view->record->event;
	const void *whole = event;

	if (!node->told && event->type == CORDON_EVENT_EXIT)
		take_name(node, view);
	node->told = true;
	node->begun = wall_of(view, node->start);
	if (view->facts.uid != CORDON_EVENT_NOBODY)
		node->uid = view->facts.uid;
	if (event->type == CORDON_EVENT_EXEC)
		take_exec(node, whole);
	if (event->type == CORDON_EVENT_EXIT) {
		node->over = true;
		node->ended = view->record->wall;
		node->status = ((const struct cordon_event_exit *)whole)->status;
	}
}

static void take_parent(struct node *node, const struct cordon_event_view *view)
{
	if (node->told)
		return;
	node->told = true;
	node->begun = wall_of(view, node->start);
	take_name(node, view);
}

void cordon_event_tree_take(struct cordon_event_tree *tree, const struct cordon_event_view *view,
			    bool wanted)
{
	const struct cordon_event_facts *facts = &view->facts;
	uint32_t child, parent;

	if (view->record->class != CORDON_CLASS_PROCESS || !facts->start)
		return;
	memcpy(tree->boot_id, view->record->boot_id, sizeof(tree->boot_id));
	/* Before anybody has a number: they change. */
	if (tree->nr + 2 > NODES && !tree->full)
		make_room(tree);
	child = find_or_add(tree, facts->pid, facts->start);
	if (child == NONE) {
		/* Once a process. */
		tree->missed += view->record->event->type == CORDON_EVENT_FORK;
		return;
	}
	take_record(&tree->node[child], view);
	tree->node[child].wanted |= wanted;
	if (wanted)
		mark_above(tree, child);
	if (!facts->parent_start)
		return;
	parent = find_or_add(tree, facts->parent, facts->parent_start);
	if (parent == NONE)
		return;
	take_parent(&tree->node[parent], view);
	hang_below(tree, child, parent);
}

/* ---- printing ----------------------------------------------------------------------------- */

static uint64_t ran(const struct node *node)
{
	return node->ended > node->begun ? (uint64_t)node->ended - (uint64_t)node->begun : 0;
}

static void print_text(FILE *file, const struct node *node, unsigned int depth)
{
	struct cordon_event_time begun, span = { .text = "" };
	char id[16];

	cordon_event_time_text(node->begun, &begun);
	if (node->over)
		cordon_event_span_text(ran(node), &span);
	fprintf(file, "%-23s  %12s  ", begun.text, span.text);
	snprintf(id, sizeof(id), "[%u]", node->pid);
	fprintf(file, "%*s%s ", (int)(2 * (depth < INDENT_MAX ? depth : INDENT_MAX)), "", id);
	/* It may have gone on with its parent's program. */
	fputs(node->command ? node->command : node->parent != NONE ? "(fork)" : "?", file);
	if (node->over) {
		fputs(", ", file);
		cordon_exit_status_text(file, node->status);
	}
	fputc('\n', file);
}

static void add_entity(struct cordon_ecs *ecs, const struct cordon_event_tree *tree,
		       const char *name, const struct node *node)
{
	cordon_ecs_format(ecs, name, "%s-%u-%" PRIu64, cordon_event_boot_text(tree->boot_id).text,
			  node->pid, node->start);
}

static void print_json(FILE *file, const struct cordon_event_tree *tree, const struct node *node,
		       unsigned int depth)
{
	struct cordon_ecs ecs = { .nr = 0 };

	cordon_ecs_text(&ecs, "ecs.version", CORDON_ECS_VERSION);
	cordon_ecs_text(&ecs, "event.kind", "state");
	cordon_ecs_list(&ecs, "event.category", "process", sizeof("process"));
	cordon_ecs_list(&ecs, "event.type", "info", sizeof("info"));
	cordon_ecs_format(&ecs, "host.boot.id", "%s", cordon_event_boot_text(tree->boot_id).text);
	cordon_ecs_number(&ecs, "cordon.tree.depth", depth);
	cordon_ecs_number(&ecs, "process.pid", node->pid);
	add_entity(&ecs, tree, "process.entity_id", node);
	cordon_ecs_text(&ecs, "cordon.tree.command", node->command);
	if (node->uid != CORDON_EVENT_NOBODY)
		cordon_ecs_format(&ecs, "user.id", "%u", node->uid);
	if (node->parent != NONE) {
		cordon_ecs_number(&ecs, "process.parent.pid", tree->node[node->parent].pid);
		add_entity(&ecs, tree, "process.parent.entity_id", &tree->node[node->parent]);
	}
	cordon_ecs_time(&ecs, "@timestamp", node->begun);
	cordon_ecs_time(&ecs, "process.start", node->begun);
	if (node->over) {
		cordon_ecs_time(&ecs, "process.end", node->ended);
		cordon_ecs_number(&ecs, "event.duration", ran(node));
		cordon_exit_status_fields(&ecs, node->status);
	}
	cordon_ecs_write(&ecs, file);
}

/* Down to its first child, else on to who is next, of it or of the nearest above it. */
static uint32_t next_of(const struct cordon_event_tree *tree, uint32_t at, unsigned int *depth)
{
	if (tree->node[at].first != NONE) {
		++*depth;
		return tree->node[at].first;
	}
	while (at != NONE && tree->node[at].sibling == NONE) {
		at = tree->node[at].parent;
		--*depth;
	}
	return at == NONE ? NONE : tree->node[at].sibling;
}

static void print_tree(struct cordon_event_tree *tree, uint32_t root, FILE *file, bool json)
{
	unsigned int depth = 0;

	for (uint32_t at = root; at != NONE; at = next_of(tree, at, &depth)) {
		struct node *node = &tree->node[at];

		if (node->parent != NONE)
			node->wanted |= tree->node[node->parent].wanted;
		if (!node->wanted && !node->above)
			continue;
		if (json)
			print_json(file, tree, node, depth);
		else
			print_text(file, node, depth);
	}
}

uint64_t cordon_event_tree_print(struct cordon_event_tree *tree, FILE *file, bool json)
{
	const uint64_t missed = tree->missed;

	for (uint32_t i = 0; i < tree->nr; i++) {
		if (tree->node[i].parent == NONE)
			print_tree(tree, i, file, json);
	}
	empty(tree);
	return missed;
}
