/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parse_*.c share, and nobody else includes: the state of one parse
 * and the readers of values.
 *
 * A reader returns 0, -EINVAL when a mistake was told and reading goes on with
 * the next value, or another error that ends the parse.
 */
#ifndef CORDON_PARSE_H
#define CORDON_PARSE_H

#include <errno.h>
#include <sys/types.h>

#include "diag.h"
#include "document.h"
#include "policy.h"
#include "util/names.h"

/* A million IPv6 prefixes written out in full, with their newlines. */
#define CORDON_PREFIX_FILE_SIZE_MAX (64U << 20)

/* Name spaces; those of the interfaces of zone n come last. */
enum parse_scope {
	PARSE_SCOPE_ENDS, /* zones and workloads; values are identities, others lines */
	PARSE_SCOPE_RULES,
	PARSE_SCOPE_KEEP,
	PARSE_SCOPE_PATHS,   /* units and cgroups of workloads */
	PARSE_SCOPE_CHOICES, /* patterns of interfaces: */
	PARSE_SCOPE_CERTIFICATES,
	PARSE_SCOPE_SECRETS,
	PARSE_SCOPE_LOCKDOWN, /* the first of one for each enum cordon_lockdown_kind */
	PARSE_SCOPE_LOCKDOWN_LAST = PARSE_SCOPE_LOCKDOWN + CORDON_LOCKDOWN_KIND_COUNT,
	PARSE_SCOPE_BEHIND, /* interfaces of zones without prefixes; values are zones */
	PARSE_SCOPE_ZONE_INTERFACES,
};

/** struct parse_included - identity of an included file, to know it again */
struct parse_included {
	dev_t device;
	ino_t inode;
	struct cordon_position at;
};

struct parse {
	struct cordon_policy *policy;
	struct cordon_diag *diag;
	struct cordon_names names;
	struct parse_included *included;
	size_t nr_included;
	size_t nr_paths; /* of workloads */
	uint8_t *digests;
	size_t nr_digests; /* bytes */
};

struct parse_field {
	const char *name;
	int (*read)(struct parse *parse, const struct cordon_value *value, void *target);
	bool required;
	const char *hint; /* what to write if it is missing */
};

/* Whether an error is more than a mistake that was told. */
static inline bool cordon_parse_is_fatal(int error)
{
	return error && error != -EINVAL;
}

/* Whether what is told now is only counted, and need not be worked out. */
static inline bool cordon_parse_is_full(const struct parse *parse)
{
	return parse->diag->stored == CORDON_DIAG_MAX;
}

/** cordon_parse_refuse() - tell a mistake; always -EINVAL */
int cordon_parse_refuse(const struct parse *parse, struct cordon_position at, const char *format,
			...) __attribute__((format(printf, 3, 4)));

/**
 * cordon_parse_unknown() - tell that a word is none of those allowed; always -EINVAL
 * @what: what it should be, such as "key in a zone"
 */
int cordon_parse_unknown(const struct parse *parse, const struct cordon_value *word,
			 const char *what, const char *const *allowed, size_t count);

/**
 * cordon_parse_fields() - the values of a map, in the order of @fields
 * @what: what the map is, such as "a zone"
 */
int cordon_parse_fields(struct parse *parse, const struct cordon_value *map, const char *what,
			const struct parse_field *fields, size_t count, void *target);

/** cordon_parse_need_kind() - tells if a value is a text, list or map and should not be */
int cordon_parse_need_kind(const struct parse *parse, const struct cordon_value *value,
			   const char *what, enum cordon_value_kind kind);

/** cordon_parse_each() - every value of a list or map */
int cordon_parse_each(struct parse *parse, const struct cordon_value *container, const char *what,
		      enum cordon_value_kind kind,
		      int (*read)(struct parse *parse, const struct cordon_value *value,
				  void *target),
		      void *target);

/** cordon_parse_choice() - one of a few words */
int cordon_parse_choice(const struct parse *parse, const struct cordon_value *value,
			const char *what, const char *const *allowed, size_t count,
			size_t *ret_index);

/** cordon_parse_number() - a decimal number from @least to @most */
int cordon_parse_number(const struct parse *parse, const struct cordon_value *value,
			const char *what, uint64_t least, uint64_t most, uint64_t *ret_number);

/** cordon_parse_name() - a name of less than @size characters, copied */
int cordon_parse_name(const struct parse *parse, const struct cordon_value *value, const char *what,
		      size_t size, char *ret_name);

/** cordon_parse_interface() - the name of an interface, or its beginning and '*' */
int cordon_parse_interface(const struct parse *parse, const struct cordon_value *value);

/** struct cordon_span - of numbers, both included */
struct cordon_span {
	uint32_t least;
	uint32_t most;
};

/**
 * cordon_parse_seconds() - @value is a text such as 90, 90s, 5m, 2h or 1d
 * @what: of it in messages, such as "a time-out"
 */
int cordon_parse_seconds(struct parse *parse, const struct cordon_value *value, const char *what,
			 const struct cordon_span *span, uint32_t *ret_seconds);

/** cordon_parse_end() - zone or workload @value is named and gets this identity */
int cordon_parse_end(struct parse *parse, const struct cordon_value *value, uint16_t identity);

/** cordon_parse_once() - tells if a text of a scope stands twice */
int cordon_parse_once(struct parse *parse, uint32_t scope, const struct cordon_value *value,
		      const char *what);

/** cordon_parse_push_name() - a copy of a text at the end of an array of them */
int cordon_parse_push_name(const struct cordon_value *value, struct cordon_name_at **names,
			   size_t *count);

/** cordon_parse_limit() - for each next one: tells at @value if it is one more than @most */
int cordon_parse_limit(const struct parse *parse, const struct cordon_value *value, size_t count,
		       size_t most, const char *what);

/* Values of the top level, and those of the quarantine. */
int cordon_parse_zones(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_workloads(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_rules(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_quarantine(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_lease(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_watchdog(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_break_glass(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_interfaces(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_builtin(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_flows(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_guard(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_log(struct parse *parse, const struct cordon_value *value, void *target);
int cordon_parse_lockdown(struct parse *parse, const struct cordon_value *value, void *target);

/**
 * cordon_parse_unit_problem() - why a text is no name of a unit; NULL: it is
 * @endings: that it may have, the last one NULL; @allowed names them
 */
const char *cordon_parse_unit_problem(const char *text, const char *const *endings,
				      const char *allowed);

/** cordon_parse_has_dots() - whether a part of a path between '/' is "." or ".." */
bool cordon_parse_has_dots(const char *path);

/** cordon_parse_set_defaults() - what holds when the policy does not say */
void cordon_parse_set_defaults(struct cordon_policy *policy);

/** cordon_parse_add_digest() - the next text whose SHA-256 enters the policy's digest */
int cordon_parse_add_digest(struct parse *parse, const char *text, size_t size);

#endif
