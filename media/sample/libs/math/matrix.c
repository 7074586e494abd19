/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <mathx.h>
#include <stdlib.h>
#include <string.h>

void mat_mul(const double *a, const double *b, double *r, int n, int k, int m)
{
	int i, j, l;

	for (i = 0; i < n; i++) {
		for (j = 0; j < m; j++)
			r[i * m + j] = 0;
		for (l = 0; l < k; l++)
			for (j = 0; j < m; j++)
				r[i * m + j] += a[i * k + l] * b[l * m + j];
	}
}

/* LU with the largest pivots; the sign tells about swapped rows. */
static int decompose(double *a, int *perm, int n, double *sign)
{
	int i, j, k;

	*sign = 1;
	for (i = 0; i < n; i++)
		perm[i] = i;
	for (k = 0; k < n; k++) {
		int p = k;

		for (i = k + 1; i < n; i++)
			if (m_fabs(a[i * n + k]) > m_fabs(a[p * n + k]))
				p = i;
		if (m_fabs(a[p * n + k]) < 1e-12)
			return -1;
		if (p != k) {
			for (j = 0; j < n; j++) {
				double t = a[p * n + j];

				a[p * n + j] = a[k * n + j];
				a[k * n + j] = t;
			}
			i = perm[p];
			perm[p] = perm[k];
			perm[k] = i;
			*sign = -*sign;
		}
		for (i = k + 1; i < n; i++) {
			a[i * n + k] /= a[k * n + k];
			for (j = k + 1; j < n; j++)
				a[i * n + j] -= a[i * n + k] * a[k * n + j];
		}
	}
	return 0;
}

static void substitute(const double *lu, const int *perm, const double *b, double *x, int n)
{
	int i, j;

	for (i = 0; i < n; i++) {
		x[i] = b[perm[i]];
		for (j = 0; j < i; j++)
			x[i] -= lu[i * n + j] * x[j];
	}
	for (i = n; i--;) {
		for (j = i + 1; j < n; j++)
			x[i] -= lu[i * n + j] * x[j];
		x[i] /= lu[i * n + i];
	}
}

static double *copy(const double *a, int n, int **perm)
{
	double *lu = malloc((size_t)(n * n) * sizeof(double));

	*perm = malloc((size_t)n * sizeof(int));
	return memcpy(lu, a, (size_t)(n * n) * sizeof(double));
}

double mat_det(const double *a, int n)
{
	int *perm, i;
	double *lu = copy(a, n, &perm), det;

	if (decompose(lu, perm, n, &det))
		det = 0;
	for (i = 0; i < n; i++)
		det *= det ? lu[i * n + i] : 0;
	free(lu);
	free(perm);
	return det;
}

int mat_solve(const double *a, const double *b, double *x, int n)
{
	double *lu, sign;
	int *perm, rc;

	lu = copy(a, n, &perm);
	rc = decompose(lu, perm, n, &sign);
	if (!rc)
		substitute(lu, perm, b, x, n);
	free(lu);
	free(perm);
	return rc;
}

int mat_invert(const double *a, double *r, int n)
{
	double *lu, sign, *unit, *col;
	int *perm, rc, i, j;

	lu = copy(a, n, &perm);
	unit = calloc((size_t)n, sizeof(double));
	col = calloc((size_t)n, sizeof(double));
	rc = decompose(lu, perm, n, &sign);
	for (j = 0; !rc && j < n; j++) {
		unit[j] = 1;
		substitute(lu, perm, unit, col, n);
		unit[j] = 0;
		for (i = 0; i < n; i++)
			r[i * n + j] = col[i];
	}
	free(lu);
	free(perm);
	free(unit);
	free(col);
	return rc;
}

/* Jacobi rotations for a symmetric matrix; values come in descending order. */
int mat_eigen(const double *m, double *values, int n)
{
	int *perm, sweep, p, q, i;
	double *a = copy(m, n, &perm);

	for (sweep = 0; sweep < 30; sweep++) {
		double off = 0;

		for (p = 0; p < n; p++)
			for (q = p + 1; q < n; q++)
				off += a[p * n + q] * a[p * n + q];
		if (off < 1e-20)
			break;
		for (p = 0; p < n; p++) {
			for (q = p + 1; q < n; q++) {
				double apq = a[p * n + q], theta, t, c, s;

				if (m_fabs(apq) < 1e-15)
					continue;
				theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
				t = 1 / (m_fabs(theta) + m_sqrt(theta * theta + 1));
				if (theta < 0)
					t = -t;
				c = 1 / m_sqrt(t * t + 1);
				s = t * c;
				for (i = 0; i < n; i++) {
					double x = a[i * n + p], y = a[i * n + q];

					a[i * n + p] = c * x - s * y;
					a[i * n + q] = s * x + c * y;
				}
				for (i = 0; i < n; i++) {
					double x = a[p * n + i], y = a[q * n + i];

					a[p * n + i] = c * x - s * y;
					a[q * n + i] = s * x + c * y;
				}
			}
		}
	}
	for (i = 0; i < n; i++)
		values[i] = a[i * n + i];
	for (p = 0; p < n; p++)
		for (q = p + 1; q < n; q++)
			if (values[q] > values[p]) {
				double t = values[p];

				values[p] = values[q];
				values[q] = t;
			}
	free(a);
	free(perm);
	return sweep;
}
