// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A denial in one line.
 */
#include "denial_text.h"

#include <string.h>

#include <cordon/uapi/reason.h>

#include "util/array.h"
#include "util/print.h"

const char *cordon_reason_name(uint16_t reason)
{
	static const char *const names[] = {
#define REASON_NAME(name, text, help) [CORDON_REASON_##name] = text,
		CORDON_REASONS(REASON_NAME)
#undef REASON_NAME
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "?";
}

const char *cordon_direction_name(uint8_t direction)
{
	static const char *const names[] = { "in", "out", "forward", "connect", "bind" };

	return direction < ARRAY_SIZE(names) ? names[direction] : "?";
}

static void find_path(const struct cordon_live *live, const struct cordon_denial *denial,
		      char (*ret_path)[PATH_MAX])
{
	(*ret_path)[0] = '\0';
	if (!denial->key.cgroup || !live->has_cgroups)
		return;
	if (cordon_cgroup_path(&live->cgroups, denial->key.cgroup, ret_path))
		(*ret_path)[0] = '\0';
}

const char *cordon_denial_service(const struct cordon_denial *denial,
				  char (*buffer)[CORDON_SERVICE_TEXT_SIZE])
{
	const uint16_t service = denial->key.service;
	/* A protocol without services is said by its name alone. */
	const bool whole = !service && !denial->destination_port;

	cordon_service_format(denial->key.protocol, service, whole ? 65535 : service, *buffer);
	return *buffer;
}

static const char *identity_name(const struct cordon_live *live, const struct cordon_denial *denial,
				 uint16_t identity, char (*buffer)[24])
{
	const bool built_in = identity == CORDON_IDENTITY_STRANGER ||
			      identity == CORDON_IDENTITY_NODE;

	if (built_in || live->standing.effective == denial->key.generation)
		return cordon_live_identity(live, identity);
	snprintf(*buffer, sizeof(*buffer), "identity %u", identity);
	return *buffer;
}

/* The end on this machine of a call that was refused has no address yet. */
static void print_end(FILE *file, const char *name, const struct cordon_address *address)
{
	static const struct cordon_address none;
	char text[64];

	if (!memcmp(address, &none, sizeof(none)))
		fputs(name, file);
	else
		fprintf(file, "%s (%s)", print_address(address->bytes, &text), name);
}

/* A process and a cgroup may have any name. */
static void print_process(FILE *file, const char *path, const struct cordon_denial *denial)
{
	if (denial->pid) {
		fputs(" by ", file);
		print_clean(file, denial->comm, sizeof(denial->comm));
		fprintf(file, "[%u] uid %u", denial->pid, denial->uid);
	}
	if (path[0] && strcmp(path, "/") != 0) {
		fputs(" in ", file);
		print_clean(file, path, strlen(path));
	} else if (!path[0] && denial->key.cgroup) {
		fprintf(file, " in cgroup %llu", (unsigned long long)denial->key.cgroup);
	}
}

void cordon_denial_line(FILE *file, const struct cordon_denial_words *words,
			const struct cordon_denial *denial, uint64_t packets)
{
	const struct cordon_denial_key *key = &denial->key;
	char service[CORDON_SERVICE_TEXT_SIZE];

	fprintf(file, "%s %s %s: %s ", key->audit ? "would deny" : "denied",
		cordon_direction_name(key->direction), cordon_reason_name(key->reason),
		cordon_denial_service(denial, &service));
	print_end(file, words->from, &denial->source);
	fputs(" -> ", file);
	print_end(file, words->to, &denial->destination);
	if (key->ifindex)
		fprintf(file, " on %s", words->interface);
	print_process(file, words->path, denial);
	fprintf(file, ", %llu packet%s", (unsigned long long)packets, packets == 1 ? "" : "s");
	if (denial->folded)
		fprintf(file, ", and %llu of other kinds", (unsigned long long)denial->folded);
}

void cordon_denial_text(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets)
{
	char path[PATH_MAX], from[24], to[24];
	const struct cordon_denial_words words = {
		.from = identity_name(live, denial, denial->key.from, &from),
		.to = identity_name(live, denial, denial->key.to, &to),
		.interface = cordon_live_interface(live, denial->key.ifindex),
		.path = path,
	};

	find_path(live, denial, &path);
	cordon_denial_line(file, &words, denial, packets);
	fputc('\n', file);
}

static void json_end(struct json *json, const char *key, const struct cordon_live *live,
		     const struct cordon_denial *denial, bool source)
{
	const struct cordon_address *address = source ? &denial->source : &denial->destination;
	char text[64], number[24];

	json_object(json, key);
	json_string(json, "address", print_address(address->bytes, &text));
	json_number(json, "port", source ? denial->source_port : denial->destination_port);
	json_string(json, "identity",
		    identity_name(live, denial, source ? denial->key.from : denial->key.to,
				  &number));
	json_object_end(json);
}

static void json_process(struct json *json, const struct cordon_live *live,
			 const struct cordon_denial *denial)
{
	char comm[sizeof(denial->comm) + 1] = "", path[PATH_MAX];

	memcpy(comm, denial->comm, sizeof(denial->comm));
	find_path(live, denial, &path);
	json_object(json, "process");
	json_number(json, "pid", denial->pid);
	json_number(json, "uid", denial->uid);
	json_string(json, "name", comm);
	json_string(json, "cgroup", path);
	json_object_end(json);
}

void cordon_denial_json(FILE *file, const struct cordon_live *live,
			const struct cordon_denial *denial, uint64_t packets)
{
	const struct cordon_denial_key *key = &denial->key;
	struct json json = { .file = file };
	char service[CORDON_SERVICE_TEXT_SIZE], protocol[16];

	json_object(&json, NULL);
	json_string(&json, "event", key->audit ? "would-deny" : "denied");
	json_string(&json, "direction", cordon_direction_name(key->direction));
	json_string(&json, "reason", cordon_reason_name(key->reason));
	json_string(&json, "protocol", print_protocol(key->protocol, &protocol));
	json_string(&json, "service", cordon_denial_service(denial, &service));
	json_end(&json, "source", live, denial, true);
	json_end(&json, "destination", live, denial, false);
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
