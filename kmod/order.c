// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a manifest.  It allocates nothing and looks at each byte a bounded number of
 * times.  Fields that the latch does not depend on are known by name, and looked at no
 * further: they are for people, or for the helper alone.
 */
#include "cordon.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#define HEAD "cordon-order: 1"

/* Up to REASON each order has them. */
enum field {
	ACTION,
	ISSUER,
	COUNTER,
	REASON,
	NODE,
	FLEET,
	NOT_BEFORE_BOOT,
	LEASE,
	CHALLENGE,
	ANCHOR,
	ANCHOR_SIGNATURES,
	FIELDS
};

static const char *const keys[FIELDS] = {
	"action",    "issuer", "counter",	    "reason",
	"node",	     "fleet",  "not-before-boot",   "lease",
	"challenge", "anchor", "anchor-signatures",
};

static bool is_plain(const char *line)
{
	for (; *line; line++) {
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			return false;
	}
	return true;
}

/* "key: value" */
static int read_field(char *line, char *(*values)[FIELDS])
{
	char *value = line;
	int field;

	if (!is_plain(line) || !strsep(&value, ":") || !value || *value++ != ' ' || !*value ||
	    *value == ' ' || value[strlen(value) - 1] == ' ')
		return -EBADMSG;
	field = match_string(keys, FIELDS, line);
	if (field < 0 || (*values)[field])
		return -EBADMSG;
	(*values)[field] = value;
	return 0;
}

static int read_fields(char *text, size_t size, char *(*values)[FIELDS])
{
	if (!size || strlen(text) != size || text[size - 1] != '\n')
		return -EBADMSG;
	text[size - 1] = '\0';
	if (strcmp(strsep(&text, "\n"), HEAD))
		return -EBADMSG;
	while (text) {
		if (read_field(strsep(&text, "\n"), values))
			return -EBADMSG;
	}
	for (int i = 0; i <= REASON; i++) {
		if (!(*values)[i])
			return -EBADMSG;
	}
	return !(*values)[NODE] == !(*values)[FLEET] ? -EBADMSG : 0;
}

/* 1 to 2^63 - 1, in one way only; 0 where it is not said */
static int read_number(const char *text, u64 *ret_number)
{
	s64 number = 0;

	if (text && (*text < '1' || *text > '9' || kstrtos64(text, 10, &number)))
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

static int read_challenge(const char *text, struct cordon_order *order)
{
	const size_t size = sizeof(order->challenge);

	order->has_challenge = text;
	return text && (strlen(text) != 2 * size || hex2bin(order->challenge, text, size)) ?
		       -EBADMSG :
		       0;
}

int cordon_order_parse(char *text, size_t size, struct cordon_order *ret_order)
{
	char *values[FIELDS] = { NULL };

	if (read_fields(text, size, &values) || read_number(values[COUNTER], &ret_order->counter) ||
	    read_number(values[NOT_BEFORE_BOOT], &ret_order->not_before) ||
	    read_challenge(values[CHALLENGE], ret_order))
		return -EBADMSG;
	ret_order->nodes = values[NODE];
	ret_order->fleets = values[FLEET];
	return strcmp(values[ACTION], "release") && strcmp(values[ACTION], "detach") ? -EOPNOTSUPP :
										       0;
}

static bool is_among(const char *name, const char *ours)
{
	const size_t size = strlen(name);

	while (size && *ours) {
		const size_t length = strcspn(ours, " ");

		if (length == size && !memcmp(ours, name, size))
			return true;
		ours += length + (ours[length] == ' ');
	}
	return false;
}

bool cordon_order_names(char *names, const char *ours)
{
	while (names) {
		if (is_among(strsep(&names, " "), ours))
			return true;
	}
	return false;
}
