#!/bin/sh
# make_deb.sh OUTPUT UCONTROLD UCCTL: a Debian package of both, for this architecture.
set -e
output=$1 daemon=$2 client=$3
here=$(dirname "$0")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
version=$("$client" manual | sed -n '1s/.*"ucontrol \(.*\)"$/\1/p')

install -Dm755 "$daemon" "$root/usr/sbin/ucontrold"
install -Dm755 "$client" "$root/usr/bin/ucctl"
strip "$root/usr/sbin/ucontrold" "$root/usr/bin/ucctl"
install -Dm644 "$here/ucontrold.service" "$root/lib/systemd/system/ucontrold.service"
install -Dm644 "$here/ucontrold.conf" "$root/etc/ucontrol/ucontrold.conf"
install -d "$root/usr/share/man/man1" "$root/usr/share/man/man8" \
  "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
  "$root/usr/share/fish/vendor_completions.d"
"$client" manual | gzip -9n >"$root/usr/share/man/man1/ucctl.1.gz"
gzip -9nc "$here/ucontrold.8" >"$root/usr/share/man/man8/ucontrold.8.gz"
"$client" completion bash >"$root/usr/share/bash-completion/completions/ucctl"
"$client" completion zsh >"$root/usr/share/zsh/vendor-completions/_ucctl"
"$client" completion fish >"$root/usr/share/fish/vendor_completions.d/ucctl.fish"

# The packages that the programs' libraries come from. dpkg knows a file by the path it was packed with,
# which may begin with /lib where /usr/lib is the same.
depends=$(ldd "$daemon" "$client" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u | while read -r library; do
  path=$(realpath "$(dirname "$library")" | sed 's|^/usr||')/$(basename "$library")
  dpkg-query -S "/usr$path" 2>/dev/null || dpkg-query -S "$path" 2>/dev/null || {
    echo "no package has $library" >&2
    exit 1
  }
done | sed 's/:.*//' | sort -u | paste -sd, | sed 's/,/, /g')
[ -n "$depends" ]

install -d "$root/DEBIAN"
install -m755 "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
echo /etc/ucontrol/ucontrold.conf >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/control" <<CONTROL
Package: ucontrol
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: ucontrol maintainers <ucontrol@localhost>
Section: admin
Priority: optional
Installed-Size: $(du -sk "$root" | cut -f1)
Depends: $depends, passwd
Description: s390x virtual machines that user space controls completely
 A daemon that serves machines, memory mapping and interruption injection
 over gRPC, on a software /dev/kvm for s390x, and its command line.
CONTROL
dpkg-deb --root-owner-group --build "$root" "$output" >/dev/null
