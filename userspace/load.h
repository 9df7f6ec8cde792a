/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts programs and policies into the kernel.  Everything here wants the lock
 * (context.h) to be held.  It must not parse, compile, attach or print.
 */
#ifndef CORDON_LOAD_H
#define CORDON_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"
#include "image.h"
#include "maps.h"

/* X(NAME, "function and pin") */
#define CORDON_PROGRAMS(X)                                                                         \
	X(INGRESS_ETHER, "ingress_ether")                                                          \
	X(EGRESS_ETHER, "egress_ether")                                                            \
	X(INGRESS_IP, "ingress_ip")                                                                \
	X(EGRESS_IP, "egress_ip")                                                                  \
	X(XDP_INGRESS, "xdp_ingress")                                                              \
	X(CONNECT4, "connect4")                                                                    \
	X(CONNECT6, "connect6")                                                                    \
	X(SENDMSG4, "sendmsg4")                                                                    \
	X(SENDMSG6, "sendmsg6")                                                                    \
	X(BIND4, "bind4")                                                                          \
	X(BIND6, "bind6")                                                                          \
	X(SOCK_CREATE, "sock_create")                                                              \
	X(CGROUP_MKDIR, "cgroup_mkdir")                                                            \
	X(CGROUP_RMDIR, "cgroup_rmdir")                                                            \
	X(TELL, "tell")

enum cordon_program {
#define CORDON_PROGRAM_ENUM(name, text) CORDON_PROGRAM_##name,
	CORDON_PROGRAMS(CORDON_PROGRAM_ENUM)
#undef CORDON_PROGRAM_ENUM
	CORDON_PROGRAM_COUNT
};

const char *cordon_program_name(enum cordon_program program);

/**
 * struct cordon_programs - pinned programs
 * @fd: -1, and its id 0: there is no pin
 * @loaded: bit by program: it was pinned when it was loaded
 */
struct cordon_programs {
	int fd[CORDON_PROGRAM_COUNT];
	uint32_t id[CORDON_PROGRAM_COUNT];
	uint32_t loaded;
};

/** cordon_program_is_lost() - its pin is gone, and a hook may still run it; else the kernel
 *	refused what has no pin */
static inline bool cordon_program_is_lost(const struct cordon_programs *programs,
					  enum cordon_program program)
{
	return !programs->id[program] && programs->loaded >> program & 1;
}

/** cordon_program_tag() - the kernel's digest of it, 16 digits. Return: 0, -ENOENT, -errno */
int cordon_program_tag(const struct cordon_programs *programs, enum cordon_program program,
		       char (*ret_tag)[17]);

struct cordon_programs cordon_programs_none(void);
int cordon_programs_open(const struct cordon_context *context, struct cordon_failure *failure,
			 struct cordon_programs *ret_programs);
void cordon_programs_close(struct cordon_programs *programs);

static inline void cleanup_programs(struct cordon_programs *programs)
{
	cordon_programs_close(programs);
}

/** struct cordon_loading - programs that are on their way into the kernel; NULL: none is */
struct cordon_loading;

/**
 * cordon_load_start() - maps and programs of this build, made and pinned as far
 *	as they are not
 *
 * Quick when all stands already.  Programs of another build are replaced; the
 * maps stay, and links follow when they are next attached (attach.h).  On return
 * the maps stand; the programs come meanwhile, those that judge the packets of an
 * Ethernet interface first.
 * Return: 0 or -errno with @failure.
 */
int cordon_load_start(const struct cordon_context *context, struct cordon_failure *failure,
		      struct cordon_loading **ret_loading);

/** cordon_load_first() - wait, and work along, until there are those without which no packet is
 *	judged; -errno with @failure if one of them cannot be */
int cordon_load_first(struct cordon_loading *loading, struct cordon_failure *failure);

/** cordon_load_finish() - all are there, or known to be refused, and it is noted which */
int cordon_load_finish(const struct cordon_context *context, struct cordon_loading *loading,
		       struct cordon_failure *failure);

/** enum cordon_watchers - programs that only tell what happens */
enum cordon_watchers {
	CORDON_WATCHERS_PROCESS, /* what processes do */
	CORDON_WATCHERS_AUTH,	 /* who logs in */
	CORDON_WATCHERS_LISTEN,	 /* who listens */
	CORDON_WATCHERS_CONFIG	 /* what is changed in the kernel */
};

/** cordon_load_watchers() - pinned, and of this build; a kernel may refuse them
 * @anew: also if that was done before: a pin of one of them is gone
 */
int cordon_load_watchers(const struct cordon_context *context, enum cordon_watchers watchers,
			 bool anew, struct cordon_failure *failure);

/** cordon_load_was_done() - somebody asked for them since the maps were made */
bool cordon_load_was_done(const struct cordon_context *context, enum cordon_watchers watchers);

/** cordon_loading_free() - what has begun is waited for; without cordon_load_finish() the next
 *	cordon_load_start() begins anew */
void cordon_loading_free(struct cordon_loading *loading);

static inline void cleanup_loading(struct cordon_loading **loading)
{
	cordon_loading_free(*loading);
}

/**
 * cordon_load_number() - the number of the next generation, given out once
 * @least: not below this one (what files remember)
 */
uint32_t cordon_load_number(const struct cordon_maps *maps, uint32_t least);

/**
 * struct cordon_generation - tables built aside, not in force yet
 * Freed by cordon_generation_free(), also after the switch: the kernel holds
 * what is in force.
 */
struct cordon_generation;

/** cordon_load_build() - fill the tables of image->settings.generation aside */
int cordon_load_build(const struct cordon_context *context, const struct cordon_maps *maps,
		      const struct cordon_image *image, struct cordon_failure *failure,
		      struct cordon_generation **ret_generation);

/**
 * cordon_load_flip() - put a built generation into its slots and into force
 * @confirm_seconds: 0: for good, else it lapses unless confirmed
 *
 * The caller has put the classes of the interfaces and the workloads of its
 * parity in place.  Killed at any moment, the old or the new one is in force,
 * whole.
 */
int cordon_load_flip(const struct cordon_context *context, const struct cordon_maps *maps,
		     struct cordon_generation *generation, uint32_t confirm_seconds,
		     struct cordon_failure *failure);

void cordon_generation_free(struct cordon_generation *generation);

static inline void cleanup_generation(struct cordon_generation **generation)
{
	cordon_generation_free(*generation);
}

/**
 * cordon_load_settle() - a trial that has lapsed is over: the former one is in
 *	force by name, too
 * Return: number of the lapsed one, 0: there was none.
 */
uint32_t cordon_load_settle(const struct cordon_maps *maps);

/** cordon_load_confirm() - what waits for its confirmation has it. -ENOENT: nothing waits */
int cordon_load_confirm(const struct cordon_maps *maps, struct cordon_failure *failure);

/** cordon_load_rollback() - the other generation is in force. -ENOENT: there is none */
int cordon_load_rollback(const struct cordon_maps *maps, struct cordon_failure *failure);

/**
 * cordon_load_show() - pins for people follow the generation in force: the
 *	tables under maps/
 */
int cordon_load_show(const struct cordon_context *context, const struct cordon_maps *maps);

/** cordon_load_unpin() - drop all pins: links first */
int cordon_load_unpin(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_load_unpin_maps() - drop the pins of the maps, `control` first */
int cordon_load_unpin_maps(const struct cordon_context *context, struct cordon_failure *failure);

/* load_rules.c: which rule has which slot. */

/** struct cordon_rule_slots - slot[i]: of image rule i */
struct cordon_rule_slots {
	uint16_t slot[2 * CORDON_RULES_MAX];
	bool fresh[2 * CORDON_RULES_MAX]; /* has no counts to keep */
};

/**
 * cordon_rules_place() - a slot for each rule: the one that a rule of the same
 *	name and list has in a generation that stands, else a free one
 * Return: 0; -ENOSPC; -errno.
 */
int cordon_rules_place(const struct cordon_maps *maps, const struct cordon_image *image,
		       struct cordon_rule_slots *ret_slots);

/** cordon_rules_name() - give slots their names, and zeroed counters if fresh */
int cordon_rules_name(const struct cordon_maps *maps, const struct cordon_image *image,
		      const struct cordon_rule_slots *slots);

/** cordon_rules_used() - rule slots that a generation's tables lead to, builtins not */
struct cordon_rule_use {
	bool open[CORDON_RULE_SLOTS]; /* by the policy's rules */
	bool keep[CORDON_RULE_SLOTS]; /* by the keep list */
};
int cordon_rules_used(const struct cordon_maps *maps, uint32_t generation,
		      struct cordon_rule_use *ret_use);

/** cordon_rules_at() - slots that a generation's tables lead to at one latch level
 * @used: CORDON_RULE_SLOTS; slots are set, none is cleared
 */
int cordon_rules_at(const struct cordon_maps *maps, uint32_t generation, uint32_t latch,
		    bool *used);

/** cordon_rules_sweep() - forget the names of slots that nothing leads to any more */
int cordon_rules_sweep(const struct cordon_maps *maps);

#endif
