#!/bin/sh
# The greeting, and nothing else, on the console; then the guest stops its CPU, and all is well.
# Its way there has 24 instructions, 7 of them in each service_call.
counted=$(mktemp)
trap 'rm -f "$counted"' EXIT
said=$(tools/boot_guest --kernel tests/guests/hello.elf --memory 16 --seconds 60 --statistics </dev/null 2>"$counted") ||
  exit 1
[ "$said" = "$(printf 'Hello from an s390x guest\r')" ] && [ "$(grep -x "instructions [0-9]*" "$counted")" = "instructions 24" ]
