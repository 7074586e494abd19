/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <http.h>
#include <uk/net.h>

#define PORT 8080
extern const struct http_route routes[];
extern const size_t nroutes;
extern unsigned long requests_served;
int run_client(void);
void make_site(void);
