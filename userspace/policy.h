/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model: a policy as a person meant it, checked for meaning, independent
 * of the YAML that it came from and of the tables that it becomes.  It is
 * made by parse.c and read by compile.c; nothing changes it in between.
 *
 * Every part keeps its position, so that a mistake found late is still told
 * as file:line:column.
 */
#ifndef CORDON_POLICY_H
#define CORDON_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/limits.h>
#include <cordon/uapi/policy.h>
#include <cordon/uapi/reason.h>

#include "diag.h"
#include "util/cleanup.h"

/* Files that a policy may include, and prefixes in all: half a gigabyte of
 * memory at most. */
#define CORDON_POLICY_FILES_MAX 1024
#define CORDON_POLICY_PREFIXES_MAX (16U << 20)

/* Services of one rule; `any` and ranges make more of them needless. */
#define CORDON_POLICY_SERVICES_MAX 1024

/* Certificates whose end the log tells, and bytes of the path of one, its NUL
 * included: as much as a record has room for beside two names. */
#define CORDON_POLICY_CERTIFICATES_MAX 64
#define CORDON_CERTIFICATE_PATH_SIZE 256

/* What the lockdown level and the orders to destroy name, in all; and bytes of one
 * name, its NUL included. */
#define CORDON_POLICY_LOCKDOWN_MAX 1024
#define CORDON_LOCKDOWN_TEXT_SIZE 256

/** struct cordon_prefix4 - an IPv4 prefix of a zone; no host bits are set */
struct cordon_prefix4 {
	uint32_t address; /* host byte order */
	uint8_t length;	  /* 0 to 32 */
	uint8_t pad;
	uint16_t zone; /* index in cordon_policy.zones */
	uint32_t line; /* where it stands, for messages */
	uint16_t column;
	uint16_t file; /* index in cordon_policy.files */
};

/** struct cordon_prefix6 - an IPv6 prefix of a zone; no host bits are set */
struct cordon_prefix6 {
	uint64_t high; /* first 64 bits, host byte order */
	uint64_t low;
	uint8_t length; /* 0 to 128 */
	uint8_t pad;
	uint16_t zone;
	uint32_t line;
	uint16_t column;
	uint16_t file;
	uint32_t pad2;
};

/** struct cordon_name_at - a string with its position */
struct cordon_name_at {
	char *text; /* owned */
	struct cordon_position at;
};

/**
 * struct cordon_policy_zone - remote addresses and/or interfaces
 * @interfaces: names, or prefixes of names with a '*' at the end ("wl*"); not
 *	empty: the zone is tied to them
 */
struct cordon_policy_zone {
	char name[CORDON_NAME_SIZE];
	struct cordon_position at;
	struct cordon_name_at *interfaces;
	size_t nr_interfaces;
	size_t nr_prefixes; /* of both families */
};

/**
 * struct cordon_policy_workload - local cgroups
 * @units: unit names ("pos.service", "kiosk.slice", "getty@tty1.service")
 * @cgroups: paths below the cgroup2 mount, starting with '/'
 */
struct cordon_policy_workload {
	char name[CORDON_NAME_SIZE];
	struct cordon_position at;
	struct cordon_name_at *units;
	size_t nr_units;
	struct cordon_name_at *cgroups;
	size_t nr_cgroups;
};

/**
 * struct cordon_service - what may be asked for
 * @protocol: IP protocol number; meaningless if @any
 * @any: every protocol and service
 * @first: first service (port, or ICMP type << 8 | code), see uapi/policy.h
 * @last: last one, included; a protocol without services has 0 and 65535
 */
struct cordon_service {
	uint8_t protocol;
	bool any;
	uint16_t first;
	uint16_t last;
	struct cordon_position at;
	char text[40]; /* as written */
};

/* An end of a rule that stands for every remote address, zone or not; never
 * for the node or a workload. */
#define CORDON_IDENTITY_ANY 0xffffU

/**
 * struct cordon_policy_rule - from may reach the services of to
 * @from: identity (uapi/policy.h): node, zone, workload, or CORDON_IDENTITY_ANY
 * @to: likewise
 *
 * Exactly one end or none is on this machine (node or workload): out of the
 * node, into the node, or through it.  A rule `from: node` covers workloads,
 * too; one that leads to a workload reserves the port for it.
 */
struct cordon_policy_rule {
	char name[CORDON_NAME_SIZE];
	struct cordon_position at;
	uint16_t from;
	uint16_t to;
	struct cordon_service *services;
	size_t nr_services;
};

enum cordon_interface_mode {
	CORDON_MODE_AUTO,    /* XDP on a physical port that has it natively, else tc */
	CORDON_MODE_TC,	     /* tcx or clsact */
	CORDON_MODE_XDP,     /* native XDP */
	CORDON_MODE_EXCLUDE, /* not covered, by the owner's choice */
};

/** struct cordon_interface_choice - how interfaces of a name are covered */
struct cordon_interface_choice {
	char pattern[CORDON_INTERFACE_NAME_SIZE]; /* "eth0" or "veth*" */
	enum cordon_interface_mode mode;
	struct cordon_position at;
};

enum cordon_log_flows {
	CORDON_LOG_FLOWS_DENIED, /* the default */
	CORDON_LOG_FLOWS_NONE,
	CORDON_LOG_FLOWS_ALL,
};

struct cordon_timeouts {
	uint32_t tcp_open; /* seconds, each */
	uint32_t tcp;
	uint32_t tcp_closing;
	uint32_t udp;
	uint32_t udp_reply;
	uint32_t icmp;
	uint32_t fragment;
	uint32_t other;
};

/** struct cordon_lease - how long the node goes without a renewal; zeros: for ever */
struct cordon_lease {
	uint32_t hours; /* of uptime; 0: they do not count */
	uint32_t boots;
	uint32_t latch; /* enum cordon_latch that comes then */
};

/** struct cordon_watchdog - how long the module goes without a sign of life; zeros: for ever */
struct cordon_watchdog {
	uint32_t seconds;
	uint32_t latch; /* enum cordon_latch that comes then */
};

/*
 * X(NAME, "what one is"): what `lockdown:` lists.  Kept in images by number:
 * append, never renumber, or make it another version.
 */
#define CORDON_LOCKDOWN_KINDS(X)                                                                   \
	X(PROGRAM, "program")		 /* that may start; an absolute path */                    \
	X(FILE, "file of a secret")	 /* or folder; an absolute path */                         \
	X(KEY, "key of a secret")	 /* "TYPE:DESCRIPTION" as in /proc/keys */                 \
	X(TPM, "TPM handle")		 /* "0x81000001" */                                        \
	X(OPENER, "program of a secret") /* that may open it; an absolute path */                  \
	X(UNIT, "unit")			 /* that is held down */                                   \
	X(LOGIN, "login")		 /* name of a user who may log in */                       \
	X(CONSOLE, "console")		 /* "off"; "keep" is no entry */                           \
	X(USB_INPUT, "USB input")	 /* "off"; likewise */                                     \
	X(LUKS, "LUKS device")		 /* to wipe; an absolute path */                           \
	X(LOGINS, "logins")		 /* "listed": nobody but LOGINs logs in */                 \
	X(WIPE, "path to wipe")		 /* likewise */                                            \
	X(LIBRARY, "library")		 /* that programs open later, or a folder; likewise */

enum cordon_lockdown_kind {
#define CORDON_LOCKDOWN_ENUM(name, text) CORDON_LOCKDOWN_##name,
	CORDON_LOCKDOWN_KINDS(CORDON_LOCKDOWN_ENUM)
#undef CORDON_LOCKDOWN_ENUM
	CORDON_LOCKDOWN_KIND_COUNT
};

/** cordon_lockdown_kind_name() - as in CORDON_LOCKDOWN_KINDS, or "?" */
const char *cordon_lockdown_kind_name(uint32_t kind);

/**
 * struct cordon_policy_lockdown - one thing that `lockdown:` names
 * @secret: of FILE, KEY, TPM and OPENER: index in cordon_policy.secrets
 * @sha256: of PROGRAM, as it must be; zeros: as it is when the level is reached
 */
struct cordon_policy_lockdown {
	enum cordon_lockdown_kind kind;
	size_t secret;
	struct cordon_name_at name;
	uint8_t sha256[32];
};

struct cordon_policy {
	char **files; /* [0] is the policy, then included prefix files */
	size_t nr_files;
	uint64_t serial; /* 1 to 2^63 - 1 */
	struct cordon_position serial_at;
	char node[64];
	bool audit; /* mode: audit */
	struct cordon_policy_zone *zones;
	size_t nr_zones;
	struct cordon_policy_workload *workloads;
	size_t nr_workloads;
	struct cordon_policy_rule *rules;
	size_t nr_rules;
	struct cordon_policy_rule *keep; /* quarantine */
	size_t nr_keep;
	struct cordon_lease lease;
	struct cordon_watchdog watchdog;
	uint8_t break_glass[32];	  /* SHA-256 of the code; zeros: there is none */
	struct cordon_prefix4 *prefixes4; /* sorted by address, then length; unique */
	size_t nr_prefixes4;
	struct cordon_prefix6 *prefixes6; /* likewise */
	size_t nr_prefixes6;
	struct cordon_interface_choice *choices;
	size_t nr_choices;
	uint32_t builtins_off; /* bit n: enum cordon_builtin n */
	uint32_t flow_entries;
	struct cordon_timeouts timeouts;
	enum cordon_log_flows log_flows;
	bool log_exec; /* record processes */
	uint64_t log_bytes;
	uint32_t kernel_closed_from;	     /* enum cordon_latch */
	struct cordon_name_at *certificates; /* absolute paths */
	size_t nr_certificates;
	struct cordon_name_at *secrets;
	size_t nr_secrets;
	struct cordon_policy_lockdown *lockdown;
	size_t nr_lockdown;
	uint8_t digest[32]; /* SHA-256 of the policy's text; if it includes files, SHA-256 of
			     * that and of each file's SHA-256, in the order of files[] */
};

/* Identities of the policy's parts. */
static inline uint16_t cordon_zone_identity(size_t zone)
{
	return (uint16_t)(CORDON_IDENTITY_FIRST + zone);
}

static inline uint16_t cordon_workload_identity(const struct cordon_policy *policy, size_t workload)
{
	return (uint16_t)(CORDON_IDENTITY_FIRST + policy->nr_zones + workload);
}

/** cordon_policy_is_local() - whether an identity is the node or a workload */
static inline bool cordon_policy_is_local(const struct cordon_policy *policy, uint16_t identity)
{
	return identity != CORDON_IDENTITY_ANY &&
	       (identity == CORDON_IDENTITY_NODE ||
		identity >= CORDON_IDENTITY_FIRST + policy->nr_zones);
}

/**
 * cordon_policy_identity_name() - what a person calls it: "node", "any", a zone
 *	or workload by its name, "stranger" for an address in no zone
 * Return: a string that lives as long as the policy; never NULL.
 */
const char *cordon_policy_identity_name(const struct cordon_policy *policy, uint16_t identity);

/**
 * cordon_policy_check_serial() - whether a policy may follow the active one
 * @active_serial: of the active policy, 0: there is none
 * @diag: receives the position of the serial if it goes down
 * Return: 0, also for the same serial; -EINVAL.
 */
int cordon_policy_check_serial(const struct cordon_policy *policy, uint64_t active_serial,
			       struct cordon_diag *diag);

/** cordon_policy_free() - takes NULL and half-built policies */
void cordon_policy_free(struct cordon_policy *policy);
DEFINE_CLEANUP(policy, struct cordon_policy *, cordon_policy_free)

/**
 * cordon_policy_parse_file() - read, parse and check a policy
 * @path: of the YAML file; included files are relative to its folder
 * @diag: receives every mistake
 * @ret_policy: the caller's to free with cordon_policy_free(); untouched on
 *	failure
 * Return: 0; -EINVAL: @diag says what is wrong; -ENOMEM; -errno of reading,
 *	also said in @diag.
 */
int cordon_policy_parse_file(const char *path, struct cordon_diag *diag,
			     struct cordon_policy **ret_policy);

/** cordon_policy_parse_memory() - the same for a text; @name stands for its file */
int cordon_policy_parse_memory(const char *text, size_t size, const char *name,
			       struct cordon_diag *diag, struct cordon_policy **ret_policy);

#endif
