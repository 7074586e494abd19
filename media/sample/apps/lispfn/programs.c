/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stddef.h>
#include "programs.h"

const char *const lisp_programs[] = {
	"(define (fact n) (if (< n 2) 1 (* n (fact (- n 1))))) (fact 20)",
	"(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (map fib (range 0 15))",
	"(sort '(31 4 15 9 26 5 35 8 97 93 2))",
	"(fold + 0 (filter even? (range 1 101)))",
	"(define (count n) (if (= n 0) 'done (count (- n 1)))) (count 20000)",
	"(let ((x 3) (y (* x x))) `(x ,x y ,y list ,@(map (lambda (v) (* v 10)) '(1 2 3)) . end))",
	"(defmacro (swap a b) `(let ((tmp ,a)) (set! ,a ,b) (set! ,b tmp)))"
	"(define p 1) (define q 2) (swap p q) (list p q)",
	"(define (hanoi n a b c) (if (= n 0) 0 (+ (hanoi (- n 1) a c b) 1 (hanoi (- n 1) c b a))))"
	"(hanoi 10 'left 'middle 'right)",
	"(str (upcase \"unikernel\") \"/\" (length \"pages\") \"/\" (substring \"alignment\" 0 5))",
	"(fold + 0 (map string->number (split \"1,2.5,3\" \",\")))",
	"(define c (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (c) (c) (c)",
	"((compose (lambda (x) (* x x)) (lambda (x) (+ x 1))) 7)",
	"(define i 0) (while (< i 3) (print \"step\" i) (set! i (+ i 1))) i",
	"(cond ((assoc 'b '((a . 1) (b . 2)))) (else 'none))",
	"(car '())",
	"(undefined-function 1)",
	"(/ 7 0)",
	"(define (deep n) (+ 1 (deep n))) (deep 0)",
	"(list 1 2",
	"(/ 1.0 3)",
	NULL,
};

const char *const vm_programs[] = {
	"def gcd(a, b) { while b { let t = a % b; a = b; b = t; } return a; }\n"
	"print gcd(1071, 462); return gcd(2 * 3 * 5 * 7, 3 * 7 * 11);",
	"let n = 2; let found = 0;\n"
	"def prime(x) { let d = 2; while d * d <= x { if x % d == 0 { return 0; } d = d + 1; } return 1; }\n"
	"while found < 10 { if prime(n) { print n; found = found + 1; } n = n + 1; } return n;",
	"def collatz(n) { let steps = 0; while n != 1 { if n & 1 { n = 3 * n + 1; } else { n = n >> 1; }"
	" steps = steps + 1; } return steps; } return collatz(27);",
	"def fib(n) { if n < 2 { return n; } return fib(n - 1) + fib(n - 2); } return fib(16);",
	"return 1 << 4 | 3 ^ 2 & 7 == 7;",
	"let x = 10; return x / (5 - 5);",
	"while 1 { }",
	"let a = ;",
	"def f(n) { return f(n + 1); } return f(0);",
	NULL,
};
