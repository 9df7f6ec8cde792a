// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and data that a TPM 2.0 holds beyond a reset: TPM2_EvictControl with an
 * empty owner authorisation, one command of 35 bytes (TPM 2.0 Library, Part 3,
 * 28.5), by the kernel's resource manager.  No library is worth that.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "destroy.h"
#include "util/cleanup.h"

#define TAG_SESSIONS 0x8002
#define COMMAND_EVICT 0x120
#define OWNER 0x40000001U
#define PASSWORD 0x40000009U
#define WAIT_MS 30000

/* Part 2, 6.6.3: of the first format, with a handle's number in it. */
#define RC_HANDLE(code) (((code)&0xff) == 0x8b)
#define RC_BAD_AUTH(code) (((code)&0xbf) == 0xa2 || ((code)&0xbf) == 0x8e)

struct evict {
	uint16_t tag;
	uint32_t size;
	uint32_t command;
	uint32_t owner;
	uint32_t object;
	uint32_t authorisation_size;
	uint32_t session;
	uint16_t nonce_size;
	uint8_t attributes;
	uint16_t password_size;
	uint32_t persistent;
} __attribute__((packed));

struct answer {
	uint16_t tag;
	uint32_t size;
	uint32_t code;
} __attribute__((packed));

static struct evict evict_of(uint32_t handle)
{
	return (struct evict){
		.tag = htobe16(TAG_SESSIONS),
		.size = htobe32(sizeof(struct evict)),
		.command = htobe32(COMMAND_EVICT),
		.owner = htobe32(OWNER),
		.object = htobe32(handle),
		.authorisation_size = htobe32(9),
		.session = htobe32(PASSWORD),
		.persistent = htobe32(handle),
	};
}

/* Return: 0 and the TPM's answer, or -errno: it gave none */
static int command(const char *device, uint32_t handle, uint32_t *ret_code)
{
	const int fd CLEANUP(close) = open(device, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	const struct evict evict = evict_of(handle);
	uint8_t bytes[4096];
	struct answer answer;

	if (fd < 0)
		return -errno;
	if (write(fd, &evict, sizeof(evict)) != sizeof(evict))
		return -errno;
	if (poll(&wait, 1, WAIT_MS) != 1)
		return -ETIMEDOUT;
	if (read(fd, bytes, sizeof(bytes)) < (ssize_t)sizeof(answer))
		return -EIO;
	memcpy(&answer, bytes, sizeof(answer));
	*ret_code = be32toh(answer.code);
	return 0;
}

void cordon_destroy_tpm(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing)
{
	const struct cordon_path device = cordon_path_root(destroyer->context, "/dev/tpmrm0");
	const uint32_t handle = (uint32_t)strtoul(thing->name, NULL, 16);
	uint32_t code = 0;
	const int error = command(device.text, handle, &code);

	if (error)
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "/dev/tpmrm0: %s",
				     strerror(-error));
	else if (!code)
		cordon_destroyed_say(thing, CORDON_DESTROYED, "evicted");
	else if (RC_HANDLE(code))
		cordon_destroyed_say(thing, CORDON_DESTROYED_BEFORE, "the TPM holds none");
	else if (RC_BAD_AUTH(code))
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED,
				     "the TPM's owner has a password, which cordon does not know");
	else
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "the TPM answers 0x%x", code);
}
