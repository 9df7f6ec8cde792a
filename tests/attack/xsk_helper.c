// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends one frame by an AF_XDP socket, from the shell: xsk_helper INTERFACE HEX. Copy mode, queue
 * 0, no XDP program: sending needs none. It must not receive, nor outlive its frame.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_xdp.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define FRAME_SIZE 4096
#define RING_SIZE 64

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return 1;
}

static size_t frame_read(const char *hex, uint8_t *frame)
{
	size_t size = strlen(hex) / 2;
	unsigned int byte;

	for (size_t i = 0; i < size && i < FRAME_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return 0;
		frame[i] = byte;
	}
	return size <= FRAME_SIZE ? size : 0;
}

static int rings_make(int fd, void *memory)
{
	struct xdp_umem_reg reg = { .addr = (uintptr_t)memory,
				    .len = FRAME_SIZE * RING_SIZE,
				    .chunk_size = FRAME_SIZE };
	int size = RING_SIZE;

	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_TX_RING, &size, sizeof(size)))
		return -1;
	return 0;
}

static int frame_queue(int fd, size_t size)
{
	struct xdp_mmap_offsets offsets;
	socklen_t length = sizeof(offsets);
	struct xdp_desc *descriptor;
	uint8_t *ring;

	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length))
		return -1;
	ring = mmap(NULL, offsets.tx.desc + RING_SIZE * sizeof(*descriptor), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, XDP_PGOFF_TX_RING);
	if (ring == MAP_FAILED)
		return -1;
	descriptor = (struct xdp_desc *)(ring + offsets.tx.desc);
	descriptor->addr = 0;
	descriptor->len = size;
	__atomic_store_n((uint32_t *)(ring + offsets.tx.producer), 1, __ATOMIC_RELEASE);
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_xdp address = { .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY };
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	uint8_t *memory;
	size_t size;
	int fd;

	if (argc != 3)
		return 2;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	memory = mmap(NULL, FRAME_SIZE * RING_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail("memory");
	size = frame_read(argv[2], memory);
	fd = socket(AF_XDP, SOCK_RAW, 0);
	if (fd < 0 || !size)
		return fail("AF_XDP socket");
	address.sxdp_ifindex = if_nametoindex(argv[1]);
	if (rings_make(fd, memory) || frame_queue(fd, size))
		return fail("AF_XDP rings");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail("AF_XDP bind");
	if (sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN && errno != EBUSY)
		return fail("AF_XDP send");
	close(fd);
	return 0;
}
