// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What evidence consists of, and in which order it is taken; see evidence.h.
 */
#include "evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cordon/log.h>

#include "evidence_copy.h"
#include "evidence_file.h"
#include "evidence_machine.h"
#include "evidence_network.h"
#include "evidence_process.h"
#include "evidence_room.h"
#include "fault.h"
#include "guard.h"
#include "load_files.h"
#include "load_list.h"
#include "log_segment.h"
#include "module.h"
#include "store.h"
#include "tell.h"
#include "util/array.h"
#include "util/child.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/login.h"

#define SECOND 1000000000ULL
#define TAIL (1ULL << 20)

/* Of one program, log or segment. */
#define LARGE UINT64_MAX
#define PROGRAM_BYTES (8ULL << 20)
#define PROGRAMS_MAX 16
#define NAMESPACES_MAX 64

struct capture {
	const struct cordon_context *context;
	const struct cordon_evidence_wish *wish;
	struct cordon_bag bag;
};

/* ---- pieces of several kinds -------------------------------------------------------------- */

/* struct lookup - a piece that is written by a function of its own */
struct lookup {
	const char *name;
	int (*write)(const void *state, FILE *file);
	const void *state;
};

static void add_lookups(struct capture *capture, const struct lookup *lookup, size_t nr)
{
	for (; nr; nr--, lookup++)
		cordon_bag_add(&capture->bag, &(struct cordon_piece){ .name = lookup->name,
								      .write = lookup->write,
								      .state = lookup->state });
}

/* struct source - a file that is copied */
struct source {
	const char *name;
	struct cordon_evidence_copy copy;
};

static void add_sources(struct capture *capture, const struct source *source, size_t nr)
{
	for (; nr; nr--, source++)
		cordon_bag_add(&capture->bag, &(struct cordon_piece){ .name = source->name,
								      .write = cordon_evidence_copy,
								      .state = &source->copy });
}

static void add_file(struct capture *capture, const char *name, const char *path, uint64_t bytes)
{
	const struct cordon_evidence_copy copy = { .from = path };

	cordon_bag_add(&capture->bag, &(struct cordon_piece){ .name = name,
							      .write = cordon_evidence_copy,
							      .state = &copy,
							      .bytes = bytes });
}

/* A file of ours, below --root. */
static void add_own(struct capture *capture, const char *name, const char *path)
{
	add_file(capture, name, cordon_path_root(capture->context, path).text, 0);
}

static void add_folder(struct capture *capture, const char *name, const char *path)
{
	add_lookups(capture, &(struct lookup){ name, cordon_evidence_folder, path }, 1);
}

/* ---- by this program's own commands ------------------------------------------------------- */

struct view {
	const struct cordon_context *context;
	const char *command[2];
};

static void add_option(const char **arguments, size_t *nr, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	arguments[(*nr)++] = name;
	arguments[(*nr)++] = value;
}

static int become(const void *state, FILE *file)
{
	const struct view *view = state;
	const char *arguments[16] = { "cordon", "--json" };
	const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t nr = 2;

	add_option(arguments, &nr, "--root", view->context->root);
	add_option(arguments, &nr, "--bpffs", view->context->bpffs);
	add_option(arguments, &nr, "--cgroup", view->context->cgroup);
	for (size_t i = 0; i < ARRAY_SIZE(view->command) && view->command[i]; i++)
		arguments[nr++] = view->command[i];
	dup2(nowhere, STDIN_FILENO);
	dup2(nowhere, STDERR_FILENO);
	if (dup2(fileno(file), STDOUT_FILENO) >= 0)
		execv("/proc/self/exe", (char *const *)arguments);
	_exit(127);
}

static void add_view(struct capture *capture, const char *name, const char *command,
		     const char *option)
{
	const struct view view = { capture->context, { command, option } };

	cordon_bag_add(&capture->bag,
		       &(struct cordon_piece){
			       .name = name, .write = become, .state = &view, .command = true });
}

/* ---- 1: what is enforced, and what passes ------------------------------------------------- */

static int write_about(const void *state, FILE *file)
{
	const struct capture *capture = state;
	const struct cordon_evidence_wish *wish = capture->wish;
	const uint32_t uid = cordon_login_uid();
	struct utsname machine;

	if (uname(&machine))
		return -errno;
	fprintf(file, "cordon-evidence: 1\nmachine: %s\nkernel: %s %s %s\n", machine.nodename,
		machine.release, machine.version, machine.machine);
	fprintf(file, "wall-clock: %lld\nmonotonic-ns: %llu\nuid: %d\n",
		(long long)(cordon_clock_wall() / (int64_t)SECOND),
		(unsigned long long)cordon_clock_ns(), (int)getuid());
	if (uid != CORDON_LOGIN_NONE)
		fprintf(file, "login-uid: %u\n", uid);
	fprintf(file, "limit-bytes: %llu\nlimit-seconds: %u\n", (unsigned long long)wish->bytes,
		wish->seconds);
	if (wish->by)
		fprintf(file, "by: %s\n", wish->by);
	if (wish->reason)
		fprintf(file, "reason: %s\n", wish->reason);
	return 0;
}

static void add_enforcement(struct capture *capture)
{
	const struct cordon_context *context = capture->context;
	const struct cordon_path trust = cordon_path_root(context, "/etc/cordon/trust");
	const struct cordon_path receipts = cordon_path_root(context, "/var/lib/cordon/receipts");

	add_lookups(capture, &(struct lookup){ "about", write_about, capture }, 1);
	add_view(capture, "1-cordon/status.json", "status", NULL);
	add_view(capture, "1-cordon/flows.json", "flows", NULL);
	add_view(capture, "1-cordon/denials.json", "counters", "--denials");
	add_view(capture, "1-cordon/counters.json", "counters", NULL);
	add_own(capture, "1-cordon/latch", "/var/lib/cordon/latch");
	add_own(capture, "1-cordon/latch.copy", "/var/lib/cordon/latch.copy");
	add_own(capture, "1-cordon/etc-policy.yaml", "/etc/cordon/policy.yaml");
	add_file(capture, "1-cordon/policy.yaml",
		 cordon_store_text(context, cordon_store_active(context)).text, 0);
	add_folder(capture, "1-cordon/trust", trust.text);
	add_folder(capture, "1-cordon/receipts", receipts.text);
}

/* ---- 2: processes and connections --------------------------------------------------------- */

static void add_network(struct capture *capture, const struct cordon_evidence_space *space)
{
	static const struct {
		const char *what;
		int (*write)(const void *state, FILE *file);
	} pieces[] = {
		{ "routes", cordon_evidence_routes },
		{ "nftables", cordon_evidence_nftables },
		{ "iptables", cordon_evidence_iptables },
	};
	char name[64];

	snprintf(name, sizeof(name), "2-processes/network-of-%d", space->pid);
	add_lookups(capture, &(struct lookup){ name, cordon_evidence_network, &space->pid }, 1);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		snprintf(name, sizeof(name), "2-processes/%s-of-%d.json", pieces[i].what,
			 space->pid);
		add_lookups(capture, &(struct lookup){ name, pieces[i].write, space }, 1);
	}
}

static void add_networks(struct capture *capture)
{
	struct cordon_evidence_space space = { .nftables = cordon_evidence_has_nftables() };
	struct cordon_evidence_pids pids;

	cordon_evidence_namespaces(&pids);
	for (size_t i = 0; i < pids.nr && i < NAMESPACES_MAX; i++) {
		space.pid = pids.pid[i];
		add_network(capture, &space);
	}
	free(pids.pid);
}

/* What is no file any more is gone with its process. */
static void add_orphans(struct capture *capture)
{
	struct cordon_evidence_pids pids;
	char name[64];

	cordon_evidence_orphans(&pids);
	for (size_t i = 0; i < pids.nr && i < PROGRAMS_MAX; i++) {
		snprintf(name, sizeof(name), "2-processes/deleted-program-of-%d", pids.pid[i]);
		cordon_bag_add(&capture->bag,
			       &(struct cordon_piece){ .name = name,
						       .write = cordon_evidence_program,
						       .state = &pids.pid[i],
						       .bytes = PROGRAM_BYTES });
	}
	free(pids.pid);
}

static void add_processes(struct capture *capture)
{
	static const struct lookup lookups[] = {
		{ "2-processes/processes.json", cordon_evidence_processes, NULL },
		{ "2-processes/sockets.json", cordon_evidence_sockets, NULL },
		{ "2-processes/open-files.json", cordon_list_files, NULL },
	};
	static const struct lookup slow[] = {
		{ "2-processes/arguments.json", cordon_evidence_arguments, NULL },
		{ "2-processes/programs.json", cordon_evidence_programs, NULL },
	};

	add_lookups(capture, lookups, ARRAY_SIZE(lookups));
	add_networks(capture);
	add_orphans(capture);
	add_lookups(capture, slow, ARRAY_SIZE(slow));
}

/* ---- 3: the machine as it is set up ------------------------------------------------------- */

static void add_machine(struct capture *capture)
{
	static const struct source logins[] = {
		{ "3-machine/utmp", { "/run/utmp", TAIL } },
		{ "3-machine/wtmp", { "/var/log/wtmp", TAIL } },
		{ "3-machine/btmp", { "/var/log/btmp", TAIL } },
	};
	static const struct lookup lookups[] = {
		{ "3-machine/sessions", cordon_evidence_folder, "/run/systemd/sessions" },
		{ "3-machine/bpf-programs.json", cordon_list_programs, NULL },
		{ "3-machine/bpf-links.json", cordon_list_links, NULL },
		{ "3-machine/bpf-maps.json", cordon_list_maps, NULL },
		{ "3-machine/modules.json", cordon_evidence_modules, NULL },
		{ "3-machine/keys.json", cordon_evidence_keys, NULL },
		{ "3-machine/passwd", cordon_evidence_accounts, "/etc/passwd" },
		{ "3-machine/shadow", cordon_evidence_accounts, "/etc/shadow" },
		{ "3-machine/group", cordon_evidence_accounts, "/etc/group" },
		{ "3-machine/gshadow", cordon_evidence_accounts, "/etc/gshadow" },
		{ "3-machine/sudoers.d", cordon_evidence_folder, "/etc/sudoers.d" },
	};
	static const struct source files[] = {
		{ "3-machine/modules", { "/proc/modules", 0 } },
		{ "3-machine/tainted", { "/proc/sys/kernel/tainted", 0 } },
		{ "3-machine/mounts", { "/proc/self/mountinfo", 0 } },
		{ "3-machine/mounts-of-1", { "/proc/1/mountinfo", 0 } },
		{ "3-machine/swaps", { "/proc/swaps", 0 } },
		{ "3-machine/kernel-keys", { "/proc/keys", 0 } },
		{ "3-machine/sudoers", { "/etc/sudoers", 0 } },
		{ "3-machine/ld.so.preload", { "/etc/ld.so.preload", 0 } },
	};

	add_sources(capture, logins, ARRAY_SIZE(logins));
	add_lookups(capture, lookups, ARRAY_SIZE(lookups));
	add_sources(capture, files, ARRAY_SIZE(files));
}

/* ---- 4: what it started from -------------------------------------------------------------- */

#define EFI(name) "/sys/firmware/efi/efivars/" name "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SETTING(name)                                                                              \
	{                                                                                          \
		"4-boot/" name,                                                                    \
		{                                                                                  \
			"/proc/sys/kernel/" name, 0                                                \
		}                                                                                  \
	}

static void add_boot(struct capture *capture)
{
	static const struct source files[] = {
		{ "4-boot/kernel", { "/proc/version", 0 } },
		{ "4-boot/kernel-command-line", { "/proc/cmdline", 0 } },
		{ "4-boot/uptime", { "/proc/uptime", 0 } },
		{ "4-boot/boot-id", { "/proc/sys/kernel/random/boot_id", 0 } },
		{ "4-boot/processors", { "/proc/cpuinfo", 0 } },
		{ "4-boot/secure-boot", { EFI("SecureBoot"), 0 } },
		{ "4-boot/secure-boot-setup-mode", { EFI("SetupMode"), 0 } },
		{ "4-boot/security-modules", { "/sys/kernel/security/lsm", 0 } },
		{ "4-boot/lockdown", { "/sys/kernel/security/lockdown", 0 } },
		{ "4-boot/ima-log", { "/sys/kernel/security/ima/ascii_runtime_measurements", 0 } },
		{ "4-boot/ima-violations", { "/sys/kernel/security/ima/violations", 0 } },
		{ "4-boot/tpm-event-log",
		  { "/sys/kernel/security/tpm0/binary_bios_measurements", 0 } },
		{ "4-boot/os-release", { "/usr/lib/os-release", 0 } },
		SETTING("modules_disabled"),
		SETTING("kexec_load_disabled"),
		SETTING("unprivileged_bpf_disabled"),
		SETTING("dmesg_restrict"),
		SETTING("kptr_restrict"),
		SETTING("core_pattern"),
		SETTING("modprobe"),
	};
	static const struct lookup folders[] = {
		{ "4-boot/firmware", cordon_evidence_folder, "/sys/class/dmi/id" },
		{ "4-boot/tpm-pcr-sha256", cordon_evidence_folder,
		  "/sys/class/tpm/tpm0/pcr-sha256" },
	};

	add_sources(capture, files, ARRAY_SIZE(files));
	add_lookups(capture, folders, ARRAY_SIZE(folders));
}

/* ---- 5: logs ------------------------------------------------------------------------------ */

static void add_chosen(struct capture *capture)
{
	for (size_t i = 0; i < capture->wish->nr_add; i++) {
		const struct cordon_evidence_copy copy = { .from = capture->wish->add[i] };
		char *name CLEANUP(free) = NULL;

		if (asprintf(&name, "5-logs/chosen%s", copy.from) > 0)
			cordon_bag_add(&capture->bag,
				       &(struct cordon_piece){ .name = name,
							       .write = cordon_evidence_copy,
							       .state = &copy,
							       .bytes = LARGE,
							       .wanted = true });
	}
}

static void add_segment(struct capture *capture, const char *segment)
{
	char name[64], path[96];

	snprintf(name, sizeof(name), "5-logs/log/%s", segment);
	snprintf(path, sizeof(path), CORDON_LOG_FOLDER "/%s", segment);
	add_file(capture, name, cordon_path_root(capture->context, path).text, LARGE);
}

/* The newest first. */
static void add_class(struct capture *capture, enum cordon_event_class class)
{
	const struct cordon_path path = cordon_path_root(capture->context, CORDON_LOG_FOLDER);
	const int folder CLEANUP(close) = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cordon_log_segments segments = { .nr = 0 };

	if (folder < 0 || cordon_log_segments_list(folder, class, &segments))
		return;
	for (size_t i = segments.nr; i > 0; i--) {
		const struct cordon_log_segment *segment = &segments.segment[i - 1];

		add_segment(
			capture,
			cordon_log_segment_name(class, segment->number, segment->compressed).text);
	}
	free(segments.segment);
}

/* The keys first, as whoever copies a log that is being written has to; never that which its owner
 * is to take. */
static void add_logs(struct capture *capture)
{
	static const struct source sources[] = {
		{ "5-logs/auth.log", { "/var/log/auth.log", TAIL } },
		{ "5-logs/secure", { "/var/log/secure", TAIL } },
		{ "5-logs/syslog", { "/var/log/syslog", TAIL } },
		{ "5-logs/messages", { "/var/log/messages", TAIL } },
		{ "5-logs/audit.log", { "/var/log/audit/audit.log", TAIL } },
	};
	static const struct lookup kernel = { "5-logs/kernel", cordon_evidence_kernel_log, NULL };

	add_view(capture, "5-logs/head.json", "log", "head");
	add_lookups(capture, &kernel, 1);
	add_chosen(capture);
	add_sources(capture, sources, ARRAY_SIZE(sources));
	add_segment(capture, CORDON_LOG_KEYS_FILE);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		add_class(capture, i);
}

/* ---- all of it ---------------------------------------------------------------------------- */

/* RFC 3227: what passes first is taken first. */
static void (*const tiers[])(struct capture *capture) = {
	add_enforcement, add_processes, add_machine, add_boot, add_logs,
};

static void ignore(void *state, const char *name, const char *why, bool absent)
{
	(void)state, (void)name, (void)why, (void)absent;
}

static int fill(struct capture *capture, const char *folder, int to, int spools,
		struct cordon_evidence *evidence)
{
	const struct cordon_evidence_wish *wish = capture->wish;
	struct cordon_bag *bag = &capture->bag;
	int error;

	*bag = (struct cordon_bag){ .folder = folder,
				    .bytes = wish->bytes,
				    .until_ns = cordon_clock_ns() + wish->seconds * SECOND,
				    .teller = wish->teller ? wish->teller : ignore,
				    .state = wish->state };
	error = cordon_bag_begin(bag, to, spools);
	for (size_t i = 0; i < ARRAY_SIZE(tiers) && !error; i++)
		tiers[i](capture);
	if (!error)
		error = cordon_bag_end(bag, &evidence->digest);
	cordon_bag_close(bag);
	evidence->size = bag->tar.size;
	evidence->files = bag->files;
	evidence->cut = bag->cut;
	evidence->absent = bag->absent;
	return error;
}

/* What a machine calls itself may hold anything. */
static void choose_name(const struct cordon_evidence_wish *wish, char (*ret_name)[128])
{
	const time_t now = time(NULL);
	struct utsname machine = { .nodename = "node" };
	char text[32] = "";
	struct tm parts;

	uname(&machine);
	if (gmtime_r(&now, &parts))
		strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &parts);
	if (wish->name)
		snprintf(*ret_name, sizeof(*ret_name), "%s", wish->name);
	else
		snprintf(*ret_name, sizeof(*ret_name), "%.64s-%s", machine.nodename, text);
	for (char *at = *ret_name; *at; at++) {
		if (*at <= ' ' || *at > '~' || *at == '/')
			*at = '_';
	}
}

static int choose_path(const struct cordon_context *context,
		       const struct cordon_evidence_wish *wish, const char *name,
		       struct cordon_path *ret_path)
{
	const struct cordon_path folder = cordon_path_root(context, CORDON_EVIDENCE_FOLDER);
	char here[PATH_MAX] = "";
	struct cordon_path path;
	int size;

	/* The log is read elsewhere. */
	if (wish->out && wish->out[0] != '/' && strcmp(wish->out, "-") != 0 &&
	    !getcwd(here, sizeof(here)))
		return -errno;
	if (wish->out)
		size = snprintf(path.text, sizeof(path.text), "%s%s%s", here, here[0] ? "/" : "",
				wish->out);
	else
		size = snprintf(path.text, sizeof(path.text), "%s/%s.tar", folder.text, name);
	if (size >= (int)sizeof(path.text))
		return -ENAMETOOLONG;
	*ret_path = path;
	return wish->out ? 0 : cordon_folder_make(folder.text, 0700);
}

/* In the place of its own it is not alone. */
static int make_room(const struct capture *capture, const struct cordon_new_file *file,
		     struct cordon_failure *failure)
{
	const int error = capture->wish->out ? 0 :
					       cordon_evidence_make_room(capture->context,
									 file->path.text, failure);

	if (error)
		unlink(file->path.text);
	return error;
}

static int take_to_file(struct capture *capture, const char *name, const struct cordon_path *path,
			struct cordon_failure *failure, struct cordon_evidence *evidence)
{
	struct cordon_new_file file = cordon_new_file_none();
	int error = cordon_new_file_begin(path->text, !capture->wish->out, &file);

	/* Who may not write there himself does not by us. */
	if (!error && capture->wish->out && cordon_guard_holds(capture->context, file.folder))
		error = -EPERM;
	if (!error)
		error = fill(capture, name, file.fd, file.folder, evidence);
	if (!error)
		error = cordon_new_file_finish(&file);
	if (!error)
		error = make_room(capture, &file, failure);
	evidence->path = file.path;
	cordon_new_file_abandon(&file);
	return error;
}

/* With room for what is captured where evidence is kept, if there is such a place. */
static int take_to_output(struct capture *capture, const char *name,
			  struct cordon_evidence *evidence)
{
	const struct cordon_path path = cordon_path_root(capture->context, CORDON_EVIDENCE_FOLDER);
	const int folder CLEANUP(close) = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	snprintf(evidence->path.text, sizeof(evidence->path.text), "-");
	return fill(capture, name, STDOUT_FILENO, folder, evidence);
}

static const char *explain(int error)
{
	return error == -EEXIST ? "it is there already" : strerror(-error);
}

static void tell(const struct cordon_context *context, const struct cordon_evidence_wish *wish,
		 const struct cordon_evidence *evidence)
{
	struct cordon_event_evidence told = {
		.size = evidence->size,
		.files = evidence->files,
		.cut = evidence->cut,
	};

	memcpy(told.digest, evidence->digest, sizeof(told.digest));
	cordon_tell_evidence(context, &told, evidence->path.text, wish->by ? wish->by : "",
			     wish->reason ? wish->reason : "");
}

int cordon_evidence_take(const struct cordon_context *context,
			 const struct cordon_evidence_wish *wish, struct cordon_failure *failure,
			 struct cordon_evidence *ret_evidence)
{
	struct capture capture = { .context = context, .wish = wish };
	struct cordon_evidence evidence = { .size = 0 };
	struct cordon_path path = { .text = "" };
	struct cordon_failure why = { .text = "" };
	char name[128];
	int error;

	choose_name(wish, &name);
	error = choose_path(context, wish, name, &path);
	if (!error && strcmp(path.text, "-"))
		error = take_to_file(&capture, name, &path, &why, &evidence);
	else if (!error)
		error = take_to_output(&capture, name, &evidence);
	if (error)
		return cordon_fail(failure, error, "cannot keep evidence in %s: %s", path.text,
				   why.text[0] ? why.text : explain(error));
	tell(context, wish, &evidence);
	*ret_evidence = evidence;
	return 0;
}

/* ---- in a child --------------------------------------------------------------------------- */

/* struct told - what the child says, in memory that it shares */
struct told {
	int error;
	struct cordon_failure failure;
	struct cordon_evidence evidence;
};

/* The kernel module takes longer silence of a daemon for its end. */
static void live_beside(const struct cordon_context *context, pid_t child, uint64_t until_ns)
{
	const int fd CLEANUP(close) = pidfd_open(child, 0);
	uint64_t now;

	if (fd < 0 || cordon_daemon_pid(context) != getpid())
		return;
	while ((now = cordon_clock_ns()) < until_ns &&
	       !cordon_child_tells(fd, now + SECOND < until_ns ? now + SECOND : until_ns))
		cordon_module_live(context);
}

static int wait_for(const struct cordon_context *context, pid_t child,
		    const struct cordon_evidence_wish *wish, const struct told *told,
		    struct cordon_failure *failure)
{
	const uint64_t seconds = wish->seconds + CORDON_EVIDENCE_GRACE;
	const uint64_t until_ns = cordon_clock_ns() + seconds * SECOND;
	bool gone;
	int status;

	live_beside(context, child, until_ns);
	status = cordon_child_wait(child, until_ns, &gone);
	if (status < 0)
		return cordon_fail(failure, status, "no evidence was kept within %llu s",
				   (unsigned long long)seconds);
	return told->error ? cordon_fail(failure, told->error, "%s", told->failure.text) : 0;
}

int cordon_evidence_take_apart(const struct cordon_context *context,
			       const struct cordon_evidence_wish *wish,
			       struct cordon_failure *failure, struct cordon_evidence *ret_evidence)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int error;

	if (told == MAP_FAILED)
		return cordon_fail(failure, -errno, "no memory for evidence");
	child = fork();
	if (!child) {
		/* Locks that are ours stay ours alone. */
		close_range(STDERR_FILENO + 1, ~0U, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		cordon_step("evidence begins");
		told->error = cordon_evidence_take(context, wish, &told->failure, &told->evidence);
		_exit(0);
	}
	error = child < 0 ? cordon_fail(failure, -errno, "cannot start a process for evidence") :
			    wait_for(context, child, wish, told, failure);
	if (!error)
		*ret_evidence = told->evidence;
	munmap(told, sizeof(*told));
	return error;
}
