// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel checks a message against a keyring and is content with one signer of many, so
 * each certificate has a keyring of its own, and the message is checked against
 * each.  It asks for no validity and follows chains: so there is no authority in them.
 */
#include "cordon.h"

#include <crypto/public_key.h>
#include <keys/asymmetric-type.h>
#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/key.h>
#include <linux/slab.h>
#include <linux/verification.h>

/* Root may look at them.  Who may search a key may invalidate it. */
#define RIGHTS ((KEY_POS_ALL & ~KEY_POS_SETATTR) | KEY_USR_VIEW | KEY_USR_READ)

static int refuse_link(struct key *ring, const struct key_type *type,
		       const union key_payload *payload, struct key *key)
{
	return -EPERM;
}

static struct key *make_ring(void)
{
	struct key_restriction *restriction = kzalloc(sizeof(*restriction), GFP_KERNEL);
	struct key *ring;

	if (!restriction)
		return ERR_PTR(-ENOMEM);
	restriction->check = refuse_link;
	ring = keyring_alloc(".cordon", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, current_cred(), RIGHTS,
			     KEY_ALLOC_NOT_IN_QUOTA, restriction, NULL);
	if (IS_ERR(ring))
		kfree(restriction);
	return ring;
}

static bool is_same_key(const struct key *one, const struct key *other)
{
	const struct public_key *a = asymmetric_key_public_key(one);
	const struct public_key *b = asymmetric_key_public_key(other);

	return a->keylen == b->keylen && !memcmp(a->key, b->key, a->keylen);
}

static unsigned int find_same(const struct cordon_keys *keys, const struct key *key)
{
	for (unsigned int i = 0; i < keys->nr; i++) {
		if (is_same_key(keys->key[i], key))
			return i;
	}
	return keys->nr;
}

int cordon_keys_add(struct cordon_keys *keys, const void *der, size_t size)
{
	unsigned int place = keys->nr;
	struct key *ring;
	key_ref_t key;

	if (place == CORDON_MODULE_CERTIFICATES_MAX)
		return -ENOSPC;
	ring = make_ring();
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	key = key_create_or_update(make_key_ref(ring, true), "asymmetric", NULL, der, size, RIGHTS,
				   KEY_ALLOC_NOT_IN_QUOTA | KEY_ALLOC_BYPASS_RESTRICTION);
	if (IS_ERR(key)) {
		key_put(ring);
		return PTR_ERR(key);
	}
	set_bit(KEY_FLAG_KEEP, &ring->flags);
	keys->ring[place] = ring;
	keys->key[place] = key_ref_to_ptr(key);
	keys->same[place] = find_same(keys, keys->key[place]);
	keys->nr++;
	return 0;
}

unsigned int cordon_keys_distinct(const struct cordon_keys *keys)
{
	unsigned int distinct = 0;

	for (unsigned int i = 0; i < keys->nr; i++)
		distinct += keys->same[i] == i;
	return distinct;
}

void cordon_keys_clear(struct cordon_keys *keys)
{
	while (keys->nr) {
		keys->nr--;
		key_put(keys->key[keys->nr]);
		key_put(keys->ring[keys->nr]);
	}
}

static int take_content(void *to, const void *data, size_t size, size_t header)
{
	struct cordon_content *content = to;

	if (size > CORDON_MANIFEST_MAX)
		return -EBADMSG;
	memcpy(content->text, data, size);
	content->text[size] = '\0';
	content->size = size;
	return 0;
}

int cordon_keys_verify(const struct cordon_keys *keys, const void *cms, size_t size,
		       struct cordon_content *ret_content)
{
	u32 signers = 0;
	int error;

	for (unsigned int i = 0; i < keys->nr; i++) {
		error = verify_pkcs7_signature(NULL, 0, cms, size, keys->ring[i],
					       VERIFYING_UNSPECIFIED_SIGNATURE, take_content,
					       ret_content);
		if (!error)
			signers |= 1U << keys->same[i];
		else if (error != -ENOKEY) /* by another key is no mistake; by it and wrong is */
			return error;
	}
	ret_content->signers = hweight32(signers);
	return ret_content->signers ? 0 : -ENOKEY;
}
