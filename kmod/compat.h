/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, from 6.1 on.  No other file asks for a version.
 */
#ifndef CORDON_KMOD_COMPAT_H
#define CORDON_KMOD_COMPAT_H

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/version.h>

/* bpf_map_get() is in a namespace since 6.12, whose name is a string since 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define CORDON_IMPORT_BPF MODULE_IMPORT_NS("BPF_INTERNAL")
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define CORDON_IMPORT_BPF MODULE_IMPORT_NS(BPF_INTERNAL)
#else
#define CORDON_IMPORT_BPF
#endif

/* Does traffic control do anything with what passes the device?  tcx came with 6.6, and holds the
 * filters of clsact since then, too. */
static inline bool cordon_device_has_tc(const struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return rcu_access_pointer(dev->tcx_ingress) || rcu_access_pointer(dev->tcx_egress);
#else
	return rcu_access_pointer(dev->miniq_ingress) || rcu_access_pointer(dev->miniq_egress);
#endif
}

#endif
