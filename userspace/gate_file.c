// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate's file, word by word; see gate_file.h.
 */
#include "gate_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_backstop.h"
#include "prefix.h"
#include "service.h"
#include "util/cleanup.h"
#include "util/file.h"

#define SIZE_MOST 65536
#define KEEP_MOST 64
#define SECONDS_MOST 1000000

#define FORM "WAY/PROTOCOL/PORTS/ADDRESS[/LENGTH], such as in/tcp/22/10.20.0.0/24"

struct reader {
	const char *path;
	unsigned int line;
	struct cordon_failure *failure;
	struct cordon_gate *gate;
	size_t kept;
};

static int refuse(const struct reader *reader, const char *what)
{
	return cordon_fail(reader->failure, -EINVAL, "%s:%u: %s", reader->path, reader->line, what);
}

/* As a policy has it, and "any" is all of the protocol. */
static int read_service(const struct reader *reader, const char *protocol, const char *ports,
			struct cordon_module_rule *rule)
{
	struct cordon_failure problem = { .text = "" };
	struct cordon_service service;

	if (cordon_service_read(protocol, strcmp(ports, "any") ? ports : NULL, &problem, &service))
		return refuse(reader, problem.text);
	cordon_backstop_service(rule, &service);
	return 0;
}

static int add_prefix(const struct reader *reader, const char *text)
{
	char problem[CORDON_PREFIX_PROBLEM_SIZE];
	struct cordon_prefix prefix;

	if (!cordon_prefix_parse(text, strlen(text), &prefix))
		return cordon_backstop_prefix(reader->gate->keep, &prefix);
	cordon_prefix_problem(text, strlen(text), problem);
	return refuse(reader, problem);
}

static int keep(struct reader *reader, char *entry)
{
	struct cordon_image *image = reader->gate->keep;
	const uint16_t place = (uint16_t)image->nr_backstop_prefixes;
	struct cordon_module_rule rule = { .way = CORDON_MODULE_WAY_IN };
	const char *way = strsep(&entry, "/"), *protocol = strsep(&entry, "/");
	const char *ports = strsep(&entry, "/");
	int error;

	if (!entry)
		return refuse(reader, "gate_keep is written " FORM);
	if (reader->kept++ == KEEP_MOST)
		return refuse(reader, "gate_keep has more than 64 entries");
	if (!strcmp(way, "out")) {
		rule.way = CORDON_MODULE_WAY_OUT;
		rule.to = place;
		rule.tos = 1;
	} else if (!strcmp(way, "in")) {
		rule.from = place;
		rule.froms = 1;
	} else {
		return refuse(reader, "gate_keep begins with in/ or out/");
	}
	error = read_service(reader, protocol, ports, &rule);
	if (!error)
		error = add_prefix(reader, entry);
	return error ? error : cordon_backstop_rule(image, &rule);
}

static int read_keep(struct reader *reader, char *value)
{
	int error = 0;

	/* With nothing to reach, it needs no neighbours. */
	if (!reader->kept)
		error = cordon_backstop_builtins(reader->gate->keep, 0);
	while (!error && value)
		error = keep(reader, strsep(&value, ","));
	return error;
}

static int read_seconds(struct reader *reader, char *value)
{
	char *end;
	const unsigned long seconds = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || seconds > SECONDS_MOST)
		return refuse(reader, "gate_fallback_seconds is a number up to 1000000");
	reader->gate->seconds = (uint32_t)seconds;
	return 0;
}

static int read_fallback(struct reader *reader, char *value)
{
	reader->gate->opens = !strcmp(value, "open");
	if (reader->gate->opens || !strcmp(value, "isolate"))
		return 0;
	return refuse(reader, "gate_fallback is open or isolate");
}

static int read_word(struct reader *reader, char *word)
{
	char *value = word;
	const char *name = strsep(&value, "=");

	if (value && !strcmp(name, "gate_keep"))
		return read_keep(reader, value);
	if (value && !strcmp(name, "gate_fallback_seconds"))
		return read_seconds(reader, value);
	if (value && !strcmp(name, "gate_fallback"))
		return read_fallback(reader, value);
	return cordon_fail(reader->failure, -EINVAL,
			   "%s:%u: '%.80s' is none of gate_keep=, gate_fallback_seconds= and "
			   "gate_fallback=; see THE MODULE in cordon(8)",
			   reader->path, reader->line, name);
}

static int read_line(struct reader *reader, char *line)
{
	char *words = strsep(&line, "#");
	int error = 0;

	while (!error && words) {
		char *word = strsep(&words, " \t");

		if (*word)
			error = read_word(reader, word);
	}
	return error;
}

static int read_text(struct reader *reader, char *text)
{
	int error = 0;

	while (!error && text) {
		reader->line++;
		error = read_line(reader, strsep(&text, "\n"));
	}
	return error;
}

/* A NUL would hide what is behind it. */
static int read_file(struct reader *reader)
{
	struct cordon_file file = { .text = NULL };
	char *text CLEANUP(free) = NULL;
	const int error = cordon_file_read(reader->path, SIZE_MOST, &file);

	text = file.text;
	if (!error && strlen(text) == file.size)
		return read_text(reader, text);
	return cordon_fail(reader->failure, error ? error : -EINVAL, "%s: %s", reader->path,
			   error ? cordon_file_problem(error) : "it has a NUL in it");
}

int cordon_gate_read(const char *path, struct cordon_failure *failure, struct cordon_gate *ret_gate)
{
	struct cordon_image *image CLEANUP(image) = calloc(1, sizeof(*image));
	struct cordon_gate gate = { .keep = image };
	struct reader reader = { .path = path, .failure = failure, .gate = &gate };
	const int error = image ? read_file(&reader) : -ENOMEM;

	if (error)
		return error;
	*ret_gate = gate;
	image = NULL;
	return 0;
}

struct cordon_module_keep cordon_gate_head(const struct cordon_gate *gate)
{
	return (struct cordon_module_keep){
		.arp = gate->keep->nr_backstop_rules > 0,
		.rules = (uint32_t)gate->keep->nr_backstop_rules,
		.prefixes = (uint32_t)gate->keep->nr_backstop_prefixes,
	};
}
