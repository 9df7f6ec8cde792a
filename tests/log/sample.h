/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logs for tests, made block by block: of any boot, at any time, with records of any type.
 */
#ifndef TESTS_LOG_SAMPLE_H
#define TESTS_LOG_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>
#include <cordon/uapi/process.h>
#include <cordon/uapi/record.h>

#include "log_writer.h"

#define SAMPLE_SECOND 1000000000ULL

struct sample {
	int folder;
	struct cordon_log_writer *writer[CORDON_CLASS_COUNT];
	struct cordon_log_block *block;
};

/** sample_open() - an empty log in a folder that is there. Return: could it? */
bool sample_open(struct sample *sample, const char *path);
void sample_close(struct sample *sample);

/** sample_begin() - a block; records are added to it, then it is written */
void sample_begin(struct sample *sample, enum cordon_event_class class);
void sample_add(struct sample *sample, const struct cordon_event *record);

/** sample_write() - Return: could it?
 * @boot: each of its bytes
 * @monotonic: nanoseconds, when it is closed
 * @wall: seconds
 */
bool sample_write(struct sample *sample, uint8_t boot, uint64_t monotonic, int64_t wall);

/** sample_write_here() - of this boot, now */
bool sample_write_here(struct sample *sample);

/** sample_record() - a record with nothing but its size, type and time, and 64 bytes at most */
void sample_record(struct sample *sample, uint16_t type, uint64_t time);

void sample_fork(struct sample *sample, uint32_t pid, uint64_t start, uint32_t child,
		 uint64_t child_start);

/**
 * struct sample_exec - what tests vary; @arguments: one behind the other, @size bytes with
 *	their NULs
 */
struct sample_exec {
	uint32_t pid, parent, uid, euid;
	uint64_t start, parent_start, time, cgroup;
	uint16_t flags;
	const char *path;
	const char *interpreter;
	const char *arguments;
	size_t size;
};
void sample_exec(struct sample *sample, const struct sample_exec *made);

void sample_exit(struct sample *sample, uint32_t pid, uint64_t start, uint64_t time,
		 uint32_t status);
void sample_cgroup(struct sample *sample, uint64_t cgroup, const char *path, uint64_t time);

/** sample_flow() - a connection that begins */
struct cordon_event_flow sample_flow(uint64_t time);

/** sample_denial() - of TCP port 443 from 10.0.0.1 to 198.51.100.2 */
struct cordon_event_denial sample_denial(uint64_t time);

/** sample_each() - a record of each type that there is, in blocks of this boot. Return: could it? */
bool sample_each(struct sample *sample);

#endif
