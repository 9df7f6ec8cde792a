// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Until signatures are read: nobody is trusted, so no order is taken.
 */
#include <errno.h>
#include <string.h>

#include "sign.h"

int cordon_trust_read(const char *folder, struct cordon_failure *failure,
		      struct cordon_trust *ret_trust)
{
	(void)folder;
	(void)failure;
	memset(ret_trust, 0, sizeof(*ret_trust));
	return 0;
}

void cordon_trust_clear(struct cordon_trust *trust)
{
	memset(trust, 0, sizeof(*trust));
}

int cordon_sign_open(const void *cms, size_t size, const struct cordon_trust *trust,
		     struct cordon_failure *failure, struct cordon_signed *ret_signed)
{
	(void)cms;
	(void)size;
	(void)trust;
	(void)ret_signed;
	return cordon_fail(failure, -ENOTSUP, "this version reads no signatures");
}

void cordon_signed_clear(struct cordon_signed *message)
{
	memset(message, 0, sizeof(*message));
}

int cordon_trust_permits(const struct cordon_trust *trust, const struct cordon_signed *message,
			 enum cordon_role role, struct cordon_failure *failure)
{
	(void)trust;
	(void)message;
	(void)role;
	return cordon_fail(failure, -ENOKEY, "this version reads no signatures");
}
