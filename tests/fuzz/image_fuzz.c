// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as an image file.  The input is either the file itself, or a list
 * of places and values that are written over a sound one; the sum is then made
 * right, as a forger would.  What is let through is used as the programs use
 * it, and must lead nowhere beyond its tables.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cordon/image.h>

#include "bpf/verdict.h"
#include "image.h"
#include "image_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "cordon: 1\n"
			   "serial: 1\n"
			   "zones:\n"
			   "  a: {addresses: [10.0.0.0/8, 10.3.0.0/16, 10.3.9.1, \"fd00::/16\"]}\n"
			   "  b: {addresses: [10.1.0.0/16, \"fd00:1:2::/48\", \"fd00:1:2:3::9\"]}\n"
			   "  lan: {addresses: [192.168.0.0/24], interfaces: [lan0, \"br*\"]}\n"
			   "  wan: {interfaces: [wan0]}\n"
			   "workloads:\n"
			   "  pos: {units: [pos.service]}\n"
			   "rules:\n"
			   "  - {name: x, from: a, to: node, services: [tcp/22, udp/300-900]}\n"
			   "  - {name: y, from: pos, to: any, services: [any]}\n"
			   "quarantine:\n"
			   "  keep:\n"
			   "    - {name: z, from: b, to: node, services: [tcp/2222]}\n";

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A file in memory; the caller closes it. */
static int make_file(const void *data, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	check(fd >= 0);
	check(write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	return fd;
}

/* The sound file, made once. */
static const uint8_t *sound_file(size_t *ret_size)
{
	static uint8_t file[1 << 16];
	static size_t size;
	struct cordon_policy *policy;
	struct cordon_diag diag = { 0 };
	struct cordon_image *image;
	char folder[] = "/tmp/cordon-image-fuzz-XXXXXX", path[sizeof(folder) + 8];
	FILE *stream;

	*ret_size = size;
	if (size)
		return file;
	check(!cordon_policy_parse_memory(text, sizeof(text) - 1, "p", &diag, &policy));
	check(!cordon_compile(policy, &diag, &image));
	check(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/image", folder);
	check(!cordon_image_write(image, AT_FDCWD, path));
	stream = fopen(path, "r");
	size = fread(file, 1, sizeof(file), stream);
	check(size > sizeof(struct cordon_image_header) && size < sizeof(file));
	fclose(stream);
	unlink(path);
	rmdir(folder);
	cordon_image_free(image);
	cordon_policy_free(policy);
	*ret_size = size;
	return file;
}

/* What a forger does last. */
static void mend_sum(uint8_t *file, size_t size)
{
	const size_t at = offsetof(struct cordon_image_header, crc);
	uint32_t crc = 0;

	if (size < sizeof(struct cordon_image_header))
		return;
	memset(file + at, 0, sizeof(crc));
	crc = (uint32_t)crc32(0, file, (uInt)size);
	memcpy(file + at, &crc, sizeof(crc));
}

/* Patches of seven bytes: place (2), width (1), value (4). */
static void patch(uint8_t *file, size_t size, const uint8_t *data, size_t length)
{
	static const uint8_t widths[] = { 1, 2, 4, 4 };

	for (; length >= 7; data += 7, length -= 7) {
		const size_t width = widths[data[2] & 3];
		size_t at = (size_t)(data[0] | data[1] << 8) % (size - 4);

		/* Numbers lie at multiples of their width. */
		memcpy(file + (at & ~(width - 1)), data + 3, width);
	}
}

static void use_prefixes(const struct cordon_image *image, const uint8_t *data, size_t size)
{
	const struct cordon_table pages = { image->prefixes, (__u32)image->nr_prefixes,
					    sizeof(*image->prefixes) };
	uint32_t words[4] = { 0xfd000001, 0x00020003, 0, 9 };

	for (unsigned int i = 0; i < 64; i++) {
		uint32_t four, six;

		four = prefix_lookup4(&pages, &image->settings.ipv4, words[i % 4]);
		six = prefix_lookup6(&pages, &image->settings.ipv6, words);
		check(four != CORDON_IDENTITY_NODE && four < 2 + image->settings.zones);
		check(six != CORDON_IDENTITY_NODE && six < 2 + image->settings.zones);
		words[i % 4] ^= 1U << (size ? data[i % size] % 32 : i % 32);
	}
}

static void use_rules(const struct cordon_image *image, const struct cordon_cell *cells)
{
	const struct cordon_table matrix = { cells, (__u32)image->nr_cells, sizeof(*cells) };
	const struct cordon_table pages = { image->pages, (__u32)image->nr_pages,
					    sizeof(*image->pages) };
	const struct tables tables = { .settings = &image->settings,
				       .matrix = matrix,
				       .pages = pages };
	const uint32_t nr = image->settings.identities;

	for (uint32_t i = 0; i < nr * nr; i++) {
		for (unsigned int service = 0; service < 65536; service += 73) {
			uint32_t rule = verdict_rule(&tables, i / nr, i % nr, service % 3 ? 6 : 17,
						     (uint16_t)service);

			check(!rule || (rule >= CORDON_RULE_SLOT_FIRST &&
					rule < CORDON_RULE_SLOT_FIRST + image->nr_rules));
		}
	}
}

static void use_names(const struct cordon_image *image)
{
	static const char *const names[] = { "lan0", "br7", "eth0", "" };
	const struct cordon_image_interface *found;

	for (size_t i = 0; i < 4; i++) {
		found = cordon_image_interface_find(image, names[i]);
		check(!found || image->classes[found->class].fallback < image->nr_zones);
	}
	for (size_t i = 0; i < image->nr_rules; i++)
		check(strlen(image->rules[i].rule.services) <
		      sizeof(image->rules[i].rule.services));
	check(cordon_image_memory(image, 2) > sizeof(*image));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[1 << 16];
	struct cordon_image *image = NULL;
	size_t length;
	int fd, err;

	memcpy(file, sound_file(&length), sizeof(file));
	if (size && data[0] & 1) {
		length = size - 1 < sizeof(file) ? size - 1 : sizeof(file);
		memcpy(file, data + 1, length);
	} else if (size) {
		patch(file, length, data + 1, size - 1);
	}
	mend_sum(file, length);
	fd = make_file(file, length);
	err = cordon_image_read_fd(fd, &image);
	close(fd);
	check(err == 0 ? image != NULL : !image && (err == -EBADMSG || err == -ENOMEM));
	if (err)
		return 0;
	use_prefixes(image, data, size);
	for (int i = 0; i < CORDON_MATRICES; i++)
		use_rules(image, image->matrix[i]);
	use_names(image);
	cordon_image_free(image);
	return 0;
}
