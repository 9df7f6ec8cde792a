/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that holds a compiled policy, so that a boot need neither parse nor
 * compile.  It is read on the machine that wrote it: integers are in host byte
 * order, and a file of the other order fails on @order.
 *
 *	 offset  bytes
 *	      0      8  magic "CORDIMG" and a NUL
 *	      8      4  version, CORDON_IMAGE_VERSION
 *	     12      4  order, CORDON_IMAGE_ORDER
 *	     16      8  size of the file in bytes
 *	     24      4  CRC-32 (that of zlib) of the whole file, these four
 *	                bytes taken as zero
 *	     28      4  number of sections, CORDON_IMAGE_SECTIONS
 *	     32     16  section 0: bytes of one element (4), zero (4), elements (8)
 *	     48     16  section 1
 *	      :      :
 *	    288        elements of section 0
 *	                zeros up to a multiple of 8
 *	                elements of section 1
 *	      :      :
 *
 * The sections are those of enum cordon_image_section, all of them, in that
 * order; each is an array of the struct named there, from the ABI or from
 * userspace/image.h.  A change of any of those structs, or of what a value in
 * them means, is a new version.
 *
 * The sum finds what is torn, not what is forged: a reader checks each number
 * that the kernel's programs will follow.
 */
#ifndef CORDON_IMAGE_FORMAT_H
#define CORDON_IMAGE_FORMAT_H

#include <linux/types.h>

#define CORDON_IMAGE_MAGIC "CORDIMG"
#define CORDON_IMAGE_VERSION 10
#define CORDON_IMAGE_ORDER 0x01020304U

enum cordon_image_section {
	CORDON_IMAGE_SETTINGS,		/* cordon_settings, one */
	CORDON_IMAGE_PREFIXES,		/* cordon_prefix_page */
	CORDON_IMAGE_MATRIX,		/* cordon_cell, identities squared, for CORDON_LATCH_OPEN */
	CORDON_IMAGE_EGRESS,		/* as many, for CORDON_LATCH_EGRESS */
	CORDON_IMAGE_KEEP,		/* as many, for the tighter levels */
	CORDON_IMAGE_PAGES,		/* cordon_page */
	CORDON_IMAGE_LEAF,		/* a byte for each page */
	CORDON_IMAGE_CLASSES,		/* cordon_class */
	CORDON_IMAGE_ZONES,		/* cordon_zone, one for each identity */
	CORDON_IMAGE_RULES,		/* cordon_image_rule */
	CORDON_IMAGE_INTERFACES,	/* cordon_image_interface */
	CORDON_IMAGE_WORKLOADS,		/* cordon_image_workload */
	CORDON_IMAGE_CERTIFICATES,	/* cordon_image_certificate */
	CORDON_IMAGE_LOCKDOWN,		/* cordon_image_lockdown */
	CORDON_IMAGE_BACKSTOP,		/* cordon_module_rule */
	CORDON_IMAGE_BACKSTOP_PREFIXES, /* cordon_module_prefix */
	CORDON_IMAGE_SECTIONS
};

/** struct cordon_image_extent - one section: @count elements of @size bytes */
struct cordon_image_extent {
	__u32 size;
	__u32 pad;
	__u64 count;
};

/** struct cordon_image_header - the start of the file, as drawn above */
struct cordon_image_header {
	char magic[8];
	__u32 version;
	__u32 order;
	__u64 size;
	__u32 crc;
	__u32 sections;
	struct cordon_image_extent section[CORDON_IMAGE_SECTIONS];
};
_Static_assert(sizeof(struct cordon_image_header) == 288, "cordon_image_header has no padding");

#endif
