// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as frames at the hooks of a node: nothing is read beyond the
 * frame, every verdict has a rule or a reason, and fewer bytes within reach
 * never allow more.  The first byte says where the frame is met, the second
 * how much of it is within reach.
 */
#include <stdlib.h>
#include <string.h>

#include "verdict/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX 2048

static const char policy[] =
	"cordon: 1\nserial: 1\nnode: fuzz\nzones:\n"
	"  a: {addresses: [10.1.0.0/24, 'fd01::/64']}\n"
	"  b: {addresses: [10.2.0.0/24, 'fd02::/64'], interfaces: [lan0]}\n"
	"rules:\n"
	"  - {name: in, from: a, to: node, services: [tcp/22, udp, icmp, icmpv6]}\n"
	"  - {name: through, from: b, to: a, services: [any]}\n"
	"  - {name: out, from: node, to: any, services: [any]}\n";

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A copy just as large, so that the sanitizer sees what is read beyond it; laid as
 * the kernel does, so that the network header is aligned. */
#define ALIGNED 2

static struct host_verdict judge(struct host *host, struct host_packet packet, const uint8_t *bytes,
				 uint32_t linear)
{
	uint8_t *copy = malloc(linear + ALIGNED);
	struct host_verdict verdict;

	memcpy(copy + ALIGNED, bytes, linear);
	packet.bytes = copy + ALIGNED;
	packet.linear = linear;
	verdict = host_judge(host, &packet);
	free(copy);
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct host *host;
	struct host_packet packet = { .came_by = -1 };
	struct host_verdict whole, part;
	uint32_t linear;

	if (!host) {
		host = host_new();
		check(host && !host_load_text(host, policy));
	}
	if (size < 2 || size - 2 > FRAME_MAX)
		return 0;
	packet.size = (uint32_t)size - 2;
	packet.interface = data[0] % 3;
	packet.out = data[0] & 4;
	packet.came_by = packet.out && data[0] & 8 ? (packet.interface + 1) % 3 : -1;
	linear = packet.size * data[1] / 255;

	host_forget_flows(host);
	part = judge(host, packet, data + 2, linear);
	host_forget_flows(host);
	whole = judge(host, packet, data + 2, packet.size);
	check(whole.pass == !whole.reason && part.pass == !part.reason);
	check(!part.pass || whole.pass);
	/* What passed once, and made a flow, passes again. */
	if (whole.pass)
		check(judge(host, packet, data + 2, packet.size).pass);
	return 0;
}
