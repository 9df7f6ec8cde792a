// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a call costs: guest_helper open|exec ROUNDS PATH, receive|send ROUNDS TAP, prints
 * nanoseconds of CPU a round, the least of GOES goes: to open and close PATH; to start it, which
 * must be this program, and await it; to get a packet in by the device TAP and read it from a
 * socket; to send one from a socket and see it leave by TAP, which has OURS and knows the neighbour
 * THEIRS. Started as "guest_helper nothing" it ends at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>

#include "util/array.h"

#define GOES 100
#define OURS "192.0.2.1"
#define THEIRS "192.0.2.2"
#define PORT 7000

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct udphdr udp;
	char data[18]; /* what fills the shortest frame */
} __attribute__((packed));

static struct {
	const char *path;
	int tap;
	int socket;
	struct frame frame;
} subject;

/* CPU time of this process and of its children that it has awaited: waiting costs nothing. */
static double now(void)
{
	struct timespec own;
	struct rusage children;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (double)(own.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e9 +
	       (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec) * 1e3 +
	       (double)own.tv_nsec;
}

static int start_and_wait(void)
{
	char *const arguments[] = { (char *)"true", (char *)"nothing", NULL };
	char *const environment[] = { NULL };
	pid_t child;

	if (posix_spawn(&child, subject.path, NULL, NULL, arguments, environment))
		return -1;
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

static int open_and_close(void)
{
	const int fd = open(subject.path, O_RDONLY);

	return fd < 0 ? -1 : close(fd);
}

static int receive(void)
{
	char data[sizeof(subject.frame.data)];

	if (write(subject.tap, &subject.frame, sizeof(subject.frame)) != sizeof(subject.frame))
		return -1;
	return recv(subject.socket, data, sizeof(data), 0) == sizeof(data) ? 0 : -1;
}

/* What the kernel itself sends by the device is no packet of ours. */
static int transmit(void)
{
	char frame[ETH_FRAME_LEN];
	ssize_t size;

	if (send(subject.socket, subject.frame.data, sizeof(subject.frame.data), 0) < 0)
		return -1;
	do {
		size = read(subject.tap, frame, sizeof(frame));
	} while (size > 0 && size != sizeof(subject.frame));
	return size > 0 ? 0 : -1;
}

static uint16_t checksum(const void *from, size_t size)
{
	const uint16_t *word = from;
	uint32_t sum = 0;

	for (size_t i = 0; i < size / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void make_frame(const struct ifreq *device)
{
	struct frame *frame = &subject.frame;

	memcpy(frame->ether.h_dest, device->ifr_hwaddr.sa_data, ETH_ALEN);
	frame->ether.h_source[0] = 2;
	frame->ether.h_proto = htons(ETH_P_IP);
	frame->ip.version = 4;
	frame->ip.ihl = 5;
	frame->ip.ttl = 64;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.tot_len = htons(sizeof(*frame) - sizeof(frame->ether));
	inet_pton(AF_INET, THEIRS, &frame->ip.saddr);
	inet_pton(AF_INET, OURS, &frame->ip.daddr);
	frame->ip.check = checksum(&frame->ip, sizeof(frame->ip));
	frame->udp.source = frame->udp.dest = htons(PORT);
	frame->udp.len = htons(sizeof(frame->udp) + sizeof(frame->data));
}

/* A device goes up some time after its other end is there; until then what is sent is lost. */
static int await_device(void)
{
	struct pollfd tap = { .fd = subject.tap, .events = POLLIN };

	for (int i = 0; i < 100; i++) {
		if (send(subject.socket, subject.frame.data, sizeof(subject.frame.data), 0) < 0)
			return -1;
		if (poll(&tap, 1, 100) > 0)
			return 0;
	}
	errno = ENETDOWN;
	return -1;
}

static int open_device(const char *name)
{
	struct ifreq device = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	struct sockaddr_in ours = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in theirs = ours;

	snprintf(device.ifr_name, sizeof(device.ifr_name), "%s", name);
	inet_pton(AF_INET, OURS, &ours.sin_addr);
	inet_pton(AF_INET, THEIRS, &theirs.sin_addr);
	subject.tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	subject.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (subject.tap < 0 || ioctl(subject.tap, TUNSETIFF, &device) ||
	    ioctl(subject.socket, SIOCGIFHWADDR, &device) ||
	    bind(subject.socket, (const struct sockaddr *)&ours, sizeof(ours)) ||
	    connect(subject.socket, (const struct sockaddr *)&theirs, sizeof(theirs)))
		return -1;
	make_frame(&device);
	return await_device();
}

static const struct {
	const char *name;
	int (*act)(void);
	bool by_device;
} acts[] = {
	{ "open", open_and_close, false },
	{ "exec", start_and_wait, false },
	{ "receive", receive, true },
	{ "send", transmit, true },
};

static double least_of(int (*act)(void), long rounds)
{
	double least = 0;

	for (int i = 0; i < GOES; i++) {
		const double start = now();

		for (long j = 0; j < rounds; j++) {
			if (act()) {
				perror("guest_helper");
				exit(EXIT_FAILURE);
			}
		}
		const double took = (now() - start) / (double)rounds;

		least = !i || took < least ? took : least;
	}
	return least;
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return 0;
	for (size_t i = 0; argc == 4 && i < ARRAY_SIZE(acts); i++) {
		if (strcmp(argv[1], acts[i].name))
			continue;
		subject.path = argv[3];
		if (acts[i].by_device && open_device(argv[3])) {
			perror(argv[3]);
			return EXIT_FAILURE;
		}
		printf("%.1f\n", least_of(acts[i].act, strtol(argv[2], NULL, 10)));
		return 0;
	}
	return 2;
}
