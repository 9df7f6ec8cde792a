// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is changed in how the node is set up: records of the class CONFIG.
 */
#include "event_shape.h"

#include <string.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "event_time.h"
#include "util/array.h"
#include "util/hex.h"

static const struct {
	uint32_t change;
	const char *text;
} changes[] = {
#define CORDON_FILE_TEXT(name, bit, text) { CORDON_FILE_##name, text },
	CORDON_FILE_CHANGES(CORDON_FILE_TEXT)
#undef CORDON_FILE_TEXT
};

static const struct cordon_event_file *file_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_file *)view->record->event;
}

static const char *file_path(const struct cordon_event *event)
{
	return cordon_event_text(event, sizeof(struct cordon_event_file), 0);
}

static const char *file_process(const struct cordon_event *event)
{
	return cordon_event_text(event, sizeof(struct cordon_event_file), 1);
}

static bool has_digest(const struct cordon_event_file *file)
{
	static const uint8_t none[sizeof(file->digest)];

	return memcmp(file->digest, none, sizeof(none)) != 0;
}

static void file_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_file *file = (const struct cordon_event_file *)event;

	/* Its name, if it had ended by then, is what the log tells of it, if that does. */
	facts->name = file_process(event)[0] ? file_process(event) : NULL;
	facts->name_size = strlen(file_process(event));
	facts->subtype = file->change & CORDON_FILE_DELETED ? "deletion" :
			 file->change & CORDON_FILE_CREATED ? "creation" :
							      "change";
}

static void file_text(FILE *out, const struct cordon_event_view *view)
{
	const struct cordon_event_file *file = file_of(view);
	char digest[2 * sizeof(file->digest) + 1];

	cordon_event_name(out, "file ", file_path(&file->event));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (file->change & changes[i].change)
			fprintf(out, " %s", changes[i].text);
	}
	if (file->mode)
		fprintf(out, ", now %llu bytes, mode %04o, owner %u:%u",
			(unsigned long long)file->size, file->mode & 07777, file->owner,
			file->group);
	if (has_digest(file)) {
		cordon_hex_format(file->digest, sizeof(file->digest), digest);
		fprintf(out, ", SHA-256 %s", digest);
	}
	if (file->event.pid) {
		fputs(", by ", out);
		cordon_event_who_text(out, view);
	}
}

static void file_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_file *file = file_of(view);
	char words[128];
	size_t used = 0;

	cordon_ecs_text(ecs, "file.path", file_path(&file->event));
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (file->change & changes[i].change)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s",
						 changes[i].text) +
				1;
	}
	cordon_ecs_words(ecs, "cordon.file.change", words, used);
	if (has_digest(file))
		cordon_ecs_hex(ecs, "file.hash.sha256", file->digest, sizeof(file->digest));
	if (!file->mode)
		return;
	cordon_ecs_number(ecs, "file.size", file->size);
	cordon_ecs_format(ecs, "file.mode", "%04o", file->mode & 07777);
	cordon_ecs_format(ecs, "file.uid", "%u", file->owner);
	cordon_ecs_format(ecs, "file.gid", "%u", file->group);
}

/* ---- folders ----------------------------------------------------------------------------- */

static const char *unwatched_word(const struct cordon_event_view *view, unsigned int text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_unwatched), text);
}

static void unwatched_text(FILE *out, const struct cordon_event_view *view)
{
	cordon_event_name(out, "changes of files are not told in ", unwatched_word(view, 0));
	cordon_event_phrase(out, ": ", unwatched_word(view, 1));
}

static void unwatched_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	cordon_ecs_text(ecs, "file.path", unwatched_word(view, 0));
	cordon_ecs_text(ecs, "cordon.unwatched.reason", unwatched_word(view, 1));
}

/* ---- certificates ------------------------------------------------------------------------ */

/* Of struct cordon_event_certificate. */
enum certificate_text {
	CERTIFICATE_PATH,
	CERTIFICATE_SUBJECT,
	CERTIFICATE_ISSUER,
	CERTIFICATE_PROBLEM
};

static const struct cordon_event_certificate *certificate_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_certificate *)view->record->event;
}

static const char *certificate_word(const struct cordon_event_view *view,
				    enum certificate_text text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_certificate),
				 text);
}

static const char *certificate_state(const struct cordon_event_certificate *certificate)
{
	static const char *const states[CORDON_CERTIFICATE_STATE_COUNT] = {
#define CORDON_CERTIFICATE_TEXT(name, text) [CORDON_CERTIFICATE_##name] = text,
		CORDON_CERTIFICATE_STATES(CORDON_CERTIFICATE_TEXT)
#undef CORDON_CERTIFICATE_TEXT
	};

	return certificate->state < CORDON_CERTIFICATE_STATE_COUNT ? states[certificate->state] :
								     "?";
}

static void certificate_text(FILE *out, const struct cordon_event_view *view)
{
	const struct cordon_event_certificate *certificate = certificate_of(view);
	struct cordon_event_time time;

	cordon_event_name(out, "certificate ", certificate_word(view, CERTIFICATE_PATH));
	fprintf(out, " %s", certificate_state(certificate));
	cordon_event_phrase(out, ": ", certificate_word(view, CERTIFICATE_PROBLEM));
	if (!certificate->certificates)
		return;
	cordon_event_phrase(out, ", of ", certificate_word(view, CERTIFICATE_SUBJECT));
	cordon_event_phrase(out, " by ", certificate_word(view, CERTIFICATE_ISSUER));
	fprintf(out, ", from %s", cordon_event_date_text(certificate->not_before, &time));
	fprintf(out, " to %s", cordon_event_date_text(certificate->not_after, &time));
	if (certificate->certificates > 1)
		fprintf(out, ", the first to end of %u", certificate->certificates);
}

static void certificate_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_certificate *certificate = certificate_of(view);
	struct cordon_event_time time;

	cordon_ecs_text(ecs, "file.path", certificate_word(view, CERTIFICATE_PATH));
	cordon_ecs_text(ecs, "cordon.certificate.state", certificate_state(certificate));
	cordon_ecs_text(ecs, "cordon.certificate.problem",
			certificate_word(view, CERTIFICATE_PROBLEM));
	if (!certificate->certificates)
		return;
	cordon_ecs_text(ecs, "cordon.certificate.subject",
			certificate_word(view, CERTIFICATE_SUBJECT));
	cordon_ecs_text(ecs, "cordon.certificate.issuer",
			certificate_word(view, CERTIFICATE_ISSUER));
	cordon_ecs_format(ecs, "cordon.certificate.not_before", "%s",
			  cordon_event_date_iso(certificate->not_before, &time));
	cordon_ecs_format(ecs, "cordon.certificate.not_after", "%s",
			  cordon_event_date_iso(certificate->not_after, &time));
	cordon_ecs_number(ecs, "cordon.certificate.count", certificate->certificates);
	cordon_ecs_hex(ecs, "cordon.certificate.sha256", certificate->digest,
		       sizeof(certificate->digest));
}

const struct cordon_event_shape cordon_event_shapes_config[] = {
	{ CORDON_EVENT_FILE, sizeof(struct cordon_event_file), "file", "event", "file", "change",
	  .facts = file_facts, .text = file_text, .fields = file_fields },
	{ CORDON_EVENT_UNWATCHED, sizeof(struct cordon_event_unwatched), "unwatched", "state",
	  "configuration", "info", .text = unwatched_text, .fields = unwatched_fields },
	{ CORDON_EVENT_CERTIFICATE, sizeof(struct cordon_event_certificate), "certificate", "state",
	  "configuration", "info", .text = certificate_text, .fields = certificate_fields },
	{ .text = NULL },
};
