// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timeout: 400
 *
 * Power that fails at every write of the log. What the log asks of its folder goes through a layer
 * here: functions of the C library, found in this program before the library's own. It notes each
 * write, name and synchronisation. Then, for every moment of that, folders are made as a disk may
 * hold them after power failed there: what was synchronised is in them; of all else what the disk
 * had come to, in whatever order. The log must go on in each: nothing is missing that was said to
 * be stored, and whoever holds the key finds nothing that its records do not tell.
 *
 * Likewise each of these calls fails once, and from then on for a while. Needs no root.
 */
#undef _FORTIFY_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "event.h"
#include "events.h"
#include "log_key.h"
#include "log_keys.h"
#include "log_reader.h"
#include "log_store.h"
#include "log_verify.h"
#include "util/hex.h"

#define SECOND 1000000000ULL
#define LIMIT CORDON_LOG_LIMIT_MIN
#define NAME_MAX_HERE 32
#define FILES_MAX 500
#define OPS_MAX 2000
#define BLOCKS_MAX 400
/* Of a ring's block: three of them fill a segment of the smallest log. */
#define RECORD_SIZE 20480U
/* Of one that fills it alone. */
#define LARGE 61440U
#define CLASSES CORDON_CLASS_COUNT

/* ---- what was done ------------------------------------------------------------------------ */

enum kind {
	MAKE,
	WRITE,
	TRUNCATE,
	SYNC,
	SYNC_NAMES,
	LOST,
	RENAME,
	UNLINK
};

/**
 * struct op - one of them
 * @inode: of which file; those of a folder that was there at the start come first
 * @name, @to: of MAKE, RENAME, UNLINK
 * @offset, @size, @bytes: of WRITE; TRUNCATE: @size
 * @upto: of a synchronisation: those before were there when it began. One that failed is LOST: what
 *	it should have stored no later one does, as the kernel took it for written (PostgreSQL's
 *	fsyncgate)
 */
struct op {
	enum kind kind;
	int inode;
	char name[NAME_MAX_HERE], to[NAME_MAX_HERE];
	size_t offset, size, upto;
	uint8_t *bytes;
};

struct file {
	char name[NAME_MAX_HERE];
	uint8_t *bytes;
	size_t size;
	int inode;
};

/** struct disk - a folder's files */
struct disk {
	struct file file[FILES_MAX];
	size_t nr;
};

/**
 * struct layer
 * @on: calls go on into the trace
 * @quick: nothing needs to be on stable storage
 * @alone: no threads
 * @fails: number of the call that fails, and how many then do; @error: with it
 * @clock, @wall: nanoseconds; 0: as they are
 * @marker: pid of what was told last of all
 * @known: inodes by their number on the real disk, the latest last
 * @digest: of the @blocks that were written, by class and number
 * @gone: when power failed the last time
 */
static struct layer {
	bool on, quick, alone;
	size_t folder_inode;
	struct op op[OPS_MAX];
	size_t nr;
	struct disk base;
	ino_t known[FILES_MAX];
	int inodes;
	long fails_at, fails, calls;
	int error;
	uint64_t clock;
	int64_t wall;
	uint32_t marker;
	uint8_t digest[CLASSES][BLOCKS_MAX][CORDON_LOG_DIGEST_SIZE];
	uint64_t blocks[CLASSES];
	bool gone[CLASSES][BLOCKS_MAX];
	pthread_mutex_t lock;
} layer = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int inode_of(int fd)
{
	struct stat stat;

	if (!layer.on || fstat(fd, &stat))
		return -1;
	for (int i = layer.inodes; i-- > 0;) {
		if (layer.known[i] == stat.st_ino)
			return i;
	}
	return -1;
}

static bool is_folder(int fd)
{
	struct stat stat;

	return layer.on && !fstat(fd, &stat) && stat.st_ino == layer.folder_inode;
}

static struct op *note(enum kind kind, int inode)
{
	struct op *op = &layer.op[layer.nr++];

	if (layer.nr > OPS_MAX)
		abort();
	*op = (struct op){ .kind = kind, .inode = inode, .upto = layer.nr - 1 };
	return op;
}

static void copy_name(char *to, const char *name)
{
	snprintf(to, NAME_MAX_HERE, "%s", name);
}

/* Return: true: this call is to fail */
static bool is_to_fail(void)
{
	const long call = layer.calls++;

	return layer.fails && call >= layer.fails_at && call < layer.fails_at + layer.fails;
}

static void note_block(const uint8_t *bytes, size_t size)
{
	const struct cordon_log_block *block = (const void *)bytes;

	if (size < CORDON_LOG_BLOCK_FRAME || block->magic != CORDON_LOG_MAGIC ||
	    block->number >= BLOCKS_MAX)
		return;
	memcpy(layer.digest[block->class][block->number], bytes + sizeof(*block) + block->size,
	       CORDON_LOG_DIGEST_SIZE);
	layer.blocks[block->class] = block->number + 1;
}

static void note_write(int inode, const void *bytes, size_t size, off_t offset)
{
	struct op *op = note(WRITE, inode);

	op->offset = (size_t)offset;
	op->size = size;
	op->bytes = malloc(size);
	memcpy(op->bytes, bytes, size);
	note_block(bytes, size);
}

static ssize_t write_at(int fd, const void *bytes, size_t size, off_t offset)
{
	const int inode = inode_of(fd);
	ssize_t written;

	if (inode < 0)
		return syscall(SYS_pwrite64, fd, bytes, size, offset);
	pthread_mutex_lock(&layer.lock);
	if (is_to_fail()) {
		/* As a disk does that has room for a part, but for the keys, which are less than
		 * a sector. */
		size = size > 4096 && layer.calls - 1 == layer.fails_at ? size / 2 & ~63UL : 0;
		errno = layer.error;
	}
	written = size ? syscall(SYS_pwrite64, fd, bytes, size, offset) : -1;
	if (written > 0)
		note_write(inode, bytes, (size_t)written, offset);
	pthread_mutex_unlock(&layer.lock);
	return written;
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	const off_t at = inode_of(fd) < 0 ? -1 : lseek(fd, 0, SEEK_CUR);
	ssize_t written;

	if (at < 0)
		return syscall(SYS_write, fd, bytes, size);
	written = write_at(fd, bytes, size, at);
	if (written > 0)
		lseek(fd, at + written, SEEK_SET);
	return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	return write_at(fd, bytes, size, offset);
}

int ftruncate(int fd, off_t size)
{
	const int inode = inode_of(fd);

	if (inode >= 0) {
		pthread_mutex_lock(&layer.lock);
		note(TRUNCATE, inode)->size = (size_t)size;
		pthread_mutex_unlock(&layer.lock);
	}
	return (int)syscall(SYS_ftruncate, fd, size);
}

/* What comes while it is at work it does not promise. */
static int synchronise(int fd)
{
	const bool names = is_folder(fd);
	const int inode = inode_of(fd);
	const size_t upto = layer.nr;

	if (!names && inode < 0)
		return layer.quick ? 0 : (int)syscall(SYS_fsync, fd);
	if (!layer.alone)
		usleep(200);
	pthread_mutex_lock(&layer.lock);
	if (is_to_fail()) {
		note(LOST, names ? -1 : inode)->upto = upto;
		pthread_mutex_unlock(&layer.lock);
		errno = layer.error;
		return -1;
	}
	note(names ? SYNC_NAMES : SYNC, inode)->upto = upto;
	pthread_mutex_unlock(&layer.lock);
	return 0;
}

int fsync(int fd)
{
	return synchronise(fd);
}

int fdatasync(int fd)
{
	return synchronise(fd);
}

static void learn(int fd)
{
	struct stat stat;

	if (layer.inodes == FILES_MAX || fstat(fd, &stat))
		abort();
	layer.known[layer.inodes++] = stat.st_ino;
}

int openat(int folder, const char *name, int flags, ...)
{
	const bool ours = is_folder(folder) && flags & O_CREAT;
	const bool there = ours && !faccessat(folder, name, F_OK, 0);
	mode_t mode = 0;
	va_list more;
	int fd;

	va_start(more, flags);
	if (flags & O_CREAT)
		mode = va_arg(more, mode_t);
	va_end(more);
	if (ours && is_to_fail()) {
		errno = layer.error;
		return -1;
	}
	fd = (int)syscall(SYS_openat, folder, name, flags, mode);
	if (!ours || fd < 0)
		return fd;
	pthread_mutex_lock(&layer.lock);
	if (!there) {
		learn(fd);
		copy_name(note(MAKE, layer.inodes - 1)->name, name);
	} else if (flags & O_TRUNC) {
		note(TRUNCATE, inode_of(fd))->size = 0;
	}
	pthread_mutex_unlock(&layer.lock);
	return fd;
}

static int inode_named(int folder, const char *name)
{
	const int fd = (int)syscall(SYS_openat, folder, name, O_PATH | O_CLOEXEC, 0);
	const int inode = inode_of(fd);

	close(fd);
	return inode;
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	struct op *op;

	if (is_folder(from)) {
		if (is_to_fail()) {
			errno = layer.error;
			return -1;
		}
		pthread_mutex_lock(&layer.lock);
		op = note(RENAME, inode_named(from, name));
		copy_name(op->name, name);
		copy_name(op->to, new_name);
		pthread_mutex_unlock(&layer.lock);
	}
	return (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
	if (is_folder(folder) && !faccessat(folder, name, F_OK, 0)) {
		if (is_to_fail()) {
			errno = layer.error;
			return -1;
		}
		pthread_mutex_lock(&layer.lock);
		copy_name(note(UNLINK, -1)->name, name);
		pthread_mutex_unlock(&layer.lock);
	}
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	const int64_t now = clock == CLOCK_REALTIME ? layer.wall : (int64_t)layer.clock;

	if (!layer.clock)
		return (int)syscall(SYS_clock_gettime, clock, ret_now);
	ret_now->tv_sec = now / (int64_t)SECOND;
	ret_now->tv_nsec = now % (int64_t)SECOND;
	return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		   void *state)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (layer.alone)
		return EAGAIN;
	if (!real)
		real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attributes, run, state);
}

/* ---- what a disk may hold then ------------------------------------------------------------ */

/* What became of what was not synchronised. TORN: its first half; ROOM: zeros in its place. */
enum fate {
	THERE,
	GONE,
	TORN,
	ROOM
};

struct crash {
	size_t at; /* of the trace: so many operations were done */
	bool stable[OPS_MAX];
	enum fate fate[OPS_MAX];
	size_t data[OPS_MAX], names[OPS_MAX];
	size_t nr_data, nr_names;
};

static bool is_name(enum kind kind)
{
	return kind == MAKE || kind == RENAME || kind == UNLINK;
}

static bool is_lost(const struct op *op, const struct op *sync)
{
	return sync->kind == LOST && sync->inode == (is_name(op->kind) ? -1 : op->inode);
}

static bool is_synchronised(size_t index, size_t at)
{
	const struct op *op = &layer.op[index];

	for (size_t i = index + 1; i < at; i++) {
		const struct op *sync = &layer.op[i];

		if (sync->upto <= index)
			continue;
		if (is_lost(op, sync))
			return false;
		if (is_name(op->kind) ? sync->kind == SYNC_NAMES :
					sync->kind == SYNC && sync->inode == op->inode)
			return true;
	}
	return false;
}

static void begin_crash(struct crash *crash, size_t at)
{
	memset(crash, 0, sizeof(*crash));
	crash->at = at;
	for (size_t i = 0; i < at; i++) {
		const enum kind kind = layer.op[i].kind;

		crash->stable[i] = kind == SYNC || kind == SYNC_NAMES || kind == LOST ||
				   is_synchronised(i, at);
		if (crash->stable[i])
			continue;
		if (is_name(kind))
			crash->names[crash->nr_names++] = i;
		else
			crash->data[crash->nr_data++] = i;
	}
}

static void grow(struct file *file, size_t size)
{
	if (size <= file->size)
		return;
	file->bytes = realloc(file->bytes, size);
	memset(file->bytes + file->size, 0, size - file->size);
	file->size = size;
}

static void do_data(struct file *file, const struct op *op, enum fate fate)
{
	size_t size = op->size;

	if (fate == GONE)
		return;
	if (op->kind == TRUNCATE) {
		grow(file, size);
		file->size = size;
		return;
	}
	if (fate == TORN)
		size = size / 2 + 3;
	grow(file, op->offset + (size < op->size ? size : op->size));
	if (fate != ROOM)
		memcpy(file->bytes + op->offset, op->bytes, size < op->size ? size : op->size);
}

static void drop_name(struct disk *disk, const char *name)
{
	for (size_t i = 0; i < disk->nr; i++) {
		if (!strcmp(disk->file[i].name, name))
			disk->file[i--] = disk->file[--disk->nr];
	}
}

static void add_name(struct disk *disk, const char *name, int inode)
{
	drop_name(disk, name);
	copy_name(disk->file[disk->nr].name, name);
	disk->file[disk->nr++].inode = inode;
}

static void do_name(struct disk *disk, const struct op *op)
{
	if (op->kind == MAKE) {
		add_name(disk, op->name, op->inode);
		return;
	}
	drop_name(disk, op->name);
	if (op->kind == RENAME)
		add_name(disk, op->to, op->inode);
}

/* The disk's files are copies, for disk_free(). */
static void make_disk(const struct crash *crash, struct disk *ret_disk)
{
	static struct file content[FILES_MAX];

	memset(content, 0, sizeof(content));
	*ret_disk = (struct disk){ .nr = 0 };
	for (size_t i = 0; i < layer.base.nr; i++) {
		const struct file *file = &layer.base.file[i];

		grow(&content[i], file->size);
		memcpy(content[i].bytes, file->bytes, file->size);
		if (file->name[0])
			add_name(ret_disk, file->name, (int)i);
	}
	for (size_t i = 0; i < crash->at; i++) {
		const struct op *op = &layer.op[i];
		const enum fate fate = crash->stable[i] ? THERE : crash->fate[i];

		if (op->kind == WRITE || op->kind == TRUNCATE)
			do_data(&content[op->inode], op, fate);
		else if (is_name(op->kind) && fate == THERE)
			do_name(ret_disk, op);
	}
	for (size_t i = 0; i < ret_disk->nr; i++) {
		struct file *file = &ret_disk->file[i];

		file->size = content[file->inode].size;
		file->bytes = malloc(file->size + 1);
		memcpy(file->bytes, content[file->inode].bytes, file->size);
	}
	for (int i = 0; i < layer.inodes; i++)
		free(content[i].bytes);
}

/* What was done until now is on stable storage; the trace begins anew. */
static void forget_before(size_t at)
{
	static struct crash crash;
	struct disk disk;

	memset(&crash, 0, sizeof(crash));
	crash.at = at;
	make_disk(&crash, &disk);
	layer.base.nr = 0;
	for (int i = 0; i < layer.inodes; i++) {
		layer.base.file[i].name[0] = '\0';
		layer.base.file[i].size = 0;
	}
	for (size_t i = 0; i < disk.nr; i++)
		layer.base.file[disk.file[i].inode] = disk.file[i];
	layer.base.nr = (size_t)layer.inodes;
	layer.nr = 0;
}

static void free_disk(struct disk *disk)
{
	for (size_t i = 0; i < disk->nr; i++)
		free(disk->file[i].bytes);
	disk->nr = 0;
}

static uint64_t hash_disk(const struct disk *disk)
{
	uint64_t sum = disk->nr;

	for (size_t i = 0; i < disk->nr; i++) {
		const struct file *file = &disk->file[i];
		uint64_t hash = 14695981039346656037ULL;

		for (const char *c = file->name; *c; c++)
			hash = (hash ^ (uint8_t)*c) * 1099511628211ULL;
		for (size_t j = 0; j < file->size; j += 8) {
			uint64_t word = 0;

			memcpy(&word, file->bytes + j, file->size - j < 8 ? file->size - j : 8);
			hash = (hash ^ word) * 1099511628211ULL;
			hash ^= hash >> 29;
		}
		sum += (hash ^ file->size) * 1099511628211ULL;
	}
	return sum;
}

/* ---- folders ------------------------------------------------------------------------------ */

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		syscall(SYS_unlinkat, dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
}

static void empty_folder(const char *path)
{
	remove_folder(path);
	if (mkdir(path, 0700))
		abort();
}

static void write_disk(const struct disk *disk, const char *path)
{
	char name[128];

	empty_folder(path);
	for (size_t i = 0; i < disk->nr; i++) {
		const struct file *file = &disk->file[i];
		int fd;

		snprintf(name, sizeof(name), "%s/%s", path, file->name);
		fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, file->bytes, file->size) != (ssize_t)file->size)
			abort();
		close(fd);
	}
}

/* The layer sees from now on what is done in a folder that holds @base. */
static void watch(const char *path, const struct disk *base)
{
	struct stat stat;
	char name[128];

	if (base)
		write_disk(base, path);
	else
		empty_folder(path);
	if (lstat(path, &stat))
		abort();
	layer.nr = 0;
	layer.inodes = 0;
	layer.calls = 0;
	layer.folder_inode = stat.st_ino;
	layer.base.nr = 0;
	for (size_t i = 0; base && i < base->nr; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, base->file[i].name);
		if (lstat(name, &stat))
			abort();
		layer.known[layer.inodes++] = stat.st_ino;
		layer.base.file[layer.base.nr++] = base->file[i];
	}
	layer.on = true;
}

/* ---- is it a log? ------------------------------------------------------------------------- */

struct range {
	enum cordon_event_class class;
	uint64_t first, count;
};

/**
 * struct told - what verify found
 * @excused: blocks that records tell were deleted, or that the disk failed to store
 */
struct told {
	struct range excused[64];
	size_t nr;
	unsigned int recoveries, markers;
	char first[128];
};

static void take_finding(void *state, const struct cordon_log_finding *finding)
{
	struct told *told = state;

	if (cordon_log_finding_is_breach(finding->kind) && !told->first[0])
		snprintf(told->first, sizeof(told->first),
			 "%s: class %d segment %u first %llu: %llu",
			 cordon_log_finding_name(finding->kind), finding->class, finding->segment,
			 (unsigned long long)finding->first, (unsigned long long)finding->count);
	if (finding->kind != CORDON_LOG_FINDING_DELETED &&
	    finding->kind != CORDON_LOG_FINDING_DOUBTED)
		return;
	if (told->nr == ARRAY_SIZE(told->excused))
		abort();
	told->excused[told->nr++] =
		(struct range){ finding->class, finding->first, finding->count };
}

static bool is_excused(const struct told *told, enum cordon_event_class class, uint64_t number)
{
	for (size_t i = 0; i < told->nr; i++) {
		const struct range *range = &told->excused[i];

		if (range->class == class && number >= range->first &&
		    number < range->first + range->count)
			return true;
	}
	return layer.gone[class][number];
}

static bool verify(const char *path, struct told *told)
{
	struct cordon_failure failure = { .text = "" };
	uint8_t secret[CORDON_LOG_KEY_SIZE];
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int fd = openat(folder, CORDON_LOG_ENROL_FILE, O_RDONLY | O_CLOEXEC);
	char text[2 * CORDON_LOG_KEY_SIZE + 1] = "";
	struct cordon_log_sum sum = { .breaches = 1 };
	bool good;

	good = read(fd, text, sizeof(text)) == sizeof(text);
	text[sizeof(text) - 1] = '\0';
	good = good && !cordon_hex_read(text, &secret, sizeof(secret));
	if (!good)
		snprintf(told->first, sizeof(told->first), "nobody has its key");
	else if (cordon_log_verify(folder, secret, take_finding, told, &failure, &sum))
		snprintf(told->first, sizeof(told->first), "%.100s", failure.text);
	close(fd);
	close(folder);
	return good && !sum.breaches;
}

static void count_records(const struct cordon_log_block *block, struct told *told)
{
	const uint8_t *at = (const uint8_t *)(block + 1);

	for (uint32_t i = 0; i < block->records; i++) {
		const struct cordon_event *record = (const void *)at;

		told->recoveries += record->type == CORDON_EVENT_RECOVERY;
		told->markers += record->pid == layer.marker;
		at += record->size;
	}
}

/* Return: could its blocks be looked at? */
static bool find_blocks(int folder, enum cordon_event_class class, struct told *told,
			bool (*ret_there)[BLOCKS_MAX])
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_reader *reader;
	struct cordon_log_found found;
	int result;

	memset(*ret_there, 0, sizeof(*ret_there));
	if (cordon_log_reader_open(folder, class, &failure, &reader))
		return false;
	while ((result = cordon_log_reader_next(reader, &failure, &found)) != 0) {
		if (result < 0 || found.fault)
			continue;
		count_records(found.block, told);
		if (found.block->number < BLOCKS_MAX)
			(*ret_there)[found.block->number] |= !memcmp(
				found.seal->digest, layer.digest[class][found.block->number],
				CORDON_LOG_DIGEST_SIZE);
	}
	cordon_log_reader_close(reader);
	return true;
}

/* Return: number of the first block that was promised and is not there, or UINT64_MAX */
static uint64_t find_missing(int folder, enum cordon_event_class class, uint64_t promised,
			     struct told *told)
{
	bool there[BLOCKS_MAX];

	if (!find_blocks(folder, class, told, &there))
		return 0;
	for (uint64_t number = 0; number < promised; number++) {
		if (!there[number] && !is_excused(told, class, number))
			return number;
	}
	return UINT64_MAX;
}

static bool has_all(const char *path, const uint64_t *promised, struct told *told)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool all = true;

	for (int i = 0; i < CLASSES; i++) {
		const uint64_t missing = find_missing(folder, i, promised[i], told);

		if (missing == UINT64_MAX)
			continue;
		all = false;
		snprintf(told->first, sizeof(told->first), "class %d: block %llu of %llu is gone",
			 i, (unsigned long long)missing, (unsigned long long)promised[i]);
	}
	close(folder);
	return all;
}

/* What is not there by now was not promised before. */
static void excuse_gone(const char *path)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool there[BLOCKS_MAX];
	struct told told;

	for (int class = 0; class < CLASSES; class ++) {
		find_blocks(folder, class, &told, &there);
		for (uint64_t number = 0; number < layer.blocks[class]; number++)
			layer.gone[class][number] = !there[number];
	}
	close(folder);
}

/* ---- the log at work ---------------------------------------------------------------------- */

static void tell(struct cordon_log_store *store, uint16_t type, uint32_t pid)
{
	struct cordon_event event = { .size = sizeof(event), .type = type, .pid = pid };

	cordon_log_store_tell(store, &event);
}

/* As a ring brings it. Return: 0 or -errno */
static int bring(struct cordon_log_store *store, uint16_t type, uint32_t size, uint32_t pid)
{
	static uint64_t room[(CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX) / 8], random = 1;
	struct cordon_log_block *block = (void *)room;
	struct cordon_event *event = (void *)(block + 1);

	memset(block, 0, sizeof(*block));
	for (uint32_t i = 0; i < size / 8; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		((uint64_t *)event)[i] = random >> 32;
	}
	*event = (struct cordon_event){
		.size = (uint16_t)size, .type = type, .pid = pid, .time = layer.clock
	};
	block->class = CORDON_EVENT_CLASS(type);
	block->size = size;
	block->records = 1;
	return cordon_log_store_write(store, block);
}

/* Until it is taken, as the recorder does. Return: how often it was not */
static unsigned int bring_until(struct cordon_log_store *store, uint16_t type, uint32_t size)
{
	unsigned int refused = 0;

	while (bring(store, type, size, 1) && refused < 100) {
		refused++;
		layer.clock += SECOND;
		cordon_log_store_tick(store);
	}
	return refused;
}

static struct cordon_log_store *open_store(const char *path, struct cordon_failure *failure)
{
	struct cordon_log_store *store = NULL;

	cordon_log_store_open(path, LIMIT, failure, &store);
	return store;
}

static void pass(uint64_t seconds, int64_t wall_step)
{
	layer.clock += seconds * SECOND;
	layer.wall += (int64_t)(seconds * SECOND) + wall_step;
}

/* A bit of all that a daemon does in days, by clocks that somebody sets. */
static void live(struct cordon_log_store *store)
{
	const uint8_t policy[32] = { 1 };

	tell(store, CORDON_EVENT_START, 1);
	cordon_log_store_settle(store);
	bring_until(store, CORDON_EVENT_EXEC, RECORD_SIZE);
	tell(store, CORDON_EVENT_PAM, 1);
	cordon_log_store_settle(store);
	for (int i = 0; i < 7; i++)
		bring_until(store, CORDON_EVENT_EXEC, RECORD_SIZE);
	pass(1, -86400 * (int64_t)SECOND);
	tell(store, CORDON_EVENT_LATCH, 1);
	cordon_log_store_tick(store);
	bring_until(store, CORDON_EVENT_DENIAL, 512);
	bring_until(store, CORDON_EVENT_EXEC, RECORD_SIZE);
	pass(11, 0);
	cordon_log_store_tick(store);
	cordon_log_store_checkpoint(store, policy, 0);
	for (int i = 0; i < 2; i++)
		bring_until(store, CORDON_EVENT_EXEC, RECORD_SIZE);
	cordon_log_store_sync(store);
	bring_until(store, CORDON_EVENT_EXEC, 512);
	bring_until(store, CORDON_EVENT_PAM, 512);
	pass(86401, 3 * 86400 * (int64_t)SECOND);
	cordon_log_store_tick(store);
	bring_until(store, CORDON_EVENT_EXEC, 512);
	tell(store, CORDON_EVENT_TAKEN, 1);
	pass(11, 0);
	cordon_log_store_tick(store);
	tell(store, CORDON_EVENT_STOP, 1);
}

/* After the worst: it goes on, and is one. */
static void go_on(struct cordon_log_store *store)
{
	layer.marker++;
	bring_until(store, CORDON_EVENT_EXEC, 512);
	tell(store, CORDON_EVENT_PAM, layer.marker);
	cordon_log_store_settle(store);
	bring(store, CORDON_EVENT_EXEC, 512, layer.marker);
	tell(store, CORDON_EVENT_START, layer.marker);
}

/**
 * check_folder() - what is in it goes on, holds all that was promised, and is a log to whoever has
 *	its key; opened once more, there is nothing new to tell
 */
static bool check_folder(const char *path, const uint64_t *promised, struct told *told)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_store *store;
	struct told before = *told;

	for (int i = 0; i < 2; i++) {
		store = open_store(path, &failure);
		if (!store) {
			snprintf(told->first, sizeof(told->first), "%.100s", failure.text);
			return false;
		}
		if (!i)
			go_on(store);
		cordon_log_store_close(store);
		if (!i && (!verify(path, &before) || !has_all(path, promised, &before))) {
			*told = before;
			return false;
		}
	}
	if (!verify(path, told) || !has_all(path, promised, told))
		return false;
	if (told->recoveries != before.recoveries || told->markers != 3) {
		snprintf(told->first, sizeof(told->first), "%u and %u recoveries, %u of 3 markers",
			 before.recoveries, told->recoveries, told->markers);
		return false;
	}
	return true;
}

/* ---- every moment ------------------------------------------------------------------------- */

/**
 * struct explorer
 * @path: of the folders that are tried
 * @seen: hashes of the disks that were tried
 * @deeper: of so many disks one is watched while it goes on, and explored, too; 0: none
 * @thorough: not only a few of all ways in which data may have come
 */
struct explorer {
	const char *path;
	uint64_t seen[1 << 16];
	size_t nr_seen, tried, bad;
	unsigned int deeper;
	bool thorough;
	char first[256];
};

static bool is_new(struct explorer *explorer, uint64_t hash)
{
	size_t at = hash & (ARRAY_SIZE(explorer->seen) - 1);

	while (explorer->seen[at] && explorer->seen[at] != hash)
		at = (at + 1) & (ARRAY_SIZE(explorer->seen) - 1);
	if (explorer->seen[at] || explorer->nr_seen > ARRAY_SIZE(explorer->seen) / 2)
		return false;
	explorer->seen[at] = hash;
	explorer->nr_seen++;
	return true;
}

/* What the keys on stable storage say: blocks before theirs are there. */
static void find_promise(const struct crash *crash, uint64_t *ret_promised)
{
	struct crash worst = *crash;
	struct cordon_log_keys keys;
	uint64_t sequence = 0;
	struct disk disk;

	memset(ret_promised, 0, CLASSES * sizeof(*ret_promised));
	for (size_t i = 0; i < crash->at; i++)
		worst.fate[i] = GONE;
	make_disk(&worst, &disk);
	for (size_t i = 0; i < disk.nr; i++) {
		for (int copy = 0; copy < 2 && !strcmp(disk.file[i].name, "keys"); copy++) {
			const size_t at = (size_t)copy * CORDON_LOG_KEYS_STRIDE;

			if (disk.file[i].size < at + sizeof(keys))
				continue;
			memcpy(&keys, disk.file[i].bytes + at, sizeof(keys));
			if (keys.sequence < sequence || strcmp(keys.magic, CORDON_LOG_KEYS_MAGIC))
				continue;
			sequence = keys.sequence;
			for (int class = 0; class < CLASSES; class ++)
				ret_promised[class] = keys.chain[class].number;
		}
	}
	free_disk(&disk);
}

static void explore(struct explorer *explorer, size_t stride);

/* Power fails once more while it goes on. */
static void explore_deeper(struct explorer *explorer, const struct disk *disk)
{
	struct layer *saved = malloc(sizeof(*saved));
	struct explorer *deeper = calloc(1, sizeof(*deeper));
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_store *store;

	*saved = layer;
	deeper->path = "deeper";
	watch(deeper->path, disk);
	store = open_store(deeper->path, &failure);
	if (store) {
		go_on(store);
		cordon_log_store_close(store);
		layer.on = false;
		excuse_gone(deeper->path);
		explore(deeper, 1);
	}
	explorer->tried += deeper->tried;
	explorer->bad += deeper->bad;
	if (deeper->first[0] && !explorer->first[0])
		snprintf(explorer->first, sizeof(explorer->first), "then %.200s", deeper->first);
	for (size_t i = 0; i < layer.nr; i++)
		free(layer.op[i].bytes);
	remove_folder(deeper->path);
	saved->marker = layer.marker;
	layer = *saved;
	free(deeper);
	free(saved);
}

static void try(struct explorer *explorer, const struct crash *crash, const uint64_t *promised)
{
	struct told told = { .nr = 0 };
	struct disk disk;

	make_disk(crash, &disk);
	if (is_new(explorer, hash_disk(&disk))) {
		explorer->tried++;
		write_disk(&disk, explorer->path);
		if (!check_folder(explorer->path, promised, &told)) {
			if (!explorer->bad++)
				snprintf(explorer->first, sizeof(explorer->first),
					 "after %zu operations: %.100s", crash->at, told.first);
		} else if (explorer->deeper && explorer->tried % explorer->deeper == 0) {
			explore_deeper(explorer, &disk);
		}
	}
	free_disk(&disk);
}

static void set_all(struct crash *crash, enum fate fate)
{
	for (size_t i = 0; i < crash->nr_data; i++)
		crash->fate[crash->data[i]] = fate;
}

/* What one file's data came to, and what all others' did. */
static void set_file(struct crash *crash, int inode, enum fate its, enum fate others)
{
	for (size_t i = 0; i < crash->nr_data; i++)
		crash->fate[crash->data[i]] = layer.op[crash->data[i]].inode == inode ? its :
											others;
}

static void try_files(struct explorer *explorer, struct crash *crash, const uint64_t *promised)
{
	for (int inode = 0; inode < layer.inodes; inode++) {
		set_file(crash, inode, GONE, THERE);
		try(explorer, crash, promised);
		set_file(crash, inode, THERE, GONE);
		try(explorer, crash, promised);
		set_file(crash, inode, ROOM, THERE);
		try(explorer, crash, promised);
	}
}

static void try_mixed(struct explorer *explorer, struct crash *crash, const uint64_t *promised)
{
	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < crash->nr_data; i++)
			crash->fate[crash->data[i]] = (enum fate)(random() % 4);
		try(explorer, crash, promised);
	}
}

/* In the order that they were written, in none, and in others. */
static void try_data(struct explorer *explorer, struct crash *crash, const uint64_t *promised)
{
	set_all(crash, THERE);
	try(explorer, crash, promised);
	if (!crash->nr_data)
		return;
	for (enum fate fate = GONE; fate <= ROOM; fate++) {
		set_all(crash, THERE);
		crash->fate[crash->data[crash->nr_data - 1]] = fate;
		try(explorer, crash, promised);
		set_all(crash, THERE);
		crash->fate[crash->data[0]] = fate;
		try(explorer, crash, promised);
		set_all(crash, fate);
		try(explorer, crash, promised);
	}
	if (!explorer->thorough)
		return;
	try_files(explorer, crash, promised);
	try_mixed(explorer, crash, promised);
}

static void explore_at(struct explorer *explorer, struct crash *crash)
{
	uint64_t promised[CLASSES];

	find_promise(crash, promised);
	/* The first so many names, and then each but one. */
	for (size_t names = 0; names <= 2 * crash->nr_names; names++) {
		for (size_t i = 0; i < crash->nr_names; i++) {
			const bool there = names <= crash->nr_names ?
						   i < names :
						   i != names - crash->nr_names - 1;

			crash->fate[crash->names[i]] = there ? THERE : GONE;
		}
		try_data(explorer, crash, promised);
	}
}

static void explore(struct explorer *explorer, size_t stride)
{
	struct crash *crash = malloc(sizeof(*crash));

	for (size_t at = 0; at <= layer.nr; at += stride) {
		begin_crash(crash, at);
		explore_at(explorer, crash);
	}
	free(crash);
}

/* ---- tests -------------------------------------------------------------------------------- */

FIXTURE(power)
{
	char path[32];
	struct explorer explorer;
	struct cordon_failure failure;
	struct told told;
};

FIXTURE_SETUP(power)
{
	const char *fast = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	memset(self, 0, sizeof(*self));
	snprintf(self->path, sizeof(self->path), "%s/cordon-power-XXXXXX", fast);
	ASSERT_NE(NULL, mkdtemp(self->path));
	ASSERT_EQ(0, chdir(self->path));
	self->explorer.path = "tried";
	self->explorer.thorough = true;
	layer.quick = layer.alone = true;
	layer.clock = 1000 * SECOND;
	layer.wall = 1700000000 * (int64_t)SECOND;
	layer.marker = 4711;
	srandom(1);
}

FIXTURE_TEARDOWN(power)
{
	layer.on = false;
	layer.clock = 0;
	remove_folder("log");
	remove_folder("tried");
	EXPECT_EQ(0, rmdir(self->path));
}

static void report(const struct explorer *explorer)
{
	printf("# %zu operations, %zu disks, %zu bad: %s\n", layer.nr, explorer->tried,
	       explorer->bad, explorer->first);
	fflush(stdout);
}

/* From its first key on. Return: could it open it, at some time? */
static bool live_once(const char *path)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_store *store = NULL;

	for (size_t i = 0; i < layer.nr; i++)
		free(layer.op[i].bytes);
	watch(path, NULL);
	for (int i = 0; i < 20 && !store; i++)
		store = open_store(path, &failure);
	if (store) {
		live(store);
		cordon_log_store_close(store);
	}
	layer.on = false;
	return store;
}

TEST_F_TIMEOUT(power, fails_at_any_moment_of_a_life, 300)
{
	ASSERT_TRUE(live_once("log"));
	ASSERT_TRUE(verify("log", &self->told));
	explore(&self->explorer, 1);
	report(&self->explorer);
	EXPECT_EQ(0, self->explorer.bad);
	EXPECT_LT(100, self->explorer.tried);
}

TEST_F_TIMEOUT(power, fails_again_while_the_log_goes_on, 300)
{
	ASSERT_TRUE(live_once("log"));
	self->explorer.thorough = false;
	self->explorer.deeper = 37;
	explore(&self->explorer, 5);
	report(&self->explorer);
	EXPECT_EQ(0, self->explorer.bad);
}

/* Blocks come while others are being synchronised. */
TEST_F_TIMEOUT(power, fails_while_a_thread_synchronises, 300)
{
	layer.alone = false;
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(live_once("log"));
		layer.alone = true;
		self->explorer.thorough = false;
		explore(&self->explorer, 3);
		layer.alone = false;
	}
	report(&self->explorer);
	EXPECT_EQ(0, self->explorer.bad);
}

/* The log is full, and its oldest segments give way. */
TEST_F_TIMEOUT(power, fails_while_segments_are_deleted, 300)
{
	struct cordon_log_store *store;
	unsigned int blocks = 0;

	watch("log", NULL);
	store = open_store("log", &self->failure);
	ASSERT_NE(NULL, store);
	while (cordon_log_store_figures(store).used < LIMIT - 3 * LARGE) {
		ASSERT_GT(BLOCKS_MAX, ++blocks);
		ASSERT_EQ(0, bring(store, CORDON_EVENT_EXEC, LARGE, 1));
		if (blocks > 100)
			cordon_log_store_make_room(store);
	}
	cordon_log_store_sync(store);
	forget_before(layer.nr);
	for (int i = 0; i < 8; i++) {
		bring(store, CORDON_EVENT_EXEC, LARGE, 1);
		pass(11, 0);
		cordon_log_store_tick(store);
	}
	cordon_log_store_close(store);
	layer.on = false;
	ASSERT_TRUE(verify("log", &self->told))
	{
		TH_LOG("%s", self->told.first);
	}
	ASSERT_NE(0, self->told.nr);
	self->explorer.thorough = false;
	explore(&self->explorer, 1);
	report(&self->explorer);
	EXPECT_EQ(0, self->explorer.bad);
}

/* Each call in turn, once or for a while, with each of these errors. */
TEST_F_TIMEOUT(power, is_there_and_calls_fail, 300)
{
	static const int errors[] = { ENOSPC, EIO, EROFS };
	static const uint64_t none[CLASSES];
	long calls, tried = 0, bad = 0;

	ASSERT_TRUE(live_once("log"));
	calls = layer.calls;
	for (long at = 0; at < calls; at++) {
		for (long i = 0; i < 6; i++) {
			layer.fails_at = at;
			layer.fails = i % 2 ? 7 : 1;
			layer.error = errors[i / 2];
			memset(&self->told, 0, sizeof(self->told));
			tried++;
			if (live_once("log") && check_folder("log", none, &self->told))
				continue;
			if (!bad++)
				TH_LOG("call %ld of %ld, %ld times, %s: %s", at, calls, layer.fails,
				       strerror(layer.error), self->told.first);
		}
	}
	TH_LOG("%ld failures, %ld bad", tried, bad);
	EXPECT_EQ(0, bad);
}

static size_t first_lost(void)
{
	for (size_t i = 0; i < layer.nr; i++) {
		if (layer.op[i].kind == LOST)
			return i;
	}
	return layer.nr;
}

/* The disk failed to store something, said so once, and that all is well ever after. */
TEST_F_TIMEOUT(power, fails_after_the_disk_lied, 300)
{
	struct crash *crash = malloc(sizeof(*crash));
	size_t lies = 0, told = 0;
	long opened;

	watch("log", NULL);
	cordon_log_store_close(open_store("log", &self->failure));
	opened = layer.calls;
	layer.on = false;
	ASSERT_TRUE(live_once("log"));
	layer.fails = 1;
	layer.error = EIO;
	self->explorer.thorough = false;
	/* A log that cannot even be begun is begun anew: what was in it was never one. */
	for (long at = opened, calls = layer.calls; at < calls; at++) {
		layer.fails_at = at;
		ASSERT_TRUE(live_once("log"));
		lies += first_lost() < layer.nr;
		memset(&self->told, 0, sizeof(self->told));
		EXPECT_TRUE(verify("log", &self->told));
		told += self->told.nr;
		for (size_t i = first_lost() + 1; i <= layer.nr; i += 11) {
			begin_crash(crash, i);
			explore_at(&self->explorer, crash);
		}
	}
	layer.fails = 0;
	free(crash);
	report(&self->explorer);
	EXPECT_EQ(0, self->explorer.bad);
	EXPECT_LT(10, lies);
	EXPECT_LT(10, told);
}

/* It steps back a day and forward three: what is told stays in its order, each at its time. */
TEST_F(power, is_there_and_somebody_sets_the_clock)
{
	struct cordon_events_record record;
	struct cordon_events *events;
	unsigned int records = 0, back = 0, forward = 0;
	uint64_t time = 0;
	int64_t wall = 0;
	int folder;

	ASSERT_TRUE(live_once("log"));
	folder = open("log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_EQ(0, cordon_events_open(folder, ~0U, &self->failure, &events));
	for (; cordon_events_next(events, &record) == 1; records++) {
		EXPECT_LE(time, record.event->time);
		back += wall && record.wall < wall - 43200 * (int64_t)SECOND;
		forward += wall && record.wall > wall + 3 * 86400 * (int64_t)SECOND;
		time = record.event->time;
		wall = record.wall;
	}
	cordon_events_close(events);
	close(folder);
	EXPECT_LT(20, records);
	EXPECT_EQ(1, back);
	EXPECT_EQ(1, forward);
	EXPECT_TRUE(verify("log", &self->told));
}

TEST_HARNESS_MAIN
