// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables of verdicts in the kernel, in namespaces of their own: each row by
 * BPF_PROG_TEST_RUN of the loaded programs, or, as `kernel_test --wire`, by
 * frames put on the wire (rows that a wire cannot show are left out).  What
 * decided is read from the counters.  Needs root; touches no interface, pin or
 * mount of this machine.
 *
 * serial: yes
 * vm: yes
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cordon/uapi/reason.h>

#include "context.h"
#include "maps.h"
#include "stage.h"
#include "rows.h"

#define TC_ACT_UNSPEC_AS_RETURNED 0xffffffffU
#define WIRE_WAIT_MS 200
/* Shorter frames do not reach a hook, or not without padding. */
#define FRAME_MIN 15

/**
 * struct kernel - one table's namespaces
 * @peers: process that holds the peers' network namespace
 * @inject: sockets to put frames on the wire, by interface: in, out
 * @catch: what leaves by an interface arrives here
 * @rule_slots: those up to the policy's last rule; the rest would take the time to read them
 */
struct kernel {
	bool wire;
	char root[64];
	char bpffs[96];
	char cgroup[96];
	struct cordon_context context;
	struct cordon_maps maps;
	bool open;
	pid_t peers;
	unsigned int ifindex[STAGE_INTERFACES];
	int inject[STAGE_INTERFACES][2];
	int catch[STAGE_INTERFACES];
	int program[2];
	uint32_t rule_slots;
	struct cordon_counter rules[CORDON_RULE_SLOTS];
	struct cordon_counter reasons[CORDON_REASON_COUNT];
	struct cordon_interface_counter interfaces[CORDON_INTERFACES_MAX];
};

static int shell(const char *command)
{
	const int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int cgroup_mount(char *ret_path, size_t size)
{
	char line[512], path[256], type[32];
	FILE *mounts = fopen("/proc/self/mounts", "r");
	int err = -ENOENT;

	while (mounts && err && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %255s %31s", path, type) == 2 && !strcmp(type, "cgroup2")) {
			snprintf(ret_path, size, "%s", path);
			err = 0;
		}
	}
	if (mounts)
		fclose(mounts);
	return err;
}

/* The peers' ends live in a namespace of a child that dies with us. */
static int start_peers(struct kernel *kernel)
{
	int ready[2];
	char word;

	if (pipe(ready))
		return -errno;
	kernel->peers = fork();
	if (!kernel->peers) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!unshare(CLONE_NEWNET) && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	word = read(ready[0], &word, 1) == 1;
	close(ready[0]);
	return kernel->peers > 0 && word ? 0 : -ECHILD;
}

/* No chatter of the kernel's own: no ARP, no neighbour discovery, nothing answered. */
static int make_stage(const struct kernel *kernel)
{
	char text[1024];
	int err;

	err = shell("ip link set lo up && sysctl -qw net.ipv4.ip_forward=1 "
		    "net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0 "
		    "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
	for (int i = 0; !err && i < STAGE_INTERFACES; i++) {
		const struct stage_interface *it = &stage_interfaces[i];

		snprintf(text, sizeof(text),
			 "ip link add %s type veth peer name %s netns %d && "
			 "ip link set %s address " STAGE_ETHER_TEXT " arp off multicast off up && "
			 "ip address add %s/24 dev %s && ip address add %s/64 dev %s && "
			 "nsenter --net=/proc/%d/ns/net sh -c 'sysctl -qw "
			 "net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; "
			 "ip link set %s arp off up'",
			 it->name, it->name, kernel->peers, it->name, it->ipv4, it->name, it->ipv6,
			 it->name, kernel->peers, it->name);
		err = shell(text);
	}
	snprintf(text, sizeof(text),
		 "ip route add default via " STAGE_GATEWAY_IPV4 " dev %s && "
		 "ip -6 route add default via " STAGE_GATEWAY_IPV6 " dev %s && "
		 "{ ! command -v nft >/dev/null || nft 'table inet deaf { chain in { type filter "
		 "hook prerouting priority raw; policy drop; }; }'; }",
		 stage_interfaces[0].name, stage_interfaces[0].name);
	return err ? err : shell(text);
}

static int packet_socket(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = 0x0300, /* ETH_P_ALL */
				  .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, at.sll_protocol);
	int on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	if (!bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	close(fd);
	return -errno;
}

static int enter_net(pid_t pid)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

static int open_sockets(struct kernel *kernel)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;

	for (int i = 0; i < STAGE_INTERFACES; i++) {
		kernel->ifindex[i] = if_nametoindex(stage_interfaces[i].name);
		kernel->inject[i][1] = packet_socket(stage_interfaces[i].name);
	}
	err = enter_net(kernel->peers);
	for (int i = 0; !err && i < STAGE_INTERFACES; i++) {
		kernel->inject[i][0] = packet_socket(stage_interfaces[i].name);
		kernel->catch[i] = packet_socket(stage_interfaces[i].name);
		err = kernel->inject[i][0] < 0 || kernel->catch[i] < 0 ? -EIO : 0;
	}
	if (setns(home, CLONE_NEWNET))
		err = -errno;
	close(home);
	return err;
}

static int make_folders(struct kernel *kernel)
{
	char mounted[256];

	snprintf(kernel->root, sizeof(kernel->root), "/tmp/cordon-verdict-%d", getpid());
	snprintf(kernel->bpffs, sizeof(kernel->bpffs), "%s/bpffs/cordon", kernel->root);
	if (cgroup_mount(mounted, sizeof(mounted)))
		return -ENOENT;
	snprintf(kernel->cgroup, sizeof(kernel->cgroup), "%.64s/cordon-verdict-%d.slice", mounted,
		 getpid());
	if (mkdir(kernel->root, 0700) || mkdir(kernel->cgroup, 0755))
		return -errno;
	kernel->bpffs[strlen(kernel->bpffs) - strlen("/cordon")] = '\0';
	if (mkdir(kernel->bpffs, 0700) || mount("bpf", kernel->bpffs, "bpf", 0, NULL))
		return -errno;
	strcat(kernel->bpffs, "/cordon");
	kernel->context = (struct cordon_context){ .root = kernel->root,
						   .bpffs = kernel->bpffs,
						   .cgroup = kernel->cgroup };
	return 0;
}

static int start(struct runner *runner, const struct table *table)
{
	struct kernel *kernel = runner->state;
	int err = make_folders(kernel);

	(void)table;
	if (!err)
		err = unshare(CLONE_NEWNET) ? -errno : 0;
	if (!err)
		err = start_peers(kernel);
	if (!err)
		err = make_stage(kernel);
	return err ? err : open_sockets(kernel);
}

static int open_loaded(struct kernel *kernel)
{
	static const char *const names[] = { "ingress_ether", "egress_ether" };
	struct cordon_failure failure = { 0 };
	int err = cordon_maps_open(&kernel->context, &failure, &kernel->maps);

	for (int i = 0; !err && i < 2; i++) {
		const struct cordon_path path =
			cordon_path_pin(&kernel->context, "progs", names[i]);

		kernel->program[i] = bpf_obj_get(path.text);
		err = kernel->program[i] < 0 ? -errno : 0;
	}
	kernel->open = !err;
	return err;
}

/* A packet that counts in a slot without a name counts in none. */
static int find_rule_slots(struct kernel *kernel)
{
	int err = cordon_counters_read(&kernel->maps, CORDON_MAP_COUNTERS, CORDON_RULE_SLOTS,
				       kernel->rules);

	kernel->rule_slots = CORDON_RULE_SLOTS;
	while (!err && kernel->rule_slots && !kernel->rules[kernel->rule_slots - 1].name[0])
		kernel->rule_slots--;
	return kernel->rule_slots ? err : -ENOENT;
}

static int switch_policy(struct runner *runner, const struct table *table, const struct row *row)
{
	struct kernel *kernel = runner->state;
	const char *build = getenv("BUILD");
	char text[1024];
	int err;

	snprintf(text, sizeof(text),
		 "%s/cordon --root %s --bpffs %s --cgroup %s apply --force %s/%s >&2",
		 build ? build : "build", kernel->root, kernel->bpffs, kernel->cgroup,
		 table->folder, row->expected);
	if (shell(text))
		return -EINVAL;
	err = kernel->open ? 0 : open_loaded(kernel);
	return err ? err : find_rule_slots(kernel);
}

static void latch(struct runner *runner, int level)
{
	struct kernel *kernel = runner->state;

	__atomic_store_n(&kernel->maps.control->latch, (uint32_t)level, __ATOMIC_SEQ_CST);
}

static void fresh(struct runner *runner)
{
	struct kernel *kernel = runner->state;
	const struct cordon_standing now = cordon_standing_read(&kernel->maps);
	struct cordon_area area;

	if (cordon_table_open(&kernel->maps, CORDON_TABLE_FLOWS,
			      cordon_slot(now.effective, now.latch), true, &area))
		return;
	memset(area.cells, 0, (size_t)area.count * area.size);
	cordon_area_close(&area);
}

static void wait_seconds(struct runner *runner, int seconds)
{
	(void)runner, (void)seconds;
}

static void read_counts(struct kernel *kernel, struct cordon_counter *rules,
			struct cordon_counter *reasons)
{
	cordon_counters_read(&kernel->maps, CORDON_MAP_COUNTERS, kernel->rule_slots, rules);
	cordon_counters_read(&kernel->maps, CORDON_MAP_REASONS, CORDON_REASON_COUNT, reasons);
}

/* The kernel's own chatter passes by built-in rules, which come first; if a row expects one of
 * those, it is believed. */
static const char *grown(const struct cordon_counter *before, const struct cordon_counter *after,
			 int nr, const char *expected)
{
	const char *name = "nothing counted";

	for (int i = 0; i < nr; i++) {
		if (after[i].packets == before[i].packets)
			continue;
		name = after[i].name;
		if (i < CORDON_RULE_SLOT_FIRST && !strcmp(name, expected))
			break;
	}
	return name;
}

static int test_run(struct kernel *kernel, const struct row *row, const struct frame *frame,
		    bool *ret_pass)
{
	struct __sk_buff skb = { .ifindex = kernel->ifindex[row->interface] };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = frame->size, .ctx_in = &skb, .ctx_size_in = sizeof(skb));

	if (row->came_by >= 0)
		skb.ingress_ifindex = kernel->ifindex[row->came_by];
	if (bpf_prog_test_run_opts(kernel->program[row->out], &options))
		return -errno;
	*ret_pass = options.retval == TC_ACT_UNSPEC_AS_RETURNED;
	return 0;
}

static uint64_t passed_at(const struct cordon_interface_counter *counter, bool out)
{
	return out ? counter->out.packets : counter->in.packets;
}

static uint64_t denied_at(const struct cordon_interface_counter *counter, bool out)
{
	return out ? counter->out_denied.packets : counter->in_denied.packets;
}

/* The frame itself on the other side; what the kernel sends of its own is not ours. */
static bool caught(int fd, const struct frame *frame)
{
	/* The receiving kernel takes a VLAN tag out. */
	const uint32_t tag = !memcmp(frame->bytes + 12, "\x81\0", 2) ? 4 : 0;
	uint8_t bytes[FRAME_MAX];
	ssize_t size;
	bool found = false;

	while ((size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		found |= (uint32_t)size + tag == frame->size && !memcmp(bytes, frame->bytes, 12) &&
			 !memcmp(bytes + 12, frame->bytes + 12 + tag, (uint32_t)size - 12);
	return found;
}

/* @ret_pass: as the interface counted it; for what leaves, as it arrived, too. */
static int send_wire(struct kernel *kernel, const struct row *row, const struct frame *frame,
		     bool *ret_pass)
{
	static struct cordon_interface_counter now[CORDON_INTERFACES_MAX];
	const unsigned int place = kernel->ifindex[row->interface] % CORDON_INTERFACES_MAX;
	const struct cordon_interface_counter *old = &kernel->interfaces[place];
	bool pass = false, deny = false, arrived = false;

	cordon_interface_counts_read(&kernel->maps, kernel->interfaces);
	caught(kernel->catch[row->interface], frame);
	/* What egress drops, the sender is told of. */
	if (send(kernel->inject[row->interface][row->out], frame->bytes, frame->size, 0) < 0 &&
	    errno != ENOBUFS)
		return -errno;
	for (int i = 0; i < WIRE_WAIT_MS && !pass && !deny; i++) {
		cordon_interface_counts_read(&kernel->maps, now);
		pass = passed_at(&now[place], row->out) != passed_at(old, row->out);
		deny = denied_at(&now[place], row->out) != denied_at(old, row->out);
		if (!pass && !deny)
			usleep(1000);
	}
	for (int i = 0; row->out && pass && !arrived && i < WIRE_WAIT_MS; i++) {
		arrived = caught(kernel->catch[row->interface], frame);
		if (!arrived)
			usleep(1000);
	}
	if (!pass && !deny)
		return -ENOMSG;
	if (pass == deny || (row->out && arrived != pass))
		return -EPROTO;
	*ret_pass = pass;
	return row->out && deny && caught(kernel->catch[row->interface], frame) ? -EPROTO : 0;
}

static struct verdict judge(struct runner *runner, const struct row *row, const struct frame *frame)
{
	static struct cordon_counter rules[CORDON_RULE_SLOTS], reasons[CORDON_REASON_COUNT];
	struct kernel *kernel = runner->state;
	struct verdict verdict = { 0 };
	int err;

	verdict.skipped = frame->size < FRAME_MIN ||
			  (kernel->wire &&
			   (row->came_by >= 0 || row->programs || (row->cut && frame->size % 8)));
	if (verdict.skipped)
		return verdict;
	read_counts(kernel, kernel->rules, kernel->reasons);
	err = kernel->wire ? send_wire(kernel, row, frame, &verdict.pass) :
			     test_run(kernel, row, frame, &verdict.pass);
	/* The kernel itself takes offence at some that are too short. */
	verdict.skipped = row->cut && (err == -EINVAL || err == -ENOMSG);
	if (err) {
		snprintf(verdict.name, sizeof(verdict.name), "(not run: %s)", strerror(-err));
		return verdict;
	}
	read_counts(kernel, rules, reasons);
	/* What came in elsewhere was counted there, if it passed. */
	if (verdict.pass && row->came_by >= 0)
		snprintf(verdict.name, sizeof(verdict.name), "%s", row->expected);
	else
		snprintf(verdict.name, sizeof(verdict.name), "%.31s",
			 verdict.pass && !row->audit ?
				 grown(kernel->rules, rules, (int)kernel->rule_slots,
				       row->expected) :
				 grown(kernel->reasons, reasons, CORDON_REASON_COUNT,
				       row->expected));
	return verdict;
}

static void remove_tree(const char *path)
{
	char text[160];

	snprintf(text, sizeof(text), "rm -rf '%s'", path);
	shell(text);
}

static void stop(struct runner *runner)
{
	struct kernel *kernel = runner->state;
	char mounted[96];

	if (kernel->open)
		cordon_maps_close(&kernel->maps);
	for (int i = 0; i < STAGE_INTERFACES; i++) {
		close(kernel->inject[i][0]);
		close(kernel->inject[i][1]);
		close(kernel->catch[i]);
	}
	if (kernel->peers > 0) {
		kill(kernel->peers, SIGKILL);
		waitpid(kernel->peers, NULL, 0);
	}
	snprintf(mounted, sizeof(mounted), "%.80s/bpffs", kernel->root);
	umount2(mounted, MNT_DETACH);
	remove_tree(kernel->root);
	rmdir(kernel->cgroup);
	*kernel = (struct kernel){ .wire = kernel->wire, .maps = cordon_maps_none() };
	for (int i = 0; i < STAGE_INTERFACES; i++)
		kernel->inject[i][0] = kernel->inject[i][1] = kernel->catch[i] = -1;
}

/* Told to end: take the cgroup and the folder away; the rest goes with us. */
static struct kernel kernel_state;

static void end(int number)
{
	rmdir(kernel_state.cgroup);
	remove_tree(kernel_state.root);
	_exit(128 + number);
}

int main(int argc, char **argv)
{
	struct kernel *kernel = &kernel_state;
	struct runner runner = {
		.state = kernel,
		.start = start,
		.policy = switch_policy,
		.latch = latch,
		.fresh = fresh,
		.wait = wait_seconds,
		.packet = judge,
		.stop = stop,
	};

	if (geteuid()) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--wire")) {
		kernel->wire = true;
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	kernel->maps = cordon_maps_none();
	signal(SIGTERM, end);
	signal(SIGINT, end);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		puts("1..0 # SKIP no mount namespace");
		return 0;
	}
	return tables_run(&runner, argc, argv);
}
