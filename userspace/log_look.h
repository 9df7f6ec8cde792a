/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in a log, as a list; of one that is being written, too: what is
 * only half there in that moment is looked at again and is no breach.
 */
#ifndef CORDON_LOG_LOOK_H
#define CORDON_LOG_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "log_verify.h"
#include "util/failure.h"

/* Findings that are listed: more are no help to anybody. */
#define CORDON_LOG_LOOK_MAX 10000

/**
 * struct cordon_log_look - clear with cordon_log_look_clear()
 * @sum: what is sound
 * @finding, @nr: class by class; neighbours of a kind are one
 * @more: that are not listed
 * @breaches: among both
 * @lost: records, by class
 */
struct cordon_log_look {
	struct cordon_log_sum sum;
	struct cordon_log_finding *finding;
	size_t nr;
	uint64_t more;
	uint64_t breaches;
	uint64_t lost[CORDON_CLASS_COUNT];
};

/**
 * cordon_log_look() - see cordon_log_verify()
 * Return: 0; -errno with @failure.
 */
int cordon_log_look(int folder, const uint8_t *secret, struct cordon_failure *failure,
		    struct cordon_log_look *ret_look);
void cordon_log_look_clear(struct cordon_log_look *look);

static inline void cleanup_log_look(struct cordon_log_look *look)
{
	cordon_log_look_clear(look);
}

/** cordon_log_is_written() - has a process the log open to write? */
bool cordon_log_is_written(int folder);

#endif
