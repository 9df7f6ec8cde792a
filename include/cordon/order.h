/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders: what the owner of a node tells it, signed.
 *
 * An order is a CMS SignedData (RFC 5652), DER, with the content in it, whose
 * content is a manifest: lines of "KEY: VALUE", each ended by a line feed.
 *
 *	cordon-order: 1
 *	action: seal isolate
 *	node: store-0042 store-0043
 *	issuer: soc@example.com
 *	counter: 17
 *	reason: card data seen leaving
 *
 * The first line is as it stands here.  Then each key at most once, in any
 * order; a value has no space at its ends, no control character and is UTF-8.
 *
 *	key              value                                          needed
 *	action           seal egress | seal isolate | seal lockdown       yes
 *	                 release | renew | snapshot | detach
 *	                 revoke | wipe
 *	                 policy sha256:64 hexadecimal digits
 *	node             names of nodes, a space between two            one of
 *	fleet            names of fleets, likewise                     the two
 *	issuer           who gives it, for people                         yes
 *	counter          1 to 2^63 - 1; higher than any that the          yes
 *	                 node took for the same role
 *	reason           why, for people                                  yes
 *	not-before-boot  number of the node's boot from which it holds     no
 *	lease            with release, renew and policy: how long a        no
 *	                 dead-man lease lasts from then on:
 *	                 "72h", "5 boots", "72h 5 boots"
 *	evidence         with seal: capture evidence before, for at most so     no
 *	                 many seconds: "5s"
 *	challenge        32 hexadecimal digits that a node shows which     no
 *	                 lost its counters
 *	anchor           with release and detach, to a node that a TPM     no
 *	                 anchors: the number of the seal that it opens
 *	anchor-signatures  with anchor: base64 of the signatures that the    no
 *	                 TPM wants, a space between two; what they are
 *	                 over is in userspace/anchor_rule.h.  A reader
 *	                 without a TPM takes both lines and lets them be
 *
 * A bundle is an order of action `policy` with the policy in it: after the
 * manifest an empty line, and then each file of the policy, the policy first:
 *
 *	file NAME BYTES
 *	(so many bytes, then a line feed)
 *
 * NAME is relative to the policy's folder, without "..".  The digest in the
 * manifest is that which `cordon check` prints.
 *
 * Signers are found by the certificates in trust/; the order need hold none.
 * Digest SHA-256; keys RSA of 2048 to 4096 bits with PKCS #1 v1.5, which the
 * kernel can check, too, or ECDSA on P-256.  No clock is asked: when a
 * certificate begins or ends does not matter.
 */
#ifndef CORDON_ORDER_FORMAT_H
#define CORDON_ORDER_FORMAT_H

#define CORDON_ORDER_HEAD "cordon-order: 1"

/* Bytes of a manifest: the kernel's netlink attribute holds the order with
 * the signatures of several keys. */
#define CORDON_ORDER_MANIFEST_MAX 4096
/* Bytes of an order's file; a bundle may be as big as a policy. */
#define CORDON_ORDER_FILE_MAX 65536
#define CORDON_BUNDLE_FILE_MAX (1UL << 30)
/* Files in a bundle: the policy, and as many as it may include. */
#define CORDON_BUNDLE_FILES_MAX 1025
/* Bytes of values, without a NUL. */
#define CORDON_ORDER_NAMES_MAX 1024
#define CORDON_ORDER_ISSUER_MAX 63
#define CORDON_ORDER_REASON_MAX 159
#define CORDON_ORDER_CHALLENGE_SIZE 16
/* Four keys of RSA 4096, or what else has room in a manifest. */
#define CORDON_ORDER_ANCHOR_MAX 3072
/* Hours and boots that a lease may last: a hundred years. */
#define CORDON_ORDER_LEASE_HOURS_MAX 876000
#define CORDON_ORDER_LEASE_BOOTS_MAX 1000000
/* Seconds that a seal waits for evidence: what is to be stopped goes on meanwhile. */
#define CORDON_ORDER_EVIDENCE_MAX 60
/* Signatures of one order. */
#define CORDON_ORDER_SIGNERS_MAX 16

#endif
