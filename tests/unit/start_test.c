// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is stored before main() is only what main() would store: command lines made at random of all
 * that could be taken for another are read both ways.  Needs no root.
 */
#include <stdio.h>
#include <string.h>

#include "oracle/random.h"
#include "kselftest_harness.h"

#include <cordon/uapi/policy.h>

#include "cmd_help.h"
#include "command.h"
#include "order.h"
#include "start.h"
#include "table.h"

#define WORDS_MAX 9
#define LINES 400000

/* As main() and `cordon seal` read it. */
static bool main_would_seal(int argc, char **argv, struct cordon_start_seal *ret_seal)
{
	struct cordon_context context = { .root = "", .bpffs = CORDON_BPFFS_DEFAULT };
	struct cordon_failure failure = { .text = "" };
	struct cordon_call call = { &context, 0, NULL, &failure };
	const char *name = NULL, *reason = NULL;
	const struct cordon_flag flags[] = {
		{ "--reason", NULL, &reason },
		{ NULL, NULL, NULL },
	};

	if (cordon_context_take(&context, &argc, argv, &failure) || argc < 2 ||
	    strcmp(argv[1], "seal") != 0)
		return false;
	call.argc = argc - 1;
	call.argv = argv + 1;
	for (int i = 1; i < call.argc; i++) {
		if (cmd_help_is_asked(call.argv[i]))
			return false;
	}
	if (cordon_call_flags(&call, flags, 1, 1, &name) < 0 ||
	    cordon_latch_parse(name, &ret_seal->level) || ret_seal->level == CORDON_LATCH_OPEN)
		return false;
	ret_seal->bpffs = context.bpffs;
	return true;
}

/* Half of the lines begin as a seal, or hardly any would be one. */
static int make_line(struct random *random, char **argv)
{
	static const char *const words[] = {
		"seal",	    "isolate",	  "egress",	 "lockdown",  "open",	    "isolat",
		"isolated", "",		  "-",		 "--",	      "-h",	    "--help",
		"--json",   "--json=1",	  "--reason",	 "--reason=", "--reason=x", "--reasons",
		"--bpffs",  "--bpffs=",	  "--bpffs=/a",	 "--bpff",    "--root",	    "--root=/r",
		"--cgroup", "--cgroup=c", "/some/where", "release",   "text",	    "--unknown",
	};
	const int nr = 1 + (int)random_below(random, WORDS_MAX - 1);
	int argc = 0;

	argv[argc++] = "cordon";
	if (random_chance(random, 2))
		argv[argc++] = "seal";
	while (argc < nr)
		argv[argc++] = (char *)words[random_below(random, ARRAY_SIZE(words))];
	argv[argc] = NULL;
	return argc;
}

TEST(a_store_before_main_is_one_that_main_would_make)
{
	struct random random = random_start("command lines");
	unsigned int both = 0;

	for (int i = 0; i < LINES; i++) {
		char *argv[WORDS_MAX + 1], *changed[WORDS_MAX + 1];
		struct cordon_start_seal early, late;
		const int argc = make_line(&random, argv);

		memcpy(changed, argv, sizeof(argv));
		if (!cordon_start_parse(argv, &early))
			continue;
		both++;
		ASSERT_TRUE(main_would_seal(argc, changed, &late))
		{
			for (int word = 1; word < argc; word++)
				TH_LOG("word %d: '%s'", word, argv[word]);
		}
		ASSERT_EQ(early.level, late.level);
		ASSERT_STREQ(early.bpffs, late.bpffs);
	}
	EXPECT_LT(LINES / 1000, both);
}

TEST(what_people_write_is_stored_early)
{
	static char *const lines[][10] = {
		{ "cordon", "seal", "isolate" },
		{ "/usr/sbin/cordon", "seal", "egress", "--reason", "stolen" },
		{ "cordon", "seal", "--reason=a b", "lockdown" },
		{ "cordon", "--json", "seal", "isolate", "--reason", "x" },
		{ "cordon", "--root", "/r", "--bpffs", "/b", "--cgroup", "/c", "seal", "isolate" },
		{ "cordon", "seal", "isolate", "--bpffs=/b", "--json" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct cordon_start_seal seal;

		EXPECT_TRUE(cordon_start_parse((char **)lines[i], &seal))
		TH_LOG("line %zu", i);
	}
}

TEST_HARNESS_MAIN
