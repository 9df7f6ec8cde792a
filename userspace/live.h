/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generation in force with the names that its numbers stand for: what
 * commands that show traffic have in common.  Looks only, prints nothing.
 */
#ifndef CORDON_LIVE_H
#define CORDON_LIVE_H

#include "cgroup.h"
#include "command.h"
#include "flows.h"
#include "maps.h"

/** struct cordon_live - close with cordon_live_close() */
struct cordon_live {
	struct cordon_maps maps;
	struct cordon_standing standing;
	struct cordon_view view;
	struct cordon_cgroup_root cgroups;
	bool has_cgroups;
};

struct cordon_live cordon_live_none(void);
int cordon_live_open(const struct cordon_call *call, struct cordon_live *ret_live);
void cordon_live_close(struct cordon_live *live);

static inline void cleanup_live(struct cordon_live *live)
{
	cordon_live_close(live);
}

/** cordon_live_serial() - of the policy in force; 0: none is, or it cannot be read */
uint64_t cordon_live_serial(const struct cordon_context *context);

/** cordon_live_generation() - number of the policy in force; with none in the kernel, of that which
 *	a boot would load; 0: there is none */
uint32_t cordon_live_generation(const struct cordon_context *context);

/** cordon_live_follow() - look again which generation is in force */
int cordon_live_follow(struct cordon_live *live);

/** cordon_live_identity() - what a person calls it; never NULL
 * @live: NULL: only those that every policy has
 */
const char *cordon_live_identity(const struct cordon_live *live, uint32_t identity);

/** cordon_live_rule() - name of a rule slot; never NULL */
const char *cordon_live_rule(const struct cordon_live *live, uint32_t slot);

/** cordon_live_interface() - name of a covered interface; never NULL */
const char *cordon_live_interface(const struct cordon_live *live, uint32_t ifindex);

/** cordon_live_flows() - flows that have not expired, the caller's to free */
int cordon_live_flows(const struct cordon_live *live, struct cordon_flow_live **ret_flows,
		      size_t *ret_nr);

#endif
