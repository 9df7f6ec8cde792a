/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few words that BPF and host code need alike, and the few kernel structs
 * that we read (CO-RE: only the fields named here, relocated at load).  No
 * logic and no maps.
 */
#ifndef CORDON_BPF_CORE_H
#define CORDON_BPF_CORE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include <cordon/uapi/limits.h>
#include <cordon/uapi/policy.h>

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#else
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif

/* A function that the verifier checks once, by itself, whatever its callers know:
 * it bounds the number of states.  Its pointers are to plain memory. */
#ifdef __bpf__
#define VERIFIED_APART __attribute__((noinline))
#else
#define VERIFIED_APART static inline __attribute__((unused))
#endif

/*
 * The same pointer to a struct of the kernel's, to read by and no more.  Of one that it trusts a
 * verifier asks, each time that it comes to a field with a pointer in it, whether to trust that,
 * too, by up to four searches through all types of the kernel (btf_nested_type_is_trusted(),
 * from 6.2 on).
 */
#define only_read(kind, pointer)                                                                   \
	(bpf_ksym_exists(bpf_rdonly_cast) ? bpf_core_cast((const void *)(pointer), const kind) :   \
					    (const kind *)(pointer))

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define from_be16(x) __builtin_bswap16(x)
#define from_be32(x) __builtin_bswap32(x)
#define from_be64(x) __builtin_bswap64(x)
#else
#define from_be16(x) ((__u16)(x))
#define from_be32(x) ((__u32)(x))
#define from_be64(x) ((__u64)(x))
#endif
#define to_be32(x) from_be32(x)

/* The compiler is not to know what @value is, lest it makes branches of arithmetic. */
#define barrier_value(value) __asm__ volatile("" : "+r"(value))

/* An address as two 8-byte words in network byte order, for comparing. */
struct address_words {
	__u64 word[2];
};

/* The value lies at a multiple of 8 in every struct that holds one. */
static __always_inline struct address_words address_words(const struct cordon_address *address)
{
	struct address_words words;

	__builtin_memcpy(&words, __builtin_assume_aligned(address, 8), sizeof(words));
	return words;
}

static __always_inline void address_set_ipv4(struct cordon_address *ret_address, __u32 be_address)
{
	__u32 word[4] = { 0, 0, to_be32(0xffff), be_address };

	__builtin_memcpy(__builtin_assume_aligned(ret_address, 8), word, sizeof(word));
}

static __always_inline bool address_is_ipv4(const struct cordon_address *address)
{
	__u32 word[4];

	__builtin_memcpy(word, __builtin_assume_aligned(address, 8), sizeof(word));
	return !word[0] && !word[1] && word[2] == to_be32(0xffff);
}

static __always_inline bool address_equal(const struct cordon_address *a,
					  const struct cordon_address *b)
{
	const struct address_words x = address_words(a), y = address_words(b);

	return x.word[0] == y.word[0] && x.word[1] == y.word[1];
}

/** address_word() - 32 bits of an address, host byte order; IPv4 is in word 3 */
static __always_inline __u32 address_word(const struct cordon_address *address, int index)
{
	__u32 word;

	__builtin_memcpy(&word, __builtin_assume_aligned(address->bytes + 4 * index, 4),
			 sizeof(word));
	return from_be32(word);
}

/* And broadcast. */
static __always_inline bool ipv4_is_multicast(__u32 address)
{
	return address >> 28 == 0xe || address == 0xffffffff;
}

static __always_inline bool address_is_multicast(const struct cordon_address *address)
{
	if (address_is_ipv4(address))
		return ipv4_is_multicast(address_word(address, 3));
	return address->bytes[0] == 0xff;
}

static __always_inline bool address_is_loopback(const struct cordon_address *address)
{
	const struct address_words words = address_words(address);

	if (address_is_ipv4(address))
		return address->bytes[12] == 127;
	return !words.word[0] && address_word(address, 2) == 0 && address_word(address, 3) == 1;
}

static __always_inline bool address_is_unspecified(const struct cordon_address *address)
{
	const struct address_words words = address_words(address);

	return (!words.word[0] && !words.word[1]) ||
	       (address_is_ipv4(address) && !address_word(address, 3));
}

static __always_inline bool address_is_link_local(const struct cordon_address *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

/** address_is_link_scoped() - means something on one link only */
static __always_inline bool address_is_link_scoped(const struct cordon_address *address)
{
	if (address_is_multicast(address) || address_is_unspecified(address))
		return true;
	if (address_is_ipv4(address))
		return address_word(address, 3) >> 16 == 0xa9fe; /* 169.254.0.0/16, RFC 3927 */
	return address_is_link_local(address);
}

#ifdef __bpf__
/* include/linux/kernfs.h, include/linux/cgroup-defs.h: 6.1 to 6.18. */
struct kernfs_node {
	const char *name;
	__u64 id;
} __attribute__((preserve_access_index));

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
} __attribute__((preserve_access_index));

struct cgroup_root {
	int hierarchy_id;
} __attribute__((preserve_access_index));

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
} __attribute__((preserve_access_index));
#endif

#endif
