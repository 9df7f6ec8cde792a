// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep lists made, replaced and asked; see keep.h.
 */
#include "keep.h"

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <cordon/uapi/reason.h>

#include "latch.h"

struct cordon_keep {
	struct rcu_head rcu;
	u32 builtins_off;
	u32 rules;
	u32 prefixes;
	u32 exclusions;
	struct cordon_module_rule rule[CORDON_MODULE_RULES_MAX];
	struct cordon_module_prefix prefix[CORDON_MODULE_PREFIXES_MAX];
	struct cordon_module_interface excluded[CORDON_MODULE_EXCLUDED_MAX];
};

static DEFINE_MUTEX(lock);
static struct cordon_keep __rcu *handed_over;
/* Written once, before there are hooks. */
static struct cordon_keep *of_gate;

/* ---- made -------------------------------------------------------------------------------- */

static bool fits(u16 first, u16 count, u32 all)
{
	return (u32)first + count <= all;
}

static bool rule_is_sound(const struct cordon_module_rule *rule, u32 prefixes)
{
	return rule->way <= CORDON_MODULE_WAY_FORWARD &&
	       !(rule->flags & ~CORDON_MODULE_RULE_KNOWN_FLAGS) && !rule->pad &&
	       rule->first <= rule->last && fits(rule->from, rule->froms, prefixes) &&
	       fits(rule->to, rule->tos, prefixes);
}

static bool is_sound(const struct cordon_keep_wish *wish)
{
	if (wish->rules > CORDON_MODULE_RULES_MAX || wish->prefixes > CORDON_MODULE_PREFIXES_MAX ||
	    wish->exclusions > CORDON_MODULE_EXCLUDED_MAX)
		return false;
	for (u32 i = 0; i < wish->rules; i++) {
		if (!rule_is_sound(&wish->rule[i], wish->prefixes))
			return false;
	}
	for (u32 i = 0; i < wish->prefixes; i++) {
		if (wish->prefix[i].length > 128)
			return false;
	}
	for (u32 i = 0; i < wish->exclusions; i++) {
		const char *name = wish->excluded[i].name;

		if (!name[0] || !memchr(name, '\0', CORDON_INTERFACE_NAME_SIZE))
			return false;
	}
	return true;
}

struct cordon_keep *cordon_keep_make(const struct cordon_keep_wish *wish)
{
	struct cordon_keep *keep;

	if (!is_sound(wish))
		return ERR_PTR(-EINVAL);
	keep = kvzalloc(sizeof(*keep), GFP_KERNEL);
	if (!keep)
		return ERR_PTR(-ENOMEM);
	keep->builtins_off = wish->builtins_off;
	keep->rules = wish->rules;
	keep->prefixes = wish->prefixes;
	keep->exclusions = wish->exclusions;
	memcpy(keep->rule, wish->rule, wish->rules * sizeof(*wish->rule));
	memcpy(keep->prefix, wish->prefix, wish->prefixes * sizeof(*wish->prefix));
	memcpy(keep->excluded, wish->excluded, wish->exclusions * sizeof(*wish->excluded));
	return keep;
}

/* A seal that comes in between meets the list before or this one: both were handed over open. */
int cordon_keep_install(struct cordon_keep *keep)
{
	struct cordon_keep *former;

	mutex_lock(&lock);
	if (cordon_latch_look().level) {
		mutex_unlock(&lock);
		kvfree(keep);
		return -EPERM;
	}
	former = rcu_replace_pointer(handed_over, keep, lockdep_is_held(&lock));
	mutex_unlock(&lock);
	synchronize_rcu();
	kvfree(former);
	return 0;
}

void cordon_keep_gate(struct cordon_keep *keep)
{
	of_gate = keep;
}

void cordon_keep_exit(void)
{
	kvfree(rcu_dereference_protected(handed_over, true));
	kvfree(of_gate);
}

/* ---- asked ------------------------------------------------------------------------------- */

static const struct cordon_keep *in_force(u32 enforced)
{
	return enforced == CORDON_LATCH_GATE ? of_gate : rcu_dereference(handed_over);
}

static bool covers(const struct cordon_module_prefix *prefix, const u8 *address)
{
	const unsigned int bytes = prefix->length / 8, bits = prefix->length % 8;

	if (memcmp(prefix->address, address, bytes))
		return false;
	return !bits || !((prefix->address[bytes] ^ address[bytes]) >> (8 - bits));
}

static bool among(const struct cordon_keep *keep, u16 first, u16 count, const u8 *address)
{
	for (u32 i = first; i < (u32)first + count; i++) {
		if (covers(&keep->prefix[i], address))
			return true;
	}
	return !count;
}

static bool has_service(const struct cordon_module_rule *rule, const struct cordon_packet *packet,
			u16 service)
{
	if (rule->flags & CORDON_MODULE_RULE_ANY || packet->any_protocol)
		return true;
	if (rule->protocol != packet->protocol)
		return false;
	return packet->fragment || (service >= rule->first && service <= rule->last);
}

static bool joins(const struct cordon_keep *keep, const struct cordon_module_rule *rule,
		  const u8 *from, const u8 *to)
{
	return among(keep, rule->from, rule->froms, from) && among(keep, rule->to, rule->tos, to);
}

/* May what asks by this rule be met here, on its way in or out?  An answer goes the other way. */
static bool goes_here(const struct cordon_module_rule *rule, const struct cordon_packet *packet,
		      bool answer)
{
	const bool out = packet->direction == CORDON_DIRECTION_OUT;

	if (rule->way == CORDON_MODULE_WAY_FORWARD)
		return !out || packet->forwarded;
	return out == (rule->way == (answer ? CORDON_MODULE_WAY_IN : CORDON_MODULE_WAY_OUT));
}

static bool rule_allows(const struct cordon_keep *keep, const struct cordon_module_rule *rule,
			const struct cordon_packet *packet)
{
	if (packet->may_ask && goes_here(rule, packet, false) &&
	    has_service(rule, packet, packet->asks) &&
	    joins(keep, rule, packet->source, packet->destination))
		return true;
	return packet->may_answer && goes_here(rule, packet, true) &&
	       has_service(rule, packet, packet->answers) &&
	       joins(keep, rule, packet->destination, packet->source);
}

bool cordon_keep_allows(u32 enforced, const struct cordon_packet *packet)
{
	const struct cordon_keep *keep = in_force(enforced);

	for (u32 i = 0; keep && i < keep->rules; i++) {
		if (keep->rule[i].flags & CORDON_MODULE_RULE_EGRESS &&
		    enforced != CORDON_LATCH_EGRESS)
			continue;
		if (rule_allows(keep, &keep->rule[i], packet))
			return true;
	}
	return false;
}

bool cordon_keep_builtin(u32 enforced, u32 builtin)
{
	const struct cordon_keep *keep = in_force(enforced);

	/* With nothing to reach, a gate needs no neighbours. */
	if (enforced == CORDON_LATCH_GATE)
		return keep && keep->rules;
	return !keep || !(keep->builtins_off >> builtin & 1);
}

bool cordon_keep_excludes(const char *name)
{
	const struct cordon_keep *keep;
	bool excluded = false;

	rcu_read_lock();
	keep = rcu_dereference(handed_over);
	for (u32 i = 0; keep && i < keep->exclusions && !excluded; i++) {
		const char *pattern = keep->excluded[i].name;
		const size_t size = strcspn(pattern, "*");

		excluded = pattern[size] ? !strncmp(pattern, name, size) : !strcmp(pattern, name);
	}
	rcu_read_unlock();
	return excluded;
}

bool cordon_keep_look(u32 *ret_rules, u32 *ret_prefixes)
{
	const struct cordon_keep *keep;

	rcu_read_lock();
	keep = rcu_dereference(handed_over);
	*ret_rules = keep ? keep->rules : 0;
	*ret_prefixes = keep ? keep->prefixes : 0;
	rcu_read_unlock();
	return keep;
}
