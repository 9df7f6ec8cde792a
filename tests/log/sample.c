// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Logs for tests; see sample.h.
 */
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cordon/uapi/auth.h>
#include <cordon/uapi/config.h>
#include <cordon/uapi/connection.h>
#include <cordon/uapi/guard.h>
#include <cordon/uapi/module.h>
#include <cordon/uapi/reason.h>

#include "event.h"
#include "log_key.h"
#include "util/boot.h"
#include "util/clock.h"

bool sample_open(struct sample *sample, const char *path)
{
	static const uint8_t secret[CORDON_LOG_KEY_SIZE] = "a key that everybody may know";
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_recovery recovery;
	struct cordon_log_key key;

	memset(sample, 0, sizeof(*sample));
	sample->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sample->block = calloc(1, CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		cordon_log_key_first(secret, i, &key);
		if (cordon_log_writer_open(sample->folder, i, &key, 1 << 20, &failure, &recovery,
					   &sample->writer[i]))
			return false;
	}
	return sample->block;
}

void sample_close(struct sample *sample)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		if (sample->writer[i])
			cordon_log_writer_close(sample->writer[i]);
	}
	free(sample->block);
	close(sample->folder);
}

void sample_begin(struct sample *sample, enum cordon_event_class class)
{
	memset(sample->block, 0, sizeof(*sample->block));
	sample->block->class = class;
}

void sample_add(struct sample *sample, const struct cordon_event *record)
{
	struct cordon_log_block *block = sample->block;

	memcpy((uint8_t *)(block + 1) + block->size, record, record->size);
	block->size += record->size;
	block->records++;
}

bool sample_write(struct sample *sample, uint8_t boot, uint64_t monotonic, int64_t wall)
{
	memset(sample->block->boot_id, boot, sizeof(sample->block->boot_id));
	sample->block->monotonic = monotonic;
	sample->block->wall = wall;
	return !cordon_log_writer_add(sample->writer[sample->block->class], sample->block);
}

bool sample_write_here(struct sample *sample)
{
	cordon_boot_id(&sample->block->boot_id);
	sample->block->monotonic = cordon_clock_ns();
	sample->block->wall = cordon_clock_wall();
	return !cordon_log_writer_add(sample->writer[sample->block->class], sample->block);
}

void sample_record(struct sample *sample, uint16_t type, uint64_t time)
{
	union cordon_event_room room;
	struct cordon_event *event = cordon_event_begin(&room, type, 64);

	event->time = time;
	sample_add(sample, event);
}

/* ---- processes ---------------------------------------------------------------------------- */

void sample_fork(struct sample *sample, uint32_t pid, uint64_t start, uint32_t child,
		 uint64_t child_start)
{
	const struct cordon_event_fork fork = {
		.event = { .size = sizeof(fork),
			   .type = CORDON_EVENT_FORK,
			   .pid = pid,
			   .time = child_start },
		.start = start,
		.child_start = child_start,
		.child = child,
		.child_own = child,
	};

	sample_add(sample, &fork.event);
}

/* Return: bytes with the NUL. */
static uint16_t put(uint8_t **at, const char *text, size_t size)
{
	memcpy(*at, text, size);
	*at += size;
	return (uint16_t)size;
}

void sample_exec(struct sample *sample, const struct sample_exec *made)
{
	static const char folder[] = "/srv";
	union {
		struct cordon_event_exec exec;
		uint8_t bytes[4096];
	} room = { .exec = { .start = made->start,
			     .parent_start = made->parent_start,
			     .cgroup = made->cgroup,
			     .inode = 4711,
			     .device = 8 << 20 | 1,
			     .capabilities = 0x1ffffffffffULL,
			     .parent = made->parent,
			     .own = made->pid,
			     .pid_namespace = 4026531836U,
			     .uid = made->uid,
			     .euid = made->euid,
			     .login_uid = 1000,
			     .session = 3,
			     .tty = 136 << 20 | 2,
			     .arguments_size = (uint32_t)made->size } };
	uint8_t *at = (uint8_t *)(&room.exec + 1);

	room.exec.event.type = CORDON_EVENT_EXEC;
	room.exec.event.pid = made->pid;
	room.exec.event.time = made->time;
	room.exec.event.flags = made->flags;
	room.exec.path_size = put(&at, made->path, strlen(made->path) + 1);
	if (made->interpreter)
		room.exec.interpreter_size =
			put(&at, made->interpreter, strlen(made->interpreter) + 1);
	room.exec.directory_size = put(&at, folder, sizeof(folder));
	room.exec.told_size = put(&at, made->arguments, made->size);
	room.exec.event.size = (uint16_t)((at - room.bytes + 7) & ~7);
	sample_add(sample, &room.exec.event);
}

void sample_exit(struct sample *sample, uint32_t pid, uint64_t start, uint64_t time,
		 uint32_t status)
{
	const struct cordon_event_exit exit = {
		.event = { .size = sizeof(exit),
			   .type = CORDON_EVENT_EXIT,
			   .pid = pid,
			   .time = time },
		.start = start,
		.cpu_ns = 2500000,
		.peak_kib = 3 << 10,
		.status = status,
	};

	sample_add(sample, &exit.event);
}

void sample_cgroup(struct sample *sample, uint64_t cgroup, const char *path, uint64_t time)
{
	union cordon_event_room room;
	struct cordon_event_cgroup *record =
		cordon_event_begin(&room, CORDON_EVENT_CGROUP, sizeof(*record));

	record->event.time = time;
	record->cgroup = cgroup;
	cordon_event_add(&room, path);
	sample_add(sample, cordon_event_end(&room));
}

/* ---- the others --------------------------------------------------------------------------- */

struct cordon_event_denial sample_denial(uint64_t time)
{
	struct cordon_event_denial denial = {
		.event = { .size = sizeof(denial),
			   .type = CORDON_EVENT_DENIAL,
			   .cpu = 1,
			   .sequence = 7,
			   .pid = 2641,
			   .time = time },
		.packets = 3,
		.denial = { .key = { .reason = CORDON_REASON_NO_RULE,
				     .from = 5,
				     .to = 6,
				     .service = 443,
				     .protocol = 6,
				     .direction = CORDON_DIRECTION_OUT,
				     .generation = 9,
				     .cgroup = 77,
				     .ifindex = 2 },
			    .source_port = 40000,
			    .destination_port = 443,
			    .pid = 2641,
			    .uid = 1000,
			    .comm = "curl" },
	};
	static const uint8_t source[16] = { [10] = 0xff, 0xff, 10, 0, 0, 1 },
			     destination[16] = { [10] = 0xff, 0xff, 198, 51, 100, 2 };

	memcpy(denial.denial.source.bytes, source, sizeof(source));
	memcpy(denial.denial.destination.bytes, destination, sizeof(destination));
	return denial;
}

static void add_texts(struct sample *sample, uint16_t type, size_t size, const char *const *texts)
{
	union cordon_event_room room;
	struct cordon_event *event = cordon_event_begin(&room, type, size);

	event->cpu = CORDON_EVENT_NO_CPU;
	event->time = cordon_clock_ns();
	for (; *texts; texts++)
		cordon_event_add(&room, *texts);
	sample_add(sample, cordon_event_end(&room));
}

static bool each_own(struct sample *sample)
{
	static const char *const none[] = { NULL },
				 *const start[] = { "6.12.0-amd64", "store-0042", NULL },
				 *const stop[] = { "told to end", NULL };

	sample_begin(sample, CORDON_CLASS_OWN);
	add_texts(sample, CORDON_EVENT_START, sizeof(struct cordon_event_start), start);
	add_texts(sample, CORDON_EVENT_LOSS, sizeof(struct cordon_event_loss), none);
	add_texts(sample, CORDON_EVENT_RECOVERY, sizeof(struct cordon_event_recovery), none);
	add_texts(sample, CORDON_EVENT_DOUBT, sizeof(struct cordon_event_doubt), none);
	add_texts(sample, CORDON_EVENT_DELETION, sizeof(struct cordon_event_deletion), none);
	add_texts(sample, CORDON_EVENT_CHECKPOINT, sizeof(struct cordon_event_checkpoint), none);
	add_texts(sample, CORDON_EVENT_STOP, sizeof(struct cordon_event_stop), stop);
	add_texts(sample, CORDON_EVENT_TYPE(CORDON_CLASS_OWN, 99), 64, none);
	return sample_write_here(sample);
}

static void add_order(struct sample *sample)
{
	union cordon_event_room room;
	struct cordon_event_order *order =
		cordon_event_begin(&room, CORDON_EVENT_ORDER, sizeof(*order));

	order->event.time = cordon_clock_ns();
	order->counter = 5;
	order->refused = 1;
	cordon_event_add(&room, "release");
	cordon_event_add(&room, "alice, bob");
	cordon_event_add(&room, "replayed");
	cordon_event_add(&room, "its counter is not above 5");
	sample_add(sample, cordon_event_end(&room));
}

static void add_backstop(struct sample *sample, enum cordon_event_type type, uint32_t news)
{
	union cordon_event_room room;
	struct cordon_event_backstop *backstop = cordon_event_begin(&room, type, sizeof(*backstop));
	const bool alarm = type == CORDON_EVENT_BACKSTOP_ALARM;

	backstop->event.pid = alarm ? 0 : 100;
	backstop->news = news;
	backstop->after = CORDON_LATCH_ISOLATE;
	backstop->error = alarm ? EXDEV : 0;
	backstop->silent = alarm ? 61 : 0;
	memcpy(backstop->comm, "cordon", alarm ? 0 : 6);
	sample_add(sample, cordon_event_end(&room));
}

static bool each_enforcement(struct sample *sample)
{
	static const char *const none[] = { NULL },
				 *const latch[] = { "root", "card data seen leaving", NULL },
				 *const carried_out[] = { "seal isolate", "alice", "", "a drill",
							  NULL },
				 *const receipt[] = { "000017-seal", NULL },
				 *const evidence[] = { "order 17 of alice", "a drill",
						       "/var/lib/cordon/evidence/store.tar", NULL },
				 *const names[] = { "wan", "payments", NULL },
				 *const guard[] = { "the kernel refuses it", NULL },
				 *const cut[] = { "/usr/sbin/dhclient", NULL };

	sample_begin(sample, CORDON_CLASS_ENFORCEMENT);
	add_texts(sample, CORDON_EVENT_POLICY, sizeof(struct cordon_event_policy), none);
	add_texts(sample, CORDON_EVENT_LATCH, sizeof(struct cordon_event_latch), latch);
	add_texts(sample, CORDON_EVENT_ORDER, sizeof(struct cordon_event_order), carried_out);
	add_order(sample);
	add_texts(sample, CORDON_EVENT_RECEIPT, sizeof(struct cordon_event_receipt), receipt);
	add_texts(sample, CORDON_EVENT_EVIDENCE, sizeof(struct cordon_event_evidence), evidence);
	add_texts(sample, CORDON_EVENT_NAMES, sizeof(struct cordon_event_names_told), names);
	add_texts(sample, CORDON_EVENT_GUARD, sizeof(struct cordon_event_guard), guard);
	add_texts(sample, CORDON_EVENT_CUT, sizeof(struct cordon_event_cut), cut);
	add_backstop(sample, CORDON_EVENT_BACKSTOP, CORDON_MODULE_NEWS_SEALED);
	return sample_write_here(sample);
}

static bool each_denial(struct sample *sample)
{
	struct cordon_event_denial denial = sample_denial(cordon_clock_ns());

	sample_begin(sample, CORDON_CLASS_DENIAL);
	sample_add(sample, &denial.event);
	denial.event.type = CORDON_EVENT_DENIAL_SUM;
	denial.denial.key.direction = CORDON_DIRECTION_IN;
	denial.denial.key.audit = 1;
	sample_add(sample, &denial.event);
	return sample_write_here(sample);
}

static bool each_process(struct sample *sample)
{
	static const char arguments[] = "sh\0-c\0echo \033[31m\"red\"";
	const uint64_t now = cordon_clock_ns(), start = now;

	sample_begin(sample, CORDON_CLASS_PROCESS);
	sample_cgroup(sample, 77,
		      "/system.slice/docker-"
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
		      now);
	sample_fork(sample, 100, 5, 101, start);
	sample_exec(sample, &(struct sample_exec){
				    .pid = 101,
				    .parent = 100,
				    .parent_start = 5,
				    .euid = 0,
				    .uid = 1000,
				    .start = start,
				    .time = now,
				    .cgroup = 77,
				    .flags = CORDON_EXEC_PATH_CUT | CORDON_EXEC_INTERPRETER_CUT |
					     CORDON_EXEC_DIRECTORY_CUT | CORDON_EXEC_GAINED,
				    .path = "/bin/sh",
				    .interpreter = "/bin/dash",
				    .arguments = arguments,
				    .size = sizeof(arguments) });
	sample_exec(sample, &(struct sample_exec){ .pid = 101,
						   .parent = 100,
						   .parent_start = 5,
						   .start = start,
						   .time = now + 1,
						   .flags = CORDON_EXEC_ARGUMENTS_CUT |
							    CORDON_EXEC_ARGUMENTS_UNREAD,
						   .path = "/bin/true",
						   .arguments = arguments,
						   .size = 0 });
	sample_exit(sample, 101, start, now + 2, 3 << 8);
	sample_exit(sample, 101, start, now + 3, 9 | 0x80);
	return sample_write_here(sample);
}

static bool each_auth(struct sample *sample)
{
	const struct cordon_event_privilege gain = {
		.event = { .size = sizeof(gain),
			   .type = CORDON_EVENT_PRIVILEGE,
			   .pid = 815,
			   .time = cordon_clock_ns() },
		.start = 9,
		.capabilities = 0x1ffffffffffULL,
		.former_uid = 1000,
		.former_euid = 1000,
		.login_uid = 1000,
		.session = 4,
		.name = "hole",
	};
	const struct cordon_event_session session = {
		.event = { .size = sizeof(session),
			   .type = CORDON_EVENT_SESSION,
			   .pid = 816,
			   .time = cordon_clock_ns() },
		.start = 9,
		.session = 4,
		.login_uid = 1000,
		.name = "sshd",
	};
	const struct cordon_event_account account = {
		.event = { .size = sizeof(account),
			   .type = CORDON_EVENT_ACCOUNT,
			   .pid = 812,
			   .time = cordon_clock_ns() },
		.start = 7,
		.type = 1112,
		.id = ~0U,
		.login_uid = ~0U,
		.session = 4,
		.operation = "login",
		.user = "mallory",
		.remote_host = "198.51.100.7",
		.tty = "ssh",
		.name = "sshd",
	};
	const struct cordon_event_pam pam = {
		.event = { .size = sizeof(pam),
			   .type = CORDON_EVENT_PAM,
			   .pid = 100,
			   .time = cordon_clock_ns() },
		.start = 5,
		.call = CORDON_PAM_AUTHENTICATE,
		.result = 7,
		.login_uid = 1000,
		.session = 3,
		.service = "sshd",
		.user = "mallory",
		.remote_host = "203.0.113.77",
		.remote_user = "eve",
		.tty = "ssh",
		.name = "sshd",
	};

	sample_begin(sample, CORDON_CLASS_AUTH);
	sample_add(sample, &pam.event);
	sample_add(sample, &account.event);
	sample_add(sample, &gain.event);
	sample_add(sample, &session.event);
	return sample_write_here(sample);
}

static void add_network(struct sample *sample)
{
	static const char *const link[] = { "wan0",
					    "eth0",
					    "veth",
					    "0000:00:03.0",
					    "02:00:00:00:00:01",
					    "br0",
					    NULL },
				 *const interface[] = { "wan0", NULL };

	add_texts(sample, CORDON_EVENT_LINK, sizeof(struct cordon_event_link), link);
	add_texts(sample, CORDON_EVENT_ADDRESS, sizeof(struct cordon_event_address), interface);
	add_texts(sample, CORDON_EVENT_ROUTE, sizeof(struct cordon_event_route), interface);
}

struct cordon_event_flow sample_flow(uint64_t time)
{
	struct cordon_event_flow flow = {
		.event = { .size = sizeof(flow),
			   .type = CORDON_EVENT_FLOW_OPEN,
			   .pid = 100,
			   .time = time },
		.note = { .start = time,
			  .last = time + 1500000000,
			  .bytes = { 1234, 56789 },
			  .packets = { 12, 34 },
			  .source = { { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2 } },
			  .destination = { { 0xfd, [15] = 1 } },
			  .owner = { .cgroup = 77, .pid = 100, .uid = 33, .comm = "sshd\033[31m" },
			  .source_port = 40000,
			  .destination_port = 22,
			  .protocol = 6,
			  .rule = CORDON_RULE_SLOT_FIRST,
			  .from = CORDON_IDENTITY_FIRST,
			  .to = CORDON_IDENTITY_NODE,
			  .generation = 1,
			  .ifindex = 2 },
	};

	return flow;
}

static bool each_flow(struct sample *sample)
{
	const uint64_t now = cordon_clock_ns();
	const struct cordon_event_listen listen = {
		.event = { .size = sizeof(listen), .type = CORDON_EVENT_LISTEN, .time = now },
		.owner = { .cgroup = 77, .uid = 33 },
		.address = { { [10] = 0xff, [11] = 0xff } },
		.port = 53,
		.protocol = 17,
		.how = CORDON_LISTEN_FOUND,
	};
	struct cordon_event_flow flow = sample_flow(now);

	sample_begin(sample, CORDON_CLASS_FLOW);
	sample_add(sample, &flow.event);
	flow.event.type = CORDON_EVENT_FLOW_CLOSE;
	flow.event.flags = CORDON_FLOW_FINISHED;
	flow.event.time = now + 3000000000;
	sample_add(sample, &flow.event);
	flow.event.flags = 77;
	flow.note.protocol = 1;
	flow.note.direction = CORDON_DIRECTION_OUT;
	sample_add(sample, &flow.event);
	sample_add(sample, &listen.event);
	return sample_write_here(sample);
}

static void add_kernel(struct sample *sample)
{
	static const char *const program[] = { "kprobe", "hide_files", NULL };
	const struct cordon_event_parameter parameter = {
		.event = { .size = sizeof(parameter),
			   .type = CORDON_EVENT_PARAMETER,
			   .flags = CORDON_PARAMETER_AFTER_CUT,
			   .pid = 100,
			   .time = cordon_clock_ns() },
		.doer = { .start = 5, .login_uid = 1000, .name = "sysctl" },
		.name = "kernel/core_pattern",
		.before = "core\n",
		.after = "|/tmp/evil",
	};
	const struct cordon_event_module module = {
		.event = { .size = sizeof(module),
			   .type = CORDON_EVENT_MODULE,
			   .pid = 100,
			   .time = cordon_clock_ns() },
		.doer = { .start = 5, .login_uid = 1000, .name = "insmod" },
		.taints = 1 << 12 | 1 << 13,
		.name = "rootkit",
	};

	sample_add(sample, &parameter.event);
	sample_add(sample, &module.event);
	add_texts(sample, CORDON_EVENT_PROGRAM, sizeof(struct cordon_event_program), program);
}

static void add_machine(struct sample *sample)
{
	static const char *const mount[] = { "/mnt/a b", "/dev/sdb1", "vfat", "rw,nosuid",
					     "rw",	 "8:17",      "/",    NULL },
				 *const unwatched[] = { "/etc/ssh", "Operation not supported",
							NULL },
				 *const device[] = { "usb",
						     "usb_device",
						     "/devices/pci0000:00/0000:00:14.0/usb1/1-2",
						     "bus/usb/001/004",
						     "0781:5567",
						     "SanDisk",
						     "Cruzer Blade",
						     "4C530001",
						     "Online",
						     NULL };
	const struct cordon_event_clock clock = {
		.event = { .size = sizeof(clock),
			   .type = CORDON_EVENT_CLOCK,
			   .time = cordon_clock_ns() },
		.before = 1700000000LL * 1000000000,
		.after = 1600000000LL * 1000000000,
	};

	add_texts(sample, CORDON_EVENT_UNWATCHED, sizeof(struct cordon_event_unwatched), unwatched);
	add_texts(sample, CORDON_EVENT_MOUNT, sizeof(struct cordon_event_mount), mount);
	add_texts(sample, CORDON_EVENT_DEVICE, sizeof(struct cordon_event_device), device);
	sample_add(sample, &clock.event);
}

static void add_certificate(struct sample *sample)
{
	union cordon_event_room room;
	struct cordon_event_certificate *certificate =
		cordon_event_begin(&room, CORDON_EVENT_CERTIFICATE, sizeof(*certificate));
	static const char *const missing[] = { "/srv/gone.pem", "", "", "No such file or directory",
					       NULL };

	certificate->event.time = cordon_clock_ns();
	certificate->state = CORDON_CERTIFICATE_ENDS_SOON;
	certificate->certificates = 2;
	certificate->not_before = 1700000000;
	certificate->not_after = 253402300799; /* the end of the year 9999 */
	cordon_event_add(&room, "/etc/ssl/store.pem");
	cordon_event_add(&room, "store-0042");
	cordon_event_add(&room, "the store's authority");
	cordon_event_add(&room, "");
	sample_add(sample, cordon_event_end(&room));
	add_texts(sample, CORDON_EVENT_CERTIFICATE, sizeof(*certificate), missing);
}

static bool each_config(struct sample *sample)
{
	union cordon_event_room room;
	struct cordon_event_file *file =
		cordon_event_begin(&room, CORDON_EVENT_FILE, sizeof(*file));

	file->event.pid = 100;
	file->event.time = cordon_clock_ns();
	memset(file->digest, 0x5a, sizeof(file->digest));
	file->size = 1234;
	file->change = CORDON_FILE_WRITTEN | CORDON_FILE_ATTRIBUTES;
	file->mode = 0100644;
	cordon_event_add(&room, "/etc/passwd");
	cordon_event_add(&room, "vi");
	sample_begin(sample, CORDON_CLASS_CONFIG);
	sample_add(sample, cordon_event_end(&room));
	add_network(sample);
	add_kernel(sample);
	add_machine(sample);
	add_certificate(sample);
	return sample_write_here(sample);
}

static void add_tried(struct sample *sample, uint16_t act, uint16_t object)
{
	union cordon_event_room room;
	struct cordon_event_tried *tried =
		cordon_event_begin(&room, CORDON_EVENT_TRIED, sizeof(*tried));

	tried->event.pid = 100;
	tried->start = 12345;
	tried->cgroup = 1;
	tried->number = 17;
	tried->folded = 2;
	tried->act = act;
	tried->object = object;
	tried->detail = act == CORDON_GUARD_ACT_SIGNAL ? 9 : 0;
	memcpy(tried->comm, "bash", 4);
	memcpy(tried->name, "cordon", 6);
	sample_add(sample, cordon_event_end(&room));
}

bool sample_each(struct sample *sample)
{
	static const char *const none[] = { NULL }, *const taken[] = { "pin links/eth0", "put back",
								       NULL };

	if (!each_own(sample) || !each_enforcement(sample) || !each_auth(sample) ||
	    !each_denial(sample) || !each_config(sample) || !each_flow(sample) ||
	    !each_process(sample))
		return false;
	sample_begin(sample, CORDON_CLASS_TAMPER);
	add_tried(sample, CORDON_GUARD_ACT_SIGNAL, CORDON_GUARD_OBJECT_PROCESS);
	add_tried(sample, CORDON_GUARD_ACT_START, CORDON_GUARD_OBJECT_EXECUTABLE);
	add_backstop(sample, CORDON_EVENT_BACKSTOP_ALARM, CORDON_MODULE_NEWS_SILENT);
	add_texts(sample, CORDON_EVENT_TAKEN, sizeof(struct cordon_event_taken), taken);
	add_texts(sample, CORDON_EVENT_STRAY, sizeof(struct cordon_event_stray), none);
	return sample_write_here(sample);
}
