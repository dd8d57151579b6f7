#!/bin/bash
# Runs in a Debian that has our package, under its systemd: what a person would try, each part between
# two lines "== NAME" and "-- STATUS".
part() {
  local name=$1
  shift
  echo "== $name"
  "$@" 2>&1
  echo "-- $?"
}
property() { systemctl show --value -p "$1" ucontrold; }
say() { journalctl -q -o cat -u ucontrold; }

part active systemctl is-active ucontrold
part type property Type
part version ucctl version
part verified systemd-analyze verify --man=no ucontrold.service
part exposure systemd-analyze security --threshold=25 --no-pager ucontrold.service
part guest ucctl run --kernel /srv/kernel --initrd /srv/initramfs \
  --append 'console=ttysclp0 ucontrol.run="uname -m; exit 5"' </dev/null

# A reload takes over what the configuration says now.
grants() {
  runuser -u daemon -- ucctl ls
}
chmod o+rwx /run/ucontrol/ucontrol.sock
part stranger grants
echo 'grants { principal: "unix:daemon" role: ROLE_VIEWER }' >>/etc/ucontrol/ucontrold.conf
before=$(property MainPID)
part reload systemctl reload ucontrold
# The daemon reads it when it gets round to the signal.
for _ in $(seq 50); do
  grants >/dev/null 2>&1 && break
  sleep 0.1
done
part granted grants
part same-process test "$before" = "$(property MainPID)"

# Killed, it comes back, and knows what was there.
part create ucctl create --name kept --kernel /srv/kernel --initrd /srv/initramfs --append console=ttysclp0
part start ucctl start kept
part kill kill -9 "$(property MainPID)"
for _ in $(seq 100); do
  [ "$(property MainPID)" != "$before" ] && systemctl -q is-active ucontrold && break
  sleep 0.1
done
part again systemctl is-active ucontrold
part kept ucctl show kept

# Stopped with a guest running, it ends in order.
part running sh -c 'ucctl create --name other --kernel /srv/kernel --initrd /srv/initramfs && ucctl start other'
part stop systemctl stop ucontrold
part result property Result
part log say
part purge env DEBIAN_FRONTEND=noninteractive apt-get -y -qq purge ucontrol
part gone sh -c '! getent passwd ucontrol && ! test -e /var/lib/ucontrol && ! test -e /lib/systemd/system/ucontrold.service'
