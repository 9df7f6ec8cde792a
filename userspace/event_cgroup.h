/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the path of a cgroup tells: the unit of systemd, the container.  By the
 * path alone, so that it also holds for another machine's.
 */
#ifndef CORDON_EVENT_CGROUP_H
#define CORDON_EVENT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

#define CORDON_CONTAINER_DIGITS 64

/**
 * cordon_event_cgroup_unit() - its last component that is a service, scope or slice
 * @ret_size: bytes of it
 * Return: into @path; NULL: there is none.
 */
const char *cordon_event_cgroup_unit(const char *path, size_t *ret_size);

/** cordon_event_cgroup_is_in() - is @unit one of its components? */
bool cordon_event_cgroup_is_in(const char *path, const char *unit);

/** cordon_event_cgroup_container() - Return: 64 hexadecimal digits in @path; NULL: there are none */
const char *cordon_event_cgroup_container(const char *path);

#endif
