// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon top: packets and bits a second, by rule and by reason of denial.  On
 * a terminal it redraws; elsewhere it writes one round after the other.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cordon/uapi/reason.h>

#include "command.h"
#include "live.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/print.h"

#define ROWS_MAX 30
#define SLOTS (CORDON_RULE_SLOTS + CORDON_REASON_COUNT)

/** struct sample - rules first, then reasons */
struct sample {
	struct cordon_counter counter[SLOTS];
	uint64_t at_ns;
};

/** struct rate - what one slot did between two samples */
struct rate {
	const struct cordon_counter *counter;
	double packets;
	double bits;
	bool denied;
};

static int take_sample(const struct cordon_live *live, struct sample *sample)
{
	int error;

	sample->at_ns = cordon_clock_ns();
	error = cordon_counters_read(&live->maps, CORDON_MAP_COUNTERS, CORDON_RULE_SLOTS,
				     sample->counter);
	if (error)
		return error;
	return cordon_counters_read(&live->maps, CORDON_MAP_REASONS, CORDON_REASON_COUNT,
				    sample->counter + CORDON_RULE_SLOTS);
}

static int by_packets(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;

	return x->packets < y->packets ? 1 : -(x->packets > y->packets);
}

/* A slot that was given to another rule meanwhile starts from zero. */
static uint64_t difference(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

static size_t make_rates(const struct sample *now, const struct sample *before, struct rate *rates)
{
	const double seconds = (double)(now->at_ns - before->at_ns) / 1e9;
	size_t nr = 0;

	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct cordon_counter *a = &before->counter[i], *b = &now->counter[i];
		const uint64_t packets = difference(b->packets, a->packets);

		if (!packets || seconds <= 0)
			continue;
		rates[nr].counter = b;
		rates[nr].packets = (double)packets / seconds;
		rates[nr].bits = (double)difference(b->bytes, a->bytes) * 8 / seconds;
		rates[nr++].denied = i >= CORDON_RULE_SLOTS;
	}
	qsort(rates, nr, sizeof(*rates), by_packets);
	return nr;
}

static void print_text(const struct cordon_live *live, const struct rate *rates, size_t nr)
{
	static const char *const titles[] = { ">PACKETS/S", ">KBIT/S", "", "NAME", NULL };
	struct table table = { 0 };

	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	printf("generation %u\n", live->standing.effective);
	table_head(&table, titles);
	for (size_t i = 0; i < nr && i < ROWS_MAX; i++) {
		table_cell(&table, "%.0f", rates[i].packets);
		table_cell(&table, "%.1f", rates[i].bits / 1000);
		table_cell(&table, "%s", rates[i].denied ? "denied" : "passed");
		table_cell(&table, "%s", rates[i].counter->name);
	}
	table_print(&table, stdout);
	fflush(stdout);
}

static void print_json(const struct cordon_live *live, const struct rate *rates, size_t nr)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_number(&json, "generation", live->standing.effective);
	json_array(&json, "rates");
	for (size_t i = 0; i < nr; i++) {
		json_object(&json, NULL);
		json_string(&json, "name", rates[i].counter->name);
		json_bool(&json, "denied", rates[i].denied);
		json_number(&json, "packets_per_second", (uint64_t)rates[i].packets);
		json_number(&json, "bits_per_second", (uint64_t)rates[i].bits);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
	fflush(stdout);
}

struct rounds {
	struct sample sample[2];
	struct rate rate[SLOTS];
};

static int show_rounds(const struct cordon_call *call, struct cordon_live *live,
		       struct rounds *rounds, unsigned long count)
{
	const struct timespec second = { .tv_sec = 1 };
	int error = take_sample(live, &rounds->sample[0]);

	for (unsigned long i = 1; !error && (!count || i <= count); i++) {
		const struct sample *before = &rounds->sample[(i + 1) & 1];
		struct sample *now = &rounds->sample[i & 1];
		size_t nr;

		nanosleep(&second, NULL);
		cordon_live_follow(live);
		error = take_sample(live, now);
		if (error)
			break;
		nr = make_rates(now, before, rounds->rate);
		if (call->context->json)
			print_json(live, rounds->rate, nr);
		else
			print_text(live, rounds->rate, nr);
	}
	return error;
}

int cordon_cmd_top(const struct cordon_call *call)
{
	struct cordon_live live CLEANUP(live) = cordon_live_none();
	struct rounds *rounds CLEANUP(free) = NULL;
	const char *text = NULL;
	const struct cordon_flag flags[] = { { "--count", NULL, &text }, { NULL, NULL, NULL } };
	unsigned long count = 0;
	int error;

	if (cordon_call_flags(call, flags, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	if (text && cordon_call_number(call, "--count", text, 1, 1000000, &count))
		return CORDON_EXIT_USAGE;
	error = cordon_live_open(call, &live);
	if (error)
		return error;
	rounds = calloc(1, sizeof(*rounds));
	error = rounds ? show_rounds(call, &live, rounds, count) : -ENOMEM;
	return error ? cordon_fail(call->failure, error, "cannot read the counters: %s",
				   strerror(-error)) :
		       CORDON_EXIT_DONE;
}
