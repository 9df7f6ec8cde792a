// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate's parameters, its keep list and its fallback; see gate.h.
 */
#include "gate.h"

#include <linux/inet.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "keep.h"
#include "latch.h"
#include "netlink.h"
#include "setup.h"

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

/* struct list - the gate's keep list, as KEEP has it */
struct list {
	struct cordon_module_keep head;
	struct cordon_module_rule rule[KEEP_MAX];
	struct cordon_module_prefix prefix[KEEP_MAX];
};

static const struct {
	const char *name;
	u8 number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ "icmpv6", IPPROTO_ICMPV6 },
};

static bool read_protocol(const char *text, struct cordon_module_rule *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!strcmp(text, protocols[i].name))
			rule->protocol = protocols[i].number;
	}
	return rule->protocol;
}

/* "22", "8000-8100", or "any" */
static bool read_ports(char *text, struct cordon_module_rule *rule)
{
	char *last = text;

	rule->last = U16_MAX;
	if (!strcmp(text, "any"))
		return true;
	text = strsep(&last, "-");
	return !kstrtou16(text, 10, &rule->first) && !kstrtou16(last ?: text, 10, &rule->last) &&
	       rule->first <= rule->last;
}

static bool read_address(const char *text, const char *length, struct cordon_module_prefix *prefix)
{
	unsigned int most = 128;

	if (in4_pton(text, -1, prefix->address + 12, -1, NULL)) {
		prefix->address[10] = prefix->address[11] = 0xff;
		most = 32;
	} else if (!in6_pton(text, -1, prefix->address, -1, NULL)) {
		return false;
	}
	prefix->length = most;
	if (length && (kstrtou8(length, 10, &prefix->length) || prefix->length > most))
		return false;
	prefix->length += 128 - most;
	return true;
}

static bool read_ends(const char *way, u16 place, struct cordon_module_rule *rule)
{
	const bool out = !strcmp(way, "out");

	rule->way = out ? CORDON_MODULE_WAY_OUT : CORDON_MODULE_WAY_IN;
	*(out ? &rule->to : &rule->from) = place;
	*(out ? &rule->tos : &rule->froms) = 1;
	return out || !strcmp(way, "in");
}

static bool read_keep(const char *entry, u16 place, struct list *list)
{
	struct cordon_module_rule *rule = &list->rule[place];
	char text[80], *rest = text, *word[5] = { NULL };

	if (strscpy(text, entry, sizeof(text)) < 0)
		return false;
	for (int i = 0; i < 5; i++)
		word[i] = strsep(&rest, "/");
	return !rest && word[3] && read_ends(word[0], place, rule) &&
	       read_protocol(word[1], rule) && read_ports(word[2], rule) &&
	       read_address(word[3], word[4], &list->prefix[place]);
}

/* With nothing to reach, it needs no neighbours. */
static int make_keep(struct list *list)
{
	const size_t nr = nr_gate_keep;

	for (size_t i = 0; i < nr; i++) {
		if (!read_keep(gate_keep[i], i, list)) {
			pr_err("cordon: gate_keep: %s: not WAY/PROTOCOL/PORTS/ADDRESS[/LENGTH]\n",
			       gate_keep[i]);
			return -EINVAL;
		}
	}
	list->head.rules = list->head.prefixes = nr;
	list->head.builtins_off = nr ? 0 : U32_MAX;
	memmove(&list->rule[nr], list->prefix, nr * sizeof(*list->prefix));
	return cordon_keep_install(
		list, sizeof(list->head) + nr * (sizeof(*list->rule) + sizeof(*list->prefix)),
		true);
}

static void fall_back(struct work_struct *work);
static DECLARE_DELAYED_WORK(fallback, fall_back);

/* Nobody could release a seal before a helper has said who may: until then the gate stays shut. */
static void fall_back(struct work_struct *work)
{
	const bool opens = !strcmp(gate_fallback, "open");
	u32 before = cordon_latch_level();

	if (opens ? !cordon_latch_gate(false) : !cordon_latch_is_gated())
		return;
	if (!opens && !cordon_setup_is_closed()) {
		schedule_delayed_work(&fallback, HZ);
		return;
	}
	pr_warn("cordon: no policy came in %u s: the node is %s, as it was told to\n",
		gate_fallback_seconds, opens ? "open" : "sealed");
	if (!opens)
		before = cordon_latch_tighten(CORDON_LATCH_ISOLATE);
	cordon_netlink_tell(opens ? CORDON_MODULE_NEWS_FALLBACK_OPEN :
				    CORDON_MODULE_NEWS_FALLBACK_SHUT,
			    before, 0);
}

void cordon_gate_open(void)
{
	if (cordon_latch_gate(false))
		cordon_netlink_tell(CORDON_MODULE_NEWS_STANDS, cordon_latch_level(), 0);
}

static int shut_gate(void)
{
	struct list *list = kzalloc(sizeof(*list), GFP_KERNEL);
	int error = list ? make_keep(list) : -ENOMEM;

	kfree(list);
	if (error)
		return error;
	cordon_latch_gate(true);
	if (gate_fallback_seconds)
		schedule_delayed_work(&fallback, gate_fallback_seconds * HZ);
	return 0;
}

int cordon_gate_init(void)
{
	if (strcmp(gate_fallback, "open") && strcmp(gate_fallback, "isolate")) {
		pr_err("cordon: gate_fallback is open or isolate\n");
		return -EINVAL;
	}
	return gate ? shut_gate() : 0;
}

void cordon_gate_exit(void)
{
	cancel_delayed_work_sync(&fallback);
}
