// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets listed and destroyed, in the kernel's own words: two messages and one
 * attribute need no library, and errno comes through whole.
 */
#include "nl_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

/* What the kernel puts into one part of a dump at most. */
#define PART_SIZE 32768

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

struct walk {
	cordon_nl_socket_visitor visitor;
	void *state;
	uint8_t protocol;
	bool done;
};

int cordon_nl_sockets_open(void)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static int send_request(int fd, const struct request *request)
{
	return send(fd, request, sizeof(*request), 0) < 0 ? -errno : 0;
}

/* Return: bytes, or -errno. */
static int receive_part(int fd, void *part, size_t size)
{
	ssize_t length;

	do
		length = recv(fd, part, size, MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return (size_t)length > size ? -EMSGSIZE : (int)length;
}

static int read_error(const struct nlmsghdr *header)
{
	const struct nlmsgerr *error = NLMSG_DATA(header);

	return header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? -EBADMSG : error->error;
}

static struct cordon_address read_address(uint8_t family, const __be32 words[4])
{
	struct cordon_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (family == AF_INET)
		memcpy(address.bytes + 12, words, 4);
	else
		memcpy(address.bytes, words, 16);
	return address;
}

static uint16_t read_port(const __be16 *port)
{
	uint16_t bytes;

	memcpy(&bytes, port, sizeof(bytes));
	return ntohs(bytes);
}

static uint64_t read_cgroup(const struct nlmsghdr *header)
{
	unsigned int left = header->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	const struct rtattr *attribute = (const void *)(message + 1);
	uint64_t cgroup = 0;

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == INET_DIAG_CGROUP_ID &&
		    RTA_PAYLOAD(attribute) == sizeof(cgroup))
			memcpy(&cgroup, RTA_DATA(attribute), sizeof(cgroup));
	}
	return cgroup;
}

/* One that waits for accept() has no inode yet either, but can still be read from. */
static bool is_orphan(const struct inet_diag_msg *message)
{
	return !message->idiag_inode && message->idiag_state != TCP_ESTABLISHED &&
	       message->idiag_state != TCP_CLOSE_WAIT;
}

static int visit(const struct walk *walk, const struct nlmsghdr *header)
{
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	struct cordon_nl_socket found;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return -EBADMSG;
	found = (struct cordon_nl_socket){
		.local = read_address(message->idiag_family, message->id.idiag_src),
		.remote = read_address(message->idiag_family, message->id.idiag_dst),
		.local_port = read_port(&message->id.idiag_sport),
		.remote_port = read_port(&message->id.idiag_dport),
		.family = message->idiag_family,
		.protocol = walk->protocol,
		.orphan = is_orphan(message),
		.cgroup = read_cgroup(header),
		.id = message->id,
	};
	return walk->visitor(walk->state, &found);
}

static int visit_part(struct walk *walk, const void *part, int size)
{
	unsigned int left = (unsigned int)size;
	const struct nlmsghdr *header = part;
	int error = 0;

	for (; !error && NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			walk->done = true;
		else if (header->nlmsg_type == NLMSG_ERROR)
			error = read_error(header);
		else
			error = visit(walk, header);
	}
	return error;
}

static struct request make_request(uint16_t type, uint16_t flags, uint8_t family, uint8_t protocol)
{
	return (struct request){
		.header = {
			.nlmsg_len = sizeof(struct request),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.body = { .sdiag_family = family, .sdiag_protocol = protocol },
	};
}

static int walk_family(int fd, struct walk *walk, uint8_t family)
{
	struct request request =
		make_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, walk->protocol);
	_Alignas(struct nlmsghdr) char part[PART_SIZE];
	int result;

	request.body.idiag_states = 1 << TCP_ESTABLISHED;
	if (walk->protocol == IPPROTO_TCP)
		request.body.idiag_states |= 1 << TCP_SYN_SENT | 1 << TCP_FIN_WAIT1 |
					     1 << TCP_FIN_WAIT2 | 1 << TCP_CLOSE_WAIT |
					     1 << TCP_LAST_ACK | 1 << TCP_CLOSING;
	result = send_request(fd, &request);
	walk->done = false;
	while (!result && !walk->done) {
		result = receive_part(fd, part, sizeof(part));
		if (result > 0)
			result = visit_part(walk, part, result);
	}
	/* No handler for the family or the protocol: not built, or a module that is not there. */
	return result == -ENOENT ? -EOPNOTSUPP : result;
}

int cordon_nl_sockets_walk(int fd, uint8_t protocol, cordon_nl_socket_visitor visitor, void *state)
{
	struct walk walk = { .visitor = visitor, .state = state, .protocol = protocol };
	const int error = walk_family(fd, &walk, AF_INET);

	return error ? error : walk_family(fd, &walk, AF_INET6);
}

int cordon_nl_socket_destroy(int fd, const struct cordon_nl_socket *socket)
{
	struct request request =
		make_request(SOCK_DESTROY, NLM_F_ACK, socket->family, socket->protocol);
	_Alignas(struct nlmsghdr) char answer[1024] = { 0 };
	const struct nlmsghdr *header = (const void *)answer;
	int result;

	request.body.id = socket->id;
	result = send_request(fd, &request);
	if (!result)
		result = receive_part(fd, answer, sizeof(answer));
	if (result < 0)
		return result;
	return NLMSG_OK(header, (unsigned int)result) && header->nlmsg_type == NLMSG_ERROR ?
		       read_error(header) :
		       -EBADMSG;
}
