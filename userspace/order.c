// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a manifest.  It allocates nothing, looks at each byte a bounded number
 * of times, and refuses what it does not know: whoever signed it meant
 * something by it.
 */
#include "order.h"

#include <errno.h>
#include <string.h>

#include "order_text.h"
#include "util/array.h"

struct reader {
	struct order_piece rest;
	struct cordon_order *order;
	struct cordon_failure *failure;
	unsigned int line;
	unsigned int seen; /* bit by place in fields[] */
};

#define refuse(reader, format, ...)                                                                \
	cordon_fail((reader)->failure, -EINVAL, "line %u: " format, (reader)->line, ##__VA_ARGS__)

/* ---- values ------------------------------------------------------------------------------ */

static int read_number(const struct reader *reader, const char *key, struct order_piece value,
		       uint64_t most, uint64_t *ret_number)
{
	uint64_t number;

	if (!order_number_take(&value, 1, most, &number) || value.size)
		return refuse(reader,
			      "%s is a number from 1 to %llu, without a sign or a zero "
			      "before it",
			      key, (unsigned long long)most);
	*ret_number = number;
	return 0;
}

static int read_text(const struct reader *reader, const char *key, struct order_piece value,
		     char *ret_text, size_t most)
{
	if (value.size > most)
		return refuse(reader, "%s is longer than %zu bytes", key, most);
	memcpy(ret_text, value.text, value.size);
	ret_text[value.size] = '\0';
	return 0;
}

static int read_names(const struct reader *reader, const char *key, struct order_piece value,
		      char *ret_names)
{
	const int error = read_text(reader, key, value, ret_names, CORDON_ORDER_NAMES_MAX);
	const char *problem = error ? NULL : order_names_problem(value);

	return problem ? refuse(reader, "%s: %s", key, problem) : error;
}

static int read_seal(const struct reader *reader, struct order_piece value)
{
	for (uint32_t level = CORDON_LATCH_EGRESS; level <= CORDON_LATCH_LOCKDOWN; level++) {
		if (order_piece_is(value, cordon_latch_name(level))) {
			reader->order->action = CORDON_ACTION_SEAL;
			reader->order->level = level;
			return 0;
		}
	}
	return refuse(reader, "action: a seal is egress, isolate or lockdown; 'release' opens");
}

static int read_policy(const struct reader *reader, struct order_piece value)
{
	struct cordon_order *order = reader->order;

	order->action = CORDON_ACTION_POLICY;
	if (order_hex_read(value, order->digest, sizeof(order->digest)))
		return 0;
	return refuse(reader,
		      "action: the digest of a policy is 64 hexadecimal digits, small ones");
}

static int read_action(const struct reader *reader, const char *key, struct order_piece value)
{
	static const struct {
		const char *word;
		enum cordon_action action;
	} plain[] = { { "release", CORDON_ACTION_RELEASE },   { "renew", CORDON_ACTION_RENEW },
		      { "snapshot", CORDON_ACTION_SNAPSHOT }, { "detach", CORDON_ACTION_DETACH },
		      { "revoke", CORDON_ACTION_REVOKE },     { "wipe", CORDON_ACTION_WIPE } };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (order_piece_is(value, plain[i].word)) {
			reader->order->action = plain[i].action;
			return 0;
		}
	}
	if (order_piece_starts(value, "seal "))
		return read_seal(reader, (struct order_piece){ value.text + 5, value.size - 5 });
	if (order_piece_starts(value, "policy sha256:"))
		return read_policy(reader,
				   (struct order_piece){ value.text + 14, value.size - 14 });
	return refuse(reader,
		      "%s is not known: it is 'seal LEVEL', 'release', 'renew', 'snapshot', "
		      "'detach', 'revoke', 'wipe' or 'policy sha256:DIGEST'",
		      key);
}

static int read_node(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_names(reader, key, value, reader->order->nodes);
}

static int read_fleet(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_names(reader, key, value, reader->order->fleets);
}

static int read_issuer(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_text(reader, key, value, reader->order->issuer, CORDON_ORDER_ISSUER_MAX);
}

static int read_reason(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_text(reader, key, value, reader->order->reason, CORDON_ORDER_REASON_MAX);
}

static int read_counter(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_number(reader, key, value, INT64_MAX, &reader->order->counter);
}

static int read_boot(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_number(reader, key, value, INT64_MAX, &reader->order->not_before_boot);
}

/* "72h" or "5 boots" off the beginning; nothing if there is none */
static bool take_span(struct order_piece *rest, const char *unit, uint64_t most, uint32_t *ret_span)
{
	struct order_piece after = *rest;
	uint64_t span;

	if (!order_number_take(&after, 1, most, &span) || !order_piece_starts(after, unit))
		return false;
	order_piece_skip(&after, strlen(unit));
	*rest = after;
	*ret_span = (uint32_t)span;
	return true;
}

static bool take_lease(struct order_piece value, struct cordon_order *order)
{
	if (take_span(&value, "h", CORDON_ORDER_LEASE_HOURS_MAX, &order->lease_hours)) {
		if (!value.size)
			return true;
		if (value.text[0] != ' ')
			return false;
		order_piece_skip(&value, 1);
	}
	return take_span(&value, " boots", CORDON_ORDER_LEASE_BOOTS_MAX, &order->lease_boots) &&
	       !value.size;
}

/* "72h", "5 boots" or "72h 5 boots" */
static int read_lease(const struct reader *reader, const char *key, struct order_piece value)
{
	if (take_lease(value, reader->order))
		return 0;
	return refuse(reader,
		      "%s is '72h', '5 boots' or '72h 5 boots', of at most %u hours and %u boots",
		      key, CORDON_ORDER_LEASE_HOURS_MAX, CORDON_ORDER_LEASE_BOOTS_MAX);
}

/* "5s" */
static int read_evidence(const struct reader *reader, const char *key, struct order_piece value)
{
	if (take_span(&value, "s", CORDON_ORDER_EVIDENCE_MAX, &reader->order->evidence) &&
	    !value.size)
		return 0;
	return refuse(reader, "%s is '5s', of at most %u seconds", key, CORDON_ORDER_EVIDENCE_MAX);
}

static int read_challenge(const struct reader *reader, const char *key, struct order_piece value)
{
	struct cordon_order *order = reader->order;

	order->has_challenge = true;
	if (order_hex_read(value, order->challenge, sizeof(order->challenge)))
		return 0;
	return refuse(reader, "%s is 32 hexadecimal digits, small ones", key);
}

static int read_anchor(const struct reader *reader, const char *key, struct order_piece value)
{
	return read_number(reader, key, value, INT64_MAX, &reader->order->anchor);
}

static bool is_base64(struct order_piece value)
{
	for (size_t i = 0; i < value.size; i++) {
		const char c = value.text[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '+' && c != '/' && c != '=' && c != ' ')
			return false;
	}
	return true;
}

static int read_anchor_signatures(const struct reader *reader, const char *key,
				  struct order_piece value)
{
	if (!is_base64(value))
		return refuse(reader, "%s are base64, a space between two", key);
	return read_text(reader, key, value, reader->order->anchor_signatures,
			 CORDON_ORDER_ANCHOR_MAX);
}

/* ---- fields ------------------------------------------------------------------------------ */

struct field {
	const char *key;
	bool needed;
	int (*read)(const struct reader *reader, const char *key, struct order_piece value);
};

enum {
	FIELD_ACTION,
	FIELD_NODE,
	FIELD_FLEET,
	FIELD_COUNT = 12
};

static const struct field fields[FIELD_COUNT] = {
	[FIELD_ACTION] = { "action", true, read_action },
	[FIELD_NODE] = { "node", false, read_node },
	[FIELD_FLEET] = { "fleet", false, read_fleet },
	{ "issuer", true, read_issuer },
	{ "counter", true, read_counter },
	{ "reason", true, read_reason },
	{ "not-before-boot", false, read_boot },
	{ "lease", false, read_lease },
	{ "evidence", false, read_evidence },
	{ "challenge", false, read_challenge },
	{ "anchor", false, read_anchor },
	{ "anchor-signatures", false, read_anchor_signatures },
};

static int find_field(struct order_piece key)
{
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (order_piece_is(key, fields[i].key))
			return i;
	}
	return -ENOENT;
}

/* What stands in a message must be short, and nothing that an attacker chose to look otherwise. */
static int refuse_key(const struct reader *reader, struct order_piece key)
{
	for (size_t i = 0; i < key.size; i++) {
		if (key.text[i] <= ' ' || key.text[i] > '~')
			key.size = 0;
	}
	if (!key.size || key.size > 32)
		return refuse(reader, "this field is not known");
	return refuse(reader, "field '%.*s' is not known", (int)key.size, key.text);
}

static int read_field(struct reader *reader, struct order_piece line)
{
	struct order_piece value = line, key;
	int field;

	if (!order_piece_until(&value, ':', &key))
		return refuse(reader, "a field is 'KEY: VALUE'");
	field = find_field(key);
	if (field < 0)
		return refuse_key(reader, key);
	if (reader->seen & 1U << field)
		return refuse(reader, "field '%s' is given twice", fields[field].key);
	reader->seen |= 1U << field;
	if (value.size < 2 || value.text[0] != ' ')
		return refuse(reader, "a field is 'KEY: VALUE', one space between the two");
	order_piece_skip(&value, 1);
	if (value.text[0] == ' ' || value.text[value.size - 1] == ' ')
		return refuse(reader, "a value has no space at its beginning or end");
	return fields[field].read(reader, fields[field].key, value);
}

static bool takes_lease(enum cordon_action action)
{
	return action == CORDON_ACTION_RELEASE || action == CORDON_ACTION_RENEW ||
	       action == CORDON_ACTION_POLICY;
}

static int check_fields(const struct reader *reader)
{
	const unsigned int both = 1U << FIELD_NODE | 1U << FIELD_FLEET;

	for (int i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].needed && !(reader->seen & 1U << i))
			return refuse(reader, "the order ends without field '%s'", fields[i].key);
	}
	if (!(reader->seen & both))
		return refuse(reader, "the order ends without a field 'node' or 'fleet'");
	if ((reader->seen & both) == both)
		return refuse(reader, "an order is for a node or for a fleet, not for both");
	/* Who may only shut must not be able to put off the day on which the node shuts itself. */
	if ((reader->order->lease_hours || reader->order->lease_boots) &&
	    !takes_lease(reader->order->action))
		return refuse(reader, "a lease goes with release, renew or policy");
	if (reader->order->evidence && reader->order->action != CORDON_ACTION_SEAL)
		return refuse(reader, "evidence goes with seal; a snapshot is nothing else");
	if (reader->order->anchor && !cordon_action_opens(reader->order->action))
		return refuse(reader, "an anchor goes with release or detach");
	if (!reader->order->anchor != !reader->order->anchor_signatures[0])
		return refuse(reader, "anchor and anchor-signatures go together");
	return 0;
}

/* ---- lines ------------------------------------------------------------------------------- */

static int read_line(struct reader *reader, struct order_piece *ret_line)
{
	struct order_piece within = reader->rest;
	const char *problem;

	reader->line++;
	if (within.size > CORDON_ORDER_MANIFEST_MAX)
		within.size = CORDON_ORDER_MANIFEST_MAX;
	if (!order_piece_until(&within, '\n', ret_line))
		return reader->rest.size > CORDON_ORDER_MANIFEST_MAX ?
			       refuse(reader, "it is longer than %u bytes",
				      CORDON_ORDER_MANIFEST_MAX) :
			       refuse(reader, "there is no line feed at its end");
	order_piece_skip(&reader->rest, ret_line->size + 1);
	problem = order_text_problem(*ret_line);
	return problem ? refuse(reader, "%s", problem) : 0;
}

static int read_head(struct reader *reader)
{
	static const char head[] = CORDON_ORDER_HEAD;
	struct order_piece line;
	int error;

	reader->line = 1;
	if (!order_piece_starts(reader->rest, "cordon-order:"))
		return refuse(reader, "this is no order: one begins with '%s'", head);
	reader->line = 0;
	error = read_line(reader, &line);
	if (error || order_piece_is(line, head))
		return error;
	return refuse(reader, "this order is not of version 1, the only one known: '%s'", head);
}

static int take_body(const struct reader *reader)
{
	if (!reader->rest.size)
		return refuse(reader, "an empty line, and nothing after it");
	if (reader->order->action != CORDON_ACTION_POLICY)
		return refuse(reader, "something follows; only a policy has files after its order");
	reader->order->body = reader->rest.text;
	reader->order->body_size = reader->rest.size;
	return 0;
}

static int read_manifest(struct reader *reader)
{
	struct order_piece line = { "-", 1 };
	int error = read_head(reader);

	while (!error && reader->rest.size) {
		error = read_line(reader, &line);
		if (error || !line.size)
			break;
		error = read_field(reader, line);
	}
	if (!error)
		error = check_fields(reader);
	if (!error && !line.size)
		error = take_body(reader);
	return error;
}

int cordon_order_parse(const char *text, size_t size, struct cordon_failure *failure,
		       struct cordon_order *ret_order)
{
	struct cordon_order order = { .body = NULL };
	struct reader reader = { { text, size }, &order, failure, 0, 0 };
	const int error = read_manifest(&reader);

	if (!error)
		*ret_order = order;
	return error;
}
