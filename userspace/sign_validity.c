// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the times of certificates; see sign_validity.h.
 */
#include "sign_validity.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "order_text.h"
#include "sign_certificate.h"
#include "util/cleanup.h"

#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18

/* ---- times ------------------------------------------------------------------------------- */

/* Return: a number of @digits digits at *@at, which moves on; -1: they are none. */
static int take_digits(const uint8_t **at, int digits)
{
	int number = 0;

	for (; digits; digits--, ++*at) {
		if (**at < '0' || **at > '9')
			return -1;
		number = number * 10 + **at - '0';
	}
	return number;
}

static bool is_time(const struct tm *time)
{
	return time->tm_mon >= 0 && time->tm_mon < 12 && time->tm_mday >= 1 &&
	       time->tm_mday <= 31 && time->tm_hour >= 0 && time->tm_hour < 24 &&
	       time->tm_min >= 0 && time->tm_min < 60 && time->tm_sec >= 0 && time->tm_sec < 60;
}

/* YYMMDDHHMMSSZ up to the year 2049, YYYYMMDDHHMMSSZ for others (RFC 5280, 4.1.2.5). */
static bool take_time(struct der *bytes, int64_t *ret_seconds)
{
	const bool is_short = der_peek(*bytes) == DER_UTC_TIME;
	const size_t size = is_short ? 13 : 15;
	struct tm time = { 0 };
	const uint8_t *at;
	struct der text;
	int year;

	if (!der_take(bytes, is_short ? DER_UTC_TIME : DER_GENERALIZED_TIME, &text) ||
	    text.size != size || text.at[size - 1] != 'Z')
		return false;
	at = text.at;
	year = take_digits(&at, is_short ? 2 : 4);
	if (year < 0)
		return false;
	time.tm_year = is_short ? (year < 50 ? year + 100 : year) : year - 1900;
	time.tm_mon = take_digits(&at, 2) - 1;
	time.tm_mday = take_digits(&at, 2);
	time.tm_hour = take_digits(&at, 2);
	time.tm_min = take_digits(&at, 2);
	time.tm_sec = take_digits(&at, 2);
	if (!is_time(&time))
		return false;
	*ret_seconds = timegm(&time);
	return true;
}

/* ---- certificates ------------------------------------------------------------------------ */

static bool read_fields(struct der fields, struct cordon_validity *validity)
{
	struct der issuer, times, subject;

	if (!der_skip(&fields, DER_CONTEXT_0) || !der_take(&fields, DER_INTEGER, NULL) ||
	    !der_take(&fields, DER_SEQUENCE, NULL) ||
	    !der_take_whole(&fields, DER_SEQUENCE, &issuer) ||
	    !der_take(&fields, DER_SEQUENCE, &times) ||
	    !der_take_whole(&fields, DER_SEQUENCE, &subject) ||
	    !take_time(&times, &validity->not_before) || !take_time(&times, &validity->not_after) ||
	    times.size)
		return false;
	sign_name_text(issuer, &validity->issuer);
	sign_name_text(subject, &validity->subject);
	return true;
}

static bool read_certificate(const uint8_t *der, size_t size, struct cordon_validity *validity)
{
	struct der bytes = { der, size }, outer, fields;

	if (!der_take(&bytes, DER_SEQUENCE, &outer) || bytes.size ||
	    !der_take(&outer, DER_SEQUENCE, &fields) || !read_fields(fields, validity))
		return false;
	cordon_sign_digest(der, size, &validity->digest);
	return true;
}

/* @first: of those before; its number counts them */
static int add_certificate(const uint8_t *der, size_t size, struct cordon_failure *failure,
			   struct cordon_validity *first)
{
	const uint32_t certificates = first->certificates + 1;
	struct cordon_validity validity = { .certificates = 0 };

	if (!read_certificate(der, size, &validity))
		return cordon_fail(failure, -EINVAL, "certificate %u is damaged", certificates);
	if (!first->certificates || validity.not_after < first->not_after)
		*first = validity;
	first->certificates = certificates;
	return 0;
}

/* ---- PEM --------------------------------------------------------------------------------- */

/* Keys and whatever else stands between are left out. */
static bool find_certificate(struct order_piece *rest, unsigned int *line)
{
	struct order_piece next = *rest, piece;

	for (; order_piece_line(&next, &piece); *rest = next, ++*line) {
		if (order_piece_is(piece, "-----BEGIN CERTIFICATE-----") ||
		    order_piece_is(piece, "-----BEGIN X509 CERTIFICATE-----"))
			return true;
	}
	return false;
}

static int read_pem(struct order_piece rest, struct cordon_failure *failure,
		    struct cordon_validity *validity)
{
	unsigned int line = 0;
	int error = 0;

	while (!error && find_certificate(&rest, &line)) {
		uint8_t *der CLEANUP(free) = NULL;
		size_t size = 0;

		error = sign_pem_next(&rest.text, &rest.size, &line, failure, &der, &size);
		error = error < 0 ? error : add_certificate(der, size, failure, validity);
	}
	return error;
}

int cordon_validity_read(const char *text, size_t size, struct cordon_failure *failure,
			 struct cordon_validity *ret_validity)
{
	struct cordon_validity validity = { .certificates = 0 };
	int error;

	if (memmem(text, size, "-----BEGIN ", strlen("-----BEGIN ")))
		error = read_pem((struct order_piece){ text, size }, failure, &validity);
	else
		error = add_certificate((const uint8_t *)text, size, failure, &validity);
	if (!error && !validity.certificates)
		error = cordon_fail(failure, -EINVAL, "there is no certificate in it");
	if (!error)
		*ret_validity = validity;
	return error;
}
