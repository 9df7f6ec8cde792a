// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs before libc, see start.h.  Nothing is relocated yet, there is no errno
 * and no stack protector: no call leaves this file, no table holds a pointer,
 * and the compiler must put no memset() here (the Makefile's flags for it;
 * `scripts/check binary` looks).  What goes wrong here main() does again, and says.
 */
#include "start.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <linux/bpf.h>

#include <cordon/uapi/policy.h>

#include "latch.h"
#include "table.h"

/* In .bss, which libc's start leaves as it is. */
static struct {
	bool stored;
	uint32_t before;
} done;

__attribute__((used, visibility("hidden"))) void cordon_start_early(long *stack);

/* The entry: the kernel's stack goes to libc's own entry as it came. */
#if defined(__x86_64__)
__asm__(".text\n"
	".globl cordon_start\n"
	".type cordon_start, @function\n"
	"cordon_start:\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n"
	"	push %rdi\n"
	"	call cordon_start_early\n"
	"	pop %rdi\n"
	"	pop %rdx\n"
	"	jmp _start\n"
	".size cordon_start, . - cordon_start\n");

static long system_call(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl cordon_start\n"
	".type cordon_start, %function\n"
	"cordon_start:\n"
	"	mov x19, x0\n"
	"	mov x0, sp\n"
	"	bl cordon_start_early\n"
	"	mov x0, x19\n"
	"	b _start\n"
	".size cordon_start, . - cordon_start\n");

static long system_call(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = 0;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "cordon starts on x86-64 and arm64 only: see cordon_start"
#endif

static bool is(const char *text, const char *word)
{
	for (; *text == *word; text++, word++) {
		if (!*text)
			return true;
	}
	return false;
}

/* "--name VALUE" or "--name=VALUE". Return: words taken, 0: not this one. */
static int take_value(char **words, const char *name, const char **ret_value)
{
	const char *text = words[0];

	for (; *name && *text == *name; text++, name++)
		;
	if (*name || (*text && *text != '='))
		return 0;
	*ret_value = *text ? text + 1 : words[1];
	return *text ? 1 : 2;
}

/* Return: words taken, 0: it is none of `cordon [OPTION...] seal LEVEL [--reason TEXT]`. */
static int take_option(char **words, bool named, const char **bpffs)
{
	const char *unused;
	int taken = take_value(words, "--bpffs", bpffs);

	if (!taken)
		taken = take_value(words, "--root", &unused);
	if (!taken)
		taken = take_value(words, "--cgroup", &unused);
	if (!taken && named)
		taken = take_value(words, "--reason", &unused);
	return taken ? taken : is(words[0], "--json");
}

static uint32_t level_of(const char *name)
{
	if (is(name, "egress"))
		return CORDON_LATCH_EGRESS;
	if (is(name, "isolate"))
		return CORDON_LATCH_ISOLATE;
	return is(name, "lockdown") ? CORDON_LATCH_LOCKDOWN : CORDON_LATCH_OPEN;
}

/* A value that looks like an option is main()'s to judge: it may be a call for help. */
static bool is_value(const char *word)
{
	return word && word[0] != '-';
}

bool cordon_start_parse(char **argv, struct cordon_start_seal *ret_seal)
{
	struct cordon_start_seal seal = { CORDON_BPFFS_DEFAULT, CORDON_LATCH_OPEN };
	bool named = false;

	if (!argv[0])
		return false;
	for (char **words = argv + 1; *words;) {
		const int taken = take_option(words, named, &seal.bpffs);

		if (!taken && !named && is(*words, "seal")) {
			named = true;
		} else if (!taken && named && !seal.level) {
			seal.level = level_of(*words);
			if (!seal.level)
				return false;
		} else if (!taken || (taken == 2 && !is_value(words[1]))) {
			return false;
		}
		words += taken ? taken : 1;
	}
	*ret_seal = seal;
	return seal.level != CORDON_LATCH_OPEN;
}

/* Return: does all of "@text/maps/control" fit? */
static bool write_path(char path[PATH_MAX], const char *text)
{
	const char *more = "/maps/control";
	size_t at = 0;

	for (; *text && at < PATH_MAX; at++)
		path[at] = *text++;
	for (; *more && at < PATH_MAX; at++)
		path[at] = *more++;
	if (at == PATH_MAX)
		return false;
	path[at] = '\0';
	return true;
}

static long open_pin(const char *path)
{
	/* The head of union bpf_attr as BPF_OBJ_GET reads it; the rest is zero. */
	const struct {
		__u64 pathname;
		__u32 bpf_fd;
		__u32 file_flags;
	} get = { (uintptr_t)path, 0, 0 };

	return system_call(SYS_bpf, BPF_OBJ_GET, (long)&get, sizeof(get), 0, 0);
}

static void tighten(int fd, uint32_t level)
{
	const size_t size = sizeof(struct cordon_control);
	const long at =
		system_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);

	/* The kernel's errors are the last page of all addresses. */
	if ((unsigned long)at >= -4095UL)
		return;
	done.before = cordon_control_tighten((struct cordon_control *)at, level);
	done.stored = true;
	system_call(SYS_munmap, at, (long)size, 0, 0, 0);
}

/* @stack: argc, then argv and its NULL, as the kernel lays them */
void cordon_start_early(long *stack)
{
	struct cordon_start_seal seal;
	char path[PATH_MAX];
	long fd;

	if (!cordon_start_parse((char **)(stack + 1), &seal) || !write_path(path, seal.bpffs))
		return;
	fd = open_pin(path);
	if (fd < 0)
		return;
	tighten((int)fd, seal.level);
	system_call(SYS_close, fd, 0, 0, 0, 0);
}

bool cordon_start_did_store(uint32_t *ret_before)
{
	*ret_before = done.before;
	return done.stored;
}
