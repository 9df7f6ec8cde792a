#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Certificates that the policy lists: when one ends soon, has ended, is not yet valid or cannot be
# read is in the log, once; and when another one comes in its place.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

events() { cordon events --json --class config | gojq -ec 'select(.event.action == "certificate")'; }
# told STATE FILE [JQ-CONDITION]
told()
{
	events | gojq -es --arg state "$1" --arg path "/srv/$2" \
		"map(select(.file.path == \$path and .cordon.certificate.state == \$state and (${3:-true}))) | length == 1" \
		>/dev/null
}
# certificate FILE FROM TO: from and to in days
certificate()
{
	# x509 cannot be told when to begin, ca can.
	: >"$NET_TMP/index"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$NET_TMP/key" -subj "/CN=${1%.*}" -out "$NET_TMP/request" 2>/dev/null
	openssl ca -batch -config "$NET_TMP/ca.conf" -selfsign -keyfile "$NET_TMP/key" -in "$NET_TMP/request" \
		-startdate "$(date -u -d "$2 days" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$3 days" +%Y%m%d%H%M%SZ)" \
		-notext -out "$NET_ROOT/srv/$1" 2>"$NET_TMP/openssl.log" || die "$(cat "$NET_TMP/openssl.log")"
}
policy()
{
	cat >"$NET_TMP/policy.yaml" <<-END
		cordon: 1
		serial: 1
		zones: {wan: {interfaces: [wan0]}}
		rules: [{name: in, from: wan, to: node, services: [tcp/22]}]
		log: {certificates: [$1]}
	END
	cordon apply --force "$NET_TMP/policy.yaml" >/dev/null || die "the policy is not applied"
}

test_start 15
net_start
net_peer wan0
mkdir -p "$NET_ROOT/srv"
cat >"$NET_TMP/ca.conf" <<-END
	[ca]
	default_ca = this
	[this]
	database = $NET_TMP/index
	new_certs_dir = $NET_TMP
	rand_serial = yes
	default_md = sha256
	policy = any
	unique_subject = no
	[any]
	commonName = supplied
END
certificate good.pem -10 300
certificate soon.pem -300 20
certificate ended.pem -300 -1
certificate later.pem 2 300
certificate chain.pem -300 10
certificate other.pem -300 300
cat "$NET_TMP/key" "$NET_ROOT/srv/other.pem" "$NET_ROOT/srv/chain.pem" >"$NET_TMP/chain"
mv "$NET_TMP/chain" "$NET_ROOT/srv/chain.pem"
openssl x509 -in "$NET_ROOT/srv/ended.pem" -outform DER -out "$NET_ROOT/srv/ended.der"
echo 'no certificate' >"$NET_ROOT/srv/text.pem"
policy "/srv/good.pem, /srv/soon.pem, /srv/ended.der, /srv/later.pem, /srv/chain.pem, /srv/text.pem, /srv/gone.pem"
daemon_starts
refuse "nothing was complained of" grep '^cordon:' "$NET_TMP/run.log"

check "a file without a certificate" until_ok 30 told unreadable text.pem
check "one that is not there" told unreadable gone.pem '.cordon.certificate.problem | test("[Nn]o such file|not there|does not exist")'
refuse "what the clock says is not told before the clock stands" told ended ended.der
check "one that has ended, as DER" until_ok 60 told ended ended.der '.cordon.certificate.subject == "ended"'
check "one that ends soon" told ends-soon soon.pem ".cordon.certificate.not_after | startswith(\"$(date -u -d '20 days' +%Y-%m-%dT%H)\")"
check "one that is not yet valid" told not-yet-valid later.pem
check "the first to end of a chain, behind a key" told ends-soon chain.pem \
	'.cordon.certificate.count == 2 and .cordon.certificate.subject == "chain"'
refuse "one that is all right is not told" told valid good.pem
shown() { cordon events --class config | grep -q 'certificate /srv/soon.pem ends-soon, of soon by soon, from .* to '; }
check "text for people" shown
certificate new.pem -1 300
mv "$NET_ROOT/srv/new.pem" "$NET_ROOT/srv/soon.pem"
certificate good.pem -300 -2
check "another one in its place" until_ok 40 told valid soon.pem '.cordon.certificate.subject == "new"'
check "written over" until_ok 40 told ended good.pem
policy "/srv/soon.pem, /srv/ended.pem, /srv/ended.der"
check "a policy that lists another one" until_ok 40 told ended ended.pem
check "and nothing that was told is told again" test "$(events | wc -l)" = 9
daemon_ends
check "nothing of it breaks the chain" bash -c "$CORDON --root $NET_ROOT log key >$NET_TMP/key && $CORDON --root $NET_ROOT log verify --key $NET_TMP/key"
test_end
