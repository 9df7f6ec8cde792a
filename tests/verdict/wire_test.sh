#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# serial: yes
#
# The tables of verdicts once more, with real frames on real wires: see kernel_test.c.
cd "$(dirname "$0")/../.." || exit 1
exec "${BUILD:-build}/tests/verdict/kernel_test" --wire "$@"
