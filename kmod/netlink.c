// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in, answers and events out, by one table.  What an attribute means is for others
 * to say.
 */
#include "netlink.h"

#include <linux/sched.h>
#include <net/genetlink.h>

#include "gate.h"
#include "hook.h"
#include "keep.h"
#include "latch.h"
#include "setup.h"
#include "watch.h"

#define A(name) CORDON_MODULE_A_##name

static struct genl_family family;

/* ---- answers and events ------------------------------------------------------------------ */

static struct sk_buff *new_message(u32 port, u32 sequence, u8 command, void **ret_head)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (skb)
		*ret_head = genlmsg_put(skb, port, sequence, &family, 0, command);
	return skb;
}

static int reply(struct genl_info *info, struct sk_buff *skb, void *head)
{
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int get(struct genl_info *info, const void *data, u16 size)
{
	struct cordon_module_state *state;
	struct nlattr *room;
	void *head;
	struct sk_buff *skb =
		new_message(info->snd_portid, info->snd_seq, CORDON_MODULE_CMD_GET, &head);

	if (!skb)
		return -ENOMEM;
	room = nla_reserve_64bit(skb, A(STATE), sizeof(*state), A(PAD));
	state = nla_data(room);
	memset(state, 0, sizeof(*state));
	state->version = CORDON_MODULE_VERSION;
	cordon_setup_tell(state);
	cordon_latch_tell(state);
	cordon_keep_tell(state);
	cordon_hook_tell(state);
	cordon_watch_tell(state);
	return reply(info, skb, head);
}

void cordon_netlink_tell(enum cordon_module_news news, u32 before, int error)
{
	struct cordon_module_event event = {
		.news = news,
		.before = before,
		.latch = cordon_latch_level(),
		.error = -error,
	};
	void *head;
	struct sk_buff *skb = new_message(0, 0, CORDON_MODULE_CMD_EVENT, &head);

	if (!skb)
		return;
	if (!(current->flags & PF_KTHREAD)) {
		event.pid = task_tgid_nr(current);
		get_task_comm(event.comm, current);
	}
	nla_put(skb, A(EVENT), sizeof(event), &event);
	genlmsg_end(skb, head);
	genlmsg_multicast(&family, skb, 0, 0, GFP_KERNEL);
}

/* ---- requests ---------------------------------------------------------------------------- */

static int setup(struct genl_info *info, const void *data, u16 size)
{
	return cordon_setup_replace(data);
}

static int certificate(struct genl_info *info, const void *data, u16 size)
{
	return cordon_setup_certificate(data, size);
}

static int close(struct genl_info *info, const void *data, u16 size)
{
	int error = cordon_setup_close();

	if (error == -ENOKEY)
		GENL_SET_ERR_MSG(info, "fewer keys that may release are known than must sign");
	return error;
}

static int keep(struct genl_info *info, const void *data, u16 size)
{
	return cordon_keep_install(data, size, false);
}

static int map(struct genl_info *info, const void *data, u16 size)
{
	return cordon_latch_map(*(const u32 *)data);
}

static int seal(struct genl_info *info, const void *data, u16 size)
{
	const u32 level = *(const u32 *)data, before = cordon_latch_tighten(level);
	struct sk_buff *skb;
	void *head;

	if (before < level)
		cordon_netlink_tell(CORDON_MODULE_NEWS_SEALED, before, 0);
	skb = new_message(info->snd_portid, info->snd_seq, CORDON_MODULE_CMD_SEAL, &head);
	if (!skb)
		return -ENOMEM;
	nla_put_u32(skb, A(LATCH), before);
	return reply(info, skb, head);
}

static int order(struct genl_info *info, const void *data, u16 size)
{
	u32 before = cordon_latch_level();
	int error = cordon_setup_release(data, size, &before);

	if (error)
		cordon_netlink_tell(CORDON_MODULE_NEWS_REFUSED, before, error);
	else if (before)
		cordon_netlink_tell(CORDON_MODULE_NEWS_RELEASED, before, 0);
	return error;
}

static int stand(struct genl_info *info, const void *data, u16 size)
{
	cordon_gate_open();
	return 0;
}

static int beat(struct genl_info *info, const void *data, u16 size)
{
	cordon_watch_beat();
	return 0;
}

static const struct {
	u16 attribute;
	int (*answer)(struct genl_info *info, const void *data, u16 size);
} requests[CORDON_MODULE_CMD_COUNT] = {
	[CORDON_MODULE_CMD_GET] = { 0, get },
	[CORDON_MODULE_CMD_SETUP] = { A(SETUP), setup },
	[CORDON_MODULE_CMD_CERTIFICATE] = { A(CERTIFICATE), certificate },
	[CORDON_MODULE_CMD_CLOSE] = { 0, close },
	[CORDON_MODULE_CMD_KEEP] = { A(KEEP), keep },
	[CORDON_MODULE_CMD_MAP] = { A(MAP), map },
	[CORDON_MODULE_CMD_SEAL] = { A(LATCH), seal },
	[CORDON_MODULE_CMD_ORDER] = { A(ORDER), order },
	[CORDON_MODULE_CMD_STAND] = { 0, stand },
	[CORDON_MODULE_CMD_BEAT] = { 0, beat },
};

static const struct {
	int error;
	const char *words;
} explanations[] = {
	{ -EPERM, "the latch is shut, or the setup is closed until a boot, or is missing" },
	{ -EINVAL, "an attribute is missing, or contradicts itself" },
	{ -EBADMSG, "it is no signed order, or not in its one form" },
	{ -EOPNOTSUPP, "the order opens nothing: only release and detach do" },
	{ -EKEYREJECTED, "a signature is wrong" },
	{ -ENOKEY, "nobody signed it who may release this node" },
	{ -EDQUOT, "too few distinct keys signed it" },
	{ -ENOPKG, "this kernel cannot check such a signature: sign with RSA, PKCS #1 v1.5, and "
		   "SHA-256" },
	{ -EXDEV, "the order is for another node" },
	{ -ESTALE, "its counter was used already" },
	{ -EAGAIN, "the order holds from a later boot on" },
	{ -EKEYEXPIRED, "it does not name the node's challenge, or another" },
	{ -ENOSPC, "it has as many certificates as it takes" },
	{ -EBUSY, "the node was sealed again in this moment" },
};

/* The command's own attribute, and no other. */
static bool is_complete(const struct genl_info *info, u16 attribute)
{
	for (int i = 1; i < A(COUNT); i++) {
		if (!info->attrs[i] != (i != attribute))
			return false;
	}
	return true;
}

static int answer(struct sk_buff *skb, struct genl_info *info)
{
	const u8 command = info->genlhdr->cmd;
	const u16 attribute = requests[command].attribute;
	const struct nlattr *given = attribute ? info->attrs[attribute] : NULL;
	int error = -EINVAL;

	if (is_complete(info, attribute))
		error = requests[command].answer(info, given ? nla_data(given) : NULL,
						 given ? nla_len(given) : 0);
	for (size_t i = 0; error && i < ARRAY_SIZE(explanations); i++) {
		if (explanations[i].error == error && info->extack && !info->extack->_msg)
			info->extack->_msg = explanations[i].words;
	}
	return error;
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
