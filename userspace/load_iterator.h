/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a BPF program that the kernel runs for each of its objects (iter/...) writes.
 */
#ifndef CORDON_LOAD_ITERATOR_H
#define CORDON_LOAD_ITERATOR_H

#include <stdint.h>
#include <stdio.h>

/**
 * cordon_iterator_open() - a stream of it, that begins with the first object
 * @program: its descriptor
 * A read gives up behind a million objects of which nothing was written: the stream goes on then
 * (bpf_seq_read() of kernel/bpf/bpf_iter.c).
 * Return: the caller's to close; NULL with errno
 */
FILE *cordon_iterator_open(int program);

/** cordon_iterator_open_of() - the same, of one thread's objects */
FILE *cordon_iterator_open_of(int program, uint32_t tid);

#endif
