/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A BPF program as the kernel holds it, and whether it meddles with others: changes what
 * the kernel answers them, or ends them.
 *
 * Which helpers it calls stands in its instructions as the verifier left them: a number
 * that is another in each kernel, and is learnt from a program that is known to call
 * them (struct cordon_guard).
 */
#ifndef CORDON_BPF_PROGRAM_H
#define CORDON_BPF_PROGRAM_H

#include <cordon/uapi/guard.h>

#include "core.h"

/* BPF_MAX_LOOPS of the kernel. What is loaded has a million at most, and grows by what the verifier
 * puts in. */
#define INSTRUCTIONS_MAX (1U << 23)
/* Of the sample, with what a verifier may add. */
#define SAMPLE_MAX 16

struct bpf_map {
	__u32 id;
	char name[16];
	enum bpf_map_type map_type;
} __attribute__((preserve_access_index));

struct bpf_prog_aux {
	__u32 id;
	__u32 used_map_cnt;
	struct bpf_map **used_maps;
	struct bpf_prog *dst_prog;
	enum bpf_prog_type saved_dst_prog_type; /* of what it stands in for, also once it does */
	__u64 load_time;			/* CLOCK_BOOTTIME */
	bool kprobe_write_ctx;			/* since 6.18 */
	char name[16];
} __attribute__((preserve_access_index));

struct bpf_prog {
	__u16 kprobe_override : 1;
	enum bpf_prog_type type;
	enum bpf_attach_type expected_attach_type;
	__u32 len;
	struct bpf_prog_aux *aux;
	struct bpf_insn insnsi[];
} __attribute__((preserve_access_index));

struct search {
	const struct bpf_insn *at;
	__s32 call[CORDON_GUARD_CALLS];
	bool found;
};

/* Return: false: it is no call; @ret_call: which */
static __always_inline bool program_call(const struct bpf_insn *at, __s32 *ret_call)
{
	struct bpf_insn instruction;

	bpf_probe_read_kernel(&instruction, sizeof(instruction), at);
	*ret_call = instruction.imm;
	return instruction.code == (BPF_JMP | BPF_CALL);
}

static long look_for_calls(__u32 number, struct search *search)
{
	__s32 call;

	if (!program_call(search->at + number, &call))
		return 0;
	for (int i = 0; i < CORDON_GUARD_CALLS; i++)
		search->found |= call == search->call[i];
	return search->found;
}

/** program_learn() - from the sample, which calls meddle; what is loaded from now on is refused */
static __always_inline void program_learn(struct cordon_guard *guard, const struct bpf_prog *sample)
{
	__u32 found = 0;
	__s32 call;

	guard->since = bpf_ktime_get_boot_ns();
	guard->sample = sample->aux->id;
	for (__u32 i = 0; i < SAMPLE_MAX && found < CORDON_GUARD_CALLS; i++) {
		if (i < sample->len && program_call(&sample->insnsi[i], &call))
			guard->call[found++] = call;
	}
}

/* Than the guard: it was there before the sample. Its time is that of when it began to be checked,
 * which may take long, its number is given to it behind that; and numbers come again one day. */
static __always_inline bool program_is_older(const struct cordon_guard *guard,
					     const struct bpf_prog *program)
{
	return program->aux->load_time < guard->since && program->aux->id < guard->sample;
}

/* Whatever it calls: it is of a security module, answers for a socket or a parameter of the kernel,
 * stands in for a function's result, or changes what a function is given. */
static __always_inline bool program_answers(const struct bpf_prog *program)
{
	const struct bpf_prog_aux *aux = program->aux;
	const __u32 type = program->type == BPF_PROG_TYPE_EXT ? aux->saved_dst_prog_type :
								program->type;

	return type == BPF_PROG_TYPE_LSM || type == BPF_PROG_TYPE_CGROUP_SOCKOPT ||
	       type == BPF_PROG_TYPE_CGROUP_SYSCTL ||
	       program->expected_attach_type == BPF_MODIFY_RETURN ||
	       BPF_CORE_READ_BITFIELD_PROBED(program, kprobe_override) ||
	       (bpf_core_field_exists(aux->kprobe_write_ctx) && aux->kprobe_write_ctx);
}

/** program_meddles() - it changes what others are told, or ends them; one that writes to their
 *	memory is not loaded at all (guard_kernel.h) */
static __always_inline bool program_meddles(const struct cordon_guard *guard,
					    const struct bpf_prog *program)
{
	struct search search = { .at = program->insnsi };
	const __u32 length = program->len;

	if (program_answers(program) || length > INSTRUCTIONS_MAX)
		return true;
	__builtin_memcpy(search.call, guard->call, sizeof(search.call));
	bpf_loop(length, look_for_calls, &search, 0);
	return search.found;
}

#endif
