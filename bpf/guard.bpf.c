// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard's programs, in one object: whoever loads it looks for each type that they
 * read among all of the kernel's, and for one object does that once.
 */
#include "guard_bpf.h"
#include "guard_file.h"
#include "guard_kernel.h"
#include "guard_net.h"
#include "guard_process.h"

/* Attached to nothing, and run by us. */
#include "bypass.h"
#include "guard_look.h"

char LICENSE[] SEC("license") = "GPL";
