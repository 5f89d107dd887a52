#include "textflag.h"

// func enter386(number uint32) int32
//
// The 32-bit table's entry point: its getpid is number 20.
TEXT ·enter386(SB), NOSPLIT, $0-12
	MOVL	number+0(FP), AX
	INT	$0x80
	MOVL	AX, ret+8(FP)
	RET
