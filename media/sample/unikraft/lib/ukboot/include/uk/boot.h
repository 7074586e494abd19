/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/plat/bootinfo.h>

void uk_boot_early_init(struct ukplat_bootinfo *bi);
void uk_boot_entry(struct ukplat_bootinfo *bi);
void uk_boot_shutdown(int status) __noreturn;
/* Weak: an application may greet in its own words. */
const char *uk_boot_greeting(void);
int main(int argc, char *argv[]);
