// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `lockdown:` of a policy: what may start and log in when the node is at that
 * level, what is held down, which secrets there are, and what an order to wipe
 * takes away.  It looks at no file that is named.
 */
#include <stdlib.h>
#include <string.h>

#include <cordon/uapi/lockdown.h>

#include "parse.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/hex.h"

#define DIGEST_SIZE 32

/*
 * struct list - where the texts of a list go
 * @problem: why a text is none of them; NULL: it is
 */
struct list {
	enum cordon_lockdown_kind kind;
	const char *(*problem)(const char *text);
	size_t secret;
};

/* ---- texts ------------------------------------------------------------------------------- */

static const char *path_problem(const char *text)
{
	if (*text != '/')
		return "must start with '/'";
	if (strlen(text) >= CORDON_LOCKDOWN_TEXT_SIZE)
		return "is longer than 255 bytes";
	if (!text[1] || strstr(text, "//") || text[strlen(text) - 1] == '/' ||
	    cordon_parse_has_dots(text))
		return "must be written without '//', '.', '..' and '/' at its end, and is not '/'";
	return NULL;
}

/* Whether a path is a folder, in it, or above it. */
static bool is_along(const char *path, const char *folder)
{
	const size_t size = strlen(path), length = strlen(folder);
	const size_t shorter = size < length ? size : length;

	return !strncmp(path, folder, shorter) &&
	       (size == length || (size < length ? folder : path)[shorter] == '/');
}

/* What is destroyed must not be what tells that it was. */
static const char *victim_problem(const char *text)
{
	static const char *const ours[] = { "/var/lib/cordon", "/etc/cordon", "/sys", "/proc" };
	const char *problem = path_problem(text);

	for (size_t i = 0; i < ARRAY_SIZE(ours) && !problem; i++) {
		if (is_along(text, ours[i]))
			problem = "cannot be destroyed: it is, holds or lies in what cordon itself "
				  "needs";
	}
	return problem;
}

/* keyrings(7): "user:app:database" */
static const char *key_problem(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
	const size_t type = strspn(text, letters);

	if (strlen(text) >= CORDON_LOCKDOWN_TEXT_SIZE)
		return "is longer than 255 bytes";
	return !type || text[type] != ':' || !text[type + 1] ?
		       "must be TYPE:DESCRIPTION, as in /proc/keys: 'keyring:app', 'user:app-key'" :
		       NULL;
}

/* Handles of keys and data that outlive a reset: TPM 2.0 Library, Part 2, 7.4 */
static const char *handle_problem(const char *text)
{
	const size_t digits = strlen(text) == 10 ? strspn(text + 2, "0123456789abcdef") : 0;

	return strncmp(text, "0x81", 4) != 0 || digits != 8 ?
		       "must be a persistent handle, 0x81000000 to 0x81ffffff, in small digits" :
		       NULL;
}

/* useradd(8), without those that only a person would type to deceive. */
static const char *login_problem(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	if (strlen(text) > 32)
		return "is longer than 32 characters";
	return !*text || text[strspn(text, letters)] || *text == '-' || *text == '.' ?
		       "must be the name of a user" :
		       NULL;
}

static const char *unit_problem(const char *text)
{
	static const char *const endings[] = { ".service", ".socket", ".timer",
					       ".scope",   ".slice",  NULL };

	return cordon_parse_unit_problem(
		text, endings, "must end with .service, .socket, .timer, .scope or .slice");
}

/* ---- lists ------------------------------------------------------------------------------- */

static int push(struct parse *parse, const struct cordon_value *value, const struct list *list,
		const uint8_t *sha256)
{
	struct cordon_policy *policy = parse->policy;
	char *text CLEANUP(free) = strdup(value->text);
	struct cordon_policy_lockdown *entry =
		text ? array_push(policy->lockdown, policy->nr_lockdown) : NULL;

	if (!entry)
		return -ENOMEM;
	entry->kind = list->kind;
	entry->secret = list->secret;
	entry->name.text = TAKE(text);
	entry->name.at = value->at;
	if (sha256)
		memcpy(entry->sha256, sha256, sizeof(entry->sha256));
	return cordon_parse_limit(parse, value, policy->nr_lockdown, CORDON_POLICY_LOCKDOWN_MAX,
				  "things under 'lockdown'");
}

/* The program of one secret may be that of another, too. */
static int check_once(struct parse *parse, const struct cordon_value *value,
		      const struct list *list)
{
	if (list->kind == CORDON_LOCKDOWN_OPENER)
		return 0;
	return cordon_parse_once(parse, PARSE_SCOPE_LOCKDOWN + (uint32_t)list->kind, value,
				 cordon_lockdown_kind_name(list->kind));
}

static int take_text(struct parse *parse, const struct cordon_value *value, const struct list *list,
		     const uint8_t *sha256)
{
	const char *what = cordon_lockdown_kind_name(list->kind), *problem;
	int error = cordon_parse_need_kind(parse, value, what, CORDON_VALUE_TEXT);

	if (error)
		return error;
	problem = list->problem(value->text);
	if (problem)
		return cordon_parse_refuse(parse, value->at, "%s '%.40s' %s", what, value->text,
					   problem);
	error = check_once(parse, value, list);
	return error ? error : push(parse, value, list, sha256);
}

static int read_item(struct parse *parse, const struct cordon_value *value, void *target)
{
	return take_text(parse, value, target, NULL);
}

static int read_list(struct parse *parse, const struct cordon_value *value, const char *what,
		     struct list list)
{
	return cordon_parse_each(parse, value, what, CORDON_VALUE_LIST, read_item, &list);
}

/* ---- programs ---------------------------------------------------------------------------- */

struct program {
	const struct cordon_value *path;
	uint8_t sha256[DIGEST_SIZE];
};

static int read_program_path(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct program *program = target;

	program->path = value;
	return cordon_parse_need_kind(parse, value, "a program's path", CORDON_VALUE_TEXT);
}

static int read_program_digest(struct parse *parse, const struct cordon_value *value, void *target)
{
	static const uint8_t none[DIGEST_SIZE];
	struct program *program = target;
	int error = cordon_parse_need_kind(parse, value, "'sha256'", CORDON_VALUE_TEXT);

	if (error)
		return error;
	if (!cordon_hex_read(value->text, program->sha256, DIGEST_SIZE) &&
	    memcmp(program->sha256, none, DIGEST_SIZE) != 0)
		return 0;
	return cordon_parse_refuse(parse, value->at,
				   "'sha256' is 64 hexadecimal digits, as sha256sum prints them");
}

static const struct parse_field program_fields[] = {
	{ .name = "path", .read = read_program_path, .required = true, .hint = "path: /usr/bin/x" },
	{ .name = "sha256", .read = read_program_digest },
};

static int read_program(struct parse *parse, const struct cordon_value *value, void *target)
{
	const struct list list = { CORDON_LOCKDOWN_PROGRAM, path_problem, SIZE_MAX };
	struct program program = { .path = value };
	int error = 0;

	if (value->kind == CORDON_VALUE_MAP)
		error = cordon_parse_fields(parse, value, "a program", program_fields,
					    ARRAY_SIZE(program_fields), &program);
	(void)target;
	return error ? error : take_text(parse, program.path, &list, program.sha256);
}

static int read_programs(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'programs'", CORDON_VALUE_LIST, read_program,
				 target);
}

static int read_libraries(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_list(parse, value, "'libraries'",
			 (struct list){ CORDON_LOCKDOWN_LIBRARY, path_problem, SIZE_MAX });
}

/* ---- secrets ----------------------------------------------------------------------------- */

/* struct secret - @nr: things that it is */
struct secret {
	size_t index;
	const struct cordon_value *name;
	size_t nr;
};

static int read_name(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct cordon_policy *policy = parse->policy;
	struct secret *secret = target;
	char name[CORDON_NAME_SIZE];
	int error = cordon_parse_name(parse, value, "secret", sizeof(name), name);

	if (!error)
		error = cordon_parse_once(parse, PARSE_SCOPE_SECRETS, value, "secret");
	if (error)
		return error;
	secret->name = value;
	secret->index = policy->nr_secrets;
	error = cordon_parse_push_name(value, &policy->secrets, &policy->nr_secrets);
	return error ? error :
		       cordon_parse_limit(parse, value, policy->nr_secrets,
					  CORDON_LOCKDOWN_SECRETS_MAX, "secrets under 'lockdown'");
}

static int read_part(struct parse *parse, const struct cordon_value *value, const char *what,
		     struct list list, struct secret *secret)
{
	const size_t before = parse->policy->nr_lockdown;
	int error;

	list.secret = secret->index;
	error = read_list(parse, value, what, list);
	secret->nr += parse->policy->nr_lockdown - before;
	return error;
}

static int read_files(struct parse *parse, const struct cordon_value *value, void *target)
{
	return read_part(parse, value, "'files'",
			 (struct list){ CORDON_LOCKDOWN_FILE, victim_problem, 0 }, target);
}

static int read_keys(struct parse *parse, const struct cordon_value *value, void *target)
{
	return read_part(parse, value, "'keyrings'",
			 (struct list){ CORDON_LOCKDOWN_KEY, key_problem, 0 }, target);
}

static int read_handles(struct parse *parse, const struct cordon_value *value, void *target)
{
	return read_part(parse, value, "'tpm'",
			 (struct list){ CORDON_LOCKDOWN_TPM, handle_problem, 0 }, target);
}

static int read_openers(struct parse *parse, const struct cordon_value *value, void *target)
{
	const struct secret *secret = target;

	return read_list(parse, value, "'programs'",
			 (struct list){ CORDON_LOCKDOWN_OPENER, path_problem, secret->index });
}

static const struct parse_field secret_fields[] = {
	{ .name = "name", .read = read_name, .required = true, .hint = "name: payment-keys" },
	{ .name = "files", .read = read_files },
	{ .name = "keyrings", .read = read_keys },
	{ .name = "tpm", .read = read_handles },
	{ .name = "programs", .read = read_openers },
};

static int read_secret(struct parse *parse, const struct cordon_value *value, void *target)
{
	struct secret secret = { .index = SIZE_MAX };
	int error = cordon_parse_need_kind(parse, value, "a secret", CORDON_VALUE_MAP);

	(void)target;
	if (!error)
		error = cordon_parse_fields(parse, value, "a secret", secret_fields,
					    ARRAY_SIZE(secret_fields), &secret);
	if (error || secret.nr)
		return error;
	return cordon_parse_refuse(parse, value->at,
				   "secret '%.40s' is nothing; it needs 'files', 'keyrings' or "
				   "'tpm'",
				   secret.name->text);
}

static int read_secrets(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_each(parse, value, "'secrets'", CORDON_VALUE_LIST, read_secret, target);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static int read_units(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_list(parse, value, "'units'",
			 (struct list){ CORDON_LOCKDOWN_UNIT, unit_problem, SIZE_MAX });
}

static int read_logins(struct parse *parse, const struct cordon_value *value, void *target)
{
	const struct list all = { CORDON_LOCKDOWN_LOGINS, NULL, SIZE_MAX };
	const struct cordon_value listed = { .at = value->at, .text = "listed" };
	const int error = push(parse, &listed, &all, NULL);

	(void)target;
	if (error)
		return error;
	/* Of an empty list, too: then nobody does. */
	return read_list(parse, value, "'logins'",
			 (struct list){ CORDON_LOCKDOWN_LOGIN, login_problem, SIZE_MAX });
}

static int read_switch(struct parse *parse, const struct cordon_value *value, const char *what,
		       enum cordon_lockdown_kind kind)
{
	static const char *const states[] = { "keep", "off" };
	const struct list list = { kind, NULL, SIZE_MAX };
	size_t state;
	int error = cordon_parse_choice(parse, value, what, states, ARRAY_SIZE(states), &state);

	return error || !state ? error : push(parse, value, &list, NULL);
}

static int read_console(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_switch(parse, value, "'console'", CORDON_LOCKDOWN_CONSOLE);
}

static int read_usb_input(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_switch(parse, value, "'usb_input'", CORDON_LOCKDOWN_USB_INPUT);
}

static int read_luks(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_list(parse, value, "'luks'",
			 (struct list){ CORDON_LOCKDOWN_LUKS, victim_problem, SIZE_MAX });
}

static int read_paths(struct parse *parse, const struct cordon_value *value, void *target)
{
	(void)target;
	return read_list(parse, value, "'paths'",
			 (struct list){ CORDON_LOCKDOWN_WIPE, victim_problem, SIZE_MAX });
}

static const struct parse_field wipe_fields[] = {
	{ .name = "luks", .read = read_luks },
	{ .name = "paths", .read = read_paths },
};

static int read_wipe(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'wipe'", wipe_fields, ARRAY_SIZE(wipe_fields),
				   target);
}

static const struct parse_field lockdown_fields[] = {
	{ .name = "programs", .read = read_programs },
	{ .name = "libraries", .read = read_libraries },
	{ .name = "secrets", .read = read_secrets },
	{ .name = "units", .read = read_units },
	{ .name = "logins", .read = read_logins },
	{ .name = "console", .read = read_console },
	{ .name = "usb_input", .read = read_usb_input },
	{ .name = "wipe", .read = read_wipe },
};

int cordon_parse_lockdown(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'lockdown'", lockdown_fields,
				   ARRAY_SIZE(lockdown_fields), target);
}
