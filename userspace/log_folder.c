// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The folder of a log; see log_folder.h.
 */
#include "log_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cordon/log.h>

#include "log_segment.h"
#include "util/cleanup.h"

/* Nothing at all is another matter than a log that was emptied but for its keys. */
static bool is_log(int folder)
{
	bool any = !faccessat(folder, CORDON_LOG_KEYS_FILE, F_OK, AT_SYMLINK_NOFOLLOW);

	for (int i = 0; i < CORDON_CLASS_COUNT && !any; i++) {
		struct cordon_log_segments segments;

		if (cordon_log_segments_list(folder, i, &segments))
			return true; /* who reads it says why it cannot be read */
		any = segments.nr > 0;
		free(segments.segment);
	}
	return any;
}

static int fail_open(const char *path, bool own, int error, struct cordon_failure *failure)
{
	if (own && error == -ENOENT)
		return cordon_fail(failure, error,
				   "%s: no log was begun yet; cordon run and every change of "
				   "policy or latch begin it",
				   path);
	return cordon_fail(failure, error, "cannot open the log %s: %s", path, strerror(-error));
}

int cordon_log_folder_open(const struct cordon_context *context, const char *path,
			   struct cordon_failure *failure, struct cordon_log_folder *ret_folder)
{
	struct cordon_path name = cordon_path_root(context, CORDON_LOG_FOLDER);
	int fd CLEANUP(close) = -1;

	if (path)
		snprintf(name.text, sizeof(name.text), "%s", path);
	fd = open(name.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_open(name.text, !path, -errno, failure);
	if (!is_log(fd))
		return cordon_fail(failure, -ENOENT,
				   "%s: there is no log in it, neither segments nor keys",
				   name.text);
	ret_folder->path = name;
	ret_folder->fd = TAKE_FD(fd);
	return 0;
}

void cordon_log_folder_close(const struct cordon_log_folder *folder)
{
	cleanup_close(&folder->fd);
}
