// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What cordon check says of a policy's `lockdown:`.
 */
#include "cmd_lockdown.h"

#include <stdio.h>

#include "lockdown_look.h"
#include "util/array.h"

/* Counted, in the order in which they are told. */
static const struct {
	enum cordon_lockdown_kind kind;
	const char *one, *many;
} counted[] = {
	{ CORDON_LOCKDOWN_PROGRAM, "program", "programs" },
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
