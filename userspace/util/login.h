/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is logged in where this process was started.
 */
#ifndef CORDON_UTIL_LOGIN_H
#define CORDON_UTIL_LOGIN_H

#include <stdint.h>

#define CORDON_LOGIN_NONE UINT32_MAX

/** cordon_login_uid() - the kernel's login uid (audit); NONE: nobody logged in, or it is not kept */
uint32_t cordon_login_uid(void);

#endif
