// Counts in general register 2 for ever.
    .section .text.start
    .globl _start
_start:
    lghi %r2, 0
1:  aghi %r2, 1
    j 1b
