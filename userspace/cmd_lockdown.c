// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What cordon check says of a policy's `lockdown:`, and cordon status of what is held.
 */
#include "cmd_lockdown.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "latch.h"
#include "ledger.h"
#include "lockdown.h"
#include "lockdown_look.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Counted, in the order in which they are told. */
static const struct {
	enum cordon_lockdown_kind kind;
	const char *one, *many;
} counted[] = {
	{ CORDON_LOCKDOWN_PROGRAM, "program", "programs" },
	{ CORDON_LOCKDOWN_LIBRARY, "library", "libraries" },
	{ CORDON_LOCKDOWN_FILE, "secret file", "secret files" },
	{ CORDON_LOCKDOWN_KEY, "key", "keys" },
	{ CORDON_LOCKDOWN_TPM, "TPM handle", "TPM handles" },
	{ CORDON_LOCKDOWN_UNIT, "unit held down", "units held down" },
	{ CORDON_LOCKDOWN_LOGIN, "login", "logins" },
	{ CORDON_LOCKDOWN_LUKS, "LUKS device to wipe", "LUKS devices to wipe" },
	{ CORDON_LOCKDOWN_WIPE, "path to wipe", "paths to wipe" },
};

void cmd_lockdown_text(const struct cordon_image *image)
{
	const char *before = "lockdown       ";

	for (size_t i = 0; i < ARRAY_SIZE(counted); i++) {
		const size_t nr = cordon_lockdown_count(image, counted[i].kind);

		if (!nr)
			continue;
		printf("%s%zu %s", before, nr, nr == 1 ? counted[i].one : counted[i].many);
		before = ", ";
	}
	if (cordon_lockdown_count(image, CORDON_LOCKDOWN_CONSOLE)) {
		printf("%sconsole off", before);
		before = ", ";
	}
	if (cordon_lockdown_count(image, CORDON_LOCKDOWN_USB_INPUT)) {
		printf("%sUSB input off", before);
		before = ", ";
	}
	if (image->nr_lockdown)
		putchar('\n');
}

void cmd_lockdown_json(struct json *json, const struct cordon_image *image)
{
	json_array(json, "lockdown");
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];

		json_object(json, NULL);
		json_string(json, "kind", cordon_lockdown_kind_name(entry->kind));
		json_string(json, "name", entry->text);
		json_string(json, "secret", entry->secret);
		json_object_end(json);
	}
	json_array_end(json);
}

/* ---- status ------------------------------------------------------------------------------ */

static void print_kind(const struct cordon_ledger *ledger, const char *kind, const char *what)
{
	const char *before = what;

	for (size_t i = 0; i < ledger->nr; i++) {
		if (strcmp(ledger->line[i].kind, kind) != 0)
			continue;
		printf("%s%s", before, ledger->line[i].name);
		before = ", ";
	}
	if (before != what)
		putchar('\n');
}

static void print_refused(const struct cordon_context *context)
{
	uint64_t refused[CORDON_LOCKDOWN_REFUSALS];

	if (cordon_lockdown_refused(context, &refused)) {
		puts("lockdown    the kernel refuses no programs and no opening of secrets");
		return;
	}
	printf("lockdown    the kernel refused %" PRIu64 " starts of programs, %" PRIu64
	       " files as code, %" PRIu64 " openings of secrets, %" PRIu64
	       " writes to listed files, %" PRIu64 " traces of processes\n",
	       refused[CORDON_LOCKDOWN_START], refused[CORDON_LOCKDOWN_CODE],
	       refused[CORDON_LOCKDOWN_OPEN] + refused[CORDON_LOCKDOWN_NAME],
	       refused[CORDON_LOCKDOWN_WRITE], refused[CORDON_LOCKDOWN_TRACE]);
}

static bool is_held(const struct cordon_context *context)
{
	return cordon_latch_level(context) == CORDON_LATCH_LOCKDOWN;
}

void cmd_lockdown_status(const struct cordon_context *context)
{
	struct cordon_ledger ledger CLEANUP(ledger) = { .nr = 0 };
	const bool held = is_held(context);

	if (cordon_ledger_read(context, &ledger) || (!held && !ledger.nr))
		return;
	if (!held)
		puts("lockdown    not any more, but not all is as it was before:");
	else if (!cordon_hand_pid(context))
		puts("lockdown    nobody follows it on this machine: cordon run --hand does");
	if (held)
		print_refused(context);
	print_kind(&ledger, "unit", "lockdown    holds down ");
	if (cordon_ledger_find(&ledger, "logins", "listed"))
		puts("lockdown    new logins end, but for those listed");
	if (cordon_ledger_find(&ledger, "sysrq", "/proc/sys/kernel/sysrq"))
		puts("lockdown    the console is off");
	print_kind(&ledger, "usb", "lockdown    USB input is off: ");
	print_kind(&ledger, "usb-hub", "lockdown    USB input gets no driver at ");
}

void cmd_lockdown_status_json(struct json *json, const struct cordon_context *context)
{
	struct cordon_ledger ledger CLEANUP(ledger) = { .nr = 0 };

	cordon_ledger_read(context, &ledger);
	json_object(json, "lockdown");
	json_bool(json, "held", is_held(context));
	json_bool(json, "hand", cordon_hand_pid(context));
	json_array(json, "changed");
	for (size_t i = 0; i < ledger.nr; i++) {
		/* That is what was listed. */
		if (!strcmp(ledger.line[i].kind, "code"))
			continue;
		json_object(json, NULL);
		json_string(json, "kind", ledger.line[i].kind);
		json_string(json, "name", ledger.line[i].name);
		json_string(json, "before", ledger.line[i].value);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}
