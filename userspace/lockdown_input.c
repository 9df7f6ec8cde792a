// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The console and USB input, at lockdown.  Console off: whoever has a virtual
 * terminal or a serial line as his controlling terminal is killed at every look
 * (units that would start another are lockdown_unit.c's), and the magic SysRq key
 * does nothing.  USB input off: interfaces of class HID lose their driver, and new
 * ones get none: a hub lets no interface of what is plugged in work until we have
 * looked what it is.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lockdown.h"
#include "lockdown_look.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/stat.h"

#define SYSRQ "/proc/sys/kernel/sysrq"
#define DEVICES "/sys/bus/usb/devices"
#define PROBE "/sys/bus/usb/drivers_probe"
#define DEFAULT "interface_authorized_default"
#define CLASS_HID "03"

/* Documentation/admin-guide/devices.txt: virtual terminals and 8250s, those of ARM, of hypervisors,
 * of USB gadgets. */
static const unsigned int terminals[] = { 4, 204, 205, 229 };

/* ---- console ----------------------------------------------------------------------------- */

static bool is_on_console(int folder)
{
	uint64_t terminal = 0;

	cordon_stat_read(folder, "stat", CORDON_STAT_TERMINAL, &terminal);
	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++) {
		if (terminals[i] == (terminal >> 8 & 0xfff))
			return true;
	}
	return false;
}

static void end_on_console(void *state, int folder, int pid)
{
	int fd CLEANUP(close) = -1;

	(void)state;
	if (!is_on_console(folder))
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd >= 0 && is_on_console(folder))
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static int hold_console(struct cordon_ledger *ledger)
{
	const struct cordon_path path = cordon_path_root(ledger->context, SYSRQ);
	char before[16];
	int error = cordon_lockdown_read(path.text, before, sizeof(before));

	if (error)
		return error == -ENOENT ? 0 : error;
	error = cordon_ledger_note(ledger, "sysrq", SYSRQ, before);
	if (!error && strcmp(before, "0") != 0)
		error = cordon_lockdown_write(path.text, "0");
	if (!error)
		cordon_lockdown_processes(ledger->context, end_on_console, NULL);
	return error;
}

/* ---- USB --------------------------------------------------------------------------------- */

static struct cordon_path usb_path(const struct cordon_context *context, const char *device,
				   const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, file);
	return cordon_path_root(context, path);
}

/* "usb1": what is plugged in there gets no driver by itself any more. */
static int hold_hub(struct cordon_ledger *ledger, const char *name)
{
	const struct cordon_path path = usb_path(ledger->context, name, DEFAULT);
	char before[8];
	int error = cordon_lockdown_read(path.text, before, sizeof(before));

	if (error)
		return error;
	error = cordon_ledger_note(ledger, "usb-hub", name, before);
	return error || !strcmp(before, "0") ? error : cordon_lockdown_write(path.text, "0");
}

static void probe(const struct cordon_context *context, const char *name)
{
	cordon_lockdown_write(cordon_path_root(context, PROBE).text, name);
}

/* "1-1:1.0": of class HID it stays off, any other may work: it is no input. */
static int hold_interface(struct cordon_ledger *ledger, const char *name)
{
	const struct cordon_path path = usb_path(ledger->context, name, "authorized");
	char class[8], state[8];
	bool input;
	int error;

	if (cordon_lockdown_read(usb_path(ledger->context, name, "bInterfaceClass").text, class,
				 sizeof(class)) ||
	    cordon_lockdown_read(path.text, state, sizeof(state)))
		return 0;
	input = !strncmp(class, CLASS_HID, strlen(CLASS_HID));
	if ((state[0] == '1') != input)
		return 0;
	error = input ? cordon_ledger_note(ledger, "usb", name, "") : 0;
	if (!error)
		error = cordon_lockdown_write(path.text, input ? "0" : "1");
	if (!error && !input)
		probe(ledger->context, name);
	return error;
}

/* Hubs first: what comes meanwhile is looked at, too. */
static int hold_usb(struct cordon_ledger *ledger, bool hubs)
{
	const struct cordon_path path = cordon_path_root(ledger->context, DEVICES);
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;
	int result = 0;

	while (folder && (entry = readdir(folder))) {
		const bool hub = !strncmp(entry->d_name, "usb", 3);
		int error = 0;

		if (hubs && hub)
			error = hold_hub(ledger, entry->d_name);
		if (!hubs && strchr(entry->d_name, ':'))
			error = hold_interface(ledger, entry->d_name);
		/* What is pulled out meanwhile is gone. */
		if (error && error != -ENOENT && error != -ENODEV)
			result = error;
	}
	return result;
}

/* ---- the part ---------------------------------------------------------------------------- */

static int hold(const struct cordon_image *image, struct cordon_ledger *ledger,
		struct cordon_failure *failure)
{
	int console = 0, usb = 0;

	if (cordon_lockdown_count(image, CORDON_LOCKDOWN_USB_INPUT)) {
		usb = hold_usb(ledger, true);
		if (!usb)
			usb = hold_usb(ledger, false);
	}
	if (cordon_lockdown_count(image, CORDON_LOCKDOWN_CONSOLE))
		console = hold_console(ledger);
	if (usb)
		cordon_fail(failure, usb, "USB input is not held: %s", strerror(-usb));
	if (console)
		cordon_fail(failure, console, "the console is not held: %s", strerror(-console));
	return usb ? usb : console;
}

static int let_go(const struct cordon_context *context, const struct cordon_ledger_line *line)
{
	struct cordon_path path;
	int error;

	if (!strcmp(line->kind, "sysrq"))
		return cordon_lockdown_write(cordon_path_root(context, SYSRQ).text, line->value);
	if (!strcmp(line->kind, "usb-hub"))
		return cordon_lockdown_write(usb_path(context, line->name, DEFAULT).text,
					     line->value);
	if (strcmp(line->kind, "usb") != 0)
		return 0;
	path = usb_path(context, line->name, "authorized");
	error = cordon_lockdown_write(path.text, "1");
	if (!error)
		probe(context, line->name);
	return error;
}

const struct cordon_lockdown_part cordon_lockdown_inputs = { hold, let_go, NULL };
