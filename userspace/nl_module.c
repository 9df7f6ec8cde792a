// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to the module and its answers; see nl_module.h.
 */
#include "nl_module.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nl_dump.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Of one request: as many as SETUP has. */
#define PIECES_MAX 12
#define ANSWER_MAX 4096
#define A(name) CORDON_MODULE_A_##name

/* struct piece - an attribute; @data NULL: it is left out */
struct piece {
	uint16_t type;
	const void *data;
	size_t size;
};

/*
 * struct answer - what came back
 * @bytes: its attributes, @size of them
 */
struct answer {
	_Alignas(struct nlmsghdr) uint8_t bytes[ANSWER_MAX];
	size_t size;
	struct cordon_failure *failure;
};

static int send_request(int fd, uint16_t family, uint8_t command, const struct piece *pieces,
			size_t nr)
{
	static const uint8_t zeros[NLA_ALIGNTO];
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
	} head = { .header = { .nlmsg_len = sizeof(head),
			       .nlmsg_type = family,
			       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		   .generic = { .cmd = command, .version = CORDON_MODULE_VERSION } };
	struct nlattr attribute[PIECES_MAX];
	struct iovec parts[1 + 3 * PIECES_MAX] = { { &head, sizeof(head) } };
	size_t used = 1;

	for (size_t i = 0; i < nr; i++) {
		if (!pieces[i].data)
			continue;
		attribute[i].nla_type = pieces[i].type;
		attribute[i].nla_len = (uint16_t)(NLA_HDRLEN + pieces[i].size);
		parts[used++] = (struct iovec){ &attribute[i], NLA_HDRLEN };
		parts[used++] = (struct iovec){ (void *)pieces[i].data, pieces[i].size };
		parts[used++] =
			(struct iovec){ (void *)zeros, NLA_ALIGN(pieces[i].size) - pieces[i].size };
		head.header.nlmsg_len += (uint32_t)(NLA_HDRLEN + NLA_ALIGN(pieces[i].size));
	}
	return writev(fd, parts, (int)used) < 0 ? -errno : 0;
}

/* The module's own words, behind the head of what it refuses. */
static void take_words(const struct nlmsghdr *message, struct cordon_failure *failure)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);
	const size_t head = NLMSG_LENGTH(sizeof(*error));
	const struct nlattr *words;

	if (!failure || !(message->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    !(message->nlmsg_flags & NLM_F_CAPPED) || message->nlmsg_len <= head)
		return;
	words = cordon_nl_find((const uint8_t *)message + head, message->nlmsg_len - head,
			       NLMSGERR_ATTR_MSG);
	if (words && cordon_nl_length(words))
		cordon_fail(failure, 0, "the kernel module: %.*s", (int)cordon_nl_length(words) - 1,
			    (const char *)cordon_nl_bytes(words));
}

/* Return: 1: it was the last one, and all is well; 0: more comes; -errno */
static int take_message(struct answer *answer, const struct nlmsghdr *message)
{
	const size_t head = NLMSG_LENGTH(GENL_HDRLEN);
	int error;

	if (message->nlmsg_type == NLMSG_ERROR) {
		error = cordon_nl_error(message);
		if (error)
			take_words(message, answer->failure);
		return error ? error : 1;
	}
	if (message->nlmsg_len < head)
		return -EBADMSG;
	answer->size = message->nlmsg_len - head;
	memmove(answer->bytes, (const uint8_t *)message + head, answer->size);
	return 0;
}

static int receive(int fd, struct answer *answer)
{
	_Alignas(struct nlmsghdr) uint8_t part[ANSWER_MAX];
	int result = 0, length;

	while (!result) {
		const struct nlmsghdr *message = (const void *)part;
		unsigned int left;

		length = cordon_nl_receive(fd, part, sizeof(part));
		if (length < 0)
			return length;
		left = (unsigned int)length;
		for (; !result && NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
			result = take_message(answer, message);
	}
	return result < 0 ? result : 0;
}

static int ask(const struct cordon_module *module, uint8_t command, const struct piece *pieces,
	       size_t nr, struct answer *answer)
{
	int error = send_request(module->fd, module->family, command, pieces, nr);

	if (!error)
		error = receive(module->fd, answer);
	if (error && answer->failure && !answer->failure->text[0])
		cordon_fail(answer->failure, 0, "the kernel module: %s", strerror(-error));
	return error;
}

static int order(const struct cordon_module *module, uint8_t command, const struct piece *pieces,
		 size_t nr, struct cordon_failure *failure)
{
	struct answer answer = { .failure = failure };

	return ask(module, command, pieces, nr, &answer);
}

/* ---- open -------------------------------------------------------------------------------- */

static void take(const struct answer *answer, uint16_t type, void *ret_value, size_t size)
{
	const struct nlattr *found = cordon_nl_find(answer->bytes, answer->size, type);

	if (found && cordon_nl_length(found) == size)
		memcpy(ret_value, cordon_nl_bytes(found), size);
}

/* Asked for what is not there, the kernel would go and look for a module to load. */
static bool is_loaded(void)
{
	return !access("/sys/module/cordon", F_OK);
}

int cordon_module_open(struct cordon_module *ret_module)
{
	const int fd = is_loaded() ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC) :
				     -1;
	struct cordon_module module = { fd, GENL_ID_CTRL };
	const struct piece name = { CTRL_ATTR_FAMILY_NAME, CORDON_MODULE_FAMILY,
				    sizeof(CORDON_MODULE_FAMILY) };
	struct answer answer = { .size = 0 };
	const int yes = 1;
	int error;

	if (fd < 0)
		return is_loaded() ? -errno : -ENOENT;
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	error = ask(&module, CTRL_CMD_GETFAMILY, &name, 1, &answer);
	take(&answer, CTRL_ATTR_FAMILY_ID, &module.family, sizeof(module.family));
	if (error) {
		cordon_module_close(&module);
		return error;
	}
	*ret_module = module;
	return 0;
}

void cordon_module_close(struct cordon_module *module)
{
	cleanup_close(&module->fd);
	module->fd = -1;
}

/* ---- what is asked ----------------------------------------------------------------------- */

static void take_text(const struct answer *answer, uint16_t type, char *ret_text, size_t size)
{
	const struct nlattr *found = cordon_nl_find(answer->bytes, answer->size, type);

	if (found && cordon_nl_length(found) && cordon_nl_length(found) <= size)
		memcpy(ret_text, cordon_nl_bytes(found), cordon_nl_length(found) - 1);
}

#define TAKE_MEMBER(answer, type, member) take(answer, A(type), member, sizeof(*(member)))

int cordon_module_get(const struct cordon_module *module, struct cordon_module_state *ret_state)
{
	struct cordon_module_state state = { .latch = 0 };
	struct answer answer = { .size = 0 };
	const int error = ask(module, CORDON_MODULE_CMD_GET, NULL, 0, &answer);

	if (error)
		return error;
	TAKE_MEMBER(&answer, LATCH, &state.latch);
	TAKE_MEMBER(&answer, FLAGS, &state.flags);
	TAKE_MEMBER(&answer, CERTIFICATES, &state.certificates);
	TAKE_MEMBER(&answer, THRESHOLD, &state.threshold);
	TAKE_MEMBER(&answer, MAP, &state.map);
	TAKE_MEMBER(&answer, PROGRAMS, &state.programs);
	TAKE_MEMBER(&answer, RULES, &state.rules);
	TAKE_MEMBER(&answer, PREFIXES, &state.prefixes);
	TAKE_MEMBER(&answer, COUNTER, &state.counter);
	TAKE_MEMBER(&answer, DROPPED_IN, &state.dropped_in);
	TAKE_MEMBER(&answer, DROPPED_OUT, &state.dropped_out);
	TAKE_MEMBER(&answer, WATCH_SECONDS, &state.watch_seconds);
	TAKE_MEMBER(&answer, WATCH_LATCH, &state.watch_latch);
	TAKE_MEMBER(&answer, SILENT, &state.silent);
	TAKE_MEMBER(&answer, DIGEST, &state.digest);
	state.watched = cordon_nl_find(answer.bytes, answer.size, A(SILENT)) != NULL;
	take_text(&answer, A(OWNER), state.owner, sizeof(state.owner));
	take_text(&answer, A(NODE), state.node, sizeof(state.node));
	*ret_state = state;
	return 0;
}

static struct piece text_piece(uint16_t type, const char *text)
{
	return (struct piece){ type, text, strlen(text) + 1 };
}

int cordon_module_setup(const struct cordon_module *module, const struct cordon_module_setup *setup,
			struct cordon_failure *failure)
{
	const struct piece pieces[] = {
		text_piece(A(OWNER), setup->owner),
		text_piece(A(NODE), setup->node),
		text_piece(A(FLEETS), setup->fleets),
		{ A(THRESHOLD), &setup->threshold, sizeof(setup->threshold) },
		{ A(COUNTER), &setup->counter, sizeof(setup->counter) },
		{ A(BOOT), &setup->boot, sizeof(setup->boot) },
		{ A(CHALLENGE), setup->challenge, 16 },
		{ A(DIGEST), setup->digest, 32 },
		{ A(WATCH_SECONDS), &setup->watch_seconds, sizeof(setup->watch_seconds) },
		{ A(WATCH_LATCH), &setup->watch_latch, sizeof(setup->watch_latch) },
	};

	return order(module, CORDON_MODULE_CMD_SETUP, pieces, ARRAY_SIZE(pieces), failure);
}

int cordon_module_certificate(const struct cordon_module *module, const void *der, size_t size,
			      struct cordon_failure *failure)
{
	const struct piece piece = { A(CERTIFICATE), der, size };

	return order(module, CORDON_MODULE_CMD_CERTIFICATE, &piece, 1, failure);
}

int cordon_module_finish(const struct cordon_module *module, struct cordon_failure *failure)
{
	return order(module, CORDON_MODULE_CMD_CLOSE, NULL, 0, failure);
}

int cordon_module_keep(const struct cordon_module *module, const struct cordon_module_keep *keep,
		       struct cordon_failure *failure)
{
	const struct piece pieces[] = {
		{ A(RULES), keep->rule, keep->rules * sizeof(*keep->rule) },
		{ A(PREFIXES), keep->prefix, keep->prefixes * sizeof(*keep->prefix) },
		{ A(EXCLUDED), keep->excluded, keep->exclusions * sizeof(*keep->excluded) },
		{ A(BUILTINS_OFF), &keep->builtins_off, sizeof(keep->builtins_off) },
	};

	return order(module, CORDON_MODULE_CMD_KEEP, pieces, ARRAY_SIZE(pieces), failure);
}

int cordon_module_map(const struct cordon_module *module, int fd, struct cordon_failure *failure)
{
	const uint32_t number = (uint32_t)fd;
	const struct piece piece = { A(MAP), &number, sizeof(number) };

	return order(module, CORDON_MODULE_CMD_MAP, &piece, 1, failure);
}

int cordon_module_order(const struct cordon_module *module, const void *cms, size_t size,
			struct cordon_failure *failure)
{
	const struct piece piece = { A(ORDER), cms, size };

	if (size > UINT16_MAX - NLA_HDRLEN)
		return cordon_fail(failure, -EMSGSIZE,
				   "the kernel module takes no order of more than %d bytes",
				   UINT16_MAX - NLA_HDRLEN);
	return order(module, CORDON_MODULE_CMD_ORDER, &piece, 1, failure);
}

int cordon_module_tighten(const struct cordon_module *module, uint32_t level, uint32_t *ret_before)
{
	const struct piece piece = { A(LATCH), &level, sizeof(level) };
	struct answer answer = { .size = 0 };
	const int error = ask(module, CORDON_MODULE_CMD_SEAL, &piece, 1, &answer);

	if (error)
		return error;
	TAKE_MEMBER(&answer, LATCH, ret_before);
	return 0;
}

int cordon_module_stand(const struct cordon_module *module)
{
	return order(module, CORDON_MODULE_CMD_STAND, NULL, 0, NULL);
}

int cordon_module_beat(const struct cordon_module *module)
{
	return order(module, CORDON_MODULE_CMD_BEAT, NULL, 0, NULL);
}
