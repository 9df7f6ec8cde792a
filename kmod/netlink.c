// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in, answers and events out.  Lengths and ranges are in the policies, one for
 * each command; what an attribute means is for others to say.
 */
#include "netlink.h"

#include <linux/slab.h>
#include <net/genetlink.h>

#include "gate.h"
#include "hook.h"
#include "keep.h"
#include "latch.h"
#include "setup.h"
#include "watch.h"

#define A(name) CORDON_MODULE_A_##name

static struct genl_family family;

/* ---- answers ----------------------------------------------------------------------------- */

static int reply(struct genl_info *info, u8 command,
		 int (*fill)(struct sk_buff *skb, const void *from), const void *from)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &family, 0, command);
	if (!head || fill(skb, from)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static bool put_u64(struct sk_buff *skb, int attribute, u64 value)
{
	return nla_put_u64_64bit(skb, attribute, value, A(PAD));
}

static bool put_setup(struct sk_buff *skb, const struct cordon_setup_look *look)
{
	const struct cordon_setup *setup = &look->setup;

	if (!(look->flags & CORDON_MODULE_IS_SET_UP))
		return nla_put_u32(skb, A(CERTIFICATES), look->certificates);
	return nla_put_string(skb, A(OWNER), setup->owner) ||
	       nla_put_string(skb, A(NODE), setup->node) ||
	       nla_put(skb, A(DIGEST), sizeof(setup->digest), setup->digest) ||
	       nla_put_u32(skb, A(CERTIFICATES), look->certificates) ||
	       nla_put_u32(skb, A(THRESHOLD), setup->threshold) ||
	       put_u64(skb, A(COUNTER), setup->counter) ||
	       nla_put_u32(skb, A(WATCH_SECONDS), setup->watch_seconds) ||
	       nla_put_u32(skb, A(WATCH_LATCH), setup->watch_latch);
}

static bool put_backstop(struct sk_buff *skb, const struct cordon_hook_look *hooks)
{
	u32 rules, prefixes;

	cordon_keep_look(&rules, &prefixes);
	return nla_put_u32(skb, A(RULES), rules) || nla_put_u32(skb, A(PREFIXES), prefixes) ||
	       put_u64(skb, A(DROPPED_IN), hooks->dropped_in) ||
	       put_u64(skb, A(DROPPED_OUT), hooks->dropped_out);
}

static u32 flags_now(const struct cordon_setup_look *setup, const struct cordon_latch_look *latch,
		     const struct cordon_watch_look *watch, const struct cordon_hook_look *hooks)
{
	u32 rules, prefixes;

	return setup->flags | (latch->gated ? CORDON_MODULE_IS_GATED : 0) |
	       (cordon_keep_look(&rules, &prefixes) ? CORDON_MODULE_HAS_KEEP : 0) |
	       (watch->silent ? CORDON_MODULE_IS_SILENT : 0) |
	       (hooks->unhooked ? CORDON_MODULE_IS_PARTIAL : 0);
}

static int put_all(struct sk_buff *skb, const void *from)
{
	const struct cordon_latch_look latch = cordon_latch_look();
	const struct cordon_watch_look watch = cordon_watch_look();
	const struct cordon_hook_look hooks = cordon_hook_look();
	const struct cordon_setup_look *setup = from;

	return nla_put_u32(skb, A(VERSION), CORDON_MODULE_VERSION) ||
	       nla_put_u32(skb, A(LATCH), latch.level) ||
	       nla_put_u32(skb, A(FLAGS), flags_now(setup, &latch, &watch, &hooks)) ||
	       put_setup(skb, setup) || put_backstop(skb, &hooks) ||
	       nla_put_u32(skb, A(MAP), latch.map) ||
	       nla_put_u32(skb, A(PROGRAMS), latch.programs) ||
	       (watch.watching && nla_put_u32(skb, A(SILENT), watch.silent_for));
}

static int get(struct sk_buff *skb, struct genl_info *info)
{
	struct cordon_setup_look *look = kmalloc(sizeof(*look), GFP_KERNEL);
	int error;

	if (!look)
		return -ENOMEM;
	cordon_setup_look(look);
	error = reply(info, CORDON_MODULE_CMD_GET, put_all, look);
	kfree(look);
	return error;
}

static int put_level(struct sk_buff *skb, const void *from)
{
	return nla_put_u32(skb, A(LATCH), *(const u32 *)from);
}

/* ---- events ------------------------------------------------------------------------------ */

void cordon_netlink_tell(enum cordon_module_event event, u32 before, u32 after)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &family, 0, CORDON_MODULE_CMD_EVENT);
	if (!head || nla_put_u32(skb, A(EVENT), event) || nla_put_u32(skb, A(LATCH), after) ||
	    nla_put_u32(skb, A(BEFORE), before)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

/* ---- requests ---------------------------------------------------------------------------- */

static int missing(struct genl_info *info, int attribute)
{
	if (info->attrs[attribute])
		return 0;
	GENL_SET_ERR_MSG(info, "an attribute that the command needs is missing");
	return -EINVAL;
}

static u32 u32_of(struct genl_info *info, int attribute)
{
	return info->attrs[attribute] ? nla_get_u32(info->attrs[attribute]) : 0;
}

static void read_setup(struct genl_info *info, struct cordon_setup *setup)
{
	nla_strscpy(setup->owner, info->attrs[A(OWNER)], sizeof(setup->owner));
	nla_strscpy(setup->node, info->attrs[A(NODE)], sizeof(setup->node));
	nla_strscpy(setup->fleets, info->attrs[A(FLEETS)], sizeof(setup->fleets));
	setup->threshold = u32_of(info, A(THRESHOLD));
	setup->counter = nla_get_u64(info->attrs[A(COUNTER)]);
	setup->boot = nla_get_u64(info->attrs[A(BOOT)]);
	setup->has_challenge = info->attrs[A(CHALLENGE)];
	if (setup->has_challenge)
		memcpy(setup->challenge, nla_data(info->attrs[A(CHALLENGE)]),
		       sizeof(setup->challenge));
	if (info->attrs[A(DIGEST)])
		memcpy(setup->digest, nla_data(info->attrs[A(DIGEST)]), sizeof(setup->digest));
	setup->watch_seconds = u32_of(info, A(WATCH_SECONDS));
	setup->watch_latch = u32_of(info, A(WATCH_LATCH));
}

static int refused(struct genl_info *info, int error)
{
	if (error == -EPERM)
		GENL_SET_ERR_MSG(info, "the latch is shut, or the setup is closed until a boot");
	return error;
}

static int setup(struct sk_buff *skb, struct genl_info *info)
{
	struct cordon_setup *setup;
	int error;

	if (missing(info, A(OWNER)) || missing(info, A(NODE)) || missing(info, A(FLEETS)) ||
	    missing(info, A(THRESHOLD)) || missing(info, A(COUNTER)) || missing(info, A(BOOT)))
		return -EINVAL;
	setup = kzalloc(sizeof(*setup), GFP_KERNEL);
	if (!setup)
		return -ENOMEM;
	read_setup(info, setup);
	error = cordon_setup_replace(setup);
	kfree(setup);
	return refused(info, error);
}

static int certificate(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *der = info->attrs[A(CERTIFICATE)];

	if (missing(info, A(CERTIFICATE)))
		return -EINVAL;
	return refused(info, cordon_setup_certificate(nla_data(der), nla_len(der)));
}

static int close(struct sk_buff *skb, struct genl_info *info)
{
	return refused(info, cordon_setup_close());
}

/* Return: elements of @size of an attribute, which may be missing; -EINVAL */
static int array_of(struct genl_info *info, int attribute, u32 size, const void **ret_array,
		    u32 *ret_count)
{
	const struct nlattr *array = info->attrs[attribute];

	*ret_array = array ? nla_data(array) : NULL;
	*ret_count = array ? nla_len(array) / size : 0;
	return array && nla_len(array) % size ? -EINVAL : 0;
}

static int keep(struct sk_buff *skb, struct genl_info *info)
{
	struct cordon_keep_wish wish = { .builtins_off = u32_of(info, A(BUILTINS_OFF)) };
	struct cordon_keep *list;
	int error;

	if (missing(info, A(BUILTINS_OFF)) ||
	    array_of(info, A(RULES), sizeof(*wish.rule), (const void **)&wish.rule, &wish.rules) ||
	    array_of(info, A(PREFIXES), sizeof(*wish.prefix), (const void **)&wish.prefix,
		     &wish.prefixes) ||
	    array_of(info, A(EXCLUDED), sizeof(*wish.excluded), (const void **)&wish.excluded,
		     &wish.exclusions))
		return -EINVAL;
	list = cordon_keep_make(&wish);
	if (IS_ERR(list))
		return PTR_ERR(list);
	error = cordon_keep_install(list);
	if (!error)
		cordon_hook_refresh();
	return refused(info, error);
}

static int map(struct sk_buff *skb, struct genl_info *info)
{
	int error;

	if (missing(info, A(MAP)))
		return -EINVAL;
	error = cordon_latch_map(u32_of(info, A(MAP)));
	if (error == -EINVAL)
		GENL_SET_ERR_MSG(info, "the map is not one that only the module can write");
	return refused(info, error);
}

static int seal(struct sk_buff *skb, struct genl_info *info)
{
	u32 level, before;

	if (missing(info, A(LATCH)))
		return -EINVAL;
	level = u32_of(info, A(LATCH));
	before = cordon_latch_tighten(level);
	if (before < level)
		cordon_netlink_tell(CORDON_MODULE_EVENT_SEALED, before, level);
	return reply(info, CORDON_MODULE_CMD_SEAL, put_level, &before);
}

static void explain(struct genl_info *info, int error)
{
	switch (error) {
	case -EBADMSG:
		GENL_SET_ERR_MSG(info, "it is no signed order, or not in its one form");
		break;
	case -EOPNOTSUPP:
		GENL_SET_ERR_MSG(info, "the order opens nothing: only release and detach do");
		break;
	case -EKEYREJECTED:
		GENL_SET_ERR_MSG(info, "a signature is wrong");
		break;
	case -ENOKEY:
		GENL_SET_ERR_MSG(info, "nobody signed it who may release this node");
		break;
	case -EDQUOT:
		GENL_SET_ERR_MSG(info, "too few distinct keys signed it");
		break;
	case -ENOPKG:
		GENL_SET_ERR_MSG(info, "this kernel cannot check such a signature: sign with RSA, "
				       "PKCS #1 v1.5, and SHA-256");
		break;
	case -EXDEV:
		GENL_SET_ERR_MSG(info, "the order is for another node");
		break;
	case -ESTALE:
		GENL_SET_ERR_MSG(info, "its counter was used already");
		break;
	case -EAGAIN:
		GENL_SET_ERR_MSG(info, "the order holds from a later boot on");
		break;
	case -EKEYEXPIRED:
		GENL_SET_ERR_MSG(info, "it does not name the node's challenge, or another");
		break;
	case -EBUSY:
		GENL_SET_ERR_MSG(info, "the node was sealed again in this moment");
		break;
	}
}

static int order(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *cms = info->attrs[A(ORDER)];
	u32 before;
	int error;

	if (missing(info, A(ORDER)))
		return -EINVAL;
	error = cordon_setup_release(nla_data(cms), nla_len(cms), &before);
	if (!error && before)
		cordon_netlink_tell(CORDON_MODULE_EVENT_RELEASED, before, CORDON_LATCH_OPEN);
	explain(info, error);
	return error;
}

static int stand(struct sk_buff *skb, struct genl_info *info)
{
	cordon_gate_open();
	return 0;
}

static int beat(struct sk_buff *skb, struct genl_info *info)
{
	cordon_watch_beat();
	return 0;
}

/* ---- the family -------------------------------------------------------------------------- */

static const struct nla_policy none[A(COUNT)];

static const struct nla_policy setup_policy[A(COUNT)] = {
	[A(OWNER)] = { .type = NLA_NUL_STRING, .len = 255 },
	[A(NODE)] = { .type = NLA_NUL_STRING, .len = 63 },
	[A(FLEETS)] = { .type = NLA_NUL_STRING, .len = 1023 },
	[A(THRESHOLD)] = NLA_POLICY_RANGE(NLA_U32, 1, CORDON_MODULE_CERTIFICATES_MAX),
	[A(COUNTER)] = { .type = NLA_U64 },
	[A(BOOT)] = { .type = NLA_U64 },
	[A(CHALLENGE)] = NLA_POLICY_EXACT_LEN(CORDON_CHALLENGE_SIZE),
	[A(DIGEST)] = NLA_POLICY_EXACT_LEN(32),
	[A(WATCH_SECONDS)] = NLA_POLICY_MAX(NLA_U32, S16_MAX),
	[A(WATCH_LATCH)] = NLA_POLICY_MAX(NLA_U32, CORDON_LATCH_LOCKDOWN),
	[A(PAD)] = { .type = NLA_REJECT },
};

static const struct nla_policy certificate_policy[A(COUNT)] = {
	[A(CERTIFICATE)] = { .type = NLA_BINARY, .len = U16_MAX },
};

static const struct nla_policy keep_policy[A(COUNT)] = {
	[A(RULES)] = { .type = NLA_BINARY,
		       .len = CORDON_MODULE_RULES_MAX * sizeof(struct cordon_module_rule) },
	[A(PREFIXES)] = { .type = NLA_BINARY,
			  .len = CORDON_MODULE_PREFIXES_MAX * sizeof(struct cordon_module_prefix) },
	[A(EXCLUDED)] = { .type = NLA_BINARY,
			  .len = CORDON_MODULE_EXCLUDED_MAX *
				 sizeof(struct cordon_module_interface) },
	[A(BUILTINS_OFF)] = { .type = NLA_U32 },
};

static const struct nla_policy map_policy[A(COUNT)] = {
	[A(MAP)] = { .type = NLA_U32 },
};

static const struct nla_policy seal_policy[A(COUNT)] = {
	[A(LATCH)] = NLA_POLICY_RANGE(NLA_U32, CORDON_LATCH_EGRESS, CORDON_LATCH_LOCKDOWN),
};

static const struct nla_policy order_policy[A(COUNT)] = {
	[A(ORDER)] = { .type = NLA_BINARY, .len = U16_MAX },
};

#define OPERATION(name, function, attributes)                                                      \
	{                                                                                          \
		.cmd = CORDON_MODULE_CMD_##name, .doit = function, .flags = GENL_ADMIN_PERM,       \
		.policy = attributes, .maxattr = A(COUNT) - 1,                                     \
	}

static const struct genl_ops operations[] = {
	OPERATION(GET, get, none),
	OPERATION(SETUP, setup, setup_policy),
	OPERATION(CERTIFICATE, certificate, certificate_policy),
	OPERATION(CLOSE, close, none),
	OPERATION(KEEP, keep, keep_policy),
	OPERATION(MAP, map, map_policy),
	OPERATION(SEAL, seal, seal_policy),
	OPERATION(ORDER, order, order_policy),
	OPERATION(STAND, stand, none),
	OPERATION(BEAT, beat, none),
};

static const struct genl_multicast_group groups[] = {
	{ .name = CORDON_MODULE_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* In parallel: a seal does not wait for an order that is being checked. */
static struct genl_family family __ro_after_init = {
	.name = CORDON_MODULE_FAMILY,
	.version = CORDON_MODULE_VERSION,
	.parallel_ops = true,
	.netnsok = false,
	.ops = operations,
	.n_ops = ARRAY_SIZE(operations),
	.resv_start_op = CORDON_MODULE_CMD_UNSPEC + 1,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.module = THIS_MODULE,
};

int cordon_netlink_init(void)
{
	return genl_register_family(&family);
}

void cordon_netlink_exit(void)
{
	genl_unregister_family(&family);
}
