// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `interfaces:`, `builtin:`, `flows:` and `log:` of a policy, and what holds
 * without them.
 */
#include <stddef.h>
#include <string.h>

#include <cordon/log.h>

#include "parse.h"
#include "util/array.h"
#include "util/clock.h"

/* 4 MB of kernel memory, at 64 bytes a flow. */
#define FLOW_ENTRIES_DEFAULT 65536

/* Thirty days: beyond that a time-out is none. */
#define TIMEOUT_MAX (30U * 24 * 60 * 60)

void cordon_parse_set_defaults(struct cordon_policy *policy)
{
	policy->flow_entries = FLOW_ENTRIES_DEFAULT;
	policy->log_exec = true;
	policy->log_bytes = CORDON_LOG_LIMIT_DEFAULT;
	policy->kernel_closed_from = CORDON_LATCH_ISOLATE;
	policy->timeouts = (struct cordon_timeouts){
		.tcp_open = 60,
		.tcp = 7440, /* RFC 5382, REQ-5: 2 hours and 4 minutes, above TCP keep-alive */
		.tcp_closing = 60,
		.udp = 30,
		.udp_reply = 120, /* RFC 4787, REQ-5: not under 2 minutes */
		.icmp = 60,	  /* RFC 5508, REQ-2 */
		.fragment = 30,	  /* as long as Linux waits for the other fragments */
		.other = 600,
	};
}

/* ---- interfaces -------------------------------------------------------------------------- */

static int push_choice(struct parse *parse, const struct cordon_value *pattern,
		       enum cordon_interface_mode mode)
{
	struct cordon_policy *policy = parse->policy;
	struct cordon_interface_choice *choice;
	int error = cordon_parse_interface(parse, pattern);

	if (!error)
		error = cordon_parse_once(parse, PARSE_SCOPE_CHOICES, pattern, "interface");
	if (error)
		return error;
	choice = array_push(policy->choices, policy->nr_choices);
	if (!choice)
		return -ENOMEM;
	memcpy(choice->pattern, pattern->text, strlen(pattern->text) + 1);
	choice->mode = mode;
	choice->at = pattern->at;
	return cordon_parse_limit(parse, pattern, policy->nr_choices, CORDON_INTERFACES_MAX,
				  "interfaces under 'interfaces'");
}

static int read_excluded(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return push_choice(parse, value, CORDON_MODE_EXCLUDE);
}

static int read_exclude(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'exclude'", CORDON_VALUE_LIST, read_excluded,
				 target);
}

static int read_mode(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const char *const names[] = {
		[CORDON_MODE_AUTO] = "auto",
		[CORDON_MODE_TC] = "tc",
		[CORDON_MODE_XDP] = "xdp",
	};
	size_t mode;
	int error = cordon_parse_choice(parse, value, "an interface's mode", names,
					ARRAY_SIZE(names), &mode);

	(void)target;
	return error ? error : push_choice(parse, value->key, (enum cordon_interface_mode)mode);
}

static int read_modes(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'modes'", CORDON_VALUE_MAP, read_mode, target);
}

static const struct parse_field interface_fields[] = {
	{ .name = "exclude", .read = read_exclude },
	{ .name = "modes", .read = read_modes },
};

int cordon_parse_interfaces(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'interfaces'", interface_fields,
				   ARRAY_SIZE(interface_fields), target);
}

/* ---- built-in rules ---------------------------------------------------------------------- */

static const char *const builtins[] = {
#define CORDON_BUILTIN_TEXT(code, text, help) text,
	CORDON_BUILTINS(CORDON_BUILTIN_TEXT)
#undef CORDON_BUILTIN_TEXT
};

static int read_builtin(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const char *const states[] = { "on", "off" };
	uint32_t builtin = 1;
	size_t state;
	int error;

	(void)target;
	while (builtin < ARRAY_SIZE(builtins) && strcmp(builtins[builtin], value->key->text))
		builtin++;
	if (builtin == ARRAY_SIZE(builtins))
		return cordon_parse_unknown(parse, value->key, "built-in rule", builtins + 1,
					    ARRAY_SIZE(builtins) - 1);
	error = cordon_parse_choice(parse, value, "a built-in rule", states, ARRAY_SIZE(states),
				    &state);
	if (!error && state)
		parse->policy->builtins_off |= 1U << builtin;
	return error;
}

int cordon_parse_builtin(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'builtin'", CORDON_VALUE_MAP, read_builtin, target);
}

/* ---- flows ------------------------------------------------------------------------------- */

static int read_entries(struct parse *parse, const struct cordon_value *value, void *target)
{
	uint64_t entries;
	int error = cordon_parse_number(parse, value, "'entries'", CORDON_FLOWS_MIN,
					CORDON_FLOWS_MAX, &entries);

	(void)target;
	if (!error)
		parse->policy->flow_entries = (uint32_t)entries;
	return error;
}

/* A number, with one letter for its unit or none; 0: it is none of these, or more than @most. */
static uint64_t read_amount(const char *text, uint64_t most, uint32_t (*unit_of)(char letter))
{
	uint64_t number = 0, unit = 1;

	if (*text < '1' || *text > '9')
		return 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > most)
			return 0;
	}
	if (*text)
		unit = text[1] ? 0 : unit_of(*text);
	return unit && number <= most / unit ? number * unit : 0;
}

int cordon_parse_seconds(struct parse *parse, const struct cordon_value *value, const char *what,
			 const struct cordon_span *span, uint32_t *ret_seconds)
{
	uint64_t seconds;
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	seconds = read_amount(value->text, span->most, cordon_clock_unit);
	if (seconds < span->least)
		return cordon_parse_refuse(parse, value->at,
					   "%s is %u to %u seconds, written 90, 90s, 5m, 2h or 1d, "
					   "not '%.40s'",
					   what, span->least, span->most, value->text);
	*ret_seconds = (uint32_t)seconds;
	return 0;
}

struct timeout {
	const char *name;
	size_t offset;
};

static const struct timeout timeouts[] = {
	{ "tcp-open", offsetof(struct cordon_timeouts, tcp_open) },
	{ "tcp", offsetof(struct cordon_timeouts, tcp) },
	{ "tcp-closing", offsetof(struct cordon_timeouts, tcp_closing) },
	{ "udp", offsetof(struct cordon_timeouts, udp) },
	{ "udp-reply", offsetof(struct cordon_timeouts, udp_reply) },
	{ "icmp", offsetof(struct cordon_timeouts, icmp) },
	{ "fragment", offsetof(struct cordon_timeouts, fragment) },
	{ "other", offsetof(struct cordon_timeouts, other) },
};

static uint32_t *find_timeout(struct cordon_timeouts *all, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		if (!strcmp(timeouts[i].name, name))
			return (uint32_t *)((char *)all + timeouts[i].offset);
	}
	return NULL;
}

static int refuse_timeout(const struct parse *parse, const struct cordon_value *key)
{
	const char *names[ARRAY_SIZE(timeouts)];

	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++)
		names[i] = timeouts[i].name;
	return cordon_parse_unknown(parse, key, "time-out", names, ARRAY_SIZE(names));
}

static int read_timeout(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const struct cordon_span span = { 1, TIMEOUT_MAX };
	uint32_t *timeout = find_timeout(&parse->policy->timeouts, value->key->text);

	(void)target;
	return timeout ? cordon_parse_seconds(parse, value, "a time-out", &span, timeout) :
			 refuse_timeout(parse, value->key);
}

static int read_timeouts(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'timeouts'", CORDON_VALUE_MAP, read_timeout,
				 target);
}

static const struct parse_field flow_fields[] = {
	{ .name = "entries", .read = read_entries },
	{ .name = "timeouts", .read = read_timeouts },
};

int cordon_parse_flows(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'flows'", flow_fields, ARRAY_SIZE(flow_fields),
				   target);
}

/* ---- log --------------------------------------------------------------------------------- */

static uint32_t bytes_of(char unit)
{
	switch (unit) {
	case 'K':
		return 1U << 10;
	case 'M':
		return 1U << 20;
	case 'G':
		return 1U << 30;
	default:
		return 0;
	}
}

static int read_budget(struct parse *parse, const struct cordon_value *value, void *target)
{
	uint64_t bytes;
	int error = cordon_parse_need_kind(parse, value, "'budget'", CORDON_VALUE_TEXT);

	(void)target;
	if (error)
		return error;
	bytes = read_amount(value->text, CORDON_LOG_LIMIT_MAX, bytes_of);
	if (bytes < CORDON_LOG_LIMIT_MIN)
		return cordon_parse_refuse(parse, value->at,
					   "'budget' is 4M to 64G of disk, written 64M, 1G, 8192K "
					   "or in bytes, not '%.40s'",
					   value->text);
	parse->policy->log_bytes = bytes;
	return 0;
}

static int read_log_flows(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const char *const names[] = {
		[CORDON_LOG_FLOWS_DENIED] = "denied",
		[CORDON_LOG_FLOWS_NONE] = "none",
		[CORDON_LOG_FLOWS_ALL] = "all",
	};
	size_t index;
	int error = cordon_parse_choice(parse, value, "'flows'", names, ARRAY_SIZE(names), &index);

	(void)target;
	if (!error)
		parse->policy->log_flows = (enum cordon_log_flows)index;
	return error;
}

static int read_log_exec(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const char *const names[] = { "none", "all" };
	size_t index;
	int error = cordon_parse_choice(parse, value, "'exec'", names, ARRAY_SIZE(names), &index);

	(void)target;
	if (!error)
		parse->policy->log_exec = index;
	return error;
}

static const char *certificate_problem(const char *text)
{
	if (*text != '/')
		return "must start with '/'";
	if (strlen(text) >= CORDON_CERTIFICATE_PATH_SIZE)
		return "is longer than 255 bytes";
	return text[strlen(text) - 1] == '/' ? "is a folder" : NULL;
}

static int read_certificate(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;
	int error = cordon_parse_need_kind(parse, value, "a certificate", CORDON_VALUE_TEXT);
	const char *problem;

	(void)target;
	if (error)
		return error;
	problem = certificate_problem(value->text);
	if (problem)
		return cordon_parse_refuse(parse, value->at, "path of a certificate '%.40s' %s",
					   value->text, problem);
	error = cordon_parse_once(parse, PARSE_SCOPE_CERTIFICATES, value, "certificate");
	if (!error)
		error = cordon_parse_push_name(value, &policy->certificates,
					       &policy->nr_certificates);
	return error ? error :
		       cordon_parse_limit(parse, value, policy->nr_certificates,
					  CORDON_POLICY_CERTIFICATES_MAX,
					  "certificates under 'log'");
}

static int read_certificates(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'certificates'", CORDON_VALUE_LIST,
				 read_certificate, target);
}

static const struct parse_field log_fields[] = {
	{ .name = "budget", .read = read_budget },
	{ .name = "flows", .read = read_log_flows },
	{ .name = "exec", .read = read_log_exec },
	{ .name = "certificates", .read = read_certificates },
};

int cordon_parse_log(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'log'", log_fields, ARRAY_SIZE(log_fields),
				   target);
}
