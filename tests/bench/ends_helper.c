// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live frames for the benchmarks between namespaces, and programs that only
 * drop to compare with:
 *
 *	ends_helper send IFACE MAC PREFIXES DESTINATION PORT COUNT
 *		sends COUNT UDP packets out of IFACE from random addresses in the
 *		prefixes of a file; prints the nanoseconds that it took
 *	ends_helper drop xdp|tcx IFACE PIN
 *		has IFACE drop all that comes in until PIN is removed
 *
 * It sends from CPU 0 and attaches to no interface but the one that is named.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/helper.h"
#include "bench/spread.h"
#include "bench/spread.skel.h"
#include "oracle/random.h"

#define PREFIXES_MAX 1000000

struct prefix {
	uint32_t address;
	uint32_t hosts; /* mask of the bits that are free */
};

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct udphdr udp;
	char rest[18]; /* 64 bytes on the wire, with the checksum of the frame */
} __attribute__((packed));

static uint32_t address_of(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		die("%s is no address", text);
	return ntohl(address.s_addr);
}

static size_t read_prefixes(const char *path, struct prefix *prefixes)
{
	FILE *file = fopen(path, "r");
	size_t count = 0;
	char line[64];

	if (!file)
		die("cannot read %s: %s", path, strerror(errno));
	while (count < PREFIXES_MAX && fgets(line, sizeof(line), file)) {
		char *slash = strchr(line, '/');

		if (!slash)
			die("%s: %s is no prefix", path, line);
		*slash = '\0';
		prefixes[count].address = address_of(line);
		prefixes[count++].hosts = (uint32_t)(0xffffffffULL >> atoi(slash + 1));
	}
	fclose(file);
	if (!count)
		die("%s is empty", path);
	return count;
}

static void *map_of(const struct bpf_map *map)
{
	const size_t size = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		die("cannot map %s: %s", bpf_map__name(map), strerror(errno));
	return memory;
}

static void fill_samples(struct spread_bpf *spread, const struct frame *frame, char **argv)
{
	struct prefix *prefixes = calloc(PREFIXES_MAX, sizeof(*prefixes));
	struct spread_sample *samples = map_of(spread->maps.samples);
	struct spread_state *state = map_of(spread->maps.state);
	struct random random = { 0x9e3779b97f4a7c15ULL };
	size_t count;

	if (!prefixes)
		die("out of memory");
	count = read_prefixes(argv[4], prefixes);
	for (size_t i = 0; i < SPREAD_SAMPLES; i++) {
		const struct prefix *prefix = &prefixes[random_below(&random, (uint32_t)count)];

		samples[i].source = htonl(prefix->address | (random_word(&random) & prefix->hosts));
		samples[i].destination = htonl(address_of(argv[5]));
		samples[i].source_port = htons((uint16_t)(1024 + random_below(&random, 64000)));
		samples[i].destination_port = htons((uint16_t)atoi(argv[6]));
	}
	state->random = 0x2545f4914f6cdd1dULL;
	state->next = samples[0];
	memcpy(state->mac, frame->ether.h_dest, sizeof(state->mac));
	free(prefixes);
}

static struct frame make_frame(const char *mac)
{
	struct frame frame = {
		.ether = { .h_source = { 2, 0, 0, 0, 0, 1 }, .h_proto = htons(ETH_P_IP) },
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP },
	};
	unsigned char *to = frame.ether.h_dest;

	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3], &to[4],
		   &to[5]) != 6)
		die("%s is no MAC address", mac);
	frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ether));
	frame.udp.len = htons(sizeof(frame) - sizeof(frame.ether) - sizeof(frame.ip));
	return frame;
}

static unsigned int interface(const char *name)
{
	const unsigned int index = if_nametoindex(name);

	if (!index)
		die("no interface %s", name);
	return index;
}

static void pin_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot stay on CPU %d: %s", cpu, strerror(errno));
}

static struct spread_bpf *load_spread(void)
{
	struct spread_bpf *spread = spread_bpf__open_and_load();

	if (!spread)
		die("cannot load the programs: %s", strerror(errno));
	return spread;
}

static int send_frames(char **argv)
{
	struct spread_bpf *spread = load_spread();
	struct frame frame = make_frame(argv[3]);
	struct xdp_md context = { .data_end = sizeof(frame),
				  .ingress_ifindex = interface(argv[2]) };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof(frame),
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = atoi(argv[7]),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	struct timespec start, end;
	int error;

	fill_samples(spread, &frame, argv);
	pin_to_cpu(0);
	clock_gettime(CLOCK_MONOTONIC, &start);
	error = bpf_prog_test_run_opts(bpf_program__fd(spread->progs.send_xdp), &options);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (error)
		die("cannot send live frames: %s", strerror(-error));
	printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec);
	spread_bpf__destroy(spread);
	return 0;
}

static int attach_drop(char **argv)
{
	struct spread_bpf *spread = load_spread();
	const int index = (int)interface(argv[3]);
	struct bpf_link *link;

	if (!strcmp(argv[2], "xdp"))
		link = bpf_program__attach_xdp(spread->progs.bare_xdp, index);
	else
		link = bpf_program__attach_tcx(spread->progs.bare_tcx, index, NULL);
	if (!link || bpf_link__pin(link, argv[4]))
		die("cannot attach to %s: %s", argv[3], strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 8 && !strcmp(argv[1], "send"))
		return send_frames(argv);
	if (argc == 5 && !strcmp(argv[1], "drop"))
		return attach_drop(argv);
	die("see the top of tests/bench/ends_helper.c");
}
