/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/cordon/gate: what the module's boot gate lets pass, and what it does when no policy
 * comes.  Words with blanks between, and comments after '#'; see cordon(8).
 */
#ifndef CORDON_GATE_FILE_H
#define CORDON_GATE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "util/failure.h"

#define CORDON_GATE_FILE "/etc/cordon/gate"

/**
 * struct cordon_gate - what it says
 * @keep: owned; of it the rules and prefixes of the backstop alone
 * @seconds: until the fallback; 0: never
 * @opens: then; otherwise the node is sealed
 */
struct cordon_gate {
	struct cordon_image *keep;
	uint32_t seconds;
	bool opens;
};

/** cordon_gate_read() - Return: 0; -errno with @failure: what is wrong, and in which line */
int cordon_gate_read(const char *path, struct cordon_failure *failure,
		     struct cordon_gate *ret_gate);

/** cordon_gate_head() - of the keep list that the module gets; its rules and prefixes follow */
struct cordon_module_keep cordon_gate_head(const struct cordon_gate *gate);

#endif
