// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Generations on disk.  What an image file looks like is image_file.c's
 * business; which generation is in force is the kernel's.
 */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "image_file.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define POLICY_FOLDER "/var/lib/cordon/policy"

static struct cordon_path store_path(const struct cordon_context *context, uint32_t generation,
				     const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), POLICY_FOLDER "/%u/%s", generation, name);
	return cordon_path_root(context, path);
}

struct cordon_path cordon_store_text(const struct cordon_context *context, uint32_t generation)
{
	return store_path(context, generation, "policy.yaml");
}

static int copy_whole(int from, int to)
{
	ssize_t size;

	do
		size = sendfile(to, from, NULL, 1 << 20);
	while (size > 0);
	return size < 0 || fsync(to) ? -errno : 0;
}

static int copy_text(const char *from, const char *to)
{
	int source CLEANUP(close) = open(from, O_RDONLY | O_CLOEXEC);
	int target CLEANUP(close) = -1;

	if (source < 0)
		return -errno;
	target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return target < 0 ? -errno : copy_whole(source, target);
}

static int save(const struct cordon_context *context, const struct cordon_image *image,
		const char *policy)
{
	const uint32_t generation = image->settings.generation;
	const struct cordon_path folder = store_path(context, generation, "");
	const struct cordon_path text = cordon_store_text(context, generation);
	const struct cordon_path file = store_path(context, generation, "image");
	int error;

	error = cordon_folder_make(folder.text, 0700);
	if (!error)
		error = copy_text(policy, text.text);
	cordon_step("store text");
	if (!error)
		error = cordon_image_write(image, AT_FDCWD, file.text);
	cordon_step("store image");
	return error ? error : cordon_folder_sync(folder.text);
}

static void forget(const struct cordon_context *context, uint32_t generation)
{
	unlink(store_path(context, generation, "image").text);
	unlink(cordon_store_text(context, generation).text);
	rmdir(store_path(context, generation, "").text);
}

int cordon_store_save(const struct cordon_context *context, const struct cordon_image *image,
		      const char *policy, struct cordon_failure *failure)
{
	const int error = save(context, image, policy);

	/* Half of one would take what room there is, and be no use to anyone. */
	if (error)
		forget(context, image->settings.generation);
	return error ? cordon_fail(failure, error,
				   "cannot keep the policy in %s" POLICY_FOLDER ": %s",
				   context->root, strerror(-error)) :
		       0;
}

static struct cordon_path name_path(const struct cordon_context *context, const char *before,
				    const char *name, const char *after)
{
	char path[96];

	snprintf(path, sizeof(path), POLICY_FOLDER "/%s%s%s", before, name, after);
	return cordon_path_root(context, path);
}

static int point(const struct cordon_context *context, const char *name, const char *suffix,
		 const char *target)
{
	const struct cordon_path link = name_path(context, "", name, suffix);
	const struct cordon_path aside = name_path(context, ".", name, suffix);
	char present[96];
	const ssize_t size = readlink(link.text, present, sizeof(present) - 1);

	if (size > 0 && (size_t)size == strlen(target) && !memcmp(present, target, (size_t)size))
		return 0;
	unlink(aside.text);
	if (symlink(target, aside.text) || rename(aside.text, link.text))
		return -errno;
	cordon_step("store point");
	return 0;
}

static int unpoint(const struct cordon_context *context, const char *name)
{
	unlink(name_path(context, "", name, ".yaml").text);
	unlink(name_path(context, "", name, ".image").text);
	if (unlink(name_path(context, "", name, "").text) && errno != ENOENT)
		return -errno;
	return 0;
}

/* What a person looks for, too: active.yaml -> active/policy.yaml, active.image. */
static int point_names(const struct cordon_context *context, const char *name, uint32_t generation)
{
	char number[16], text[32], image[32];
	int error;

	if (!generation)
		return unpoint(context, name);
	snprintf(number, sizeof(number), "%u", generation);
	snprintf(text, sizeof(text), "%s/policy.yaml", name);
	snprintf(image, sizeof(image), "%s/image", name);
	error = point(context, name, "", number);
	if (!error)
		error = point(context, name, ".yaml", text);
	return error ? error : point(context, name, ".image", image);
}

static uint32_t folder_number(const struct dirent *entry)
{
	char *end;
	const unsigned long number = strtoul(entry->d_name, &end, 10);

	return *end || number > UINT32_MAX ? 0 : (uint32_t)number;
}

static void forget_others(const struct cordon_context *context, uint32_t active, uint32_t former)
{
	const struct cordon_path path = cordon_path_root(context, POLICY_FOLDER);
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const uint32_t number = folder_number(entry);

		if (number && number != active && number != former)
			forget(context, number);
	}
}

int cordon_store_point(const struct cordon_context *context, uint32_t active, uint32_t former,
		       struct cordon_failure *failure)
{
	const struct cordon_path folder = cordon_path_root(context, POLICY_FOLDER);
	int error;

	error = point_names(context, "active", active);
	if (!error)
		error = point_names(context, "former", former);
	if (!error)
		error = cordon_folder_sync(folder.text);
	if (error)
		return cordon_fail(failure, error, "cannot write %s: %s", folder.text,
				   strerror(-error));
	forget_others(context, active, former);
	return 0;
}

uint32_t cordon_store_active(const struct cordon_context *context)
{
	const struct cordon_path path = cordon_path_root(context, POLICY_FOLDER "/active");
	char target[16] = "";

	if (readlink(path.text, target, sizeof(target) - 1) <= 0)
		return 0;
	return (uint32_t)strtoul(target, NULL, 10);
}

uint32_t cordon_store_highest(const struct cordon_context *context)
{
	const struct cordon_path path = cordon_path_root(context, POLICY_FOLDER);
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;
	uint32_t highest = 0;

	while (folder && (entry = readdir(folder))) {
		const uint32_t number = folder_number(entry);

		highest = number > highest ? number : highest;
	}
	return highest;
}

int cordon_store_image(const struct cordon_context *context, uint32_t generation,
		       struct cordon_image **ret_image)
{
	const struct cordon_path path = store_path(context, generation, "image");
	struct cordon_image *image CLEANUP(image) = NULL;
	const int error = cordon_image_read(AT_FDCWD, path.text, &image);

	if (error)
		return error;
	if (image->settings.generation != generation)
		return -EBADMSG;
	*ret_image = TAKE(image);
	return 0;
}
