// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as an order.  What is taken is written again and reads back as the
 * same; what is refused is told in a line that a terminal may print; files of a
 * body lie within it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "util/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_told(const struct cordon_failure *failure)
{
	const unsigned char *byte = (const unsigned char *)failure->text;
	size_t left = strlen(failure->text);

	check(left > 0);
	while (left) {
		uint32_t rune = 0;
		const size_t length = utf8_decode(byte, left, &rune);

		check(length && rune >= 0x20 && (rune < 0x7f || rune >= 0xa0));
		byte += length;
		left -= length;
	}
}

static void check_same(const struct cordon_order *one, const struct cordon_order *other)
{
	check(one->action == other->action && one->level == other->level);
	check(!memcmp(one->digest, other->digest, sizeof(one->digest)));
	check(!strcmp(one->nodes, other->nodes) && !strcmp(one->fleets, other->fleets));
	check(!strcmp(one->issuer, other->issuer) && !strcmp(one->reason, other->reason));
	check(one->counter == other->counter && one->not_before_boot == other->not_before_boot);
	check(one->lease_hours == other->lease_hours && one->lease_boots == other->lease_boots &&
	      one->evidence == other->evidence);
	check(one->has_challenge == other->has_challenge);
	check(!memcmp(one->challenge, other->challenge, sizeof(one->challenge)));
}

static void check_meaning(const struct cordon_order *order)
{
	check(!order->nodes[0] != !order->fleets[0]);
	check(order->issuer[0] && order->reason[0] && order->counter &&
	      order->counter <= INT64_MAX && order->not_before_boot <= INT64_MAX);
	check(order->lease_hours <= CORDON_ORDER_LEASE_HOURS_MAX &&
	      order->lease_boots <= CORDON_ORDER_LEASE_BOOTS_MAX &&
	      order->evidence <= CORDON_ORDER_EVIDENCE_MAX);
	check(order->action != CORDON_ACTION_SEAL ||
	      (order->level > CORDON_LATCH_OPEN && order->level <= CORDON_LATCH_LOCKDOWN));
	check(!order->body || (order->action == CORDON_ACTION_POLICY && order->body_size));
}

static void check_again(const struct cordon_order *order)
{
	char text[CORDON_ORDER_MANIFEST_MAX + 1], again[CORDON_ORDER_MANIFEST_MAX + 1];
	struct cordon_failure failure = { .text = "" };
	const int size = cordon_order_format(order, &failure, text);
	struct cordon_order back;

	check(size > 0 && (size_t)size == strlen(text));
	check(!cordon_order_parse(text, (size_t)size, &failure, &back));
	check_same(order, &back);
	check(cordon_order_format(&back, &failure, again) == size && !strcmp(text, again));
}

static void check_files(const struct cordon_order *order)
{
	struct cordon_failure failure = { .text = "" };
	const char *body = order->body;
	size_t left = order->body_size;
	struct cordon_order_file file;
	int more;

	while ((more = cordon_order_file_next(&body, &left, &failure, &file)) > 0) {
		check(file.name[0] && file.name[0] != '/' && strncmp(file.name, "../", 3) &&
		      !strstr(file.name, "/../"));
		check(file.text >= order->body && file.size < order->body_size &&
		      file.text + file.size + 1 == body);
		check(body + left == order->body + order->body_size);
	}
	if (more)
		check_told(&failure);
	failure.text[0] = '\0';
	check(!more || cordon_order_files_check(order, &failure));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_order order;
	char *copy = malloc(size ? size : 1);
	int error;

	if (size)
		memcpy(copy, data, size);
	error = cordon_order_parse(copy, size, &failure, &order);
	check(error == 0 || error == -EINVAL);
	check((error != 0) == (failure.text[0] != '\0'));
	if (error) {
		check_told(&failure);
	} else {
		check_meaning(&order);
		check_again(&order);
		if (order.body)
			check_files(&order);
	}
	free(copy);
	return 0;
}
