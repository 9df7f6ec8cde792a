// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's word of its devices; see nl_uevent.h.
 */
#include "nl_uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* Group 2 is udev's, which says the same to others. */
#define KERNEL_GROUP 1
/* A hub full of devices, and some hundred loop devices. */
#define ROOM (1 << 20)

int cordon_nl_uevent_open(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	const int room = ROOM;
	const int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	int error = 0;

	if (fd < 0)
		return -errno;
	/* Less will do, too. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* A process has a number there that is not 0. */
int cordon_nl_uevent_read(int fd, char *text, size_t size)
{
	struct sockaddr_nl sender = { .nl_pid = ~0U };
	socklen_t length = sizeof(sender);
	ssize_t got;

	do {
		got = recvfrom(fd, text, size, 0, (struct sockaddr *)&sender, &length);
		if (got < 0)
			return -errno;
	} while (sender.nl_pid || sender.nl_groups != KERNEL_GROUP);
	return (int)got;
}
