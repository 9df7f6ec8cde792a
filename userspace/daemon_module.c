// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signs of life for the kernel module, and records of what it tells; see daemon_module.h.
 */
#include "daemon_module.h"

#include <string.h>

#include "module.h"
#include "util/cleanup.h"

/* More are for the next second: who makes it tell without end must not keep us from the rest. */
#define EVENTS_MAX 64

static bool is_alarm(uint32_t news)
{
	return news == CORDON_MODULE_NEWS_SILENT || news == CORDON_MODULE_NEWS_REFUSED;
}

static void tell(const struct cordon_daemon_module *module, const struct cordon_module_event *event,
		 uint32_t silent)
{
	struct cordon_event_backstop record = {
		.event = { .size = sizeof(record),
			   .type = is_alarm(event->news) ? CORDON_EVENT_BACKSTOP_ALARM :
							   CORDON_EVENT_BACKSTOP,
			   .pid = event->pid },
		.news = event->news,
		.before = event->before,
		.after = event->latch,
		.error = event->error,
		.silent = silent,
	};

	memcpy(record.comm, event->comm, sizeof(record.comm));
	cordon_recorder_tell(module->recorder, &record.event);
}

/* What it told while nobody listened is lost, but for silence, of which that is the sign. */
static void listen_again(struct cordon_daemon_module *module)
{
	struct cordon_module_event silence = { .news = CORDON_MODULE_NEWS_SILENT };
	struct cordon_module_state state;

	cleanup_close(&module->fd);
	module->fd = -1;
	if (cordon_module_look(module->context, &state) != CORDON_MODULE_OURS ||
	    cordon_module_listen(&module->fd) || !(state.flags & CORDON_MODULE_IS_SILENT))
		return;
	silence.before = silence.latch = state.latch;
	tell(module, &silence, state.silent);
}

static void hear(const struct cordon_daemon_module *module)
{
	struct cordon_module_event event;

	for (int i = 0; i < EVENTS_MAX && !cordon_module_hear(module->fd, &event); i++)
		tell(module, &event, 0);
}

void cordon_daemon_module_open(struct cordon_daemon_module *module,
			       const struct cordon_context *context,
			       struct cordon_recorder *recorder)
{
	*module = (struct cordon_daemon_module){ context, recorder, .fd = -1 };
	cordon_daemon_module_tick(module);
}

void cordon_daemon_module_close(struct cordon_daemon_module *module)
{
	cleanup_close(&module->fd);
}

bool cordon_daemon_module_tick(struct cordon_daemon_module *module)
{
	const uint16_t family = cordon_module_live(module->context);
	const bool is_new = family != module->family;

	module->family = family;
	if (is_new || (family && module->fd < 0))
		listen_again(module);
	if (module->fd >= 0)
		hear(module);
	return is_new && family;
}
