// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stable storage, by a thread; see log_sync.h.
 */
#include "log_sync.h"

#include <errno.h>
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
	struct cordon_log_files files;
	struct cordon_log_keys keys;
	int error;
};

int cordon_log_files_sync(struct cordon_log_files *files)
{
	int first = 0;

	for (size_t i = 0; i < files->nr; i++) {
		if (fdatasync(files->fd[i]) && !first)
			first = -errno;
		close(files->fd[i]);
	}
	free(files->fd);
	*files = (struct cordon_log_files){ .nr = 0 };
	return first;
}

static int work(struct cordon_log_sync *sync)
{
	const int error = cordon_log_files_sync(&sync->files);

	return error ? error : cordon_log_keys_write(sync->folder, &sync->keys);
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
		sync->error = work(sync);
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
	explicit_bzero(sync, sizeof(*sync));
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
	sync->error = work(sync);
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

bool cordon_log_sync_begin(struct cordon_log_sync *sync, struct cordon_log_files *files,
			   const struct cordon_log_keys *keys)
{
	bool begun;

	pthread_mutex_lock(&sync->lock);
	begun = sync->state == IDLE;
	if (begun) {
		sync->files = *files;
		sync->keys = *keys;
		sync->state = BEGUN;
		*files = (struct cordon_log_files){ .nr = 0 };
		start(sync);
	}
	pthread_mutex_unlock(&sync->lock);
	return begun;
}

bool cordon_log_sync_end(struct cordon_log_sync *sync, bool wait, int *ret_error,
			 struct cordon_log_keys *ret_keys)
{
	bool ended;

	pthread_mutex_lock(&sync->lock);
	while (wait && sync->state == BEGUN)
		pthread_cond_wait(&sync->changed, &sync->lock);
	ended = sync->state == ENDED;
	if (ended) {
		*ret_error = sync->error;
		*ret_keys = sync->keys;
		explicit_bzero(&sync->keys, sizeof(sync->keys));
		sync->state = IDLE;
	}
	pthread_mutex_unlock(&sync->lock);
	return ended;
}
