#!/bin/bash
# An s390x program drives a UCONTROL VM of the preloaded library under qemu-s390x-static.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)/s390x
output=$(qemu-s390x-static -L /usr/s390x-linux-gnu -E LD_PRELOAD="$here/libucontrol_kvm.so" "$here/ucontrol_client")
echo "$output"
[ "$output" = "the guest says: 5050 = 1 + 2 + ... + 100" ]
