#!/bin/sh
# Every decimal-floating-point row, with DFP_STATES random states each (1,000 unless it is set) from
# DFP_SEED on, on the engine that UCONTROL_ENGINE names.
set -eu
here=$(dirname "$0")
"$here/vectors" "${DFP_STATES:-1000}" "${DFP_SEED:-1}" > "$TEST_TMPDIR/answers"
/usr/bin/python3 -B "$here/decimal_oracle.py" < "$TEST_TMPDIR/answers"
