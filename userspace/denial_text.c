// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A denial in one line.  Names are those of now: a denial of a generation that
 * is gone keeps its numbers' names only if they still have them.
 */
#include "denial_text.h"

#include <ctype.h>
#include <string.h>

#include <cordon/uapi/reason.h>

#include "service.h"
#include "util/array.h"
#include "util/print.h"

static const char *reason_name(uint16_t reason)
{
	static const char *const names[] = {
#define REASON_NAME(name, text, help) [CORDON_REASON_##name] = text,
		CORDON_REASONS(REASON_NAME)
#undef REASON_NAME
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "?";
}

static const char *direction_name(uint8_t direction)
{
	static const char *const names[] = { "in", "out", "forward", "connect", "bind" };

	return direction < ARRAY_SIZE(names) ? names[direction] : "?";
}

/* A process may name itself with any bytes. */
static void clean_name(const char *name, size_t size, char *text)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++)
		text[i] = isprint((unsigned char)name[i]) ? name[i] : '?';
	text[i] = '\0';
}

static void find_unit(const struct cordon_live *live, const struct cordon_denial *denial,
		      char (*ret_path)[PATH_MAX])
{
	(*ret_path)[0] = '\0';
	if (!denial->key.cgroup || !live->has_cgroups)
		return;
	if (cordon_cgroup_path(&live->cgroups, denial->key.cgroup, ret_path))
		snprintf(*ret_path, sizeof(*ret_path), "(gone)");
}

static void service_text(const struct cordon_denial *denial, char text[CORDON_SERVICE_TEXT_SIZE])
{
	const uint16_t service = denial->key.service;
	/* A protocol without services is said by its name alone. */
	const bool whole = !service && !denial->destination_port;

	cordon_service_format(denial->key.protocol, service, whole ? 65535 : service, text);
}

/* The end on this machine of a call that was refused has no address yet. */
static void print_end(FILE *file, const struct cordon_live *live,
		      const struct cordon_address *address, uint16_t identity)
{
	static const struct cordon_address none;
	char text[64];

	if (!memcmp(address, &none, sizeof(none)))
		fputs(cordon_live_identity(live, identity), file);
	else
		fprintf(file, "%s (%s)", print_address(address->bytes, &text),
			cordon_live_identity(live, identity));
}

void cordon_denial_text(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets)
{
	char service[CORDON_SERVICE_TEXT_SIZE], comm[sizeof(denial->comm) + 1], unit[PATH_MAX];

	service_text(denial, service);
	clean_name(denial->comm, sizeof(denial->comm), comm);
	find_unit(live, denial, &unit);
	fprintf(file, "%s %s %s: %s ", denial->key.audit ? "would deny" : "denied",
		direction_name(denial->key.direction), reason_name(denial->key.reason), service);
	print_end(file, live, &denial->source, denial->key.from);
	fputs(" -> ", file);
	print_end(file, live, &denial->destination, denial->key.to);
	if (denial->key.ifindex)
		fprintf(file, " on %s", cordon_live_interface(live, denial->key.ifindex));
	if (denial->pid)
		fprintf(file, " by %s[%u] uid %u", comm, denial->pid, denial->uid);
	if (unit[0] && strcmp(unit, "/") != 0)
		fprintf(file, " in %s", unit);
	fprintf(file, ", %llu packet%s", (unsigned long long)packets, packets == 1 ? "" : "s");
	if (denial->folded)
		fprintf(file, ", and %llu of other kinds", (unsigned long long)denial->folded);
	fputc('\n', file);
}

static void json_end(struct json *json, const char *key, const struct cordon_live *live,
		     const struct cordon_address *address, uint16_t port, uint16_t identity)
{
	char text[64];

	json_object(json, key);
	json_string(json, "address", print_address(address->bytes, &text));
	json_number(json, "port", port);
	json_string(json, "identity", cordon_live_identity(live, identity));
	json_object_end(json);
}

static void json_process(struct json *json, const struct cordon_live *live,
			 const struct cordon_denial *denial)
{
	char comm[sizeof(denial->comm) + 1], unit[PATH_MAX];

	clean_name(denial->comm, sizeof(denial->comm), comm);
	find_unit(live, denial, &unit);
	json_object(json, "process");
	json_number(json, "pid", denial->pid);
	json_number(json, "uid", denial->uid);
	json_string(json, "name", comm);
	json_string(json, "cgroup", unit);
	json_object_end(json);
}

void cordon_denial_json(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets)
{
	const struct cordon_denial_key *key = &denial->key;
	struct json json = { .file = file };
	char service[CORDON_SERVICE_TEXT_SIZE], protocol[16];

	service_text(denial, service);
	json_object(&json, NULL);
	json_string(&json, "event", key->audit ? "would-deny" : "denied");
	json_string(&json, "direction", direction_name(key->direction));
	json_string(&json, "reason", reason_name(key->reason));
	json_string(&json, "protocol", print_protocol(key->protocol, &protocol));
	json_string(&json, "service", service);
	json_end(&json, "source", live, &denial->source, denial->source_port, key->from);
	json_end(&json, "destination", live, &denial->destination, denial->destination_port,
		 key->to);
	json_string(&json, "interface", cordon_live_interface(live, key->ifindex));
	json_number(&json, "generation", key->generation);
	json_number(&json, "packets", packets);
	json_number(&json, "total", denial->packets);
	json_number(&json, "bytes", denial->bytes);
	json_number(&json, "folded", denial->folded);
	json_number(&json, "first_ns", denial->first);
	json_number(&json, "last_ns", denial->last);
	if (denial->pid || key->cgroup)
		json_process(&json, live, denial);
	json_object_end(&json);
	json_line_end(&json);
}
