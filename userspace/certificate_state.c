// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is to be told of a certificate; see certificate_state.h.
 */
#include "certificate_state.h"

#include <stdlib.h>

#define SOON (30LL * 24 * 60 * 60)
/* One that is made for a day ends soon for a third of it, not all its life. */
#define SOON_PART 3

#define STEADY_NS 25000000000LL
/* More than a clock that is only slewed gains or loses between two looks. */
#define SET_NS 1000000000LL

/* Anybody may have written the two times: no overflow, whatever they are. */
static int64_t soon_of(const struct cordon_validity *validity)
{
	const int64_t part = validity->not_after / SOON_PART - validity->not_before / SOON_PART;

	return part < SOON ? part : SOON;
}

enum cordon_certificate_state cordon_certificate_state(const struct cordon_validity *validity,
						       int64_t now)
{
	if (now > validity->not_after)
		return CORDON_CERTIFICATE_ENDED;
	if (now < validity->not_before)
		return CORDON_CERTIFICATE_NOT_YET;
	if (validity->not_after - now < soon_of(validity))
		return CORDON_CERTIFICATE_ENDS_SOON;
	return CORDON_CERTIFICATE_VALID;
}

bool cordon_certificate_is_news(struct cordon_certificate_told *told,
				enum cordon_certificate_state state)
{
	const uint32_t bit = 1U << state;
	const bool expected = state == CORDON_CERTIFICATE_VALID && !told->states && !told->replaced;
	const bool before = told->states & bit;

	/* That all is well from the start on is no news, but after anything else it is. */
	if (!expected)
		told->states |= bit;
	return !expected && !before;
}

bool cordon_is_steady(struct cordon_steady *steady, int64_t boottime, int64_t wall)
{
	const int64_t ahead = wall - boottime;

	if (!steady->looked || llabs(ahead - steady->ahead) >= SET_NS)
		steady->since = boottime;
	steady->looked = true;
	steady->ahead = ahead;
	return boottime - steady->since >= STEADY_NS;
}
