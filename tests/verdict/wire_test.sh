#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# serial: yes
#
# The tables of verdicts once more, with real frames on real wires: see kernel_test.c.
set -e
cd "$(dirname "$0")/../.."
exec "${BUILD:-build}/tests/verdict/kernel_test" --wire "$@"
