/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of the kernel by netlink, message by message, as it tells them, with its
 * errno whole, and nothing allocated.
 */
#ifndef CORDON_NL_DUMP_H
#define CORDON_NL_DUMP_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a question, with its attributes. */
#define CORDON_NL_QUESTION_MAX 512

/**
 * struct cordon_nl_question
 * @protocol: NETLINK_ROUTE, NETLINK_NETFILTER ...
 * @type: of the message
 * @body: @size bytes behind the header
 */
struct cordon_nl_question {
	int protocol;
	uint16_t type;
	size_t size;
	uint8_t body[CORDON_NL_QUESTION_MAX] __attribute__((aligned(4)));
};

/** cordon_nl_visitor - Return: 0: go on; what else ends the list */
typedef int (*cordon_nl_visitor)(void *state, const struct nlmsghdr *message);

/**
 * cordon_nl_walk() - ask for a list, and visit it
 * @fd: of @question->protocol, for this walk alone as long as it lasts
 * Return: 0; what the visitor returned; -EINTR: it changed meanwhile, and may be told half; -errno
 *	of the kernel.
 */
int cordon_nl_walk(int fd, const struct cordon_nl_question *question, cordon_nl_visitor visitor,
		   void *state);

/**
 * cordon_nl_dump() - the same, in the network namespace of the caller
 *
 * The kernel may load a module to answer: ask only for what is there.
 */
int cordon_nl_dump(const struct cordon_nl_question *question, cordon_nl_visitor visitor,
		   void *state);

/** cordon_nl_send() - a question; @flags: NLM_F_DUMP or NLM_F_ACK. Return: 0 or -errno */
int cordon_nl_send(int fd, const struct cordon_nl_question *question, uint16_t flags);

/** cordon_nl_receive() - Return: bytes of what came; -EMSGSIZE: it is larger; -errno */
int cordon_nl_receive(int fd, void *part, size_t size);

/** cordon_nl_error() - what an NLMSG_ERROR says: 0: done as it was asked; -errno */
int cordon_nl_error(const struct nlmsghdr *message);

/** cordon_nl_question_add() - an attribute that is a text */
void cordon_nl_question_add(struct cordon_nl_question *question, uint16_t type, const char *text);

/**
 * cordon_nl_next() - walk along attributes
 * @at: the one before; NULL: none yet
 * Return: the next one that is whole within @size bytes; NULL: there is none.
 */
const struct nlattr *cordon_nl_next(const void *first, size_t size, const struct nlattr *at);

/** cordon_nl_find() - the first of a type; NULL: there is none */
const struct nlattr *cordon_nl_find(const void *first, size_t size, uint16_t type);

static inline uint16_t cordon_nl_type(const struct nlattr *attribute)
{
	return attribute->nla_type & NLA_TYPE_MASK;
}

static inline const void *cordon_nl_bytes(const struct nlattr *attribute)
{
	return (const uint8_t *)attribute + NLA_HDRLEN;
}

static inline size_t cordon_nl_length(const struct nlattr *attribute)
{
	return attribute->nla_len - NLA_HDRLEN;
}

#endif
