// Wanders through storage that its monitor maps when it is touched: writes a number to each of four
// segments, adds up what it finds there, asks its monitor with DIAGNOSE 0x44 for nothing and with
// DIAGNOSE 8 to add 2 to general register 2, and ends in a disabled wait with the sum as address.
    .section .text.start
    .globl _start
_start:
    lghi %r5, 4                 // segments
    llilh %r4, 0x0050           // the first: 0x00500000
    lghi %r6, 0x11
1:  stg %r6, 0x18(%r4)
    aghi %r6, 0x11
    algfi %r4, 0x00200000
    brctg %r5, 1b

    lghi %r5, 4
    llilh %r4, 0x0050
    lghi %r2, 0
2:  ag %r2, 0x18(%r4)
    algfi %r4, 0x00200000
    brctg %r5, 2b

    diag %r0, %r0, 0x44
    diag %r2, %r0, 8

    larl %r5, stopped
    stg %r2, 8(%r5)
    lpswe 0(%r5)

    .balign 8
stopped:
    .quad 0x0002000180000000, 0
