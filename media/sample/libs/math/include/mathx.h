/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>

double m_sqrt(double x);
double m_exp(double x);
double m_log(double x);
double m_sin(double x);
double m_cos(double x);
double m_pow(double x, double y);
double m_fabs(double x);
double m_floor(double x);

/* Matrices in rows. */
void mat_mul(const double *a, const double *b, double *r, int n, int k, int m);
double mat_det(const double *a, int n);
int mat_solve(const double *a, const double *b, double *x, int n);
int mat_invert(const double *a, double *r, int n);
int mat_eigen(const double *a, double *values, int n);

struct complex {
	double re, im;
};
int fft(struct complex *x, size_t n, int inverse);
struct stats {
	size_t n;
	double min, max, mean, m2;
};
void stats_add(struct stats *s, double v);
double stats_stddev(const struct stats *s);
double stats_median(double *v, size_t n);
int stats_fit(const double *x, const double *y, size_t n, double *a, double *b);
