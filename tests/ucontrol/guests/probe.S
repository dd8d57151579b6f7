// Executes instructions that the host has put together, one by one, and records what came of each:
// tests/ucontrol/probe.h is the other side.
//
// A command is a PSW mask, an instruction with a SUPERVISOR CALL behind it, and the general
// registers. Whichever interruption comes first makes the record, and the next command follows; a
// mask with the wait bit waits for one. Behind the last command the CPU stops itself.
#define PSW 0x800
#define LEFT 0x2000  // commands
#define NEXT_COMMAND 0x2008
#define NEXT_RECORD 0x2010
#define REGISTERS 0x2100
#define CODE 0x3000          // where the instruction stands
#define OTHER_PREFIX 0x40000 // what commands may make the prefix

#define COMMAND_SIZE 144
#define RECORD_SIZE 184

	.section .text.start, "ax"
	.globl _start
_start:
	larl	%r1, new_psws
	mvc	0x1b0(64), 0(%r1)
	mvc	0x1f0(16), 64(%r1)
	llilh	%r2, OTHER_PREFIX >> 16
	mvc	0x1b0(64, %r2), 0(%r1)
	mvc	0x1f0(16, %r2), 64(%r1)
next:
	lg	%r2, LEFT
	aghi	%r2, -1
	stg	%r2, LEFT
	jl	stop
	lg	%r1, NEXT_COMMAND
	la	%r2, COMMAND_SIZE(%r1)
	stg	%r2, NEXT_COMMAND
	lghi	%r3, CODE
	mvc	PSW(8), 0(%r1)
	stg	%r3, PSW+8
	mvc	0(8, %r3), 8(%r1)
	xc	0x80(16), 0x80
	xc	0xb8(16), 0xb8
	lmg	%r0, %r15, 16(%r1)
	lpswe	PSW

external:
	stmg	%r0, %r15, REGISTERS
	lghi	%r10, 0
	lghi	%r11, 0x130
	j	record
completed:
	stmg	%r0, %r15, REGISTERS
	lghi	%r10, 1
	lghi	%r11, 0x140
	j	record
program:
	stmg	%r0, %r15, REGISTERS
	lghi	%r10, 2
	lghi	%r11, 0x150
	j	record
input_output:
	stmg	%r0, %r15, REGISTERS
	lghi	%r10, 3
	lghi	%r11, 0x170
record:
	lg	%r9, NEXT_RECORD
	stg	%r10, 0(%r9)
	mvc	8(16, %r9), 0x80
	mvc	24(16, %r9), 0xb8
	mvc	40(16, %r9), 0(%r11)
	lghi	%r8, REGISTERS
	mvc	56(128, %r9), 0(%r8)
	la	%r9, RECORD_SIZE(%r9)
	stg	%r9, NEXT_RECORD
	j	next

stop:
	stap	PSW
	llgh	%r2, PSW
	sigp	%r0, %r2, 5
	j	stop

	.balign	8
new_psws:  // external, supervisor call, program, machine check; input/output
	.quad	0x0000000180000000, external
	.quad	0x0000000180000000, completed
	.quad	0x0000000180000000, program
	.quad	0x0002000180000000, 0xdead
	.quad	0x0000000180000000, input_output
