// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libyaml's events to a tree.  The text is looked over first, so that what is
 * not text at all is told with its place; libyaml then sees clean UTF-8 only.
 */
#include "document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util/cleanup.h"
#include "util/names.h"
#include "util/utf8.h"

#define CHUNK_SIZE ((size_t)64 << 10)

/* Values and texts are carved out of chunks and freed together. */
struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	char bytes[] __attribute__((aligned(8)));
};

struct cordon_document {
	struct chunk *chunks;
	const struct cordon_value *root;
};

/* A list or map that has begun and not ended. */
struct level {
	struct cordon_value *value;
	struct cordon_value **tail;
	const struct cordon_value *key; /* in a map: waits for its value */
	uint32_t scope;			/* in a map: of its keys */
};

struct builder {
	struct cordon_document *document;
	struct cordon_diag *diag;
	const char *file;
	const char *text; /* without a byte order mark */
	size_t size;
	struct level levels[CORDON_DOCUMENT_DEPTH_MAX];
	size_t depth;
	struct cordon_names keys;
	uint32_t scopes;
};

DEFINE_CLEANUP(document, struct cordon_document *, cordon_document_free)

static void *carve(struct cordon_document *document, size_t size)
{
	struct chunk *chunk = document->chunks;
	void *piece;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		*chunk = (struct chunk){ .next = document->chunks, .size = room };
		document->chunks = chunk;
	}
	piece = chunk->bytes + chunk->used;
	chunk->used += size;
	return piece;
}

static struct cordon_position position(const struct builder *builder, yaml_mark_t mark)
{
	return (struct cordon_position){ builder->file, (uint32_t)mark.line + 1,
					 (uint32_t)mark.column + 1 };
}

/* ---- is it text? ------------------------------------------------------------------------- */

static bool is_text(uint32_t rune)
{
	if (rune < 0x20)
		return rune == '\t' || rune == '\n' || rune == '\r';
	return (rune < 0x7f || rune >= 0xa0 || rune == 0x85) && rune != 0xfeff &&
	       (rune & 0xfffe) != 0xfffe;
}

static int check_text(const char *text, size_t size, const char *file, struct cordon_diag *diag)
{
	const unsigned char *byte = (const unsigned char *)text;
	struct cordon_position at = { file, 1, 1 };

	while (size) {
		uint32_t rune;
		size_t length = utf8_decode(byte, size, &rune);

		if (!length || !is_text(rune)) {
			cordon_diag_error(diag, at,
					  "byte 0x%02x is not text: a policy is written in UTF-8, "
					  "without control characters",
					  *byte);
			return -EINVAL;
		}
		at.column++;
		if (rune == '\n') {
			at.line++;
			at.column = 1;
		}
		byte += length;
		size -= length;
	}
	return 0;
}

/* ---- events to values -------------------------------------------------------------------- */

static int refuse(const struct builder *builder, yaml_mark_t mark, const char *text)
{
	cordon_diag_error(builder->diag, position(builder, mark), "%s", text);
	return -EINVAL;
}

static int take_key(struct builder *builder, struct level *level, struct cordon_value *key)
{
	if (key->kind != CORDON_VALUE_TEXT) {
		cordon_diag_error(builder->diag, key->at,
				  "a key must be text, not a list or a map; quote it if it "
				  "starts with a bracket or a colon");
		return -EINVAL;
	}
	level->key = key;
	return 0;
}

/* A value under a key that was there before is told, and left out of the tree. */
static int take_value(struct builder *builder, struct level *level, struct cordon_value *value)
{
	const struct cordon_value *key = level->key;
	size_t former;
	int error;

	level->key = NULL;
	value->key = key;
	error = cordon_names_add(&builder->keys, level->scope, key->text, key->at.line, &former);
	if (error == -EEXIST) {
		cordon_diag_error(builder->diag, key->at,
				  "key '%.40s' is given twice; the first is in line %zu", key->text,
				  former);
		return 0;
	}
	if (error)
		return error;
	*level->tail = value;
	level->tail = &value->next;
	return 0;
}

static int attach(struct builder *builder, struct cordon_value *value)
{
	struct level *level;

	if (!builder->depth) {
		builder->document->root = value;
		return 0;
	}
	level = &builder->levels[builder->depth - 1];
	if (level->value->kind == CORDON_VALUE_MAP)
		return level->key ? take_value(builder, level, value) :
				    take_key(builder, level, value);
	*level->tail = value;
	level->tail = &value->next;
	return 0;
}

static int add_value(struct builder *builder, enum cordon_value_kind kind, yaml_mark_t mark,
		     const char *text)
{
	struct cordon_value *value = carve(builder->document, sizeof(*value));
	struct level *level;
	int error;

	if (!value)
		return -ENOMEM;
	*value = (struct cordon_value){ .kind = kind, .at = position(builder, mark), .text = text };
	error = attach(builder, value);
	if (error || kind == CORDON_VALUE_TEXT)
		return error;
	if (builder->depth == CORDON_DOCUMENT_DEPTH_MAX)
		return refuse(builder, mark, "nested deeper than 32 levels; a policy needs five");
	level = &builder->levels[builder->depth++];
	*level =
		(struct level){ .value = value, .tail = &value->first, .scope = ++builder->scopes };
	return 0;
}

static int add_text(struct builder *builder, const yaml_event_t *event)
{
	const char *from = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	char *text;

	if (memchr(from, '\0', length))
		return refuse(builder, event->start_mark, "a NUL character has no place in a text");
	text = carve(builder->document, length + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text, from, length);
	text[length] = '\0';
	return add_value(builder, CORDON_VALUE_TEXT, event->start_mark, text);
}

static int check_decoration(const struct builder *builder, const yaml_event_t *event,
			    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		return refuse(builder, event->start_mark,
			      "anchors (&) are not used in a policy; write the value out");
	if (tag)
		return refuse(builder, event->start_mark,
			      "tags (!) are not used in a policy; quote a text that starts with "
			      "an exclamation mark");
	return 0;
}

static int start_document(const struct builder *builder, const yaml_event_t *event)
{
	if (builder->document->root)
		return refuse(builder, event->start_mark,
			      "a second document starts here; a policy is one document");
	return 0;
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
	int error;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return start_document(builder, event);
	case YAML_ALIAS_EVENT:
		return refuse(builder, event->start_mark,
			      "aliases (*) are not used in a policy; write the value out, and "
			      "quote a text that starts with an asterisk");
	case YAML_SCALAR_EVENT:
		error = check_decoration(builder, event, event->data.scalar.anchor,
					 event->data.scalar.tag);
		return error ? error : add_text(builder, event);
	case YAML_SEQUENCE_START_EVENT:
		error = check_decoration(builder, event, event->data.sequence_start.anchor,
					 event->data.sequence_start.tag);
		return error ? error :
			       add_value(builder, CORDON_VALUE_LIST, event->start_mark, NULL);
	case YAML_MAPPING_START_EVENT:
		error = check_decoration(builder, event, event->data.mapping_start.anchor,
					 event->data.mapping_start.tag);
		return error ? error :
			       add_value(builder, CORDON_VALUE_MAP, event->start_mark, NULL);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		builder->depth--;
		return 0;
	default:
		return 0;
	}
}

/* ---- libyaml ----------------------------------------------------------------------------- */

/* The character at a mark, '\0' at the end of the text; libyaml counts characters, not bytes. */
static char character_at(const struct builder *builder, yaml_mark_t mark)
{
	size_t index = mark.index;

	for (size_t i = 0; i < builder->size; i++) {
		if (((unsigned char)builder->text[i] & 0xc0) != 0x80 && !index--)
			return builder->text[i];
	}
	return '\0';
}

static int tell_problem(const struct builder *builder, const yaml_parser_t *parser)
{
	const char *context = parser->context ? parser->context : "";

	cordon_diag_error(
		builder->diag, position(builder, parser->problem_mark), "not valid YAML: %s%s%s%s",
		context, *context ? ", " : "", parser->problem ? parser->problem : "unreadable",
		character_at(builder, parser->problem_mark) ? "" : "; the text ends here");
	return -EINVAL;
}

/* libyaml's texts are terse; the usual mistakes get better ones. */
static int tell_syntax(const struct builder *builder, const yaml_parser_t *parser)
{
	char character = character_at(builder, parser->problem_mark);

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (parser->error == YAML_SCANNER_ERROR && character == '\t')
		return refuse(builder, parser->problem_mark,
			      "a tab cannot indent YAML; use spaces");
	if (parser->error == YAML_PARSER_ERROR && character == ':')
		return refuse(builder, parser->problem_mark,
			      "a colon cannot stand here; quote a text that starts with one: "
			      "\"::/0\"");
	return tell_problem(builder, parser);
}

static int take_events(struct builder *builder, yaml_parser_t *parser)
{
	bool ended = false;
	int error = 0;

	while (!ended && !error) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return tell_syntax(builder, parser);
		ended = event.type == YAML_STREAM_END_EVENT;
		error = take_event(builder, &event);
		yaml_event_delete(&event);
	}
	return error;
}

static int build(struct builder *builder)
{
	struct cordon_position start = { builder->file, 1, 1 };
	yaml_parser_t parser;
	int error;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)builder->text, builder->size);
	error = take_events(builder, &parser);
	yaml_parser_delete(&parser);
	if (!error && !builder->document->root) {
		cordon_diag_error(builder->diag, start,
				  "the policy is empty; it starts with 'cordon: 1'");
		return -EINVAL;
	}
	return error;
}

static int check_size(size_t size, const char *file, struct cordon_diag *diag)
{
	if (size <= CORDON_DOCUMENT_SIZE_MAX)
		return 0;
	cordon_diag_error(diag, (struct cordon_position){ .file = file },
			  CORDON_DOCUMENT_SIZE_PROBLEM, CORDON_DOCUMENT_SIZE_MAX >> 20);
	return -EINVAL;
}

static bool starts_with(const char *text, size_t size, const char *mark)
{
	return size >= strlen(mark) && !memcmp(text, mark, strlen(mark));
}

static int check_encoding(const char *text, size_t size, const char *file, struct cordon_diag *diag)
{
	if (!starts_with(text, size, "\xff\xfe") && !starts_with(text, size, "\xfe\xff"))
		return 0;
	cordon_diag_error(diag, (struct cordon_position){ file, 1, 1 },
			  "this is UTF-16; save the policy as UTF-8");
	return -EINVAL;
}

int cordon_document_parse(const char *text, size_t size, const char *file, struct cordon_diag *diag,
			  struct cordon_document **ret_document)
{
	struct cordon_document *document CLEANUP(document) = calloc(1, sizeof(*document));
	struct builder builder = { .document = document, .diag = diag, .file = file };
	int error;

	if (!document)
		return -ENOMEM;
	error = check_size(size, file, diag);
	if (!error)
		error = check_encoding(text, size, file, diag);
	if (error)
		return error;
	if (starts_with(text, size, "\xef\xbb\xbf")) {
		text += 3;
		size -= 3;
	}
	builder.text = text;
	builder.size = size;
	error = check_text(text, size, file, diag);
	if (!error)
		error = build(&builder);
	cordon_names_clear(&builder.keys);
	if (error)
		return error;
	*ret_document = TAKE(document);
	return 0;
}

const struct cordon_value *cordon_document_root(const struct cordon_document *document)
{
	return document->root;
}

void cordon_document_free(struct cordon_document *document)
{
	if (!document)
		return;
	while (document->chunks) {
		struct chunk *chunk = document->chunks;

		document->chunks = chunk->next;
		free(chunk);
	}
	free(document);
}
