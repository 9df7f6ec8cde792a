/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a CMS SignedData around signatures that others made.
 */
#ifndef CORDON_SIGN_WRITE_H
#define CORDON_SIGN_WRITE_H

#include "sign_cms.h"

/** struct sign_infos - SignerInfos, whole; nothing is owned */
struct sign_infos {
	struct der info[CORDON_ORDER_SIGNERS_MAX];
	size_t nr;
};

/**
 * sign_write() - a message in DER, without certificates: what nodes and kernels take
 * @infos: put in the order that DER asks for
 * Return: 0 with @ret_bytes, the caller's to free; -ENOMEM.
 */
int sign_write(struct der content, struct sign_infos *infos, uint8_t **ret_bytes, size_t *ret_size);

#endif
