// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate's parameters and its fallback.
 */
#include "cordon.h"

#include <linux/module.h>
#include <linux/workqueue.h>

static bool gate;
module_param(gate, bool, 0444);
MODULE_PARM_DESC(gate, "nothing passes until a policy stands");

/* Without any it is an empty list. */
static u8 gate_keep[4096] __initdata __aligned(8);
static unsigned int gate_keep_size __initdata = sizeof(struct cordon_module_keep);
module_param_array(gate_keep, byte, &gate_keep_size, 0);
MODULE_PARM_DESC(gate_keep, "but this: a keep list's bytes, as `cordon gate` makes them");

static unsigned int gate_fallback_seconds;
module_param(gate_fallback_seconds, uint, 0444);
MODULE_PARM_DESC(gate_fallback_seconds, "when no policy comes for so long; 0: never");

static char *gate_fallback = "isolate";
module_param(gate_fallback, charp, 0444);
MODULE_PARM_DESC(gate_fallback, "what then: open, or isolate (the default)");

static void fall_back(struct work_struct *work);
static DECLARE_DELAYED_WORK(fallback, fall_back);

/* Until a helper has said who may release, nothing seals: the gate stays shut. */
static void fall_back(struct work_struct *work)
{
	const bool opens = !strcmp(gate_fallback, "open");
	u32 before = cordon_latch_level();

	if (opens ? !cordon_latch_gate(false) : !cordon_latch_is_gated())
		return;
	if (!opens && cordon_setup_seal(CORDON_LATCH_ISOLATE, &before)) {
		schedule_delayed_work(&fallback, HZ);
		return;
	}
	pr_warn("cordon: no policy came in %u s: %s\n", gate_fallback_seconds, gate_fallback);
	cordon_netlink_tell(opens ? CORDON_MODULE_NEWS_FALLBACK_OPEN :
				    CORDON_MODULE_NEWS_FALLBACK_SHUT,
			    before, 0);
}

void cordon_gate_open(void)
{
	if (cordon_latch_gate(false))
		cordon_netlink_tell(CORDON_MODULE_NEWS_STANDS, cordon_latch_level(), 0);
}

int __init cordon_gate_init(void)
{
	int error = 0;

	if (strcmp(gate_fallback, "open") && strcmp(gate_fallback, "isolate"))
		error = -EINVAL;
	else if (gate)
		error = cordon_keep_install(gate_keep, gate_keep_size);
	if (error)
		pr_err("cordon: gate_keep or gate_fallback: see cordon(8), THE MODULE\n");
	if (error || !gate)
		return error;
	cordon_latch_gate(true);
	if (gate_fallback_seconds)
		schedule_delayed_work(&fallback, gate_fallback_seconds * HZ);
	return 0;
}

void cordon_gate_exit(void)
{
	cancel_delayed_work_sync(&fallback);
}
