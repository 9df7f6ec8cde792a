/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: what there is to see on this machine now, what passes first, in one
 * archive with the digests of all that is in it.  It changes nothing, stops
 * nothing and needs nothing but /proc: no policy, no daemon, no network.
 */
#ifndef CORDON_EVIDENCE_H
#define CORDON_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "evidence_bag.h"

#define CORDON_EVIDENCE_FOLDER "/var/lib/cordon/evidence"
#define CORDON_EVIDENCE_BYTES (64ULL << 20)
#define CORDON_EVIDENCE_SECONDS 30

/* Of an order for it: other orders wait meanwhile. */
#define CORDON_EVIDENCE_ORDER_SECONDS 10

/* How much longer than that a seal waits: the disk has it then, or will not. */
#define CORDON_EVIDENCE_GRACE 2

/**
 * struct cordon_evidence_wish - what is wanted
 * @out: path of the archive; "-": standard output; NULL: @name in CORDON_EVIDENCE_FOLDER
 * @name: what it is called there, without ".tar"; NULL: by this machine and the time
 * @by: whose wish it is, if not who is logged in
 * @reason: why, for people
 * @bytes, @seconds: at most
 * @add: paths of regular files that are wanted, too; absolute, without ".."
 * @teller: told what is missing
 */
struct cordon_evidence_wish {
	const char *out;
	const char *name;
	const char *by;
	const char *reason;
	uint64_t bytes;
	unsigned int seconds;
	const char *const *add;
	size_t nr_add;
	cordon_bag_teller teller;
	void *state;
};

/**
 * struct cordon_evidence - what was made
 * @path: "-": it was written to standard output
 * @digest: SHA-256 of the archive, of @size bytes
 * @files: in it; @cut: pieces that are not or not all there, @absent: that this machine has not
 */
struct cordon_evidence {
	struct cordon_path path;
	uint8_t digest[32];
	uint64_t size;
	uint32_t files;
	uint32_t cut;
	uint32_t absent;
};

/**
 * cordon_evidence_take() - capture, write, and tell it to the log
 * Return: 0; -errno with @failure: there is no archive.
 */
int cordon_evidence_take(const struct cordon_context *context,
			 const struct cordon_evidence_wish *wish, struct cordon_failure *failure,
			 struct cordon_evidence *ret_evidence);

/**
 * cordon_evidence_take_apart() - the same in a child, which is not waited for longer than
 *	wish->seconds and CORDON_EVIDENCE_GRACE; nothing is told of what is missing
 */
int cordon_evidence_take_apart(const struct cordon_context *context,
			       const struct cordon_evidence_wish *wish,
			       struct cordon_failure *failure,
			       struct cordon_evidence *ret_evidence);

#endif
