// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a log.  The first byte says how: as a segment, as one that claims to be compressed,
 * or as the records of a block that the log's own key authenticates, as who has broken in may write
 * them. Verifying must end, and account for every byte; what nobody authenticated is never sound.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_block.h"
#include "log_segment.h"
#include "log_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[CORDON_LOG_KEY_SIZE] = "a key that everybody may know";

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void remove_folder(void)
{
	if (system("rm -r /tmp/cordon-log-fuzz.$PPID"))
		_exit(1);
}

/* One folder for all inputs. */
static int folder(void)
{
	static int fd = -1;
	char path[64];

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/tmp/cordon-log-fuzz.%d", getpid());
	check(!mkdir(path, 0700));
	atexit(remove_folder);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(fd >= 0);
	return fd;
}

static void put(const char *name, const void *bytes, size_t size)
{
	const int fd = openat(folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static void put_block(enum cordon_event_class class, const uint8_t *data, size_t size)
{
	static uint64_t room[(CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX) / 8];
	struct cordon_log_block *block = (void *)room;
	struct cordon_log_chain chain = { .records = 0 };

	if (size > CORDON_LOG_BLOCK_MAX)
		size = CORDON_LOG_BLOCK_MAX;
	size -= size % 8;
	*block = (struct cordon_log_block){ .class = class, .size = (__u32)size };
	memcpy(block + 1, data, size);
	/* As many as there would be if each were the smallest. */
	block->records = (__u32)(size / sizeof(struct cordon_event));
	cordon_log_key_first(secret, class, &chain.key);
	put(cordon_log_segment_name(class, 0, false).text, block,
	    cordon_log_block_close(block, &chain));
}

static void take(void *state, const struct cordon_log_finding *finding)
{
	uint64_t *breaches = state;

	check(finding->class < CORDON_CLASS_COUNT);
	*breaches += cordon_log_finding_is_breach(finding->kind);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_sum sum;
	enum cordon_event_class class;
	uint64_t breaches = 0;
	bool authentic;

	if (size < 2)
		return 0;
	class = data[0] % CORDON_CLASS_COUNT;
	authentic = data[1] % 3 == 2;
	if (authentic)
		put_block(class, data + 2, size - 2);
	else
		put(cordon_log_segment_name(class, 0, data[1] % 3).text, data + 2, size - 2);
	check(!cordon_log_verify(folder(), secret, take, &breaches, &failure, &sum));
	check(sum.breaches == breaches);
	/* There are no keys: no chain proves its end. */
	check(breaches >= CORDON_CLASS_COUNT);
	check(authentic || !sum.class[class].blocks);
	check(!unlinkat(folder(), cordon_log_segment_name(class, 0, data[1] % 3 == 1).text, 0));
	return 0;
}
