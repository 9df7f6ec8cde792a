/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the log is doing, as people and programs read it.
 */
#ifndef CORDON_LOG_TEXT_H
#define CORDON_LOG_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "log_state.h"
#include "util/failure.h"
#include "util/print.h"

/**
 * cordon_log_judge() - is a log written that a daemon is there to write?
 * Return: false: with @fault.
 */
bool cordon_log_judge(const struct cordon_log_state *state, struct cordon_failure *fault);

/* @budget: bytes that it may have */
void cordon_log_text(FILE *file, const struct cordon_log_state *state, uint64_t budget);
void cordon_log_json(struct json *json, const struct cordon_log_state *state, uint64_t budget);

#endif
