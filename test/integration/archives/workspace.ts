/** A workspace whose images link archives: two in a group, and the compiler's own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What members of libutil.a have before everything else: the pattern names the archive. */
const SCRIPT = `ENTRY(_start)
PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }
SECTIONS
{
  . = 0x100000;
  .text : { *(.text .text.*) } :text
  .util : { util_start = .; *libutil.a:*(.utiltab) *libutil.a:(.other) util_end = .; }
  .plain : { *(.utiltab) }
  .rodata : { *(.rodata .rodata.*) } :text
  . = ALIGN(0x1000);
  .data : { *(.data .data.*) } :data
  .bss : { *(.bss .bss.* COMMON) } :data
}
`;
const PLATFORM = `int main(void); void _start(void) { main(); for (;;); }
__attribute__((section(".utiltab"), used)) static const int plain = 11;
`;
const MEMBERS: Readonly<Record<string, string>> = {
  first:
    'int second(int); const char *text = "first"; int first(int i) { return second(i) + text[i]; }',
  second: 'int other(int); int table[4] = {1, 2}; int second(int i) { return other(table[i]); }',
  third: `__attribute__((section(".utiltab"), used)) static const int entry = 3;
    int third(int i) { return i * 3; }`,
  unused: 'int unused(void) { return 0; }',
};
const OTHERS: Readonly<Record<string, string>> = {
  other: 'int third(int); int zeros[32]; int other(int i) { return third(zeros[i]); }',
};
const APPLICATION = (name: string): string => `int first(int); static const char *name = "${name}";
  unsigned __int128 number = 77;
  int main(void) { return first(name[0]) + (int)(number / (number >> 3)); }
`;

/** Builds `apps/NAME` in `root` and records how. */
export function buildWithArchives(root: string, name: string, link: readonly string[] = []): void {
  const build = path.join(root, 'apps', name, 'build');
  mkdirSync(path.join(build, 'libkvmplat'), { recursive: true });
  const run = (tool: string, ...args: string[]) =>
    execFileSync(tool, args, { cwd: build, stdio: 'pipe' });
  const compile = (object: string, source: string): string => {
    writeFileSync(path.join(build, `${object}.c`), source);
    const flags = ['-c', '-O1', '-fno-pic', '-mno-red-zone', '-fno-asynchronous-unwind-tables'];
    run('gcc', ...flags, `${object}.c`, '-o', `${object}.o`);
    return `${object}.o`;
  };
  const archive = (file: string, members: Readonly<Record<string, string>>): string => {
    run('ar', 'rcs', file, ...Object.entries(members).map(([m, source]) => compile(m, source)));
    return path.join(build, file);
  };
  const script = path.join(build, 'libkvmplat/link64.lds');
  writeFileSync(script, SCRIPT);
  const objects = [compile('libkvmplat', PLATFORM), compile(`app${name}`, APPLICATION(name))];
  const archives = [archive('libutil.a', MEMBERS), archive('libother.a', OTHERS)];
  const image = path.join(build, `${name}_qemu-x86_64`);
  const words = [
    ...objects.map((object) => path.join(build, object)),
    '-Wl,--start-group',
    ...archives,
    '-Wl,--end-group',
    '-nostdlib -lgcc -Wl,--build-id=none -no-pie -static',
    ...link,
    `-Wl,-dT,${script} -o ${image}.dbg`,
  ];
  record(`${image}.dbg`, `""gcc ${words.join(' ')}`);
  record(image, `""strip -s ${image}.dbg -o ${image}`);
}

function record(target: string, command: string): void {
  writeFileSync(`${target}.cmd`, `${command}\n`);
  execFileSync('sh', [`${target}.cmd`], { stdio: 'pipe' });
}
