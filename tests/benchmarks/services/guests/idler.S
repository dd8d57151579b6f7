// Waits for ever, with I/O and external interruptions enabled but no subclass of them.
    .section .text.start
    .globl _start
_start:
    larl %r2, nothing
    lctlg %c0, %c0, 0(%r2)
    lctlg %c6, %c6, 0(%r2)
    larl %r2, waiting
    lpswe 0(%r2)

    .balign 8
nothing:
    .quad 0
waiting:
    .quad 0x0302000180000000, 0
