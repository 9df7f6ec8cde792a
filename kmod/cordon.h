/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the module offer each other, from the bottom up: each uses those that
 * stand above it here, but for who sets the hooks going, or has something to tell.
 */
#ifndef CORDON_KMOD_CORDON_H
#define CORDON_KMOD_CORDON_H

#include <linux/skbuff.h>

#include <cordon/uapi/module.h>
#include <cordon/uapi/policy.h>

/* ---- verify.c: who signed ---------------------------------------------------------------- */
/*
 * Certificates in keyrings that no user can change, and the signatures of a message
 * counted by distinct keys.  It does not look at what is signed.
 */

/* As <cordon/order.h> has it. */
#define CORDON_MANIFEST_MAX 4096

/**
 * struct cordon_keys - who may sign
 * @ring: one for each certificate, owned
 * @key: of the one in it, owned
 * @same: index of the first certificate with the same key
 */
struct cordon_keys {
	unsigned int nr;
	struct key *ring[CORDON_MODULE_CERTIFICATES_MAX];
	struct key *key[CORDON_MODULE_CERTIFICATES_MAX];
	unsigned int same[CORDON_MODULE_CERTIFICATES_MAX];
};

/**
 * struct cordon_content - what is signed
 * @signers: distinct keys whose signature is good
 */
struct cordon_content {
	unsigned int signers;
	size_t size;
	char text[CORDON_MANIFEST_MAX + 1];
};

/**
 * cordon_keys_add() - one more certificate
 * Return: 0; -ENOSPC: there are too many; -errno of the kernel's parser.
 */
int cordon_keys_add(struct cordon_keys *keys, const void *der, size_t size);
/** cordon_keys_distinct() - certificates of one key count once */
unsigned int cordon_keys_distinct(const struct cordon_keys *keys);
void cordon_keys_clear(struct cordon_keys *keys);

/**
 * cordon_keys_verify() - every signature by one of the keys is good, and there is one
 * Return: 0; -ENOKEY; -EKEYREJECTED; -ENOPKG; -EBADMSG: the content is no order.
 */
int cordon_keys_verify(const struct cordon_keys *keys, const void *cms, size_t size,
		       struct cordon_content *ret_content);

/* ---- order.c: what is signed ------------------------------------------------------------- */
/*
 * The text of an order, as <cordon/order.h> describes it, as far as one can open the
 * latch.  Pure: it checks no signature and changes nothing.
 */

/**
 * struct cordon_order - a release, or a detach
 * @nodes, @fleets: names with a space between two; one of them is NULL
 * @not_before: number of a boot; 0: not said
 */
struct cordon_order {
	char *nodes;
	char *fleets;
	u64 counter;
	u64 not_before;
	bool has_challenge;
	u8 challenge[CORDON_MODULE_CHALLENGE_SIZE];
};

/**
 * cordon_order_parse() - what is not known is refused
 * @text: @size bytes and a NUL; is cut into the strings of @ret_order
 * Return: 0; -EBADMSG: no order, or not in this form; -EOPNOTSUPP: one that opens nothing.
 */
int cordon_order_parse(char *text, size_t size, struct cordon_order *ret_order);

/** cordon_order_names() - is one of ours, "c d", among "a b c", which is cut? NULL: no */
bool cordon_order_names(char *names, const char *ours);

/* ---- latch.c: how shut the node is ------------------------------------------------------- */
/*
 * It knows neither packets nor orders nor netlink: whoever may change the level asks
 * here, and the level goes to the hooks and to the map of the BPF programs.
 */

u32 cordon_latch_level(void);
bool cordon_latch_is_gated(void);
/** cordon_latch_seals() - how often it was asked to be tighter */
u64 cordon_latch_seals(void);
/** cordon_latch_is_read() - programs have the map, or there is none */
bool cordon_latch_is_read(void);
void cordon_latch_tell(struct cordon_module_state *state);

/** cordon_latch_tighten() - for setup.c alone; allocates nothing. Return: the level until then */
u32 cordon_latch_tighten(u32 level);

/**
 * cordon_latch_release() - open, unless sealed since
 * @seals: as it was when the release was asked for
 * Return: 0; -EBUSY: sealed again.
 */
int cordon_latch_release(u64 seals, u32 *ret_before);

/** cordon_latch_gate() - shut, or open, the boot gate. Return: it was shut */
bool cordon_latch_gate(bool shut);

/**
 * cordon_latch_map() - publish to this map from now on
 * @fd: of the calling process
 * Return: 0; -EBADF; -EINVAL: not such a map; -EPERM: the latch is shut, and one is known.
 */
int cordon_latch_map(int fd);
void cordon_latch_exit(void);

/* ---- keep.c: what passes under a latch --------------------------------------------------- */
/*
 * It knows packets as ends and services, and no flows.  A list is never edited, but
 * replaced as a whole.
 */

/**
 * struct cordon_packet - what the keep list asks of a packet
 * @source, @destination: IPv4 as ::ffff:a.b.c.d
 * @asks: service that it asks for, as in uapi/policy.h
 * @answers: service that it answers to, unless it @opens; of UDP, its source port
 * @length, @hop_limit: of IPv6: of what is behind its header, and from it
 * @any_protocol: a later fragment that does not tell
 * @fragment: a later one: it has no services
 * @quoted: it came back in an error, which this is about
 * @opens: it answers nothing
 * @forwarded: on its way out, it came in
 * @out: on its way out
 */
struct cordon_packet {
	u8 source[16];
	u8 destination[16];
	u16 asks;
	u16 answers;
	u16 length;
	u8 hop_limit;
	u8 protocol;
	bool any_protocol;
	bool fragment;
	bool quoted;
	bool opens;
	bool forwarded;
	bool out;
};

/**
 * cordon_keep_install() - in place of the one before
 * @bytes: struct cordon_module_keep and what follows it; copied
 * Return: 0; -EPERM: the latch is shut; -EINVAL: it contradicts itself; -ENOMEM.
 */
int cordon_keep_install(const void *bytes, size_t size);

/**
 * cordon_keep_allows() - for callers that hold rcu_read_lock()
 * @level: that is enforced, not open
 */
bool cordon_keep_allows(u32 level, const struct cordon_packet *packet);
/** cordon_keep_excludes() - is a device of this name left alone? */
bool cordon_keep_excludes(const char *name);
/** cordon_keep_head() - of the list in force; zeros without one */
struct cordon_module_keep cordon_keep_head(void);
void cordon_keep_exit(void);

/* ---- packet.c: from bytes to what the keep list asks ------------------------------------- */

/**
 * cordon_packet_passes() - by the keep list
 * @level: that is enforced, not open
 * @offset: of the network header from skb->data
 * @ethertype: host byte order; VLAN tags before the header are skipped
 * @out: on its way out
 */
bool cordon_packet_passes(u32 level, const struct sk_buff *skb, int offset, u16 ethertype,
			  bool out);

/* ---- hook.c: the backstop ---------------------------------------------------------------- */
/*
 * Netfilter hooks at the first priority, on each device and under a latch in each network
 * namespace, that let pass under a latch what the keep list names.
 */

/** cordon_hook_enforce() - from now on, by each hook. Allocates nothing, does not sleep */
void cordon_hook_enforce(u32 level);
/** cordon_hook_refresh() - another keep list: which devices does it leave alone? */
void cordon_hook_refresh(void);
void cordon_hook_tell(struct cordon_module_state *state);
int cordon_hook_init(void);
void cordon_hook_exit(void);

/* ---- setup.c: who may reopen the node ---------------------------------------------------- */
/*
 * Who this node is, and whether an order reopens it.  Closed once, it does not change but for
 * the counter, which only goes up.  Until then nothing seals the node: nobody could release it.
 */

/** cordon_setup_is_closed() - somebody may release, for good */
bool cordon_setup_is_closed(void);
void cordon_setup_tell(struct cordon_module_state *state);

/* Each returns -EPERM once it is closed. */
int cordon_setup_replace(const struct cordon_module_setup *setup);
int cordon_setup_certificate(const void *der, size_t size);
/** cordon_setup_close() - Return: 0, also once more; -ENOKEY: nobody could open it */
int cordon_setup_close(void);

/**
 * cordon_setup_seal() - tighten the latch; allocates nothing, waits for no order
 * Return: 0, @ret_before is the level until then; -EPERM: it is not closed.
 */
int cordon_setup_seal(u32 level, u32 *ret_before);

/**
 * cordon_setup_release() - open the latch if the order is good
 * Return: 0, @ret_before is the level until then, open if this order opened it already; an
 *	errno of uapi/module.h.
 */
int cordon_setup_release(const void *cms, size_t size, u32 *ret_before);
void cordon_setup_exit(void);

/* ---- gate.c: the boot gate --------------------------------------------------------------- */
/*
 * From loading on nothing passes but loopback and the parameters' own keep list, until a
 * policy stands, an order opens, or the owner's fallback comes.
 */

/** cordon_gate_init() - before there are hooks. Return: 0; -EINVAL: a parameter is wrong; -ENOMEM */
int cordon_gate_init(void);
/** cordon_gate_open() - a policy stands */
void cordon_gate_open(void);
void cordon_gate_exit(void);

/* ---- watch.c: who lives ------------------------------------------------------------------ */
/*
 * Does the helper give signs of life, and are there programs that read the latch?  Without
 * either for the keep list's time that is told, and may shut the node.
 */

/** cordon_watch_beat() - a sign of life; the watch begins with the first, if it was asked for */
void cordon_watch_beat(void);
void cordon_watch_tell(struct cordon_module_state *state);
void cordon_watch_exit(void);

/* ---- netlink.c: the only way to speak to the module -------------------------------------- */

/** cordon_netlink_tell() - to the group, with the latch as it is now; may sleep; what cannot be
 * told is not
 * @error: 0, or -errno of an order
 */
void cordon_netlink_tell(enum cordon_module_news news, u32 before, int error);
int cordon_netlink_init(void);
void cordon_netlink_exit(void);

#endif
