// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which boot this is, and what it was told; see boot.h.
 */
#include "util/boot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/hex.h"

void cordon_boot_id(uint8_t (*ret_id)[16])
{
	const int fd CLEANUP(close) = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[37] = "", digits[33];
	size_t nr = 0;

	memset(*ret_id, 0, sizeof(*ret_id));
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	for (const char *c = text; *c && nr < sizeof(digits) - 1; c++) {
		if (*c != '-')
			digits[nr++] = *c;
	}
	digits[nr] = '\0';
	cordon_hex_read(digits, *ret_id, sizeof(*ret_id));
}

void cordon_boot_word(const char *name, char *ret_value, size_t size)
{
	FILE *file CLEANUP(fclose) = fopen("/proc/cmdline", "re");
	char line[4096] = "";

	ret_value[0] = '\0';
	if (!file || !fgets(line, sizeof(line), file))
		return;
	for (char *left = line, *word; (word = strsep(&left, " \n"));) {
		if (!strncmp(word, name, strlen(name)))
			snprintf(ret_value, size, "%s", word + strlen(name));
	}
}
