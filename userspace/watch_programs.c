// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BPF programs that anybody loads, also those that do not stay: the kernel writes
 * of each into a ring of every CPU that asks for it (perf_event_open(2), bpf_event),
 * with who did it.  What it is called is asked after that: of one that is gone by
 * then number and tag are told.
 */
#include "watch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "probe_program.h"
#include "util/cleanup.h"

/* Some three hundred programs at once on one CPU; a power of two. */
#define RING_PAGES 4UL

/* struct ring - one CPU's; @fd: -1: that CPU is not there now */
struct ring {
	int fd;
	struct perf_event_mmap_page *head;
};

struct programs {
	const struct cordon_watch *watch;
	int epoll;
	size_t page;
	unsigned int cpus;
	struct ring *ring; /* owned */
};

/* PERF_RECORD_BPF_EVENT, with PERF_SAMPLE_TID; see perf_event_open(2). */
struct load_record {
	struct perf_event_header header;
	uint16_t type;
	uint16_t flags;
	uint32_t id;
	uint8_t tag[8];
	uint32_t pid;
	uint32_t thread;
};

/* PERF_RECORD_LOST */
struct lost_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

union record {
	struct perf_event_header header;
	struct load_record load;
	struct lost_record lost;
};

/* ---- rings ------------------------------------------------------------------------------- */

static int open_event(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID,
		.bpf_event = 1,
		.sample_id_all = 1,
		.watermark = 1,
		.wakeup_watermark = 1,
	};
	const long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int open_ring(struct programs *programs, int cpu)
{
	struct ring *ring = &programs->ring[cpu];
	struct epoll_event event = { .events = EPOLLIN };
	int fd CLEANUP(close) = open_event(cpu);
	void *memory;

	if (fd < 0)
		return fd;
	memory = mmap(NULL, (RING_PAGES + 1) * programs->page, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->head = memory;
	ring->fd = TAKE_FD(fd);
	return epoll_ctl(programs->epoll, EPOLL_CTL_ADD, ring->fd, &event) ? -errno : 0;
}

/* One that is not there now may come. */
static int open_rings(struct programs *programs)
{
	for (unsigned int cpu = 0; cpu < programs->cpus; cpu++) {
		const int error = programs->ring[cpu].fd < 0 ? open_ring(programs, (int)cpu) : 0;

		if (error && error != -ENODEV)
			return error;
	}
	return 0;
}

/* Bytes may be at the end and go on at the beginning. */
static void copy_record(const struct ring *ring, size_t size, uint64_t at, void *to, size_t length)
{
	const uint8_t *data = (const uint8_t *)ring->head + ring->head->data_offset;

	for (size_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = data[(at + i) & (size - 1)];
}

/* ---- records ----------------------------------------------------------------------------- */

static void tell(const struct programs *programs, const struct load_record *load)
{
	const bool loaded = load->type == PERF_BPF_EVENT_PROG_LOAD;
	struct cordon_probe_program program = { .name = "" };
	union cordon_event_room room;
	struct cordon_event_program *record =
		cordon_event_begin(&room, CORDON_EVENT_PROGRAM, sizeof(*record));

	/* The last that let go of one may be anybody, the kernel itself among them. */
	record->event.pid = loaded ? load->pid : 0;
	record->unloaded = !loaded;
	record->id = load->id;
	memcpy(record->tag, load->tag, sizeof(record->tag));
	record->known = loaded && !cordon_probe_program(load->id, &program);
	record->ours = cordon_probe_program_is_ours(programs->watch->context, load->tag);
	cordon_event_add(&room, record->known ? cordon_probe_program_type(program.type) : "");
	cordon_event_add(&room, program.name);
	programs->watch->tell(programs->watch->state, cordon_event_end(&room));
}

static void take(const struct programs *programs, const union record *record)
{
	const uint16_t size = record->header.size;

	if (record->header.type == PERF_RECORD_LOST && size >= sizeof(record->lost))
		programs->watch->lost(programs->watch->state, record->lost.lost);
	if (record->header.type == PERF_RECORD_BPF_EVENT && size >= sizeof(record->load) &&
	    (record->load.type == PERF_BPF_EVENT_PROG_LOAD ||
	     record->load.type == PERF_BPF_EVENT_PROG_UNLOAD))
		tell(programs, &record->load);
}

static void read_ring(const struct programs *programs, const struct ring *ring)
{
	const uint64_t end = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
	const size_t size = RING_PAGES * programs->page;
	uint64_t at = ring->head->data_tail;

	while (at < end) {
		union record record = { .header = { .size = 0 } };

		copy_record(ring, size, at, &record, sizeof(record));
		if (record.header.size < sizeof(record.header))
			break;
		take(programs, &record);
		at += record.header.size;
	}
	__atomic_store_n(&ring->head->data_tail, end, __ATOMIC_RELEASE);
}

/* ---- a source ---------------------------------------------------------------------------- */

static void read_all(void *source)
{
	const struct programs *programs = source;

	for (unsigned int i = 0; i < programs->cpus; i++) {
		if (programs->ring[i].fd >= 0)
			read_ring(programs, &programs->ring[i]);
	}
}

static void look(void *source)
{
	open_rings(source);
}

static int get_fd(const void *source)
{
	return ((const struct programs *)source)->epoll;
}

static void close_programs(void *source)
{
	struct programs *programs = source;

	for (unsigned int i = 0; programs->ring && i < programs->cpus; i++) {
		if (programs->ring[i].fd < 0)
			continue;
		munmap(programs->ring[i].head, (RING_PAGES + 1) * programs->page);
		close(programs->ring[i].fd);
	}
	cleanup_close(&programs->epoll);
	free(programs->ring);
	free(programs);
}

static int open_programs(const struct cordon_watch *watch, struct cordon_failure *failure,
			 void **ret_source)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int error;

	if (!programs)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	programs->watch = watch;
	programs->page = (size_t)sysconf(_SC_PAGESIZE);
	programs->cpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF);
	programs->ring = calloc(programs->cpus, sizeof(*programs->ring));
	for (unsigned int i = 0; programs->ring && i < programs->cpus; i++)
		programs->ring[i].fd = -1;
	programs->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = !programs->ring ? -ENOMEM : programs->epoll < 0 ? -errno : open_rings(programs);
	if (error) {
		close_programs(programs);
		return cordon_fail(failure, error, "BPF programs of others are not told: %s",
				   strerror(-error));
	}
	*ret_source = programs;
	return 0;
}

const struct cordon_watch_kind cordon_watch_programs = {
	.open = open_programs,
	.close = close_programs,
	.fd = get_fd,
	.says_once = true,
	.read = read_all,
	.look = look,
};
