// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who logs in: records of the class AUTH.
 */
#include "event_shape.h"

#include <inttypes.h>
#include <string.h>

#include <cordon/uapi/auth.h>

#include "util/array.h"

static const char *const calls[CORDON_PAM_CALL_COUNT] = {
#define CORDON_PAM_TEXT(id, function, text) [CORDON_PAM_##id] = text,
	CORDON_PAM_CALLS(CORDON_PAM_TEXT)
#undef CORDON_PAM_TEXT
};

/* security/_pam_types.h of Linux-PAM; the numbers are its ABI. */
static const char *result_text(int32_t result)
{
	static const char *const results[] = {
		[0] = "success",
		[3] = "service-error",
		[4] = "system-error",
		[6] = "permission-denied",
		[7] = "wrong-password",
		[8] = "no-credentials",
		[9] = "no-authentication-information",
		[10] = "unknown-user",
		[11] = "too-many-tries",
		[12] = "password-expired",
		[13] = "account-expired",
		[14] = "session-error",
		[19] = "conversation-error",
		[20] = "password-not-changed",
		[26] = "aborted",
	};

	if (result == CORDON_PAM_BEGUN)
		return "begun";
	if (result < 0 || (size_t)result >= ARRAY_SIZE(results) || !results[result])
		return "failure";
	return results[result];
}

static const struct cordon_event_pam *pam_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_pam *)view->record->event;
}

#define ENDS(text) (memchr(text, '\0', sizeof(text)) != NULL)

static bool pam_is_whole(const struct cordon_event *event)
{
	const struct cordon_event_pam *pam = (const struct cordon_event_pam *)event;

	return pam->call < CORDON_PAM_CALL_COUNT && ENDS(pam->service) && ENDS(pam->user) &&
	       ENDS(pam->remote_host) && ENDS(pam->remote_user) && ENDS(pam->tty) &&
	       ENDS(pam->name);
}

static void pam_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_pam *pam = (const struct cordon_event_pam *)event;

	facts->start = pam->start;
	facts->name = pam->name;
	facts->name_size = sizeof(pam->name);
	facts->uid = pam->uid;
	facts->euid = pam->euid;
	facts->login_uid = pam->login_uid;
	facts->action = calls[pam->call];
	facts->subtype = pam->call == CORDON_PAM_SESSION_CLOSE ? "end" : "start";
	facts->outcome = pam->result == CORDON_PAM_BEGUN ? "unknown" :
			 pam->result			 ? "failure" :
							   "success";
}

static void pam_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_pam *pam = pam_of(view);

	fprintf(file, "%s %s", calls[pam->call], result_text(pam->result));
	cordon_event_name(file, ": user ", pam->user);
	cordon_event_name(file, " by ", pam->service);
	cordon_event_name(file, " from ", pam->remote_host);
	cordon_event_name(file, ", remote user ", pam->remote_user);
	cordon_event_name(file, " at ", pam->tty);
	fputs(", asked by ", file);
	cordon_event_who_text(file, view);
	/* Whatever it was told, it lets nobody in. */
	if (pam->euid)
		fputs(", without root's rights", file);
}

static void pam_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_pam *pam = pam_of(view);

	cordon_ecs_text(ecs, "user.target.name", pam->user);
	cordon_ecs_text(ecs, "source.address", pam->remote_host);
	cordon_ecs_text(ecs, "event.reason", pam->result ? result_text(pam->result) : NULL);
	cordon_ecs_text(ecs, "cordon.pam.service", pam->service);
	cordon_ecs_text(ecs, "cordon.pam.tty", pam->tty);
	cordon_ecs_text(ecs, "cordon.pam.remote_user", pam->remote_user);
	if (pam->session != CORDON_EVENT_NOBODY)
		cordon_ecs_number(ecs, "cordon.session", pam->session);
}

/* ---- what was told to audit ------------------------------------------------------------------ */

static const struct cordon_event_account *account_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_account *)view->record->event;
}

static bool account_is_whole(const struct cordon_event *event)
{
	const struct cordon_event_account *account = (const struct cordon_event_account *)event;

	return ENDS(account->operation) && ENDS(account->user) && ENDS(account->remote_host) &&
	       ENDS(account->tty) && ENDS(account->name);
}

static void account_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_account *account = (const struct cordon_event_account *)event;

	facts->start = account->start;
	facts->name = account->name;
	facts->name_size = sizeof(account->name);
	facts->uid = account->uid;
	facts->euid = account->euid;
	facts->login_uid = account->login_uid;
	facts->outcome = account->result == 1 ? "success" : "failure";
}

static void account_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_account *account = account_of(view);

	fputs("account", file);
	cordon_event_name(file, " ", account->operation);
	fputs(account->result == 1 ? " success" : " failure", file);
	cordon_event_name(file, ": user ", account->user);
	if (!account->user[0] && account->id != CORDON_EVENT_NOBODY)
		fprintf(file, ": uid %u", account->id);
	cordon_event_name(file, " from ", account->remote_host);
	cordon_event_name(file, " at ", account->tty);
	fputs(", told by ", file);
	cordon_event_who_text(file, view);
}

static void account_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_account *account = account_of(view);

	cordon_ecs_text(ecs, "user.target.name", account->user);
	if (account->id != CORDON_EVENT_NOBODY)
		cordon_ecs_number(ecs, "cordon.account.id", account->id);
	cordon_ecs_text(ecs, "source.address", account->remote_host);
	cordon_ecs_number(ecs, "cordon.account.type", account->type);
	cordon_ecs_text(ecs, "cordon.account.operation", account->operation);
	cordon_ecs_text(ecs, "cordon.account.tty", account->tty);
	if (account->session != CORDON_EVENT_NOBODY)
		cordon_ecs_number(ecs, "cordon.session", account->session);
}

/* ---- privileges and sessions ----------------------------------------------------------------- */

static const struct cordon_event_privilege *privilege_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_privilege *)view->record->event;
}

static bool privilege_is_whole(const struct cordon_event *event)
{
	return ENDS(((const struct cordon_event_privilege *)event)->name);
}

static void privilege_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_privilege *gain = (const struct cordon_event_privilege *)event;

	facts->start = gain->start;
	facts->name = gain->name;
	facts->name_size = sizeof(gain->name);
	facts->uid = gain->uid;
	facts->euid = gain->euid;
	facts->login_uid = gain->login_uid;
}

static void privilege_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_privilege *gain = privilege_of(view);

	fprintf(file,
		"privilege gained by no program: from uid %u euid %u capabilities %#" PRIx64
		" to uid %u euid %u capabilities %#" PRIx64 ": ",
		gain->former_uid, gain->former_euid, (uint64_t)gain->former_capabilities, gain->uid,
		gain->euid, (uint64_t)gain->capabilities);
	cordon_event_who_text(file, view);
}

static void privilege_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_privilege *gain = privilege_of(view);

	cordon_ecs_number(ecs, "cordon.privilege.capabilities", gain->capabilities);
	cordon_ecs_number(ecs, "cordon.privilege.former.capabilities", gain->former_capabilities);
	cordon_ecs_number(ecs, "cordon.privilege.former.uid", gain->former_uid);
	cordon_ecs_number(ecs, "cordon.privilege.former.euid", gain->former_euid);
	if (gain->session != CORDON_EVENT_NOBODY)
		cordon_ecs_number(ecs, "cordon.session", gain->session);
}

static const struct cordon_event_session *session_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_session *)view->record->event;
}

static bool session_is_whole(const struct cordon_event *event)
{
	return ENDS(((const struct cordon_event_session *)event)->name);
}

static void session_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_session *session = (const struct cordon_event_session *)event;

	facts->start = session->start;
	facts->name = session->name;
	facts->name_size = sizeof(session->name);
	facts->uid = session->uid;
	facts->euid = session->euid;
	facts->login_uid = session->login_uid;
}

static void session_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_session *session = session_of(view);

	fprintf(file, "session %u begins, login uid %u: ", session->session, session->login_uid);
	cordon_event_who_text(file, view);
}

static void session_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_number(ecs, "cordon.session", session_of(view)->session);
}

const struct cordon_event_shape cordon_event_shapes_auth[] = {
	{ CORDON_EVENT_PAM, sizeof(struct cordon_event_pam), "pam", "event", "authentication",
	  "info", .is_whole = pam_is_whole, .facts = pam_facts, .text = pam_text,
	  .fields = pam_fields },
	{ CORDON_EVENT_ACCOUNT, sizeof(struct cordon_event_account), "account", "event",
	  "authentication", "info", .is_whole = account_is_whole, .facts = account_facts,
	  .text = account_text, .fields = account_fields },
	{ CORDON_EVENT_PRIVILEGE, sizeof(struct cordon_event_privilege), "privilege-gained",
	  "event", "intrusion_detection", "change", .is_whole = privilege_is_whole,
	  .facts = privilege_facts, .text = privilege_text, .fields = privilege_fields },
	{ CORDON_EVENT_SESSION, sizeof(struct cordon_event_session), "session", "event", "session",
	  "start", .is_whole = session_is_whole, .facts = session_facts, .text = session_text,
	  .fields = session_fields },
	{ .text = NULL },
};
