#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 240
# vm: yes
#
# What the log tells of real programs: sshd, sudo, su, cron and useradd, when they let somebody in and
# when they do not. They run in a copy of this machine's files of the test's own (an overlay in a
# mount namespace), with users of its own; nothing of the machine's is changed. `scripts/setup test`
# fetches those programs that are not installed, into build/logins.tar.
cd "$(dirname "$0")/../.." || exit
. tests/net/lib.sh

PACKAGES=$(realpath -m build/logins.tar)
[ -e "$PACKAGES" ] || { echo "1..0 # SKIP scripts/setup test fetches sshd, sudo and cron"; exit 0; }

# The upper layer is a tmpfs: an overlay takes no other overlay for that.
make_world()
{
	local world=$NET_TMP/world
	mkdir -p "$world" "$NET_TMP/layers"
	mount -t tmpfs none "$NET_TMP/layers"
	mkdir "$NET_TMP/layers/upper" "$NET_TMP/layers/work"
	tar -xpf "$PACKAGES" -C "$NET_TMP/layers/upper"
	mount -t overlay none -o "lowerdir=/,upperdir=$NET_TMP/layers/upper,workdir=$NET_TMP/layers/work" "$world"
	mount -t proc none "$world/proc"
	mount --rbind /dev "$world/dev"
	mount -t tmpfs none "$world/run"
	mount -t tmpfs -o mode=1777 none "$world/tmp"
	echo "$BASHPID" >"$NET_TMP/holder"
	exec sleep infinity
}
holder() { cat "$NET_TMP/holder"; }
in_world() { on_node nsenter --mount="/proc/$(holder)/ns/mnt" chroot "$NET_TMP/world" "$@"; }
# as USER CMD...
as()
{
	local user=$1
	shift
	in_world setpriv --reuid "$user" --regid "$user" --clear-groups env -i PATH="$PATH" "$@"
}

make_users()
{
	in_world bash -e <<-'END'
		for user in alice:10001 bob:10002; do
			name=${user%:*} id=${user#*:}
			echo "$name:x:$id:$id::/home/$name:/bin/sh" >>/etc/passwd
			echo "$name:x:$id:" >>/etc/group
			echo "$name:$(openssl passwd -6 "right-$name"):19000:0:99999:7:::" >>/etc/shadow
			mkdir -p "/home/$name/.ssh"
			chown -R "$id:$id" "/home/$name"
			chmod -R go-w "/home/$name"
		done
		grep -q ^sshd: /etc/passwd || echo "sshd:x:10009:65534::/run/sshd:/usr/sbin/nologin" >>/etc/passwd
		mkdir -p /run/sshd /etc/sudoers.d /var/spool/cron/crontabs
		echo "alice ALL=(ALL) ALL" >/etc/sudoers
		chmod 440 /etc/sudoers
		echo "* * * * * bob /bin/true" >/etc/cron.d/test
		chmod 600 /etc/cron.d/test
		ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/test_host_key
		cat >/etc/ssh/test_config <<-CONFIG
			HostKey /etc/ssh/test_host_key
			UsePAM yes
			PasswordAuthentication yes
			KbdInteractiveAuthentication no
			PidFile none
		CONFIG
	END
}

# Keys of whoever calls: one that alice knows, one that nobody does.
make_keys()
{
	ssh-keygen -q -t ed25519 -N "" -f "$NET_TMP/right"
	ssh-keygen -q -t ed25519 -N "" -f "$NET_TMP/wrong"
	in_world sh -c 'cat >/home/alice/.ssh/authorized_keys && chown 10001 /home/alice/.ssh/authorized_keys' <"$NET_TMP/right.pub"
	printf '#!/bin/sh\necho "$PASSWORD"\n' >"$NET_TMP/ask"
	chmod 700 "$NET_TMP/ask"
}

# call USER OPTION... - by ssh from the peer
call()
{
	local user=$1
	shift
	on_peer wan0 env HOME="$NET_TMP" SSH_ASKPASS="$NET_TMP/ask" SSH_ASKPASS_REQUIRE=force \
		ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
		-o NumberOfPasswordPrompts=1 -o IdentitiesOnly=yes -o ConnectTimeout=20 "$@" "$user@10.1.0.1" true
}
with_key() { call "$1" -o PreferredAuthentications=publickey -i "$NET_TMP/$2"; }
with_password() { PASSWORD=$2 call "$1" -o PreferredAuthentications=password; }

logins() { cordon events --json --class auth; }
has() { logins | gojq -es "map(select($1)) | length > 0" >/dev/null; }
# told CONDITION [SECONDS]: soon
told()
{
	until_ok "${2:-20}" has "$1" || { cordon events --class auth | tail -n 5; return 1; }
}
PAM='.event.action == "authenticate"'
# Each has the same keys as the others: these are sshd's and PAM's of one try.
pam() { echo ".cordon.pam.service == \"$1\" and .user.target.name == \"$2\" and .event.outcome == \"$3\""; }
account() { echo ".event.action == \"account\" and .cordon.account.operation == \"login\" and .user.target.name == \"$1\" and .event.outcome == \"$2\""; }

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
test_start 26
net_start
net_peer wan0
net_address wan0 10.1.0.1/24 10.1.0.2/24
net_small_policy
on_node unshare --mount --propagation private bash -ec "$(declare -f make_world); NET_TMP=$NET_TMP PACKAGES=$PACKAGES make_world" &
until_ok 10 test -s "$NET_TMP/holder" || die "no world"
make_users >"$NET_TMP/users.log" 2>&1 || die "no users: $(cat "$NET_TMP/users.log")"
make_keys
daemon_starts
in_world /usr/sbin/cron -f 2>/dev/null &
in_world /usr/sbin/sshd -D -e -f /etc/ssh/test_config 2>"$NET_TMP/sshd.log" &
until_ok 20 grep -q listening "$NET_TMP/sshd.log"

check "ssh with the right key" with_key alice right
check "is told as a session, by whom and from where" told "$(pam sshd alice success) and .event.action == \"session-open\" and .source.address == \"10.1.0.2\""
refuse "with a wrong key" with_key alice wrong
check "which PAM is not asked of, sshd tells" told "$(account alice failure) and .source.address == \"10.1.0.2\" and .process.name == \"sshd\""
check "with the right password" with_password alice right-alice
check "is told" told "$(pam sshd alice success) and $PAM"
refuse "with a wrong one" with_password bob wrong
check "is told" told "$(pam sshd bob failure) and $PAM and .event.reason == \"wrong-password\" and .source.address == \"10.1.0.2\""
refuse "as a user that is not there" with_password mallory any
check "is told by PAM" told "$(pam sshd mallory failure) and $PAM"
check "and by sshd, which does not say who" told "$(account '(invalid user)' failure)"

check "sudo with the right password" as 10001 sudo -S -k id <<<right-alice
check "is told" told "$(pam sudo alice success) and $PAM and .cordon.pam.remote_user == \"alice\""
check "with what it opened for root" told "$(pam sudo root success) and .event.action == \"session-open\""
refuse "with a wrong one" as 10001 sudo -S -k id <<<wrong
check "is told" told "$(pam sudo alice failure) and $PAM"
refuse "by who may not" as 10002 sudo -S -k id <<<right-bob
check "is told as who gave his password" told "$(pam sudo bob success) and $PAM"
refuse "and nothing was opened for him" has '.cordon.pam.service == "sudo" and .cordon.pam.remote_user == "bob" and .event.action == "session-open"'

check "su with the right password" as 10001 su bob -c true <<<right-bob
check "is told" told "$(pam su bob success) and $PAM and .cordon.pam.remote_user == \"alice\""
refuse "with a wrong one" as 10001 su bob -c true <<<wrong
check "is told" told "$(pam su bob failure) and $PAM"

check "useradd" in_world useradd --no-create-home carol
check "is told" told '.event.action == "account" and .user.target.name == "carol" and .process.name == "useradd" and .event.outcome == "success"'
check "a job of cron is told" told "$(pam cron bob success) and .event.action == \"session-open\"" 90
daemon_ends &
wait $!
test_end
