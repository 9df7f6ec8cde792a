// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LUKS: the areas of the key slots first, then the second header, the first
 * one last, so that whoever is cut short finds again what is to be done.
 *
 * LUKS1 (On-Disk Format Specification 1.2.3, 2.1): one header, all of which, the
 * key slots too, lies before the payload.  LUKS2 (On-Disk Format Specification
 * 1.1.3, 2 and 3): two copies of a header of one size, of 16 KiB to 4 MiB, one
 * behind the other, then the area of the key slots, whose size is in the JSON.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <dirent.h>
#include <unistd.h>

#include "destroy.h"
#include "fault.h"
#include "util/cleanup.h"

#define MAGIC_FIRST "LUKS\xba\xbe"
#define MAGIC_SECOND "SKUL\xba\xbe"
#define MAGIC_SIZE 6
#define HEADER_LEAST (16ULL << 10)
#define HEADER_MOST (4ULL << 20)
#define SLOTS_MOST (128ULL << 20)
#define SECTOR 512ULL

/* struct head - the beginning of both versions, and of LUKS2's second copy; big endian */
struct head {
	uint8_t magic[MAGIC_SIZE];
	uint16_t version;
	uint64_t size; /* of LUKS2 */
	uint8_t passed[88];
	uint32_t payload; /* of LUKS1, in sectors */
};
_Static_assert(offsetof(struct head, payload) == 104, "where LUKS1 has its payload offset");

/* struct plan - @headers: bytes of all headers; @slots: bytes behind them */
struct plan {
	uint64_t headers;
	uint64_t slots;
	unsigned int version;
};

static bool read_head(int fd, uint64_t at, const char *magic, struct head *ret_head)
{
	return pread(fd, ret_head, sizeof(*ret_head), (off_t)at) == sizeof(*ret_head) &&
	       !memcmp(ret_head->magic, magic, MAGIC_SIZE);
}

/* Of the JSON nothing is asked but one number; where it is not to be found the whole of what
 * cryptsetup gives by default is overwritten. */
static uint64_t read_slots(int fd, uint64_t at, uint64_t size)
{
	static const char key[] = "\"keyslots_size\":\"";
	char *text CLEANUP(free) = calloc(1, (size_t)size + 1);
	const char *number;
	uint64_t slots = 0;

	if (text && pread(fd, text, (size_t)size, (off_t)at) == (ssize_t)size) {
		/* The binary part before it ends with a NUL. */
		number = memmem(text, (size_t)size, key, sizeof(key) - 1);
		slots = number ? strtoull(number + sizeof(key) - 1, NULL, 10) : 0;
	}
	if (!slots)
		slots = (16ULL << 20) - 2 * size;
	return slots < SLOTS_MOST ? slots : SLOTS_MOST;
}

static bool plan_luks1(const struct head *head, struct plan *plan)
{
	const uint64_t bytes = be32toh(head->payload) * SECTOR;

	/* With a payload elsewhere the offset is 0; then no more than cryptsetup writes. */
	plan->version = 1;
	plan->headers = SECTOR * 2;
	plan->slots = bytes > plan->headers && bytes <= SLOTS_MOST ? bytes - plan->headers :
								     (2ULL << 20);
	return true;
}

static bool plan_luks2(int fd, uint64_t at, const struct head *head, struct plan *plan)
{
	const uint64_t size = be64toh(head->size);

	if (size < HEADER_LEAST || size > HEADER_MOST || size & (size - 1))
		return false;
	plan->version = 2;
	plan->headers = 2 * size;
	plan->slots = read_slots(fd, at, size);
	return true;
}

static bool find(int fd, struct plan *plan)
{
	struct head head;

	if (read_head(fd, 0, MAGIC_FIRST, &head))
		return be16toh(head.version) == 1 ? plan_luks1(&head, plan) :
						    plan_luks2(fd, 0, &head, plan);
	for (uint64_t at = HEADER_LEAST; at <= HEADER_MOST; at *= 2) {
		if (read_head(fd, at, MAGIC_SECOND, &head) && be64toh(head.size) == at)
			return plan_luks2(fd, at, &head, plan);
	}
	return false;
}

static uint64_t size_of(int fd)
{
	struct stat status;
	uint64_t bytes = 0;

	if (fstat(fd, &status))
		return 0;
	if (S_ISREG(status.st_mode))
		return (uint64_t)status.st_size;
	return ioctl(fd, BLKGETSIZE64, &bytes) ? 0 : bytes;
}

/* Smaller than it says: what there is of it. */
static uint64_t within(uint64_t from, uint64_t size, uint64_t end)
{
	return from >= end ? 0 : size < end - from ? size : end - from;
}

static int overwrite(const struct cordon_destroyer *destroyer, int fd, const struct plan *plan)
{
	const uint64_t end = size_of(fd), half = plan->headers / 2;
	int error = cordon_destroy_overwrite(
		fd, plan->headers, within(plan->headers, plan->slots, end), destroyer->until);

	cordon_step("key slots overwritten");
	if (!error)
		error = cordon_destroy_overwrite(fd, half, within(half, half, end),
						 destroyer->until);
	cordon_step("second header overwritten");
	if (!error)
		error = cordon_destroy_overwrite(fd, 0, within(0, half, end), destroyer->until);
	/* What readers of the device had cached is gone, too. */
	if (!error)
		ioctl(fd, BLKFLSBUF, 0);
	return error;
}

/* Whoever has it open has its key in memory. */
static bool is_in_use(int fd)
{
	DIR *holders CLEANUP(folder) = NULL;
	const struct dirent *entry;
	struct stat status;
	char path[64];

	if (fstat(fd, &status) || !S_ISBLK(status.st_mode))
		return false;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders", major(status.st_rdev),
		 minor(status.st_rdev));
	holders = opendir(path);
	while (holders && (entry = readdir(holders))) {
		if (entry->d_name[0] != '.')
			return true;
	}
	return false;
}

/* A device's name is a link more often than not (/dev/disk/by-id/): it is followed, and what is
 * there must be LUKS. */
void cordon_destroy_luks(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing)
{
	const struct cordon_path path = cordon_path_root(destroyer->context, thing->name);
	const int fd CLEANUP(close) = open(path.text, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct plan plan;
	int error;

	if (fd < 0) {
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "%s", strerror(errno));
		return;
	}
	if (!find(fd, &plan)) {
		cordon_destroyed_say(thing, CORDON_DESTROYED_BEFORE, "there is no LUKS header");
		return;
	}
	error = overwrite(destroyer, fd, &plan);
	if (error)
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "LUKS%u: %s", plan.version,
				     strerror(-error));
	else
		cordon_destroyed_say(
			thing, CORDON_DESTROYED,
			"LUKS%u header%s and key slots overwritten, %llu KiB%s%s", plan.version,
			plan.version == 1 ? "" : "s",
			(unsigned long long)(plan.headers + plan.slots) >> 10,
			is_in_use(fd) ? "; it is open: its key stays in memory until it is closed" :
					"",
			cordon_destroy_medium(fd));
}
