/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hooks: programs on interfaces and on the cgroup tree, as the policy in force
 * wants them, and a survey of what is really there.  It loads no program and
 * no policy, never deletes a qdisc, and touches nobody else's programs.
 */
#ifndef CORDON_ATTACH_H
#define CORDON_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup.h"
#include "image.h"
#include "load.h"
#include "maps.h"
#include "nl.h"

/**
 * struct cordon_attach - what attaching needs to know; nothing is owned
 * @image: by generation & 1; NULL: not known, then new interfaces are of class 0
 * @effective: generation in force
 * @cgroups: NULL: there is no cgroup2
 */
struct cordon_attach {
	const struct cordon_context *context;
	const struct cordon_maps *maps;
	const struct cordon_programs *programs;
	const struct cordon_image *image[2];
	uint32_t effective;
	const struct cordon_cgroup_root *cgroups;
	bool tcx;
};

/**
 * struct cordon_coverage - one interface
 * @mode: enum cordon_interface_mode that the policy wants
 * @hook: enum cordon_hook that is there; NONE: not covered, see @why
 * @class: in the generation in force
 * @place: index in `interfaces`, or -1
 * @ahead: programs of others that run before ours, @foreign_xdp among them
 * @foreign_xdp: XDP program of another, 0: none; it could pass packets by tc
 * @why: what a person should know, or ""
 */
struct cordon_coverage {
	int index;
	char name[CORDON_INTERFACE_NAME_SIZE];
	char kind[16];
	uint32_t mode;
	uint32_t hook;
	uint32_t class;
	int place;
	unsigned int ahead;
	uint32_t foreign_xdp;
	char foreign_xdp_name[16];
	bool loopback;
	bool excluded;
	char why[160];
};

struct cordon_coverages {
	struct cordon_coverage *entry; /* owned */
	size_t nr;
};

void cordon_coverages_clear(struct cordon_coverages *coverages);

static inline void cleanup_coverages(struct cordon_coverages *coverages)
{
	cordon_coverages_clear(coverages);
}

/** cordon_attach_survey() - what is there; changes nothing */
int cordon_attach_survey(const struct cordon_attach *attach, const struct cordon_nl_links *links,
			 struct cordon_failure *failure, struct cordon_coverages *ret_coverages);

/**
 * cordon_attach_is_elsewhere() - are our hooks on interfaces that are there, and
 *	none of them is in this network namespace?  Asked of tcx links; of filters
 *	on clsact the kernel does not say where they are: false.
 */
bool cordon_attach_is_elsewhere(const struct cordon_context *context);

/**
 * cordon_attach_places() - every interface and VLAN has its place in the maps,
 *	with its class for both generations that stand
 */
int cordon_attach_places(const struct cordon_attach *attach, const struct cordon_nl_links *links,
			 struct cordon_failure *failure);

/**
 * cordon_attach_interfaces() - cover what is to be covered
 *
 * An interface that is gone meanwhile is passed over.  One that cannot be
 * covered does not keep the others from it.
 * Return: 0, or the first -errno with @failure saying which interface.
 */
int cordon_attach_interfaces(const struct cordon_attach *attach,
			     const struct cordon_nl_links *links, struct cordon_failure *failure);

/** cordon_attach_watchers() - programs that follow cgroups as they come and go */
int cordon_attach_watchers(const struct cordon_attach *attach, struct cordon_failure *failure);

/** cordon_attach_cgroups() - the cgroup hooks */
int cordon_attach_cgroups(const struct cordon_attach *attach, struct cordon_failure *failure);

/**
 * struct cordon_cgroup_hook - one cgroup hook or watcher and whether it is there
 * What it runs cannot be told apart from another build's if its program's pin
 * is gone (load.h).
 */
struct cordon_cgroup_hook {
	const char *name;
	bool there;
};

#define CORDON_CGROUP_HOOKS 9
void cordon_attach_cgroup_survey(const struct cordon_attach *attach,
				 struct cordon_cgroup_hook ret_hooks[CORDON_CGROUP_HOOKS]);

/**
 * cordon_attach_detach() - nothing of ours is on any hook when this returns
 * @links: where our filters may be on clsact
 *
 * Cut short, it is finished by the next one, and undone by the next attach.
 */
int cordon_attach_detach(const struct cordon_context *context, const struct cordon_nl_links *links,
			 struct cordon_failure *failure);

/** cordon_attach_class() - class of an interface under an image, NULL image: 0 */
uint32_t cordon_attach_class(const struct cordon_image *image, const struct cordon_nl_links *links,
			     const struct cordon_nl_link *link);

#endif
