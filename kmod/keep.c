// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep lists replaced and asked.
 */
#include "cordon.h"

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

/* struct keep - a list as it came; the pointers are into @bytes */
struct keep {
	const struct cordon_module_keep *head;
	const struct cordon_module_rule *rule;
	const struct cordon_module_prefix *prefix;
	const struct cordon_module_interface *excluded;
	u8 bytes[] __aligned(8);
};

static DEFINE_MUTEX(lock);
static struct keep __rcu *in_force;

/* ---- replaced ---------------------------------------------------------------------------- */

static bool has_size(const struct cordon_module_keep *head, size_t size)
{
	return head->rules <= CORDON_MODULE_RULES_MAX &&
	       head->prefixes <= CORDON_MODULE_PREFIXES_MAX &&
	       head->exclusions <= CORDON_MODULE_EXCLUDED_MAX &&
	       size == sizeof(*head) + head->rules * sizeof(struct cordon_module_rule) +
			       head->prefixes * sizeof(struct cordon_module_prefix) +
			       head->exclusions * sizeof(struct cordon_module_interface);
}

static bool rule_is_sound(const struct cordon_module_rule *rule, u32 prefixes)
{
	return rule->way <= CORDON_MODULE_WAY_FORWARD &&
	       !(rule->flags & ~CORDON_MODULE_RULE_KNOWN_FLAGS) && rule->first <= rule->last &&
	       (rule->flags & CORDON_MODULE_RULE_ALONE ||
		!(rule->hop_limit || rule->asker || rule->longest ||
		  rule->flags & CORDON_MODULE_RULE_NEAR)) &&
	       (u32)rule->from + rule->froms <= prefixes && (u32)rule->to + rule->tos <= prefixes;
}

static bool is_sound(const struct keep *keep)
{
	const struct cordon_module_keep *head = keep->head;
	bool sound = head->arp <= 1 && head->watch_latch <= CORDON_LATCH_LOCKDOWN &&
		     head->watch_seconds <= CORDON_MODULE_WATCH_MAX;

	for (u32 i = 0; sound && i < head->rules; i++)
		sound = rule_is_sound(&keep->rule[i], head->prefixes);
	for (u32 i = 0; sound && i < head->prefixes; i++)
		sound = keep->prefix[i].length <= 128;
	for (u32 i = 0; sound && i < head->exclusions; i++)
		sound = keep->excluded[i].name[0] &&
			!keep->excluded[i].name[CORDON_INTERFACE_NAME_SIZE - 1];
	return sound;
}

static struct keep *copy(const void *bytes, size_t size)
{
	struct keep *keep;

	if (size < sizeof(*keep->head) || !has_size(bytes, size))
		return ERR_PTR(-EINVAL);
	keep = kvmalloc(struct_size(keep, bytes, size), GFP_KERNEL);
	if (!keep)
		return ERR_PTR(-ENOMEM);
	memcpy(keep->bytes, bytes, size);
	keep->head = (void *)keep->bytes;
	keep->rule = (void *)(keep->head + 1);
	keep->prefix = (void *)(keep->rule + keep->head->rules);
	keep->excluded = (void *)(keep->prefix + keep->head->prefixes);
	return keep;
}

/* A seal that comes in between meets the list before or this one: both were handed over open. */
int cordon_keep_install(const void *bytes, size_t size)
{
	struct keep *keep = copy(bytes, size);
	int error = 0;

	if (IS_ERR(keep))
		return PTR_ERR(keep);
	mutex_lock(&lock);
	if (!is_sound(keep))
		error = -EINVAL;
	else if (cordon_latch_level())
		error = -EPERM;
	else
		keep = rcu_replace_pointer(in_force, keep, lockdep_is_held(&lock));
	mutex_unlock(&lock);
	if (!error)
		cordon_hook_refresh();
	synchronize_rcu();
	kvfree(keep);
	return error;
}

/* Hooks that are gone may still be under way: rmmod -f comes here under a latch, too. */
void cordon_keep_exit(void)
{
	synchronize_rcu();
	kvfree(rcu_dereference_protected(in_force, true));
}

/* ---- asked ------------------------------------------------------------------------------- */

static bool covers(const struct cordon_module_prefix *prefix, const u8 *address)
{
	const unsigned int bytes = prefix->length / 8, bits = prefix->length % 8;

	if (memcmp(prefix->address, address, bytes))
		return false;
	return !bits || !((prefix->address[bytes] ^ address[bytes]) >> (8 - bits));
}

static bool among(const struct keep *keep, u16 first, u16 count, const u8 *address)
{
	for (u32 i = first; i < (u32)first + count; i++) {
		if (covers(&keep->prefix[i], address))
			return true;
	}
	return !count;
}

/* May what asks by this rule be met here, on its way in or out?  An answer goes the other way. */
static bool goes_here(const struct cordon_module_rule *rule, const struct cordon_packet *packet,
		      bool answer)
{
	if (rule->way == CORDON_MODULE_WAY_FORWARD)
		return !packet->out || packet->forwarded;
	return packet->out ==
	       (rule->way == (answer ? CORDON_MODULE_WAY_IN : CORDON_MODULE_WAY_OUT));
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

static bool matches(const struct keep *keep, const struct cordon_module_rule *rule,
		    const struct cordon_packet *packet, bool answer)
{
	const u8 *asker = answer ? packet->destination : packet->source;
	const u8 *asked = answer ? packet->source : packet->destination;

	return !(answer && packet->opens) && goes_here(rule, packet, answer) &&
	       has_service(rule, packet, answer ? packet->answers : packet->asks) &&
	       among(keep, rule->from, rule->froms, asker) &&
	       among(keep, rule->to, rule->tos, asked);
}

static bool is_alone(const struct cordon_module_rule *rule, const struct cordon_packet *packet)
{
	return !packet->fragment && !packet->quoted &&
	       (!rule->hop_limit || rule->hop_limit == packet->hop_limit) &&
	       (!rule->asker || rule->asker == packet->answers) &&
	       (!rule->longest || (packet->length && packet->length <= rule->longest)) &&
	       (!(rule->flags & CORDON_MODULE_RULE_NEAR) ||
		!memcmp(packet->source, packet->destination, 8));
}

static bool allows(const struct keep *keep, const struct cordon_module_rule *rule, u32 level,
		   const struct cordon_packet *packet)
{
	if (rule->flags & CORDON_MODULE_RULE_EGRESS && level != CORDON_LATCH_EGRESS)
		return false;
	if (rule->flags & CORDON_MODULE_RULE_ALONE)
		return is_alone(rule, packet) && matches(keep, rule, packet, false);
	return matches(keep, rule, packet, false) || matches(keep, rule, packet, true);
}

bool cordon_keep_allows(u32 level, const struct cordon_packet *packet)
{
	const struct keep *keep = rcu_dereference(in_force);

	for (u32 i = 0; keep && i < keep->head->rules; i++) {
		if (allows(keep, &keep->rule[i], level, packet))
			return true;
	}
	return false;
}

/* "eth0", or "veth*" */
static bool is_called(const char *name, const char *pattern)
{
	const size_t size = strcspn(pattern, "*");

	return pattern[size] ? !strncmp(pattern, name, size) : !strcmp(pattern, name);
}

bool cordon_keep_excludes(const char *name)
{
	const struct keep *keep;
	bool excluded = false;

	rcu_read_lock();
	keep = rcu_dereference(in_force);
	for (u32 i = 0; keep && i < keep->head->exclusions && !excluded; i++)
		excluded = is_called(name, keep->excluded[i].name);
	rcu_read_unlock();
	return excluded;
}

struct cordon_module_keep cordon_keep_head(void)
{
	struct cordon_module_keep head = { 0 };
	const struct keep *keep;

	rcu_read_lock();
	keep = rcu_dereference(in_force);
	if (keep)
		head = *keep->head;
	rcu_read_unlock();
	return head;
}
