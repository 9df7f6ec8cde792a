/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The boot gate: from loading on nothing passes but loopback and the parameters' own keep
 * list, until a policy stands, an order opens, or the owner's fallback comes.
 */
#ifndef CORDON_KMOD_GATE_H
#define CORDON_KMOD_GATE_H

/** cordon_gate_init() - before there are hooks. Return: 0; -EINVAL: a parameter is wrong; -ENOMEM */
int cordon_gate_init(void);
/** cordon_gate_open() - a policy stands */
void cordon_gate_open(void);
void cordon_gate_exit(void);

#endif
