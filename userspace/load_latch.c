// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store that seals.  It opens one pin, asks nothing else of anybody, and
 * allocates nothing.
 */
#include "latch.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load_pin.h"
#include "maps.h"
#include "util/cleanup.h"
#include "util/clock.h"

static int open_control(const struct cordon_context *context, struct cordon_control **ret_control)
{
	const int fd CLEANUP(close) = cordon_pin_open(context, CORDON_PIN_MAPS, "control");
	struct cordon_control *control;

	if (fd < 0)
		return fd;
	control = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED)
		return errno == EPERM ? -EPERM : -ENOMEM;
	*ret_control = control;
	return 0;
}

int cordon_latch_tighten(const struct cordon_context *context, uint32_t level, uint32_t *ret_before)
{
	struct cordon_control *control;
	const int error = open_control(context, &control);

	if (error)
		return error;
	*ret_before = cordon_control_tighten(control, level);
	munmap(control, sizeof(*control));
	return 0;
}

uint32_t cordon_control_level(const struct cordon_control *control, uint64_t now)
{
	const uint64_t lease_by = __atomic_load_n(&control->lease_by, __ATOMIC_ACQUIRE);
	const uint32_t latch = __atomic_load_n(&control->latch, __ATOMIC_ACQUIRE);

	if (!lease_by || now < lease_by || control->lease_latch < latch)
		return latch;
	return control->lease_latch;
}

uint32_t cordon_latch_held(const struct cordon_context *context, struct cordon_control *ret_control)
{
	struct cordon_control *control;

	memset(ret_control, 0, sizeof(*ret_control));
	if (open_control(context, &control))
		return CORDON_LATCH_OPEN;
	*ret_control = *control;
	munmap(control, sizeof(*control));
	return cordon_control_level(ret_control, cordon_clock_ns());
}

uint32_t cordon_latch_level(const struct cordon_context *context)
{
	struct cordon_control control;
	const uint32_t held = cordon_latch_held(context, &control);
	struct cordon_latch_state state;

	cordon_latch_read(context, &state);
	return held > state.level ? held : state.level;
}
