/** Random assembly programs that link: sections, references, groups, unwind and debugging information. */

/** A small deterministic generator (mulberry32), so that a seed names a program. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

const CFI = [
  '',
  'push %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset %rbp, -16',
  '.cfi_signal_frame',
  '.cfi_personality 0x3, personality',
  '.cfi_personality 0x9b, pointer',
  '.cfi_personality 0x3, local_personality\n.cfi_lsda 0x3, lsda',
  '.cfi_personality 0x0, personality\n.cfi_lsda 0x1b, lsda',
  '.cfi_return_column %rbx',
];

const GROUPS = 4;
const TABLES = ['tab', 'list'];

interface Shape {
  random: Random;
  objects: number;
  functions: number;
}

const name = (object: number, i: number) => `f${object}_${i}`;
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

function anySymbol({ random, objects, functions }: Shape): string {
  switch (random(12)) {
    case 0:
      return `g${random(GROUPS)}`;
    case 1:
      return `weak${random(3)}`;
    case 2:
      return `common${random(3)}`;
    case 3:
      return pick(random, ['_end', '_text', '_etext']);
    default:
      return name(random(objects), random(functions));
  }
}

function reference(shape: Shape): string {
  const symbol = anySymbol(shape);
  const offset = shape.random(3) === 0 ? ` + ${shape.random(64)}` : '';
  return pick(shape.random, [
    `call ${symbol}`,
    `jmp ${symbol}${offset}`,
    `lea ${symbol}${offset}(%rip), %r${8 + shape.random(8)}`,
    `mov $${symbol}${offset}, %eax`,
    `movabs $${symbol}${offset}, %rcx`,
    `mov ${symbol}@GOTPCREL(%rip), %r${8 + shape.random(8)}`,
    `call *${symbol}@GOTPCREL(%rip)`,
    `cmp ${symbol}@GOTPCREL(%rip), %rdx`,
    `.quad ${symbol}${offset}`,
    `.long ${symbol} - .`,
    'call local_function',
    'lea local_data + 4(%rip), %rax',
    `mov thread${shape.random(2)}@gottpoff(%rip), %rax`,
    `mov %fs:thread${shape.random(2)}@tpoff, %eax`,
  ]);
}

function references(shape: Shape): string {
  return Array.from({ length: shape.random(3) }, () => reference(shape)).join('\n');
}

function functionText(shape: Shape, symbol: string, section: string, binding: string): string {
  const { random } = shape;
  const cfi = random(4) !== 0;
  return `${section}\n${binding} ${symbol}\n.type ${symbol}, @function\n${symbol}:${cfi ? ' .cfi_startproc' : ''}
${cfi ? pick(random, CFI) : ''}\nnop\n${references(shape)}\nret\n${cfi ? '.cfi_endproc' : ''}\n.size ${symbol}, . - ${symbol}\n`;
}

function ordinary(shape: Shape, object: number, i: number): string {
  const symbol = name(object, i);
  const { random } = shape;
  switch (random(5)) {
    case 0:
      return `.section .data.${symbol},"aw"\n.globl ${symbol}\n${symbol}: .quad ${anySymbol(shape)}, ${anySymbol(shape)} + 8\n`;
    case 1:
      return `.section .rodata.${symbol},"a"\n.p2align ${random(5)}\n.globl ${symbol}\n${symbol}: .quad ${anySymbol(shape)}\n.fill ${random(9)}, 1, 7\n`;
    case 2:
      return `.section .bss.${symbol},"aw",@nobits\n.globl ${symbol}\n${symbol}: .skip ${8 + random(40)}\n`;
    default:
      return functionText(
        shape,
        symbol,
        random(4) === 0 ? '.text' : `.section .text.${symbol},"ax"`,
        '.globl',
      );
  }
}

function group(shape: Shape, k: number): string {
  const section = `.section .text.g${k},"axG",@progbits,g${k},comdat`;
  const { random } = shape;
  const extra =
    random(2) === 0
      ? ''
      : `.section .data.g${k},"awG",@progbits,g${k},comdat\n.quad ${anySymbol(shape)}\n`;
  const debug =
    random(2) === 0 ? '' : `.section .debug_types.g${k},"G",@progbits,g${k},comdat\n.quad g${k}\n`;
  return functionText(shape, `g${k}`, section, '.weak') + extra + debug;
}

function table(shape: Shape, object: number): string {
  const { random } = shape;
  const tables = TABLES.filter(() => random(2) === 0);
  return tables
    .map(
      (t) =>
        `.section ${t},"a"\n.quad ${name(object, random(shape.functions))}\n${random(3) === 0 ? `.data\n.quad __start_${t}, __stop_${t}\n` : ''}`,
    )
    .join('');
}

function debugging(shape: Shape, object: number): string {
  const { random } = shape;
  const symbols = Array.from({ length: random(6) }, () => anySymbol(shape)).filter(
    (s) => !s.startsWith('common'),
  );
  const quads = [name(object, 0), 'local_function', '.text', ...symbols]
    .map((s) => `.quad ${s}`)
    .join('\n');
  return `.section .debug_info,""\n${quads}\n.section .debug_ranges,""\n${quads}\n.quad 0, 0\n.section .comment.x,""\n.byte 1\n`;
}

const SUPPORT = `.text\nlocal_function: .cfi_startproc\nret\n.cfi_endproc\n.section .text.lp,"ax"\nlocal_personality: ret
.data\nlocal_data: .quad 1, 2\npointer: .quad personality\n.section .gcc_except_table,"a"\nlsda: .quad local_function\n`;

/** One object of the program. Only object 0 has what must be there once. */
function objectText(shape: Shape, object: number): string {
  const { random } = shape;
  const parts = [SUPPORT, '.weak weak0, weak1, weak2\n'];
  for (let i = 0; i < shape.functions; i++) parts.push(ordinary(shape, object, i));
  for (let k = 0; k < GROUPS; k++) if (object === 0 || random(2) === 0) parts.push(group(shape, k));
  parts.push(table(shape, object), debugging(shape, object));
  for (let k = 0; k < 3; k++)
    if (object === 0 || random(2) === 0)
      parts.push(`.comm common${k}, ${8 << random(4)}, ${1 << random(5)}\n`);
  if (random(3) === 0)
    parts.push(`.section .text.weak${object % 3},"ax"\nweak${object % 3}: ret\n`);
  if (random(4) === 0)
    parts.push(`.section .note.x${object},"a",@note\n.long 0, 8, 1\n.quad ${anySymbol(shape)}\n`);
  if (random(4) === 0)
    parts.push(`.section .data.kept${object},"awR"\n.quad ${anySymbol(shape)}\n`);
  if (random(4) === 0)
    parts.push(
      `.section .init_array,"aw",@init_array\n.quad ${name(object, random(shape.functions))}\n`,
    );
  if (random(6) === 0) parts.push('.section .eh_frame,"a",@unwind\n.long 0\n');
  if (object === 0) parts.push(once(shape));
  return parts.join('');
}

function once(shape: Shape): string {
  return `.section .text.personality,"ax"\n.globl personality\npersonality: ret
.section .tdata,"awT"\n.globl thread0\nthread0: .quad 1\n.section .tbss.t,"awT",@nobits\n.p2align 5\n.globl thread1\nthread1: .skip 12
.section .text.start,"ax"\n.globl start\nstart: ${references(shape)}\n${TABLES.map((t) => `.section ${t},"a"\n.quad 0\n`).join('')}`;
}

export interface RandomProgram {
  /** Assembly of each object. */
  objects: string[];
  /** Objects that are put into one library by a partial link. */
  libraries: number[][];
  gcSections: boolean;
}

/** The program of a seed. */
export function randomProgram(seed: number): RandomProgram {
  const random = randomOf(seed);
  const shape: Shape = { random, objects: 2 + random(4), functions: 3 + random(6) };
  const objects = Array.from({ length: shape.objects }, (_, object) => objectText(shape, object));
  const libraries: number[][] = [];
  for (let next = 0; next < objects.length;) {
    const size = Math.min(1 + random(3), objects.length - next);
    libraries.push(Array.from({ length: size }, (_, i) => next + i));
    next += size;
  }
  return { objects, libraries, gcSections: random(4) !== 0 };
}
