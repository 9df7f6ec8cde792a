/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong, a line for each: gathered while all is looked at, told at the end.
 */
#ifndef CORDON_UTIL_FAULTS_H
#define CORDON_UTIL_FAULTS_H

#include "cleanup.h"
#include "print.h"

/** struct faults - {0} is ready; the lines are its own, without an end of line */
struct faults {
	char **line;
	size_t nr;
};

/** faults_add() - one more line; without memory for its text it reads "?". */
void faults_add(struct faults *faults, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** faults_text() - a line each, behind "@where: " unless that is NULL. */
void faults_text(const struct faults *faults, FILE *file, const char *where);
/** faults_json() - as an array of strings. */
void faults_json(const struct faults *faults, struct json *json, const char *key);
void cleanup_faults(struct faults *faults);

#endif
