// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Images as files: what is written is read back, and what is torn or forged is
 * refused.  Works in a folder of its own below /tmp, needs no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <cordon/image.h>

#include "image.h"
#include "image_check.h"
#include "image_file.h"
#include "util/cleanup.h"

static const char text[] = "cordon: 1\n"
			   "serial: 1\n"
			   "node: test\n"
			   "zones:\n"
			   "  a: {addresses: [10.0.0.0/8, \"fd00::/16\"]}\n"
			   "  b: {addresses: [\"fd00:1:2:3::9\"]}\n"
			   "  lan: {addresses: [192.168.0.0/24], interfaces: [lan0]}\n"
			   "  wan: {interfaces: [wan0]}\n"
			   "workloads:\n"
			   "  pos: {units: [pos.service]}\n"
			   "rules:\n"
			   "  - {name: x, from: a, to: node, services: [tcp/22, udp/300-900]}\n"
			   "log: {certificates: [/a.pem, /b.pem]}\n"
			   "lockdown: {programs: [/bin/a], secrets: [{name: s, files: [/srv/k]}]}\n"
			   "quarantine:\n"
			   "  keep:\n"
			   "    - {name: z, from: a, to: node, services: [tcp/2222]}\n";

static struct cordon_image *make_image(void)
{
	struct cordon_policy *policy = NULL;
	struct cordon_image *image = NULL;
	struct cordon_diag diag = { 0 };

	if (!cordon_policy_parse_memory(text, sizeof(text) - 1, "test", &diag, &policy))
		cordon_compile(policy, &diag, &image);
	cordon_policy_free(policy);
	cordon_diag_clear(&diag);
	return image;
}

FIXTURE(folder)
{
	char path[32];
	int fd;
	struct cordon_image *image;
};

FIXTURE_SETUP(folder)
{
	strcpy(self->path, "/tmp/cordon-image-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->image = make_image();
	ASSERT_NE(NULL, self->image);
	ASSERT_EQ(0, cordon_image_check(self->image));
}

FIXTURE_TEARDOWN(folder)
{
	unlinkat(self->fd, "image", 0);
	unlinkat(self->fd, "image", AT_REMOVEDIR);
	close(self->fd);
	EXPECT_EQ(0, rmdir(self->path));
	cordon_image_free(self->image);
}

#define SAME(member, count)                                                                        \
	EXPECT_EQ(0, memcmp(self->image->member, got->member,                                      \
			    self->image->count * sizeof(*got->member)))

TEST_F(folder, what_is_written_is_read_back)
{
	struct cordon_image *got CLEANUP(image) = NULL;

	self->image->settings.generation = 42;
	ASSERT_EQ(0, cordon_image_write(self->image, self->fd, "image"));
	ASSERT_EQ(0, cordon_image_read(self->fd, "image", &got));
	EXPECT_EQ(0, memcmp(&self->image->settings, &got->settings, sizeof(got->settings)));
	EXPECT_EQ(self->image->nr_prefixes, got->nr_prefixes);
	EXPECT_EQ(self->image->nr_pages, got->nr_pages);
	EXPECT_EQ(2, got->nr_rules);
	SAME(prefixes, nr_prefixes);
	for (int i = 0; i < CORDON_MATRICES; i++)
		SAME(matrix[i], nr_cells);
	SAME(pages, nr_pages);
	SAME(leaf, nr_pages);
	SAME(classes, nr_classes);
	SAME(zones, nr_zones);
	SAME(rules, nr_rules);
	SAME(interfaces, nr_interfaces);
	SAME(workloads, nr_workloads);
	SAME(certificates, nr_certificates);
	EXPECT_STREQ("/b.pem", got->certificates[1].path);
	SAME(lockdown, nr_lockdown);
	EXPECT_STREQ("/srv/k", got->lockdown[1].text);
	EXPECT_STREQ("s", got->lockdown[1].secret);
	/* Nothing is left beside it. */
	EXPECT_EQ(-1, faccessat(self->fd, "image.new", F_OK, 0));
}

TEST_F(folder, a_path_will_do)
{
	struct cordon_image *got CLEANUP(image) = NULL;
	char path[64];

	snprintf(path, sizeof(path), "%s/image", self->path);
	ASSERT_EQ(0, cordon_image_write(self->image, AT_FDCWD, path));
	EXPECT_EQ(0, cordon_image_read(AT_FDCWD, path, &got));
}

TEST_F(folder, an_image_without_anything_will_do)
{
	const struct cordon_policy policy = { .flow_entries = 1 };
	struct cordon_image *empty CLEANUP(image) = NULL, *got CLEANUP(image) = NULL;
	struct cordon_diag diag = { 0 };

	ASSERT_EQ(0, cordon_compile(&policy, &diag, &empty));
	ASSERT_EQ(0, cordon_image_write(empty, self->fd, "image"));
	ASSERT_EQ(0, cordon_image_read(self->fd, "image", &got));
	EXPECT_EQ(0, got->nr_rules);
	EXPECT_EQ(0, got->nr_interfaces);
}

TEST_F(folder, failures_leave_the_former_file)
{
	struct cordon_image *got CLEANUP(image) = NULL;

	ASSERT_EQ(0, cordon_image_write(self->image, self->fd, "image"));
	/* Its place aside is taken by what cannot be written to. */
	ASSERT_EQ(0, mkdirat(self->fd, "image.new", 0700));
	EXPECT_EQ(-EISDIR, cordon_image_write(self->image, self->fd, "image"));
	ASSERT_EQ(0, unlinkat(self->fd, "image.new", AT_REMOVEDIR));
	EXPECT_EQ(0, cordon_image_read(self->fd, "image", &got));
}

TEST_F(folder, what_is_no_file_is_told)
{
	struct cordon_image *got = NULL;

	EXPECT_EQ(-ENOENT, cordon_image_read(self->fd, "image", &got));
	ASSERT_EQ(0, mkdirat(self->fd, "image", 0700));
	EXPECT_EQ(-EBADMSG, cordon_image_read(self->fd, "image", &got));
	ASSERT_EQ(0, unlinkat(self->fd, "image", AT_REMOVEDIR));
	ASSERT_EQ(0, mkfifoat(self->fd, "image", 0600));
	EXPECT_EQ(-EBADMSG, cordon_image_read(self->fd, "image", &got));
	ASSERT_EQ(0, unlinkat(self->fd, "image", 0));
	ASSERT_EQ(0, symlinkat("/etc/passwd", self->fd, "image"));
	EXPECT_EQ(-ELOOP, cordon_image_read(self->fd, "image", &got));
	EXPECT_EQ(NULL, got);
}

/* Reads the file with a byte flipped, which is mended behind it, or, if @size is not
 * negative, cut to that for good. */
static int read_changed(int folder, off_t at, uint8_t flip, off_t size)
{
	int fd CLEANUP(close) = openat(folder, "image", O_RDWR | O_CLOEXEC);
	struct cordon_image *image CLEANUP(image) = NULL;
	uint8_t byte;
	int err;

	if (size >= 0)
		return ftruncate(fd, size) ? -errno : cordon_image_read_fd(fd, &image);
	if (pread(fd, &byte, 1, at) != 1)
		return -errno;
	byte ^= flip;
	if (pwrite(fd, &byte, 1, at) != 1)
		return -errno;
	err = cordon_image_read_fd(fd, &image);
	byte ^= flip;
	return pwrite(fd, &byte, 1, at) == 1 ? err : -errno;
}

TEST_F(folder, a_flipped_bit_is_found_anywhere)
{
	struct stat status;

	ASSERT_EQ(0, cordon_image_write(self->image, self->fd, "image"));
	ASSERT_EQ(0, fstatat(self->fd, "image", &status, 0));
	for (off_t at = 0; at < status.st_size; at++) {
		ASSERT_EQ(-EBADMSG, read_changed(self->fd, at, (uint8_t)(1 << at % 8), -1))
		TH_LOG("byte %ld", (long)at);
	}
	EXPECT_EQ(0, read_changed(self->fd, 0, 0, -1));
}

TEST_F(folder, a_cut_is_found_anywhere)
{
	struct stat status;

	ASSERT_EQ(0, cordon_image_write(self->image, self->fd, "image"));
	ASSERT_EQ(0, fstatat(self->fd, "image", &status, 0));
	ASSERT_EQ(-EBADMSG, read_changed(self->fd, 0, 0, status.st_size + 8));
	for (off_t size = status.st_size - 1; size >= 0; size -= 13) {
		ASSERT_EQ(-EBADMSG, read_changed(self->fd, 0, 0, size))
		TH_LOG("%ld bytes", (long)size);
	}
}

/* ---- forged ones ---- */

static struct cordon_prefix_cell *cell(struct cordon_image *image, uint32_t index)
{
	return &image->prefixes[index / CORDON_PREFIX_PAGE_CELLS]
			.cell[index % CORDON_PREFIX_PAGE_CELLS];
}

/* The direct cell of fd00:1::, which holds ranges. */
static struct cordon_prefix_cell *direct6(struct cordon_image *image)
{
	const struct cordon_prefix_root *root = &image->settings.ipv6;

	return cell(image, root->direct + (uint32_t)(0xfd000001ULL >> (32 - root->bits)));
}

/* The cell that fd00:1:: descends to, in that cell's ranges. */
static struct cordon_prefix_cell *descent(struct cordon_image *image)
{
	for (uint32_t i = 0; i < direct6(image)->second; i++) {
		uint32_t result = cell(image, direct6(image)->first + i)->second;

		if (result & CORDON_PREFIX_DESCEND)
			return cell(image, result & CORDON_PREFIX_VALUE_MASK);
	}
	return NULL;
}

static size_t find_page(const struct cordon_image *image, bool leaf)
{
	for (size_t i = 1; i < image->nr_pages; i++) {
		if (image->leaf[i] == leaf)
			return i;
	}
	return 0;
}

/* The matrix cell from zone a to the node. */
static struct cordon_cell *used_cell(struct cordon_image *image)
{
	return &image->matrix[CORDON_MATRIX_OPEN]
			     [CORDON_IDENTITY_NODE * image->settings.identities + 2];
}

/* A descent whose cell leads back to the table that it is in. */
static void loop_descent(struct cordon_image *image)
{
	*descent(image) = (struct cordon_prefix_cell){ image->settings.ipv6.direct,
						       image->settings.ipv6.bits };
}

#define FORGERIES(X)                                                                               \
	X("unknown flag", image->settings.flags |= 1U << 31)                                       \
	X("unknown built-in", image->settings.builtins_off |= 1U << 31)                            \
	X("too many identities", image->settings.identities += 1)                                  \
	X("zones that wrap", image->settings.zones = UINT32_MAX)                                   \
	X("no flow buckets", image->settings.flow_buckets = 0)                                     \
	X("too many flow buckets", image->settings.flow_buckets = UINT32_MAX)                      \
	X("a watch that is too long", image->settings.watch_seconds = 32768)                       \
	X("a watch that steps nowhere", image->settings.watch_latch = 4)                           \
	X("too small a log", image->settings.log_bytes = 0)                                        \
	X("too large a log", image->settings.log_bytes = UINT64_MAX)                               \
	X("a node's name without end", memset(image->settings.node, 'x', 64))                      \
	X("more rules than there are", image->settings.rules = 3)                                  \
	X("fewer cells", image->nr_cells -= 1)                                                     \
	X("fewer zones", image->nr_zones -= 1)                                                     \
	X("no pages", image->nr_pages = 0)                                                         \
	X("no classes", image->nr_classes = 0)                                                     \
	X("no prefixes", image->nr_prefixes = 0)                                                   \
	X("a page beyond the end", used_cell(image)->page = (__u32)image->nr_pages)                \
	X("a cell that denies a service of its own", used_cell(image)->services = 0)               \
	X("a leaf as root", used_cell(image)->page = (__u32)find_page(image, true))                \
	X("a page that is not empty", image->pages[0].next[9] = 16)                                \
	X("page 0 as leaf", image->leaf[0] = 1)                                                    \
	X("leaf or not", image->leaf[find_page(image, true)] = 2)                                  \
	X("a root that says it is a leaf", image->leaf[used_cell(image)->page] = 1)                \
	X("a leaf that says it is none", image->leaf[find_page(image, true)] = 0)                  \
	X("a next page beyond the end", image->pages[used_cell(image)->page].next[6] = 65535)      \
	X("a root that leads to itself",                                                           \
	  image->pages[used_cell(image)->page].next[6] = (__u16)used_cell(image)->page)            \
	X("a built-in's slot", image->pages[find_page(image, true)].next[3] = 15)                  \
	X("a slot beyond the rules", image->pages[find_page(image, true)].next[3] = 18)            \
	X("IPv4 beyond the end", image->settings.ipv4.direct = 512 * (__u32)image->nr_prefixes)    \
	X("IPv4 with too many bits", image->settings.ipv4.bits = 23)                               \
	X("IPv4 with 32 bits", image->settings.ipv4.bits = 32)                                     \
	X("IPv4 as IPv6", image->settings.ipv4 = image->settings.ipv6)                             \
	X("IPv6 beyond the end", image->settings.ipv6.direct = UINT32_MAX)                         \
	X("a direct cell of nothing", *direct6(image) = ((struct cordon_prefix_cell){ 0, 0 }))     \
	X("ranges beyond the end", direct6(image)->first = UINT32_MAX)                             \
	X("too many ranges", direct6(image)->second = CORDON_PREFIX_SPLIT - 1)                     \
	X("a split cell of few bits", direct6(image)->second = CORDON_PREFIX_SPLIT)                \
	X("the node by address", cell(image, direct6(image)->first)->second =                      \
					 CORDON_PREFIX_RESULT | CORDON_IDENTITY_NODE)              \
	X("a workload by address",                                                                 \
	  cell(image, direct6(image)->first)->second = CORDON_PREFIX_RESULT | 6)                   \
	X("a range without a result", cell(image, direct6(image)->first)->second = 2)              \
	X("ranges out of order", cell(image, direct6(image)->first + 1)->first = 0)                \
	X("a descent beyond the end", cell(image, direct6(image)->first)->second = UINT32_MAX)     \
	X("a descent in a circle", loop_descent(image))                                            \
	X("a lone prefix that is too long", descent(image)->second = 129 << 8 | 0xff)              \
	X("a lone prefix that ended before", descent(image)->second = 32 << 8 | 0xff)              \
	X("a lone prefix of nobody", descent(image)[2].first = 2)                                  \
	X("nobody beside a lone prefix", descent(image)[2].second = UINT32_MAX)                    \
	X("a class for the node", image->classes[0].fallback = CORDON_IDENTITY_NODE)               \
	X("a class for a workload", image->classes[0].forwarder = 6)                               \
	X("an unknown flag of a class", image->classes[0].flags = 2)                               \
	X("a class with padding", image->classes[0].pad = 2)                                       \
	X("a class that allows the node", image->classes[0].allowed[0] |= 2)                       \
	X("a class that allows no zone", image->classes[0].allowed[7] = 1)                         \
	X("a zone's name without end", memset(image->zones[2].name, 'x', 32))                      \
	X("a zone as a workload", image->zones[2].kind = CORDON_IDENTITY_KIND_WORKLOAD)            \
	X("a rule's name without end", memset(image->rules[0].rule.name, 'x', 32))                 \
	X("a rule's services without end", memset(image->rules[0].rule.services, 'x', 64))         \
	X("a rule to keep among the others", image->rules[0].keep = 1)                             \
	X("a pattern without end", memset(image->interfaces[0].pattern, 'x', 16))                  \
	X("an empty pattern", image->interfaces[0].pattern[0] = 0)                                 \
	X("a class beyond the end", image->interfaces[0].class = (__u32)image->nr_classes)         \
	X("an unknown mode", image->interfaces[0].mode = 4)                                        \
	X("a zone as workload", image->workloads[0].identity = 2)                                  \
	X("a workload beyond the end", image->workloads[0].identity = 7)                           \
	X("a certificate without end", memset(image->certificates[0].path, '/', 256))              \
	X("a certificate below nothing", image->certificates[1].path[0] = 0)                       \
	X("what lockdown does not know", image->lockdown[0].kind = CORDON_LOCKDOWN_KIND_COUNT)     \
	X("a secret without end", memset(image->lockdown[1].text, '/', 256))                       \
	X("a secret that is everything", image->lockdown[1].text[1] = 0)                           \
	X("a secret that is somewhere", image->lockdown[1].text[0] = 's')                          \
	X("a secret's name without end", memset(image->lockdown[1].secret, 's', 32))               \
	X("a path without end", memset(image->workloads[0].path.path, 'x', 128))                   \
	X("an empty path", image->workloads[0].path.path[0] = 0)

#define FORGERY_CASE(why, change)                                                                  \
	if (number == current++) {                                                                 \
		change;                                                                            \
		return why;                                                                        \
	}

/* Return: what was forged; NULL: there is no such number. */
static const char *forge(struct cordon_image *image, unsigned int number)
{
	unsigned int current = 0;

	FORGERIES(FORGERY_CASE)
	return NULL;
}

TEST_F(folder, a_forged_image_is_refused)
{
	for (unsigned int i = 0;; i++) {
		struct cordon_image *image CLEANUP(image) = make_image();
		struct cordon_image *got CLEANUP(image) = NULL;
		const char *why;

		ASSERT_NE(NULL, image);
		why = forge(image, i);
		if (!why) {
			EXPECT_LT(60, i);
			break;
		}
		EXPECT_EQ(-EBADMSG, cordon_image_check(image)) TH_LOG("%s", why);
		/* The same through a file, whose sum is then right. */
		ASSERT_EQ(0, cordon_image_write(image, self->fd, "image"));
		EXPECT_EQ(-EBADMSG, cordon_image_read(self->fd, "image", &got)) TH_LOG("%s", why);
	}
}

TEST_HARNESS_MAIN
