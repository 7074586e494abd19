/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

int strcmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; a++, b++, n--)
		;
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

int strcasecmp(const char *a, const char *b)
{
	for (; *a && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++)
		;
	return tolower((unsigned char)*a) - tolower((unsigned char)*b);
}

int strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && tolower((unsigned char)*a) == tolower((unsigned char)*b); a++, b++, n--)
		;
	return n ? tolower((unsigned char)*a) - tolower((unsigned char)*b) : 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)p;
	return NULL;
}

void *memrchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		if (p[n] == (unsigned char)c)
			return (void *)(p + n);
	return NULL;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	return memrchr(s, c, strlen(s) + 1);
}

/* Horspool: skip by the last character of the window. */
void *memmem(const void *h, size_t hn, const void *n, size_t nn)
{
	const unsigned char *hay = h, *needle = n;
	uint8_t skip[256];
	size_t i, step = nn < 255 ? nn : 255;

	if (!nn)
		return (void *)hay;
	if (nn < 4) {
		for (i = 0; i + nn <= hn; i++)
			if (!memcmp(hay + i, needle, nn))
				return (void *)(hay + i);
		return NULL;
	}
	memset(skip, (int)step, sizeof(skip));
	for (i = 0; i < nn - 1; i++)
		if (nn - 1 - i < 255)
			skip[needle[i]] = (uint8_t)(nn - 1 - i);
	for (i = 0; i + nn <= hn; i += skip[hay[i + nn - 1]])
		if (!memcmp(hay + i, needle, nn))
			return (void *)(hay + i);
	return NULL;
}

char *strstr(const char *h, const char *n)
{
	return memmem(h, strlen(h), n, strlen(n));
}

static void set_of(const char *set, uint64_t bits[4])
{
	memset(bits, 0, 32);
	for (; *set; set++)
		bits[(unsigned char)*set >> 6] |= 1UL << ((unsigned char)*set & 63);
}

static int in_set(const uint64_t bits[4], char c)
{
	return bits[(unsigned char)c >> 6] >> ((unsigned char)c & 63) & 1;
}

size_t strspn(const char *s, const char *set)
{
	uint64_t bits[4];
	size_t n = 0;

	set_of(set, bits);
	while (s[n] && in_set(bits, s[n]))
		n++;
	return n;
}

size_t strcspn(const char *s, const char *set)
{
	uint64_t bits[4];
	size_t n = 0;

	set_of(set, bits);
	while (s[n] && !in_set(bits, s[n]))
		n++;
	return n;
}

char *strpbrk(const char *s, const char *set)
{
	s += strcspn(s, set);
	return *s ? (char *)s : NULL;
}

char *strtok_r(char *s, const char *sep, char **save)
{
	if (!s)
		s = *save;
	s += strspn(s, sep);
	if (!*s) {
		*save = s;
		return NULL;
	}
	*save = s + strcspn(s, sep);
	if (**save)
		*(*save)++ = 0;
	return s;
}

char *strsep(char **s, const char *sep)
{
	char *start = *s;

	if (!start)
		return NULL;
	*s = strpbrk(start, sep);
	if (*s)
		*(*s)++ = 0;
	return start;
}

char *strerror(int e)
{
	switch (e) {
	case 0: return "Success";
	case EPERM: return "Operation not permitted";
	case ENOENT: return "No such file or directory";
	case EIO: return "Input/output error";
	case E2BIG: return "Argument list too long";
	case EBADF: return "Bad file descriptor";
	case EAGAIN: return "Resource temporarily unavailable";
	case ENOMEM: return "Cannot allocate memory";
	case EFAULT: return "Bad address";
	case EBUSY: return "Device or resource busy";
	case EEXIST: return "File exists";
	case ENODEV: return "No such device";
	case ENOTDIR: return "Not a directory";
	case EISDIR: return "Is a directory";
	case EINVAL: return "Invalid argument";
	case EMFILE: return "Too many open files";
	case EFBIG: return "File too large";
	case ENOSPC: return "No space left on device";
	case ESPIPE: return "Illegal seek";
	case EROFS: return "Read-only file system";
	case EPIPE: return "Broken pipe";
	case EDOM: return "Argument out of domain";
	case ERANGE: return "Result out of range";
	case ENAMETOOLONG: return "File name too long";
	case ENOSYS: return "Function not implemented";
	case ENOTEMPTY: return "Directory not empty";
	case EBADMSG: return "Bad message";
	case ECONNRESET: return "Connection reset by peer";
	case ENOTCONN: return "Not connected";
	case ETIMEDOUT: return "Connection timed out";
	case ECONNREFUSED: return "Connection refused";
	default: return "Unknown error";
	}
}
