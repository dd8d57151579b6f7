// Says hello on the console through the service-call processor, and stops its CPU.
#define WRITE_EVENT_MASK 0x00780005
#define WRITE_EVENT_DATA 0x00760005
#define EXTERNAL_NEW_PSW 0x1b0
#define SIGP_STOP 5

    .section .text.start
    .globl _start
_start:
    larl %r2, controls
    lctlg %c0, %c0, 0(%r2)
    larl %r3, event_mask
    llilf %r1, WRITE_EVENT_MASK
    brasl %r14, service_call
    larl %r3, greeting
    llilf %r1, WRITE_EVENT_DATA
    brasl %r14, service_call
    lghi %r3, 0
1:  sigp %r0, %r3, SIGP_STOP
    j 1b

// The command in %r1 on the block at %r3. Returns after the service signal, an external interruption.
service_call:
    larl %r2, signalled
    stg %r14, 8(%r2)
    mvc EXTERNAL_NEW_PSW(16, %r0), 0(%r2)
1:  .insn rre, 0xb2200000, %r1, %r3  // SERVC
    jnz 1b
    larl %r2, awaiting
    lpswe 0(%r2)

    .balign 8
controls:
    .quad 0x0000000000000200  // service-signal subclass
signalled:
    .quad 0x0000000180000000, 0
awaiting:
    .quad 0x0102000180000000, 0

    .balign 8
event_mask:
    .short 2f - event_mask
    .byte 0, 0, 0, 0
    .short 0
    .short 0, 4
    .long 0, 0x40, 0, 0  // may send ASCII
2:
    .balign 8
greeting:
    .short 4f - greeting
    .byte 0, 0, 0, 0
    .short 0
3:  .short 4f - 3b
    .byte 0x1a, 0  // ASCII console
    .short 0
    .ascii "Hello from an s390x guest\r\n"
4:
