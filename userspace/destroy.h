/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To destroy what a policy lists: keys, what a TPM holds, files, headers of
 * disks.  It asks for no right to do so, and says of each thing exactly what
 * became of it.  Everything may be done again: what is gone is gone.
 */
#ifndef CORDON_DESTROY_H
#define CORDON_DESTROY_H

#include "context.h"
#include "image.h"

/* Seconds that overwriting may take in all: what is not overwritten then is unlinked as it is. */
#define CORDON_DESTROY_SECONDS 300

/**
 * enum cordon_destroyed_state - what became of a thing
 * @CORDON_DESTROYED: it is gone, as far as @how says
 * @CORDON_DESTROYED_BEFORE: there was nothing (any more)
 * @CORDON_NOT_DESTROYED: at least a part of it is still there
 */
enum cordon_destroyed_state {
	CORDON_DESTROYED,
	CORDON_DESTROYED_BEFORE,
	CORDON_NOT_DESTROYED,
};

/**
 * struct cordon_destroyed - one thing that was to be destroyed
 * @kind: enum cordon_lockdown_kind
 * @how: for people: what was done, and what that does not reach
 */
struct cordon_destroyed {
	enum cordon_destroyed_state state;
	uint32_t kind;
	char name[CORDON_LOCKDOWN_TEXT_SIZE];
	char how[256];
};

/** struct cordon_destruction - free with cordon_destruction_clear() */
struct cordon_destruction {
	struct cordon_destroyed *each;
	size_t nr;
	size_t failed;
};

void cordon_destruction_clear(struct cordon_destruction *destruction);

/** cordon_destroy_secrets() - keys first, they take no time; then TPM handles, then files */
int cordon_destroy_secrets(const struct cordon_context *context, const struct cordon_image *image,
			   struct cordon_destruction *ret_destruction);

/** cordon_destroy_disks() - LUKS headers first, then paths to wipe
 * Both return 0, whatever could not be destroyed, or -ENOMEM. */
int cordon_destroy_disks(const struct cordon_context *context, const struct cordon_image *image,
			 struct cordon_destruction *ret_destruction);

/** struct cordon_destroyer - what the parts below share: @until: CLOCK_MONOTONIC, nanoseconds */
struct cordon_destroyer {
	const struct cordon_context *context;
	uint64_t until;
};

/* Each fills in @state and @how of one thing: destroy_file.c, destroy_luks.c, destroy_key.c,
 * destroy_tpm.c. */
void cordon_destroy_file(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing);
void cordon_destroy_luks(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing);
void cordon_destroy_key(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing);
void cordon_destroy_tpm(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing);

/** cordon_destroyed_say() - state and text in one; a text that is too long is cut */
void cordon_destroyed_say(struct cordon_destroyed *thing, enum cordon_destroyed_state state,
			  const char *format, ...) __attribute__((format(printf, 3, 4)));

/**
 * cordon_destroy_open() - what a path names, no symbolic link followed on the way to it
 * @ret_folder: of it, the caller's to close
 * @ret_name: its last part, within @path
 * Return: 0 or -errno
 */
int cordon_destroy_open(const char *path, int *ret_folder, const char **ret_name);

/**
 * cordon_destroy_overwrite() - random bytes over a part of a file or device, on stable storage
 * @until: as above
 * Return: 0; -ETIMEDOUT: time was up; -errno
 */
int cordon_destroy_overwrite(int fd, uint64_t from, uint64_t size, uint64_t until);

/**
 * cordon_destroy_medium() - what overwriting does not reach there
 * Return: "" : nothing that is known of; else a text that begins with "; "
 */
const char *cordon_destroy_medium(int fd);

#endif
