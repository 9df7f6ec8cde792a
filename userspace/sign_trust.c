// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The folder trust/.  What cannot be understood in it is refused as a whole: to
 * trust less than the owner wrote would be as wrong as to trust more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_text.h"
#include "sign_certificate.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define FILE_MAX (1U << 20)

struct reader {
	struct cordon_trust *trust;
	struct cordon_failure *failure;
	char path[4096];
};

#define refuse(reader, format, ...)                                                                \
	cordon_fail((reader)->failure, -EINVAL, "%s: " format, (reader)->path, ##__VA_ARGS__)

/* Return: 1: there is one; 0: there is none. */
static int read_file(struct reader *reader, const char *folder, const char *name,
		     struct cordon_file *ret_file)
{
	int error;

	snprintf(reader->path, sizeof(reader->path), "%s/%s", folder, name);
	error = cordon_file_read(reader->path, FILE_MAX, ret_file);
	if (error == -ENOENT)
		return 0;
	if (error)
		return cordon_fail(reader->failure, error, "%s: %s", reader->path,
				   cordon_file_problem(error));
	return 1;
}

/* ---- certificates ------------------------------------------------------------------------ */

static struct cordon_certificate *find_twin(const struct cordon_trust *trust, const uint8_t *der,
					    size_t size)
{
	for (size_t i = 0; i < trust->nr_certificates; i++) {
		struct cordon_certificate *certificate = &trust->certificate[i];

		if (certificate->size == size && !memcmp(certificate->der, der, size))
			return certificate;
	}
	return NULL;
}

/* A key that is in the role by another certificate does not count twice. */
static void give_role(struct cordon_trust *trust, struct cordon_certificate *certificate,
		      unsigned int role)
{
	bool counted = false;

	for (size_t i = 0; i < trust->nr_certificates; i++) {
		const struct cordon_certificate *other = &trust->certificate[i];

		if (other->roles & 1U << role &&
		    !memcmp(other->key_digest, certificate->key_digest, sizeof(other->key_digest)))
			counted = true;
	}
	certificate->roles |= 1U << role;
	if (!counted)
		trust->certificates[role]++;
}

static int add_certificate(const struct reader *reader, unsigned int line, uint8_t **der,
			   size_t size, struct cordon_certificate **ret_certificate)
{
	struct cordon_trust *trust = reader->trust;
	struct cordon_certificate certificate, *place;
	const char *problem = sign_certificate_read(*der, size, &certificate);

	if (problem)
		return refuse(reader, "the certificate that ends in line %u: %s", line, problem);
	if (trust->nr_certificates == CORDON_TRUST_CERTIFICATES_MAX)
		return refuse(reader, "more than %u certificates in all",
			      CORDON_TRUST_CERTIFICATES_MAX);
	place = array_push(trust->certificate, trust->nr_certificates);
	if (!place)
		return -ENOMEM;
	*place = certificate;
	*der = NULL;
	*ret_certificate = place;
	return 0;
}

static int take_certificate(const struct reader *reader, unsigned int role, unsigned int line,
			    uint8_t *bytes, size_t size)
{
	uint8_t *der CLEANUP(free) = bytes;
	struct cordon_certificate *certificate = find_twin(reader->trust, der, size);
	int error = certificate ? 0 : add_certificate(reader, line, &der, size, &certificate);

	if (!error)
		give_role(reader->trust, certificate, role);
	return error;
}

static int read_certificates(const struct reader *reader, unsigned int role,
			     const struct cordon_file *file)
{
	struct cordon_failure failure = { .text = "" };
	const char *text = file->text;
	size_t left = file->size, size = 0;
	unsigned int line = 0;
	uint8_t *der = NULL;
	int more, error = 0;

	while (!error && (more = sign_pem_next(&text, &left, &line, &failure, &der, &size)) != 0) {
		if (more == -EINVAL)
			return refuse(reader, "%s", failure.text);
		error = more < 0 ? more : take_certificate(reader, role, line, der, size);
	}
	if (!error && !reader->trust->certificates[role])
		return refuse(reader, "no certificate is in it, in PEM; without the file nobody is "
				      "trusted with this");
	return error;
}

static int read_role(struct reader *reader, const char *folder, unsigned int role)
{
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	char name[32];
	int found;

	snprintf(name, sizeof(name), "%s.pem", cordon_role_name(role));
	found = read_file(reader, folder, name, &file);
	if (found <= 0)
		return found;
	text = file.text;
	return read_certificates(reader, role, &file);
}

/* ---- settings ---------------------------------------------------------------------------- */

struct settings {
	struct order_piece rest;
	unsigned int line;
	unsigned int seen; /* by the reader of lines */
};

/* Return: false: no line is left that says something. */
static bool next_setting(struct settings *settings, struct order_piece *ret_piece)
{
	while (settings->rest.size) {
		struct order_piece piece = settings->rest;

		if (!order_piece_until(&settings->rest, '\n', &piece))
			settings->rest.size = 0;
		settings->line++;
		while (piece.size && strchr(" \t\r", piece.text[piece.size - 1]))
			piece.size--;
		if (!piece.size || piece.text[0] == '#')
			continue;
		*ret_piece = piece;
		return true;
	}
	return false;
}

static int find_role(struct order_piece name)
{
	for (int role = 0; role < CORDON_ROLE_COUNT; role++) {
		if (order_piece_is(name, cordon_role_name(role)))
			return role;
	}
	return -ENOENT;
}

static int read_threshold(const struct reader *reader, struct settings *settings,
			  struct order_piece piece)
{
	struct order_piece name;
	uint64_t number;
	int role;

	if (!order_piece_until(&piece, ' ', &name))
		return refuse(reader, "line %u: it is 'ROLE NUMBER'", settings->line);
	role = find_role(name);
	if (role < 0)
		return refuse(reader,
			      "line %u: there is no such role: policy, seal, release, wipe "
			      "and renew are",
			      settings->line);
	while (piece.size && piece.text[0] == ' ') {
		piece.text++;
		piece.size--;
	}
	if (!order_number_take(&piece, 1, CORDON_TRUST_CERTIFICATES_MAX, &number) || piece.size)
		return refuse(reader, "line %u: how many keys must sign is a number from 1 to %u",
			      settings->line, CORDON_TRUST_CERTIFICATES_MAX);
	if (settings->seen & 1U << role)
		return refuse(reader, "line %u: role %s is given twice", settings->line,
			      cordon_role_name(role));
	settings->seen |= 1U << role;
	reader->trust->threshold[role] = (unsigned int)number;
	if (number > reader->trust->certificates[role])
		return refuse(reader, "line %u: %u keys must sign for %s, but %s.pem holds %u",
			      settings->line, (unsigned int)number, cordon_role_name(role),
			      cordon_role_name(role), reader->trust->certificates[role]);
	return 0;
}

static int copy_names(const struct reader *reader, const struct settings *settings,
		      struct order_piece names, char *ret_names, size_t size)
{
	struct order_piece rest = names, name;
	bool more = true;

	while (more) {
		const char *problem;

		more = order_piece_until(&rest, ' ', &name);
		if (!more)
			name = rest;
		problem = order_name_problem(name);
		if (problem)
			return refuse(reader, "line %u: %s", settings->line, problem);
	}
	if (names.size >= size)
		return refuse(reader, "line %u: it is longer than %zu bytes", settings->line,
			      size - 1);
	memcpy(ret_names, names.text, names.size);
	ret_names[names.size] = '\0';
	return 0;
}

#define SEEN_NODE 1U
#define SEEN_FLEET 2U

static int read_node(const struct reader *reader, struct settings *settings,
		     struct order_piece piece)
{
	struct cordon_trust *trust = reader->trust;
	const bool node = order_piece_starts(piece, "node: ");
	const bool fleet = order_piece_starts(piece, "fleet: ");
	const unsigned int seen = node ? SEEN_NODE : SEEN_FLEET;
	const size_t head = node ? strlen("node: ") : strlen("fleet: ");

	if (!node && !fleet)
		return refuse(reader, "line %u: it is 'node: NAME' or 'fleet: NAME NAME'",
			      settings->line);
	if (settings->seen & seen)
		return refuse(reader, "line %u: %s is given twice", settings->line,
			      node ? "node" : "fleet");
	settings->seen |= seen;
	piece = (struct order_piece){ piece.text + head, piece.size - head };
	if (fleet)
		return copy_names(reader, settings, piece, trust->fleets, sizeof(trust->fleets));
	if (memchr(piece.text, ' ', piece.size))
		return refuse(reader, "line %u: a node has one name", settings->line);
	return copy_names(reader, settings, piece, trust->node, sizeof(trust->node));
}

static int read_settings(struct reader *reader, const char *folder, const char *name,
			 int (*read)(const struct reader *reader, struct settings *settings,
				     struct order_piece piece))
{
	char *text CLEANUP(free) = NULL;
	struct settings settings = { .line = 0 };
	struct order_piece piece;
	struct cordon_file file;
	int found = read_file(reader, folder, name, &file);
	int error = 0;

	if (found <= 0)
		return found;
	text = file.text;
	settings.rest = (struct order_piece){ file.text, file.size };
	while (!error && next_setting(&settings, &piece))
		error = read(reader, &settings, piece);
	return error;
}

/* ---- the folder -------------------------------------------------------------------------- */

static int read_folder(struct reader *reader, const char *folder)
{
	int error = 0;

	for (unsigned int role = 0; role < CORDON_ROLE_COUNT && !error; role++) {
		reader->trust->threshold[role] = 1;
		error = read_role(reader, folder, role);
	}
	if (!error)
		error = read_settings(reader, folder, "threshold", read_threshold);
	if (!error)
		error = read_settings(reader, folder, "node", read_node);
	return error;
}

int cordon_trust_read(const char *folder, struct cordon_failure *failure,
		      struct cordon_trust *ret_trust)
{
	struct cordon_trust trust CLEANUP(trust) = { .nr_certificates = 0 };
	struct reader reader = { .trust = &trust, .failure = failure };
	const int error = read_folder(&reader, folder);

	if (error)
		return cordon_fail(failure, error, "%s: %s", reader.path, strerror(-error));
	*ret_trust = trust;
	trust.certificate = NULL;
	trust.nr_certificates = 0;
	return 0;
}

void cordon_trust_clear(struct cordon_trust *trust)
{
	for (size_t i = 0; i < trust->nr_certificates; i++)
		free(trust->certificate[i].der);
	free(trust->certificate);
	*trust = (struct cordon_trust){ .nr_certificates = 0 };
}
