/** Small workspaces on disk, in the shapes that builds leave. Nothing in them can be run. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder of its own for one test, removed by `remove`. */
export class Tree {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'spacer-tree-'));

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Writes a file and returns its path. */
  put(name: string, content: string | Buffer = ''): string {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  folder(name: string): string {
    const directory = path.join(this.root, name);
    mkdirSync(directory, { recursive: true });
    return directory;
  }

  link(name: string, target: string): void {
    const file = path.join(this.root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    symlinkSync(target, file);
  }

  /** A finished build of a current release. */
  build(directory: string, options: BuildOptions = {}): string {
    const name = options.name ?? 'hello_qemu-x86_64';
    const at = options.recordedAt ?? path.join(this.root, directory);
    const core =
      options.core ?? path.join(path.dirname(path.dirname(path.dirname(at))), 'unikraft');
    const scripts = path.join(core, 'support/scripts');
    const image = `${at}/${name}`;
    this.put(`${directory}/${name}`, options.image ?? elf(2));
    this.put(`${directory}/${name}.dbg`, options.debugImage ?? elf(2));
    this.put(`${directory}/libkvmplat.o`, elf(1));
    this.put(`${directory}/apphello.o`, elf(1));
    this.put(`${directory}/libkvmplat/link64.lds`, 'SECTIONS { .text : { *(.text) } }');
    this.put(`${directory}/libkvmplat/bootinfo.lds`, 'SECTIONS { } INSERT AFTER .rodata;');
    const link =
      `""gcc -Wl,-m,elf_x86_64 -Wl,--entry=_multiboot_entry ${at}/libkvmplat.o ${at}/apphello.o ` +
      `-Wl,--start-group -Wl,--end-group -nostdlib -no-pie -Wl,-dT,${at}/libkvmplat/link64.lds ` +
      `-Wl,-T,${at}/libkvmplat/bootinfo.lds -o ${image}.dbg\n`;
    this.put(`${directory}/${name}.dbg.cmd`, options.link ?? link);
    this.put(
      `${directory}/${name}.cmd`,
      `""strip -s ${image}.dbg -o ${image} 2>&1 | { grep -Ev "Empty|section.*lma.*" || true; }\n`,
    );
    this.put(
      `${directory}/${name}.bootinfo.cmd`,
      `${scripts}/mkbootinfo.py ${image} ${image}.bootinfo -a "x86_64" && ` +
        `""objcopy ${image} --update-section .uk_bootinfo=${image}.bootinfo\n`,
    );
    return path.join(this.root, directory, name);
  }
}

export interface BuildOptions {
  /** File name of the image. */
  name?: string;
  /** Where the build stood when it was recorded. */
  recordedAt?: string;
  core?: string;
  image?: Buffer;
  debugImage?: Buffer;
  /** Text of the link's record. */
  link?: string;
}

/** An ELF64 header with one program header: 1 object, 2 executable, 3 shared. */
export function elf(type: number, machine = 62, bits: 32 | 64 = 64): Buffer {
  const file = Buffer.alloc(120);
  file.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, 1, 1]);
  file.writeUInt16LE(type, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  return file;
}
