/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of verdicts, plain text, read alike by every runner.  A line is a
 * comment (#), a packet with what must become of it, or a word to the runner:
 *
 *	in IFACE PACKET -> pass RULE     in, out: at the node's interface
 *	out IFACE PACKET -> deny REASON
 *	in IFACE PACKET -> audit REASON  it passes, and is counted as denied
 *	thru IFACE IFACE PACKET -> ...   out by the second, came in by the first
 *	cut in IFACE PACKET -> ...       every shorter beginning of the frame
 *	policy FILE                      switch to it; the first line must be one
 *	latch LEVEL                      open, egress, isolate, lockdown
 *	fresh                            forget all flows
 *	wait SECONDS                     on the host only, with all that follows
 *	host, programs, everywhere       what follows can be run on the host only, not on
 *	                                 the wire, or everywhere again
 *
 * Packets are as in packet_text.h; rows of one table see each other's flows.
 */
#ifndef CORDON_TESTS_ROWS_H
#define CORDON_TESTS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "packet_text.h"

enum row_kind {
	ROW_PACKET,
	ROW_POLICY,
	ROW_LATCH,
	ROW_FRESH,
	ROW_WAIT,
};

/**
 * struct row - one line
 * @number: latch level or seconds
 * @cut: every beginning of @frame is meant, not @frame
 * @out: at the way out
 * @interface: stage_interfaces[] where it is met
 * @came_by: where it came in, -1 for none
 * @pass: @expected is a rule, else, or if @audit, a reason
 * @host: only the host can do it
 * @programs: a wire cannot
 */
struct row {
	enum row_kind kind;
	int line;
	int number;
	bool cut;
	bool out;
	bool pass;
	bool audit;
	bool host;
	bool programs;
	int interface;
	int came_by;
	char expected[64];
	char text[512];
	struct frame frame;
};

struct table {
	char name[64];
	char folder[256];
	struct row *rows;
	size_t nr_rows;
};

/** table_read() - NULL after saying what is wrong on stderr; table_free() it */
struct table *table_read(const char *path);
void table_free(struct table *table);

/** tables_find() - paths of all tables, sorted; both to be freed */
char **tables_find(size_t *ret_nr);

/** struct runner - how one runner carries out rows
 * @packet: judge @frame; sets what became of it
 * @told: false: this runner cannot judge it (reason in @skip)
 */
struct verdict {
	bool pass;
	char name[64];
	bool skipped;
};

struct runner {
	void *state;
	bool on_host;
	int (*start)(struct runner *runner, const struct table *table);
	int (*policy)(struct runner *runner, const struct table *table, const struct row *row);
	void (*latch)(struct runner *runner, int level);
	void (*fresh)(struct runner *runner);
	void (*wait)(struct runner *runner, int seconds);
	struct verdict (*packet)(struct runner *runner, const struct row *row,
				 const struct frame *frame);
	void (*stop)(struct runner *runner);
};

/** tables_run() - all tables, one TAP case each. Return: exit status */
int tables_run(struct runner *runner, int argc, char **argv);

#endif
