// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel module and this installation; see module.h.
 */
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store.h"
#include "util/cleanup.h"

/* What was set up for another root is not ours to touch. */
static void name_owner(const struct cordon_context *context, char (*ret_owner)[256])
{
	snprintf(*ret_owner, sizeof(*ret_owner), "%.120s %.120s", context->root, context->bpffs);
}

static enum cordon_module_whose open_ours(const struct cordon_context *context,
					  struct cordon_module *ret_module,
					  struct cordon_module_state *ret_state)
{
	char owner[256];

	ret_module->fd = -1;
	if (cordon_module_open(ret_module) || cordon_module_get(ret_module, ret_state))
		return CORDON_MODULE_NONE;
	name_owner(context, &owner);
	return ret_state->flags & CORDON_MODULE_IS_SET_UP && strcmp(ret_state->owner, owner) != 0 ?
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

void cordon_module_seal(const struct cordon_context *context, uint32_t level)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;
	uint32_t before;

	if (open_ours(context, &module, &state) == CORDON_MODULE_OURS)
		cordon_module_tighten(&module, level, &before);
}

int cordon_module_release(const struct cordon_context *context, const void *cms, size_t size,
			  struct cordon_failure *failure)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(context, &module, &state) != CORDON_MODULE_OURS ||
	    !(state.latch || state.flags & CORDON_MODULE_IS_GATED))
		return 0;
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

/* For good, until a boot: so not before there is somebody who may release, and a node to name. */
static void set_up(const struct cordon_session *session, const struct cordon_module *module,
		   const struct cordon_image *image)
{
	const struct cordon_path folder = cordon_path_root(session->context, CORDON_TRUST_FOLDER);
	const struct cordon_latch_state *latch = &session->latch;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_trust trust CLEANUP(trust) = { .node = "" };
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	struct cordon_module_setup setup = { .fleets = trust.fleets, .digest = digest };
	char owner[256];

	cordon_trust_read(folder.text, &trust);
	setup.node = trust.node[0] || !image ? trust.node : image->settings.node;
	if (!trust.keys[CORDON_ROLE_RELEASE] || (!setup.node[0] && !trust.fleets[0]))
		return;
	name_owner(session->context, &owner);
	cordon_module_digest(&trust, setup.node, &digest);
	setup.owner = owner;
	setup.threshold = trust.threshold[CORDON_ROLE_RELEASE];
	setup.counter = counter_of(latch);
	setup.boot = latch->boots;
	setup.challenge = cordon_latch_has_challenge(latch) ? latch->challenge : NULL;
	if (cordon_module_setup(module, &setup, &unsaid))
		return;
	hand_certificates(module, &trust);
	cordon_module_finish(module, &unsaid);
}

static void hand_keep(const struct cordon_module *module, const struct cordon_image *image)
{
	struct cordon_module_interface excluded[CORDON_MODULE_EXCLUDED_MAX] = { 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_keep keep = {
		.rule = image->backstop_rules,
		.rules = image->nr_backstop_rules,
		.prefix = image->backstop_prefixes,
		.prefixes = image->nr_backstop_prefixes,
		.excluded = excluded,
		.builtins_off = image->settings.builtins_off,
	};

	for (size_t i = 0; i < image->nr_interfaces; i++) {
		if (image->interfaces[i].mode == CORDON_MODE_EXCLUDE &&
		    keep.exclusions < CORDON_MODULE_EXCLUDED_MAX)
			memcpy(excluded[keep.exclusions++].name, image->interfaces[i].pattern,
			       sizeof(excluded->name));
	}
	cordon_module_keep(module, &keep, &unsaid);
}

/* Sealed before this boot, it wants to know what to keep before it is shut. */
static struct cordon_image *image_of_boot(const struct cordon_session *session,
					  const struct cordon_module_state *state)
{
	struct cordon_image *image = NULL;

	if (session->latch.level && !state->latch && !(state->flags & CORDON_MODULE_HAS_KEEP))
		cordon_store_image(session->context, cordon_store_active(session->context), &image);
	return image;
}

DEFINE_CLEANUP(image, struct cordon_image *, cordon_image_free)

void cordon_module_follow(const struct cordon_session *session, const struct cordon_image *image)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_image *kept CLEANUP(image) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_module_state state;
	uint32_t before;

	if (open_ours(session->context, &module, &state) != CORDON_MODULE_OURS)
		return;
	if (!image)
		image = kept = image_of_boot(session, &state);
	if (!state.latch && !(state.flags & CORDON_MODULE_IS_SET_UP))
		set_up(session, &module, image);
	if (!state.latch && image)
		hand_keep(&module, image);
	cordon_module_map(&module, session->maps.fd[CORDON_MAP_MODULE_LATCH], &unsaid);
	if (session->latch.level > state.latch && !cordon_latch_is_releasing(&session->latch))
		cordon_module_tighten(&module, session->latch.level, &before);
}

void cordon_module_live(const struct cordon_context *context)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(context, &module, &state) == CORDON_MODULE_OURS)
		cordon_module_beat(&module);
}

void cordon_module_open_gate(const struct cordon_session *session)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct cordon_module_state state;

	if (open_ours(session->context, &module, &state) == CORDON_MODULE_OURS &&
	    state.flags & CORDON_MODULE_IS_GATED)
		cordon_module_stand(&module);
}
