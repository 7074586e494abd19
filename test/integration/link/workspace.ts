/** A small workspace that a real compiler built, with the records that a Unikraft build leaves. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SCRIPT = `ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
SECTIONS
{
  . = 0x100000;
  .text : { *(.text .text.*) } :text
  .rodata : { *(.rodata .rodata.*) } :text
  . = ALIGN(0x1000);
  .data : { *(.data .data.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
}
`;
const EXTRA = 'SECTIONS { .table : { KEEP(*(.table)) } } INSERT AFTER .rodata;\n';
const PLATFORM = 'int main(void); void _start(void) { main(); for (;;); }\n';
const APPLICATION = (name: string): string =>
  `static const char *text = "${name}";\n` +
  '__attribute__((section(".table"), used)) static const char **table = &text;\n' +
  'int counter = 7; int unset[64];\n' +
  'int main(void) { return text[counter++] + unset[0]; }\n';

/** Builds `apps/NAME` in `root` and records how. */
export function buildApplication(root: string, name: string): void {
  const build = path.join(root, 'apps', name, 'build');
  const image = path.join(build, `${name}_qemu-x86_64`);
  const put = (file: string, text: string): string => {
    mkdirSync(path.dirname(path.join(build, file)), { recursive: true });
    writeFileSync(path.join(build, file), text);
    return path.join(build, file);
  };
  const script = put('libkvmplat/link64.lds', SCRIPT);
  const extra = put('libkvmplat/extra.lds', EXTRA);
  const object = (target: string, source: string): string => {
    const args = ['-c', '-O1', '-g', '-fno-pic', '-fno-asynchronous-unwind-tables'];
    execFileSync('gcc', [
      ...args,
      '-mcmodel=kernel',
      put(`${target}.c`, source),
      '-o',
      `${build}/${target}.o`,
    ]);
    return `${build}/${target}.o`;
  };
  const inputs = [object('libkvmplat', PLATFORM), object(`app${name}`, APPLICATION(name))];
  const link = [
    '-Wl,-m,elf_x86_64',
    ...inputs,
    '-nostdlib -Wl,--build-id=none -no-pie',
    `-Wl,-dT,${script} -Wl,-T,${extra} -o ${image}.dbg`,
  ].join(' ');
  record(`${image}.dbg`, `""gcc ${link}`);
  record(image, `""strip -s ${image}.dbg -o ${image} 2>&1 | { grep -Ev "x|y.*" || true; }`);
}

function record(target: string, command: string): void {
  writeFileSync(`${target}.cmd`, `${command}\n`);
  execFileSync('sh', [`${target}.cmd`]);
}

/** Path, time and content of every file below a folder: equal only if nothing was touched. */
export function fingerprint(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.spacer'))
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return `${file} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    })
    .sort();
}
