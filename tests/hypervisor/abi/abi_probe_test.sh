#!/bin/bash
# Runs abi_probe, an s390x program, on the preloaded software device under qemu-s390x-static, and compares its
# answers with those of a real kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
probe=$here/s390x/abi_probe
library=$here/s390x/libucontrol_kvm.so
answers=${TEST_TMPDIR:-$(mktemp -d)}/answers.tsv

qemu-s390x-static -L /usr/s390x-linux-gnu -E LD_PRELOAD="$library" "$probe" >"$answers"
python3 "$here/compare_answers.py" "$here/answers-linux-6.1.tsv" "$here/explained.txt" "$answers"
