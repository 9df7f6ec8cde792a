// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file of the chains' keys; see log_keys.h.
 */
#include "log_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "util/cleanup.h"

static uint32_t sum(struct cordon_log_keys keys)
{
	uint32_t crc;

	keys.crc = 0;
	crc = (uint32_t)crc32(0, (const Bytef *)&keys, sizeof(keys));
	explicit_bzero(&keys, sizeof(keys));
	return crc;
}

static bool read_copy(int fd, int copy, struct cordon_log_keys *ret_keys)
{
	return pread(fd, ret_keys, sizeof(*ret_keys), (off_t)copy * CORDON_LOG_KEYS_STRIDE) ==
		       sizeof(*ret_keys) &&
	       !memcmp(ret_keys->magic, CORDON_LOG_KEYS_MAGIC, sizeof(ret_keys->magic)) &&
	       ret_keys->version == CORDON_LOG_KEYS_VERSION && ret_keys->crc == sum(*ret_keys) &&
	       (ret_keys->sequence & 1) == (uint64_t)copy;
}

int cordon_log_keys_read(int folder, struct cordon_log_keys *ret_keys)
{
	const int fd CLEANUP(close) = openat(folder, CORDON_LOG_KEYS_FILE,
					     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct cordon_log_keys copy[2];
	bool whole[2];
	int later;

	if (fd < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		whole[i] = read_copy(fd, i, &copy[i]);
	later = whole[1] && (!whole[0] || copy[1].sequence > copy[0].sequence);
	if (whole[later])
		*ret_keys = copy[later];
	explicit_bzero(copy, sizeof(copy));
	return whole[later] ? 0 : -EBADMSG;
}

/* From an older key those of blocks that are there follow: it is erased as soon as the newer one is
 * on stable storage.  Without it the newer one does, too. */
static void forget_other(int fd, uint64_t sequence)
{
	const struct cordon_log_keys none = { .sequence = 0 };

	if (pwrite(fd, &none, sizeof(none), (off_t)(~sequence & 1) * CORDON_LOG_KEYS_STRIDE) < 0)
		return;
}

int cordon_log_keys_write(int folder, struct cordon_log_keys *keys)
{
	const int fd CLEANUP(close) =
		openat(folder, CORDON_LOG_KEYS_FILE,
		       O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	ssize_t written;

	if (fd < 0)
		return -errno;
	memcpy(keys->magic, CORDON_LOG_KEYS_MAGIC, sizeof(keys->magic));
	keys->version = CORDON_LOG_KEYS_VERSION;
	keys->sequence++;
	keys->crc = sum(*keys);
	written = pwrite(fd, keys, sizeof(*keys),
			 (off_t)(keys->sequence & 1) * CORDON_LOG_KEYS_STRIDE);
	if (written != sizeof(*keys))
		return written < 0 ? -errno : -ENOSPC;
	if (fsync(fd))
		return -errno;
	forget_other(fd, keys->sequence);
	return 0;
}
