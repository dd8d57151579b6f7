// Says "Hello" to its host, a character at a time in general register 2 of DIAGNOSE 8, and stops in a
// disabled wait whose address is the number of characters.
    .section .text.start
    .globl _start
_start:
    larl %r3, greeting
    lghi %r4, 0
1:  llgc %r2, 0(%r4, %r3)
    ltgr %r2, %r2
    jz 2f
    diag %r2, %r0, 8
    aghi %r4, 1
    j 1b
2:  larl %r5, stopped
    stg %r4, 8(%r5)
    lpswe 0(%r5)

    .balign 8
stopped:
    .quad 0x0002000180000000, 0
greeting:
    .asciz "Hello from an s390x guest\n"
