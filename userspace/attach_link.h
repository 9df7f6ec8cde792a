/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One program on one hook, and the pins of links.  Used by attach*.c only.
 */
#ifndef CORDON_ATTACH_LINK_H
#define CORDON_ATTACH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"

/** struct cordon_pinned_link - a pin below links/ and what the kernel says of it */
struct cordon_pinned_link {
	char name[64];
	uint32_t id;
	uint32_t type; /* enum bpf_link_type */
	uint32_t program;
	uint32_t ifindex; /* 0: none, or its interface is gone */
	uint64_t cgroup;
};

struct cordon_pinned_links {
	struct cordon_pinned_link *entry; /* owned */
	size_t nr;
};

int cordon_pinned_links_read(const struct cordon_context *context,
			     struct cordon_pinned_links *ret_links);
void cordon_pinned_links_clear(struct cordon_pinned_links *links);

static inline void cleanup_pinned_links(struct cordon_pinned_links *links)
{
	cordon_pinned_links_clear(links);
}

struct cordon_pinned_link *cordon_pinned_link_named(const struct cordon_pinned_links *links,
						    const char *name);

/** cordon_link_pin_name() - "lan0-ingress"; a dot, which bpffs refuses, becomes ':' */
void cordon_link_pin_name(const char *interface, bool out, char (*ret_name)[64]);

/** cordon_link_pin() - pin a new link; what had the name before goes with the move
 * Return: 0; -EXDEV: that is at another cgroup, and a guard stands; -errno.
 */
int cordon_link_pin(const struct cordon_context *context, const char *name, int fd);

/** cordon_link_rename() - another name for a pin; the one that has it, if any, gets the old name
 * @links: all of them, @link among them; names follow
 */
int cordon_link_rename(const struct cordon_context *context, struct cordon_pinned_links *links,
		       struct cordon_pinned_link *link, const char *name);

/** cordon_link_unpin() - off its hook, before this returns if the kind of link can, and its pin */
int cordon_link_unpin(const struct cordon_context *context, const char *name);

/** cordon_link_replace() - another program on a pinned link, without a gap */
int cordon_link_replace(const struct cordon_context *context, const char *name, int program);

/**
 * struct cordon_tcx_found - our link on one side of an interface
 * @link: NULL: none of ours is there
 * @ahead: programs that run before ours
 */
struct cordon_tcx_found {
	struct cordon_pinned_link *link;
	unsigned int ahead;
};

int cordon_tcx_find(const struct cordon_pinned_links *links, int ifindex, bool out,
		    struct cordon_tcx_found *ret_found);

/** Each Return: fd of the new link, or -errno */
int cordon_tcx_link(int program, int ifindex, bool out);
int cordon_xdp_link(int program, int ifindex);
int cordon_cgroup_link(int program, int cgroup, uint32_t attach_type);
int cordon_tracing_link(int program);
int cordon_tracepoint_link(int program, const char *tracepoint);
/** @file: and @offset: where a function begins; @returns: where it ends; @cookie: for the program */
int cordon_uprobe_link(int program, const char *file, uint64_t offset, bool returns,
		       uint64_t cookie);

/** cordon_program_tell() - the name that the kernel has for a program, "?" if it does not say */
void cordon_program_tell(uint32_t id, char (*ret_name)[16]);

/** cordon_clsact_find() - id of our program there, 0: none */
uint32_t cordon_clsact_find(int ifindex, bool out);
int cordon_clsact_attach(int program, int ifindex, bool out);
void cordon_clsact_detach(int ifindex, bool out);

#endif
