// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a packet costs: `packet_helper ROUNDS POLICY...` runs the programs of
 * this build on each policy by BPF_PROG_TEST_RUN and prints a line of JSON for
 * each figure; SUBJECT and HOOK in the environment choose one.  The packets' ends differ from run
 * to run (spread.bpf.c); the same with a program that only drops is taken away.
 *
 * What counts is the CPU time of the thread, less that of a call that runs the
 * program twice.  Candidates take turns within a round.  It works in a mount and
 * a network namespace of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/helper.h"
#include "bench/spread.h"
#include "bench/spread.skel.h"
#include "evaluate.h"
#include "image.h"
#include "load.h"
#include "oracle/random.h"
#include "policy.h"
#include "util/cleanup.h"

#define FLOWS 64000
#define REPEAT 262144
#define REPEAT_EMPTY 32768 /* a table of 131,072 has room for them */
#define ROUNDS_MAX 200
#define CLOSED_PORT 9
#define PATIENCE_MS 2000 /* for each round that is wished for */

enum hook {
	HOOK_XDP,
	HOOK_TC,
	HOOK_COUNT,
};

static const char *const hook_names[] = { "xdp", "tc" };

struct bench {
	struct cordon_context context;
	struct cordon_maps maps;
	struct cordon_programs programs;
	struct spread_bpf *spread;
	struct spread_sample *samples;
	struct spread_state *state;
	struct cordon_policy *policy;
	struct cordon_image *image;
	struct random random;
	int rounds;
	int patience_ms; /* that is left */
};

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct tcphdr tcp;
	char rest[10]; /* 64 bytes on the wire, with the checksum of the frame */
} __attribute__((packed));

/**
 * struct subject - a kind of packet
 * @fill: ends of one packet
 * @tcp_syn: it opens a connection, else it goes on with one
 * @fresh: each has a port of its own
 * @settle: run each of them once first
 * @empty: the flow table is emptied before each run
 * @reason: that each packet must be counted by
 */
struct subject {
	const char *name;
	void (*fill)(struct bench *bench, struct spread_sample *sample);
	bool tcp_syn;
	bool fresh;
	bool settle;
	bool empty;
	enum cordon_reason reason;
};

/* ---- ends of packets ---- */

static uint32_t zone_of(const struct bench *bench, uint32_t address)
{
	const struct cordon_tables tables = cordon_tables_of_image(bench->image);
	struct cordon_address mapped = { { [10] = 0xff, [11] = 0xff } };
	const uint32_t be = htonl(address);

	memcpy(mapped.bytes + 12, &be, sizeof(be));
	return cordon_evaluate_zone(&tables, &mapped);
}

/* A random address of a random prefix. */
static uint32_t zone_address(struct bench *bench)
{
	const struct cordon_policy *policy = bench->policy;
	const struct cordon_prefix4 *prefix =
		&policy->prefixes4[random_below(&bench->random, (uint32_t)policy->nr_prefixes4)];
	const uint32_t host = (uint32_t)(0xffffffffULL >> prefix->length);

	return prefix->address | (random_word(&bench->random) & host);
}

static void fill_ends(struct bench *bench, struct spread_sample *sample, uint32_t source,
		      uint16_t port)
{
	sample->source = htonl(source);
	sample->destination = htonl(0xc0000201); /* 192.0.2.1 */
	sample->source_port = htons((uint16_t)(1024 + random_below(&bench->random, 64000)));
	sample->destination_port = htons(port);
}

/* One of the rules for the zone of a random address. */
static void fill_allowed(struct bench *bench, struct spread_sample *sample)
{
	const struct cordon_policy *policy = bench->policy;

	for (;;) {
		const uint32_t address = zone_address(bench), zone = zone_of(bench, address);
		const size_t start = random_below(&bench->random, (uint32_t)policy->nr_rules);

		for (size_t i = 0; i < policy->nr_rules; i++) {
			const struct cordon_policy_rule *rule =
				&policy->rules[(start + i) % policy->nr_rules];

			if (rule->from != zone || rule->to != CORDON_IDENTITY_NODE)
				continue;
			fill_ends(bench, sample, address, rule->services[0].first);
			return;
		}
	}
}

static void fill_denied(struct bench *bench, struct spread_sample *sample)
{
	fill_ends(bench, sample, zone_address(bench), CLOSED_PORT);
}

static void fill_scan(struct bench *bench, struct spread_sample *sample)
{
	fill_ends(bench, sample, zone_address(bench), (uint16_t)random_below(&bench->random, 1024));
}

static void fill_stranger(struct bench *bench, struct spread_sample *sample)
{
	uint32_t address;

	do
		address = 0x01000000 + random_below(&bench->random, 0xdf000000 - 0x01000000);
	while (address >> 24 == 127);
	fill_ends(bench, sample, address, CLOSED_PORT);
}

static const struct subject subjects[] = {
	{ "established", fill_allowed, .settle = true },
	{ "new", fill_allowed, .tcp_syn = true, .fresh = true, .empty = true },
	{ "new-full-table", fill_allowed, .tcp_syn = true, .fresh = true },
	{ "denied", fill_denied, .tcp_syn = true, .reason = CORDON_REASON_NO_RULE },
	{ "denied-random", fill_stranger, .tcp_syn = true, .reason = CORDON_REASON_NO_RULE },
	{ "denied-scan", fill_scan, .tcp_syn = true, .reason = CORDON_REASON_NO_RULE },
};

#define SUBJECTS (sizeof(subjects) / sizeof(subjects[0]))

/* ---- running ---- */

static struct frame make_frame(bool syn)
{
	struct frame frame = {
		.ether = { .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP },
		.tcp = { .doff = 5, .syn = syn, .ack = !syn },
	};

	frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ether) - sizeof(frame.rest));
	return frame;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

static uint64_t run(int program, struct frame frame, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof(frame),
		    .repeat = repeat);
	const uint64_t start = cpu_ns();
	const int error = bpf_prog_test_run_opts(program, &options);

	if (error)
		die("test run: %s", strerror(-error));
	return cpu_ns() - start;
}

static double run_each(int program, const struct frame *frame, int repeat)
{
	const uint64_t two = run(program, *frame, 2);
	const uint64_t all = run(program, *frame, repeat + 2);

	return ((double)all - (double)two) / repeat;
}

static int spread_program(const struct bench *bench, enum hook hook)
{
	return bpf_program__fd(hook == HOOK_XDP ? bench->spread->progs.spread_xdp :
						  bench->spread->progs.spread_tc);
}

/* What the packets are handed to from now on. */
static void hand_to(const struct bench *bench, enum hook hook, bool bare)
{
	const struct bpf_map *next = hook == HOOK_XDP ? bench->spread->maps.next_xdp :
							bench->spread->maps.next_tc;
	const __u32 zero = 0;
	int program;

	if (bare)
		program = bpf_program__fd(hook == HOOK_XDP ? bench->spread->progs.bare_xdp :
							     bench->spread->progs.bare_tc);
	else
		program = bench->programs.fd[hook == HOOK_XDP ? CORDON_PROGRAM_XDP_INGRESS :
								CORDON_PROGRAM_INGRESS_ETHER];
	if (program < 0 || bpf_map_update_elem(bpf_map__fd(next), &zero, &program, BPF_ANY))
		die("cannot hand packets on: %s", strerror(errno));
}

static struct cordon_area open_flows(const struct bench *bench)
{
	const struct cordon_standing standing = cordon_standing_read(&bench->maps);
	struct cordon_area area;

	if (cordon_table_open(&bench->maps, CORDON_TABLE_FLOWS, cordon_slot(standing.effective, 0),
			      true, &area))
		die("no flow table");
	return area;
}

static void empty_flows(const struct bench *bench)
{
	struct cordon_area area = open_flows(bench);

	memset(area.cells, 0, (size_t)area.count * area.size);
	cordon_area_close(&area);
}

static size_t count_flows(const struct bench *bench)
{
	struct cordon_area area = open_flows(bench);
	const struct cordon_flow_bucket *bucket = area.cells;
	size_t count = 0;

	for (uint32_t i = 0; i < area.count * CORDON_FLOW_WAYS; i++)
		count += bucket[i / CORDON_FLOW_WAYS].flow[i % CORDON_FLOW_WAYS].tag != 0;
	cordon_area_close(&area);
	return count;
}

static uint64_t denied_by(const struct bench *bench, enum cordon_reason reason)
{
	struct cordon_counter counters[CORDON_REASON_COUNT];

	if (cordon_counters_read(&bench->maps, CORDON_MAP_REASONS, CORDON_REASON_COUNT, counters))
		die("cannot read the reasons");
	return counters[reason].packets;
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_figure(const struct bench *bench, enum hook hook, const char *name, double *value,
			 const double *bare)
{
	const int n = bench->rounds;
	double more[ROUNDS_MAX];

	for (int i = 0; i < n; i++)
		more[i] = value[i] - bare[i];
	qsort(value, (size_t)n, sizeof(*value), compare);
	qsort(more, (size_t)n, sizeof(*more), compare);
	printf("{\"name\":\"packet\",\"subject\":\"%s\",\"unit\":\"ns\",\"median\":%.1f,"
	       "\"p99\":%.1f,\"n\":%d,\"params\":{\"hook\":\"%s\",\"prefixes\":%zu,"
	       "\"rules\":%zu,\"whole\":%.1f}}\n",
	       name, more[n / 2], more[n - 1 - n / 100], n, hook_names[hook],
	       bench->policy->nr_prefixes4, bench->policy->nr_rules, value[n / 2]);
	fflush(stdout);
}

static void prepare(struct bench *bench, enum hook hook, const struct subject *subject,
		    const struct frame *frame)
{
	empty_flows(bench);
	bench->state->fresh_ports = subject->fresh;
	for (size_t i = 0; i < SPREAD_SAMPLES; i++) {
		if (i < FLOWS)
			subject->fill(bench, &bench->samples[i]);
		else
			bench->samples[i] = bench->samples[i - FLOWS];
	}
	hand_to(bench, hook, false);
	bench->state->in_order = subject->settle;
	bench->state->next = bench->samples[0];
	run(spread_program(bench, hook), *frame, 2 * SPREAD_SAMPLES);
	bench->state->in_order = false;
}

/* Figures of packets that went another way than meant would be worthless. */
static void check(const struct bench *bench, const struct subject *subject, uint64_t denied)
{
	const uint64_t packets = (uint64_t)bench->rounds * (REPEAT + 4);
	const size_t flows = count_flows(bench);

	if (denied != (subject->reason ? packets : 0))
		die("%s: %llu of %llu packets denied", subject->name, (unsigned long long)denied,
		    (unsigned long long)packets);
	if (subject->settle && (flows > FLOWS || flows < FLOWS * 98 / 100))
		die("%s: %zu flows", subject->name, flows);
	if (subject->empty && (flows > REPEAT_EMPTY + 4 || flows < REPEAT_EMPTY * 99 / 100))
		die("%s: %zu flows of %d packets", subject->name, flows, REPEAT_EMPTY + 2);
	if (subject->reason && flows)
		die("%s: %zu flows", subject->name, flows);
}

/* Others who run meanwhile take the caches away: wait for them, but not for ever. */
static void wait_for_quiet(struct bench *bench)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int running = 1;

	while (bench->patience_ms > 0) {
		FILE *file = fopen("/proc/loadavg", "r");

		if (!file || fscanf(file, "%*s %*s %*s %d", &running) != 1)
			running = 1;
		if (file)
			fclose(file);
		if (running <= 1)
			return;
		nanosleep(&pause, NULL);
		bench->patience_ms -= 20;
	}
}

static void measure(struct bench *bench, enum hook hook, const struct subject *subject)
{
	const struct frame frame = make_frame(subject->tcp_syn);
	const int program = spread_program(bench, hook);
	const int repeat = subject->empty ? REPEAT_EMPTY : REPEAT;
	double value[ROUNDS_MAX], bare[ROUNDS_MAX];
	const enum cordon_reason reason = CORDON_REASON_NO_RULE;
	uint64_t before;

	prepare(bench, hook, subject, &frame);
	before = denied_by(bench, reason);
	for (int i = 0; i < bench->rounds; i++) {
		wait_for_quiet(bench);
		hand_to(bench, hook, true);
		bare[i] = run_each(program, &frame, repeat);
		hand_to(bench, hook, false);
		if (subject->empty)
			empty_flows(bench);
		value[i] = run_each(program, &frame, repeat);
	}
	check(bench, subject, denied_by(bench, reason) - before);
	print_figure(bench, hook, subject->name, value, bare);
}

/* ---- the kernel's side ---- */

static void start_kernel(struct bench *bench, const char *folder)
{
	static char root[160], bpffs[160];
	struct cordon_loading *loading CLEANUP(loading) = NULL;
	struct cordon_failure failure = { .text = "" };

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("needs root: %s", strerror(errno));
	if (mount("cordon-bench", folder, "bpf", 0, NULL))
		die("cannot mount a bpffs: %s", strerror(errno));
	snprintf(root, sizeof(root), "%s/root", folder);
	snprintf(bpffs, sizeof(bpffs), "%s/cordon", folder);
	bench->context.root = root;
	bench->context.bpffs = bpffs;
	if (cordon_load_start(&bench->context, &failure, &loading) ||
	    cordon_load_finish(&bench->context, loading, &failure) ||
	    cordon_maps_open(&bench->context, &failure, &bench->maps) ||
	    cordon_programs_open(&bench->context, &failure, &bench->programs))
		die("%s", failure.text);
	/* A test run comes in by the loopback of its namespace. */
	bench->maps.interfaces[1].ifindex = 1;
}

static void *map_of(const struct bpf_map *map)
{
	const size_t size = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		die("cannot map %s: %s", bpf_map__name(map), strerror(errno));
	return memory;
}

/*
 * A test run of XDP makes the dispatcher of XDP programs know the program, and
 * forget it at the end, with a grace period each: the caches would be cold.  It
 * stays known while it is attached somewhere: to a loopback that is down.
 */
static void start_spread(struct bench *bench)
{
	bench->spread = spread_bpf__open_and_load();
	if (!bench->spread)
		die("cannot load the program that varies packets: %s", strerror(errno));
	if (!bpf_program__attach_xdp(bench->spread->progs.spread_xdp, 1))
		die("cannot attach to the loopback of an own namespace: %s", strerror(errno));
	bench->samples = map_of(bench->spread->maps.samples);
	bench->state = map_of(bench->spread->maps.state);
	bench->state->random = 0x2545f4914f6cdd1dULL;
}

static void put_in_force(struct bench *bench)
{
	struct cordon_generation *generation = NULL;
	struct cordon_failure failure = { .text = "" };

	bench->image->settings.generation = cordon_load_number(&bench->maps, 0);
	if (cordon_load_build(&bench->context, &bench->maps, bench->image, &failure, &generation) ||
	    cordon_load_flip(&bench->context, &bench->maps, generation, 0, &failure))
		die("%s", failure.text);
	cordon_generation_free(generation);
}

static void read_policy(struct bench *bench, const char *path)
{
	struct cordon_diag diag = { .stored = 0 };

	cordon_policy_free(bench->policy);
	cordon_image_free(bench->image);
	bench->policy = NULL;
	bench->image = NULL;
	if (cordon_policy_parse_file(path, &diag, &bench->policy) ||
	    cordon_compile(bench->policy, &diag, &bench->image))
		die("%s: %s", path, diag.stored ? diag.entry[0].text : "cannot be read");
	cordon_diag_clear(&diag);
}

int main(int argc, char **argv)
{
	struct bench bench = {
		.random = { 0x9e3779b97f4a7c15ULL },
	};
	const char *only = getenv("SUBJECT"), *at = getenv("HOOK");
	const char *temporary = getenv("TMPDIR");
	char folder[128];

	if (argc < 3)
		die("usage: packet_helper ROUNDS POLICY...");
	bench.rounds = atoi(argv[1]);
	if (bench.rounds < 1 || bench.rounds > ROUNDS_MAX)
		die("1 to %d rounds", ROUNDS_MAX);
	bench.patience_ms = bench.rounds * PATIENCE_MS;
	snprintf(folder, sizeof(folder), "%s/cordon-bench.XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(folder))
		die("cannot make %s", folder);
	start_kernel(&bench, folder);
	start_spread(&bench);
	for (int i = 2; i < argc; i++) {
		read_policy(&bench, argv[i]);
		put_in_force(&bench);
		for (int hook = 0; hook < HOOK_COUNT; hook++) {
			for (size_t j = 0; j < SUBJECTS; j++) {
				if ((!only || !strcmp(only, subjects[j].name)) &&
				    (!at || !strcmp(at, hook_names[hook])))
					measure(&bench, hook, &subjects[j]);
			}
		}
	}
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	return 0;
}
