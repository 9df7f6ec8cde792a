// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TPM's device: commands out, answers in, each within bounds and in time;
 * see tpm.h.
 */
#include "tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define SECOND 1000000000ULL
#define MILLISECOND 1000000ULL
#define RETRY_MS 20

/* Part 2, 6.9 and 7.4 */
#define NO_SESSIONS 0x8001
#define SESSIONS 0x8002
#define PASSWORD 0x40000009

/* Of an empty authorisation in an answer: nonce, attributes, acknowledgment. */
#define AUTHORISATION_MIN 5

/* ---- the device ------------------------------------------------------------------------ */

/* An emulator may listen in its place, but not in the machine's own /dev. */
static int open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd CLEANUP(close) = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return TAKE_FD(fd);
}

static int open_device(const struct cordon_context *context, const char *path)
{
	struct stat status;
	int fd;

	if (lstat(path, &status))
		return -errno;
	if (S_ISSOCK(status.st_mode) && context->root[0])
		return open_socket(path);
	if (!S_ISCHR(status.st_mode))
		return -ENOTTY;
	/* So that reading can be waited for: the kernel then works on its own. */
	fd = open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cordon_tpm_open(const struct cordon_context *context, unsigned int seconds,
		    struct cordon_failure *failure, struct cordon_tpm *ret_tpm)
{
	const struct cordon_path path = cordon_path_root(context, TPM_DEVICE);
	const int fd = open_device(context, path.text);

	ret_tpm->fd = -1;
	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO || fd == -ENOTDIR)
		return cordon_fail(failure, -ENODEV, "there is no TPM 2.0");
	if (fd < 0)
		return cordon_fail(failure, fd, "cannot open %s: %s", path.text, strerror(-fd));
	ret_tpm->fd = fd;
	ret_tpm->stuck = false;
	ret_tpm->until_ns = cordon_clock_ns() + seconds * SECOND;
	return 0;
}

/* One that still works keeps whoever closes it waiting until it has done so. */
void cordon_tpm_close(struct cordon_tpm *tpm)
{
	cleanup_close(&tpm->fd);
	tpm->fd = -1;
}

/* ---- commands -------------------------------------------------------------------------- */

void tpm_begin(struct tpm_out *out, enum tpm_command command, bool authorised)
{
	out->size = 0;
	out->over = false;
	tpm_put_u16(out, authorised ? SESSIONS : NO_SESSIONS);
	tpm_put_u32(out, 0);
	tpm_put_u32(out, command);
}

/* Part 2, 10.13.2: TPMS_AUTH_COMMAND; a policy that asks for no secret has no HMAC. */
void tpm_put_session(struct tpm_out *out, uint32_t session)
{
	tpm_put_u32(out, 4 + 2 + 1 + 2);
	tpm_put_u32(out, session ? session : PASSWORD);
	tpm_put_u16(out, 0);
	tpm_put_u8(out, session ? 0 : 1);
	tpm_put_u16(out, 0);
}

/* ---- answers --------------------------------------------------------------------------- */

/* Part 2, 6.6: format 1, with the number of a handle, parameter or session in it */
#define FORMAT_1 0x080
#define FORMAT_1_MASK 0x0bf

static const struct {
	uint32_t code;
	int error;
	const char *text;
} codes[] = {
	{ 0x100, -EAGAIN, "it is not started" },
	{ 0x143, -EOPNOTSUPP, "it does not know the command" },
	{ 0x146, -EBADMSG, "the index is of another size" },
	{ 0x148, -EPERM, "the index is locked" },
	{ 0x149, -EPERM, "the index does not allow it" },
	{ 0x14a, -ENODATA, "the index was never written" },
	{ 0x14b, -ENOSPC, "it has no room for another index" },
	{ 0x14c, -EEXIST, "the index is there already" },
	{ 0x08b, -ENOENT, "there is no such index" },
	{ 0x082, -EPERM, "the index is of another kind" },
	{ 0x083, -EOPNOTSUPP, "it does not know such keys" },
	{ 0x084, -EOPNOTSUPP, "it does not take this value" },
	{ 0x087, -EOPNOTSUPP, "it does not know keys of this size" },
	{ 0x08e, -EACCES, "another authorisation is needed" },
	{ 0x0a2, -EACCES, "another authorisation is needed" },
	{ 0x0a6, -EOPNOTSUPP, "it does not know the curve" },
	{ 0x09b, -EKEYREJECTED, "the signature is wrong" },
	{ 0x09d, -EPERM, "the policy of the index does not allow it" },
	{ 0x128, -EPERM, "the policy of the index does not allow it" },
	{ 0x908, -EAGAIN, "it yielded" },
	{ 0x90a, -EAGAIN, "it tests itself" },
	{ 0x920, -EAGAIN, "it may not be written so often" },
	{ 0x921, -EBUSY, "it is locked against guessing" },
	{ 0x922, -EAGAIN, "it asks for another try" },
	{ 0x923, -EAGAIN, "it cannot write now" },
};

static int fail_code(uint32_t code, struct cordon_failure *failure)
{
	const uint32_t plain = code & FORMAT_1 ? code & FORMAT_1_MASK : code;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].code == plain)
			return cordon_fail(failure, codes[i].error, "the TPM refuses: %s (0x%x)",
					   codes[i].text, code);
	}
	return cordon_fail(failure, -EIO, "the TPM refuses with 0x%x", code);
}

static int fail_mangled(struct cordon_failure *failure)
{
	return cordon_fail(failure, -EBADMSG, "the TPM's answer is mangled");
}

int tpm_answer_read(const uint8_t *bytes, size_t size, struct cordon_failure *failure,
		    uint32_t *ret_handle, struct tpm_in *ret_in)
{
	struct tpm_in in = { bytes, size, false };
	const uint16_t tag = tpm_take_u16(&in);
	const uint32_t length = tpm_take_u32(&in), code = tpm_take_u32(&in);
	uint32_t parameters;

	if (in.bad || length != size || (tag != SESSIONS && tag != NO_SESSIONS))
		return fail_mangled(failure);
	if (code)
		return fail_code(code, failure);
	if (ret_handle)
		*ret_handle = tpm_take_u32(&in);
	if (tag == SESSIONS) {
		parameters = tpm_take_u32(&in);
		if (in.bad || in.size < AUTHORISATION_MIN ||
		    parameters > in.size - AUTHORISATION_MIN)
			return fail_mangled(failure);
		in.size = parameters;
	}
	if (in.bad)
		return fail_mangled(failure);
	*ret_in = in;
	return 0;
}

static int wait_for(struct cordon_tpm *tpm, short event)
{
	struct pollfd poll_for = { .fd = tpm->fd, .events = event };
	const uint64_t now = cordon_clock_ns();
	int ready;

	if (now >= tpm->until_ns)
		return -ETIMEDOUT;
	ready = poll(&poll_for, 1, (int)((tpm->until_ns - now) / MILLISECOND) + 1);
	if (ready < 0 && errno != EINTR)
		return -errno;
	return ready > 0 && poll_for.revents & (POLLHUP | POLLERR) ? -EPIPE : 0;
}

static int send_all(struct cordon_tpm *tpm, const struct tpm_out *out)
{
	for (;;) {
		/* Whole or not at all: the device takes nothing else, and a socket has the room. */
		const ssize_t sent = write(tpm->fd, out->bytes, out->size);
		int error;

		if (sent == (ssize_t)out->size)
			return 0;
		if (sent >= 0)
			return -EIO;
		if (errno != EAGAIN && errno != EINTR && errno != EBUSY)
			return -errno;
		error = wait_for(tpm, POLLOUT);
		if (error)
			return error;
	}
}

static bool is_whole(const uint8_t *bytes, size_t size)
{
	struct tpm_in in = { bytes + 2, size < 2 ? 0 : size - 2, false };
	const uint32_t length = tpm_take_u32(&in);

	return !in.bad && size >= length;
}

static int receive(struct cordon_tpm *tpm, size_t *ret_size)
{
	size_t size = 0;

	while (!is_whole(tpm->answer, size)) {
		const ssize_t got = read(tpm->fd, tpm->answer + size, sizeof(tpm->answer) - size);
		int error = 0;

		if (!got && size)
			return -EBADMSG;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (got > 0)
			size += (size_t)got;
		else
			error = wait_for(tpm, POLLIN);
		if (error)
			return error;
	}
	*ret_size = size;
	return 0;
}

static int exchange(struct cordon_tpm *tpm, const struct tpm_out *out,
		    struct cordon_failure *failure, size_t *ret_size)
{
	int error = tpm->stuck ? -ETIMEDOUT : send_all(tpm, out);

	if (!error)
		error = receive(tpm, ret_size);
	if (!error)
		return 0;
	tpm->stuck = true;
	if (error == -ETIMEDOUT)
		return cordon_fail(failure, error, "the TPM does not answer");
	return cordon_fail(failure, error, "the TPM cannot be used: %s", strerror(-error));
}

int tpm_call(struct cordon_tpm *tpm, struct tpm_out *out, struct cordon_failure *failure,
	     uint32_t *ret_handle, struct tpm_in *ret_in)
{
	const uint32_t size = (uint32_t)out->size;
	struct cordon_failure busy;
	int error;

	if (out->over)
		return cordon_fail(failure, -EMSGSIZE, "a command has no room");
	for (int i = 0; i < 4; i++)
		out->bytes[2 + i] = (uint8_t)(size >> (8 * (3 - i)));
	for (;;) {
		size_t got = 0;

		busy.text[0] = '\0';
		error = exchange(tpm, out, failure, &got);
		if (error)
			return error;
		error = tpm_answer_read(tpm->answer, got, &busy, ret_handle, ret_in);
		if (error != -EAGAIN || cordon_clock_ns() >= tpm->until_ns)
			break;
		poll(NULL, 0, RETRY_MS);
	}
	return error ? cordon_fail(failure, error, "%s", busy.text) : 0;
}
