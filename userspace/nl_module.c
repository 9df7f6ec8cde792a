// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to the module and its answers; see nl_module.h.
 */
#include "nl_module.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nl_dump.h"
#include "util/array.h"
#include "util/cleanup.h"

/* One part for each array of a keep list, and for its head. */
#define PARTS_MAX 4
#define ANSWER_MAX 4096
#define A(name) CORDON_MODULE_A_##name

/* struct piece - the attribute of a request, of so many parts; @type 0: it has none */
struct piece {
	uint16_t type;
	struct iovec part[PARTS_MAX];
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

static int send_request(int fd, uint16_t family, uint8_t command, const struct piece *piece)
{
	static const uint8_t zeros[NLA_ALIGNTO];
	struct {
		struct nlmsghdr header;
		struct genlmsghdr generic;
		struct nlattr attribute;
	} head = { .header = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		   .generic = { .cmd = command, .version = CORDON_MODULE_VERSION },
		   .attribute = { NLA_HDRLEN, piece->type } };
	const size_t plain = sizeof(head) - sizeof(head.attribute);
	struct iovec parts[2 + PARTS_MAX] = { { &head, piece->type ? sizeof(head) : plain } };
	size_t size = parts[0].iov_len;

	memcpy(parts + 1, piece->part, sizeof(piece->part));
	for (int i = 0; i < PARTS_MAX; i++) {
		head.attribute.nla_len += (uint16_t)piece->part[i].iov_len;
		size += piece->part[i].iov_len;
	}
	parts[1 + PARTS_MAX] = (struct iovec){ (void *)zeros, NLA_ALIGN(size) - size };
	head.header.nlmsg_len = (uint32_t)NLA_ALIGN(size);
	return writev(fd, parts, ARRAY_SIZE(parts)) < 0 ? -errno : 0;
}

static const char *words_of(int error)
{
	static const struct {
		int error;
		const char *words;
	} words[] = {
		{ -EINVAL, "what it is told is incomplete, or contradicts itself" },
		{ -EBADMSG, "it is no signed order, or not in its one form" },
		{ -EOPNOTSUPP, "the order opens nothing: only release and detach do" },
		{ -EKEYREJECTED, "a signature is wrong" },
		{ -ENOKEY, "nobody signed it who may release this node" },
		{ -EDQUOT, "too few distinct keys signed it" },
		{ -ENOPKG, "this kernel cannot check such a signature: sign with RSA, PKCS #1 "
			   "v1.5, and SHA-256" },
		{ -EXDEV, "the order is for another node" },
		{ -ESTALE, "its counter was used already" },
		{ -EAGAIN, "the order holds from a later boot on" },
		{ -EKEYEXPIRED, "it does not name the node's challenge, or another" },
		{ -EBUSY, "the node was sealed again in this moment" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].error == error)
			return words[i].words;
	}
	return strerror(-error);
}

/* Return: 1: it was the last one, and all is well; 0: more comes; -errno */
static int take_message(struct answer *answer, const struct nlmsghdr *message)
{
	const size_t head = NLMSG_LENGTH(GENL_HDRLEN);

	if (message->nlmsg_type == NLMSG_ERROR) {
		const int error = cordon_nl_error(message);

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

static int ask(const struct cordon_module *module, uint8_t command, const struct piece *piece,
	       struct answer *answer)
{
	int error = send_request(module->fd, module->family, command, piece);

	if (!error)
		error = receive(module->fd, answer);
	if (error && answer->failure)
		cordon_fail(answer->failure, 0, "the kernel module: %s", words_of(error));
	return error;
}

static int order(const struct cordon_module *module, uint8_t command, const struct piece *piece,
		 struct cordon_failure *failure)
{
	struct answer answer = { .failure = failure };

	return ask(module, command, piece, &answer);
}

static const struct piece nothing = { 0 };

static struct piece one_part(uint16_t type, const void *bytes, size_t size)
{
	return (struct piece){ type, { { (void *)bytes, size } } };
}

/* ---- open -------------------------------------------------------------------------------- */

static void take(const struct answer *answer, uint16_t type, void *ret_value, size_t size)
{
	const struct nlattr *found = cordon_nl_find(answer->bytes, answer->size, type);

	if (found && cordon_nl_length(found) == size)
		memcpy(ret_value, cordon_nl_bytes(found), size);
}

/* Asked for what is not there, the kernel would go and look for a module to load. */
bool cordon_module_is_loaded(void)
{
	return !access("/sys/module/cordon", F_OK);
}

/* @answer: what the kernel says of the family */
static int open_family(struct cordon_module *ret_module, struct answer *answer)
{
	const struct piece name =
		one_part(CTRL_ATTR_FAMILY_NAME, CORDON_MODULE_FAMILY, sizeof(CORDON_MODULE_FAMILY));
	struct cordon_module module = { -1, GENL_ID_CTRL };
	const int yes = 1;
	int error;

	if (!cordon_module_is_loaded())
		return -ENOENT;
	module.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (module.fd < 0)
		return -errno;
	setsockopt(module.fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	error = ask(&module, CTRL_CMD_GETFAMILY, &name, answer);
	take(answer, CTRL_ATTR_FAMILY_ID, &module.family, sizeof(module.family));
	if (error) {
		cordon_module_close(&module);
		return error;
	}
	*ret_module = module;
	return 0;
}

int cordon_module_open(struct cordon_module *ret_module)
{
	struct answer answer = { .size = 0 };

	return open_family(ret_module, &answer);
}

void cordon_module_close(struct cordon_module *module)
{
	cleanup_close(&module->fd);
	module->fd = -1;
}

/* ---- what it tells ------------------------------------------------------------------------ */

/* It has one group. */
static int group_of(const struct answer *answer, uint32_t *ret_group)
{
	const struct nlattr *at =
		cordon_nl_find(answer->bytes, answer->size, CTRL_ATTR_MCAST_GROUPS);

	if (at)
		at = cordon_nl_next(cordon_nl_bytes(at), cordon_nl_length(at), NULL);
	if (at)
		at = cordon_nl_find(cordon_nl_bytes(at), cordon_nl_length(at),
				    CTRL_ATTR_MCAST_GRP_ID);
	if (!at || cordon_nl_length(at) != sizeof(*ret_group))
		return -EBADMSG;
	memcpy(ret_group, cordon_nl_bytes(at), sizeof(*ret_group));
	return 0;
}

int cordon_module_listen(int *ret_fd)
{
	struct cordon_module module CLEANUP(module) = { -1, 0 };
	struct answer answer = { .size = 0 };
	uint32_t group;
	int error = open_family(&module, &answer);

	if (!error)
		error = group_of(&answer, &group);
	if (error)
		return error;
	if (fcntl(module.fd, F_SETFL, O_NONBLOCK) ||
	    setsockopt(module.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return -errno;
	*ret_fd = TAKE_FD(module.fd);
	return 0;
}

int cordon_module_hear(int fd, struct cordon_module_event *ret_event)
{
	_Alignas(struct nlmsghdr) uint8_t part[ANSWER_MAX];
	const struct nlmsghdr *message = (const void *)part;
	const int length = cordon_nl_receive(fd, part, sizeof(part));
	struct answer answer = { .size = 0 };

	if (length < 0)
		return length;
	if (!NLMSG_OK(message, (unsigned int)length) || message->nlmsg_type < NLMSG_MIN_TYPE ||
	    take_message(&answer, message) || !cordon_nl_find(answer.bytes, answer.size, A(EVENT)))
		return -EBADMSG;
	take(&answer, A(EVENT), ret_event, sizeof(*ret_event));
	return 0;
}

/* ---- what is asked ----------------------------------------------------------------------- */

int cordon_module_get(const struct cordon_module *module, struct cordon_module_state *ret_state)
{
	struct cordon_module_state state = { .version = 0 };
	struct answer answer = { .size = 0 };
	const int error = ask(module, CORDON_MODULE_CMD_GET, &nothing, &answer);

	if (error)
		return error;
	take(&answer, A(STATE), &state, sizeof(state));
	if (state.version != CORDON_MODULE_VERSION)
		return -EPROTONOSUPPORT;
	*ret_state = state;
	return 0;
}

int cordon_module_setup(const struct cordon_module *module, const struct cordon_module_setup *setup,
			struct cordon_failure *failure)
{
	const struct piece piece = one_part(A(SETUP), setup, sizeof(*setup));

	return order(module, CORDON_MODULE_CMD_SETUP, &piece, failure);
}

int cordon_module_certificate(const struct cordon_module *module, const void *der, size_t size,
			      struct cordon_failure *failure)
{
	const struct piece piece = one_part(A(CERTIFICATE), der, size);

	return order(module, CORDON_MODULE_CMD_CERTIFICATE, &piece, failure);
}

int cordon_module_finish(const struct cordon_module *module, struct cordon_failure *failure)
{
	return order(module, CORDON_MODULE_CMD_CLOSE, &nothing, failure);
}

int cordon_module_keep(const struct cordon_module *module, const struct cordon_module_list *list,
		       struct cordon_failure *failure)
{
	const struct piece piece = {
		A(KEEP),
		{ { (void *)&list->head, sizeof(list->head) },
		  { (void *)list->rule, list->head.rules * sizeof(*list->rule) },
		  { (void *)list->prefix, list->head.prefixes * sizeof(*list->prefix) },
		  { (void *)list->excluded, list->head.exclusions * sizeof(*list->excluded) } }
	};

	return order(module, CORDON_MODULE_CMD_KEEP, &piece, failure);
}

int cordon_module_map(const struct cordon_module *module, int fd, struct cordon_failure *failure)
{
	const uint32_t number = (uint32_t)fd;
	const struct piece piece = one_part(A(MAP), &number, sizeof(number));

	return order(module, CORDON_MODULE_CMD_MAP, &piece, failure);
}

int cordon_module_order(const struct cordon_module *module, const void *cms, size_t size,
			struct cordon_failure *failure)
{
	const struct piece piece = one_part(A(ORDER), cms, size);

	if (size > UINT16_MAX - NLA_HDRLEN)
		return cordon_fail(failure, -EMSGSIZE,
				   "the kernel module takes no order of more than %d bytes",
				   UINT16_MAX - NLA_HDRLEN);
	return order(module, CORDON_MODULE_CMD_ORDER, &piece, failure);
}

int cordon_module_tighten(const struct cordon_module *module, uint32_t level)
{
	const struct piece piece = one_part(A(LATCH), &level, sizeof(level));
	struct answer answer = { .size = 0 };

	return ask(module, CORDON_MODULE_CMD_SEAL, &piece, &answer);
}

int cordon_module_stand(const struct cordon_module *module)
{
	return order(module, CORDON_MODULE_CMD_STAND, &nothing, NULL);
}

int cordon_module_beat(const struct cordon_module *module)
{
	return order(module, CORDON_MODULE_CMD_BEAT, &nothing, NULL);
}
