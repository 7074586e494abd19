#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, The Spacer Authors.
"""Make an ELF64 image bootable by multiboot loaders.

Such loaders take 32-bit ELF only and look for the multiboot header in the
first 8 KiB. So an ELF32 header, the multiboot header and ELF32 program headers
are put in front of the untouched ELF64 file, ELF32 section headers behind it.
Running it twice on one file would nest the headers: run it on a fresh copy.
"""
import struct
import sys

EHDR32, PHDR32, SHDR32 = 52, 32, 40
MB_MAGIC, MB_FLAGS = 0x1BADB002, 0x3


def main():
    path = sys.argv[1]
    with open(path, "rb") as src:
        elf = src.read()
    if elf[:5] != b"\x7fELF\x02":
        raise SystemExit("%s: not an ELF64 image" % path)
    (etype, _mach, ver, entry, phoff, shoff, eflags, _ehs, phes, phnum, shes, shnum,
     strndx) = struct.unpack_from("<HHIQQQIHHHHHH", elf, 16)
    front = EHDR32 + 12 + PHDR32 * phnum

    header = b"\x7fELF\x01\x01\x01" + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", etype, 3, ver, entry, EHDR32 + 12, front + len(elf),
                          eflags, EHDR32, PHDR32, phnum, SHDR32, shnum, strndx)
    header += struct.pack("<III", MB_MAGIC, MB_FLAGS, -(MB_MAGIC + MB_FLAGS) & 0xFFFFFFFF)
    for i in range(phnum):
        kind, flags, off, vaddr, paddr, fsz, msz, align = struct.unpack_from(
            "<IIQQQQQQ", elf, phoff + i * phes)
        header += struct.pack("<IIIIIIII", kind, off + front, vaddr, paddr, fsz, msz, flags, align)
    assert len(header) == front
    tail = b""
    for i in range(shnum):
        name, kind, flags, addr, off, size, link, info, align, ent = struct.unpack_from(
            "<IIQQQQIIQQ", elf, shoff + i * shes)
        tail += struct.pack("<IIIIIIIIII", name, kind, flags & 0xFFFFFFFF, addr, off + front, size,
                            link, info, align, ent)
    with open(path, "wb") as out:
        out.write(header + elf + tail)


if __name__ == "__main__":
    main()
