/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of subcommands: what help prints and the manual describes.
 */
#ifndef CORDON_TABLE_H
#define CORDON_TABLE_H

#include "context.h"

#define CORDON_COMMON_OPTIONS                                                                      \
	"  --json        for programs\n"                                                           \
	"  --root DIR    /etc/cordon, /var/lib/cordon and /run/cordon are below DIR\n"             \
	"  --bpffs DIR   pins are in DIR instead of " CORDON_BPFFS_DEFAULT "\n"                    \
	"  --cgroup DIR  attach to this cgroup2 folder instead of the root\n"                      \
	"  --help        this text\n"

/* {name, arguments, summary, options, function} */
#define CORDON_COMMANDS                                                                               \
	{ "check",                                                                                    \
	  "[--node] POLICY",                                                                          \
	  "read a policy and say what would be loaded",                                               \
	  "  --node        also ask this machine: hooks, interfaces and units; exit 3 if\n"           \
	  "                something is missing\n",                                                   \
	  cordon_cmd_check,                                                                           \
	  false },                                                                                    \
		{ "apply",                                                                            \
		  "POLICY [--confirm SECONDS] [--audit] [--force]",                                   \
		  "put a policy into force",                                                          \
		  "  --confirm S   the former policy returns by itself after S seconds unless\n"      \
		  "                `cordon confirm` comes\n"                                          \
		  "  --audit       deny nothing, count and record what would be denied\n"             \
		  "  --force       also if its serial number is lower, or it leaves no way in\n",     \
		  cordon_cmd_apply,                                                                   \
		  true },                                                                             \
		{ "confirm", "", "keep the policy that waits for it", "", cordon_cmd_confirm, true }, \
		{ "rollback",	       "",  "put the former policy back into force", "",              \
		  cordon_cmd_rollback, true },                                                        \
		{ "run",                                                                              \
		  "[--once | --hand]",                                                                \
		  "load, attach, follow interfaces and report denials until ended",                   \
		  "  --once        only restore latch and policy, as a boot does; then end\n"         \
		  "  --hand        instead: carry out on this machine what orders to destroy and\n"   \
		  "                the lockdown level ask for, which the daemon may not\n",           \
		  cordon_cmd_run,                                                                     \
		  false },                                                                            \
		{ "seal",                                                                             \
		  "LEVEL [--reason TEXT]",                                                            \
		  "shut the node, now; only a signed order reopens it",                               \
		  "  LEVEL         egress: nothing leaves but the keep list; isolate: nothing in\n"   \
		  "                or out but the keep list; lockdown: as isolate, and programs,\n"   \
		  "                secrets, units, logins, console and USB input as the policy\n"     \
		  "                says\n"                                                            \
		  "  --reason T    why, for who reads the status\n",                                  \
		  cordon_cmd_seal,                                                                    \
		  true },                                                                             \
		{ "order", "FILE",	     "carry out a signed order, print and keep its receipt",  \
		  "",	   cordon_cmd_order, true },                                                  \
		{ "release",                                                                          \
		  "[--break-glass]",                                                                  \
		  "say how a sealed node is reopened: by a signed order",                             \
		  "  --break-glass reopen it by the code whose hash is in the signed policy, once,\n" \
		  "                read from standard input\n",                                       \
		  cordon_cmd_release,                                                                 \
		  true },                                                                             \
		{ "sign",                                                                             \
		  "WHAT [ARGUMENT ...]",                                                              \
		  "make signed orders and read them, off the node",                                   \
		  "  order seal LEVEL | release | renew | snapshot | detach | revoke | wipe\n"        \
		  "                make an order\n"                                                   \
		  "  policy POLICY make a bundle: a policy and the files it includes, as an order\n"  \
		  "  add ORDER     put more signatures to an order\n"                                 \
		  "  anchor        what the TPM of a node that is released wants signed\n"            \
		  "  show ORDER    what it says and who signed it\n"                                  \
		  "  code          make a break-glass code, and its line for a policy\n\n"            \
		  "  --node N      for these nodes: names, a space between two\n"                     \
		  "  --fleet F     or for these fleets\n"                                             \
		  "  --counter N   a number above that of every order before: $(date +%s) will do\n"  \
		  "  --issuer I    who gives it, for people\n"                                        \
		  "  --reason T    why, for people\n"                                                 \
		  "  --lease L     how long a dead-man lease lasts then: '72h', '72h 5 boots'\n"      \
		  "  --evidence T  seal: capture evidence before, for at most so long: '5s'\n"        \
		  "  --not-before-boot N\n"                                                           \
		  "                not before this boot of the node\n"                                \
		  "  --challenge H what a node shows that lost its counters\n"                        \
		  "  --cert C      sign as the holder of this certificate; several may\n"             \
		  "  --key K       with this key: a file, or what else openssl takes\n"               \
		  "  -o FILE       where the signed order is written to\n"                            \
		  "  --force       also if it is there already\n"                                     \
		  "  --trust DIR   show: would who is trusted by this folder be enough? order with\n" \
		  "                --anchor, and anchor: a copy of the node's folder trust/\n"        \
		  "  --anchor N    release, detach: after which seal, as the node's status has it\n"  \
		  "  --anchor-signatures FILE\n"                                                      \
		  "                release: what others signed of 'cordon sign anchor'\n\n",          \
		  cordon_cmd_sign,                                                                    \
		  false },                                                                            \
		{ "detach",                                                                           \
		  "",                                                                                 \
		  "take everything out of the kernel; nothing is enforced any more",                  \
		  "",                                                                                 \
		  cordon_cmd_detach,                                                                  \
		  false },                                                                            \
		{ "status",                                                                           \
		  "",                                                                                 \
		  "what is in force and covered; exit 0 enforcing, 3 degraded, 4 not",                \
		  "",                                                                                 \
		  cordon_cmd_status,                                                                  \
		  false },                                                                            \
		{ "explain",                                                                          \
		  "[OPTION ...] DIRECTION PROTOCOL SOURCE DESTINATION [PORT]",                        \
		  "the rule or reason that decides",                                                  \
		  "  DIRECTION     in, out or forward\n"                                              \
		  "  PORT          port, or TYPE or TYPE/CODE of ICMP\n"                              \
		  "  --interface I as seen there (forward: where it comes in)\n"                      \
		  "  --workload W  sent by this workload, or for a port that it listens on\n"         \
		  "  --policy FILE this policy instead of the one in force\n",                        \
		  cordon_cmd_explain,                                                                 \
		  false },                                                                            \
		{ "counters",                                                                         \
		  "[--denials]",                                                                      \
		  "packets by rule, and denied by reason",                                            \
		  "  --denials     who was denied what\n",                                            \
		  cordon_cmd_counters,                                                                \
		  false },                                                                            \
		{ "evidence",                                                                         \
		  "[OUT] [--reason TEXT] [--limit SIZE] [--time SECONDS] [--add PATH ...]",           \
		  "capture what is to be seen now: one tar, its digest in the log",                   \
		  "  OUT           a new file, or - for standard output; else one of its own in\n"    \
		  "                /var/lib/cordon/evidence\n"                                        \
		  "  --reason T    why, for who reads the log\n"                                      \
		  "  --limit SIZE  of what is captured: 500k, 64M (the default), 1G\n"                \
		  "  --time S      seconds that it may take (30)\n"                                   \
		  "  --add PATH    this regular file, too; several may be given\n",                   \
		  cordon_cmd_evidence,                                                                \
		  true },                                                                             \
		{ "events",                                                                           \
		  "[OPTION ...] [FOLDER]",                                                            \
		  "what the log tells, also another machine's",                                       \
		  "  FOLDER        of a log; this node's is /var/lib/cordon/log\n"                    \
		  "  --class C     only these: own, enforcement, tamper, auth, denial, config,\n"     \
		  "                flow, process; a comma between two\n"                              \
		  "  --user U      by this user, by name or number\n"                                 \
		  "  --unit U      in this unit, ssh.service\n"                                       \
		  "  --pid P       by this process\n"                                                 \
		  "  --reason R    denied for this reason, no-rule\n"                                 \
		  "  --rule R      connections that this rule let through\n"                          \
		  "  --since T     \"YYYY-MM-DD HH:MM[:SS]\" (UTC), or 30s, 10m, 2h, 3d ago\n"        \
		  "  --until T     likewise\n"                                                        \
		  "  --boot        of this boot\n"                                                    \
		  "  --tree        processes, by who started whom\n"                                  \
		  "  --follow      what comes from now on; with --since, from then on\n",             \
		  cordon_cmd_events,                                                                  \
		  false },                                                                            \
		{ "flows", "", "live flows", "", cordon_cmd_flows, false },                           \
		{ "top",                                                                              \
		  "[--count N]",                                                                      \
		  "what is busiest, every second",                                                    \
		  "  --count N     end after N rounds\n",                                             \
		  cordon_cmd_top,                                                                     \
		  false },                                                                            \
		{ "log",                                                                              \
		  "[verify [DIR] --key FILE | key [FILE] | head [DIR]]",                              \
		  "is the event log what the node wrote? and its key, once",                          \
		  "  verify DIR    check a log offline, here or on any machine; without DIR this\n"   \
		  "                node's own; exit 1 if it was edited, cut, forged ...\n"            \
		  "  key FILE      hand out the key for that into FILE or to standard output,\n"      \
		  "                once, and erase it here\n"                                         \
		  "  head DIR      where the chains end, by their own word\n\n"                       \
		  "  --key FILE    verify: what `cordon log key` handed out\n"                        \
		  "  --receipts D  verify: and are the receipts in this folder what the log says?\n", \
		  cordon_cmd_log,                                                                     \
		  false },                                                                            \
		{ "gate",                                                                             \
		  "[FILE]",                                                                           \
		  "what /etc/cordon/gate says, as parameters of the module, for an initramfs",        \
		  "",                                                                                 \
		  cordon_cmd_gate,                                                                    \
		  false },                                                                            \
	{                                                                                             \
		"demo", "", "the whole story in private namespaces, on any machine", "",              \
			cordon_cmd_demo, false                                                        \
	}

#endif
