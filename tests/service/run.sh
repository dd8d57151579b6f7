#!/bin/sh
# Runs the tests of one Python file with Debian's Python, which has the gRPC that the stubs need.
exec /usr/bin/python3 -B tests/service/run_tests.py "$@"
