// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in, answers and events out.  What an attribute means is for others to say.
 */
#include "cordon.h"

#include <linux/sched.h>
#include <net/genetlink.h>

#define A(name) CORDON_MODULE_A_##name

static struct genl_family family;

/* ---- answers and events ------------------------------------------------------------------ */

static struct sk_buff *new_message(u32 port, u32 sequence, u8 command)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (skb)
		genlmsg_put(skb, port, sequence, &family, 0, command);
	return skb;
}

static int get(struct genl_info *info)
{
	struct sk_buff *skb = new_message(info->snd_portid, info->snd_seq, CORDON_MODULE_CMD_GET);
	struct cordon_module_state *state;

	if (!skb)
		return -ENOMEM;
	state = nla_data(nla_reserve_64bit(skb, A(STATE), sizeof(*state), A(PAD)));
	memset(state, 0, sizeof(*state));
	state->version = CORDON_MODULE_VERSION;
	cordon_setup_tell(state);
	cordon_latch_tell(state);
	state->keep = cordon_keep_head();
	cordon_hook_tell(state);
	cordon_watch_tell(state);
	nlmsg_end(skb, nlmsg_hdr(skb));
	return genlmsg_reply(skb, info);
}

void cordon_netlink_tell(enum cordon_module_news news, u32 before, int error)
{
	struct cordon_module_event event = {
		.news = news,
		.before = before,
		.latch = cordon_latch_level(),
		.error = -error,
	};
	struct sk_buff *skb = new_message(0, 0, CORDON_MODULE_CMD_EVENT);

	if (!skb)
		return;
	if (!(current->flags & PF_KTHREAD)) {
		event.pid = task_tgid_nr(current);
		get_task_comm(event.comm, current);
	}
	nla_put(skb, A(EVENT), sizeof(event), &event);
	nlmsg_end(skb, nlmsg_hdr(skb));
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

/* ---- requests ---------------------------------------------------------------------------- */

static int seal(struct genl_info *info, u32 level)
{
	struct sk_buff *skb;
	u32 before;

	if (cordon_setup_seal(level, &before))
		return -EPERM;
	if (before < level)
		cordon_netlink_tell(CORDON_MODULE_NEWS_SEALED, before, 0);
	skb = new_message(info->snd_portid, info->snd_seq, CORDON_MODULE_CMD_SEAL);
	if (!skb)
		return -ENOMEM;
	nla_put_u32(skb, A(LATCH), before);
	nlmsg_end(skb, nlmsg_hdr(skb));
	return genlmsg_reply(skb, info);
}

static int order(const void *cms, size_t size)
{
	u32 before = cordon_latch_level();
	int error = cordon_setup_release(cms, size, &before);

	if (error)
		cordon_netlink_tell(CORDON_MODULE_NEWS_REFUSED, before, error);
	else if (before)
		cordon_netlink_tell(CORDON_MODULE_NEWS_RELEASED, before, 0);
	return error;
}

static int carry_out(struct genl_info *info, const void *data, size_t size)
{
	switch (info->genlhdr->cmd) {
	case CORDON_MODULE_CMD_GET:
		return get(info);
	case CORDON_MODULE_CMD_SETUP:
		return cordon_setup_replace(data);
	case CORDON_MODULE_CMD_CERTIFICATE:
		return cordon_setup_certificate(data, size);
	case CORDON_MODULE_CMD_CLOSE:
		return cordon_setup_close();
	case CORDON_MODULE_CMD_KEEP:
		return cordon_keep_install(data, size);
	case CORDON_MODULE_CMD_MAP:
		return cordon_latch_map(*(const u32 *)data);
	case CORDON_MODULE_CMD_SEAL:
		return seal(info, *(const u32 *)data);
	case CORDON_MODULE_CMD_ORDER:
		return order(data, size);
	case CORDON_MODULE_CMD_STAND:
		cordon_gate_open();
		return 0;
	case CORDON_MODULE_CMD_BEAT:
		cordon_watch_beat();
		return 0;
	}
	return -EOPNOTSUPP;
}

/* Each command's own one. */
static const u16 attribute_of[CORDON_MODULE_CMD_COUNT] = {
	[CORDON_MODULE_CMD_SETUP] = A(SETUP), [CORDON_MODULE_CMD_CERTIFICATE] = A(CERTIFICATE),
	[CORDON_MODULE_CMD_KEEP] = A(KEEP),   [CORDON_MODULE_CMD_MAP] = A(MAP),
	[CORDON_MODULE_CMD_SEAL] = A(LATCH),  [CORDON_MODULE_CMD_ORDER] = A(ORDER),
};

/* It has that, and no other. */
static int answer(struct sk_buff *skb, struct genl_info *info)
{
	const u16 own = attribute_of[info->genlhdr->cmd];
	const struct nlattr *given = own ? info->attrs[own] : NULL;

	for (int i = 1; i < A(COUNT); i++) {
		if (!info->attrs[i] != (i != own))
			return -EINVAL;
	}
	return carry_out(info, given ? nla_data(given) : NULL, given ? nla_len(given) : 0);
}

/* ---- the family -------------------------------------------------------------------------- */

static const struct nla_policy policy[A(COUNT)] = {
	[A(PAD)] = { .type = NLA_REJECT },
	[A(SETUP)] = NLA_POLICY_EXACT_LEN(sizeof(struct cordon_module_setup)),
	[A(CERTIFICATE)] = { .type = NLA_BINARY, .len = U16_MAX },
	[A(KEEP)] = { .type = NLA_BINARY, .len = U16_MAX },
	[A(MAP)] = { .type = NLA_U32 },
	[A(LATCH)] = NLA_POLICY_RANGE(NLA_U32, CORDON_LATCH_EGRESS, CORDON_LATCH_LOCKDOWN),
	[A(ORDER)] = { .type = NLA_BINARY, .len = U16_MAX },
};

#define OPERATION(name)                                                                            \
	{                                                                                          \
		.cmd = CORDON_MODULE_CMD_##name, .doit = answer, .flags = GENL_ADMIN_PERM          \
	}

static const struct genl_small_ops operations[] = {
	OPERATION(GET), OPERATION(SETUP), OPERATION(CERTIFICATE), OPERATION(CLOSE), OPERATION(KEEP),
	OPERATION(MAP), OPERATION(SEAL),  OPERATION(ORDER),	  OPERATION(STAND), OPERATION(BEAT),
};

static const struct genl_multicast_group groups[] = {
	{ .name = CORDON_MODULE_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* In parallel: a seal does not wait for an order that is being checked. */
static struct genl_family family __ro_after_init = {
	.name = CORDON_MODULE_FAMILY,
	.version = CORDON_MODULE_VERSION,
	.maxattr = A(COUNT) - 1,
	.policy = policy,
	.parallel_ops = true,
	.netnsok = false,
	.small_ops = operations,
	.n_small_ops = ARRAY_SIZE(operations),
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
