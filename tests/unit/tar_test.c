// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Archives as GNU tar and busybox read them: names of any length and of any bytes, files of any
 * size, and digests that are those of what is unpacked.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "sign.h"
#include "tar.h"
#include "util/file.h"

#define TEN "abcdefghij"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static int spool(const void *bytes, size_t size)
{
	const int fd = memfd_create("spool", MFD_CLOEXEC);

	return fd >= 0 && !cordon_file_write(fd, bytes, size) ? fd : -1;
}

FIXTURE(tar)
{
	char folder[64];
	char archive[80];
	struct cordon_tar tar;
	int fd;
};

FIXTURE_SETUP(tar)
{
	snprintf(self->folder, sizeof(self->folder), "/tmp/cordon-tar-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	snprintf(self->archive, sizeof(self->archive), "%s/archive", self->folder);
	self->fd = open(self->archive, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ASSERT_LE(0, self->fd);
	cordon_tar_begin(&self->tar, self->fd, 1000000000);
}

FIXTURE_TEARDOWN(tar)
{
	close(self->fd);
	nftw(self->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Return: the reader's exit status; it unpacks into @folder. */
static int unpack(const char *reader, const char *folder, const char *archive)
{
	char command[1024];

	snprintf(command, sizeof(command), "cd %s && %s xf %s", folder, reader, archive);
	return system(command);
}

static bool holds(const char *folder, const char *name, const void *bytes, size_t size,
		  const uint8_t *digest)
{
	char path[4096];
	struct cordon_file file;
	uint8_t found[32];
	bool same;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (cordon_file_read(path, 1 << 24, &file))
		return false;
	cordon_sign_digest(file.text, file.size, &found);
	same = file.size == size && !memcmp(file.text, bytes, size) &&
	       !memcmp(found, digest, sizeof(found));
	free(file.text);
	return same;
}

static const char *const names[] = {
	"a",
	TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456789",
	"folder/" HUNDRED,
	HUNDRED "/" TEN,
	HUNDRED "/" HUNDRED,
	HUNDRED TEN "/" TEN TEN TEN TEN,
	HUNDRED "z" HUNDRED,
	HUNDRED "/y" HUNDRED "/" HUNDRED,
	HUNDRED HUNDRED TEN "/" HUNDRED HUNDRED "/" TEN,
	"odd/\xff\x01\n \\\"'*",
	"odd/-rf",
};

#define NAMES (sizeof(names) / sizeof(names[0]))

static void try_names(struct __test_metadata *_metadata, FIXTURE_DATA(tar) * self,
		      const char *reader)
{
	uint8_t digest[NAMES][32], whole[32];

	for (size_t i = 0; i < NAMES; i++) {
		const int from = spool(names[i], strlen(names[i]));

		ASSERT_EQ(0,
			  cordon_tar_add(&self->tar, names[i], from, strlen(names[i]), &digest[i]));
		close(from);
	}
	ASSERT_EQ(0, cordon_tar_end(&self->tar, &whole));
	ASSERT_EQ(0, unpack(reader, self->folder, self->archive));
	for (size_t i = 0; i < NAMES; i++) {
		EXPECT_TRUE(holds(self->folder, names[i], names[i], strlen(names[i]), digest[i]))
		{
			TH_LOG("%s: %s", reader, names[i]);
		}
	}
}

TEST_F(tar, names_by_gnu)
{
	try_names(_metadata, self, "tar");
}

TEST_F(tar, names_by_busybox)
{
	if (system("busybox true 2>/dev/null"))
		SKIP(return, "there is no busybox");
	try_names(_metadata, self, "busybox tar");
}

TEST_F(tar, names_by_python)
{
	uint8_t digest[32];
	const int from = spool("x", 1);
	char command[1024];

	ASSERT_EQ(0, cordon_tar_add(&self->tar, HUNDRED "/" HUNDRED "/" HUNDRED, from, 1, &digest));
	ASSERT_EQ(0, cordon_tar_end(&self->tar, &digest));
	close(from);
	snprintf(command, sizeof(command),
		 "python3 -c 'import tarfile; t = tarfile.open(\"%s\"); "
		 "assert t.getnames() == [\"%s\"], t.getnames()'",
		 self->archive, HUNDRED "/" HUNDRED "/" HUNDRED);
	EXPECT_EQ(0, system(command));
}

TEST_F(tar, sizes)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 8191, 8192, 8193, 100000 };
	char *bytes = malloc(100000), name[16];
	uint8_t digest[9][32], whole[32], found[32];
	struct cordon_file file;

	for (size_t i = 0; i < 100000; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < 9; i++) {
		const int from = spool(bytes, sizes[i]);

		snprintf(name, sizeof(name), "%zu", sizes[i]);
		ASSERT_EQ(0, cordon_tar_add(&self->tar, name, from, sizes[i], &digest[i]));
		close(from);
	}
	ASSERT_EQ(0, cordon_tar_end(&self->tar, &whole));
	ASSERT_EQ(0, unpack("tar", self->folder, self->archive));
	for (size_t i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "%zu", sizes[i]);
		EXPECT_TRUE(holds(self->folder, name, bytes, sizes[i], digest[i]));
	}
	ASSERT_EQ(0, cordon_file_read(self->archive, 1 << 24, &file));
	cordon_sign_digest(file.text, file.size, &found);
	EXPECT_EQ(0, memcmp(found, whole, sizeof(found)));
	EXPECT_EQ(self->tar.size, file.size);
	EXPECT_EQ(0, file.size % 512);
	free(file.text);
	free(bytes);
}

TEST_F(tar, less_than_was_said_is_an_error)
{
	uint8_t digest[32];
	const int from = spool("x", 1);

	EXPECT_EQ(-EIO, cordon_tar_add(&self->tar, "x", from, 2, &digest));
	close(from);
}

TEST_F(tar, a_full_disk_is_an_error)
{
	uint8_t digest[32];
	struct cordon_tar tar;
	const int from = spool("x", 1), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	cordon_tar_begin(&tar, full, 0);
	EXPECT_EQ(-ENOSPC, cordon_tar_add(&tar, "x", from, 1, &digest));
	close(full);
	close(from);
}

TEST_HARNESS_MAIN
