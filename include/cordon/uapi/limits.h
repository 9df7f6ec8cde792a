/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Every limit of the ABI, named once, with its reason.  It must not hold
 * anything but numbers: bpf, kmod and userspace all include it.
 */
#ifndef CORDON_UAPI_LIMITS_H
#define CORDON_UAPI_LIMITS_H

/* Of what the pinned maps hold, which a newer build takes over: to be raised with
 * any change of a key, of a value, or of what either means. */
#define CORDON_MAPS_VERSION 9

/* Bytes of a zone's, workload's or rule's name, the closing NUL included:
 * long enough for a systemd unit's stem, short enough for one line. */
#define CORDON_NAME_SIZE 32

/* IFNAMSIZ of <linux/if.h>, which BPF code cannot include. */
#define CORDON_INTERFACE_NAME_SIZE 16

/* Zones and workloads together with the two built-in identities.  The set of
 * identities that an interface may speak for is a bitmap of this many bits. */
#define CORDON_IDENTITIES_MAX 512
#define CORDON_IDENTITY_WORDS (CORDON_IDENTITIES_MAX / 64)

/* Rule slots live as long as a name does, so that counters outlast a policy
 * switch.  Two generations stand at once; each may use half of the slots. */
#define CORDON_RULE_SLOTS 4096
#define CORDON_RULES_MAX 2000

/* Pages of the service trie: page numbers are 16 bits wide. */
#define CORDON_PAGES_MAX 65535
#define CORDON_PAGE_ENTRIES 256

/* 2^22 entries of 8 bytes keep the direct part of a prefix table at 32 MB; it
 * gets so big only for a million prefixes. */
#define CORDON_PREFIX_DIRECT_BITS_MAX 22
/* A range's start is a 32-bit word, so a binary search ends in 32 steps. */
#define CORDON_PREFIX_SEARCH_MAX 32
/* An IPv6 address is four words. */
#define CORDON_PREFIX_WORDS_MAX 4

/* Interfaces are found by open addressing on the interface index. */
#define CORDON_INTERFACES_MAX 1024
#define CORDON_INTERFACE_PROBES 8
#define CORDON_INTERFACE_CLASSES_MAX 1024

/* A bucket of eight flows overflows seldom at half load. */
#define CORDON_FLOW_WAYS 8
#define CORDON_FLOWS_MIN 64
#define CORDON_FLOWS_MAX (16U << 20)

/* Two generations, four latch levels each. */
#define CORDON_LATCH_LEVELS 4
#define CORDON_SLOTS (2 * CORDON_LATCH_LEVELS)

/* Denials that are told apart at once, per CPU.  The last ones are those of
 * calls (connect, bind): they run where packets may interrupt them, so the two
 * share no slot. */
#define CORDON_DENIAL_SLOTS 512
#define CORDON_DENIAL_CALL_SLOTS 64
#define CORDON_DENIAL_PACKET_SLOTS (CORDON_DENIAL_SLOTS - CORDON_DENIAL_CALL_SLOTS)

/* cgroups that belong to workloads, nested ones included. */
#define CORDON_WORKLOAD_CGROUPS_MAX 8192
/* Bytes of a cgroup's path or a unit's name that identify a workload. */
#define CORDON_CGROUP_PATH_SIZE 128
#define CORDON_WORKLOAD_PATHS_MAX 1024

/* The node's own addresses. */
#define CORDON_LOCAL_ADDRESSES_MAX 1024

/* VLAN children of covered interfaces. */
#define CORDON_VLANS_MAX 4096

/* What the packet parser follows before it gives up. */
#define CORDON_VLAN_TAGS_MAX 2
#define CORDON_IPV6_EXTENSIONS_MAX 6

#endif
