// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time to contain: packets in a steady stream from CPU 0, an act on CPU 1 that
 * shuts their way, and when the last one arrived behind all hooks.
 *
 *	contain_helper FROM TO NODE ADDRESS PORT RATE ROUNDS CONTROL UNDO ACT...
 *
 * FROM, TO and NODE are paths of network namespaces: where the packets are
 * sent, where they arrive at ADDRESS and PORT, and where the act is done.
 * RATE is packets a second, 0: as many as there can be.
 * CONTROL is the pin of Cordon's map `control`, or "-": its latch is opened
 * before each round by a store, as the real way back, a signed release, is not
 * what is measured.  UNDO is a shell command that undoes the act, done before
 * each round, too.  ACT is one of
 *
 *	store LEVEL		a store to CONTROL by this process
 *	run COMMAND...		a command, from before it is started
 *	move FILE TO		a file put in place whole; done when TO is gone again
 *
 * Others that want the CPUs meanwhile come last, and a round in which the sender
 * was kept waiting is done again.  A round is a line: microseconds from the act to the last packet,
 * and until it was done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cordon/uapi/policy.h>

#include "bench/contain.h"
#include "bench/contain.skel.h"
#include "bench/helper.h"

/* Sent and not arrived, one after another: the way is shut. */
#define QUIET_PACKETS 300
/* Who was kept from sending so long knows nothing of when the way was shut. */
#define GAP_MAX_NS 300000
/* Rounds that are done again for that. */
#define REPEATS_MAX 400
#define PATIENCE_NS 10000000000ULL

/**
 * struct sender - shared with the thread that sends
 * @interval: nanoseconds between two packets
 * @sent: packets that it tried to send
 * @gap: longest time between two of them since this was zeroed
 */
struct sender {
	const char *netns;
	uint64_t interval;
	struct sockaddr_in to;
	uint64_t sent;
	uint64_t gap;
	bool stop;
};

struct bench {
	struct sender sender;
	struct contain_arrival *arrival;
	struct cordon_control *control;
	const char *undo;
	char **act;
};

struct round {
	uint64_t start;
	uint64_t done;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static void enter(const char *netns)
{
	const int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("cannot enter %s: %s", netns, strerror(errno));
	close(fd);
}

static void pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot stay on CPU %d: %s", cpu, strerror(errno));
}

/* Unconnected: a seal destroys connected ones that it cuts.  Kept back, it does not catch up:
 * a burst is not what is measured. */
static void *send_paced(void *state)
{
	struct sender *sender = state;
	uint64_t next, former;
	int fd;

	enter(sender->netns);
	pin_to_cpu(0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	next = former = now_ns();
	while (!__atomic_load_n(&sender->stop, __ATOMIC_RELAXED)) {
		uint64_t now = now_ns();

		if (now < next)
			continue;
		next = (now - next > sender->interval ? now : next) + sender->interval;
		if (now - former > __atomic_load_n(&sender->gap, __ATOMIC_RELAXED))
			__atomic_store_n(&sender->gap, now - former, __ATOMIC_RELAXED);
		former = now;
		sendto(fd, "contain", 7, 0, (struct sockaddr *)&sender->to, sizeof(sender->to));
		__atomic_fetch_add(&sender->sent, 1, __ATOMIC_RELEASE);
	}
	close(fd);
	return NULL;
}

static void *map_memory(int fd, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die("cannot map: %s", strerror(errno));
	return memory;
}

/* The socket and the program live as long as this process. */
static struct contain_arrival *receive_at(const char *netns, const struct sockaddr_in *address)
{
	struct contain_bpf *contain = contain_bpf__open_and_load();
	int fd, program;

	if (!contain)
		die("cannot load the program: %s", strerror(errno));
	enter(netns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	program = bpf_program__fd(contain->progs.stamp);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)))
		die("cannot receive: %s", strerror(errno));
	return map_memory(bpf_map__fd(contain->maps.arrivals), sizeof(struct contain_arrival));
}

static struct cordon_control *open_control(const char *pin)
{
	int fd;

	if (!strcmp(pin, "-"))
		return NULL;
	fd = bpf_obj_get(pin);
	if (fd < 0)
		die("cannot open %s: %s", pin, strerror(errno));
	return map_memory(fd, sizeof(struct cordon_control));
}

static uint64_t packets_of(const struct bench *bench)
{
	return __atomic_load_n(&bench->arrival->packets, __ATOMIC_ACQUIRE);
}

static uint64_t sent_by(const struct bench *bench)
{
	return __atomic_load_n(&bench->sender.sent, __ATOMIC_ACQUIRE);
}

static void wait_for_arrivals(const struct bench *bench, uint64_t packets)
{
	const uint64_t before = packets_of(bench), end = now_ns() + PATIENCE_NS;

	while (packets_of(bench) - before < packets) {
		if (now_ns() > end)
			die("no packet arrives: the act before was not undone");
		usleep(100);
	}
}

static void wait_for_quiet(const struct bench *bench)
{
	const uint64_t end = now_ns() + PATIENCE_NS;
	uint64_t packets, sent;

	do {
		packets = packets_of(bench);
		sent = sent_by(bench);
		while (sent_by(bench) - sent < QUIET_PACKETS)
			usleep(100);
		if (now_ns() > end)
			die("packets go on: the act shut nothing");
	} while (packets_of(bench) != packets);
}

/* As a shell or a daemon starts a program; the time is taken before the fork. */
static int run_command(char **argv)
{
	const pid_t child = vfork();
	int status;

	if (!child) {
		const int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("cannot start %s: %s", argv[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static uint32_t level_of(const char *name)
{
	return !strcmp(name, "egress") ? CORDON_LATCH_EGRESS : CORDON_LATCH_ISOLATE;
}

static void wait_until_gone(const char *path)
{
	const uint64_t end = now_ns() + PATIENCE_NS;

	while (!access(path, F_OK)) {
		if (now_ns() > end)
			die("%s stays", path);
		usleep(50);
	}
}

static struct round act(const struct bench *bench)
{
	struct round round;

	if (!strcmp(bench->act[0], "store")) {
		const uint32_t level = level_of(bench->act[1]);

		round.start = now_ns();
		__atomic_store_n(&bench->control->latch, level, __ATOMIC_SEQ_CST);
		round.done = now_ns();
		return round;
	}
	round.start = now_ns();
	if (!strcmp(bench->act[0], "move")) {
		if (rename(bench->act[1], bench->act[2]))
			die("cannot move %s: %s", bench->act[1], strerror(errno));
		wait_until_gone(bench->act[2]);
	} else if (run_command(bench->act + 1)) {
		die("%s failed", bench->act[1]);
	}
	round.done = now_ns();
	return round;
}

static void undo(const struct bench *bench)
{
	char *argv[] = { "sh", "-c", (char *)bench->undo, NULL };

	if (strcmp(bench->undo, "-") && run_command(argv))
		die("cannot undo: %s", bench->undo);
	if (bench->control)
		__atomic_store_n(&bench->control->latch, CORDON_LATCH_OPEN, __ATOMIC_SEQ_CST);
}

/* Return: whether it counts. */
static bool measure_round(struct bench *bench)
{
	struct round round;
	uint64_t last;

	undo(bench);
	/* Steady, and not always at the same point of an interval. */
	wait_for_arrivals(bench, 200 + (uint64_t)rand() % 100);
	usleep((useconds_t)rand() % 50);
	__atomic_store_n(&bench->sender.gap, 0, __ATOMIC_RELAXED);
	round = act(bench);
	wait_for_quiet(bench);
	if (__atomic_load_n(&bench->sender.gap, __ATOMIC_RELAXED) > GAP_MAX_NS)
		return false;
	last = bench->arrival->time;
	printf("%.1f %.1f\n", last > round.start ? (double)(last - round.start) / 1e3 : 0.0,
	       (double)(round.done - round.start) / 1e3);
	return true;
}

int main(int argc, char **argv)
{
	struct bench bench = { .sender = { .to = { .sin_family = AF_INET } } };
	pthread_t thread;

	if (argc < 12 || inet_pton(AF_INET, argv[4], &bench.sender.to.sin_addr) != 1)
		die("see the top of tests/bench/contain_helper.c");
	bench.sender.netns = argv[1];
	bench.sender.to.sin_port = htons((uint16_t)atoi(argv[5]));
	if (atoi(argv[6]))
		bench.sender.interval = 1000000000ULL / (uint64_t)atoi(argv[6]);
	bench.arrival = receive_at(argv[2], &bench.sender.to);
	bench.control = open_control(argv[8]);
	bench.undo = argv[9];
	bench.act = argv + 10;
	enter(argv[3]);
	pin_to_cpu(1);
	setpriority(PRIO_PROCESS, 0, -20);
	if (pthread_create(&thread, NULL, send_paced, &bench.sender))
		die("no thread");
	for (int left = atoi(argv[7]), repeats = REPEATS_MAX; left; left--) {
		if (!measure_round(&bench) && repeats-- > 0)
			left++;
	}
	__atomic_store_n(&bench.sender.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	undo(&bench);
	return 0;
}
