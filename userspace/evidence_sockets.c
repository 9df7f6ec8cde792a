// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets as evidence; see evidence_process.h.  /proc/PID/net tells all of a
 * network namespace, and the links of open files who holds which.
 */
#include "evidence_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence_walk.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/print.h"

#define WORDS 16

/* ---- who holds which ---------------------------------------------------------------------- */

struct holder {
	uint64_t inode;
	pid_t pid;
	char name[16];
};

struct holders {
	struct holder *holder; /* in the order of their inodes */
	size_t nr;
	bool unseen;
};

static void take_file(struct holders *holders, const char *target, pid_t pid, const char *name)
{
	struct holder *holder;

	if (strncmp(target, "socket:[", 8) != 0)
		return;
	holder = array_push(holders->holder, holders->nr);
	if (!holder)
		return;
	holder->inode = strtoull(target + 8, NULL, 10);
	holder->pid = pid;
	snprintf(holder->name, sizeof(holder->name), "%s", name);
}

static void take_holder(void *state, int folder, pid_t pid)
{
	struct holders *holders = state;
	DIR *files = cordon_process_files(folder);
	const struct dirent *entry;
	char name[16], target[PATH_MAX];

	if (!files) {
		holders->unseen |= cordon_process_hides();
		return;
	}
	cordon_process_text(folder, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	while ((entry = readdir(files))) {
		if (cordon_process_link(dirfd(files), entry->d_name, &target))
			take_file(holders, target, pid, name);
		else
			holders->unseen |= cordon_process_hides();
	}
	closedir(files);
}

static int by_inode(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static void write_holders(struct json *json, const struct holders *holders, uint64_t inode)
{
	const struct holder key = { .inode = inode };
	const struct holder *end = holders->holder + holders->nr, *at;

	at = holders->nr ? bsearch(&key, holders->holder, holders->nr, sizeof(key), by_inode) :
			   NULL;
	while (at && at > holders->holder && at[-1].inode == inode)
		at--;
	json_array(json, "held_by");
	for (; at && at < end && at->inode == inode; at++) {
		json_object(json, NULL);
		json_number(json, "pid", (uint64_t)at->pid);
		json_string(json, "name", at->name);
		json_object_end(json);
	}
	json_array_end(json);
}

/* ---- lines of /proc/PID/net --------------------------------------------------------------- */

/* "0100007F:0016", or 32 digits of IPv6: words as the machine has them, the port as people write it
 */
static void write_end(struct json *json, const char *key, const char *text)
{
	uint8_t bytes[16] = { [10] = 0xff, [11] = 0xff };
	const size_t length = strcspn(text, ":");
	uint8_t *at = length == 32 ? bytes : bytes + 12;
	char word[9] = "", address[64];

	if ((length != 8 && length != 32) || !text[length])
		return;
	for (size_t i = 0; i < length; i += 8, at += 4) {
		uint32_t part;

		memcpy(word, text + i, 8);
		part = (uint32_t)strtoul(word, NULL, 16);
		memcpy(at, &part, sizeof(part));
	}
	json_object(json, key);
	json_string(json, "address", print_address(bytes, &address));
	json_number(json, "port", strtoul(text + length + 1, NULL, 16));
	json_object_end(json);
}

static const char *tcp_state(const char *text)
{
	static const char *const names[] = {
		"?",	      "established", "syn-sent",  "syn-received",
		"fin-wait-1", "fin-wait-2",  "time-wait", "closed",
		"close-wait", "last-ack",    "listening", "closing"
	};
	const unsigned long state = strtoul(text, NULL, 16);

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

/* sl local remote state queues timer retransmits uid timeout inode */
static void write_internet(struct json *json, char **word)
{
	write_end(json, "local", word[1]);
	write_end(json, "remote", word[2]);
	json_string(json, "state", tcp_state(word[3]));
	json_number(json, "uid", strtoul(word[7], NULL, 10));
}

/* num references protocol flags type state inode path */
static void write_unix(struct json *json, char **word)
{
	json_string(json, "type", word[4]);
	json_string(json, "state", strtoul(word[3], NULL, 16) & 0x10000 ? "listening" : word[5]);
	if (word[7])
		json_string(json, "path", word[7]);
}

/* sk references type protocol interface running memory user inode */
static void write_packet(struct json *json, char **word)
{
	json_string(json, "protocol_number", word[3]);
	json_number(json, "interface", strtoul(word[4], NULL, 10));
	json_number(json, "uid", strtoul(word[7], NULL, 10));
}

static const struct kind {
	const char *name;
	size_t inode; /* place of its word */
	void (*write)(struct json *json, char **word);
} kinds[] = {
	{ "tcp", 9, write_internet },	  { "tcp6", 9, write_internet },
	{ "udp", 9, write_internet },	  { "udp6", 9, write_internet },
	{ "udplite", 9, write_internet }, { "udplite6", 9, write_internet },
	{ "raw", 9, write_internet },	  { "raw6", 9, write_internet },
	{ "icmp", 9, write_internet },	  { "icmp6", 9, write_internet },
	{ "unix", 6, write_unix },	  { "packet", 8, write_packet },
};

static void split(char *line, char **word)
{
	char *rest = line, *next;
	size_t nr = 0;

	line[strcspn(line, "\n")] = '\0';
	while (nr < WORDS && (next = strsep(&rest, " "))) {
		if (next[0])
			word[nr++] = next;
	}
	while (nr < WORDS)
		word[nr++] = NULL;
}

static void write_socket(FILE *file, const struct kind *kind, const char *space, char **word,
			 const struct holders *holders)
{
	const uint64_t inode = strtoull(word[kind->inode], NULL, 10);
	struct json json = { .file = file };

	json_object(&json, NULL);
	json_string(&json, "protocol", kind->name);
	json_string(&json, "namespace", space);
	kind->write(&json, word);
	json_number(&json, "inode", inode);
	write_holders(&json, holders, inode);
	json_object_end(&json);
	json_line_end(&json);
}

static void write_kind(FILE *file, int folder, const struct kind *kind, const char *space,
		       const struct holders *holders)
{
	char name[32], line[1024], *word[WORDS];
	FILE *sockets CLEANUP(fclose) = NULL;
	bool head = true;

	snprintf(name, sizeof(name), "net/%s", kind->name);
	sockets = cordon_process_open(folder, name);
	for (; sockets && fgets(line, sizeof(line), sockets); head = false) {
		split(line, word);
		if (!head && word[kind->inode])
			write_socket(file, kind, space, word, holders);
	}
}

static int open_process(pid_t pid)
{
	char path[32];
	const int fd = snprintf(path, sizeof(path), "/proc/%d", pid) < (int)sizeof(path) ?
			       open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
			       -1;

	return fd < 0 ? -errno : fd;
}

static void write_namespace(FILE *file, pid_t pid, const struct holders *holders)
{
	const int folder CLEANUP(close) = open_process(pid);
	char space[PATH_MAX];

	if (folder < 0 || !cordon_process_link(folder, "ns/net", &space))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		write_kind(file, folder, &kinds[i], space, holders);
}

int cordon_evidence_sockets(const void *state, FILE *file)
{
	struct holders holders = { .nr = 0 };
	struct cordon_evidence_pids spaces;
	int error = cordon_process_walk(take_holder, &holders);

	(void)state;
	if (holders.nr)
		qsort(holders.holder, holders.nr, sizeof(*holders.holder), by_inode);
	cordon_evidence_namespaces(&spaces);
	for (size_t i = 0; i < spaces.nr; i++)
		write_namespace(file, spaces.pid[i], &holders);
	free(spaces.pid);
	free(holders.holder);
	return error || !holders.unseen ? error : -EPERM;
}

/* ---- as it is ----------------------------------------------------------------------------- */

static void write_raw(FILE *file, int folder, const char *name)
{
	FILE *from CLEANUP(fclose) = cordon_process_open(folder, name);
	char bytes[32768];
	size_t got;

	if (!from)
		return;
	fprintf(file, "==> %s <==\n", name);
	while ((got = fread(bytes, 1, sizeof(bytes), from)) > 0)
		fwrite(bytes, 1, got, file);
	fputc('\n', file);
}

int cordon_evidence_network(const void *state, FILE *file)
{
	static const char *const names[] = {
		"net/dev",
		"net/fib_trie",
		"net/route",
		"net/ipv6_route",
		"net/if_inet6",
		"net/arp",
		"net/netlink",
		"net/ptype",
		"net/igmp",
		"net/snmp",
		"net/netstat",
		"net/ip_tables_names",
		"net/ip6_tables_names",
	};
	const int folder CLEANUP(close) = open_process(*(const pid_t *)state);

	if (folder < 0)
		return folder;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		write_raw(file, folder, names[i]);
	return 0;
}
