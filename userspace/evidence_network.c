// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the pieces about a network namespace have in common; see evidence_network.h.
 */
#include "evidence_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/hex.h"

int cordon_evidence_enter(pid_t pid)
{
	struct stat own, other;
	char path[48];
	int fd CLEANUP(close) = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &other) || stat("/proc/self/ns/net", &own))
		return -errno;
	if (own.st_ino == other.st_ino && own.st_dev == other.st_dev)
		return 0;
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

void cordon_evidence_hex(struct json *json, const char *key, const void *bytes, size_t size)
{
	char *text CLEANUP(free) = malloc(2 * size + 1);

	if (!text)
		return;
	cordon_hex_format(bytes, size, text);
	json_string(json, key, text);
}

void cordon_evidence_ip(struct json *json, const char *key, int family, const void *bytes,
			size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (size == (family == AF_INET ? 4 : 16) && inet_ntop(family, bytes, text, sizeof(text)))
		json_string(json, key, text);
}
