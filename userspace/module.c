// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel module and this installation; see module.h.
 */
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "live.h"
#include "store.h"
#include "util/cleanup.h"

/* What was set up for another root is not ours to touch. */
static void name_owner(const struct cordon_context *context, size_t size, char *ret_owner)
{
	snprintf(ret_owner, size, "%.120s %.120s", context->root, context->bpffs);
}

static enum cordon_module_whose open_ours(const struct cordon_context *context,
					  struct cordon_module *ret_module,
					  struct cordon_module_state *ret_state)
{
	char owner[256];
	int error;

	ret_module->fd = -1;
	error = cordon_module_open(ret_module);
	if (!error)
		error = cordon_module_get(ret_module, ret_state);
	if (error)
		return error == -ENOENT ? CORDON_MODULE_NONE : CORDON_MODULE_MUTE;
	name_owner(context, sizeof(owner), owner);
	return ret_state->flags & CORDON_MODULE_IS_SET_UP &&
			       strcmp(ret_state->setup.owner, owner) != 0 ?
		       CORDON_MODULE_ANOTHERS :
		       CORDON_MODULE_OURS;
}

enum cordon_module_whose cordon_module_look(const struct cordon_context *context,
					    struct cordon_module_state *ret_state)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };

	return open_ours(context, &module, ret_state);
}

uint32_t cordon_module_level(const struct cordon_context *context)
{
	struct cordon_module_state state;

	return cordon_module_look(context, &state) == CORDON_MODULE_OURS ? state.latch :
									   CORDON_LATCH_OPEN;
}

/* One that is not closed refuses: the programs alone shut the node. */
void cordon_module_seal(const struct cordon_context *context, uint32_t level)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(context, &module, &state) == CORDON_MODULE_OURS)
		cordon_module_tighten(&module, level);
}

int cordon_module_release(const struct cordon_context *context, const void *cms, size_t size,
			  struct cordon_failure *failure)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_state state;
	const enum cordon_module_whose whose = open_ours(context, &module, &state);

	if (whose == CORDON_MODULE_MUTE)
		return cordon_fail(failure, -EPERM,
				   "the kernel module is loaded, but does not answer (another "
				   "version?): what it shuts stays shut until a reboot without it");
	if (whose != CORDON_MODULE_OURS)
		return 0;
	/* It counts also what finds it open: spent here, it must open nothing there later. */
	if (!(state.latch || state.flags & CORDON_MODULE_IS_GATED)) {
		if (state.flags & CORDON_MODULE_IS_CLOSED)
			cordon_module_order(&module, cms, size, &unsaid);
		return 0;
	}
	if (!(state.flags & CORDON_MODULE_IS_SET_UP))
		return cordon_fail(failure, -EPERM,
				   "the kernel module was told of nobody who may release this "
				   "node: it stays shut until a reboot");
	return cordon_module_order(&module, cms, size, failure) ? -EPERM : 0;
}

/* ---- handed over -------------------------------------------------------------------------- */

/* As a chain: each link is the digest of the one before and of what comes. */
void cordon_module_digest(const struct cordon_trust *trust, const char *node,
			  uint8_t (*ret_digest)[CORDON_SIGN_DIGEST_SIZE])
{
	uint8_t link[2][CORDON_SIGN_DIGEST_SIZE];
	char text[CORDON_ORDER_NAMES_MAX + 128];
	const int length = snprintf(text, sizeof(text), "%s\n%s\n%u", node, trust->fleets,
				    trust->threshold[CORDON_ROLE_RELEASE]);
	const void *der;
	size_t size;

	cordon_sign_digest(text, (size_t)length, &link[0]);
	for (size_t i = 0; i < trust->nr_certificates; i++) {
		if (!cordon_trust_certificate(trust, i, CORDON_ROLE_RELEASE, &der, &size))
			continue;
		cordon_sign_digest(der, size, &link[1]);
		cordon_sign_digest(link, sizeof(link), &link[0]);
	}
	memcpy(*ret_digest, link[0], sizeof(*ret_digest));
}

/* A release that was cut short may come again. */
static uint64_t counter_of(const struct cordon_latch_state *latch)
{
	const uint64_t counter = latch->role[CORDON_ROLE_RELEASE].counter;

	return counter && counter != CORDON_LATCH_COUNTER_UNKNOWN &&
			       cordon_latch_is_releasing(latch) ?
		       counter - 1 :
		       counter;
}

static void hand_certificates(const struct cordon_module *module, const struct cordon_trust *trust)
{
	struct cordon_failure unsaid = { .text = "" };
	const void *der;
	size_t size;

	/* One that this kernel cannot read is missing from the count that status shows. */
	for (size_t i = 0; i < trust->nr_certificates; i++) {
		if (cordon_trust_certificate(trust, i, CORDON_ROLE_RELEASE, &der, &size))
			cordon_module_certificate(module, der, size, &unsaid);
	}
}

static void describe(const struct cordon_session *session, const struct cordon_trust *trust,
		     const char *node, struct cordon_module_setup *ret_setup)
{
	const struct cordon_latch_state *latch = &session->latch;
	struct cordon_module_setup setup = {
		.counter = counter_of(latch),
		.boot = latch->boots,
		.threshold = trust->threshold[CORDON_ROLE_RELEASE],
		.has_challenge = cordon_latch_has_challenge(latch),
	};

	memcpy(setup.challenge, latch->challenge, sizeof(setup.challenge));
	cordon_module_digest(trust, node, &setup.digest);
	name_owner(session->context, sizeof(setup.owner), setup.owner);
	snprintf(setup.node, sizeof(setup.node), "%s", node);
	snprintf(setup.fleets, sizeof(setup.fleets), "%s", trust->fleets);
	*ret_setup = setup;
}

/* For good, until a boot: so not before there is somebody who may release, and a node to name. The
 * module itself does not close, nor take a seal, before it knows enough keys: then it is tried
 * again, next time. */
static void set_up(const struct cordon_session *session, const struct cordon_module *module,
		   const struct cordon_image *image)
{
	const struct cordon_path folder = cordon_path_root(session->context, CORDON_TRUST_FOLDER);
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_trust trust CLEANUP(trust) = { .node = "" };
	struct cordon_module_setup setup;
	const char *node;

	cordon_trust_read(folder.text, &trust);
	node = trust.node[0] || !image ? trust.node : image->settings.node;
	if (!trust.keys[CORDON_ROLE_RELEASE] || (!node[0] && !trust.fleets[0]))
		return;
	describe(session, &trust, node, &setup);
	if (cordon_module_setup(module, &setup, &unsaid))
		return;
	hand_certificates(module, &trust);
	cordon_module_finish(module, &unsaid);
}

uint64_t cordon_module_tag(const struct cordon_settings *settings)
{
	uint64_t tag;

	memcpy(&tag, settings->digest, sizeof(tag));
	return tag;
}

/* At rest it is another list, for which whoever comes next hands over the policy's. */
static int hand_keep(const struct cordon_module *module, const struct cordon_image *image,
		     bool at_rest)
{
	struct cordon_module_interface excluded[CORDON_MODULE_EXCLUDED_MAX] = { 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_list list = {
		.head = { .tag = cordon_module_tag(&image->settings) ^ at_rest,
			  .arp = !(image->settings.builtins_off >> CORDON_BUILTIN_ARP & 1),
			  .watch_seconds = at_rest ? 0 : image->settings.watch_seconds,
			  .watch_latch = image->settings.watch_latch,
			  .rules = (uint32_t)image->nr_backstop_rules,
			  .prefixes = (uint32_t)image->nr_backstop_prefixes },
		.rule = image->backstop_rules,
		.prefix = image->backstop_prefixes,
		.excluded = excluded,
	};

	for (size_t i = 0; i < image->nr_interfaces; i++) {
		if (image->interfaces[i].mode == CORDON_MODE_EXCLUDE &&
		    list.head.exclusions < CORDON_MODULE_EXCLUDED_MAX)
			memcpy(excluded[list.head.exclusions++].name, image->interfaces[i].pattern,
			       sizeof(excluded->name));
	}
	return cordon_module_keep(module, &list, &unsaid);
}

/* Loaded anew, or sealed before this boot, it wants to know what to keep before it is shut; and
 * after a release it keeps what a policy said that is not in force any longer. */
static bool wants_keep(const struct cordon_session *session, uint32_t generation,
		       const struct cordon_module_state *state)
{
	struct cordon_view view CLEANUP(view) = { 0 };

	if (state->latch)
		return false;
	if (!state->keep.tag)
		return generation || session->latch.level;
	return generation &&
	       !cordon_view_open(&session->maps, generation, CORDON_LATCH_OPEN, &view) &&
	       view.settings && state->keep.tag != cordon_module_tag(view.settings);
}

/* One of another version, or damaged, is made again from its text: shut without a list, the node
 * would be out of reach of its own release. */
static struct cordon_image *read_image(const struct cordon_context *context, uint32_t generation)
{
	const struct cordon_path text = cordon_store_text(context, generation);
	struct cordon_image *image = NULL;
	struct cordon_diag diag = { .stored = 0 };

	if (cordon_store_image(context, generation, &image))
		cordon_compile_file(text.text, 0, &diag, &image);
	cordon_diag_clear(&diag);
	return image;
}

static struct cordon_image *wanted_image(const struct cordon_session *session,
					 const struct cordon_module_state *state)
{
	const uint32_t generation = cordon_standing_read(&session->maps).effective;

	if (!wants_keep(session, generation, state))
		return NULL;
	return read_image(session->context,
			  generation ? generation : cordon_store_active(session->context));
}

void cordon_module_follow(const struct cordon_session *session, const struct cordon_image *image)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_image *kept CLEANUP(image) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_state state;

	if (open_ours(session->context, &module, &state) != CORDON_MODULE_OURS)
		return;
	if (!image)
		image = kept = wanted_image(session, &state);
	if (!(state.flags & CORDON_MODULE_IS_CLOSED))
		set_up(session, &module, image);
	if (!state.latch && image)
		hand_keep(&module, image, false);
	cordon_module_map(&module, session->maps.fd[CORDON_MAP_MODULE_LATCH], &unsaid);
	if (session->latch.level > state.latch && !cordon_latch_is_releasing(&session->latch))
		cordon_module_tighten(&module, session->latch.level);
}

uint16_t cordon_module_live(const struct cordon_context *context)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(context, &module, &state) != CORDON_MODULE_OURS)
		return 0;
	cordon_module_beat(&module);
	return module.family;
}

/* Who seals it meanwhile shuts it with what it keeps. */
int cordon_module_rest(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_module_list nothing = { .head = { .tag = 0 } };
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_image *image CLEANUP(image) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_state state;
	int error;

	if (open_ours(context, &module, &state) != CORDON_MODULE_OURS || !state.keep.watch_seconds)
		return 0;
	image = read_image(context, cordon_live_generation(context));
	error = image ? hand_keep(&module, image, true) :
			cordon_module_keep(&module, &nothing, &unsaid);
	if (error == -EPERM)
		return cordon_fail(failure, -EBUSY, "the kernel module was sealed in this moment");
	return error ? cordon_fail(failure, error, "the kernel module goes on watching: %s",
				   strerror(-error)) :
		       0;
}

void cordon_module_open_gate(const struct cordon_session *session)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(session->context, &module, &state) == CORDON_MODULE_OURS &&
	    state.flags & CORDON_MODULE_IS_GATED)
		cordon_module_stand(&module);
}
