// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SSH_CONNECTION of this process or of one above it: sudo and su take it from
 * their children, not from their parents.
 */
#include "operator.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "nl.h"
#include "nl_sock.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/stat.h"

/* Processes from here up to the first one, and no loop if they change meanwhile. */
#define ANCESTORS_MAX 128
/* A process's arguments and environment: ARG_MAX is less on most systems. */
#define ENVIRONMENT_MAX (8UL << 20)

#define VARIABLE "SSH_CONNECTION="

/*
 * struct connection - "REMOTE PORT LOCAL PORT"
 * @scope: interface of a link-local address, ""
 * @stands: there is such a socket
 */
struct connection {
	struct cordon_address remote;
	struct cordon_address local;
	uint16_t remote_port;
	uint16_t local_port;
	char scope[CORDON_INTERFACE_NAME_SIZE];
	bool stands;
};

/* Return: 0: none */
static int parent_of(int pid)
{
	uint64_t parent = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	cordon_stat_read(AT_FDCWD, path, CORDON_STAT_PARENT, &parent);
	return (int)parent;
}

/* Return: the value, the caller's to free; NULL: it has none. */
static char *read_variable(int pid)
{
	struct cordon_file file = { .text = NULL };
	char *value = NULL, path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	if (cordon_file_read(path, ENVIRONMENT_MAX, &file))
		return NULL;
	for (const char *at = file.text; !value && at < file.text + file.size;
	     at += strlen(at) + 1) {
		if (!strncmp(at, VARIABLE, strlen(VARIABLE)))
			value = strdup(at + strlen(VARIABLE));
	}
	free(file.text);
	return value;
}

/* "fe80::1%eth0" names its interface. */
static bool read_address(char *text, struct connection *connection, struct cordon_address *address)
{
	struct cordon_address read = { .bytes = { [10] = 0xff, [11] = 0xff } };
	char *scope = strchr(text, '%');

	if (scope) {
		*scope = '\0';
		snprintf(connection->scope, sizeof(connection->scope), "%s", scope + 1);
	}
	if (inet_pton(AF_INET, text, read.bytes + 12) != 1 &&
	    inet_pton(AF_INET6, text, read.bytes) != 1)
		return false;
	*address = read;
	return true;
}

static bool read_port(const char *text, uint16_t *port)
{
	char *end;
	const unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	return true;
}

/* @value: is cut into its words */
static bool parse(char *value, struct connection *ret_connection)
{
	struct connection connection = { .stands = false };
	char *word[4], *rest = value;

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		word[i] = strsep(&rest, " ");
		if (!word[i])
			return false;
	}
	if (rest || !read_address(word[0], &connection, &connection.remote) ||
	    !read_port(word[1], &connection.remote_port) ||
	    !read_address(word[2], &connection, &connection.local) ||
	    !read_port(word[3], &connection.local_port))
		return false;
	*ret_connection = connection;
	return true;
}

static int compare_socket(void *state, const struct cordon_nl_socket *socket)
{
	struct connection *connection = state;

	connection->stands |=
		socket->remote_port == connection->remote_port &&
		socket->local_port == connection->local_port &&
		!memcmp(&socket->remote, &connection->remote, sizeof(socket->remote)) &&
		!memcmp(&socket->local, &connection->local, sizeof(socket->local));
	return 0;
}

static void look_whether_it_stands(struct connection *connection)
{
	const int fd CLEANUP(close) = cordon_nl_sockets_open();

	if (fd >= 0)
		cordon_nl_sockets_walk(fd, IPPROTO_TCP, compare_socket, connection);
}

/* It ends at this node and comes from another: else it is of another namespace, or leads
 * through none of our interfaces. */
static bool is_ours(const struct connection *connection, const struct cordon_nl_addresses *own)
{
	return cordon_nl_addresses_have(own, &connection->local) &&
	       !cordon_nl_addresses_have(own, &connection->remote);
}

static bool connection_of(int pid, const struct cordon_nl_addresses *own,
			  struct connection *ret_connection)
{
	char *value CLEANUP(free) = read_variable(pid);

	if (!value || !parse(value, ret_connection) || !is_ours(ret_connection, own))
		return false;
	look_whether_it_stands(ret_connection);
	return true;
}

static int find_connection(struct connection *ret_connection)
{
	struct cordon_nl_addresses own = { 0 };
	struct cordon_failure unsaid = { .text = "" };
	struct connection each, nearest = { .stands = false };
	bool found = false;
	int pid = getpid();

	if (cordon_nl_addresses_read(&unsaid, &own))
		return -ENOENT;
	for (int i = 0; i < ANCESTORS_MAX && pid > 0 && !nearest.stands; i++) {
		if (connection_of(pid, &own, &each) && (!found || each.stands)) {
			nearest = each;
			found = true;
		}
		pid = parent_of(pid);
	}
	free(own.entry);
	if (!found)
		return -ENOENT;
	*ret_connection = nearest;
	return 0;
}

static const struct cordon_nl_link *link_to(const struct cordon_nl_links *links,
					    const struct connection *connection)
{
	if (!connection->scope[0])
		return cordon_nl_link_find(links, cordon_nl_route(&connection->remote));
	for (size_t i = 0; i < links->nr; i++) {
		if (!strcmp(links->entry[i].name, connection->scope))
			return &links->entry[i];
	}
	return NULL;
}

static bool is_excluded(const struct cordon_image *image, const struct cordon_nl_link *link)
{
	const struct cordon_image_interface *found = cordon_image_interface_find(image, link->name);

	return found && found->mode == CORDON_MODE_EXCLUDE;
}

int cordon_operator_find(const struct cordon_image *image, struct cordon_way *ret_way)
{
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	struct cordon_failure unsaid = { .text = "" };
	const struct cordon_nl_link *link;
	struct connection connection;
	struct cordon_way way;
	int error = find_connection(&connection);

	if (!error)
		error = cordon_nl_links_read(&unsaid, &links);
	if (error)
		return error;
	link = link_to(&links, &connection);
	if (link && is_excluded(image, link))
		return -ENOENT;
	way = (struct cordon_way){
		.local = connection.local,
		.remote = connection.remote,
		.port = connection.local_port,
		.class = cordon_attach_class(image, &links, link),
	};
	if (link)
		memcpy(way.interface, link->name, sizeof(way.interface));
	*ret_way = way;
	return 0;
}
