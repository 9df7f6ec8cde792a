// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon gate: /etc/cordon/gate as parameters of the module, for the initramfs.
 */
#include <stdio.h>

#include "command.h"
#include "gate_file.h"
#include "util/cleanup.h"

static void print_bytes(const void *data, size_t size, const char *before)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		printf("%s%u", i ? "," : before, bytes[i]);
}

static void print_gate(const struct cordon_gate *gate)
{
	const struct cordon_image *keep = gate->keep;
	const struct cordon_module_keep head = cordon_gate_head(gate);

	printf("gate_fallback_seconds=%u gate_fallback=%s gate_keep=", gate->seconds,
	       gate->opens ? "open" : "isolate");
	print_bytes(&head, sizeof(head), "");
	print_bytes(keep->backstop_rules, head.rules * sizeof(*keep->backstop_rules), ",");
	print_bytes(keep->backstop_prefixes, head.prefixes * sizeof(*keep->backstop_prefixes), ",");
	putchar('\n');
}

int cordon_cmd_gate(const struct cordon_call *call)
{
	const struct cordon_path own = cordon_path_root(call->context, CORDON_GATE_FILE);
	struct cordon_image *keep CLEANUP(image) = NULL;
	struct cordon_gate gate = { .keep = NULL };
	const char *path = NULL;
	int error;

	if (cordon_call_flags(call, NULL, 0, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_gate_read(path ? path : own.text, call->failure, &gate);
	if (error)
		return error;
	keep = gate.keep;
	print_gate(&gate);
	return CORDON_EXIT_DONE;
}
