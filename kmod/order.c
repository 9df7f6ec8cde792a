// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a manifest.  It allocates nothing and looks at each byte a bounded number of
 * times.  Fields that the latch does not depend on are still looked at: once each,
 * and known by name.
 */
#include "order.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#define HEAD "cordon-order: 1"

static bool is(struct cordon_order_piece piece, const char *word)
{
	return piece.size == strlen(word) && !memcmp(piece.text, word, piece.size);
}

/* What stands before @end, which is skipped. */
static bool take_until(struct cordon_order_piece *rest, char end, struct cordon_order_piece *piece)
{
	const char *at = memchr(rest->text, end, rest->size);

	if (!at)
		return false;
	*piece = (struct cordon_order_piece){ rest->text, at - rest->text };
	rest->text += piece->size + 1;
	rest->size -= piece->size + 1;
	return true;
}

static bool is_plain(struct cordon_order_piece piece)
{
	for (size_t i = 0; i < piece.size; i++) {
		if ((unsigned char)piece.text[i] < ' ' || piece.text[i] == 0x7f)
			return false;
	}
	return true;
}

/* 1 to 2^63 - 1, in one way only */
static int read_number(struct cordon_order_piece value, u64 *number)
{
	*number = 0;
	if (!value.size || value.size > 19 || value.text[0] == '0')
		return -EBADMSG;
	for (size_t i = 0; i < value.size; i++) {
		if (value.text[i] < '0' || value.text[i] > '9')
			return -EBADMSG;
		*number = *number * 10 + (value.text[i] - '0');
	}
	return *number > S64_MAX ? -EBADMSG : 0;
}

static int read_action(struct cordon_order *order, struct cordon_order_piece value)
{
	return is(value, "release") || is(value, "detach") ? 0 : -EOPNOTSUPP;
}

static int read_nodes(struct cordon_order *order, struct cordon_order_piece value)
{
	order->nodes = value;
	return 0;
}

static int read_fleets(struct cordon_order *order, struct cordon_order_piece value)
{
	order->fleets = value;
	return 0;
}

static int read_counter(struct cordon_order *order, struct cordon_order_piece value)
{
	return read_number(value, &order->counter);
}

static int read_boot(struct cordon_order *order, struct cordon_order_piece value)
{
	return read_number(value, &order->not_before);
}

static int read_challenge(struct cordon_order *order, struct cordon_order_piece value)
{
	order->has_challenge = true;
	if (value.size != 2 * sizeof(order->challenge) ||
	    hex2bin(order->challenge, value.text, sizeof(order->challenge)))
		return -EBADMSG;
	return 0;
}

/* For people, or for the helper alone. */
static int read_other(struct cordon_order *order, struct cordon_order_piece value)
{
	return 0;
}

static const struct {
	const char *key;
	bool needed;
	int (*read)(struct cordon_order *order, struct cordon_order_piece value);
} fields[] = {
	{ "action", true, read_action },
	{ "issuer", true, read_other },
	{ "counter", true, read_counter },
	{ "reason", true, read_other },
	{ "node", false, read_nodes },
	{ "fleet", false, read_fleets },
	{ "not-before-boot", false, read_boot },
	{ "lease", false, read_other },
	{ "challenge", false, read_challenge },
	{ "anchor", false, read_other },
	{ "anchor-signatures", false, read_other },
};

static int read_field(struct cordon_order_piece line, unsigned int *seen,
		      struct cordon_order *order)
{
	struct cordon_order_piece value = line, key;

	if (!is_plain(line) || !take_until(&value, ':', &key))
		return -EBADMSG;
	if (value.size < 2 || value.text[0] != ' ' || value.text[1] == ' ' ||
	    value.text[value.size - 1] == ' ')
		return -EBADMSG;
	value.text++;
	value.size--;
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		if (!is(key, fields[i].key))
			continue;
		if (*seen & 1U << i)
			return -EBADMSG;
		*seen |= 1U << i;
		return fields[i].read(order, value);
	}
	return -EBADMSG;
}

static int check_fields(const struct cordon_order *order, unsigned int seen)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].needed && !(seen & 1U << i))
			return -EBADMSG;
	}
	return !order->nodes.size == !order->fleets.size ? -EBADMSG : 0;
}

int cordon_order_parse(const char *text, size_t size, struct cordon_order *ret_order)
{
	struct cordon_order_piece rest = { text, size }, line;
	struct cordon_order order = { .counter = 0 };
	unsigned int seen = 0;
	int error;

	if (!take_until(&rest, '\n', &line) || !is(line, HEAD))
		return -EBADMSG;
	while (rest.size) {
		error = take_until(&rest, '\n', &line) ? read_field(line, &seen, &order) : -EBADMSG;
		if (error)
			return error;
	}
	error = check_fields(&order, seen);
	if (!error)
		*ret_order = order;
	return error;
}

/* The next name of a list. Return: false: there is none */
static bool next_name(struct cordon_order_piece *rest, struct cordon_order_piece *name)
{
	if (!rest->size)
		return false;
	if (take_until(rest, ' ', name))
		return true;
	*name = *rest;
	rest->size = 0;
	return true;
}

static bool has_name(struct cordon_order_piece names, struct cordon_order_piece wanted)
{
	struct cordon_order_piece name;

	while (next_name(&names, &name)) {
		if (name.size && name.size == wanted.size &&
		    !memcmp(name.text, wanted.text, name.size))
			return true;
	}
	return false;
}

bool cordon_order_names(struct cordon_order_piece names, const char *ours)
{
	struct cordon_order_piece rest = { ours, strlen(ours) }, name;

	while (next_name(&rest, &name)) {
		if (has_name(names, name))
			return true;
	}
	return false;
}
