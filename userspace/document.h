/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A YAML text as a tree in which every value knows its place.  It knows YAML
 * and nothing of policies: no types, no keys; a scalar is the text that stands
 * there.  What YAML can do and a policy needs not (anchors, aliases, tags,
 * several documents) is refused.
 */
#ifndef CORDON_DOCUMENT_H
#define CORDON_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "diag.h"

/* A policy of 2,000 rules takes a twentieth of it; addresses by the thousand
 * belong into prefix files. */
#define CORDON_DOCUMENT_SIZE_MAX (4U << 20)
#define CORDON_DOCUMENT_SIZE_PROBLEM                                                               \
	"a policy's text may have %u MB; put long lists of addresses into prefix files and name "  \
	"those under 'files:' of the zone"

/* A policy nests five deep. */
#define CORDON_DOCUMENT_DEPTH_MAX 32

enum cordon_value_kind {
	CORDON_VALUE_TEXT,
	CORDON_VALUE_LIST,
	CORDON_VALUE_MAP,
};

/**
 * struct cordon_value - one value; all of them belong to the document
 * @key: in a map: the text under which it stands
 * @next: the next one in the same list or map
 * @first: the first one in this list or map
 * @text: of a text, without NULs in it
 */
struct cordon_value {
	enum cordon_value_kind kind;
	struct cordon_position at;
	const struct cordon_value *key;
	struct cordon_value *next;
	struct cordon_value *first;
	const char *text;
};

struct cordon_document;

/**
 * cordon_document_parse() - text to tree
 * @file: for positions; not copied
 * @diag: receives what is wrong; a key given twice is told there and the second
 *	one left out of the tree
 * @ret_document: the caller's to free
 * Return: 0 if there is a tree, -EINVAL, -ENOMEM.
 */
int cordon_document_parse(const char *text, size_t size, const char *file, struct cordon_diag *diag,
			  struct cordon_document **ret_document);

/** cordon_document_root() - the outermost value; never NULL */
const struct cordon_value *cordon_document_root(const struct cordon_document *document);

/** cordon_document_free() - takes NULL */
void cordon_document_free(struct cordon_document *document);

#endif
