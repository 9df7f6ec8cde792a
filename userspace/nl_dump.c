// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of the kernel by netlink; see nl_dump.h.
 */
#include "nl_dump.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/cleanup.h"

/* What the kernel puts into one part at most (netlink_recvmsg() of net/netlink/af_netlink.c). */
#define PART_SIZE 32768

void cordon_nl_question_add(struct cordon_nl_question *question, uint16_t type, const char *text)
{
	const size_t length = strlen(text) + 1;
	struct nlattr *attribute = (void *)(question->body + question->size);

	if (question->size + NLA_HDRLEN + NLA_ALIGN(length) > sizeof(question->body))
		return;
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
	memcpy((uint8_t *)attribute + NLA_HDRLEN, text, length);
	question->size += NLA_HDRLEN + NLA_ALIGN(length);
}

const struct nlattr *cordon_nl_next(const void *first, size_t size, const struct nlattr *at)
{
	const uint8_t *end = (const uint8_t *)first + size;
	const uint8_t *next = at ? (const uint8_t *)at + NLA_ALIGN(at->nla_len) : first;
	const struct nlattr *found = (const void *)next;

	if (next > end || (size_t)(end - next) < NLA_HDRLEN || found->nla_len < NLA_HDRLEN ||
	    found->nla_len > end - next)
		return NULL;
	return found;
}

const struct nlattr *cordon_nl_find(const void *first, size_t size, uint16_t type)
{
	const struct nlattr *at = NULL;

	while ((at = cordon_nl_next(first, size, at))) {
		if (cordon_nl_type(at) == type)
			return at;
	}
	return NULL;
}

int cordon_nl_send(int fd, const struct cordon_nl_question *question, uint16_t flags)
{
	struct {
		struct nlmsghdr header;
		uint8_t body[CORDON_NL_QUESTION_MAX];
	} message = {
		.header = { .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + question->size),
			    .nlmsg_type = question->type,
			    .nlmsg_flags = NLM_F_REQUEST | flags },
	};

	memcpy(message.body, question->body, question->size);
	return send(fd, &message, message.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

int cordon_nl_receive(int fd, void *part, size_t size)
{
	ssize_t length;

	do
		length = recv(fd, part, size, MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return (size_t)length > size ? -EMSGSIZE : (int)length;
}

int cordon_nl_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	return message->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? -EBADMSG : error->error;
}

/* struct dump - being taken; @done: the kernel told all of it; @torn: it changed meanwhile */
struct dump {
	cordon_nl_visitor visitor;
	void *state;
	bool done;
	bool torn;
};

static int read_part(struct dump *dump, const void *part, unsigned int size)
{
	const struct nlmsghdr *message = part;
	int result = 0;

	for (; NLMSG_OK(message, size) && !dump->done && !result;
	     message = NLMSG_NEXT(message, size)) {
		dump->torn |= message->nlmsg_flags & NLM_F_DUMP_INTR;
		dump->done = message->nlmsg_type == NLMSG_DONE;
		if (message->nlmsg_type == NLMSG_ERROR)
			result = cordon_nl_error(message);
		else if (!dump->done)
			result = dump->visitor(dump->state, message);
	}
	return result;
}

int cordon_nl_walk(int fd, const struct cordon_nl_question *question, cordon_nl_visitor visitor,
		   void *state)
{
	_Alignas(struct nlmsghdr) char part[PART_SIZE];
	struct dump dump = { .visitor = visitor, .state = state };
	int result = cordon_nl_send(fd, question, NLM_F_DUMP), length;

	while (!result && !dump.done) {
		length = cordon_nl_receive(fd, part, sizeof(part));
		result = length < 0 ? length : read_part(&dump, part, (unsigned int)length);
	}
	return result || !dump.torn ? result : -EINTR;
}

int cordon_nl_dump(const struct cordon_nl_question *question, cordon_nl_visitor visitor,
		   void *state)
{
	const int fd CLEANUP(close) =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, question->protocol);

	return fd < 0 ? -errno : cordon_nl_walk(fd, question, visitor, state);
}
