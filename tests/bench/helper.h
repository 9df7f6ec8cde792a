/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helpers of the bench share: to end with a word, and to become a command.
 */
#ifndef CORDON_BENCH_HELPER_H
#define CORDON_BENCH_HELPER_H

/** die() - "PROGRAM: text", and exit 1 */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/** become() - a command, which prints nothing on standard output */
void become(char **argv) __attribute__((noreturn));

#endif
