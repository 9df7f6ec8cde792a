// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that makes who looks at its memory wait: one thread writes to a mapped file of a file
 * system that is frozen, another wants to unmap it and waits for the first, and whoever reads this
 * memory map, as for its arguments, waits behind that one.
 *
 * usage: hang_helper FILE; it says "ready", and begins when a line comes
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 4096

static void *write_to(void *map)
{
	*(volatile char *)map = 1;
	return NULL;
}

static void *unmap(void *map)
{
	usleep(300000);
	munmap(map, SIZE);
	return NULL;
}

int main(int argc, char **argv)
{
	const int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	pthread_t writer, unmapper;
	void *map;

	if (fd < 0 || ftruncate(fd, SIZE))
		return 1;
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return 1;
	puts("ready");
	fflush(stdout);
	getchar();
	if (pthread_create(&writer, NULL, write_to, map) ||
	    pthread_create(&unmapper, NULL, unmap, map))
		return 1;
	pthread_join(writer, NULL);
	pthread_join(unmapper, NULL);
	return 0;
}
