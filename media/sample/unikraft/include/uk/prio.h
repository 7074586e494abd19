/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
/* Tables are sorted by section name, so a priority is one digit. */
#define UK_PRIO_EARLIEST 0
#define UK_PRIO_LATEST 9
