// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files of all processes; see load_files.h.
 */
#include "load_files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "bpf/files.skel.h"

#include "load_iterator.h"
#include "util/cleanup.h"
#include "util/print.h"

DEFINE_CLEANUP(files_bpf, struct files_bpf *, files_bpf__destroy)

/* struct open_file - what the program writes; @size bytes of its path follow, with the NUL */
struct open_file {
	uint32_t pid;
	uint32_t fd;
	uint32_t size;
};

static bool read_next(FILE *from, struct open_file *file, char (*path)[4097])
{
	if (fread(file, sizeof(*file), 1, from) != 1 || file->size >= sizeof(*path) ||
	    fread(*path, 1, file->size, from) != file->size)
		return false;
	(*path)[file->size] = '\0';
	return true;
}

static void begin_process(struct json *json, uint32_t pid)
{
	json_object(json, NULL);
	json_number(json, "pid", pid);
	json_object(json, "files");
}

static void end_process(struct json *json)
{
	json_object_end(json);
	json_object_end(json);
	json_line_end(json);
}

/* Files of a process come one after another. */
static int write_all(FILE *from, FILE *to)
{
	struct json json = { .file = to };
	struct open_file file;
	char path[4097], number[12];
	uint32_t pid = 0;

	while (read_next(from, &file, &path)) {
		if (pid && file.pid != pid)
			end_process(&json);
		if (file.pid != pid)
			begin_process(&json, file.pid);
		pid = file.pid;
		snprintf(number, sizeof(number), "%u", file.fd);
		json_string(&json, number, path);
	}
	if (pid)
		end_process(&json);
	return ferror(from) ? -EIO : 0;
}

int cordon_list_files(const void *state, FILE *file)
{
	struct files_bpf *files CLEANUP(files_bpf) = NULL;
	FILE *from CLEANUP(fclose) = NULL;

	(void)state;
	libbpf_set_print(NULL);
	files = files_bpf__open_and_load();
	if (!files)
		return -errno;
	from = cordon_iterator_open(bpf_program__fd(files->progs.files));
	return from ? write_all(from, file) : -errno;
}
