// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate's parameters, its keep list and its fallback; see gate.h.
 */
#include "gate.h"

#include <linux/err.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "keep.h"
#include "latch.h"
#include "netlink.h"

#define KEEP_MAX 64

static bool gate;
module_param(gate, bool, 0444);
MODULE_PARM_DESC(gate, "nothing passes until a policy stands");

static char *gate_keep[KEEP_MAX];
static int nr_gate_keep;
module_param_array(gate_keep, charp, &nr_gate_keep, 0444);
MODULE_PARM_DESC(gate_keep,
		 "but this: WAY/PROTOCOL/PORTS/ADDRESS[/LENGTH], such as in/tcp/22/10.20.0.0/24");

static unsigned int gate_fallback_seconds;
module_param(gate_fallback_seconds, uint, 0444);
MODULE_PARM_DESC(gate_fallback_seconds, "when no policy comes for so long; 0: never");

static char *gate_fallback = "isolate";
module_param(gate_fallback, charp, 0444);
MODULE_PARM_DESC(gate_fallback, "what then: open, or isolate (the default)");

static int read_way(const char *text, struct cordon_module_rule *rule)
{
	if (!text)
		return -EINVAL;
	rule->way = strcmp(text, "out") ? CORDON_MODULE_WAY_IN : CORDON_MODULE_WAY_OUT;
	return rule->way == CORDON_MODULE_WAY_IN && strcmp(text, "in") ? -EINVAL : 0;
}

static int read_protocol(const char *text, struct cordon_module_rule *rule)
{
	static const struct {
		const char *name;
		u8 number;
	} names[] = { { "tcp", IPPROTO_TCP },
		      { "udp", IPPROTO_UDP },
		      { "icmp", IPPROTO_ICMP },
		      { "icmpv6", IPPROTO_ICMPV6 } };

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++) {
		if (!strcmp(text, names[i].name)) {
			rule->protocol = names[i].number;
			return 0;
		}
	}
	return -EINVAL;
}

/* "22", "8000-8100", or "any" */
static int read_ports(char *text, struct cordon_module_rule *rule)
{
	char *last = text;

	rule->last = U16_MAX;
	if (!text)
		return -EINVAL;
	if (!strcmp(text, "any"))
		return 0;
	text = strsep(&last, "-");
	if (kstrtou16(text, 10, &rule->first) || kstrtou16(last ?: text, 10, &rule->last))
		return -EINVAL;
	return rule->first > rule->last ? -EINVAL : 0;
}

static int read_address(char *text, const char *length, struct cordon_module_prefix *prefix)
{
	unsigned int most = 128;

	if (!text)
		return -EINVAL;
	if (in4_pton(text, -1, prefix->address + 12, -1, NULL)) {
		prefix->address[10] = prefix->address[11] = 0xff;
		most = 32;
	} else if (!in6_pton(text, -1, prefix->address, -1, NULL)) {
		return -EINVAL;
	}
	prefix->length = most;
	if (length && (kstrtou8(length, 10, &prefix->length) || prefix->length > most))
		return -EINVAL;
	prefix->length += 128 - most;
	return 0;
}

static int read_keep(char *text, u16 place, struct cordon_module_rule *rule,
		     struct cordon_module_prefix *prefix)
{
	char *rest = text, *address;

	if (read_way(strsep(&rest, "/"), rule) || read_protocol(strsep(&rest, "/"), rule) ||
	    read_ports(strsep(&rest, "/"), rule))
		return -EINVAL;
	address = strsep(&rest, "/");
	if (rule->way == CORDON_MODULE_WAY_IN) {
		rule->from = place;
		rule->froms = 1;
	} else {
		rule->to = place;
		rule->tos = 1;
	}
	return read_address(address, rest, prefix);
}

static struct cordon_keep *make_keep(struct cordon_module_rule *rules,
				     struct cordon_module_prefix *prefixes)
{
	const struct cordon_keep_wish wish = {
		.rule = rules, .prefix = prefixes, .rules = nr_gate_keep, .prefixes = nr_gate_keep
	};

	for (int i = 0; i < nr_gate_keep; i++) {
		if (read_keep(gate_keep[i], i, &rules[i], &prefixes[i])) {
			pr_err("cordon: gate_keep: entry %d is not WAY/PROTOCOL/PORTS/ADDRESS\n",
			       i + 1);
			return ERR_PTR(-EINVAL);
		}
	}
	return cordon_keep_make(&wish);
}

static int install_keep(void)
{
	struct cordon_module_rule *rules = kcalloc(KEEP_MAX, sizeof(*rules), GFP_KERNEL);
	struct cordon_module_prefix *prefixes = kcalloc(KEEP_MAX, sizeof(*prefixes), GFP_KERNEL);
	struct cordon_keep *keep = ERR_PTR(-ENOMEM);

	if (rules && prefixes)
		keep = make_keep(rules, prefixes);
	kfree(rules);
	kfree(prefixes);
	if (IS_ERR(keep))
		return PTR_ERR(keep);
	cordon_keep_gate(keep);
	return 0;
}

static void fall_back(struct work_struct *work)
{
	u32 before;

	if (!cordon_latch_look().gated)
		return;
	if (!strcmp(gate_fallback, "open")) {
		pr_warn("cordon: no policy came in %u s: the gate opens, as it was told to\n",
			gate_fallback_seconds);
		cordon_gate_open();
		return;
	}
	before = cordon_latch_tighten(CORDON_LATCH_ISOLATE);
	pr_warn("cordon: no policy came in %u s: the node is sealed, as it was told to\n",
		gate_fallback_seconds);
	if (before < CORDON_LATCH_ISOLATE)
		cordon_netlink_tell(CORDON_MODULE_EVENT_SEALED, before, CORDON_LATCH_ISOLATE);
}

static DECLARE_DELAYED_WORK(fallback, fall_back);

void cordon_gate_open(void)
{
	const u32 level = cordon_latch_look().level;

	if (cordon_latch_ungate())
		cordon_netlink_tell(CORDON_MODULE_EVENT_GATE_OPENED, level, level);
}

int cordon_gate_init(void)
{
	int error;

	if (strcmp(gate_fallback, "open") && strcmp(gate_fallback, "isolate")) {
		pr_err("cordon: gate_fallback is open or isolate\n");
		return -EINVAL;
	}
	if (!gate)
		return 0;
	error = install_keep();
	if (error)
		return error;
	cordon_latch_gate();
	if (gate_fallback_seconds)
		schedule_delayed_work(&fallback, gate_fallback_seconds * HZ);
	return 0;
}

void cordon_gate_exit(void)
{
	cancel_delayed_work_sync(&fallback);
}
