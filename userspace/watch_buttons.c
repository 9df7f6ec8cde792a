// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lids that are closed and opened, power and sleep buttons that are pressed, as
 * the kernel's input layer tells of them (Documentation/input/input.rst): of a
 * lid nobody else does.  What has letters is a keyboard, and is not listened to.
 */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "util/array.h"
#include "util/cleanup.h"

#define NODES "/dev/input"
/* A machine has a handful. */
#define INPUTS_MAX 64
#define EVENTS_AT_ONCE 64

/* What is listened to. */
static const struct {
	uint16_t type;
	uint16_t code;
	int32_t value;
	const char *state;
} told[] = {
	{ EV_SW, SW_LID, 1, "lid closed" },
	{ EV_SW, SW_LID, 0, "lid opened" },
	{ EV_KEY, KEY_POWER, 1, "power button pressed" },
	{ EV_KEY, KEY_SLEEP, 1, "sleep button pressed" },
};

/* struct input - a device of the input layer
 * @fd: -1: it has nothing that is told
 * @there: at the last look
 */
struct input {
	ino_t inode;
	unsigned int number;
	int fd;
	bool there;
};

struct buttons {
	const struct cordon_watch *watch;
	int epoll;
	struct input input[INPUTS_MAX];
	size_t nr;
};

/* ---- devices ----------------------------------------------------------------------------- */

static bool has_bit(const uint8_t *bits, unsigned int bit)
{
	return bits[bit / 8] >> bit % 8 & 1;
}

static bool has_lid(int fd)
{
	uint8_t bits[SW_CNT / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_SW, sizeof(bits)), bits) > 0 && has_bit(bits, SW_LID);
}

static bool has_button(int fd)
{
	uint8_t bits[KEY_CNT / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(bits)), bits) > 0 &&
	       (has_bit(bits, KEY_POWER) || has_bit(bits, KEY_SLEEP)) && !has_bit(bits, KEY_A);
}

/* Return: fd, which does not wait; -1: there is nothing to listen to */
static int open_input(unsigned int number)
{
	char path[64];
	int fd CLEANUP(close) = -1;

	snprintf(path, sizeof(path), NODES "/event%u", number);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && (has_lid(fd) || has_button(fd)) ? TAKE_FD(fd) : -1;
}

static void add_input(struct buttons *buttons, unsigned int number, ino_t inode)
{
	struct input *input = &buttons->input[buttons->nr++];
	struct epoll_event event = { .events = EPOLLIN, .data = { .u32 = number } };

	*input = (struct input){
		.inode = inode,
		.number = number,
		.fd = open_input(number),
		.there = true,
	};
	if (input->fd >= 0)
		epoll_ctl(buttons->epoll, EPOLL_CTL_ADD, input->fd, &event);
}

static void note_input(struct buttons *buttons, unsigned int number, ino_t inode)
{
	for (size_t i = 0; i < buttons->nr; i++) {
		struct input *input = &buttons->input[i];

		if (input->number == number && input->inode == inode) {
			input->there = true;
			return;
		}
	}
	if (buttons->nr < INPUTS_MAX)
		add_input(buttons, number, inode);
}

static void forget_gone(struct buttons *buttons)
{
	size_t kept = 0;

	for (size_t i = 0; i < buttons->nr; i++) {
		if (buttons->input[i].there)
			buttons->input[kept++] = buttons->input[i];
		else
			cleanup_close(&buttons->input[i].fd);
	}
	buttons->nr = kept;
}

/* Its node is made anew, with another inode, for each device that comes. */
static void look(void *source)
{
	struct buttons *buttons = source;
	DIR *folder = opendir(NODES);
	const struct dirent *entry;

	for (size_t i = 0; i < buttons->nr; i++)
		buttons->input[i].there = false;
	while (folder && (entry = readdir(folder))) {
		if (!strncmp(entry->d_name, "event", 5))
			note_input(buttons, (unsigned int)strtoul(entry->d_name + 5, NULL, 10),
				   entry->d_ino);
	}
	if (folder)
		closedir(folder);
	forget_gone(buttons);
}

/* ---- what is told ------------------------------------------------------------------------ */

/* struct fact - one line of sysfs, or where a link of it leads */
struct fact {
	char text[PATH_MAX];
};

static struct fact place_of(unsigned int number)
{
	struct fact fact = { .text = "" };
	char path[64], place[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/class/input/event%u/device", number);
	if (realpath(path, place) && !strncmp(place, "/sys/", 5))
		snprintf(fact.text, sizeof(fact.text), "%s", place + 4);
	return fact;
}

static void tell(const struct buttons *buttons, const struct input *input, const char *state)
{
	union cordon_event_room room;
	struct cordon_event_device *record =
		cordon_event_begin(&room, CORDON_EVENT_DEVICE, sizeof(*record));
	char node[32], name[128] = "";

	record->change = CORDON_DEVICE_CHANGED;
	snprintf(node, sizeof(node), "input/event%u", input->number);
	ioctl(input->fd, EVIOCGNAME(sizeof(name) - 1), name);
	cordon_event_add(&room, "input");
	cordon_event_add(&room, "");
	cordon_event_add(&room, place_of(input->number).text);
	cordon_event_add(&room, node);
	cordon_event_add(&room, "");
	cordon_event_add(&room, "");
	cordon_event_add(&room, name);
	cordon_event_add(&room, "");
	cordon_event_add(&room, state);
	buttons->watch->tell(buttons->watch->state, cordon_event_end(&room));
}

static void take(const struct buttons *buttons, const struct input *input,
		 const struct input_event *event)
{
	if (event->type == EV_SYN && event->code == SYN_DROPPED)
		buttons->watch->lost(buttons->watch->state, 1);
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		if (event->type == told[i].type && event->code == told[i].code &&
		    event->value == told[i].value)
			tell(buttons, input, told[i].state);
	}
}

/* One that is gone says so: nothing is heard of it any more. */
static void read_input(struct buttons *buttons, struct input *input)
{
	struct input_event events[EVENTS_AT_ONCE];
	const ssize_t size = read(input->fd, events, sizeof(events));

	for (ssize_t i = 0; i < size / (ssize_t)sizeof(*events); i++)
		take(buttons, input, &events[i]);
	if (size >= 0 || errno == EAGAIN || errno == EINTR)
		return;
	cleanup_close(&input->fd);
	input->fd = -1;
}

static void read_all(void *source)
{
	struct buttons *buttons = source;
	struct epoll_event events[8];
	const int nr = epoll_wait(buttons->epoll, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < nr; i++) {
		for (size_t j = 0; j < buttons->nr; j++) {
			struct input *input = &buttons->input[j];

			if (input->number == events[i].data.u32 && input->fd >= 0)
				read_input(buttons, input);
		}
	}
}

static int get_fd(const void *source)
{
	return ((const struct buttons *)source)->epoll;
}

static void close_buttons(void *source)
{
	struct buttons *buttons = source;

	for (size_t i = 0; i < buttons->nr; i++)
		cleanup_close(&buttons->input[i].fd);
	cleanup_close(&buttons->epoll);
	free(buttons);
}

static int open_buttons(const struct cordon_watch *watch, struct cordon_failure *failure,
			void **ret_source)
{
	struct buttons *buttons = calloc(1, sizeof(*buttons));

	if (!buttons)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	buttons->watch = watch;
	buttons->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (buttons->epoll < 0) {
		const int error = -errno;

		close_buttons(buttons);
		return cordon_fail(failure, error, "lids and buttons are not told: %s",
				   strerror(-error));
	}
	look(buttons);
	*ret_source = buttons;
	return 0;
}

const struct cordon_watch_kind cordon_watch_buttons = {
	.open = open_buttons,
	.close = close_buttons,
	.fd = get_fd,
	.read = read_all,
	.look = look,
};
