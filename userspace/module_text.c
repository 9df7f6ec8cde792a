// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel module in words; see module_text.h.
 */
#include "module_text.h"

#include <string.h>
#include <unistd.h>

#include "gate_file.h"
#include "order.h"
#include "util/boot.h"

/* As userspace/boot/gate has it. */
static bool is_gate_off(const struct cordon_context *context)
{
	char word[8];

	cordon_boot_word("cordon.gate=", word, sizeof(word));
	return !strcmp(word, "off") &&
	       !access(cordon_path_root(context, CORDON_GATE_FILE).text, F_OK);
}

void cordon_module_view_read(const struct cordon_context *context, const struct cordon_trust *trust,
			     struct cordon_module_view *ret_view)
{
	struct cordon_module_view view = { .no_gate = is_gate_off(context) };
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	view.whose = cordon_module_look(context, &view.state);
	if (view.whose == CORDON_MODULE_OURS && view.state.flags & CORDON_MODULE_IS_SET_UP) {
		cordon_module_digest(trust, trust->node[0] ? trust->node : view.state.setup.node,
				     &digest);
		view.changed = memcmp(digest, view.state.setup.digest, sizeof(digest)) != 0;
	}
	*ret_view = view;
}

void cordon_module_view_policy(struct cordon_module_view *view,
			       const struct cordon_settings *settings)
{
	view->kept_before = view->whose == CORDON_MODULE_OURS && view->state.keep.tag &&
			    view->state.keep.tag != cordon_module_tag(settings);
}

static void print_who(FILE *file, const struct cordon_module_state *state)
{
	if (!(state->flags & CORDON_MODULE_IS_SET_UP)) {
		fputs("            takes no seal: it was told of no node and no certificates "
		      "(trust/release.pem)\n",
		      file);
		return;
	}
	fprintf(file, "            opens for node %s by %u keys of %u certificates\n",
		state->setup.node[0] ? state->setup.node : "-", state->setup.threshold,
		state->certificates);
	if (!(state->flags & CORDON_MODULE_IS_CLOSED))
		fprintf(file,
			"            takes no seal by now: this kernel can check %u of these keys "
			"(trust/release.pem: RSA,\n"
			"            or ECDSA from Linux 6.7 on)\n",
			state->keys);
}

static void print_backstop(FILE *file, const struct cordon_module_view *view)
{
	const struct cordon_module_state *state = &view->state;

	if (!state->keep.rules)
		fputs("backstop    knows no keep list: under a latch nothing passes\n", file);
	else if (!state->keep.tag)
		fprintf(file, "backstop    keeps what the boot gate keeps: %u rules\n",
			state->keep.rules);
	else
		fprintf(file,
			"backstop    keeps %u rules with %u prefixes, built-in ones included\n",
			state->keep.rules, state->keep.prefixes);
	if (view->kept_before && state->latch)
		fputs("            as of the policy before this one, until the release: what the "
		      "programs keep passes\n"
		      "            only where it passes this list, too\n",
		      file);
	fprintf(file, "            dropped %llu in, %llu out%s\n",
		(unsigned long long)state->dropped_in, (unsigned long long)state->dropped_out,
		state->flags & CORDON_MODULE_IS_PARTIAL ?
			"; a device or namespace has NO HOOK of it" :
			"");
	if (state->flags & CORDON_MODULE_IS_GATED)
		fputs("gate        SHUT: nothing passes but the gate's keep list, until a policy "
		      "stands\n",
		      file);
}

static void print_watch(FILE *file, const struct cordon_module_state *state)
{
	if (state->flags & CORDON_MODULE_IS_SILENT)
		fprintf(file, "watchdog    SILENT: no sign of life for %u s\n", state->silent);
	else if (state->flags & CORDON_MODULE_IS_WATCHED)
		fprintf(file, "watchdog    after %u s of silence %s; last sign of life %u s ago\n",
			state->keep.watch_seconds,
			state->keep.watch_latch ? cordon_latch_name(state->keep.watch_latch) :
						  "a record",
			state->silent);
	else if (state->keep.watch_seconds)
		fputs("watchdog    begins with cordon run\n", file);
}

void cordon_module_text(FILE *file, const struct cordon_module_view *view)
{
	const struct cordon_module_state *state = &view->state;

	if (view->no_gate)
		fputs("gate        off (cordon.gate=off on the kernel's command line): before the "
		      "policy stood all passed\n",
		      file);
	if (view->whose == CORDON_MODULE_NONE) {
		fputs("module      none: who writes to the pinned maps as root opens the node, and "
		      "with the programs\n"
		      "            gone nothing holds it shut\n",
		      file);
		return;
	}
	if (view->whose == CORDON_MODULE_MUTE) {
		fputs("module      LOADED, BUT MUTE: it does not answer this cordon (another "
		      "version?), and holds shut\n"
		      "            what it held until a reboot\n",
		      file);
		return;
	}
	if (view->whose == CORDON_MODULE_ANOTHERS) {
		fputs("module      of another installation: it does nothing for this one\n", file);
		return;
	}
	fprintf(file, "module      holds %s\n", cordon_latch_name(state->latch));
	print_who(file, state);
	if (view->changed)
		fputs("            trust/ has changed since: it goes by what it was until a "
		      "reboot\n",
		      file);
	print_backstop(file, view);
	print_watch(file, state);
}

static void json_ours(struct json *json, const struct cordon_module_state *state)
{
	json_string(json, "latch", cordon_latch_name(state->latch));
	json_bool(json, "set_up", state->flags & CORDON_MODULE_IS_SET_UP);
	json_bool(json, "closed", state->flags & CORDON_MODULE_IS_CLOSED);
	json_bool(json, "gated", state->flags & CORDON_MODULE_IS_GATED);
	json_bool(json, "partial", state->flags & CORDON_MODULE_IS_PARTIAL);
	json_string(json, "node", state->setup.node);
	json_number(json, "certificates", state->certificates);
	json_number(json, "keys", state->keys);
	json_number(json, "threshold", state->setup.threshold);
	json_number(json, "counter", state->setup.counter);
	json_number(json, "programs", state->programs);
	json_bool(json, "has_keep_list", state->keep.rules);
	json_bool(json, "keeps_for_gate", state->keep.rules && !state->keep.tag);
	json_number(json, "keep_rules", state->keep.rules);
	json_number(json, "keep_prefixes", state->keep.prefixes);
	json_number(json, "dropped_in", state->dropped_in);
	json_number(json, "dropped_out", state->dropped_out);
	json_bool(json, "silent", state->flags & CORDON_MODULE_IS_SILENT);
	json_number(json, "watch_seconds", state->keep.watch_seconds);
	json_string(json, "watch_latch", cordon_latch_name(state->keep.watch_latch));
	json_number(json, "silent_for", state->silent);
}

void cordon_module_json(struct json *json, const struct cordon_module_view *view)
{
	static const char *const names[] = { [CORDON_MODULE_NONE] = "none",
					     [CORDON_MODULE_OURS] = "ours",
					     [CORDON_MODULE_ANOTHERS] = "another",
					     [CORDON_MODULE_MUTE] = "mute" };

	json_object(json, "module");
	json_string(json, "whose", names[view->whose]);
	json_bool(json, "gate_off", view->no_gate);
	if (view->whose == CORDON_MODULE_OURS) {
		json_ours(json, &view->state);
		json_bool(json, "trust_changed", view->changed);
		json_bool(json, "kept_before", view->kept_before);
	}
	json_object_end(json);
}
