/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdint.h>
#include <stdlib.h>

static uint64_t state = 0x853c49e6748fea9bUL;

void srand(unsigned int seed)
{
	state = seed * 0x9e3779b97f4a7c15UL + 1;
}

/* xorshift64*, the upper bits */
int rand(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (int)((state * 0x2545f4914f6cdd1dUL) >> 33);
}
