// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One generation after another.  The tables of the next one are built aside,
 * put into the half of the slots that nothing follows, and come into force by
 * one store.  Nothing that is in force is ever written to.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include <cordon/uapi/reason.h>

#include "fault.h"
#include "flows.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define SLOT_WAIT_MS 5000
#define CHILD_FD 512 /* above all that we open ourselves */

/**
 * struct cordon_generation - its maps, not yet in any slot
 * @table: by what holds at a latch level; -1: that of CORDON_MATRIX_OPEN does, too
 */
struct cordon_generation {
	uint32_t number;
	int table[CORDON_MATRICES][CORDON_TABLE_COUNT];
	bool flows_moved; /* into a table of another size */
};

void cordon_generation_free(struct cordon_generation *generation)
{
	if (!generation)
		return;
	for (int i = 0; i < CORDON_MATRICES; i++) {
		for (int j = 0; j < CORDON_TABLE_COUNT; j++)
			cleanup_close(&generation->table[i][j]);
	}
	free(generation);
}

uint32_t cordon_load_number(const struct cordon_maps *maps, uint32_t least)
{
	const struct cordon_standing standing = cordon_standing_read(maps);
	uint32_t number = maps->control->last + 1;

	if (number < least)
		number = least;
	if (standing.effective && (number & 1) == (standing.effective & 1))
		number++;
	__atomic_store_n(&maps->control->last, number, __ATOMIC_RELEASE);
	return number;
}

/* A map of the kind that is pinned as maps/NAME, types included. */
static int create_like(const struct cordon_context *context, const char *name, size_t entries,
		       int *ret_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	int model CLEANUP(close) = cordon_pin_open(context, CORDON_PIN_MAPS, name);
	int btf CLEANUP(close) = -1;
	int fd, error;

	error = model < 0 ? model : bpf_map_get_info_by_fd(model, &info, &size);
	if (error)
		return error;
	if (info.btf_id) {
		btf = bpf_btf_get_fd_by_id(info.btf_id);
		if (btf < 0)
			return btf;
		options.btf_fd = (__u32)btf;
		options.btf_key_type_id = info.btf_key_type_id;
		options.btf_value_type_id = info.btf_value_type_id;
	}
	options.map_flags = info.map_flags;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, info.key_size, info.value_size,
			    entries ? (__u32)entries : 1, &options);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int create_filled(const struct cordon_context *context, const char *name, const void *cells,
			 size_t entries, size_t size, int *ret_fd)
{
	int fd CLEANUP(close) = -1;
	void *memory;
	int error;

	error = create_like(context, name, entries, &fd);
	if (error)
		return error;
	if (entries) {
		memory = mmap(NULL, entries * size, PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			return -errno;
		memcpy(memory, cells, entries * size);
		munmap(memory, entries * size);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* In the image a leaf says FIRST + index of the rule; here it says the slot. */
static void place_rules(struct cordon_page *page, const struct cordon_image *image,
			const struct cordon_rule_slots *slots)
{
	for (unsigned int i = 0; i < CORDON_PAGE_ENTRIES; i++) {
		const unsigned int rule = page->next[i] - CORDON_RULE_SLOT_FIRST;

		if (page->next[i] >= CORDON_RULE_SLOT_FIRST && rule < image->nr_rules)
			page->next[i] = slots->slot[rule];
	}
}

static void place_leaves(struct cordon_page *pages, size_t nr, const struct cordon_image *image,
			 const struct cordon_rule_slots *slots)
{
	for (size_t i = 0; i < nr; i++) {
		if (image->leaf[i])
			place_rules(&pages[i], image, slots);
	}
}

static int build_pages(const struct cordon_context *context, const struct cordon_image *image,
		       const struct cordon_rule_slots *slots, int *ret_fd)
{
	int fd CLEANUP(close) = -1;
	const size_t size = image->nr_pages * sizeof(struct cordon_page);
	struct cordon_page *pages;
	int error;

	error = create_filled(context, "pages", image->pages, image->nr_pages, sizeof(*pages), &fd);
	if (error)
		return error;
	if (size) {
		pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (pages == MAP_FAILED)
			return -errno;
		place_leaves(pages, image->nr_pages, image, slots);
		munmap(pages, size);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The first elements of @cells, as many as @head has room for. Return: how many. */
static size_t copy_head(void *head, size_t room, const void *cells, size_t nr, size_t size)
{
	const size_t copied = nr < room ? nr : room;

	memcpy(head, cells, copied * size);
	return copied;
}

#define COPY_HEAD(part, cells, nr) copy_head(part, ARRAY_SIZE(part), cells, nr, sizeof((part)[0]))

static int build_head(const struct cordon_context *context, const struct cordon_image *image,
		      const struct cordon_cell *matrix, const struct cordon_rule_slots *slots,
		      int *ret_fd)
{
	struct cordon_head *head CLEANUP(free) = calloc(1, sizeof(*head));
	size_t pages;

	if (!head)
		return -ENOMEM;
	COPY_HEAD(head->prefixes, image->prefixes, image->nr_prefixes);
	COPY_HEAD(head->matrix, matrix, image->nr_cells);
	COPY_HEAD(head->classes, image->classes, image->nr_classes);
	pages = COPY_HEAD(head->pages, image->pages, image->nr_pages);
	place_leaves(head->pages, pages, image, slots);
	return create_filled(context, "head", head, 1, sizeof(*head), ret_fd);
}

/* A table in force and how many buckets it has. */
static int table_in_force(const struct cordon_maps *maps, enum cordon_table_id table,
			  uint32_t *ret_buckets)
{
	const struct cordon_standing standing = cordon_standing_read(maps);
	const uint32_t slot = cordon_slot(standing.effective, 0);
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info), id;
	int fd CLEANUP(close) = -1;

	if (!standing.effective ||
	    bpf_map_lookup_elem(maps->fd[cordon_table_map(table)], &slot, &id))
		return -ENOENT;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &size))
		return -ENOENT;
	*ret_buckets = info.max_entries;
	return TAKE_FD(fd);
}

/* The table in force goes on if it has the right size, so no flow is lost. */
static int build_flows(const struct cordon_context *context, const struct cordon_maps *maps,
		       uint32_t buckets, struct cordon_generation *generation)
{
	uint32_t present = 0;
	int fd CLEANUP(close) = table_in_force(maps, CORDON_TABLE_FLOWS, &present);

	if (fd >= 0 && present == buckets) {
		generation->table[CORDON_MATRIX_OPEN][CORDON_TABLE_FLOWS] = TAKE_FD(fd);
		return 0;
	}
	generation->flows_moved = fd >= 0;
	return create_like(context, "flows", buckets,
			   &generation->table[CORDON_MATRIX_OPEN][CORDON_TABLE_FLOWS]);
}

/* As many as flows, which have them at their own places; those of a table that goes on do, too. */
static int build_notes(const struct cordon_context *context, const struct cordon_maps *maps,
		       const struct cordon_settings *settings, struct cordon_generation *generation)
{
	const uint32_t buckets = settings->flags & CORDON_SETTINGS_FLOWS ? settings->flow_buckets :
									   1;
	int *table = generation->table[CORDON_MATRIX_OPEN];
	uint32_t present = 0;
	int fd CLEANUP(close) = table_in_force(maps, CORDON_TABLE_NOTES, &present);

	if (fd < 0 || present != buckets || generation->flows_moved)
		return create_like(context, "notes", buckets, &table[CORDON_TABLE_NOTES]);
	table[CORDON_TABLE_NOTES] = TAKE_FD(fd);
	return 0;
}

/* What the latch changes. */
static int build_matrix(const struct cordon_context *context, const struct cordon_image *image,
			const struct cordon_cell *matrix, const struct cordon_rule_slots *slots,
			int table[CORDON_TABLE_COUNT])
{
	const int error = create_filled(context, "matrix", matrix, image->nr_cells, sizeof(*matrix),
					&table[CORDON_TABLE_MATRIX]);

	return error ? error : build_head(context, image, matrix, slots, &table[CORDON_TABLE_HEAD]);
}

static int build_tables(const struct cordon_context *context, const struct cordon_maps *maps,
			const struct cordon_image *image, const struct cordon_rule_slots *slots,
			struct cordon_generation *generation)
{
	int *table = generation->table[CORDON_MATRIX_OPEN];
	int error;

	error = create_filled(context, "settings", &image->settings, 1, sizeof(image->settings),
			      &table[CORDON_TABLE_SETTINGS]);
	if (!error)
		error = create_filled(context, "prefixes", image->prefixes, image->nr_prefixes,
				      sizeof(*image->prefixes), &table[CORDON_TABLE_PREFIXES]);
	for (int i = 0; i < CORDON_MATRICES && !error; i++)
		error = build_matrix(context, image, image->matrix[i], slots, generation->table[i]);
	if (!error)
		error = build_pages(context, image, slots, &table[CORDON_TABLE_PAGES]);
	if (!error)
		error = create_filled(context, "classes", image->classes, image->nr_classes,
				      sizeof(*image->classes), &table[CORDON_TABLE_CLASSES]);
	if (!error)
		error = create_filled(context, "zones", image->zones, image->nr_zones,
				      sizeof(*image->zones), &table[CORDON_TABLE_ZONES]);
	if (!error)
		error = build_flows(context, maps, image->settings.flow_buckets, generation);
	if (!error)
		error = build_notes(context, maps, &image->settings, generation);
	return error;
}

static struct cordon_generation *new_generation(uint32_t number)
{
	struct cordon_generation *generation = calloc(1, sizeof(*generation));

	if (!generation)
		return NULL;
	generation->number = number;
	for (int i = 0; i < CORDON_MATRICES; i++) {
		for (int j = 0; j < CORDON_TABLE_COUNT; j++)
			generation->table[i][j] = -1;
	}
	return generation;
}

int cordon_load_build(const struct cordon_context *context, const struct cordon_maps *maps,
		      const struct cordon_image *image, struct cordon_failure *failure,
		      struct cordon_generation **ret_generation)
{
	struct cordon_generation *generation CLEANUP(generation) =
		new_generation(image->settings.generation);
	struct cordon_rule_slots *slots CLEANUP(free) = calloc(1, sizeof(*slots));
	int error;

	if (!generation || !slots)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	error = cordon_rules_place(maps, image, slots);
	if (error)
		return cordon_fail(failure, error, "cannot give the rules their counters: %s",
				   strerror(-error));
	error = build_tables(context, maps, image, slots, generation);
	if (error)
		return cordon_fail(failure, error, "cannot make the maps of the policy: %s",
				   strerror(-error));
	cordon_step("build");
	error = cordon_rules_name(maps, image, slots);
	if (error)
		return cordon_fail(failure, error, "cannot name the rules: %s", strerror(-error));
	cordon_step("name");
	*ret_generation = TAKE(generation);
	return 0;
}

/** struct fill - the four slots of a parity in one outer map */
struct fill {
	int outer;
	uint32_t slots[CORDON_LATCH_LEVELS];
	int inner[CORDON_LATCH_LEVELS];
	pid_t child;
};

static int fill_slots(const struct fill *fill)
{
	__u32 count = CORDON_LATCH_LEVELS;

	return bpf_map_update_batch(fill->outer, fill->slots, fill->inner, &count, NULL);
}

static bool fill_is_done(const struct fill *fill)
{
	for (int i = 0; i < CORDON_LATCH_LEVELS; i++) {
		struct bpf_map_info info = { 0 };
		__u32 size = sizeof(info), id;

		if (bpf_map_lookup_elem(fill->outer, &fill->slots[i], &id) ||
		    bpf_map_get_info_by_fd(fill->inner[i], &info, &size) || id != info.id)
			return false;
	}
	return true;
}

/* Keeps nothing of ours but the maps that it needs: not the lock, and not the
 * pipes that someone may wait at for our end. */
static void fill_in_child(const struct fill *fill, pid_t parent)
{
	struct fill moved = *fill;

	/* Who takes the lock after a parent that was killed fills these slots
	 * anew: we must not come later than that. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(1);
	moved.outer = fcntl(fill->outer, F_DUPFD, CHILD_FD);
	for (int i = 0; i < CORDON_LATCH_LEVELS; i++)
		moved.inner[i] = fcntl(fill->inner[i], F_DUPFD, CHILD_FD);
	close_range(0, CHILD_FD - 1, 0);
	close_range(CHILD_FD + 1 + CORDON_LATCH_LEVELS, ~0U, 0);
	_exit(fill_slots(&moved) ? 1 : 0);
}

/*
 * The kernel makes every writer to an array of maps wait for a grace period,
 * 8 to 20 ms, so that it may reuse what was there before.  We do not: what we
 * wait for is that the slots hold the new maps.  So a child for each outer map
 * does the writing and the waiting, and outlives us for a moment.
 */
static void fill_start(struct fill *fill)
{
	const pid_t self = getpid();

	if (fill_is_done(fill))
		return;
	fill->child = fork();
	if (!fill->child)
		fill_in_child(fill, self);
}

static int fill_wait(struct fill *fill)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	const uint64_t until = cordon_clock_ns() + SLOT_WAIT_MS * 1000000ULL;

	/* No child: at least slowly. */
	if (fill->child < 0)
		return fill_slots(fill);
	while (!fill_is_done(fill)) {
		if (fill->child && waitpid(fill->child, NULL, WNOHANG) == fill->child)
			return fill_is_done(fill) ? 0 : fill_slots(fill);
		if (cordon_clock_ns() > until)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int fill_all(const struct cordon_maps *maps, const struct cordon_generation *generation)
{
	struct fill fills[CORDON_TABLE_COUNT];
	int error;

	for (int i = 0; i < CORDON_TABLE_COUNT; i++) {
		fills[i].outer = maps->fd[cordon_table_map(i)];
		fills[i].child = 0;
		for (uint32_t j = 0; j < CORDON_LATCH_LEVELS; j++) {
			const int own = generation->table[cordon_matrix_at(j)][i];

			fills[i].slots[j] = cordon_slot(generation->number, j);
			fills[i].inner[j] = own >= 0 ? own : generation->table[0][i];
		}
	}
	/* The number goes first: from then on these slots are no longer those of
	 * a generation that a rollback would return to. */
	fill_start(&fills[CORDON_TABLE_SETTINGS]);
	error = fill_wait(&fills[CORDON_TABLE_SETTINGS]);
	if (error)
		return error;
	cordon_step("slots of the number");
	for (int i = 0; i < CORDON_TABLE_COUNT; i++) {
		if (i != CORDON_TABLE_SETTINGS)
			fill_start(&fills[i]);
	}
	for (int i = 0; i < CORDON_TABLE_COUNT; i++) {
		const int own = i == CORDON_TABLE_SETTINGS ? 0 : fill_wait(&fills[i]);

		error = error ? error : own;
	}
	return error;
}

static void store32(__u32 *to, __u32 value, const char *step)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
	cordon_step(step);
}

static void store64(__u64 *to, __u64 value, const char *step)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
	cordon_step(step);
}

/* The caller has settled: nothing is pending. In this order every moment
 * between two stores has one meaning, and it is the old or the new one. */
static void put_in_force(struct cordon_control *control, uint32_t number, uint32_t seconds)
{
	const uint32_t former = control->generation;

	if (seconds && former) {
		store32(&control->former, former, "former");
		store64(&control->confirm_by, cordon_clock_ns() + seconds * 1000000000ULL,
			"confirm_by");
		store32(&control->generation, number, "generation");
		return;
	}
	store32(&control->generation, number, "generation");
	store32(&control->former, former, "former");
}

static int move_flows(const struct cordon_maps *maps, uint32_t former,
		      const struct cordon_generation *generation)
{
	struct cordon_view view CLEANUP(view) = { 0 };
	struct cordon_area from = { 0 }, to = { 0 };
	int error;

	if (!generation->flows_moved || !former)
		return 0;
	error = cordon_view_open(maps, former, 0, &view);
	if (!error)
		error = cordon_table_open(maps, CORDON_TABLE_FLOWS, cordon_slot(former, 0), true,
					  &from);
	if (!error)
		error = cordon_table_open(maps, CORDON_TABLE_FLOWS,
					  cordon_slot(generation->number, 0), true, &to);
	if (!error) {
		const struct cordon_flow_table source = { from.cells, from.count };
		const struct cordon_flow_table target = { to.cells, to.count };

		cordon_flows_move(maps->control, view.settings,
				  view.area[CORDON_TABLE_CLASSES].count, &source, &target);
	}
	cordon_area_close(&from);
	cordon_area_close(&to);
	return error;
}

int cordon_load_flip(const struct cordon_context *context, const struct cordon_maps *maps,
		     struct cordon_generation *generation, uint32_t confirm_seconds,
		     struct cordon_failure *failure)
{
	const uint32_t former = cordon_standing_read(maps).effective;
	int error;

	error = fill_all(maps, generation);
	if (error)
		return cordon_fail(failure, error, "cannot put the policy into %s/maps: %s",
				   context->bpffs, strerror(-error));
	cordon_step("slots");
	/* Flows that start between the first copy and the store get the second. */
	error = move_flows(maps, former, generation);
	if (error)
		return cordon_fail(failure, error, "cannot move the flows: %s", strerror(-error));
	put_in_force(maps->control, generation->number, confirm_seconds);
	move_flows(maps, former, generation);
	return 0;
}

uint32_t cordon_load_settle(const struct cordon_maps *maps)
{
	struct cordon_control *control = maps->control;
	const struct cordon_standing standing = cordon_standing_read(maps);

	if (standing.lapsed) {
		store32(&control->generation, control->former, "settle generation");
		store64(&control->confirm_by, 0, "settle confirm_by");
		return standing.named;
	}
	if (!standing.pending && control->confirm_by)
		store64(&control->confirm_by, 0, "settle confirm_by");
	return 0;
}

int cordon_load_confirm(const struct cordon_maps *maps, struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(maps);

	if (!standing.pending)
		return cordon_fail(failure, -ENOENT, "nothing waits to be confirmed");
	store64(&maps->control->confirm_by, 0, "confirm");
	return 0;
}

int cordon_load_rollback(const struct cordon_maps *maps, struct cordon_failure *failure)
{
	struct cordon_control *control = maps->control;
	const struct cordon_standing standing = cordon_standing_read(maps);

	if (!standing.former)
		return cordon_fail(failure, -ENOENT, "there is no former generation to go back to");
	store32(&control->generation, standing.former, "rollback generation");
	store64(&control->confirm_by, 0, "rollback confirm_by");
	store32(&control->former, standing.effective, "rollback former");
	return 0;
}
