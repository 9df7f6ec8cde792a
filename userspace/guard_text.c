// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the guard's state means, in words.
 */
#include "guard.h"

#include <stdio.h>

#define WEAKER "root can take cordon's programs, pins and files away"

const char *cordon_guard_standing_name(enum cordon_guard_standing standing)
{
	static const char *const names[] = {
		[CORDON_GUARD_STANDS] = "stands",   [CORDON_GUARD_HALF] = "half",
		[CORDON_GUARD_FAILED] = "failed",   [CORDON_GUARD_NOT_YET] = "not-yet",
		[CORDON_GUARD_NO_LSM] = "none",	    [CORDON_GUARD_KEPT_OFF] = "kept-off",
		[CORDON_GUARD_PRIVATE] = "private",
	};

	return names[standing];
}

const char *cordon_guard_doubt_text(uint32_t doubt)
{
	static const char *const texts[CORDON_GUARD_DOUBT_COUNT] = {
#define DOUBT_TEXT(name, text) [CORDON_GUARD_DOUBT_##name] = text,
		CORDON_GUARD_DOUBTS(DOUBT_TEXT)
#undef DOUBT_TEXT
	};

	return doubt < CORDON_GUARD_DOUBT_COUNT ? texts[doubt] : "?";
}

static void stands_text(const struct cordon_guard_view *view, char *ret_text, size_t size)
{
	char *at = ret_text, *const end = ret_text + size;

	at += snprintf(at, size, "stands, on %u hooks; %llu acts of others refused", view->hooks,
		       (unsigned long long)view->refused);
	if (view->unknown && at < end)
		at += snprintf(at, (size_t)(end - at),
			       "; %llu starts of the helper were not taken for it, the last as %s",
			       (unsigned long long)view->unknown,
			       cordon_guard_doubt_text(view->doubt));
	if (view->older && at < end)
		snprintf(at, (size_t)(end - at),
			 "; BPF programs of others from before it that may deceive or end cordon: "
			 "%u, the first with id %u",
			 view->older, view->oldest);
}

void cordon_guard_text(const struct cordon_guard_view *view, char *ret_text, size_t size)
{
	switch (view->standing) {
	case CORDON_GUARD_STANDS:
		stands_text(view, ret_text, size);
		return;
	case CORDON_GUARD_HALF:
	case CORDON_GUARD_FAILED:
		snprintf(ret_text, size, "NOT WHOLE: %s; " WEAKER, view->why);
		return;
	case CORDON_GUARD_NOT_YET:
		snprintf(ret_text, size, "none yet: cordon run raises it");
		return;
	case CORDON_GUARD_NO_LSM:
		snprintf(ret_text, size, "none (BPF LSM is off: boot with lsm=...,bpf): " WEAKER);
		return;
	case CORDON_GUARD_KEPT_OFF:
		snprintf(ret_text, size,
			 "off (cordon.guard=off on the kernel's command line): " WEAKER);
		return;
	case CORDON_GUARD_PRIVATE:
		snprintf(ret_text, size, "none (--root or --bpffs is not the node's own)");
		return;
	}
}
