/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What is changed in how the node is set up.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_CONFIG_H
#define CORDON_UAPI_CONFIG_H

#include <linux/types.h>

#include "event.h"
#include "policy.h"

/* cordon_event_file.change: X(NAME, bit, "what it is called") */
#define CORDON_FILE_CHANGES(X)                                                                     \
	X(CREATED, 0, "created")                                                                   \
	X(WRITTEN, 1, "written")                                                                   \
	X(DELETED, 2, "deleted")                                                                   \
	X(MOVED_HERE, 3, "moved-here")                                                             \
	X(MOVED_AWAY, 4, "moved-away")                                                             \
	X(ATTRIBUTES, 5, "attributes")	    /* owner, mode, times, number of names */              \
	X(OTHER_NAME, 6, "by-another-name") /* not by its path, but it is the same file (link(2)) */

enum cordon_file_change {
#define CORDON_FILE_ENUM(name, bit, text) CORDON_FILE_##name = 1 << (bit),
	CORDON_FILE_CHANGES(CORDON_FILE_ENUM)
#undef CORDON_FILE_ENUM
};

/**
 * struct cordon_event_file - a file that matters was changed; the event's @pid did it, 0: the
 *	kernel does not say who
 * @digest: SHA-256 of what is in it now; zeros: it is gone, or no file, or too large
 * @size: bytes that it has now
 * @change: enum cordon_file_change, several at once
 * @mode, @owner, @group: as they are now, 0 if it is gone
 * texts: its path, the name of the process if it still went on when it was looked up
 */
struct cordon_event_file {
	struct cordon_event event;
	__u8 digest[32];
	__u64 size;
	__u32 change;
	__u32 mode;
	__u32 owner;
	__u32 group;
};
_Static_assert(sizeof(struct cordon_event_file) == 80, "no padding");

/* cordon_event_link.change: X(NAME, bit, "what it is called") */
#define CORDON_LINK_CHANGES(X)                                                                     \
	X(APPEARED, 0, "appeared")                                                                 \
	X(GONE, 1, "gone")                                                                         \
	X(RENAMED, 2, "renamed")                                                                   \
	X(UP, 3, "up")                                                                             \
	X(DOWN, 4, "down")                                                                         \
	X(CARRIER, 5, "carrier")       /* the cable is in, and the other end is there */           \
	X(NO_CARRIER, 6, "no-carrier") /* it is not */                                             \
	X(MASTER, 7, "master")	       /* of another bridge or bond, or of none */                 \
	X(HARDWARE, 8, "hardware-address")                                                         \
	X(PROMISCUOUS, 9, "promiscuous") /* somebody hears what is for others */                   \
	X(NOT_PROMISCUOUS, 10, "not-promiscuous")

enum cordon_link_change {
#define CORDON_LINK_ENUM(name, bit, text) CORDON_LINK_##name = 1 << (bit),
	CORDON_LINK_CHANGES(CORDON_LINK_ENUM)
#undef CORDON_LINK_ENUM
};

/**
 * struct cordon_event_link - an interface came, went or changed; the kernel does not say who did it
 * @index: its
 * @change: enum cordon_link_change, several at once
 * @flags: IFF_UP, IFF_LOWER_UP and IFF_PROMISC as they are now, as <linux/if.h> has them
 * @master: index of its bridge or bond, 0: none
 * texts: its name, the one before if it was renamed, kind ("veth"), what it is a part of
 *	("0000:00:03.0"), hardware address, name of its master
 */
struct cordon_event_link {
	struct cordon_event event;
	__u32 index;
	__u32 change;
	__u32 flags;
	__u32 master;
};
_Static_assert(sizeof(struct cordon_event_link) == 40, "no padding");

/* cordon_event_address.change, cordon_event_route.change: X(NAME, "what it is called") */
#define CORDON_ENTRY_CHANGES(X)                                                                    \
	X(ADDED, "added")                                                                          \
	X(REMOVED, "removed")                                                                      \
	X(REPLACED, "replaced") /* it came in place of one to the same destination */

enum cordon_entry_change {
#define CORDON_ENTRY_ENUM(name, text) CORDON_ENTRY_##name,
	CORDON_ENTRY_CHANGES(CORDON_ENTRY_ENUM)
#undef CORDON_ENTRY_ENUM
	CORDON_ENTRY_CHANGE_COUNT
};

/**
 * struct cordon_event_address - an address of the node
 * @index: of the interface
 * @change: enum cordon_entry_change
 * @prefix: bits of its network
 * texts: the interface's name
 */
struct cordon_event_address {
	struct cordon_event event;
	struct cordon_address address;
	__u32 index;
	__u8 change;
	__u8 prefix;
	__u16 pad;
};
_Static_assert(sizeof(struct cordon_event_address) == 48, "no padding");

/**
 * struct cordon_event_route - a route, of any table but local
 * @destination, @prefix: where to
 * @gateway: zeros: there is none; of several next hops the first
 * @index: of the interface, 0: none
 * @table, @metric, @type, @protocol: as <linux/rtnetlink.h> has them
 * @change: enum cordon_entry_change
 * texts: the interface's name
 */
struct cordon_event_route {
	struct cordon_event event;
	struct cordon_address destination;
	struct cordon_address gateway;
	__u32 index;
	__u32 table;
	__u32 metric;
	__u8 change;
	__u8 prefix;
	__u8 type;
	__u8 protocol;
};
_Static_assert(sizeof(struct cordon_event_route) == 72, "no padding");

/**
 * struct cordon_doer - who did it, where the kernel tells
 * @start: of its process, CLOCK_BOOTTIME nanoseconds
 * @login_uid, @session: ~0: nobody logged in
 * @name: of the program
 */
struct cordon_doer {
	__u64 start;
	__u32 uid;
	__u32 euid;
	__u32 login_uid;
	__u32 session;
	char name[16];
};
_Static_assert(sizeof(struct cordon_doer) == 40, "no padding");

/* cordon_event_parameter.event.flags */
#define CORDON_PARAMETER_NAME_CUT (1 << 0)
#define CORDON_PARAMETER_BEFORE_CUT (1 << 1)
#define CORDON_PARAMETER_AFTER_CUT (1 << 2)

/**
 * struct cordon_event_parameter - somebody writes a parameter of the kernel (sysctl), as far as
 *	this node's processes go; told before the kernel takes it, and also if it then refuses
 * @name: below /proc/sys, "net/ipv4/ip_forward"
 * @before: what it was, "": it cannot be read
 * @after: what is written
 */
struct cordon_event_parameter {
	struct cordon_event event;
	struct cordon_doer doer;
	char name[96];
	char before[96];
	char after[96];
};
_Static_assert(sizeof(struct cordon_event_parameter) == 352, "no padding");

/**
 * struct cordon_event_module - a module of the kernel is in it, or no more
 * @taints: what it does to the kernel's trust in itself: bit 0 proprietary, 1 loaded by force,
 *	12 not of the kernel's own tree, 13 not signed
 *	(Documentation/admin-guide/tainted-kernels.rst)
 * @unloaded: 1
 */
struct cordon_event_module {
	struct cordon_event event;
	struct cordon_doer doer;
	__u64 taints;
	__u32 unloaded;
	__u32 pad;
	char name[56];
};
_Static_assert(sizeof(struct cordon_event_module) == 136, "no padding");

/* cordon_event_mount.change: X(NAME, "what it is called") */
#define CORDON_MOUNT_CHANGES(X)                                                                    \
	X(MOUNTED, "mounted")                                                                      \
	X(UNMOUNTED, "unmounted")                                                                  \
	X(MOVED, "moved")                                                                          \
	X(CHANGED, "changed") /* its options */

enum cordon_mount_change {
#define CORDON_MOUNT_ENUM(name, text) CORDON_MOUNT_##name,
	CORDON_MOUNT_CHANGES(CORDON_MOUNT_ENUM)
#undef CORDON_MOUNT_ENUM
	CORDON_MOUNT_CHANGE_COUNT
};

/**
 * struct cordon_event_mount - a mount of the daemon's mount namespace
 * @change: enum cordon_mount_change
 * texts: where, source, type of file system, options of the mount, of the file system, device
 *	("8:1"), what of the file system is seen there ("/")
 */
struct cordon_event_mount {
	struct cordon_event event;
	__u32 change;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_event_mount) == 32, "no padding");

/* cordon_event_device.change: X(NAME, "what the kernel calls it", "what it is called") */
#define CORDON_DEVICE_CHANGES(X)                                                                   \
	X(ADDED, "add", "added")                                                                   \
	X(REMOVED, "remove", "removed")                                                            \
	X(CHANGED, "change", "changed")

enum cordon_device_change {
#define CORDON_DEVICE_ENUM(name, action, text) CORDON_DEVICE_##name,
	CORDON_DEVICE_CHANGES(CORDON_DEVICE_ENUM)
#undef CORDON_DEVICE_ENUM
	CORDON_DEVICE_CHANGE_COUNT
};

/**
 * struct cordon_event_device - a device that somebody can put in or take out, or moves: lid, button
 * @change: enum cordon_device_change
 * @bytes: size of a block device, 0: not known
 * texts: subsystem ("usb", "block", "input" ...), its type there ("disk"), path in sysfs, name in
 *	/dev, vendor and product as numbers ("046d:c52b"), vendor, model, serial number, state of a
 *	power supply, or what became of lid or button ("lid closed")
 */
struct cordon_event_device {
	struct cordon_event event;
	__u64 bytes;
	__u32 change;
	__u32 pad;
};
_Static_assert(sizeof(struct cordon_event_device) == 40, "no padding");

/**
 * struct cordon_event_clock - the clock was set; what the kernel slews is not told
 * @before: what it would say now, nanoseconds since 1970
 * @after: what it says now
 */
struct cordon_event_clock {
	struct cordon_event event;
	__s64 before;
	__s64 after;
};
_Static_assert(sizeof(struct cordon_event_clock) == 40, "no padding");

/**
 * struct cordon_event_program - a BPF program was loaded, by the event's @pid, or is no more
 * @tag: the kernel's digest of its instructions
 * @id: the kernel's number of it
 * @unloaded: 1
 * @ours: 1: its instructions are those of a program of cordon's that is pinned
 * @known: 1: the kernel could still say what it is
 * texts: its type ("xdp"), its name
 */
struct cordon_event_program {
	struct cordon_event event;
	__u8 tag[8];
	__u32 id;
	__u8 unloaded;
	__u8 ours;
	__u8 known;
	__u8 pad;
};
_Static_assert(sizeof(struct cordon_event_program) == 40, "no padding");

/* cordon_event_certificate.state: X(NAME, "what it is called") */
#define CORDON_CERTIFICATE_STATES(X)                                                               \
	X(VALID, "valid") /* it has come in place of another, or its time has come */              \
	X(ENDS_SOON,                                                                               \
	  "ends-soon") /* in 30 days, or in the last third of its life if that is less */          \
	X(ENDED, "ended")                                                                          \
	X(NOT_YET, "not-yet-valid")                                                                \
	X(UNREADABLE, "unreadable") /* no file, or no certificate in it */

enum cordon_certificate_state {
#define CORDON_CERTIFICATE_ENUM(name, text) CORDON_CERTIFICATE_##name,
	CORDON_CERTIFICATE_STATES(CORDON_CERTIFICATE_ENUM)
#undef CORDON_CERTIFICATE_ENUM
	CORDON_CERTIFICATE_STATE_COUNT
};

/**
 * struct cordon_event_certificate - a certificate that the policy lists ends, has ended, or may not
 *	be used for another reason; once for each state of what is in the file
 * @not_before, @not_after: seconds since 1970
 * @digest: SHA-256 of the certificate
 * @state: enum cordon_certificate_state; all the others are 0 if it is unreadable
 * @certificates: in the file; this is the one that ends first
 * texts: path, common name of whom it is for, of who issued it, why it is unreadable
 */
struct cordon_event_certificate {
	struct cordon_event event;
	__s64 not_before;
	__s64 not_after;
	__u8 digest[32];
	__u32 state;
	__u32 certificates;
};
_Static_assert(sizeof(struct cordon_event_certificate) == 80, "no padding");

/**
 * struct cordon_event_unwatched - what is changed in a folder that matters is not told from now on;
 *	that it is told again, changes in it tell
 * texts: its path, why
 */
struct cordon_event_unwatched {
	struct cordon_event event;
};
_Static_assert(sizeof(struct cordon_event_unwatched) == 24, "no padding");

#endif
