/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Who logs in, as bpf/auth.bpf.c tells it: what PAM was asked, by whom, for whom,
 * and what came of it.  By login, sshd, sudo, su, cron and whatever else uses the
 * machine's libpam; not what a container's own library is asked.  What programs
 * with the right to do so tell the kernel's audit by the machine's libaudit of
 * logins and accounts comes beside it: sshd tells there of a key that was refused,
 * and of a user that it does not know, of which PAM is never asked.
 *
 * bpf/process.bpf.c tells of privileges and sessions, which whoever has them need not ask anybody
 * for.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_AUTH_H
#define CORDON_UAPI_AUTH_H

#include <linux/types.h>

#include "event.h"

/* cordon_event_pam.call: X(NAME, "function of libpam", "what it is called") */
#define CORDON_PAM_CALLS(X)                                                                        \
	X(AUTHENTICATE, "pam_authenticate", "authenticate")                                        \
	X(ACCOUNT, "pam_acct_mgmt", "account")                                                     \
	X(SESSION_OPEN, "pam_open_session", "session-open")                                        \
	X(SESSION_CLOSE, "pam_close_session", "session-close")                                     \
	X(TOKEN, "pam_chauthtok", "change-token")

enum cordon_pam_call {
#define CORDON_PAM_ENUM(name, function, text) CORDON_PAM_##name,
	CORDON_PAM_CALLS(CORDON_PAM_ENUM)
#undef CORDON_PAM_ENUM
	CORDON_PAM_CALL_COUNT
};

/* cordon_event_pam.result: somebody who is not root, be it by a set-user-ID program, has begun to
 * authenticate.  He could end that program before it hears what came of it. */
#define CORDON_PAM_BEGUN (-1)

/* Records that those who are not root get on a CPU in about a second; beyond that they count as
 * lost. */
#define CORDON_USER_LOGINS_PER_SECOND 64

/**
 * struct cordon_event_pam - a call has returned, or begun
 * @start: of the process, as in process.h
 * @call: enum cordon_pam_call
 * @result: what it returned: 0: PAM_SUCCESS; else why not (security/_pam_types.h), or BEGUN
 * @uid, @euid: of the process that asked
 * @login_uid, @session: audit's; ~0: none
 * @service, @user, @remote_host, @remote_user, @tty: as PAM has them then, each ended
 *	by a NUL, cut if it is longer; anybody's bytes
 * @name: of the process, likewise
 */
struct cordon_event_pam {
	struct cordon_event event;
	__u64 start;
	__u32 call;
	__s32 result;
	__u32 uid;
	__u32 euid;
	__u32 login_uid;
	__u32 session;
	char service[32];
	char user[64];
	char remote_host[64];
	char remote_user[32];
	char tty[32];
	char name[16];
};
_Static_assert(sizeof(struct cordon_event_pam) == 296, "no padding");

/**
 * struct cordon_event_account - a program told audit about somebody's account
 * @start: of the process, as in process.h
 * @type: of the audit message (linux/audit.h): 1112 a login, 1114 and on accounts made and removed
 * @result: 1: success; else not
 * @id: of the user, where @user is "" ; ~0: none
 * @uid, @euid, @login_uid, @session: of the process that told
 * @operation: "login", "add-user" ...; what PAM tells, "PAM:...", is left to its own record
 * @user, @remote_host, @tty: as it told, each ended by a NUL, cut if it is longer; anybody's bytes
 * @name: of the process, likewise
 */
struct cordon_event_account {
	struct cordon_event event;
	__u64 start;
	__u32 type;
	__s32 result;
	__u32 id;
	__u32 uid;
	__u32 euid;
	__u32 login_uid;
	__u32 session;
	__u32 pad;
	char operation[48];
	char user[64];
	char remote_host[64];
	char tty[32];
	char name[16];
};
_Static_assert(sizeof(struct cordon_event_account) == 288, "no padding");

/**
 * struct cordon_event_privilege - a process has more privileges than it had when it started its
 *	program, and that program did not give them: a hole in the kernel did
 *
 * Seen when it makes a process, from Linux 6.10 on when it starts a program, and from 6.16 on when
 * it ends; once for each process.
 * @start: of the process, as in process.h
 * @capabilities, @uid, @euid: effective ones, now
 * @former_capabilities, @former_uid, @former_euid: permitted ones, just before it started its
 *	program
 * @login_uid, @session: audit's; ~0: none
 * @name: of the process, ended by a NUL; anybody's bytes
 */
struct cordon_event_privilege {
	struct cordon_event event;
	__u64 start;
	__u64 capabilities;
	__u64 former_capabilities;
	__u32 uid;
	__u32 euid;
	__u32 former_uid;
	__u32 former_euid;
	__u32 login_uid;
	__u32 session;
	char name[16];
};
_Static_assert(sizeof(struct cordon_event_privilege) == 88, "no padding");

/**
 * struct cordon_event_session - a process has a login session that its parent has not, the first
 *	of it that was seen to make a process, or from Linux 6.10 on to start a program
 * @start, @session, @login_uid, @uid, @euid, @name: as above
 */
struct cordon_event_session {
	struct cordon_event event;
	__u64 start;
	__u32 session;
	__u32 login_uid;
	__u32 uid;
	__u32 euid;
	char name[16];
};
_Static_assert(sizeof(struct cordon_event_session) == 64, "no padding");

#endif
