// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which packets are judged: under a latch, on every device of the initial namespace but
 * its loopback and those that the policy excludes; elsewhere on devices of hardware, which
 * somebody moved there.  What other namespaces say to each other there is their own;
 * what leaves the node meets a device that is judged.
 *
 * Traffic control may send what it sees on by another device, past our hook there:
 * so where it stands on a device that is not judged, that is judged, too.
 */
#include "cordon.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/rculist.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "compat.h"

/* Read for each packet. */
static u32 enforced __read_mostly;

/*
 * struct covered - one in any namespace
 * @excluded: by the policy, as it was called when it came, or when the keep list did
 */
struct covered {
	struct list_head list;
	struct rcu_head rcu;
	struct net_device *dev;
	bool excluded;
	struct nf_hook_ops ops[2];
};

/* Changed with RTNL. */
static LIST_HEAD(devices);
static bool unhooked;

static atomic64_t dropped[2];

/* Are there hooks in the namespaces, and should be?  Changed by the work alone. */
static bool spread, missed;

/* ---- which device ------------------------------------------------------------------------ */

static bool is_hardware(const struct net_device *dev)
{
	return dev->dev.parent;
}

static bool has_hardware(struct net *net)
{
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		if (is_hardware(dev))
			return true;
	}
	return false;
}

static bool is_left_alone(const struct net_device *dev, bool excluded)
{
	struct net *net = dev_net(dev);

	if (dev == net->loopback_dev)
		return !cordon_device_has_tc(dev);
	if (net_eq(net, &init_net))
		return excluded;
	if (is_hardware(dev))
		return false;
	return !cordon_device_has_tc(dev) || !has_hardware(net);
}

static bool is_excluded(const struct net_device *dev)
{
	const struct covered *device;

	list_for_each_entry_rcu(device, &devices, list) {
		if (device->dev == dev)
			return READ_ONCE(device->excluded);
	}
	return false;
}

/* ---- the verdict ------------------------------------------------------------------------- */

static unsigned int judge(u32 level, const struct sk_buff *skb, int offset, u16 ethertype, bool out)
{
	if (cordon_packet_passes(level, skb, offset, ethertype, out))
		return NF_ACCEPT;
	atomic64_inc(&dropped[out]);
	return NF_DROP;
}

/* By the bytes that leave: what a packet socket says of its packet need not be so. */
static unsigned int judge_frame(u32 level, const struct sk_buff *skb, const struct net_device *dev)
{
	const int offset = dev->hard_header_len ? skb_network_offset(skb) : 0;
	struct ethhdr copy;
	const struct ethhdr *ether;
	const u8 *first;
	u8 byte;

	if (dev->type == ARPHRD_ETHER) {
		ether = skb_header_pointer(skb, 0, sizeof(copy), &copy);
		return judge(level, skb, ETH_HLEN, ether ? ntohs(ether->h_proto) : 0, true);
	}
	first = offset < 0 ? NULL : skb_header_pointer(skb, offset, sizeof(byte), &byte);
	return judge(level, skb, offset, first && *first >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6, true);
}

static unsigned int on_device(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const u32 level = READ_ONCE(enforced);
	const struct covered *device = priv;

	if (likely(!level) || is_left_alone(device->dev, READ_ONCE(device->excluded)))
		return NF_ACCEPT;
	if (state->hook == NF_NETDEV_EGRESS)
		return judge_frame(level, skb, device->dev);
	return judge(level, skb, 0, ntohs(skb->protocol), false);
}

/* At each of these hooks there is one device, or the one that matters is the one that it leaves
 * by. */
static unsigned int in_namespace(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct net_device *dev = state->out ?: state->in;
	const u32 level = READ_ONCE(enforced);
	int offset = skb_network_offset(skb);
	u16 ethertype = ETH_P_IPV6;

	if (!level || is_left_alone(dev, is_excluded(dev)))
		return NF_ACCEPT;
	if (state->pf == NFPROTO_BRIDGE) {
		offset = 0;
		ethertype = ntohs(eth_hdr(skb)->h_proto);
	} else if (state->pf == NFPROTO_IPV4) {
		ethertype = ETH_P_IP;
	} else if (state->pf == NFPROTO_ARP) {
		ethertype = ETH_P_ARP;
	}
	return judge(level, skb, offset, ethertype, dev != state->in);
}

/* ---- namespaces -------------------------------------------------------------------------- */

#define NETWORK_HOOK(family, number)                                                               \
	{                                                                                          \
		.hook = in_namespace, .pf = family, .hooknum = number, .priority = INT_MIN         \
	}

static const struct nf_hook_ops network_ops[] = {
	NETWORK_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING),
	NETWORK_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT),
	NETWORK_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING),
	NETWORK_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT),
	NETWORK_HOOK(NFPROTO_ARP, NF_ARP_IN),
	NETWORK_HOOK(NFPROTO_ARP, NF_ARP_OUT),
	NETWORK_HOOK(NFPROTO_BRIDGE, NF_BR_PRE_ROUTING),
	NETWORK_HOOK(NFPROTO_BRIDGE, NF_BR_LOCAL_OUT),
};

static int __net_init hook_namespace(struct net *net)
{
	return nf_register_net_hooks(net, network_ops, ARRAY_SIZE(network_ops));
}

static void __net_exit unhook_namespace(struct net *net)
{
	nf_unregister_net_hooks(net, network_ops, ARRAY_SIZE(network_ops));
}

static struct pernet_operations namespaces = {
	.init = hook_namespace,
	.exit = unhook_namespace,
};

static void follow(struct work_struct *work);
static DECLARE_DELAYED_WORK(following, follow);

/* Each packet of an open node would pay for them. On devices there are hooks already, which what a
 * seal does cannot fail to find; these see what is brought past them (traffic control with ifb). */
static void follow(struct work_struct *work)
{
	const bool wanted = READ_ONCE(enforced);

	if (wanted && !spread)
		spread = !register_pernet_subsys(&namespaces);
	if (!wanted && spread) {
		unregister_pernet_subsys(&namespaces);
		spread = false;
	}
	WRITE_ONCE(missed, wanted && !spread);
	if (missed)
		schedule_delayed_work(&following, HZ);
}

void cordon_hook_enforce(u32 level)
{
	WRITE_ONCE(enforced, level);
	schedule_delayed_work(&following, 0);
}

/* ---- devices ----------------------------------------------------------------------------- */

/* Under a latch hardware is not left alone for the name that somebody gave it; while the gate is
 * shut it has the name that the policy knows it by. */
static bool is_to_be_excluded(const struct net_device *dev)
{
	return cordon_keep_excludes(dev->name) && !(is_hardware(dev) && cordon_latch_level());
}

static int add_device(struct net_device *dev)
{
	struct covered *device = kzalloc(sizeof(*device), GFP_KERNEL);
	int error = -ENOMEM;

	if (device) {
		device->dev = dev;
		device->excluded = is_to_be_excluded(dev);
		for (int i = 0; i < 2; i++)
			device->ops[i] = (struct nf_hook_ops){
				.hook = on_device,
				.dev = dev,
				.priv = device,
				.pf = NFPROTO_NETDEV,
				.hooknum = i ? NF_NETDEV_EGRESS : NF_NETDEV_INGRESS,
				.priority = INT_MIN,
			};
		error = nf_register_net_hooks(dev_net(dev), device->ops, 2);
	}
	if (error) {
		/* One that was moved here from another namespace is here all the same. */
		WRITE_ONCE(unhooked, true);
		kfree(device);
		return error;
	}
	list_add_rcu(&device->list, &devices);
	return 0;
}

static void remove_device(const struct net_device *dev)
{
	struct covered *device, *next;

	list_for_each_entry_safe(device, next, &devices, list) {
		if (device->dev != dev)
			continue;
		nf_unregister_net_hooks(dev_net(dev), device->ops, 2);
		list_del_rcu(&device->list);
		kfree_rcu(device, rcu);
	}
}

static int follow_device(struct notifier_block *block, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event == NETDEV_REGISTER)
		return notifier_from_errno(add_device(dev));
	if (event == NETDEV_UNREGISTER)
		remove_device(dev);
	return NOTIFY_DONE;
}

static struct notifier_block follower = { .notifier_call = follow_device };

/* ---- all of it --------------------------------------------------------------------------- */

void cordon_hook_tell(struct cordon_module_state *state)
{
	state->dropped_in = atomic64_read(&dropped[false]);
	state->dropped_out = atomic64_read(&dropped[true]);
	if (READ_ONCE(unhooked) || READ_ONCE(missed))
		state->flags |= CORDON_MODULE_IS_PARTIAL;
}

void cordon_hook_refresh(void)
{
	struct covered *device;

	rtnl_lock();
	list_for_each_entry(device, &devices, list)
		WRITE_ONCE(device->excluded, is_to_be_excluded(device->dev));
	rtnl_unlock();
}

/* Devices that are there already are told of as if they came now, and when it ends, as if they
 * went. */
int cordon_hook_init(void)
{
	return register_netdevice_notifier(&follower);
}

void cordon_hook_exit(void)
{
	unregister_netdevice_notifier(&follower);
	cancel_delayed_work_sync(&following);
	if (spread)
		unregister_pernet_subsys(&namespaces);
}
