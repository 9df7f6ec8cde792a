// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To destroy what a policy lists: in which order; see destroy.h.
 */
#include "destroy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "util/array.h"
#include "util/clock.h"

struct part {
	enum cordon_lockdown_kind kind;
	void (*destroy)(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing);
};

void cordon_destruction_clear(struct cordon_destruction *destruction)
{
	free(destruction->each);
	*destruction = (struct cordon_destruction){ .nr = 0 };
}

void cordon_destroyed_say(struct cordon_destroyed *thing, enum cordon_destroyed_state state,
			  const char *format, ...)
{
	va_list arguments;

	thing->state = state;
	va_start(arguments, format);
	vsnprintf(thing->how, sizeof(thing->how), format, arguments);
	va_end(arguments);
}

static int destroy_kind(const struct cordon_destroyer *destroyer, const struct cordon_image *image,
			const struct part *part, struct cordon_destruction *destruction)
{
	for (size_t i = 0; i < image->nr_lockdown; i++) {
		const struct cordon_image_lockdown *entry = &image->lockdown[i];
		struct cordon_destroyed *thing;

		if (entry->kind != part->kind)
			continue;
		thing = array_push(destruction->each, destruction->nr);
		if (!thing)
			return -ENOMEM;
		thing->kind = entry->kind;
		memcpy(thing->name, entry->text, sizeof(thing->name));
		part->destroy(destroyer, thing);
		destruction->failed += thing->state == CORDON_NOT_DESTROYED;
		cordon_step("thing destroyed");
	}
	return 0;
}

static int destroy_all(const struct cordon_context *context, const struct cordon_image *image,
		       const struct part *parts, size_t nr,
		       struct cordon_destruction *ret_destruction)
{
	const struct cordon_destroyer destroyer = {
		context, cordon_clock_ns() + CORDON_DESTROY_SECONDS * 1000000000ULL
	};
	int error = 0;

	*ret_destruction = (struct cordon_destruction){ .nr = 0 };
	for (size_t i = 0; i < nr && !error; i++)
		error = destroy_kind(&destroyer, image, &parts[i], ret_destruction);
	return error;
}

int cordon_destroy_secrets(const struct cordon_context *context, const struct cordon_image *image,
			   struct cordon_destruction *ret_destruction)
{
	static const struct part parts[] = {
		{ CORDON_LOCKDOWN_KEY, cordon_destroy_key },
		{ CORDON_LOCKDOWN_TPM, cordon_destroy_tpm },
		{ CORDON_LOCKDOWN_FILE, cordon_destroy_file },
	};

	return destroy_all(context, image, parts, ARRAY_SIZE(parts), ret_destruction);
}

int cordon_destroy_disks(const struct cordon_context *context, const struct cordon_image *image,
			 struct cordon_destruction *ret_destruction)
{
	static const struct part parts[] = {
		{ CORDON_LOCKDOWN_LUKS, cordon_destroy_luks },
		{ CORDON_LOCKDOWN_WIPE, cordon_destroy_file },
	};

	return destroy_all(context, image, parts, ARRAY_SIZE(parts), ret_destruction);
}
