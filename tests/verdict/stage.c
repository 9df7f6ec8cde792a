// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses of the place where the tables play; see stage.h. */
#include "stage.h"

#include <arpa/inet.h>
#include <string.h>

void stage_address(const char *text, uint8_t *ret_bytes)
{
	inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, ret_bytes);
}
