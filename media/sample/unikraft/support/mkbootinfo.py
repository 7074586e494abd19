#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, The Spacer Authors.
"""Write the boot information of an image: one memory region per PT_LOAD.

The blob has exactly the size of the image's .uk_bootinfo section, so that
objcopy can put it in its place. Layout: struct ukplat_bootinfo (80 bytes) and
an array of struct ukplat_memregion (32 bytes each), see uk/plat/bootinfo.h.
"""
import argparse
import struct

MAGIC, VERSION = 0x53_50_43_52, 1
HEADER, REGION = 80, 32
KERNEL = 4
PAGE = 4096


def sections(elf):
    shoff = struct.unpack_from("<Q", elf, 40)[0]
    entsize, num, strndx = struct.unpack_from("<HHH", elf, 58)
    rows = [struct.unpack_from("<IIQQQQIIQQ", elf, shoff + i * entsize) for i in range(num)]
    names = rows[strndx][4]
    for row in rows:
        start = names + row[0]
        yield elf[start:elf.index(b"\0", start)].decode(), row


def loads(elf):
    phoff = struct.unpack_from("<Q", elf, 32)[0]
    entsize, num = struct.unpack_from("<HH", elf, 54)
    for i in range(num):
        kind, flags, _off, vaddr, _paddr, _fsz, memsz, _al = struct.unpack_from(
            "<IIQQQQQQ", elf, phoff + i * entsize)
        if kind == 1 and memsz:
            yield vaddr, memsz, flags


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel")
    parser.add_argument("output")
    parser.add_argument("-a", "--arch", default="x86_64")
    opt = parser.parse_args()
    with open(opt.kernel, "rb") as src:
        elf = src.read()
    size = next((row[5] for name, row in sections(elf) if name == ".uk_bootinfo"), None)
    if size is None:
        raise SystemExit("%s: no .uk_bootinfo section" % opt.kernel)
    capacity = (size - HEADER) // REGION
    regions = b""
    count = 0
    for vaddr, memsz, flags in sorted(loads(elf)):
        length = (memsz + PAGE - 1) & -PAGE
        # ELF says X=1 W=2 R=4, the boot information R=1 W=2 X=4
        mode = (flags & 2) | (1 if flags & 4 else 0) | (4 if flags & 1 else 0)
        regions += struct.pack("<QQIHHQ", vaddr, length, length // PAGE, KERNEL, mode, vaddr)
        count += 1
    if count > capacity:
        raise SystemExit("%s: more segments than regions" % opt.kernel)
    blob = struct.pack("<IB3x16s16sQQQQII", MAGIC, VERSION, b"", b"", 0, 0, 0, 0, capacity, count)
    assert len(blob) == HEADER
    with open(opt.output, "wb") as out:
        out.write((blob + regions).ljust(size, b"\0"))


if __name__ == "__main__":
    main()
