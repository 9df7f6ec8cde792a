/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event log on disk: /var/lib/cordon/log/.
 *
 * Each class of events is a chain of its own, so that none takes another's
 * place: blocks of records, one behind the other in segments, files named
 * CLASS.NUMBER ("process.00000003").  A segment that is full is compressed
 * with zstd (RFC 8878) and gets .zst behind its name; its bytes are the same.
 *
 * A block, integers in host byte order (a reader of the other order sees it by
 * the magic):
 *
 *	offset  bytes
 *	     0      4  magic, CORDON_LOG_MAGIC
 *	     4      2  version, CORDON_LOG_VERSION
 *	     6      2  class, enum cordon_event_class of uapi/event.h
 *	     8      4  size: bytes of its records, a multiple of 8
 *	    12      4  records: how many
 *	    16      8  number: of this block in its chain, from 0 on, never again
 *	    24      8  first: number of its first record in its chain
 *	    32      8  monotonic: when it was closed, CLOCK_MONOTONIC nanoseconds
 *	    40      8  wall: the same in nanoseconds since 1970, by a clock that may be wrong
 *	    48     16  boot id
 *	    64     32  former: digest of the block before; zero for number 0
 *	    96      -  records as they came from the ring (uapi/event.h)
 *	     -     32  digest: SHA-256 of all bytes before it
 *	     -     32  MAC: HMAC-SHA-256 (RFC 2104) of the digest by this block's key
 *
 * Keys.  A chain's first key comes from the log's own, which its owner takes
 * away once, when the node is enrolled; each next one comes from the one
 * before, which is then erased:
 *
 *	key[0]     = HMAC(log's key, "cordon log " CLASS)
 *	key[n + 1] = HMAC(key[n], "next")
 *	MAC of n   = HMAC(key[n], digest of n)
 *
 * Who breaks into the node finds the key of the block to come: blocks that are
 * there already cannot be made anew (M. Bellare, B. Yee: Forward Integrity For
 * Secure Audit Logs, 1997; B. Schneier, J. Kelsey: Secure Audit Logs to Support
 * Computer Forensics, ACM TISSEC 2(2), 1999).  The file `keys` holds these
 * keys; a chain that ends before the number in it was cut.
 */
#ifndef CORDON_LOG_FORMAT_H
#define CORDON_LOG_FORMAT_H

#include <linux/types.h>

#define CORDON_LOG_FOLDER "/var/lib/cordon/log"

#define CORDON_LOG_MAGIC 0x4c445243U /* "CRDL" in little-endian order */
#define CORDON_LOG_VERSION 1
#define CORDON_LOG_DIGEST_SIZE 32
#define CORDON_LOG_KEY_SIZE 32

/* Bytes of all segments: at the least each segment, a 64th, has room for a block; at the most they
 * are listed in an instant. */
#define CORDON_LOG_LIMIT_MIN (4ULL << 20)
#define CORDON_LOG_LIMIT_DEFAULT (64ULL << 20)
#define CORDON_LOG_LIMIT_MAX (64ULL << 30)

/* Bytes of records in a block: small enough to be lost, large enough to be worth its frame. */
#define CORDON_LOG_BLOCK_MAX 65536U

/** struct cordon_log_block - what is before a block's records; see above */
struct cordon_log_block {
	__u32 magic;
	__u16 version;
	__u16 class;
	__u32 size;
	__u32 records;
	__u64 number;
	__u64 first;
	__u64 monotonic;
	__s64 wall;
	__u8 boot_id[16];
	__u8 former[CORDON_LOG_DIGEST_SIZE];
};
_Static_assert(sizeof(struct cordon_log_block) == 96, "no padding");

/** struct cordon_log_seal - what is behind them */
struct cordon_log_seal {
	__u8 digest[CORDON_LOG_DIGEST_SIZE];
	__u8 mac[CORDON_LOG_DIGEST_SIZE];
};
_Static_assert(sizeof(struct cordon_log_seal) == 64, "no padding");

#define CORDON_LOG_KEYS_MAGIC "CORDKEY"
#define CORDON_LOG_KEYS_VERSION 1
#define CORDON_LOG_KEYS_FILE "keys"
/* The log's own key, in hexadecimal and a newline, until its owner takes it away. */
#define CORDON_LOG_ENROL_FILE "enrol"
/* Two copies in turn, a page apart: power that fails tears one of them at most.  When the later one
 * is on stable storage the other is erased. */
#define CORDON_LOG_KEYS_STRIDE 4096

/** struct cordon_log_key - of the block @number of a chain */
struct cordon_log_key {
	__u64 number;
	__u8 secret[CORDON_LOG_KEY_SIZE];
};

/**
 * struct cordon_log_keys - the file `keys`, both copies
 * @magic: CORDON_LOG_KEYS_MAGIC and a NUL
 * @crc: CRC-32 (that of zlib) of all bytes, these four taken as zero
 * @sequence: one more each time; odd ones lie in the second copy
 * @chain: by enum cordon_event_class: of the block to come
 */
struct cordon_log_keys {
	char magic[8];
	__u32 version;
	__u32 crc;
	__u64 sequence;
	struct cordon_log_key chain[8];
};
_Static_assert(sizeof(struct cordon_log_keys) == 344, "no padding");

#endif
