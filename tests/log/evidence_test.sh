#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
#
# Evidence from end to end: what is in the archive, and what must not be; what an attacker plants
# neither hangs nor diverts it; limits, a full disk and kill -9 leave nothing by half; the log and the
# receipts tell of it; and an order's capture never keeps a seal from its work.
cd "$(dirname "$0")/../.." || exit 1
. tests/net/lib.sh

OUT=evidence.tar
SECRET=4f1c-nobody-may-read-this
# shellcheck disable=SC2016 # a hash, as passwd(1) writes it
HASH='$6$saltsalt$NotAHashThatAnybodyHasButASecretNevertheless'

# ---- a machine of our own: processes, accounts and keys that we know -------------------------

plant()
{
	local etc=$NET_TMP/etc
	mkdir -p "$etc/ssh" "$NET_TMP/home/.ssh" "$NET_TMP/out"
	printf 'root:x:0:0:root:%s/home:/bin/sh\nold:%s:5:5::/nowhere:/bin/sh\n' "$NET_TMP" "$HASH" >"$etc/passwd"
	printf 'root:%s:20000:0:99999:7:::\nopen::20000::::::\nshut:!%s:20000::::::\n%s\n' \
		"$HASH" "$HASH" "$HASH" >"$etc/shadow"
	ssh-keygen -q -t ed25519 -N '' -C 'a key' -f "$NET_TMP/home/.ssh/id_ed25519"
	ssh-keygen -q -t ed25519 -N '' -C 'a host' -f "$etc/ssh/ssh_host_ed25519_key"
	printf 'restrict,command="x" %s\n' "$(cat "$NET_TMP/home/.ssh/id_ed25519.pub")" \
		>"$NET_TMP/home/.ssh/authorized_keys"
	cp "$(command -v sleep)" "$NET_TMP/gone"
	echo "$SECRET" >"$NET_TMP/secret"
	cat >"$NET_TMP/inside" <<-'END'
	set -e
	for name in passwd shadow ssh; do mount --bind "$NET_TMP/etc/$name" "/etc/$name"; done
	"$NET_TMP/gone" 1000 3<"$NET_TMP/secret" &
	until [ "$(readlink /proc/$!/exe)" = "$NET_TMP/gone" ]; do sleep 0.01; done
	mv "$NET_TMP/gone" "$NET_TMP/moved"
	cp "$NET_TMP/moved" "$NET_TMP/copy"
	rm "$NET_TMP/moved"
	mkfifo "$NET_TMP/never"
	python3 -c 'import socket, time
	s = socket.create_server(("127.0.0.1", 4711))
	u = socket.socket(socket.AF_UNIX); u.bind("\0cordon-evidence"); u.listen()
	print(flush=True)
	time.sleep(1000)' >"$NET_TMP/never" &
	read -r <"$NET_TMP/never"
	status=0
	"$@" || status=$?
	kill $(jobs -p)
	exit $status
	END
}

# What tests/net/lib.sh wants is in the environment, as this is another shell.
inside() { on_node env NET_TMP="$NET_TMP" unshare --mount --pid --fork --mount-proc bash "$NET_TMP/inside" "$@"; }
evidence() { cordon evidence "$@"; }
unpack() { rm -rf "$NET_TMP/out" && mkdir "$NET_TMP/out" && tar xf "$1" -C "$NET_TMP/out" && IN=$(echo "$NET_TMP"/out/*); }
sums_fit() { (cd "$IN" && sha256sum -c --strict --quiet manifest); }
is_listed() { [ "$(cut -c67- "$IN/manifest" | sort)" = "$(cd "$IN" && find . -type f ! -name manifest | cut -c3- | sort)" ]; }
leaks() { grep -qraF -- "$1" "$IN"; }
kept() { find "$NET_ROOT/var/lib/cordon/evidence" -type f -name '*.tar' | wc -l; }
missing() { grep -q "^$1" "$IN/missing"; }

test_start 108
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_address wan0 fd00:1::1/64 fd00:1::2/64
plant
# The test's own status is the last one that net_stop sees.
thaw()
{
	local status=$?
	fsfreeze -u "$NET_TMP/frozen" 2>/dev/null
	umount -l "$NET_ROOT/var/lib/cordon/evidence" "$NET_TMP/frozen" 2>/dev/null
	(exit "$status")
	net_stop
}
trap thaw EXIT

# ---- with nothing loaded ---------------------------------------------------------------------
inside "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" --json evidence "$NET_TMP/$OUT" --reason 'a look' \
	>"$NET_TMP/summary" 2>"$NET_TMP/said"
status=$?
check "without a policy, a log or anything loaded" test $status = 0
check "nothing is said to be missing" test ! -s "$NET_TMP/said"
check "the summary has the digest" test "$(gojq -r .sha256 "$NET_TMP/summary")" = "$(sha256sum "$NET_TMP/$OUT" | cut -c1-64)"
check "only its owner may read it" test "$(stat -c %a "$NET_TMP/$OUT")" = 600
unpacked=0
unpack "$NET_TMP/$OUT" || unpacked=$?
check "tar unpacks it" test $unpacked = 0
check "the manifest fits" sums_fit
check "and names every file" is_listed
check "every JSON is JSON" bash -c 'find "$1" -name "*.json" -exec gojq -e . {} + >/dev/null' - "$IN"
check "it says why" grep -q '^reason: a look$' "$IN/about"
check "what this machine has not is listed" missing '1-cordon/latch: No such file'
# busybox may not be there.
if command -v busybox >/dev/null; then
	check "busybox unpacks it, too" bash -c 'mkdir "$1" && busybox tar xf "$2" -C "$1" && cd "$1"/*/ &&
		busybox sha256sum -c manifest' - "$NET_TMP/busybox" "$NET_TMP/$OUT"
else
	skip "busybox unpacks it, too: there is none"
fi

has() { gojq -se "any(.[]; $2)" "$IN/$1"; }
process() { has 2-processes/processes.json ".exe == \"$NET_TMP/moved (deleted)\" and ($1)"; }
check "a process whose program is deleted" process .deleted
check "its arguments" has 2-processes/arguments.json ".arguments == [\"$NET_TMP/gone\", \"1000\"]"
check "with its open files" process ".files[\"3\"] == \"$NET_TMP/secret\""
check "and they are found by the kernel's own list, too" has 2-processes/open-files.json \
	".files[\"3\"] == \"$NET_TMP/secret\""
check "its program's digest" has 2-processes/programs.json \
	".path == \"$NET_TMP/moved (deleted)\" and .sha256 == \"$(sha256sum "$NET_TMP/copy" | cut -c1-64)\""
check "and the program" bash -c 'cmp "$1"/2-processes/deleted-program-of-* "$2"' - "$IN" "$NET_TMP/copy"
check "a listening socket with who holds it" has 2-processes/sockets.json '.protocol == "tcp" and .local.port == 4711 and
	.local.address == "127.0.0.1" and .state == "listening" and .held_by[0].name == "python3"'
check "also one with no address" has 2-processes/sockets.json '.path == "@cordon-evidence" and .held_by[0].name == "python3"'
check "interfaces and routes" grep -q wan0 "$IN"/2-processes/network-of-*
check "BPF programs" test -e "$IN/3-machine/bpf-programs.json"
check "mounts" grep -q "$NET_TMP/bpffs" "$IN/3-machine/mounts"
check "the kernel's log" test -s "$IN/5-logs/kernel"
check "kernel and command line" cmp "$IN/4-boot/kernel-command-line" /proc/cmdline

# shellcheck disable=SC2016 # no variables
check "of a password what kind it is" grep -qxF 'root:(set, $6$):20000:0:99999:7:::' "$IN/3-machine/shadow"
check "or that there is none" grep -q '^open:(empty):' "$IN/3-machine/shadow"
check "or that it is locked" grep -q '^shut:(locked, set, ' "$IN/3-machine/shadow"
check "not the hash" eval '! leaks "$HASH"'
check "nor a part of it" eval '! leaks "${HASH:12:12}"'
key() { has 3-machine/keys.json ".path == \"$1\" and ($2)"; }
check "keys that may log in, as ssh-keygen names them" key "$NET_TMP/home/.ssh/authorized_keys" \
	".keys[0].fingerprint == \"$(ssh-keygen -lf "$NET_TMP/home/.ssh/id_ed25519.pub" | cut -d' ' -f2)\""
check "host keys" key /etc/ssh/ssh_host_ed25519_key.pub '.keys[0].type == "ssh-ed25519"'
check "a private key by its name only" key "$NET_TMP/home/.ssh/id_ed25519" '.mode == 384 and (has("sha256") | not)'
check "not the key" eval '! leaks "$(sed -n 3p "$NET_TMP/home/.ssh/id_ed25519")"'
check "and not what a process has open" eval '! leaks "$SECRET"'

# ---- the network, as the kernel tells it -----------------------------------------------------
until_ok 10 on_node ping -6 -c 1 -W 1 fd00:1::2
on_node ip rule add from 192.0.2.55 table 77
on_node ip -6 route add 2001:db8:77::/48 via fd00:1::2 table 77
before=$(lsmod 2>/dev/null | wc -l)
evidence "$NET_TMP/0.tar" >/dev/null 2>&1
unpack "$NET_TMP/0.tar"
# One that is empty is another namespace's: whichever process is asked for it.
net_has() { cat "$IN"/2-processes/"$1"-of-*.json 2>/dev/null | gojq -se "any(.[]; $2)" >/dev/null; }
check "neighbours of IPv6" net_has routes '.what == "neighbour" and .address == "fd00:1::2" and .interface == "wan0"'
check "routes of IPv6, in any table" net_has routes '.what == "route" and .destination == "2001:db8:77::" and .length == 48 and
	.gateway == "fd00:1::2" and .table == 77'
check "and of IPv4" net_has routes '.what == "route" and .destination == "10.1.0.0" and .interface == "wan0"'
check "rules for them" net_has routes '.what == "rule" and .source == "192.0.2.55" and .table == 77'
if on_node nft add table inet planted 2>/dev/null; then
	on_node nft -f - <<-END
		add set inet planted evil { type ipv4_addr; }
		add element inet planted evil { 192.0.2.66 }
		add chain inet planted inward { type filter hook input priority 0; }
		add rule inet planted inward ip saddr @evil counter accept comment "a way in"
	END
	evidence "$NET_TMP/nft.tar" >/dev/null 2>&1
	unpack "$NET_TMP/nft.tar"
	check "rules of nftables" net_has nftables '.what == "rule" and .table == "planted" and .name == "inward" and
		any(.. | objects; .text == "lookup")'
	check "with what they say of themselves" net_has nftables ".what == \"rule\" and
		any(.. | objects; (.hex // \"\") | contains(\"$(printf 'a way in' | od -An -tx1 | tr -d ' \n')\"))"
	check "sets with what is in them" net_has nftables '.what == "elements" and .name == "evil" and
		any(.. | objects; .hex == "c0000242")'
	check "and hooks" net_has nftables '.what == "chain" and .name == "inward" and any(.. | objects; .text == "filter")'
	on_node nft delete table inet planted
else
	for _ in 1 2 3 4; do skip "rules of nftables: the kernel has none"; done
fi
if on_node iptables-legacy -A INPUT -s 192.0.2.99 -p tcp --dport 31337 -j ACCEPT 2>/dev/null; then
	on_node ip6tables-legacy -A OUTPUT -d 2001:db8::99 -j DROP
	evidence "$NET_TMP/legacy.tar" >/dev/null 2>&1
	unpack "$NET_TMP/legacy.tar"
	check "tables from before nftables" net_has iptables '.table == "filter" and .source == "192.0.2.99" and
		.matches[0].name == "tcp" and (.matches[0].hex | contains("697a697a"))'
	check "of IPv6, too" net_has iptables '.family == "ipv6" and .destination == "2001:db8::99"'
	on_node iptables-legacy -F
	on_node ip6tables-legacy -F
else
	for _ in 1 2; do skip "tables from before nftables: the kernel has none"; done
fi
check "to look loads no module" test "$(lsmod 2>/dev/null | wc -l)" = "$before"
unpack "$NET_TMP/0.tar"
check "what a namespace has not is listed" missing '2-processes/iptables-of-[0-9]*.json: there is none'

# ---- what is planted, limits -----------------------------------------------------------------
mkfifo "$NET_TMP/fifo"
ln -s "$NET_TMP/secret" "$NET_TMP/link"
echo 'what was chosen' >"$NET_TMP/chosen"
head -c 3000000 /dev/urandom >"$NET_TMP/large"
before=$(now_ms)
evidence "$NET_TMP/2.tar" --add "$NET_TMP/fifo" --add "$NET_TMP/link" --add /dev/zero --add "$NET_TMP" --add "$NET_TMP/none" \
	--add "$NET_TMP/chosen" >/dev/null 2>"$NET_TMP/said"
check "with a FIFO, a link, a device and a folder planted: done" test -s "$NET_TMP/2.tar"
check "and not held up" test $(($(now_ms) - before)) -lt 20000
unpack "$NET_TMP/2.tar"
check "what was chosen is there" cmp "$IN/5-logs/chosen$NET_TMP/chosen" "$NET_TMP/chosen"
for what in "fifo: it is no regular file" "link: it is a symbolic link" "none: No such file"; do
	check "and why not: $what" missing "5-logs/chosen$NET_TMP/$what"
done
check "a device, too" missing '5-logs/chosen/dev/zero: it is no regular file'
check "which is said, too" grep -q '^cordon: missing: .*fifo: it is no regular file' "$NET_TMP/said"
check "and so is a file that is not there" grep -q '^cordon: missing: .*/none: No such file' "$NET_TMP/said"
refuse "no way out of the folder" evidence "$NET_TMP/3.tar" --add "$NET_TMP/../etc/passwd"

evidence "$NET_TMP/small.tar" --limit 200k --add "$NET_TMP/large" >/dev/null 2>&1
check "a limit: exit 3, as not all is there" exits 3 evidence "$NET_TMP/small2.tar" --limit 200k --add "$NET_TMP/large"
unpack "$NET_TMP/small.tar"
check "what is in it is whole" sums_fit
check "what passes first is there" test -s "$IN/2-processes/processes.json"
check "it is not much larger than it may be" test "$(stat -c %s "$NET_TMP/small.tar")" -lt 400000
check "what had no room is listed" missing '5-logs/chosen.*room'
for mistake in '--limit 1' '--limit 5T' '--limit x' '--time 0' '--add relative' '--nothing'; do
	# shellcheck disable=SC2086 # two words
	check "$mistake: usage" exits 2 evidence "$NET_TMP/4.tar" $mistake
done
check "what is there already stays" says 'it is there already' evidence "$NET_TMP/$OUT"
check "to a pipe" bash -c '"$@" 2>/dev/null | tar t | grep -q /manifest$' - \
	nsenter --net="/run/netns/$NODE" -- "$CORDON" --root "$NET_ROOT" --bpffs "$NET_BPFFS" evidence -
evidence >/dev/null 2>&1
evidence >/dev/null 2>&1
check "by default in a place of its own, each in its file" test "$(kept)" = 2

# ---- the room for all of it, with no log to tell ---------------------------------------------
SHELF=$NET_ROOT/var/lib/cordon/evidence
# shelve NAME SIZE DATE: an archive that was made some time ago
shelve() { truncate -s "$2" "$SHELF/$1.tar" && touch -d "$3" "$SHELF/$1.tar"; }
shelve oldest 200M 2020-01-01
shelve older 56M 2021-01-01
ls "$SHELF" >"$NET_TMP/shelf"
check "room that is used up, and nothing to tell it to: exit 1" says 'name another place' evidence
check "nothing is deleted in silence, and nothing more is kept" diff "$NET_TMP/shelf" <(ls "$SHELF")
evidence "$NET_TMP/elsewhere.tar" >/dev/null 2>&1
check "another place is named" test -s "$NET_TMP/elsewhere.tar"
rm "$SHELF/oldest.tar" "$SHELF/older.tar"

# ---- killed, and no room ---------------------------------------------------------------------
truncate -s 600M "$NET_TMP/sparse"
evidence --limit 4G --add "$NET_TMP/sparse" >/dev/null 2>&1 &
taking() { pgrep -f -- "evidence --limit 4G --add $NET_TMP/sparse" | while read -r pid; do
	readlink "/proc/$pid/fd/"* | grep -qE 'evidence/(#[0-9]* \(deleted\)|\.evidence.*new)' && echo "$pid"; done | grep -q .; }
check "while it captures there is no file" until_ok 10 taking
pgrep -f -- "evidence --limit 4G --add $NET_TMP/sparse" | xargs kill -9
wait
check "killed: nor is there one afterwards" test "$(kept)" = 2
mkdir "$NET_TMP/tiny"
mount -t tmpfs -o size=64k "$NET" "$NET_TMP/tiny"
full=0
evidence "$NET_TMP/tiny/$OUT" >"$NET_TMP/said" 2>&1 || full=$?
check "a full disk: exit 1" test $full = 1
check "one line that says so" test "$(grep -vc '^cordon: missing' "$NET_TMP/said")" = 1 -a \
	"$(grep -c 'cannot keep evidence in .*No space left' "$NET_TMP/said")" = 1
check "and nothing is left there" test -z "$(ls -A "$NET_TMP/tiny")"
umount "$NET_TMP/tiny"

# ---- in the log ------------------------------------------------------------------------------
cat >"$NET_TMP/policy.yaml" <<-END
	cordon: 1
	serial: 1
	node: store-0042
	zones: {wan: {addresses: [10.1.0.0/24]}}
	rules: [{name: in, from: wan, to: node, services: [tcp/22]}]
	quarantine: {keep: [{name: in, from: wan, to: node, services: [tcp/22]}]}
END
cordon apply "$NET_TMP/policy.yaml" >/dev/null
cordon log key "$NET_TMP/key" >/dev/null
evidence "$(realpath --relative-to=. "$NET_TMP/5.tar")" --reason 'a drill' >/dev/null 2>&1
told() { cordon events --class enforcement --json | gojq -se "[.[] | select(.event.action == \"$1\")] | last | $2"; }
check "the log tells of it" told evidence "(.file.path | startswith(\"/\") and endswith(\"/${NET_TMP##*/}/5.tar\")) and .event.reason == \"a drill\" and
	.file.hash.sha256 == \"$(sha256sum "$NET_TMP/5.tar" | cut -c1-64)\""
unpack "$NET_TMP/5.tar"
check "status is in it" gojq -e '.state == "enforcing" and .latch == "open"' "$IN/1-cordon/status.json"
check "and the policy" cmp "$IN/1-cordon/policy.yaml" "$NET_TMP/policy.yaml"
check "and the log, which is sound" cordon log verify "$IN/5-logs/log" --key "$NET_TMP/key"
check "but not its key" test ! -e "$IN/5-logs/log/enrol"

shelve oldest 200M 2020-01-01
shelve older 56M 2021-01-01
shelve young 1M 2022-01-01
truncate -s 300M "$NET_TMP/sparse"
check "what is larger than all may be: another place" says 'name another place' evidence --limit 1G --add "$NET_TMP/sparse"
check "has no room made for it" test -e "$SHELF/oldest.tar" -a "$(kept)" = 5
evidence --reason 'the shelf is full' >/dev/null 2>&1
check "else the oldest goes" test ! -e "$SHELF/oldest.tar" -a -e "$SHELF/older.tar" -a "$(kept)" = 5
check "which is told, by its name, with why" eval 'cordon events --class enforcement |
	grep -q "evidence DELETED, .*in /var/lib/cordon/evidence/oldest.tar.*: room for "'
check "and in JSON" eval 'cordon events --class enforcement --json | gojq -se "any(.[]; .event.action == \"evidence\" and
	.file.path == \"/var/lib/cordon/evidence/oldest.tar\" and .file.size == 209715200 and .cordon.evidence.files == 0)"'
check "nobody else's files are touched" test -e "$NET_TMP/elsewhere.tar"
rm -f "$SHELF/older.tar" "$SHELF/young.tar"

# ---- by order --------------------------------------------------------------------------------
TRUST=$NET_ROOT/etc/cordon/trust
mkdir -p "$TRUST"
tests/make_key "$NET_TMP/ada"
cp "$NET_TMP/ada.pem" "$TRUST/seal.pem"
cp "$NET_TMP/ada.pem" "$TRUST/release.pem"
# order COUNTER ACTION... : $NET_TMP/COUNTER.p7
order()
{
	local counter=$1
	shift
	"$CORDON" sign order "$@" --node store-0042 --issuer tests --counter "$counter" --reason 'a test' \
		--cert "$NET_TMP/ada.pem" --key "$NET_TMP/ada.key" -o "$NET_TMP/$counter.p7" >/dev/null
	echo "$NET_TMP/$counter.p7"
}
receipt() { sed -n "s/^$1: //p" "$(ls -t "$NET_ROOT"/var/lib/cordon/receipts/0* | head -n 1)"; }
fits() { [ "$(sha256sum "$(receipt evidence)" | cut -c1-64)" = "$(receipt evidence-sha256)" ]; }
latch_is() { [ "$(cordon status --json | gojq -r .latch)" = "$1" ]; }

cordon order "$(order 10 snapshot)" >/dev/null
check "an order for a snapshot: its receipt names what was captured" fits
check "the log has the receipt's digest" told receipt ".file.hash.sha256 == \"$(sha256sum \
	"$(ls -t "$NET_ROOT"/var/lib/cordon/receipts/0* | head -n 1)" | cut -c1-64)\""
receipts() { cordon log verify --key "$NET_TMP/key" --receipts "$1" --json | gojq -r '.receipts | to_entries[] | "\(.key) \(.value)"' | xargs; }
cordon order "$NET_TMP/10.p7" >/dev/null 2>&1
cp -r "$NET_ROOT/var/lib/cordon/receipts" "$NET_TMP/receipts"
check "receipts fit the log, of one refused, too" test "$(receipts "$NET_TMP/receipts")" = "000001-seal fits refused/001 fits"
check "which is exit 0" cordon log verify --key "$NET_TMP/key" --receipts "$NET_TMP/receipts"
sed -i 's/counter: 10/counter: 11/' "$NET_TMP/receipts/000001-seal"
echo x >"$NET_TMP/receipts/000002-seal"
rm "$NET_TMP/receipts/refused/001"
check "one that is edited, one that is removed, and one of which nothing is told" test \
	"$(receipts "$NET_TMP/receipts")" = "000001-seal edited 000002-seal untold refused/001 removed"
check "are breaches but for the last" says '2 breaches' cordon log verify --key "$NET_TMP/key" --receipts "$NET_TMP/receipts"
check "exit 1" exits 1 cordon log verify --key "$NET_TMP/key" --receipts "$NET_TMP/receipts"
daemon_starts
sleep 999 9<"$NET_TMP/secret" &
OPEN=$!
cp "$(order 11 seal isolate --evidence 20s)" "$NET_ROOT/var/lib/cordon/inbox/"
check "a seal that asks for evidence, by the daemon" until_ok 30 latch_is isolate
check "has it" until_ok 10 fits
unpack "$(receipt evidence)"
check "from before anything was cut" gojq -e '.latch == "open"' "$IN/1-cordon/status.json"
check "and says what the daemon may not see" missing '2-processes/processes.json: only in part: Operation not permitted'
check "but it knows open files" has 2-processes/open-files.json ".pid == $OPEN and .files[\"9\"] == \"$NET_TMP/secret\""
kill $OPEN
daemon_ends

cordon order "$(order 12 release)" >/dev/null
truncate -s 64M "$NET_TMP/disk"
mkfs.ext4 -q "$NET_TMP/disk" && mkdir "$NET_TMP/frozen" && mount -o loop "$NET_TMP/disk" "$NET_TMP/frozen" &&
	mount --bind "$NET_TMP/frozen" "$NET_ROOT/var/lib/cordon/evidence" || die "no disk"
coproc "$BUILD/tests/log/hang_helper" "$NET_TMP/frozen/file"
HANGING=$COPROC_PID
read -r -u "${COPROC[0]}"
fsfreeze -f "$NET_TMP/frozen" || die "no disk that hangs"
echo >&"${COPROC[1]}"
hangs() { ! timeout 0.3 cat "/proc/$HANGING/cmdline" >/dev/null; }
until_ok 10 hangs || die "the process does not hang"
sleep 999 &
LATER=$!
evidence "$NET_TMP/6.tar" >/dev/null 2>&1
unpack "$NET_TMP/6.tar"
check "a process that hangs who looks at it is told as that" has 2-processes/arguments.json ".pid == $HANGING and .hangs"
check "and does not hide another" has 2-processes/arguments.json ".pid == $LATER and .arguments == [\"sleep\", \"999\"]"
check "nor itself" has 2-processes/processes.json ".pid == $HANGING and (.exe | endswith(\"hang_helper\"))"
kill $LATER
before=$(now_ms)
cordon order "$(order 13 seal isolate --evidence 1s)" >/dev/null 2>&1
took=$(($(now_ms) - before))
check "with a disk that hangs the node is shut" latch_is isolate
check "after no more than was to be waited" test $took -lt 8000
check "and the receipt says what there is not" grep -q 'no evidence was kept within 3 s' <(receipt no-evidence)
fsfreeze -u "$NET_TMP/frozen"
check "the disk can be had again" until_ok 10 umount "$NET_ROOT/var/lib/cordon/evidence"
test_end
