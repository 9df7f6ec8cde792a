// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The folder trust/.  A file that cannot be understood is refused as a whole: to trust less
 * than the owner wrote would be as wrong as to trust more.  The roles that it speaks of are
 * nobody's then, and no others: a typing error below `wipe` must not keep a node from being shut.
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

/*
 * struct reader
 * @path: of the file at hand
 * @failure: what is wrong with it
 */
struct reader {
	struct cordon_trust *trust;
	const char *folder;
	char path[4096];
	struct cordon_failure failure;
};

#define refuse(reader, format, ...)                                                                \
	cordon_fail(&(reader)->failure, -EINVAL, "%s: " format, (reader)->path, ##__VA_ARGS__)

/* Nobody has it: neither those who stand before the mistake nor those behind it. */
static void close_role(struct cordon_trust *trust, unsigned int role,
		       const struct cordon_failure *failure)
{
	cordon_fail(&trust->problem[role], 0, "%s", failure->text);
	trust->keys[role] = 0;
	for (size_t i = 0; i < trust->nr_certificates; i++)
		trust->certificate[i].roles &= ~(1U << role);
}

static void close_all(struct cordon_trust *trust, const struct cordon_failure *failure)
{
	for (unsigned int role = 0; role < CORDON_ROLE_COUNT; role++)
		close_role(trust, role, failure);
}

/* Return: 1: there is one; 0: there is none. */
static int read_file(struct reader *reader, const char *name, struct cordon_file *ret_file)
{
	int error;

	reader->failure.text[0] = '\0';
	snprintf(reader->path, sizeof(reader->path), "%s/%s", reader->folder, name);
	error = cordon_file_read(reader->path, FILE_MAX, ret_file);
	if (error == -ENOENT)
		return 0;
	return error ? refuse(reader, "%s", cordon_file_problem(error)) : 1;
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
		trust->keys[role]++;
}

static int add_certificate(struct reader *reader, unsigned int line, uint8_t **der, size_t size,
			   struct cordon_certificate **ret_certificate)
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

static int take_certificate(struct reader *reader, unsigned int role, unsigned int line,
			    uint8_t *bytes, size_t size)
{
	uint8_t *der CLEANUP(free) = bytes;
	struct cordon_certificate *certificate = find_twin(reader->trust, der, size);
	int error = 0;

	if (!certificate)
		error = add_certificate(reader, line, &der, size, &certificate);
	if (certificate)
		give_role(reader->trust, certificate, role);
	return error;
}

static int read_certificates(struct reader *reader, unsigned int role,
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
	if (!error && !reader->trust->keys[role])
		return refuse(reader, "no certificate is in it, in PEM; without the file nobody is "
				      "trusted with this");
	return error;
}

static void read_role(struct reader *reader, unsigned int role)
{
	char *text CLEANUP(free) = NULL;
	struct cordon_file file;
	char name[32];
	int error;

	snprintf(name, sizeof(name), "%s.pem", cordon_role_name(role));
	error = read_file(reader, name, &file);
	if (error > 0) {
		text = file.text;
		error = read_certificates(reader, role, &file);
	}
	if (!error)
		return;
	refuse(reader, "%s", strerror(-error));
	close_role(reader->trust, role, &reader->failure);
}

/* ---- settings ---------------------------------------------------------------------------- */

struct settings {
	struct order_piece rest;
	unsigned int line;
	unsigned int seen; /* bit by enum cordon_role, or SEEN_... */
};

/* Return: false: no line is left that says something. */
static bool next_setting(struct settings *settings, struct order_piece *ret_piece)
{
	while (order_piece_line(&settings->rest, ret_piece)) {
		settings->line++;
		if (ret_piece->size && ret_piece->text[0] != '#')
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

static int read_number(struct reader *reader, struct settings *settings, unsigned int role,
		       struct order_piece piece)
{
	const unsigned int keys = reader->trust->keys[role];
	const char *name = cordon_role_name(role);
	uint64_t number;

	while (piece.size && piece.text[0] == ' ')
		order_piece_skip(&piece, 1);
	if (!order_number_take(&piece, 1, CORDON_TRUST_CERTIFICATES_MAX, &number) || piece.size)
		return refuse(reader, "line %u: how many keys must sign is a number from 1 to %u",
			      settings->line, CORDON_TRUST_CERTIFICATES_MAX);
	if (settings->seen & 1U << role)
		return refuse(reader, "line %u: role %s is given twice", settings->line, name);
	settings->seen |= 1U << role;
	reader->trust->threshold[role] = (unsigned int)number;
	if (number > keys && !reader->trust->problem[role].text[0])
		return refuse(reader, "line %u: %u keys must sign for %s, but %s.pem holds %u",
			      settings->line, (unsigned int)number, name, name, keys);
	return 0;
}

/* What is wrong about one role, known by its name, is wrong for that one. */
static int read_threshold(struct reader *reader, struct settings *settings,
			  struct order_piece piece)
{
	struct order_piece name;
	int role;

	if (!order_piece_until(&piece, ' ', &name))
		return refuse(reader, "line %u: it is 'ROLE NUMBER'", settings->line);
	role = find_role(name);
	if (role < 0)
		return refuse(reader,
			      "line %u: there is no such role: policy, seal, release, wipe "
			      "and renew are",
			      settings->line);
	if (read_number(reader, settings, (unsigned int)role, piece))
		close_role(reader->trust, (unsigned int)role, &reader->failure);
	reader->failure.text[0] = '\0';
	return 0;
}

static int read_names(struct reader *reader, const struct settings *settings,
		      struct order_piece names, char *ret_names, size_t size)
{
	const char *problem = order_names_problem(names);

	if (problem)
		return refuse(reader, "line %u: %s", settings->line, problem);
	if (names.size >= size)
		return refuse(reader, "line %u: it is longer than %zu bytes", settings->line,
			      size - 1);
	memcpy(ret_names, names.text, names.size);
	ret_names[names.size] = '\0';
	return 0;
}

#define SEEN_NODE 1U
#define SEEN_FLEET 2U

static int read_node(struct reader *reader, struct settings *settings, struct order_piece piece)
{
	struct cordon_trust *trust = reader->trust;
	const bool node = order_piece_starts(piece, "node: ");
	const bool fleet = order_piece_starts(piece, "fleet: ");
	const unsigned int seen = node ? SEEN_NODE : SEEN_FLEET;

	if (!node && !fleet)
		return refuse(reader, "line %u: it is 'node: NAME' or 'fleet: NAME NAME'",
			      settings->line);
	if (settings->seen & seen)
		return refuse(reader, "line %u: %s is given twice", settings->line,
			      node ? "node" : "fleet");
	settings->seen |= seen;
	order_piece_skip(&piece, node ? strlen("node: ") : strlen("fleet: "));
	if (fleet)
		return read_names(reader, settings, piece, trust->fleets, sizeof(trust->fleets));
	if (memchr(piece.text, ' ', piece.size))
		return refuse(reader, "line %u: a node has one name", settings->line);
	return read_names(reader, settings, piece, trust->node, sizeof(trust->node));
}

/* It speaks of every role: a mistake in it closes all of them. */
static void read_settings(struct reader *reader, const char *name,
			  int (*read)(struct reader *reader, struct settings *settings,
				      struct order_piece piece))
{
	char *text CLEANUP(free) = NULL;
	struct settings settings = { .line = 0 };
	struct order_piece piece;
	struct cordon_file file;
	int error = read_file(reader, name, &file);

	if (error > 0) {
		text = file.text;
		settings.rest = (struct order_piece){ file.text, file.size };
		error = 0;
		while (!error && next_setting(&settings, &piece))
			error = read(reader, &settings, piece);
	}
	if (error)
		close_all(reader->trust, &reader->failure);
}

/* ---- the folder -------------------------------------------------------------------------- */

/* How many must agree that a node is destroyed is its owner's to say, and nothing's to assume. */
static void need_threshold(struct cordon_trust *trust, const char *folder)
{
	struct cordon_failure failure = { .text = "" };

	if (trust->threshold[CORDON_ROLE_WIPE] || !trust->keys[CORDON_ROLE_WIPE])
		return;
	cordon_fail(&failure, 0,
		    "%s/threshold: how many keys must sign for wipe is not said: 'wipe 2', say",
		    folder);
	close_role(trust, CORDON_ROLE_WIPE, &failure);
}

/* Whom no role is left to is a stranger. */
static void forget_strangers(struct cordon_trust *trust)
{
	size_t kept = 0;

	for (size_t i = 0; i < trust->nr_certificates; i++) {
		if (trust->certificate[i].roles)
			trust->certificate[kept++] = trust->certificate[i];
		else
			free(trust->certificate[i].der);
	}
	trust->nr_certificates = kept;
}

void cordon_trust_read(const char *folder, struct cordon_trust *ret_trust)
{
	struct reader reader = { .trust = ret_trust, .folder = folder };

	memset(ret_trust, 0, sizeof(*ret_trust));
	for (unsigned int role = 0; role < CORDON_ROLE_COUNT; role++) {
		ret_trust->threshold[role] = role != CORDON_ROLE_WIPE;
		read_role(&reader, role);
	}
	read_settings(&reader, "threshold", read_threshold);
	need_threshold(ret_trust, folder);
	read_settings(&reader, "node", read_node);
	forget_strangers(ret_trust);
}

uint32_t cordon_trust_mistake(const struct cordon_trust *trust, uint32_t *told,
			      const char **ret_mistake)
{
	const char *mistake = NULL;
	uint32_t roles = 0;

	for (unsigned int role = 0; role < CORDON_ROLE_COUNT; role++) {
		const char *text = trust->problem[role].text;

		if (!text[0] || *told >> role & 1 || (mistake && strcmp(mistake, text) != 0))
			continue;
		mistake = text;
		roles |= 1U << role;
	}
	*told |= roles;
	*ret_mistake = mistake;
	return roles;
}

bool cordon_trust_mistake_line(const struct cordon_trust *trust, uint32_t *told,
			       struct cordon_failure *ret_line)
{
	const char *mistake;
	char names[96];
	const uint32_t roles = cordon_trust_mistake(trust, told, &mistake);

	if (!roles)
		return false;
	cordon_roles_text(roles, &names);
	ret_line->text[0] = '\0';
	cordon_fail(ret_line, 0, "%s: nobody is trusted with %s", mistake, names);
	return true;
}

bool cordon_trust_certificate(const struct cordon_trust *trust, size_t index, enum cordon_role role,
			      const void **ret_der, size_t *ret_size)
{
	const struct cordon_certificate *certificate = &trust->certificate[index];

	*ret_der = certificate->der;
	*ret_size = certificate->size;
	return certificate->roles >> role & 1;
}

void cordon_trust_clear(struct cordon_trust *trust)
{
	for (size_t i = 0; i < trust->nr_certificates; i++)
		free(trust->certificate[i].der);
	free(trust->certificate);
	*trust = (struct cordon_trust){ .nr_certificates = 0 };
}
