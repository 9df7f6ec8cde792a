// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets the latch by a store, as every program reads it, and cuts the sockets that it shuts out:
 * `cut_helper BPFFS LEVEL [none]`, `none` as if there were no policy.  It prints what was done, and
 * when it was done, as JSON.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cut.h"
#include "util/array.h"
#include "util/cleanup.h"

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

static int seal_and_cut(const struct cordon_context *context, uint32_t latch, bool none,
			struct cordon_failure *failure, struct cordon_cut *ret_cut)
{
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	int error = cordon_maps_open(context, failure, &maps);

	if (error)
		return error;
	if (none)
		__atomic_store_n(&maps.control->generation, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&maps.control->latch, latch, __ATOMIC_RELEASE);
	return cordon_cut_sockets(&maps, failure, ret_cut);
}

static int find_level(const char *name, uint32_t *ret_latch)
{
	static const char *const names[] = { "open", "egress", "isolate", "lockdown" };

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], name)) {
			*ret_latch = i;
			return 0;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_context context = { .root = "" };
	struct cordon_cut cut;
	uint32_t latch;

	if (argc < 3 || argc > 4 || find_level(argv[2], &latch)) {
		fprintf(stderr, "cut_helper BPFFS open|egress|isolate|lockdown [none]\n");
		return 2;
	}
	context.bpffs = argv[1];
	if (seal_and_cut(&context, latch, argc == 4, &failure, &cut)) {
		fprintf(stderr, "%s\n", failure.text);
		return 1;
	}
	printf("{\"seen\":%llu,\"cut\":%llu,\"failed\":%llu,\"unsupported\":%s,\"elsewhere\":%s,"
	       "\"ms\":%llu}\n",
	       (unsigned long long)cut.seen, (unsigned long long)cut.cut,
	       (unsigned long long)cut.failed, cut.unsupported ? "true" : "false",
	       cut.elsewhere ? "true" : "false", now_ms());
	return 0;
}
