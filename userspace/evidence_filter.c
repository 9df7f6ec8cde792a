// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packet filters beside ours; see evidence_network.h.  Of nftables every attribute
 * is told, by its number in <linux/netfilter/nf_tables.h>: what a rule does no
 * text of ours can leave out.
 */
#include "evidence_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nl_dump.h"
#include "util/array.h"
#include "util/cleanup.h"

/* An expression in a rule in a list in a message, and some more. */
#define DEPTH_MAX 16
#define TYPE_MAX 64

/* ---- nftables ----------------------------------------------------------------------------- */

/* The kernel does not mark them.  A number of four bytes, or one of eight in network byte order,
 * never looks like it. */
static bool is_nested(const void *bytes, size_t size)
{
	const struct nlattr *at = NULL, *last = NULL;

	while (size >= 8 && (at = cordon_nl_next(bytes, size, at))) {
		if (!cordon_nl_type(at) || cordon_nl_type(at) > TYPE_MAX)
			return false;
		last = at;
	}
	return last &&
	       (const uint8_t *)last + NLA_ALIGN(last->nla_len) == (const uint8_t *)bytes + size;
}

static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++) {
		if (bytes[i] < ' ' || bytes[i] > '~')
			return false;
	}
	return size > 1 && !bytes[size - 1];
}

static void write_attributes(struct json *json, const void *first, size_t size, int depth);

static void write_attribute(struct json *json, const struct nlattr *attribute, int depth)
{
	const void *bytes = cordon_nl_bytes(attribute);
	const size_t size = cordon_nl_length(attribute);

	json_object(json, NULL);
	json_number(json, "type", cordon_nl_type(attribute));
	if (depth && is_nested(bytes, size))
		write_attributes(json, bytes, size, depth - 1);
	else
		cordon_evidence_hex(json, "hex", bytes, size);
	if (is_text(bytes, size))
		json_string(json, "text", bytes);
	json_object_end(json);
}

static void write_attributes(struct json *json, const void *first, size_t size, int depth)
{
	const struct nlattr *at = NULL;

	json_array(json, "attributes");
	while ((at = cordon_nl_next(first, size, at)))
		write_attribute(json, at, depth);
	json_array_end(json);
}

/* struct kind - a list; @name: attribute that is its name, as 1 is the table's everywhere */
struct kind {
	const char *what;
	uint8_t message;
	uint16_t name;
};

/* struct set - one whose elements are to be asked for */
struct set {
	uint8_t family;
	char table[NFT_NAME_MAXLEN];
	char name[NFT_NAME_MAXLEN];
};

struct listing {
	FILE *file;
	const struct kind *kind;
	struct set *set; /* owned */
	size_t sets;
	size_t told;
};

static const char *text_of(const struct nlattr *attribute)
{
	return attribute && is_text(cordon_nl_bytes(attribute), cordon_nl_length(attribute)) ?
		       cordon_nl_bytes(attribute) :
		       NULL;
}

static void keep_set(struct listing *listing, uint8_t family, const char *table, const char *name)
{
	struct set *set;

	if (listing->kind->message != NFT_MSG_GETSET || !table || !name)
		return;
	set = array_push(listing->set, listing->sets);
	if (!set)
		return;
	set->family = family;
	snprintf(set->table, sizeof(set->table), "%s", table);
	snprintf(set->name, sizeof(set->name), "%s", name);
}

static int write_message(void *state, const struct nlmsghdr *message)
{
	struct listing *listing = state;
	const struct nfgenmsg *head = NLMSG_DATA(message);
	const size_t before = NLMSG_ALIGN(NLMSG_HDRLEN + sizeof(*head));
	const void *first = (const uint8_t *)message + before;
	const size_t size = message->nlmsg_len > before ? message->nlmsg_len - before : 0;
	const char *table = text_of(cordon_nl_find(first, size, 1));
	const char *name = text_of(cordon_nl_find(first, size, listing->kind->name));
	struct json json = { .file = listing->file };

	json_object(&json, NULL);
	json_string(&json, "what", listing->kind->what);
	json_number(&json, "family", head->nfgen_family);
	if (table)
		json_string(&json, "table", table);
	if (name)
		json_string(&json, "name", name);
	write_attributes(&json, first, size, DEPTH_MAX);
	json_object_end(&json);
	json_line_end(&json);
	listing->told++;
	keep_set(listing, head->nfgen_family, table, name);
	return 0;
}

static struct cordon_nl_question question_of(uint8_t message, uint8_t family)
{
	const struct nfgenmsg head = { .nfgen_family = family, .version = NFNETLINK_V0 };
	struct cordon_nl_question question = {
		.protocol = NETLINK_NETFILTER,
		.type = NFNL_SUBSYS_NFTABLES << 8 | message,
		.size = NLMSG_ALIGN(sizeof(head)),
	};

	memcpy(question.body, &head, sizeof(head));
	return question;
}

static int write_elements(struct listing *listing)
{
	static const struct kind kind = { "elements", NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_SET };
	int error = 0;

	listing->kind = &kind;
	for (size_t i = 0; i < listing->sets && !error; i++) {
		const struct set *set = &listing->set[i];
		struct cordon_nl_question question = question_of(kind.message, set->family);

		cordon_nl_question_add(&question, NFTA_SET_ELEM_LIST_TABLE, set->table);
		cordon_nl_question_add(&question, NFTA_SET_ELEM_LIST_SET, set->name);
		error = cordon_nl_dump(&question, write_message, listing);
		/* It was removed meanwhile. */
		error = error == -ENOENT ? 0 : error;
	}
	return error;
}

/* To ask would load it; a kernel that does not say what it has is not asked. */
bool cordon_evidence_has_nftables(void)
{
	FILE *symbols CLEANUP(fclose) = fopen("/proc/kallsyms", "re");
	char line[256];

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (strstr(line, " nf_tables_newtable"))
			return true;
	}
	return false;
}

int cordon_evidence_nftables(const void *state, FILE *file)
{
	static const struct kind kinds[] = {
		{ "table", NFT_MSG_GETTABLE, NFTA_TABLE_NAME },
		{ "chain", NFT_MSG_GETCHAIN, NFTA_CHAIN_NAME },
		{ "rule", NFT_MSG_GETRULE, NFTA_RULE_CHAIN },
		{ "set", NFT_MSG_GETSET, NFTA_SET_NAME },
		{ "object", NFT_MSG_GETOBJ, NFTA_OBJ_NAME },
		{ "flowtable", NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_NAME },
	};
	const struct cordon_evidence_space *space = state;
	struct listing listing = { .file = file };
	int error = space->nftables ? cordon_evidence_enter(space->pid) : -ENODATA;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !error; i++) {
		const struct cordon_nl_question question =
			question_of(kinds[i].message, NFPROTO_UNSPEC);

		listing.kind = &kinds[i];
		error = cordon_nl_dump(&question, write_message, &listing);
	}
	if (!error)
		error = write_elements(&listing);
	free(listing.set);
	return error || listing.told ? error : -ENODATA;
}

/* ---- before nftables ---------------------------------------------------------------------- */

/* What comes behind the head of an entry, match or target, is alike in both. */
struct part {
	uint16_t size;
	char name[XT_EXTENSION_MAXNAMELEN];
	uint8_t revision;
} __attribute__((packed));

#define PART_HEAD XT_ALIGN(sizeof(struct part))

static void write_part(struct json *json, const uint8_t *at, size_t left)
{
	struct part part;

	memcpy(&part, at, sizeof(part));
	part.name[sizeof(part.name) - 1] = '\0';
	json_string(json, "name", part.name);
	json_number(json, "revision", part.revision);
	if (part.size > PART_HEAD && part.size <= left)
		cordon_evidence_hex(json, "hex", at + PART_HEAD, part.size - PART_HEAD);
}

static void write_matches(struct json *json, const uint8_t *at, size_t left)
{
	json_array(json, "matches");
	while (left >= PART_HEAD) {
		uint16_t size;

		memcpy(&size, at, sizeof(size));
		if (size < PART_HEAD || size > left)
			break;
		json_object(json, NULL);
		write_part(json, at, left);
		json_object_end(json);
		at += size;
		left -= size;
	}
	json_array_end(json);
}

/* struct entry - of either family */
struct entry {
	size_t head;
	size_t target;
	size_t next;
	struct xt_counters counters;
};

static struct entry write_ip4(struct json *json, const uint8_t *at)
{
	struct ipt_entry entry;

	memcpy(&entry, at, sizeof(entry));
	cordon_evidence_ip(json, "source", AF_INET, &entry.ip.src, 4);
	cordon_evidence_ip(json, "source_mask", AF_INET, &entry.ip.smsk, 4);
	cordon_evidence_ip(json, "destination", AF_INET, &entry.ip.dst, 4);
	cordon_evidence_ip(json, "destination_mask", AF_INET, &entry.ip.dmsk, 4);
	json_string(json, "in", entry.ip.iniface);
	json_string(json, "out", entry.ip.outiface);
	json_number(json, "protocol", entry.ip.proto);
	json_number(json, "inverse", entry.ip.invflags);
	return (struct entry){ sizeof(entry), entry.target_offset, entry.next_offset,
			       entry.counters };
}

static struct entry write_ip6(struct json *json, const uint8_t *at)
{
	struct ip6t_entry entry;

	memcpy(&entry, at, sizeof(entry));
	cordon_evidence_ip(json, "source", AF_INET6, &entry.ipv6.src, 16);
	cordon_evidence_ip(json, "source_mask", AF_INET6, &entry.ipv6.smsk, 16);
	cordon_evidence_ip(json, "destination", AF_INET6, &entry.ipv6.dst, 16);
	cordon_evidence_ip(json, "destination_mask", AF_INET6, &entry.ipv6.dmsk, 16);
	json_string(json, "in", entry.ipv6.iniface);
	json_string(json, "out", entry.ipv6.outiface);
	json_number(json, "protocol", entry.ipv6.proto);
	json_number(json, "inverse", entry.ipv6.invflags);
	return (struct entry){ sizeof(entry), entry.target_offset, entry.next_offset,
			       entry.counters };
}

/* struct family - the tables of one; its structures of questions are those of the other */
static const struct family {
	const char *name;
	const char *names;
	int domain;
	int level;
	struct entry (*write)(struct json *json, const uint8_t *at);
	size_t head;
} families[] = {
	{ "ipv4", "/proc/thread-self/net/ip_tables_names", AF_INET, IPPROTO_IP, write_ip4,
	  sizeof(struct ipt_entry) },
	{ "ipv6", "/proc/thread-self/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6, write_ip6,
	  sizeof(struct ip6t_entry) },
};

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "asked alike");

/* Return: bytes of it; 0: it is none. */
static size_t write_entry(FILE *file, const struct family *family, const struct ipt_getinfo *info,
			  const uint8_t *at, size_t left)
{
	struct json json = { .file = file };
	struct entry entry;

	if (left < family->head)
		return 0;
	json_object(&json, NULL);
	json_string(&json, "family", family->name);
	json_string(&json, "table", info->name);
	json_number(&json, "offset", info->size - left);
	entry = family->write(&json, at);
	json_number(&json, "packets", entry.counters.pcnt);
	json_number(&json, "bytes", entry.counters.bcnt);
	if (entry.head <= entry.target && entry.target + PART_HEAD <= entry.next &&
	    entry.next <= left) {
		write_matches(&json, at + entry.head, entry.target - entry.head);
		json_object(&json, "target");
		write_part(&json, at + entry.target, entry.next - entry.target);
		json_object_end(&json);
	}
	json_object_end(&json);
	json_line_end(&json);
	return entry.next >= entry.head && entry.next <= left ? entry.next : 0;
}

/* Where each hook begins, and what it does at its end. */
static void write_info(FILE *file, const struct family *family, const struct ipt_getinfo *info)
{
	struct json json = { .file = file };

	json_object(&json, NULL);
	json_string(&json, "family", family->name);
	json_string(&json, "table", info->name);
	json_number(&json, "entries", info->num_entries);
	json_array(&json, "hooks");
	for (unsigned int i = 0; i < ARRAY_SIZE(info->hook_entry); i++) {
		if (!(info->valid_hooks >> i & 1))
			continue;
		json_object(&json, NULL);
		json_number(&json, "hook", i);
		json_number(&json, "begins", info->hook_entry[i]);
		json_number(&json, "policy", info->underflow[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

static int write_table(FILE *file, const struct family *family, int fd, const char *name)
{
	struct ipt_getinfo info = { .valid_hooks = 0 };
	socklen_t length = sizeof(info);
	struct ipt_get_entries *entries CLEANUP(free) = NULL;
	size_t step = 1;

	snprintf(info.name, sizeof(info.name), "%.31s", name);
	if (getsockopt(fd, family->level, IPT_SO_GET_INFO, &info, &length))
		return -errno;
	length = (socklen_t)(sizeof(*entries) + info.size);
	entries = calloc(1, length);
	if (!entries)
		return -ENOMEM;
	memcpy(entries->name, info.name, sizeof(entries->name));
	entries->size = info.size;
	if (getsockopt(fd, family->level, IPT_SO_GET_ENTRIES, entries, &length))
		return -errno;
	write_info(file, family, &info);
	for (size_t left = info.size; left && step; left -= step)
		step = write_entry(file, family, &info,
				   (const uint8_t *)entries->entrytable + (info.size - left), left);
	return 0;
}

/* Only those that are there already: to ask for another would make it. */
static int write_tables(FILE *file, const struct family *family, size_t *told)
{
	FILE *names CLEANUP(fclose) = fopen(family->names, "re");
	const int fd CLEANUP(close) = names ? socket(family->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0) :
					      -1;
	char name[XT_TABLE_MAXNAMELEN + 1];
	int error = names && fd < 0 ? -errno : 0;

	while (names && !error && fgets(name, sizeof(name), names)) {
		name[strcspn(name, "\n")] = '\0';
		error = write_table(file, family, fd, name);
		*told += 1;
	}
	return error;
}

int cordon_evidence_iptables(const void *state, FILE *file)
{
	int error = cordon_evidence_enter(((const struct cordon_evidence_space *)state)->pid);
	size_t told = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families) && !error; i++)
		error = write_tables(file, &families[i], &told);
	return error || told ? error : -ENODATA;
}
