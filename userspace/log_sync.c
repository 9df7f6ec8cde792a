// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log's slow work, by a thread; see log_sync.h.
 */
#include "log_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log_keys.h"

enum state {
	IDLE,
	BEGUN,
	ENDED
};

/**
 * struct cordon_log_sync - all but @folder under @lock
 * @changed: @state is another, or it is to end
 * @running: there is a thread
 */
struct cordon_log_sync {
	int folder;
	int wake;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool running, stop;
	enum state state;
	struct cordon_log_job job;
};

/* What is on disk needs no memory, which others may need, and which costs more time to get than to
 * have: a page that is not whole stays, as more comes behind it. */
static int sync_file(int fd)
{
	if (fdatasync(fd))
		return -errno;
	posix_fadvise(fd, 0, lseek(fd, 0, SEEK_CUR), POSIX_FADV_DONTNEED);
	return 0;
}

int cordon_log_files_sync(struct cordon_log_files *files, int folder)
{
	int first = 0;

	for (size_t i = 0; i < files->nr; i++) {
		const int error = sync_file(files->fd[i]);

		first = first ? first : error;
		close(files->fd[i]);
	}
	if (files->made && fsync(folder) && !first)
		first = -errno;
	free(files->fd);
	*files = (struct cordon_log_files){ .nr = 0 };
	return first;
}

void cordon_log_job_clear(struct cordon_log_job *job)
{
	for (size_t i = 0; i < job->files.nr; i++)
		close(job->files.fd[i]);
	free(job->files.fd);
	free(job->room.deletion);
	explicit_bzero(job, sizeof(*job));
}

/* A disk without room takes neither blocks nor keys, until there is some. */
static void work(int folder, struct cordon_log_job *job)
{
	job->error = cordon_log_files_sync(&job->files, folder);
	job->failed = job->error;
	if (!job->error)
		job->error = cordon_log_keys_write(folder, &job->keys);
	if (job->makes_room)
		job->room_error = cordon_log_room_look(folder, &job->room);
}

static void tell(const struct cordon_log_sync *sync)
{
	const uint64_t one = 1;

	/* Who does not read it has been told already. */
	if (sync->wake >= 0 && write(sync->wake, &one, sizeof(one)) < 0)
		return;
}

/* What it works with is nobody else's while it is BEGUN. */
static void *run(void *state)
{
	struct cordon_log_sync *sync = state;

	pthread_mutex_lock(&sync->lock);
	while (!sync->stop || sync->state == BEGUN) {
		if (sync->state != BEGUN) {
			pthread_cond_wait(&sync->changed, &sync->lock);
			continue;
		}
		pthread_mutex_unlock(&sync->lock);
		work(sync->folder, &sync->job);
		pthread_mutex_lock(&sync->lock);
		sync->state = ENDED;
		pthread_cond_broadcast(&sync->changed);
		tell(sync);
	}
	pthread_mutex_unlock(&sync->lock);
	return NULL;
}

int cordon_log_sync_open(int folder, struct cordon_log_sync **ret_sync)
{
	struct cordon_log_sync *sync = calloc(1, sizeof(*sync));

	if (!sync)
		return -ENOMEM;
	sync->folder = folder;
	sync->wake = -1;
	pthread_mutex_init(&sync->lock, NULL);
	pthread_cond_init(&sync->changed, NULL);
	*ret_sync = sync;
	return 0;
}

void cordon_log_sync_close(struct cordon_log_sync *sync)
{
	if (!sync)
		return;
	pthread_mutex_lock(&sync->lock);
	sync->stop = true;
	pthread_cond_broadcast(&sync->changed);
	pthread_mutex_unlock(&sync->lock);
	if (sync->running)
		pthread_join(sync->thread, NULL);
	pthread_cond_destroy(&sync->changed);
	pthread_mutex_destroy(&sync->lock);
	cordon_log_job_clear(&sync->job);
	free(sync);
}

void cordon_log_sync_set_wake(struct cordon_log_sync *sync, int wake)
{
	pthread_mutex_lock(&sync->lock);
	sync->wake = wake;
	pthread_mutex_unlock(&sync->lock);
}

/* With no thread to be had it is done here and now. */
static void start(struct cordon_log_sync *sync)
{
	if (!sync->running)
		sync->running = !pthread_create(&sync->thread, NULL, run, sync);
	if (sync->running) {
		pthread_cond_broadcast(&sync->changed);
		return;
	}
	work(sync->folder, &sync->job);
	sync->state = ENDED;
	tell(sync);
}

bool cordon_log_sync_is_busy(struct cordon_log_sync *sync)
{
	bool busy;

	pthread_mutex_lock(&sync->lock);
	busy = sync->state != IDLE;
	pthread_mutex_unlock(&sync->lock);
	return busy;
}

bool cordon_log_sync_begin(struct cordon_log_sync *sync, struct cordon_log_job *job)
{
	bool begun;

	pthread_mutex_lock(&sync->lock);
	begun = sync->state == IDLE;
	if (begun) {
		sync->job = *job;
		explicit_bzero(job, sizeof(*job));
		sync->state = BEGUN;
		start(sync);
	}
	pthread_mutex_unlock(&sync->lock);
	return begun;
}

bool cordon_log_sync_end(struct cordon_log_sync *sync, bool wait, struct cordon_log_job *ret_job)
{
	bool ended;

	pthread_mutex_lock(&sync->lock);
	while (wait && sync->state == BEGUN)
		pthread_cond_wait(&sync->changed, &sync->lock);
	ended = sync->state == ENDED;
	if (ended) {
		*ret_job = sync->job;
		explicit_bzero(&sync->job, sizeof(sync->job));
		sync->state = IDLE;
	}
	pthread_mutex_unlock(&sync->lock);
	return ended;
}
