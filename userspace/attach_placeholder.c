// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Links that let packets go on, until they are given a program of ours.
 */
#include "attach_placeholder.h"

#include <linux/if.h>
#include <linux/pkt_cls.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "attach_link.h"
#include "util/array.h"
#include "util/cleanup.h"

/* TC_ACT_UNSPEC is TCX_NEXT. */
static int load_program(struct cordon_placeholder *placeholder)
{
	const struct bpf_insn next[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_UNSPEC },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);

	placeholder->program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "cordon_pass", "GPL", next,
					     ARRAY_SIZE(next), NULL);
	if (placeholder->program < 0)
		return placeholder->program;
	if (bpf_prog_get_info_by_fd(placeholder->program, &info, &size)) {
		close(placeholder->program);
		placeholder->program = -1;
		return -1;
	}
	placeholder->id = info.id;
	return 0;
}

static void attach_side(const struct cordon_context *context,
			const struct cordon_placeholder *placeholder,
			const struct cordon_pinned_links *pins, const struct cordon_nl_link *link,
			bool out)
{
	struct cordon_tcx_found found;
	int fd CLEANUP(close) = -1;
	char pin[64];

	cordon_link_pin_name(link->name, out, &pin);
	/* What has the name, an XDP link say, is not to be dropped by ours. */
	if (cordon_pinned_link_named(pins, pin) ||
	    cordon_tcx_find(pins, link->index, out, &found) || found.link)
		return;
	fd = cordon_tcx_link(placeholder->program, link->index, out);
	if (fd >= 0)
		cordon_link_pin(context, pin, fd);
}

struct cordon_placeholder cordon_attach_placeholder(const struct cordon_context *context,
						    const struct cordon_nl_links *links)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };
	struct cordon_placeholder placeholder = cordon_placeholder_none();

	if (cordon_pinned_links_read(context, &pins) || load_program(&placeholder))
		return placeholder;
	for (size_t i = 0; i < links->nr; i++) {
		if (links->entry[i].flags & IFF_LOOPBACK)
			continue;
		attach_side(context, &placeholder, &pins, &links->entry[i], false);
		attach_side(context, &placeholder, &pins, &links->entry[i], true);
	}
	return placeholder;
}

void cordon_attach_placeholder_end(const struct cordon_context *context,
				   struct cordon_placeholder *placeholder)
{
	struct cordon_pinned_links pins CLEANUP(pinned_links) = { 0 };

	if (placeholder->program < 0)
		return;
	cordon_pinned_links_read(context, &pins);
	for (size_t i = 0; i < pins.nr; i++) {
		if (pins.entry[i].program == placeholder->id)
			cordon_link_unpin(context, pins.entry[i].name);
	}
	close(placeholder->program);
	*placeholder = cordon_placeholder_none();
}
