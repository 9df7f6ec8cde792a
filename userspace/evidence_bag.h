/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bag of evidence: an archive that is filled piece by piece, within a size and
 * a time.  Each piece is captured by a child of its own, so that nothing that a
 * file or a process does can hold up, kill or corrupt the rest: what a child had
 * written when its time was up is kept, and what is not whole or not there is
 * listed with why.  It does not know what the pieces are.
 */
#ifndef CORDON_EVIDENCE_BAG_H
#define CORDON_EVIDENCE_BAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tar.h"

/**
 * struct cordon_piece - one file of the archive
 * @name: in it, below the bag's folder
 * @write: writes it; runs in a child. Return: 0 or -errno: it is not all
 * @state: for @write
 * @bytes, @seconds: at most; 0: as much as most pieces may have
 * @command: @write becomes a program, whose exit status says nothing about the piece
 * @wanted: somebody asked for it: that there is none is something left out
 */
struct cordon_piece {
	const char *name;
	int (*write)(const void *state, FILE *file);
	const void *state;
	uint64_t bytes;
	unsigned int seconds;
	bool command;
	bool wanted;
};

/** cordon_bag_teller - something is missing; @absent: this machine has no such thing */
typedef void (*cordon_bag_teller)(void *state, const char *name, const char *why, bool absent);

/**
 * struct cordon_bag - begin, add, end; and close in any case
 * @folder: that all files are in
 * @bytes, @until_ns: what is left, and when the time is up (CLOCK_MONOTONIC)
 * @spool: room for one piece, @spools: where it is
 * @missing, @manifest: lists, in files without a name
 * @files: in the archive, @cut: pieces that are not all there, @absent: that this machine has not
 * @error: why the archive is of no use, 0: it is
 */
struct cordon_bag {
	struct cordon_tar tar;
	const char *folder;
	uint64_t bytes;
	uint64_t until_ns;
	int spools;
	int spool;
	FILE *missing;
	FILE *manifest;
	uint32_t files;
	uint32_t cut;
	uint32_t absent;
	int error;
	cordon_bag_teller teller;
	void *state;
};

/**
 * cordon_bag_begin() - @bag has @folder, @bytes, @until_ns, @teller and @state
 * @to: where the archive goes
 * @spools: an open folder with room for what is captured, -1: memory has
 * Return: 0 or -errno.
 */
int cordon_bag_begin(struct cordon_bag *bag, int to, int spools);

void cordon_bag_add(struct cordon_bag *bag, const struct cordon_piece *piece);

/**
 * cordon_bag_end() - the lists, last
 * @ret_digest: SHA-256 of the archive
 * Return: 0; -errno: the archive is of no use.
 */
int cordon_bag_end(struct cordon_bag *bag, uint8_t (*ret_digest)[32]);

void cordon_bag_close(struct cordon_bag *bag);

#endif
