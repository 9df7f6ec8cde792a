/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy of an order, put into force: the one in the bundle, else
 * /etc/cordon/policy.yaml if it is the one that the order means.
 */
#ifndef CORDON_CMD_BUNDLE_H
#define CORDON_CMD_BUNDLE_H

#include "carry_out.h"
#include "command.h"
#include "session.h"

/**
 * struct cmd_bundle - one use
 * @wish: how it is applied; its image, policy and authority are filled in
 * @need_way_in: refuse one that locks its operator out
 * @folder: where the bundle was unpacked, "" if it was not
 */
struct cmd_bundle {
	const struct cordon_call *call;
	struct cordon_apply wish;
	bool need_way_in;
	struct cordon_image *image;
	struct cordon_path policy;
	struct cordon_path folder;
};

struct cordon_policy_part cmd_bundle_part(struct cmd_bundle *bundle);
void cmd_bundle_clear(struct cmd_bundle *bundle);

static inline void cleanup_bundle(struct cmd_bundle *bundle)
{
	cmd_bundle_clear(bundle);
}

/** cmd_bundle_is_one() - is it signed? By its first byte */
bool cmd_bundle_is_one(const char *path);

/** cmd_bundle_deliver() - carry an order out and print its receipt. Return: exit code, -errno */
int cmd_bundle_deliver(const struct cordon_call *call, const struct cordon_delivery *delivery,
		       struct cmd_bundle *bundle);

/** cmd_bundle_read() - an order's file. Return: 0, -errno with call->failure */
int cmd_bundle_read(const struct cordon_call *call, const char *path, char **ret_text,
		    struct cordon_delivery *ret_delivery);

#endif
