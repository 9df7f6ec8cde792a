#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: yes
#
# Logins as the machine's libpam sees them: success and failure, user, service, remote host, session.
# PAM's services are this test's own, in a mount namespace.
set -e
cd "$(dirname "$0")/../.."
. tests/net/lib.sh

logins() { cordon events --json --class auth; }
# told JQ-CONDITION: is there such a record?
told() { logins | gojq -es "map(select($1)) | length > 0" >/dev/null; }
times() { [ "$(logins | gojq -s "map(select($1)) | length")" = "$2" ]; }

# What login and sshd do, by ctypes: SERVICE USER
cat_login()
{
	cat <<-'END'
	import ctypes, sys
	pam = ctypes.CDLL("libpam.so.0")
	class Conversation(ctypes.Structure):
	    _fields_ = [("function", ctypes.c_void_p), ("data", ctypes.c_void_p)]
	handle, talk = ctypes.c_void_p(), Conversation()
	service, user = (word.encode() for word in sys.argv[1:3])
	assert pam.pam_start(service, user, ctypes.byref(talk), ctypes.byref(handle)) == 0
	pam.pam_set_item(handle, 4, b"203.0.113.77")
	pam.pam_set_item(handle, 3, b"tty9")
	for i in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
	    result = pam.pam_authenticate(handle, 0)
	if result == 0:
	    result = pam.pam_acct_mgmt(handle, 0) or pam.pam_open_session(handle, 0)
	    pam.pam_close_session(handle, 0)
	pam.pam_end(handle, result)
	print(result)
	END
}

# login SERVICE USER [TIMES]
login() { on_node unshare --mount bash -c 'mount --bind "$0/pam.d" /etc/pam.d; PATH=/usr/sbin:/usr/bin:/sbin:/bin exec $USER_OF_LOGIN python3 "$0/login.py" "$@"' "$NET_TMP" "$@"; }
as_user() { USER_OF_LOGIN='setpriv --reuid 65534 --regid 65534 --clear-groups' "$@"; }
export USER_OF_LOGIN=

compgen -G '/usr/lib/*/libpam.so.0' >/dev/null || [ -e /usr/lib64/libpam.so.0 ] || {
	echo "1..0 # SKIP no libpam on this machine"
	exit 0
}
test_start 20
net_start
net_peer wan0
mkdir "$NET_TMP/pam.d"
for what in auth account session; do
	echo "$what required pam_permit.so" >>"$NET_TMP/pam.d/cordon-open"
	echo "$what required pam_deny.so" >>"$NET_TMP/pam.d/cordon-shut"
done
cat_login >"$NET_TMP/login.py"
net_small_policy
daemon_starts
refuse "the kernel takes the probes" grep -q 'without logins' "$NET_TMP/run.log"

check "a login" test "$(login cordon-open alice)" = 0
check "is told" until_ok 10 told '.user.target.name == "alice" and .event.action == "authenticate" and .event.outcome == "success"'
check "by which service, from where" told '.cordon.pam.service == "cordon-open" and .source.address == "203.0.113.77" and .cordon.pam.tty == "tty9"'
check "its session, too" until_ok 10 told '.user.target.name == "alice" and .event.action == "session-open"'
check "and its end" until_ok 10 told '.user.target.name == "alice" and .event.action == "session-close" and .event.type == ["end"]'
refuse "a login that fails" test "$(login cordon-shut mallory)" = 0
check "is told" until_ok 10 told '.user.target.name == "mallory" and .event.outcome == "failure" and .event.reason == "wrong-password"'
for i in 1 2 3 4 5; do login cordon-shut "guess$i" >/dev/null; done
check "five guesses, five records" until_ok 10 times '.user.target.name // "" | test("guess")' 5
login cordon-shut "$(printf 'x\033[31m%0100d' 0)" >/dev/null
check "a name with what a terminal obeys, and too long" until_ok 10 told '.user.target.name // "" | test("31m000")'
refuse "does not reach one" bash -c "$CORDON --root $NET_ROOT events --class auth | grep -q $'\033'"
# ---- who is not root ------------------------------------------------------------------------
chmod 711 "$NET_TMP"
chmod 644 "$NET_TMP/login.py"
begun() { told '.event.outcome == "unknown" and .user.id == "65534" and .user.target.name == "'"$1"'"'; }
as_user login cordon-open carol >/dev/null
check "what a user asks is told when he begins" until_ok 10 begun carol
check "and when he is answered, which lets nobody in" until_ok 10 bash -c \
	"$CORDON --root $NET_ROOT events --class auth | grep -q \"success: user carol .*, without root's rights\""
echo 'auth required pam_exec.so /bin/sleep 20' >"$NET_TMP/pam.d/cordon-slow"
as_user login cordon-slow dave >/dev/null &
until_ok 20 pgrep -f "login.py cordon-slow dave" >/dev/null
check "a guess whose asker is killed" until_ok 10 begun dave
pkill -KILL -f "login.py cordon-slow dave"
wait "$!" 2>/dev/null || true
refuse "has no end" told '.user.target.name == "dave" and .event.outcome != "unknown"'
as_user login cordon-open mallory 5000 >/dev/null
of_mallory() { logins | gojq -s 'map(select(.user.target.name == "mallory" and .cordon.loss == null)) | length'; }
check "a flood of them is told as far as a share" until_ok 10 test "$(of_mallory)" -gt 20
check "no further" test "$(of_mallory)" -lt 2500
check "and the rest is counted" until_ok 10 told '.cordon.loss.records > 100'
login cordon-open erin >/dev/null
check "root is told beside it" until_ok 10 told '.user.target.name == "erin" and .event.outcome == "success"'
daemon_ends
login cordon-open bob >/dev/null
cordon run >"$NET_TMP/run.log" 2>&1 &
check "a login without a daemon waits for it" until_ok 20 told '.user.target.name == "bob"'
daemon_ends
test_end
