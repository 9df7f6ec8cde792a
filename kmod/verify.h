/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who signed.  Certificates in keyrings that no user can change, and the signatures of
 * a message counted by distinct keys.  It does not look at what is signed.
 */
#ifndef CORDON_KMOD_VERIFY_H
#define CORDON_KMOD_VERIFY_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

struct key;

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
 * cordon_keys_add() - one more certificate
 * Return: 0; -ENOSPC: there are too many; -errno of the kernel's parser.
 */
int cordon_keys_add(struct cordon_keys *keys, const void *der, size_t size);
/** cordon_keys_distinct() - certificates of one key count once */
unsigned int cordon_keys_distinct(const struct cordon_keys *keys);
void cordon_keys_clear(struct cordon_keys *keys);

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
 * cordon_keys_verify() - every signature by one of the keys is good, and there is one
 * Return: 0; -ENOKEY; -EKEYREJECTED; -ENOPKG; -EBADMSG: the content is no order.
 */
int cordon_keys_verify(const struct cordon_keys *keys, const void *cms, size_t size,
		       struct cordon_content *ret_content);

#endif
