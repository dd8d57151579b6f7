#!/bin/sh
# The greeting, and nothing else, on the console; then the guest stops its CPU, and all is well.
said=$(tools/boot_guest --kernel tests/guests/hello.elf --memory 16 --seconds 60 </dev/null) || exit 1
[ "$said" = "$(printf 'Hello from an s390x guest\r')" ]
