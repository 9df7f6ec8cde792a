#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# The log from end to end: a node denies, the daemon writes, is killed, finds no room and a file
# system that is read-only; its owner takes the key, once, and verifies, here and elsewhere. What
# the node wrote is sound, also while it is being written; what somebody does to it is found, where
# he did it.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh

policy() # BUDGET SERIAL
{
	cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: $2
	zones: {wan: {addresses: [10.1.0.0/24]}}
	rules: [{name: ssh, from: wan, to: node, services: [tcp/22]}]
	quarantine: {keep: [{name: ssh, from: wan, to: node, services: [tcp/22]}]}
	log: {budget: $1}
	END
}

verify() { cordon log verify "$@" --key "$KEY"; }
# Records of a class, by an authentic log; of one that is not: nothing
records() { verify --json | gojq -e "select(.sound) | .classes.$1.records"; }
has_records() { [ "$(records denial)" -ge "$1" ]; }
lost() { verify --json | gojq -e "select(.sound) | .classes.$1.lost"; }
# What was found in the copy, a line each: KIND PLACE FIRST COUNT
findings() { verify "$COPY" --json | gojq -r '.findings[] | "\(.kind) \(.place) \(.first) \(.count)"'; }
status_log() { cordon status --json | gojq -e ".log | $1"; }
status_says() { cordon status 2>&1 | grep -q "$1"; }

start()
{
	rm -f "$NET_TMP/out"
	cordon run >"$NET_TMP/out" 2>&1 &
	until_ok 20 grep -q following "$NET_TMP/out" || die "the daemon does not start"
	until_ok 20 test -s "$NET_ROOT/run/cordon/daemon" || die "there is no daemon"
}

end()
{
	local pid
	pid=$(cat "$NET_ROOT/run/cordon/daemon")
	kill "-$1" "$pid"
	until_ok 20 test ! -d "/proc/$pid"
}

# deny N: so many denials; those that are the first of their kind are records, at once
deny()
{
	local port
	for port in $(seq "$1"); do
		on_peer wan bash -c "echo >/dev/udp/10.1.0.1/$((port + RANDOM % 30000 + 1000))" || true
		sleep 0.01
	done
}
tell() { timeout 60 "$BUILD/tests/log/ring_helper" "$NET_ROOT" "$NET_BPFFS" tell "$1" >/dev/null; }

copy() { rm -rf "$COPY" && cp -r "$LOG" "$COPY"; }
damage() { tests/log/damage.py "$@"; }

# found TEXT WANT: of the copy exactly this is said, it is a breach, and it is not sound
found()
{
	local got
	got=$(findings | xargs)
	if [ "$got" = "$2" ] && exits 1 verify "$COPY"; then ok "$1: $2"; else not_ok "$1"; echo "# wants: $2"; echo "# got:   $got"; fi
}

# The test's own status is the last one that net_stop sees.
unmount_log() { local status=$?; umount "$LOG" 2>/dev/null; (exit "$status"); net_stop; }

test_start 59
net_start
KEY=$NET_TMP/key LOG=$NET_ROOT/var/lib/cordon/log COPY=$NET_TMP/copy
trap unmount_log EXIT
net_peer wan
net_address wan 10.1.0.1/24 10.1.0.2/24

# ---- to take the key ------------------------------------------------------------------------
check "no log, no key" says "no log was begun yet" cordon log key
refuse "no log, nothing to verify" verify
policy 64M 1
cordon apply "$NET_TMP/policy.yaml" >/dev/null
check "an apply begins the log" test -s "$LOG/keys"
start
check "status: the key waits to be taken" status_log .key_waits
check "to a place that is not there: refused" says "cannot make" cordon log key "$NET_TMP/none/key"
touch "$NET_TMP/other"
check "to a file that is there: refused" says "File exists" cordon log key "$NET_TMP/other"
check "to an output that is full: refused" exits 1 on_node bash -c \
	'exec "$@" >/dev/full' - "$CORDON" --root "$NET_ROOT" log key
check "and it is still there" test -s "$LOG/enrol"
check "to a file" cordon log key "$KEY"
check "that is its owner's" test "$(stat -c '%a %s' "$KEY")" = "600 65"
check "and gone from the node" test ! -e "$LOG/enrol"
check "once" says "taken already" cordon log key
check "status: it is taken" status_log '.key_waits | not'

# ---- what was written is sound --------------------------------------------------------------
deny 3
end TERM
start
deny 12
check "a log that is being written is sound" verify
deny 200 &
sound=0
for _ in $(seq 20); do verify >/dev/null && sound=$((sound + 1)); done
check "also under denials, 20 times" test "$sound" = 20
wait $!
check "what the daemon before wrote is compressed" until_ok 15 test -e "$LOG/denial.00000000.zst"
check "status: how full it is, and when it was last written" status_log \
	'.open and .bytes > 10000 and .budget == 67108864 and .age_seconds < 100 and .problem == ""'
end TERM
before=$(records denial)
check "what was denied is there" test "$before" -ge 40
check "head and verify count the same" test "$(cordon log head --json | gojq .denial.records)" = "$before"
check "elsewhere, too" on_node bash -c 'cp -r "$1" "$2" && exec "$3" log verify "$2" --key "$4"' - \
	"$LOG" "$COPY" "$CORDON" "$KEY"

# ---- what somebody does is found ------------------------------------------------------------
one=denial.00000001
blocks=$(damage "$LOG/$one" count)
check "there are blocks to damage" test "$blocks" -ge 8
first=$(($(cordon log head --json | gojq .denial.blocks) - blocks))
place() { damage "$LOG/$one" place "$1"; }

copy && damage "$COPY/$one" edit 3
found "edited" "edited $one $(place 3)"
copy && damage "$COPY/$one" forge 3
found "made anew without the key" "forged $one $((first + 3)) 1 removed $one $((first + 3)) 1"
copy && damage "$COPY/$one" drop 3
found "removed" "removed $one $((first + 3)) 1"
copy && damage "$COPY/$one" swap 3 4
found "reordered" "reordered $one $((first + 3)) 1 removed $one $((first + 3)) 1"
copy && damage "$COPY/$one" again 3
found "replayed" "reordered $one $((first + 3)) 1"
copy && damage "$COPY/$one" drop $((blocks - 1))
found "cut by a block" "cut denial $((first + blocks - 1)) 1"
copy && damage "$COPY/$one" cut 8
check "cut within a block: found" exits 1 verify "$COPY"
copy && damage "$COPY/$one" extend 16
found "extended" "strange $one $(stat -c %s "$LOG/$one") 16"
copy && rm "$COPY/$one"
found "a segment removed at the end" "cut denial $first $blocks"
copy && rm "$COPY/denial.00000000.zst"
found "at the beginning" "removed $one 0 $first"
copy && printf x | dd of="$COPY/denial.00000000.zst" bs=1 seek=20 conv=notrunc 2>/dev/null
check "a compressed segment damaged: found" exits 1 verify "$COPY"
copy && mv "$COPY/$one" "$COPY/denial.00000007" && cp "$COPY/own.00000001" "$COPY/$one"
check "a segment of another class: found" exits 1 verify "$COPY"
copy && rm "$COPY/keys"
check "no keys: the end is not proved" test "$(findings | grep -c ^unproved)" = 8
check "an emptied log is a breach" bash -c 'rm "$1"/*.*' - "$COPY"
check "and none at all is told as that" says "there is no log in it" verify "$COPY"
tr 0-9a-f 1-9a-f0 <"$KEY" >"$NET_TMP/wrong"
check "another log's key" says "is it another log's?" cordon log verify --key "$NET_TMP/wrong"
head -c 40 "$KEY" >"$NET_TMP/wrong"
check "half a key: what is wrong" says "it has 40 digits" cordon log verify --key "$NET_TMP/wrong"
sed 's/./g/9' "$KEY" >"$NET_TMP/wrong"
check "a wrong digit: where" says "wrong:1:9: this is no hexadecimal digit" \
	cordon log verify --key "$NET_TMP/wrong"
check "no key: usage" exits 2 cordon log verify
check "no such folder" exits 1 verify "$NET_TMP/none"

# ---- killed, torn, put back -----------------------------------------------------------------
cp -r "$LOG" "$NET_TMP/old"
start
deny 5
until_ok 20 has_records $((before + 5))
end KILL
# The last block of another class may be half there.
check "killed: what it wrote is there" test "$(verify --json | gojq .classes.denial.records)" -ge $((before + 5))
last_of() { find "$LOG" -name "$1.*" ! -name '*.zst' | sort | tail -n 1; }
cp -r "$LOG" "$NET_TMP/whole"
damage "$(last_of denial)" cut 8
start
end TERM
check "what was on disk no failure of power took: a breach for good" says "BREACH: removed" verify
rm -r "$LOG"
mv "$NET_TMP/whole" "$LOG"
# What failures of power tear is for unit/log_verify and fault/log_power.
start
deny 5
end KILL
start
end TERM
check "killed, and it goes on: sound" verify
cp "$LOG/keys" "$NET_TMP/keys"
copy && cp "$NET_TMP/old"/denial.* "$COPY" && find "$COPY" -name 'denial.*' |
	while read -r file; do [ -e "$NET_TMP/old/${file##*/}" ] || rm "$file"; done
check "a class put back to an old copy: cut" says "BREACH: cut" verify "$COPY"

# ---- no room, and read-only -----------------------------------------------------------------
mount -t tmpfs -o size=1m,mode=700 "$NET" "$LOG"
mount -o remount,ro "$LOG"
start
check "read-only: status is degraded" exits 3 cordon status
check "and says why" status_says "the log cannot be written.*read-only"
deny 3
check "what is denied is denied" on_peer wan bash -c '! timeout 1 bash -c "echo >/dev/tcp/10.1.0.1/80"'
mount -o remount,rw "$LOG"
check "and well again when it can be written" until_ok 20 exits 0 cordon status
rm "$KEY"
cordon log key "$KEY" >/dev/null
check "with what came meanwhile" until_ok 20 has_records 3
dd if=/dev/zero of="$LOG/ballast" bs=4k 2>/dev/null
check "no room: status is degraded" exits 3 cordon status
check "and says why" status_says "the log cannot be written.*no room"
tell 1000
ring_lost=$(status_log .classes.enforcement.lost)
check "what found no room in the ring is counted" test "$ring_lost" -gt 0
rm "$LOG/ballast"
check "room again: well again" until_ok 20 exits 0 cordon status
end TERM
check "sound" verify
check "every loss of the ring is told" test "$(lost enforcement)" -ge "$ring_lost"
umount "$LOG"

# ---- the budget of the policy in force ------------------------------------------------------
head -c 6M /dev/urandom >"$LOG/flow.00000000"
start
deny 1
sleep 2
check "within its budget nothing is deleted" test -n "$(ls "$LOG"/flow.*)"
policy 4M 2
cordon apply "$NET_TMP/policy.yaml" >/dev/null
check "another policy, a smaller log" until_ok 30 bash -c '! ls "$1"/flow.00000000*' - "$LOG"
check "status knows" status_log '.budget == 4194304'
end TERM
test_end
