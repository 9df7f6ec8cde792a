// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's one loop.  Whatever comes, it asks the kernel how things are
 * and mends what is missing; it believes no message but as a hint to look.
 */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine.h"
#include "daemon_flow.h"
#include "daemon_hold.h"
#include "daemon_listen.h"
#include "daemon_log.h"
#include "daemon_module.h"
#include "daemon_orders.h"
#include "daemon_process.h"
#include "daemon_watch.h"
#include "denial_text.h"
#include "event.h"
#include "inbox.h"
#include "lease.h"
#include "live.h"
#include "nl.h"
#include "order.h"
#include "recorder.h"
#include "seal.h"
#include "session.h"
#include "tally.h"
#include "util/print.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "workloads.h"

/* Percent of a ring that do not wait for the timer. */
#define RING_MANY 40
/* nice(2) */
#define PRIORITY (-10)
#define LEASE_COUNT_NS (300ULL * 1000000000ULL)
#define CHECKPOINT_NS (300ULL * 1000000000ULL)

struct daemon {
	const struct cordon_context *context;
	struct cordon_nl_watch *watch;
	struct cordon_daemon_hold *hold;
	struct cordon_recorder *recorder;
	struct cordon_inbox *inbox;
	struct cordon_tally *tally;
	struct cordon_daemon_process process;
	struct cordon_daemon_watch machine;
	struct cordon_daemon_module module;
	struct cordon_daemon_flow flow;
	struct cordon_daemon_listen listen;
	struct cordon_live live;
	struct cordon_denial *slots;   /* room for a sweep */
	struct cordon_image *image[2]; /* kept between two looks */
	struct cordon_nl_change todo;  /* changed, and not followed yet */
	struct cordon_failure stuck;   /* why not; it is said once */
	uint32_t policy; /* generation that who watches the machine has been told of */
	int epoll;
	int signals;
	int timer;
	int process_timer;
	uint64_t count_by;		  /* when the lease is counted next */
	uint64_t checkpoint_by;		  /* when the log's chains are told next */
	uint64_t bad[CORDON_CLASS_COUNT]; /* records that were none of ours, as told */
	uint32_t named;			  /* generation whose names were told */
	unsigned int forgotten; /* looks in a row at which the disk did not know of a seal */
	unsigned int unwritten; /* and at which the log could not be written */
	bool sweeping;		/* what is told is a sum that no record of the ring has told */
	bool end;
};

/* systemd's notification protocol is one datagram (sd_notify(3)). */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd CLEANUP(close) = -1;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

static void complain(const struct cordon_failure *failure)
{
	fprintf(stderr, "cordon: %s\n", failure->text);
}

/* The images are read once a generation, not once an interface. */
static void lend_images(struct daemon *daemon, struct cordon_session *session)
{
	for (int i = 0; i < 2; i++)
		session->image[i] = TAKE(daemon->image[i]);
}

static void take_images_back(struct daemon *daemon, struct cordon_session *session)
{
	for (int i = 0; i < 2; i++)
		daemon->image[i] = TAKE(session->image[i]);
}

static int mend(struct cordon_session *session, const struct cordon_nl_change *change,
		struct cordon_failure *failure)
{
	int error = 0;

	/* The trial that lapsed is over: files and pins follow. */
	if (session->lapsed)
		return cordon_session_refresh(session, failure);
	if (change->addresses)
		error = cordon_addresses_fill(&session->maps, failure);
	if (change->links && !error)
		error = cordon_session_cover(session, failure);
	return error;
}

static int look_and_mend(struct daemon *daemon, struct cordon_session *session,
			 const struct cordon_nl_change *change, struct cordon_failure *failure)
{
	int error;

	/* What an interface is to have is asked of the policy in force now. */
	cordon_session_images(session);
	if (cordon_daemon_hold_look(daemon->hold, session))
		error = cordon_session_refresh(session, failure);
	else
		error = mend(session, change, failure);
	/* From now on what is there is not to be lost. */
	cordon_daemon_hold_look(daemon->hold, session);
	return error;
}

/* What a policy wants to be told that is gone goes on being told. */
static void follow_policy(struct daemon *daemon)
{
	const uint32_t generation = cordon_standing_read(&daemon->live.maps).effective;
	const struct cordon_image *image = daemon->image[generation & 1];

	if (generation != daemon->policy && image && image->settings.generation == generation)
		cordon_daemon_watch_follow(&daemon->machine, image);
	daemon->policy = generation;
}

/* What could not be mended is tried again, with what comes. */
static void follow_change(struct daemon *daemon, const struct cordon_nl_change *change)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	struct cordon_failure failure = { .text = "" };
	int error;

	daemon->todo.links |= change->links;
	daemon->todo.addresses |= change->addresses;
	error = cordon_session_open(daemon->context, CORDON_SESSION_CHANGE, &failure, &session);
	if (!error) {
		lend_images(daemon, &session);
		error = look_and_mend(daemon, &session, &daemon->todo, &failure);
		take_images_back(daemon, &session);
	}
	if (error && strcmp(failure.text, daemon->stuck.text) != 0)
		complain(&failure);
	if (!error) {
		memset(&daemon->todo, 0, sizeof(daemon->todo));
		follow_policy(daemon);
	}
	daemon->stuck = failure;
}

/* New links are held when the lock is free. */
static void follow(struct daemon *daemon, const struct cordon_nl_change *change)
{
	follow_change(daemon, change);
	cordon_daemon_hold_sources(daemon->hold, daemon->live.view.settings);
	cordon_daemon_hold_keep(daemon->hold);
}

static void on_hold(struct daemon *daemon)
{
	if (cordon_daemon_hold_read(daemon->hold))
		follow(daemon, &(struct cordon_nl_change){ .links = true });
}

static void on_network(struct daemon *daemon)
{
	const struct cordon_nl_change change = cordon_nl_watch_read(daemon->watch);

	if (change.links || change.addresses)
		follow(daemon, &change);
}

static void tell(void *state, const struct cordon_denial *denial, uint64_t packets, uint64_t folded)
{
	struct daemon *daemon = state;
	struct cordon_denial told = *denial;

	/* Its names are those of its generation, which may have come this very moment. */
	if (denial->key.generation != daemon->live.standing.effective)
		cordon_live_follow(&daemon->live);
	if (daemon->sweeping)
		cordon_daemon_log_sum(daemon->recorder, denial, packets, folded);
	told.folded = folded;
	if (daemon->context->json)
		cordon_denial_json(stdout, &daemon->live, &told, packets);
	else
		cordon_denial_text(stdout, &daemon->live, &told, packets);
}

static void view_record(void *state, const struct cordon_event *event)
{
	struct daemon *daemon = state;

	if (cordon_event_is(event, CORDON_EVENT_DENIAL, sizeof(struct cordon_event_denial)))
		cordon_tally_record(daemon->tally, (const struct cordon_event_denial *)event);
	cordon_daemon_flow_view(&daemon->flow, event);
}

/* Slots first, ring then: so each record of what the slots say has been taken. */
static void sweep(struct daemon *daemon)
{
	if (cordon_denials_read(&daemon->live.maps, daemon->slots))
		return;
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_DENIAL);
	daemon->sweeping = true;
	cordon_tally_sweep(daemon->tally, daemon->slots);
	daemon->sweeping = false;
	fflush(stdout);
}

/* What the programs shut when the lease lapsed is shut by name, and remembered. */
static void seal_lapsed(struct daemon *daemon, uint32_t level)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_sealed sealed;

	if (cordon_seal(daemon->context, level, CORDON_LEASE_NAME, CORDON_LEASE_REASON, &failure,
			&sealed))
		complain(&failure);
	else
		printf("no renewal came: the node is sealed at %s\n", cordon_latch_name(level));
	fflush(stdout);
}

/* The lease's seconds are counted by any look at the state; a few minutes may be lost. */
static void follow_lease(struct daemon *daemon)
{
	const struct cordon_standing standing = cordon_standing_read(&daemon->live.maps);
	const uint64_t now = cordon_clock_ns();

	if (standing.latch > standing.stored_latch)
		seal_lapsed(daemon, standing.latch);
	if (!standing.lease_ns || now < daemon->count_by)
		return;
	daemon->count_by = now + LEASE_COUNT_NS;
	follow(daemon, &(struct cordon_nl_change){ .links = false });
}

/* A disk that had no room for a seal may have some by now.  Who seals writes it down himself, with
 * his reason: he has until the second look.  It is complained of once. */
static void follow_latch(struct daemon *daemon)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_latch_state state;
	const uint32_t held = cordon_standing_read(&daemon->live.maps).stored_latch;

	if (held)
		cordon_latch_read(daemon->context, &state);
	if (!held || state.level >= held) {
		daemon->forgotten = 0;
		return;
	}
	if (daemon->forgotten++ && cordon_seal_remember(daemon->context, &failure) &&
	    daemon->forgotten == 2)
		complain(&failure);
}

static void on_inbox(struct daemon *daemon)
{
	daemon->end |= cordon_daemon_orders(daemon->context, daemon->inbox);
}

static uint64_t log_limit(const struct daemon *daemon)
{
	const struct cordon_settings *settings = daemon->live.view.settings;

	return settings ? settings->log_bytes : CORDON_LOG_LIMIT_DEFAULT;
}

/* Not at the first look: another cordon may be writing what it told. */
static void say_log(struct daemon *daemon)
{
	const char *problem = cordon_recorder_problem(daemon->recorder);

	if (!problem[0] && daemon->unwritten > 1)
		fputs("cordon: the log is written again\n", stderr);
	daemon->unwritten = problem[0] ? daemon->unwritten + 1 : 0;
	if (daemon->unwritten == 2)
		fprintf(stderr, "cordon: %s; records wait in their rings\n", problem);
}

/* That a policy is gone is no reason to delete what it let us keep. */
static void follow_log(struct daemon *daemon)
{
	if (daemon->live.view.settings)
		cordon_recorder_set_limit(daemon->recorder, log_limit(daemon));
	cordon_recorder_tick(daemon->recorder);
	say_log(daemon);
}

/* None of our programs made them: somebody else writes there. */
static void follow_bad(struct daemon *daemon)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const uint64_t bad = cordon_recorder_bad(daemon->recorder, i);

		if (bad > daemon->bad[i])
			cordon_daemon_log_stray(daemon->recorder, i, bad - daemon->bad[i]);
		daemon->bad[i] = bad;
	}
}

static void follow_names(struct daemon *daemon)
{
	const uint32_t generation = daemon->live.standing.effective;

	if (generation == daemon->named || !cordon_recorder_store(daemon->recorder))
		return;
	cordon_daemon_log_names(daemon->recorder, &daemon->live);
	daemon->named = generation;
}

static void on_second(struct daemon *daemon)
{
	uint64_t expirations;

	if (read(daemon->timer, &expirations, sizeof(expirations)) < 0)
		return;
	/* What put an order's policy into force outlives it for a moment (load_switch.c). */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	notify("WATCHDOG=1");
	/* Whoever uses the kernel's side tells it what it has to know. */
	if (cordon_daemon_module_tick(&daemon->module))
		follow_change(daemon, &(struct cordon_nl_change){ 0 });
	cordon_live_follow(&daemon->live);
	follow_names(daemon);
	follow_bad(daemon);
	cordon_daemon_process_follow(&daemon->process, &daemon->live, daemon->hold);
	cordon_daemon_hold_tick(daemon->hold, daemon->live.view.settings);
	cordon_daemon_watch_tick(&daemon->machine);
	/* What began is told before its end is. */
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_FLOW);
	cordon_daemon_flow_tick(&daemon->flow, &daemon->live);
	cordon_daemon_listen_tick(&daemon->listen);
	sweep(daemon);
	follow_log(daemon);
	if (cordon_clock_ns() >= daemon->checkpoint_by) {
		daemon->checkpoint_by = cordon_clock_ns() + CHECKPOINT_NS;
		cordon_daemon_log_checkpoint(daemon->recorder, &daemon->live);
	}
	follow_lease(daemon);
	follow_latch(daemon);
	/* Not only when we are told: the folder may be another one by now. */
	on_inbox(daemon);
	if (daemon->end)
		return;
	if (daemon->todo.links || daemon->todo.addresses || daemon->live.standing.lapsed ||
	    daemon->live.standing.effective != daemon->policy)
		follow(daemon, &(struct cordon_nl_change){ .links = true, .addresses = true });
}

static void on_tamper(struct daemon *daemon)
{
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_TAMPER);
}

static void on_auth(struct daemon *daemon)
{
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_AUTH);
}

/* There may be room now for what there was none for.  The loop settles what there is after each
 * event. */
static void on_stored(struct daemon *daemon)
{
	uint64_t times;

	if (read(cordon_recorder_wake(daemon->recorder), &times, sizeof(times)) == sizeof(times))
		cordon_recorder_take_all(daemon->recorder);
}

static void on_machine(struct daemon *daemon)
{
	cordon_daemon_watch_read(&daemon->machine);
}

static void on_enforcement(struct daemon *daemon)
{
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_ENFORCEMENT);
	cordon_live_follow(&daemon->live);
	follow_names(daemon);
}

static void on_denial(struct daemon *daemon)
{
	cordon_recorder_take(daemon->recorder, CORDON_CLASS_DENIAL);
	fflush(stdout);
}

/* Classes of which so much comes that who reads waits for more. */
static const enum cordon_event_class many[] = { CORDON_CLASS_FLOW, CORDON_CLASS_PROCESS };

/* The most that waits in one of their rings. */
static unsigned int level_of_many(const struct daemon *daemon)
{
	unsigned int most = 0;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		const unsigned int level = cordon_recorder_level(daemon->recorder, many[i]);

		most = level > most ? level : most;
	}
	return most;
}

static void take_many(struct daemon *daemon)
{
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		cordon_recorder_take(daemon->recorder, many[i]);
	if (level_of_many(daemon))
		cordon_daemon_process_wait(daemon->process_timer);
}

/* The first of many, or many. */
static void on_many(struct daemon *daemon)
{
	if (level_of_many(daemon) >= RING_MANY)
		take_many(daemon);
	else
		cordon_daemon_process_wait(daemon->process_timer);
}

static void on_many_timer(struct daemon *daemon)
{
	uint64_t expirations;

	if (read(daemon->process_timer, &expirations, sizeof(expirations)) > 0)
		take_many(daemon);
}

static void on_signal(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	if (read(daemon->signals, &info, sizeof(info)) == sizeof(info) && info.ssi_signo != SIGHUP)
		daemon->end = true;
	else
		follow(daemon, &(struct cordon_nl_change){ .links = true, .addresses = true });
}

typedef void (*event_taker)(struct daemon *daemon);

/* What is not there is not waited for. */
static int watch_all(struct daemon *daemon)
{
	const struct cordon_recorder *recorder = daemon->recorder;
	const struct {
		event_taker taker;
		int fd;
		uint32_t more;
	} sources[] = {
		{ on_signal, daemon->signals, 0 },
		{ on_second, daemon->timer, 0 },
		{ on_network, cordon_nl_watch_fd(daemon->watch), 0 },
		{ on_hold, cordon_daemon_hold_fd(daemon->hold), 0 },
		{ on_hold, cordon_daemon_hold_timer(daemon->hold), 0 },
		{ on_many_timer, daemon->process_timer, 0 },
		/* Only when the kernel says so: a log without room takes nothing from them. */
		{ on_enforcement, cordon_recorder_fd(recorder, CORDON_CLASS_ENFORCEMENT), EPOLLET },
		{ on_tamper, cordon_recorder_fd(recorder, CORDON_CLASS_TAMPER), EPOLLET },
		{ on_auth, cordon_recorder_fd(recorder, CORDON_CLASS_AUTH), EPOLLET },
		{ on_denial, cordon_recorder_fd(recorder, CORDON_CLASS_DENIAL), EPOLLET },
		{ on_many, cordon_recorder_fd(recorder, CORDON_CLASS_FLOW), EPOLLET },
		{ on_many, cordon_recorder_fd(recorder, CORDON_CLASS_PROCESS), EPOLLET },
		{ on_stored, cordon_recorder_wake(recorder), 0 },
		{ on_machine, cordon_daemon_watch_fd(&daemon->machine), 0 },
		{ on_inbox, cordon_inbox_fd(daemon->inbox), 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct epoll_event event = { .events = EPOLLIN | sources[i].more,
					     .data = { .ptr = (void *)sources[i].taker } };

		if (sources[i].fd >= 0 &&
		    epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, sources[i].fd, &event))
			return -errno;
	}
	return 0;
}

static sigset_t signal_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

int cordon_daemon_hold_signals(struct cordon_failure *failure)
{
	const sigset_t set = signal_set();

	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return cordon_fail(failure, -errno, "cannot block signals: %s", strerror(errno));
	return 0;
}

static int open_signals(struct daemon *daemon)
{
	const sigset_t set = signal_set();

	/* A reader of our output that goes must not end us. */
	signal(SIGPIPE, SIG_IGN);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return daemon->signals < 0 ? -errno : 0;
}

static int open_timer(struct daemon *daemon)
{
	const struct itimerspec second = { .it_interval = { .tv_sec = 1 },
					   .it_value = { .tv_sec = 1 } };

	daemon->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (daemon->timer < 0 || timerfd_settime(daemon->timer, 0, &second, NULL))
		return -errno;
	return 0;
}

static int open_denials(struct daemon *daemon, struct cordon_failure *failure)
{
	const struct cordon_call call = { .context = daemon->context, .failure = failure };
	int error;

	error = cordon_live_open(&call, &daemon->live);
	if (error)
		return error;
	daemon->slots = calloc((size_t)CORDON_DENIAL_SLOTS * daemon->live.maps.cpus,
			       sizeof(*daemon->slots));
	error = daemon->slots ?
			cordon_tally_new(daemon->live.maps.cpus, tell, daemon, &daemon->tally) :
			-ENOMEM;
	if (!error)
		return cordon_recorder_open(daemon->context, &daemon->live.maps, log_limit(daemon),
					    view_record, daemon, failure, &daemon->recorder);
	return cordon_fail(failure, error, "cannot read the records: %s", strerror(-error));
}

/* Before the pins are held: those that stay away. */
static void open_process(struct daemon *daemon)
{
	daemon->process = (struct cordon_daemon_process){
		.context = daemon->context,
		.recorder = daemon->recorder,
		.followed = -1,
	};
	cordon_daemon_process_follow(&daemon->process, &daemon->live, NULL);
}

static int open_loop(struct daemon *daemon, struct cordon_failure *failure)
{
	int error;

	daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
	error = daemon->epoll < 0 ? -errno : open_signals(daemon);
	if (!error)
		error = open_timer(daemon);
	if (!error) {
		daemon->process_timer = cordon_daemon_process_timer();
		error = daemon->process_timer < 0 ? daemon->process_timer : watch_all(daemon);
	}
	return error ? cordon_fail(failure, error, "cannot start the daemon: %s",
				   strerror(-error)) :
		       0;
}

static int loop(struct daemon *daemon, struct cordon_failure *failure)
{
	struct epoll_event events[8];

	while (!daemon->end) {
		const int nr = epoll_wait(daemon->epoll, events, ARRAY_SIZE(events), -1);

		if (nr < 0 && errno != EINTR)
			return cordon_fail(failure, -errno, "cannot wait: %s", strerror(errno));
		for (int i = 0; i < nr; i++)
			((event_taker)events[i].data.ptr)(daemon);
		cordon_recorder_settle(daemon->recorder);
	}
	return 0;
}

static void close_daemon(struct daemon *daemon)
{
	cordon_daemon_hold_close(daemon->hold);
	cordon_daemon_watch_close(&daemon->machine);
	cordon_daemon_module_close(&daemon->module);
	cordon_inbox_close(daemon->inbox);
	cordon_daemon_flow_close(&daemon->flow);
	cordon_daemon_listen_close(&daemon->listen);
	cordon_recorder_close(daemon->recorder);
	cordon_tally_free(daemon->tally);
	cordon_live_close(&daemon->live);
	cordon_nl_watch_close(daemon->watch);
	free(daemon->slots);
	cordon_image_free(daemon->image[0]);
	cordon_image_free(daemon->image[1]);
	cleanup_close(&daemon->epoll);
	cleanup_close(&daemon->signals);
	cleanup_close(&daemon->timer);
	cleanup_close(&daemon->process_timer);
}

static void say_started(const struct daemon *daemon)
{
	struct json json = { .file = stdout };

	if (!daemon->context->json) {
		if (daemon->live.standing.effective)
			printf("generation %u is in force", daemon->live.standing.effective);
		else
			printf("no policy is in force, and the node is sealed");
		puts("; following interfaces");
	} else {
		json_object(&json, NULL);
		json_string(&json, "event", "started");
		json_number(&json, "generation", daemon->live.standing.effective);
		json_object_end(&json);
		json_line_end(&json);
	}
	fflush(stdout);
}

static int open_daemon(struct daemon *daemon, struct cordon_failure *failure)
{
	const struct cordon_context *context = daemon->context;
	int error;

	error = cordon_nl_watch_open(failure, &daemon->watch);
	if (!error)
		error = open_denials(daemon, failure);
	if (error)
		return error;
	daemon->flow.recorder = daemon->recorder;
	cordon_daemon_listen_open(&daemon->listen, context, &daemon->live, daemon->recorder);
	open_process(daemon);
	cordon_daemon_watch_open(&daemon->machine, context, daemon->recorder);
	cordon_daemon_module_open(&daemon->module, context, daemon->recorder);
	error = cordon_inbox_open(context, failure, &daemon->inbox);
	if (!error)
		error = cordon_daemon_hold_open(context, daemon->recorder, failure, &daemon->hold);
	return error ? error : open_loop(daemon, failure);
}

static void begin(struct daemon *daemon)
{
	struct cordon_failure unsaid = { .text = "" };

	/* What came between the attach before us and the watch. */
	follow(daemon, &(struct cordon_nl_change){ .links = true, .addresses = true });
	on_inbox(daemon);
	/* Who makes records must not outrun who writes them down. */
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	if (cordon_confine(&unsaid))
		complain(&unsaid);
	cordon_daemon_log_start(daemon->recorder, daemon->context, &daemon->live);
	follow_names(daemon);
	say_started(daemon);
	notify("READY=1");
}

int cordon_daemon_run(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct daemon daemon = {
		.context = context,
		.live = cordon_live_none(),
		.epoll = -1,
		.signals = -1,
		.timer = -1,
		.process_timer = -1,
		.listen = { .sockets = -1 },
		.module = { .fd = -1 },
	};
	int error;

	error = open_daemon(&daemon, failure);
	if (!error) {
		begin(&daemon);
		error = loop(&daemon, failure);
		notify("STOPPING=1");
		cordon_daemon_log_stop(daemon.recorder, error ? failure->text : "told to end");
	}
	close_daemon(&daemon);
	return error;
}
