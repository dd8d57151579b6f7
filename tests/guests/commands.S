// Executes what the host asks for, instruction by instruction, and records what came of each:
// tests/guests/commands.h is the other side.
//
// A command is an operation, a PSW mask, and the contents of general registers 0-7. The operation is
// executed under that mask; behind it stands a SUPERVISOR CALL. Whichever interruption comes first
// makes the record, and the next command follows. Operation 0 ends the run by DIAGNOSE.
#define WORK 0x2000
#define NEXT_COMMAND 0x2100
#define NEXT_RECORD 0x2108
#define OPERATION 0x2110  // where the instruction stands
#define COMMAND_PSW 0x2120
#define SAVED 0x2200

#define COMMAND_SIZE 80
#define RECORD_SIZE 128

#define SVC_OLD 0x140
#define PROGRAM_OLD 0x150
#define EXTERNAL_OLD 0x130

    .section .text.start
    .globl _start
_start:
    j next
    .balign 8
// For the host, at 0x10008: where things are.
    .quad completed, program, external, called, target, operations
next:
    lg %r8, NEXT_COMMAND(%r0)
    lg %r1, 0(%r8)
    ltgr %r1, %r1
    jz done
    sllg %r1, %r1, 3
    larl %r2, operations
    lg %r3, 0(%r1, %r2)
    stg %r3, OPERATION(%r0)
    stg %r3, COMMAND_PSW+8(%r0)
    lghi %r13, WORK
    mvc COMMAND_PSW-WORK(8, %r13), 8(%r8)
    la %r2, COMMAND_SIZE(%r8)
    stg %r2, NEXT_COMMAND(%r0)
    lmg %r0, %r7, 16(%r8)
    lpswe COMMAND_PSW-WORK(%r13)

done:
    diag %r0, %r0, 0x500

    .globl completed, program, external
completed:
    stmg %r0, %r15, SAVED(%r0)
    lghi %r10, 0
    lghi %r11, SVC_OLD
    lghi %r12, 0x88
    j record
program:
    stmg %r0, %r15, SAVED(%r0)
    lghi %r10, 1
    lghi %r11, PROGRAM_OLD
    lghi %r12, 0x8c
    j record
external:
    stmg %r0, %r15, SAVED(%r0)
    lghi %r10, 2
    lghi %r11, EXTERNAL_OLD
    lghi %r12, 0x84
record:
    lghi %r13, WORK
    lg %r9, NEXT_RECORD(%r0)
    stg %r10, 0(%r9)
    mvc 8(8, %r9), 0(%r12)
    mvc 16(8, %r9), 0xa8(%r0)
    mvc 24(8, %r9), 0(%r11)
    lg %r1, 8(%r11)
    sg %r1, OPERATION(%r0)
    stg %r1, 32(%r9)
    mvc 40(4, %r9), 0xa0(%r0)
    mvc 44(2, %r9), 0x96(%r0)
    lg %r1, 0x98(%r0)
    sg %r1, OPERATION(%r0)
    stg %r1, 48(%r9)
    mvc 64(64, %r9), SAVED-WORK(%r13)
    la %r9, RECORD_SIZE(%r9)
    stg %r9, NEXT_RECORD(%r0)
    j next

#define OP(...) .balign 8; 9: __VA_ARGS__; svc 0; .pushsection .data.operations, "aw"; .quad 9b; .popsection

    .pushsection .data.operations, "aw"
operations:
    .quad 0
    .popsection

// In the order of enum Operation.
    OP(lg %r0, 0(%r1))
    OP(stg %r2, 0(%r1))
    OP(stmg %r2, %r3, 0(%r1))
    OP(mvc 0(256, %r1), 0(%r2))
    OP(br %r1)
    OP(tprot 0(%r1), 0(%r2))
    OP(lra %r0, 0(%r1))
    OP(iske %r0, %r1)
    OP(sske %r2, %r1)
    OP(rrbe %r0, %r1)
    OP(ivsk %r0, %r1)
    OP(ptlb)
    OP(mvcl %r2, %r4)
    OP(clcl %r2, %r4)
    OP(mvcle %r2, %r4, 0)
    OP(.short 0x0000)
    OP(.long 0xb2ee0000)
    OP(.byte 0xe3, 0, 0, 0, 0, 0xfe)
    OP(ar %r1, %r2)
    OP(dr %r2, %r4)
    OP(.short 0x1d34)  // dr %r3, %r4, an odd register
    OP(clgrt %r1, %r2, 8)
    OP(ex %r0, 0(%r1))
    OP(exrl %r0, 8f)
    OP(spka 0(%r1))
    OP(mc 0x123(%r0), 8)
    OP(l %r0, 1(%r0, %r1))
    OP(cs %r2, %r3, 0(%r1))
    OP(lm %r2, %r6, 0(%r1))
    OP(pc 0(%r1))
    OP(bakr %r0, %r1)
    OP(pr)
    OP(stckf 0(%r1))
    OP(spt 0(%r1))
    OP(stpt 0(%r1))
    OP(sckc 0(%r1))
    OP(j .)
    OP(ap 0(2, %r1), 0(2, %r2))
    OP(clc 0(256, %r1), 0(%r2))
    OP(sacf 0(%r1))
    OP(basr %r3, %r1)
    OP(sturg %r2, %r1)
8:  lg %r0, 0(%r1)

// Called by PROGRAM CALL and BRANCH AND STACK.
    .balign 8
    .globl called
called:
    lgr %r0, %r4
    lghi %r5, 0x77
    pr
// A place to branch to.
    .balign 8
    .globl target
target:
    svc 0
