/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of evidence that are about processes, an object in JSON a line.  What
 * /proc does not show to whoever asks is told as that.  Each but the list is
 * written by a child of a bag.
 */
#ifndef CORDON_EVIDENCE_PROCESS_H
#define CORDON_EVIDENCE_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/** cordon_evidence_processes() - all of them, with open files; what a process can make nobody wait
 *	for; @state: NULL */
int cordon_evidence_processes(const void *state, FILE *file);

/** cordon_evidence_arguments() - what stands in their memory, for which one can; @state: NULL */
int cordon_evidence_arguments(const void *state, FILE *file);

/** cordon_evidence_sockets() - of every network namespace that a process is in, with the processes
 *	that hold them; @state: NULL */
int cordon_evidence_sockets(const void *state, FILE *file);

/** cordon_evidence_programs() - that processes run, with SHA-256; @state: NULL */
int cordon_evidence_programs(const void *state, FILE *file);

/** cordon_evidence_program() - one, as it is; @state: pid_t */
int cordon_evidence_program(const void *state, FILE *file);

/** struct cordon_evidence_pids - found by cordon_evidence_find() */
struct cordon_evidence_pids {
	pid_t *pid; /* owned */
	size_t nr;
};

/** cordon_evidence_orphans() - processes whose program is deleted or never was a file, each program
 *	once; @ret_pids: the caller's to free */
void cordon_evidence_orphans(struct cordon_evidence_pids *ret_pids);

/** cordon_evidence_namespaces() - a process of each network namespace */
void cordon_evidence_namespaces(struct cordon_evidence_pids *ret_pids);

/** cordon_evidence_network() - what /proc tells of a process's; @state: pid_t */
int cordon_evidence_network(const void *state, FILE *file);

#endif
