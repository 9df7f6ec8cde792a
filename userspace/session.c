// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading, switching and attaching in their order.  The order is what keeps
 * the node covered when we are killed: the next generation is whole before it
 * comes into force, hooks are added before others go, files follow the kernel.
 */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fault.h"
#include "lease.h"
#include "module.h"
#include "order.h"
#include "probe.h"
#include "store.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "workloads.h"

struct cordon_session cordon_session_none(void)
{
	struct cordon_session session = { .lock = -1 };

	session.maps = cordon_maps_none();
	session.programs = cordon_programs_none();
	session.placeholder = cordon_placeholder_none();
	return session;
}

/* Those that come later are there: what is open of them, and who is who by them. */
static int finish_loading(struct cordon_session *session, struct cordon_failure *failure)
{
	struct cordon_loading *loading CLEANUP(loading) = TAKE(session->loading);
	struct cordon_attach attach;
	int error = cordon_load_finish(session->context, loading, failure);

	if (error)
		return error;
	cordon_programs_close(&session->programs);
	error = cordon_programs_open(session->context, failure, &session->programs);
	attach = cordon_session_attach(session);
	if (!error)
		error = cordon_attach_watchers(&attach, failure);
	for (int i = 0; i < 2 && !error; i++) {
		if (session->image[i])
			error = cordon_workloads_fill(&session->maps, session->image[i],
						      attach.cgroups, failure);
	}
	return error;
}

void cordon_session_close(struct cordon_session *session)
{
	struct cordon_failure unsaid = { .text = "" };

	cordon_load_finish(session->context, session->loading, &unsaid);
	cordon_loading_free(session->loading);
	cordon_attach_placeholder_end(session->context, &session->placeholder);
	cordon_image_free(session->image[0]);
	cordon_image_free(session->image[1]);
	cordon_programs_close(&session->programs);
	cordon_maps_close(&session->maps);
	cleanup_close(&session->lock);
	*session = cordon_session_none();
}

/* What the kernel lets us wait for on interfaces is waited for now. */
static int await_first(struct cordon_session *session, struct cordon_failure *failure)
{
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure unsaid = { .text = "" };

	if (!session->loading)
		return 0;
	if (session->tcx && !cordon_nl_links_read(&unsaid, &links))
		session->placeholder = cordon_attach_placeholder(session->context, &links);
	return cordon_load_first(session->loading, failure);
}

/* Maps may be made anew, of another version or after a loss: latch and lease go on.  They are asked
 * for under the lock, since until now a release may have been under way. */
static int start_loading(struct cordon_session *session, struct cordon_failure *failure,
			 struct cordon_control *ret_former)
{
	ret_former->latch = cordon_latch_held(session->context, ret_former);
	return cordon_load_start(session->context, failure, &session->loading);
}

static void carry_over(struct cordon_control *control, const struct cordon_control *former)
{
	cordon_control_tighten(control, former->latch);
	cordon_lease_carry(control, former);
}

static int open_kernel(struct cordon_session *session, enum cordon_session_kind kind,
		       struct cordon_failure *failure)
{
	struct cordon_control former = { .latch = CORDON_LATCH_OPEN };
	int error;

	error = cordon_probe_kernel(failure, &session->tcx);
	if (error)
		return error;
	if (kind != CORDON_SESSION_LOOK)
		error = cordon_lock_take(session->context, failure, &session->lock);
	if (!error && kind == CORDON_SESSION_LOAD)
		error = start_loading(session, failure, &former);
	if (!error)
		error = cordon_maps_open(session->context, failure, &session->maps);
	if (!error && kind != CORDON_SESSION_LOOK)
		carry_over(session->maps.control, &former);
	if (!error)
		error = await_first(session, failure);
	if (!error)
		error = cordon_programs_open(session->context, failure, &session->programs);
	return error;
}

/* A node that lost what it knew takes no order but one that names what it says now. */
static bool make_challenge(struct cordon_latch_state *state)
{
	bool lost = false;

	for (int i = 0; i < CORDON_LATCH_ROLES; i++)
		lost |= state->role[i].counter == CORDON_LATCH_COUNTER_UNKNOWN;
	if (!lost || cordon_latch_has_challenge(state))
		return false;
	return getrandom(state->challenge, sizeof(state->challenge), 0) == sizeof(state->challenge);
}

/* What the module holds no root has written.  Return: it is news to the disk. */
static bool follow_module(struct cordon_session *session)
{
	const uint32_t held = cordon_module_level(session->context);
	struct cordon_latch_state *state = &session->latch;
	const bool news = held > state->level;

	if (news) {
		state->level = held;
		state->since = cordon_latch_now(state);
		snprintf(state->by, sizeof(state->by), "the kernel module, which held it");
	}
	cordon_module_follow(session, NULL);
	return news;
}

int cordon_session_latch(struct cordon_session *session, struct cordon_failure *failure)
{
	struct cordon_latch_state *state = &session->latch;
	struct cordon_control *control = session->maps.control;
	struct cordon_view view CLEANUP(view) = { 0 };
	const uint64_t now = cordon_clock_ns();
	uint32_t before;
	bool changed;

	session->memory =
		cordon_latch_recall(session->context, cordon_control_level(control, now), state);
	before = state->level;
	changed = session->memory != CORDON_LATCH_SOUND;
	changed |= cordon_latch_count_boot(state);
	changed |= make_challenge(state);
	cordon_view_open(&session->maps, cordon_standing_read(&session->maps).effective, 0, &view);
	changed |= cordon_lease_follow(state, view.settings, control, now);
	if (state->level != before || session->memory == CORDON_LATCH_FORGOTTEN)
		state->since = cordon_latch_now(state);
	changed |= follow_module(session);
	cordon_control_tighten(control, state->level);
	session->held = __atomic_load_n(&control->latch, __ATOMIC_ACQUIRE);
	return changed ? cordon_latch_write(session->context, state, failure) : 0;
}

/* What is in force now, and how that came. */
static void tell_switch(const struct cordon_session *session, enum cordon_switch how,
			uint32_t former, uint32_t confirm_seconds)
{
	const uint32_t effective = cordon_standing_read(&session->maps).effective;
	struct cordon_view view CLEANUP(view) = { 0 };
	struct cordon_event_policy told = {
		.generation = effective,
		.former = former,
		.how = how,
		.confirm_seconds = confirm_seconds,
	};

	if (effective && !cordon_view_open(&session->maps, effective, 0, &view)) {
		told.serial = view.settings->serial;
		memcpy(told.digest, view.settings->digest, sizeof(told.digest));
	}
	cordon_tell_policy(session->context, &told);
}

int cordon_session_open(const struct cordon_context *context, enum cordon_session_kind kind,
			struct cordon_failure *failure, struct cordon_session *ret_session)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	struct cordon_failure unsaid = { .text = "" };
	int error;

	session.context = context;
	error = open_kernel(&session, kind, failure);
	if (error)
		return error;
	error = cordon_cgroup_find(context, &session.no_cgroups, &session.cgroups);
	/* A folder that was named must be right; a kernel without cgroup2 is
	 * said by status. */
	if (error && context->cgroup)
		return cordon_fail(failure, error, "%s", session.no_cgroups.text);
	session.has_cgroups = !error;
	if (kind != CORDON_SESSION_LOOK) {
		session.lapsed = cordon_load_settle(&session.maps);
		if (session.lapsed)
			tell_switch(&session, CORDON_SWITCH_LAPSED, session.lapsed, 0);
		/* A disk that cannot be written is status' to tell. */
		cordon_session_latch(&session, &unsaid);
	}
	*ret_session = session;
	session = cordon_session_none();
	return 0;
}

static void read_image(struct cordon_session *session, uint32_t generation)
{
	struct cordon_image **image = &session->image[generation & 1];

	if (!generation || (*image && (*image)->settings.generation == generation))
		return;
	cordon_image_free(*image);
	*image = NULL;
	cordon_store_image(session->context, generation, image);
}

void cordon_session_images(struct cordon_session *session)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	read_image(session, standing.effective);
	read_image(session, standing.other);
}

struct cordon_attach cordon_session_attach(const struct cordon_session *session)
{
	const struct cordon_attach attach = {
		.context = session->context,
		.maps = &session->maps,
		.programs = &session->programs,
		.image = { session->image[0], session->image[1] },
		.effective = cordon_standing_read(&session->maps).effective,
		.cgroups = session->has_cgroups ? &session->cgroups : NULL,
		.tcx = session->tcx,
	};

	return attach;
}

static uint64_t guarded_netns(const struct cordon_session *session)
{
	const uint32_t effective = cordon_standing_read(&session->maps).effective;
	struct cordon_view view CLEANUP(view) = { 0 };

	if (!effective || cordon_view_open(&session->maps, effective, 0, &view))
		return 0;
	return view.settings->netns;
}

/* Interfaces and addresses are those of whoever asks: in another namespace they would take the
 * place of the node's, and leave it without. */
static int check_namespace(const struct cordon_session *session, struct cordon_failure *failure)
{
	if (guarded_netns(session) == cordon_probe_netns() ||
	    !cordon_attach_is_elsewhere(session->context))
		return 0;
	return cordon_fail(failure, -EXDEV,
			   "the interfaces that cordon covers are in another network namespace: "
			   "run this there, or there first cordon detach");
}

static int cover_interfaces(const struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_attach attach = cordon_session_attach(session);
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	int error = check_namespace(session, failure);

	if (!error)
		error = cordon_nl_links_read(failure, &links);
	if (!error)
		error = cordon_attach_places(&attach, &links, failure);
	return error ? error : cordon_attach_interfaces(&attach, &links, failure);
}

int cordon_session_cover(struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	if (!standing.effective && !standing.latch)
		return 0;
	cordon_session_images(session);
	return cover_interfaces(session, failure);
}

/* At a first load with the programs that are there, so that no packet waits for
 * those that few interfaces need, and then with all. */
static int cover_with_all(struct cordon_session *session, struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	int error;

	if (!session->loading)
		return cover_interfaces(session, failure);
	cover_interfaces(session, &unsaid);
	error = finish_loading(session, failure);
	return error ? error : cover_interfaces(session, failure);
}

static int attach_all(struct cordon_session *session, struct cordon_failure *failure)
{
	const int interfaces = cover_with_all(session, failure);
	const struct cordon_attach attach = cordon_session_attach(session);
	const int cgroups = cordon_attach_cgroups(&attach, failure);

	return interfaces ? interfaces : cgroups;
}

/* Files follow the kernel: a trial is not kept until it is confirmed. */
static int point_files(const struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	if (!standing.effective)
		return 0;
	/* `former` keeps the files of the trial. */
	if (standing.pending)
		return cordon_store_point(session->context, standing.former, standing.effective,
					  failure);
	return cordon_store_point(session->context, standing.effective, standing.former, failure);
}

static int show(const struct cordon_session *session, struct cordon_failure *failure)
{
	const int error = cordon_load_show(session->context, &session->maps);

	return error ? cordon_fail(failure, error, "cannot pin the tables: %s", strerror(-error)) :
		       0;
}

/* Hooks, pins for people and files follow the kernel; one that cannot keeps none of the others. */
static int follow_kernel(struct cordon_session *session, struct cordon_failure *failure)
{
	const int attached = attach_all(session, failure);
	const int shown = show(session, failure);
	const int kept = point_files(session, failure);

	return attached ? attached : shown ? shown : kept;
}

/* The module keeps what the policy in force keeps, and lets go of the boot's gate. */
static void follow_policy(const struct cordon_session *session, const struct cordon_image *image)
{
	cordon_module_follow(session, image);
	cordon_module_open_gate(session);
}

int cordon_session_refresh(struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_attach attach = cordon_session_attach(session);
	int prepared, followed;

	if (!attach.effective && !cordon_standing_read(&session->maps).latch)
		return 0;
	cordon_session_images(session);
	prepared = cordon_attach_watchers(&attach, failure);
	if (!prepared)
		prepared = check_namespace(session, failure);
	if (!prepared)
		prepared = cordon_addresses_fill(&session->maps, failure);
	followed = follow_kernel(session, failure);
	follow_policy(session, session->image[attach.effective & 1]);
	return prepared ? prepared : followed;
}

static int check_serial(const struct cordon_session *session, const struct cordon_apply *wish,
			struct cordon_failure *failure)
{
	const uint32_t effective = cordon_standing_read(&session->maps).effective;
	struct cordon_view view CLEANUP(view) = { 0 };

	if (wish->force || wish->restored || !effective ||
	    cordon_view_open(&session->maps, effective, 0, &view))
		return 0;
	if (wish->image->settings.serial >= view.settings->serial)
		return 0;
	return cordon_fail(failure, -ESTALE,
			   "serial %llu is lower than that in force, %llu (--force to go back)",
			   (unsigned long long)wish->image->settings.serial,
			   (unsigned long long)view.settings->serial);
}

static int check_pending(const struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	if (!standing.pending)
		return 0;
	return cordon_fail(failure, -EBUSY,
			   "generation %u waits for `cordon confirm` for another %llu s; "
			   "confirm it or roll back first",
			   standing.effective,
			   (unsigned long long)(standing.left_ns / 1000000000ULL) + 1);
}

static int refuse_sealed(uint32_t latch, struct cordon_failure *failure)
{
	return cordon_fail(failure, -EPERM,
			   "the node is sealed (%s): only a signed policy may change what passes; "
			   "see cordon status",
			   cordon_latch_name(latch));
}

/* Who has no key must not widen what is kept. */
static int check_latch(const struct cordon_session *session, const struct cordon_apply *wish,
		       struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	if (!standing.latch || wish->authorised || wish->restored)
		return 0;
	return refuse_sealed(standing.latch, failure);
}

/* Between taking an order and applying its policy nobody held the lock. */
static int check_order(const struct cordon_session *session, const struct cordon_apply *wish,
		       struct cordon_failure *failure)
{
	const struct cordon_latch_role *role = &session->latch.role[CORDON_ROLE_POLICY];

	if (!wish->order ||
	    (role->unfinished && !memcmp(role->digest, wish->order, sizeof(role->digest))))
		return 0;
	return cordon_fail(failure, -ESTALE, "a later order came in between");
}

static uint32_t choose_number(const struct cordon_session *session, const struct cordon_apply *wish)
{
	const uint32_t highest = cordon_store_highest(session->context);

	if (wish->restored)
		return cordon_load_number(&session->maps, wish->image->settings.generation);
	return cordon_load_number(&session->maps, highest + 1);
}

/* Who is who on this machine, for the coming generation, before it is one. */
static int prepare_machine(const struct cordon_session *session, const struct cordon_image *image,
			   struct cordon_failure *failure)
{
	struct cordon_attach attach = cordon_session_attach(session);
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	int error;

	attach.image[image->settings.generation & 1] = image;
	attach.image[~image->settings.generation & 1] = NULL;
	error = cordon_attach_watchers(&attach, failure);
	if (!error)
		error = cordon_addresses_fill(&session->maps, failure);
	if (!error)
		error = cordon_workloads_fill(&session->maps, image, attach.cgroups, failure);
	if (!error)
		error = cordon_nl_links_read(failure, &links);
	return error ? error : cordon_attach_places(&attach, &links, failure);
}

static int switch_generation(struct cordon_session *session, const struct cordon_apply *wish,
			     struct cordon_failure *failure)
{
	struct cordon_generation *generation CLEANUP(generation) = NULL;
	int error;

	error = cordon_load_build(session->context, &session->maps, wish->image, failure,
				  &generation);
	if (!error)
		error = prepare_machine(session, wish->image, failure);
	if (!error)
		error = cordon_load_flip(session->context, &session->maps, generation,
					 wish->confirm_seconds, failure);
	return error;
}

static int keep_files(const struct cordon_session *session, const struct cordon_apply *wish,
		      struct cordon_failure *failure)
{
	const uint32_t number = wish->image->settings.generation;

	if (wish->restored && cordon_store_active(session->context) == number)
		return 0;
	return cordon_store_save(session->context, wish->image, wish->policy, failure);
}

/* After the switch nothing turns it back; what could not be done is said. */
static int finish(struct cordon_session *session, const struct cordon_apply *wish, uint32_t former,
		  struct cordon_failure *failure)
{
	struct cordon_image *image = wish->image;
	const uint32_t generation = image->settings.generation;
	struct cordon_failure own = { .text = "" }, unsaid = { .text = "" };
	int error;

	cordon_rules_sweep(&session->maps);
	/* The image of the new generation is at hand; do not read it again. */
	cordon_image_free(session->image[generation & 1]);
	session->image[generation & 1] = image;
	error = follow_kernel(session, &own);
	session->image[generation & 1] = NULL;
	tell_switch(session, wish->restored ? CORDON_SWITCH_RESTORED : CORDON_SWITCH_APPLIED,
		    former, wish->confirm_seconds);
	/* Its lease begins now. */
	cordon_session_latch(session, &unsaid);
	return error ? cordon_fail(failure, error, "generation %u is in force, but: %s", generation,
				   own.text) :
		       0;
}

int cordon_session_apply(struct cordon_session *session, const struct cordon_apply *wish,
			 struct cordon_failure *failure)
{
	const uint32_t former = cordon_standing_read(&session->maps).effective;
	struct cordon_failure unsaid = { .text = "" };
	int error;

	error = check_namespace(session, failure);
	if (!error)
		error = check_latch(session, wish, failure);
	if (!error)
		error = check_order(session, wish, failure);
	if (!error)
		error = check_pending(session, failure);
	if (!error)
		error = check_serial(session, wish, failure);
	if (error)
		return error;
	/* A boot is in a hurry.  Else memory for tables is asked for when the verifier has its own
	 * back: where both do not fit, a refusal is better than to be killed. */
	if (session->loading && !wish->restored) {
		error = finish_loading(session, failure);
		if (error)
			return error;
	}
	wish->image->settings.generation = choose_number(session, wish);
	wish->image->settings.netns = cordon_probe_netns();
	cordon_step("number");
	error = keep_files(session, wish, failure);
	if (error)
		return error;
	error = switch_generation(session, wish, failure);
	if (error) {
		/* What was kept for it is not needed; what is wrong is said already. */
		point_files(session, &unsaid);
		return error;
	}
	error = finish(session, wish, former, failure);
	follow_policy(session, wish->image);
	return error;
}

int cordon_session_confirm(struct cordon_session *session, struct cordon_failure *failure)
{
	int error;

	if (session->lapsed)
		return cordon_fail(failure, -ETIMEDOUT,
				   "too late: generation %u has lapsed, generation %u is back in "
				   "force",
				   session->lapsed, cordon_standing_read(&session->maps).effective);
	error = check_namespace(session, failure);
	if (!error)
		error = cordon_load_confirm(&session->maps, failure);
	if (error)
		return error;
	tell_switch(session, CORDON_SWITCH_CONFIRMED, cordon_standing_read(&session->maps).former,
		    0);
	return cordon_session_refresh(session, failure);
}

int cordon_session_rollback(struct cordon_session *session, struct cordon_failure *failure)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);
	int error;

	/* A trial under a latch may end; what was in force long ago may not return. */
	if (standing.latch && !standing.pending)
		return refuse_sealed(standing.latch, failure);
	error = check_namespace(session, failure);
	if (!error)
		error = cordon_load_rollback(&session->maps, failure);
	if (error)
		return error;
	tell_switch(session, CORDON_SWITCH_ROLLED_BACK, standing.effective, 0);
	return cordon_session_refresh(session, failure);
}
