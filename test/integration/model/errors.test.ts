import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { R, relocationName } from '../../../src/engine/model/relocation-types.ts';
import { relocateSection } from '../../../src/engine/model/relocate.ts';
import type { ElfFile } from '../../../src/engine/elf/types.ts';
import { Bench, SCRIPT } from './ld.ts';

const bench = new Bench();
afterAll(() => bench.close());

const TYPES = [
  R.ABS32,
  R.ABS32S,
  R.PC32,
  R.PLT32,
  R.ABS16,
  R.PC16,
  R.ABS8,
  R.PC8,
  R.TPOFF32,
  R.DTPOFF32,
  R.SIZE32,
];
const EDGES = [7, 8, 15, 16, 31, 32, 40].flatMap((bits) =>
  [-1, 0, 1].flatMap((d) => [2 ** bits + d, -(2 ** bits) + d]),
);

describe('the limits of fields', () => {
  it('are those of ld', () => {
    const cases = TYPES.flatMap((type) => EDGES.map((value) => ({ type, value })));
    const lines = cases.map(
      ({ type, value }) =>
        `.reloc ., ${relocationName(type)}, ${type === R.SIZE32 ? 'sized' : 'zero'} + ${value}\n.quad 0`,
    );
    const source = `.globl start\n.set zero, 0\n.text\nstart: ret\n.section .data\n${lines.join('\n')}\n.bss\n.globl sized\nsized: .skip 8\n.size sized, 8\n`;
    const object = bench.compile('limits.s', source);
    writeFileSync(path.join(bench.directory, 'limits.lds'), SCRIPT);
    const { stderr } = bench.run('ld', [
      '-T',
      'limits.lds',
      '-e',
      'start',
      '--noinhibit-exec',
      '--verbose',
      '-Map',
      'limits.map',
      object,
      '-o',
      'limits.out',
    ]);
    const theirs = [...stderr.matchAll(/\(\.data\+0x([0-9a-f]+)\): relocation truncated/g)].map(
      (m) => parseInt(m[1] ?? '', 16) / 8,
    );
    expect(theirs.length).toBeGreaterThan(50);
    const linked = bench.load(['limits.out'])[0]?.elf as ElfFile;
    const address = linked.sections.find((s) => s.name === '.data')?.address ?? 0;
    const program = bench.program([object]);
    const elf = program.objects[0]?.elf as ElfFile;
    const data = elf.sections.find((s) => s.name === '.data')?.index ?? 0;
    const relocations = elf.relocations.get(data) ?? [];
    const ours = relocations.flatMap((relocation, i) => {
      const only = { ...elf, relocations: new Map([[data, [relocation]]]) };
      const objects = [{ index: 0, path: object, library: 'limits', elf: only }];
      try {
        relocateSection({
          program: { ...program, objects },
          object: 0,
          section: data,
          sectionAddress: address,
          addressOf: () => 0,
          symbolValue: () => 0,
        });
        return [];
      } catch (error) {
        if (error instanceof SpacerError && error.code === 'link-relocation-overflow') return [i];
        throw error;
      }
    });
    expect(ours).toEqual(theirs.sort((a, b) => a - b));
  });
});

describe('what ld refuses', () => {
  const relocateAll = (sources: string[]) => {
    const objects = sources.map((source, i) => bench.compile(`bad${i}.s`, source));
    const ld = bench.run('ld', ['-e', 'start', ...objects, '-o', 'bad.out']);
    const model = () => {
      const program = bench.program(objects);
      for (const { index, elf } of program.objects)
        for (const section of elf.sections)
          relocateSection({
            program,
            object: index,
            section: section.index,
            sectionAddress: 0,
            addressOf: () => 0,
            symbolValue: () => 0,
          });
    };
    return { ld, model };
  };
  const GROUP = (label: string) =>
    `.section .text.f,"axG",@progbits,f,comdat\n.weak f\nf: ${label}: ret\n`;

  it.each([
    ['undefined reference', 'link-undefined-symbol', ['.globl start\n.text\nstart: call nobody\n']],
    [
      'undefined reference',
      'link-undefined-symbol',
      ['.globl start\n.weak x\n.text\nstart: call x\n', '.text\ncall x\n'],
    ],
    [
      'multiple definition',
      'link-multiple-definition',
      ['.globl start\n.text\nstart: ret\n', '.globl start\n.text\nstart: ret\n'],
    ],
    [
      'defined in discarded section',
      'link-discarded',
      [`.globl start\n.text\nstart: call f\n${GROUP('a')}`, `.text\ncall inner\n${GROUP('inner')}`],
    ],
    [
      'TLS transition',
      'link-tls',
      [
        '.globl start\n.text\nstart: mov %rax, t@gottpoff(%rip)\n.section .tdata,"awT"\nt: .quad 0\n',
      ],
    ],
  ])('is refused too: %s', (message, code, sources) => {
    const { ld, model } = relocateAll(sources);
    expect(ld.status).not.toBe(0);
    expect(ld.stderr).toContain(message);
    expect(model).toThrow(expect.objectContaining({ code }));
  });
});
