/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that holds the key of each chain's block to come; see cordon/log.h.
 * What is written over an older key is on stable storage when a call returns.
 */
#ifndef CORDON_LOG_KEYS_H
#define CORDON_LOG_KEYS_H

#include <cordon/log.h>

/**
 * cordon_log_keys_read() - the later of the two copies that is whole
 * @folder: the log's, open
 * Return: 0; -ENOENT: there is no such file; -EBADMSG: no copy is whole; -errno.
 */
int cordon_log_keys_read(int folder, struct cordon_log_keys *ret_keys);

/**
 * cordon_log_keys_write() - over the older copy
 * @keys: sequence, version and sum are filled in
 * Return: 0 or -errno: the copy before still stands.
 */
int cordon_log_keys_write(int folder, struct cordon_log_keys *keys);

#endif
