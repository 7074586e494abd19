/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "lisp_priv.h"

/* What is written in the language itself. */
const char lisp__prelude[] =
	"(define (filter p l) (cond ((null? l) '()) ((p (car l)) (cons (car l) (filter p (cdr l))))"
	"  (else (filter p (cdr l)))))\n"
	"(define (fold f a l) (if (null? l) a (fold f (f a (car l)) (cdr l))))\n"
	"(define (compose f g) (lambda (x) (f (g x))))\n"
	"(define (even? n) (= 0 (mod n 2)))\n"
	"(define (sort l) (if (null? l) '() (let ((p (car l)) (r (cdr l)))"
	"  (append (sort (filter (lambda (x) (< x p)) r)) (list p)"
	"          (sort (filter (lambda (x) (>= x p)) r))))))\n"
	"(defmacro (unless c . body) `(if ,c nil (begin ,@body)))\n"
	"(defmacro (when c . body) `(if ,c (begin ,@body)))\n";
