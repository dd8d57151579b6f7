// Says hello to its monitor with DIAGNOSE 8, a character in general register 2 at a time, and ends in
// a disabled wait with the number of characters as address.
    .section .text.start
    .globl _start
_start:
    larl %r4, greeting
    lghi %r3, 0
1:  llgc %r2, 0(%r3, %r4)
    cgije %r2, 0, 2f
    diag %r2, %r0, 8
    aghi %r3, 1
    j 1b
2:  larl %r5, stopped
    stg %r3, 8(%r5)
    lpswe 0(%r5)

    .balign 8
stopped:
    .quad 0x0002000180000000, 0
greeting:
    .asciz "Hello from an s390x guest\n"
