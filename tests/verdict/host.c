// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The data path on the host: bpf/packet.h as it is, with the helpers and maps
 * that it names answered from a struct host.
 */
#include "host.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage.h"
#include "policy.h"

/* What <bpf/bpf_helpers.h> gives a program. */
#define SEC(name) __attribute__((unused))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
#define __array(name, value) __typeof__(value) *name[1]
#define __noinline __attribute__((noinline))
#define barrier_var(value) __asm__ volatile("" : "+r"(value))

static void *bpf_map_lookup_elem(void *map, const void *key);
static void *bpf_ringbuf_reserve(void *ring, uint64_t size, uint64_t flags);
static void bpf_ringbuf_submit(void *record, uint64_t flags);
static uint64_t bpf_ringbuf_query(void *ring, uint64_t flags);
static uint64_t bpf_ktime_get_coarse_ns(void);
static uint64_t bpf_ktime_get_ns(void);
static uint64_t bpf_jiffies64(void);
static uint32_t bpf_get_smp_processor_id(void);
static long bpf_fib_lookup(void *context, struct bpf_fib_lookup *fib, int size, uint32_t flags);
static uint64_t bpf_skb_cgroup_id(struct __sk_buff *skb);
static struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sock);
static struct bpf_sock *bpf_sk_lookup_tcp(void *context, struct bpf_sock_tuple *tuple,
					  uint32_t size, uint64_t netns, uint64_t flags);
static struct bpf_sock *bpf_sk_lookup_udp(void *context, struct bpf_sock_tuple *tuple,
					  uint32_t size, uint64_t netns, uint64_t flags);
static void bpf_sk_release(struct bpf_sock *sock);
static void *bpf_sk_storage_get(void *map, struct bpf_sock *sock, void *value, uint64_t flags);

#define TABLE_HAS_TAIL
#define HOOK_IS_SKB true
#define HOOK_CONTEXT struct __sk_buff
/* In a program a map and a parameter may well share a name. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "bpf/packet.h"
#pragma GCC diagnostic pop

#define DENIAL_VALUES CORDON_DENIAL_SLOTS

/** struct inner - an inner map: @count elements of @size bytes */
struct inner {
	const void *cells;
	uint32_t count;
	uint32_t size;
};

/** struct host - maps by name; inner ones by slot */
struct host {
	struct cordon_control control;
	struct cordon_image *images[2];
	struct cordon_settings settings[2];
	struct inner inner[CORDON_SLOTS][7];
	struct cordon_head heads[CORDON_SLOTS];
	struct cordon_flow_bucket *flows;
	uint32_t buckets;
	struct cordon_interface interfaces[CORDON_INTERFACES_MAX];
	struct cordon_interface_counter interface_counts[CORDON_INTERFACES_MAX];
	struct cordon_counter counters[CORDON_RULE_SLOTS];
	struct cordon_counter reasons[CORDON_REASON_COUNT];
	struct cordon_denial denials[DENIAL_VALUES];
	struct cordon_loss loss;
	struct cordon_event_denial record;
	uint64_t records;
	struct cordon_address own[2 * STAGE_INTERFACES];
	struct scene scene;
	uint64_t now;
	const struct host_packet *packet;
};

/* The helpers have no argument that leads to the host. */
static _Thread_local struct host *here;

enum table_number {
	TABLE_SETTINGS,
	TABLE_HEAD,
	TABLE_PREFIXES,
	TABLE_MATRIX,
	TABLE_PAGES,
	TABLE_CLASSES,
	TABLE_FLOWS,
};

static void *find_own(const void *key)
{
	for (int i = 0; i < 2 * STAGE_INTERFACES; i++) {
		if (!memcmp(&here->own[i], key, sizeof(here->own[i])))
			return &here->own[i];
	}
	return NULL;
}

static void *outer_element(enum table_number number, uint32_t slot)
{
	struct inner *inner = &here->inner[slot % CORDON_SLOTS][number];

	return inner->cells ? inner : NULL;
}

static void *find_outer(const void *map, uint32_t slot)
{
	const void *const outers[] = { &settings_of, &head_of,	  &prefixes_of, &matrix_of,
				       &pages_of,    &classes_of, &flows_of };

	for (int i = 0; i < 7; i++) {
		if (map == outers[i])
			return outer_element(i, slot);
	}
	return NULL;
}

static void *find_array(const void *map, uint32_t index)
{
	if (map == &control)
		return &here->control;
	if (map == &scenes)
		return &here->scene;
	if (map == &interfaces && index < CORDON_INTERFACES_MAX)
		return &here->interfaces[index];
	if (map == &interface_counts && index < CORDON_INTERFACES_MAX)
		return &here->interface_counts[index];
	if (map == &counters && index < CORDON_RULE_SLOTS)
		return &here->counters[index];
	if (map == &reasons && index < CORDON_REASON_COUNT)
		return &here->reasons[index];
	if (map == &denials && index < DENIAL_VALUES)
		return &here->denials[index];
	return map == &losses ? &here->loss : NULL;
}

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	const struct inner *inner = map;
	uint32_t index;
	void *found;

	if (map == &local_addresses)
		return find_own(key);
	if (map == &vlans || map == &workload_cgroups)
		return NULL;
	memcpy(&index, key, sizeof(index));
	if ((uintptr_t)inner - (uintptr_t)here->inner < sizeof(here->inner))
		return index < inner->count ? (char *)inner->cells + (size_t)index * inner->size :
					      NULL;
	found = find_outer(map, index);
	return found ? found : find_array(map, index);
}

static void *bpf_ringbuf_reserve(void *ring, uint64_t size, uint64_t flags)
{
	(void)ring, (void)flags;
	return size == sizeof(here->record) ? &here->record : NULL;
}

static void bpf_ringbuf_submit(void *record, uint64_t flags)
{
	(void)record, (void)flags;
	here->records++;
}

static uint64_t bpf_ringbuf_query(void *ring, uint64_t flags)
{
	(void)ring, (void)flags;
	return 0;
}

static uint64_t bpf_ktime_get_coarse_ns(void)
{
	return here->now;
}

static uint64_t bpf_ktime_get_ns(void)
{
	return here->now;
}

static uint64_t bpf_jiffies64(void)
{
	return here->now / 4000000;
}

static uint32_t bpf_get_smp_processor_id(void)
{
	return 0;
}

/* Subnets by their first 24 or 64 bits; all else by the first interface. */
static long bpf_fib_lookup(void *context, struct bpf_fib_lookup *fib, int size, uint32_t flags)
{
	uint8_t address[STAGE_ADDRESS_SIZE];

	(void)context, (void)size, (void)flags;
	fib->ifindex = 1;
	for (int i = 0; i < STAGE_INTERFACES; i++) {
		const bool ipv4 = fib->family == AF_INET;
		const struct stage_interface *it = &stage_interfaces[i];

		stage_address(ipv4 ? it->ipv4 : it->ipv6, address);
		if (!memcmp(address, ipv4 ? (void *)&fib->ipv4_dst : (void *)fib->ipv6_dst,
			    ipv4 ? 3 : 8))
			fib->ifindex = (uint32_t)i + 1;
	}
	return BPF_FIB_LKUP_RET_SUCCESS;
}

static uint64_t bpf_skb_cgroup_id(struct __sk_buff *skb)
{
	(void)skb;
	return 1;
}

static struct bpf_sock *bpf_sk_fullsock(struct bpf_sock *sock)
{
	return sock;
}

static struct bpf_sock *bpf_sk_lookup_tcp(void *context, struct bpf_sock_tuple *tuple,
					  uint32_t size, uint64_t netns, uint64_t flags)
{
	(void)context, (void)tuple, (void)size, (void)netns, (void)flags;
	return NULL;
}

static struct bpf_sock *bpf_sk_lookup_udp(void *context, struct bpf_sock_tuple *tuple,
					  uint32_t size, uint64_t netns, uint64_t flags)
{
	return bpf_sk_lookup_tcp(context, tuple, size, netns, flags);
}

static void bpf_sk_release(struct bpf_sock *sock)
{
	(void)sock;
}

static void *bpf_sk_storage_get(void *map, struct bpf_sock *sock, void *value, uint64_t flags)
{
	(void)map, (void)sock, (void)value, (void)flags;
	return NULL;
}

__u32 parse_hook_quoted(struct __sk_buff *skb, __u32 offset, __u32 ethertype, struct packet *quoted)
{
	const struct host_packet *packet = here->packet;
	struct cursor cursor = cursor_at(packet->bytes, packet->bytes + packet->linear, offset);

	(void)skb;
	return parse_quoted(&cursor, ethertype, quoted);
}

/* splitmix64: keys that are multiples of each other make different flows collide. */
static uint64_t next_secret(uint64_t *seed)
{
	uint64_t mixed = *seed += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
	return mixed ^ mixed >> 31;
}

struct host *host_new(void)
{
	struct host *host = calloc(1, sizeof(*host));
	uint64_t seed = 1;

	if (!host)
		return NULL;
	host->now = 1000ULL << 30;
	for (unsigned int i = 0; i < sizeof(host->control.secret) / 8; i++)
		host->control.secret[i] = next_secret(&seed) | 1;
	for (int i = 0; i < STAGE_INTERFACES; i++) {
		struct cordon_address *own = &host->own[2 * i];

		own->bytes[10] = own->bytes[11] = 0xff;
		stage_address(stage_interfaces[i].ipv4, own->bytes + 12);
		stage_address(stage_interfaces[i].ipv6, own[1].bytes);
		host->interfaces[i + 1].ifindex = (uint32_t)i + 1;
	}
	return host;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	cordon_image_free(host->images[0]);
	cordon_image_free(host->images[1]);
	free(host->flows);
	free(host);
}

static void set_inner(struct inner *inner, const void *cells, size_t count, size_t size)
{
	*inner = (struct inner){ cells, (uint32_t)count, (uint32_t)size };
}

static void copy_head(void *head, size_t room, const void *cells, size_t nr, size_t size)
{
	memcpy(head, cells, (nr < room ? nr : room) * size);
}

#define COPY_HEAD(part, cells, nr)                                                                 \
	copy_head(part, sizeof(part) / sizeof((part)[0]), cells, nr, sizeof((part)[0]))

/* As build_head() of load_switch.c. */
static void fill_head(struct cordon_head *head, const struct cordon_image *image,
		      const struct cordon_cell *matrix)
{
	memset(head, 0, sizeof(*head));
	COPY_HEAD(head->prefixes, image->prefixes, image->nr_prefixes);
	COPY_HEAD(head->matrix, matrix, image->nr_cells);
	COPY_HEAD(head->pages, image->pages, image->nr_pages);
	COPY_HEAD(head->classes, image->classes, image->nr_classes);
}

static void fill_slot(struct host *host, uint32_t generation, uint32_t latch)
{
	const struct cordon_image *image = host->images[generation & 1];
	const uint32_t slot = generation_slot(generation, latch);
	struct inner *inner = host->inner[slot];
	const struct cordon_cell *matrix = image->matrix[cordon_matrix_at(latch)];

	fill_head(&host->heads[slot], image, matrix);
	set_inner(&inner[TABLE_SETTINGS], &host->settings[generation & 1], 1,
		  sizeof(struct cordon_settings));
	set_inner(&inner[TABLE_HEAD], &host->heads[slot], 1, sizeof(struct cordon_head));
	set_inner(&inner[TABLE_PREFIXES], image->prefixes, image->nr_prefixes,
		  sizeof(*image->prefixes));
	set_inner(&inner[TABLE_MATRIX], matrix, image->nr_cells, sizeof(*matrix));
	set_inner(&inner[TABLE_PAGES], image->pages, image->nr_pages, sizeof(*image->pages));
	set_inner(&inner[TABLE_CLASSES], image->classes, image->nr_classes,
		  sizeof(*image->classes));
	set_inner(&inner[TABLE_FLOWS], host->flows, host->buckets, sizeof(*host->flows));
}

/* The flow table stays when its size does. */
static int fit_flows(struct host *host, uint32_t buckets)
{
	if (host->buckets == buckets)
		return 0;
	free(host->flows);
	host->flows = aligned_alloc(64, (size_t)buckets * sizeof(*host->flows));
	host->buckets = buckets;
	if (!host->flows)
		return -1;
	host_forget_flows(host);
	return 0;
}

static int activate(struct host *host, struct cordon_image *image)
{
	const uint32_t generation = host->control.generation + 1, half = generation & 1;

	cordon_image_free(host->images[half]);
	host->images[half] = image;
	host->settings[half] = image->settings;
	host->settings[half].generation = generation;
	if (fit_flows(host, image->settings.flow_buckets))
		return -1;
	for (uint32_t latch = 0; latch < CORDON_LATCH_LEVELS; latch++)
		fill_slot(host, generation, latch);
	for (int i = 0; i < STAGE_INTERFACES; i++) {
		const struct cordon_image_interface *found =
			cordon_image_interface_find(image, stage_interfaces[i].name);

		host->interfaces[i + 1].class[half] = found ? found->class : 0;
	}
	host->control.generation = generation;
	return 0;
}

static void show_diag(const struct cordon_diag *diag)
{
	for (size_t i = 0; i < diag->stored; i++) {
		char *line = cordon_diag_format(&diag->entry[i]);

		printf("# %s\n", line ? line : "no memory");
		free(line);
	}
}

static int load_policy(struct host *host, struct cordon_policy *policy, struct cordon_diag *diag)
{
	struct cordon_image *image = NULL;
	int err = policy ? cordon_compile(policy, diag, &image) : -1;

	if (err)
		show_diag(diag);
	cordon_diag_clear(diag);
	cordon_policy_free(policy);
	return err ? err : activate(host, image);
}

int host_load(struct host *host, const char *path)
{
	struct cordon_policy *policy = NULL;
	struct cordon_diag diag = { 0 };

	cordon_policy_parse_file(path, &diag, &policy);
	return load_policy(host, policy, &diag);
}

int host_load_text(struct host *host, const char *text)
{
	struct cordon_policy *policy = NULL;
	struct cordon_diag diag = { 0 };

	cordon_policy_parse_memory(text, strlen(text), "test", &diag, &policy);
	return load_policy(host, policy, &diag);
}

void host_latch(struct host *host, uint32_t level)
{
	host->control.latch = level;
}

void host_wait(struct host *host, uint32_t seconds)
{
	host->now += (uint64_t)seconds * 1000000000;
}

void host_forget_flows(struct host *host)
{
	memset(host->flows, 0, (size_t)host->buckets * sizeof(*host->flows));
}

/* As eth_type_trans() tells. */
#define PACKET_FOR_OTHER 3 /* PACKET_OTHERHOST */

static bool meant_for_other(const struct host_packet *packet)
{
	static const uint8_t own[6] = STAGE_ETHER;

	return !packet->out && packet->linear >= 6 && !(packet->bytes[0] & 1) &&
	       memcmp(packet->bytes, own, sizeof(own));
}

static enum cordon_reason parse(const struct host_packet *packet, bool plain, struct packet *parsed)
{
	struct cursor cursor = cursor_at(packet->bytes, packet->bytes + packet->linear, 0);

	cursor.plain = plain;
	memset(parsed, 0, sizeof(*parsed));
	return parse_ether(&cursor, packet->size, 0, parsed);
}

/* As judge_skb() of tcx.bpf.c.  What the small parser makes of a packet is what the whole one does.
 */
static void look(struct host *host, const struct host_packet *packet, enum cordon_reason *reason)
{
	struct scene *scene = find_scene();
	struct packet plain;
	const enum cordon_reason hasty = parse(packet, true, &plain);

	*reason = parse(packet, false, &scene->packet);
	plain.offset = scene->packet.offset;
	if (hasty != (enum cordon_reason)PARSE_AGAIN &&
	    (hasty != *reason || (!hasty && memcmp(&plain, &scene->packet, sizeof(plain)))))
		*reason = CORDON_REASON_INTERNAL;
	scene->ifindex = (uint32_t)packet->interface + 1;
	scene->came_by = packet->out && packet->came_by >= 0 ? (uint32_t)packet->came_by + 1 : 0;
	scene->packets = 1;
	scene->bytes = packet->size;
	scene->out = packet->out;
	host->packet = packet;
}

static enum cordon_reason counted_reason(const struct host *host,
					 const uint64_t before[CORDON_REASON_COUNT])
{
	for (int i = 0; i < CORDON_REASON_COUNT; i++) {
		if (host->reasons[i].packets != before[i])
			return i;
	}
	return CORDON_REASON_NONE;
}

struct host_verdict host_judge(struct host *host, const struct host_packet *packet)
{
	uint64_t before[CORDON_REASON_COUNT];
	struct host_verdict verdict = { 0 };
	struct __sk_buff skb = { .pkt_type = meant_for_other(packet) ? PACKET_FOR_OTHER : 0 };
	enum cordon_reason reason;

	here = host;
	for (int i = 0; i < CORDON_REASON_COUNT; i++)
		before[i] = host->reasons[i].packets;
	look(host, packet, &reason);
	verdict.pass = packet_passes(&skb, &host->scene, reason);
	verdict.rule = host->scene.rule;
	verdict.reason = counted_reason(host, before);
	return verdict;
}

const struct cordon_image *host_image(const struct host *host)
{
	return host->images[host->control.generation & 1];
}

const char *host_rule_name(const struct host *host, uint32_t rule)
{
	static const char *const builtins[] = {
#define BUILTIN_TEXT(name, text, help) text,
		CORDON_BUILTINS(BUILTIN_TEXT)
#undef BUILTIN_TEXT
	};
	const struct cordon_image *image = host_image(host);

	if (rule < CORDON_BUILTIN_COUNT)
		return builtins[rule];
	if (rule - CORDON_RULE_SLOT_FIRST >= image->nr_rules)
		return "?";
	return image->rules[rule - CORDON_RULE_SLOT_FIRST].rule.name;
}

const struct cordon_flow_bucket *host_flows(const struct host *host, uint32_t *ret_buckets)
{
	*ret_buckets = host->buckets;
	return host->flows;
}

uint64_t host_reason_packets(const struct host *host, enum cordon_reason reason)
{
	return host->reasons[reason].packets;
}

uint64_t host_slot_packets(const struct host *host)
{
	uint64_t packets = 0;

	for (int i = 0; i < DENIAL_VALUES; i++)
		packets += host->denials[i].packets + host->denials[i].folded;
	return packets;
}

uint64_t host_records(const struct host *host)
{
	return host->records;
}

const char *host_reason_name(enum cordon_reason reason)
{
	static const char *const names[] = {
#define REASON_TEXT(name, text, help) text,
		CORDON_REASONS(REASON_TEXT)
#undef REASON_TEXT
	};

	return names[reason];
}
