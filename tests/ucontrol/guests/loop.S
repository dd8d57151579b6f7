// Crashes as the first byte of its results says: 0 disabled wait at 0xffe, 1 program-new PSW that is
// invalid, 2 program-new PSW at an invalid instruction, 3 outside storage, 4 clock comparator that the
// external-new PSW enables.
    .section .text.start
    .globl _start
_start:
    lg %r1, 0x2000
    cghi %r1, 0
    je wait
    cghi %r1, 4
    je external
    lgrl %r2, normal
    stg %r2, 0x1d0
    larl %r3, invalid
    cghi %r1, 2
    je program
    llilh %r3, 0x7000
    cghi %r1, 3
    je program
    lghi %r2, -1
    stg %r2, 0x1d0
program:
    stg %r3, 0x1d8
invalid:
    .long 0
wait:
    larl %r2, disabled
    lpswe 0(%r2)
external:
    lgrl %r2, open
    stg %r2, 0x1b0
    larl %r3, spin
    stg %r3, 0x1b8
    larl %r2, timer
    lctlg %c0, %c0, 0(%r2)
    larl %r2, zero
    sckc 0(%r2)
    lghi %r2, 0x2008
    stosm 0(%r2), 1
spin:
    j spin
    .balign 8
normal: .quad 0x0000000180000000
open:   .quad 0x0100000180000000
timer:  .quad 0x800
zero:   .quad 0
disabled: .quad 0x0002000180000000, 0xffe
