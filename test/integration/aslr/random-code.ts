/**
 * Random programs for the rewriter: a sequence of cases, each of which loads all registers and the
 * flags, carries out one instruction with relocated fields, and writes registers and flags to the
 * output. Assembly for GNU as, x86-64 Linux, without libraries.
 */

/** A source of numbers that a seed determines (xorshift32). */
class Numbers {
  private state: number;

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 1) >>> 0 || 1;
  }

  below(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Registers that a case may change; r15 is where the output goes, rsp the stack. */
const R64 = 'rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14'.split(' ');
const R32 = 'eax ebx ecx edx esi edi ebp r8d r9d r10d r11d r12d r13d r14d'.split(' ');
const R16 = 'ax bx cx dx si di bp r8w r9w r10w r11w r12w r13w r14w'.split(' ');
const R8 = 'al bl cl dl sil dil bpl r8b r9b r10b r11b r12b r13b r14b'.split(' ');
const SIZES = [
  { suffix: 'q', registers: R64 },
  { suffix: 'l', registers: R32 },
  { suffix: 'w', registers: R16 },
  { suffix: 'b', registers: R8 },
];

/** Data by where they are put: beside the code that moves, or where they stay. */
const DATA = ['moving', 'staying', 'constant', 'near'] as const;
const WRITTEN = ['moving', 'staying'] as const;
const FUNCTIONS = ['first', 'second', 'outside'] as const;
/** Bytes of each datum. */
const DATUM = 256;

type Template = (n: Numbers, id: number) => string;

const place = (n: Numbers, names: readonly string[] = DATA) =>
  `${n.pick(names)}+${n.below(24) * 8}`;
const written = (n: Numbers) => place(n, WRITTEN);
const small = (n: Numbers) => n.below(256) - 128;
const wide = (n: Numbers) => n.below(2 ** 31);
const BINARY = ['add', 'sub', 'and', 'or', 'xor', 'cmp', 'adc', 'sbb', 'mov'];

const TEMPLATES: readonly Template[] = [
  (n) => binary(n, (op, suffix, r) => `${op}${suffix} ${place(n)}(%rip), %${r}`),
  (n) => binary(n, (op, suffix, r) => `${op}${suffix} %${r}, ${written(n)}(%rip)`),
  (n) => binary(n, (op, suffix) => `${op}${suffix} $${small(n)}, ${written(n)}(%rip)`),
  (n) => `${n.pick(BINARY)}l $${wide(n)}, ${written(n)}(%rip)`,
  (n) => `movq ${place(n)}(%rip), %rax`,
  (n) => `movl %eax, ${written(n)}(%rip)`,
  (n) => `movb ${place(n)}(%rip), %al`,
  (n) => `movw %ax, ${written(n)}(%rip)`,
  (n) => `leaq ${place(n)}(%rip), %${n.pick(R64)}`,
  (n) => `leal ${place(n)}(%rip), %${n.pick(R32)}`,
  (n) => `test${sized(n, (suffix, r) => `${suffix} %${r}, ${place(n)}(%rip)`)}`,
  (n) => `${n.pick(['inc', 'dec', 'not', 'neg'])}${n.pick(SIZES).suffix} ${written(n)}(%rip)`,
  (n) => `${n.pick(['shl', 'sar', 'rol'])}l $${n.below(31)}, ${written(n)}(%rip)`,
  (n) => `imulq $${n.pick([small(n), wide(n)])}, ${place(n)}(%rip), %${n.pick(R64)}`,
  (n) => `${n.pick(['movzbl', 'movsbl', 'movzwl'])} ${place(n)}(%rip), %${n.pick(R32)}`,
  (n) => `movslq ${place(n)}(%rip), %${n.pick(R64)}`,
  (n) => `cmov${n.pick(['z', 'c', 's'])}q ${place(n)}(%rip), %${n.pick(R64)}`,
  (n) => `set${n.pick(['z', 'c', 'o'])} ${written(n)}(%rip)`,
  (n) => `lock xaddq %${n.pick(R64)}, ${written(n)}(%rip)`,
  (n) => `xchgl %${n.pick(R32)}, ${written(n)}(%rip)`,
  (n) => `movups ${place(n)}(%rip), %xmm0`,
  (n) => `cvtsi2sdq ${place(n)}(%rip), %xmm0`,
  (n) => `movq %xmm0, ${written(n)}(%rip)`,
  (n) => `pushq ${place(n)}(%rip); popq %${n.pick(R64)}`,
  (n) => `movl $${place(n)}, %${n.pick(R32)}`,
  (n) => `movq $${place(n)}, %${n.pick(R64)}`,
  (n) => `movabsq $${place(n)}, %${n.pick(R64)}`,
  (n) => `${n.pick(['cmp', 'add', 'sub', 'xor'])}q $${place(n)}, %${n.pick(R64)}`,
  (n) => `movq $${place(n)}, ${written(n)}(%rip)`,
  (n) => `cmpq $${place(n)}, ${place(n)}(%rip)`,
  (n) => `addq $${place(n)}, ${written(n)}`,
  (n) => `movq ${place(n)}, %${n.pick(R64)}`,
  (n) => `pushq $${place(n)}; popq %${n.pick(R64)}`,
  (n) => `movl $${n.below(7)}, %ecx; movq ${place(n)}(,%rcx,8), %${n.pick(R64)}`,
  (n) => `movl $${n.below(7)}, %ecx; leaq ${place(n)}(%rcx,%rcx,2), %${n.pick(R64)}`,
  (n) => `movl $${n.below(7)}, %edx; movb %al, ${written(n)}(%rdx)`,
  (n) => `call ${n.pick(FUNCTIONS)}`,
  (n) => called(n, (f, r) => `movl $${f}, %${R32[R64.indexOf(r)]}; call *%${r}`),
  (n) => called(n, (f, r) => `leaq ${f}(%rip), %${r}; call *%${r}`),
  (n) => called(n, (f, r) => `leaq ${f}(%rip), %${r}; cmpq $${f}, %${r}`),
  (n) => `call *pointers+${8 * n.below(FUNCTIONS.length)}(%rip)`,
  (n) => `movl $${n.below(FUNCTIONS.length)}, %ecx; call *pointers(,%rcx,8)`,
  (n, id) => conditional(n, id),
  (n, id) => jumpTable(n, id),
];

const binary = (
  n: Numbers,
  write: (operation: string, suffix: string, register: string) => string,
): string => sized(n, (suffix, register) => write(n.pick(BINARY), suffix, register));

function sized(n: Numbers, write: (suffix: string, register: string) => string): string {
  const { suffix, registers } = n.pick(SIZES);
  return write(suffix, n.pick(registers));
}

/** The register holds an address of code, which is another one in the other program. */
function called(n: Numbers, write: (name: string, register: string) => string): string {
  const register = n.pick(R64.filter((r) => !['rax', 'rdx', 'rsi'].includes(r)));
  return `${write(n.pick(FUNCTIONS), register)}; movq $0, %${register}`;
}

const jumpTable = (n: Numbers, id: number) => `movl $${n.below(3)}, %ecx
  jmp *.Ltable${id}(,%rcx,8)
.La${id}: movl $11, %eax
.Lb${id}: leaq 5(%rbx), %rbx
.Lc${id}: nop
  .section .rodata.tables, "a"
.Ltable${id}: .quad .La${id}, .Lb${id}, .Lc${id}
  .text`;

const conditional = (n: Numbers, id: number) => `movl $.Lback${id}, %r14d
  j${n.pick(['z', 'c', 's', 'o'])} bounce
.Lback${id}: movq $0, %r14`;

/** A program of two objects: code that moves, and what it refers to. */
export function randomProgram(seed: number, cases: number): { code: string; rest: string } {
  const n = new Numbers(seed);
  const body = Array.from({ length: cases }, (_, id) => oneCase(n, id)).join('\n');
  return { code: `${BEFORE}${body}${BEHIND}`, rest: restOf(n, cases) };
}

/** Bytes that a case writes: flags, fourteen registers, xmm0, and padding. */
const ROW = 144;

function oneCase(n: Numbers, id: number): string {
  const load = R64.map((r) => `  movabsq $0x${word(n)}, %${r}`).join('\n');
  const store = R64.map((r, i) => `  movq %${r}, ${8 + 8 * i}(%r15)`).join('\n');
  const flags = 0x202 | (n.below(2 ** 12) & 0x8d5);
  return `
case${id}:
${load}
  pushq $${flags}
  popfq
  ${n.pick(TEMPLATES)(n, id)}
  pushfq
  popq (%r15)
${store}
  movups %xmm0, 120(%r15)
  leaq ${ROW}(%r15), %r15`;
}

const word = (n: Numbers) =>
  [0, 0]
    .map(() =>
      n
        .below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');

const BEFORE = `
  .text
  .globl run, first, second
  .type first, @function
first: leaq 1(%rax), %rax
  ret
  .size first, .-first
  .type second, @function
second: notq %rdx
  jmp outside
  .size second, .-second
  .type run, @function
run: movq %rdi, %r15`;

const BEHIND = `
behind: jmp finish
  .size run, .-run
  .data
  .globl pointers
pointers: .quad first, second, outside
`;

function restOf(n: Numbers, cases: number): string {
  const bytes = () => Array.from({ length: DATUM + 64 }, () => n.below(256)).join(', ');
  const datum = (name: string, section: string, flags: string) =>
    `  .section ${section}, "${flags}"\n  .globl ${name}\n  .balign 16\n${name}: .byte ${bytes()}\n`;
  const write = (from: string, size: number) =>
    `  movl $1, %eax\n  movl $1, %edi\n  movl $${from}, %esi\n  movl $${size}, %edx\n  syscall\n`;
  return `
${datum('moving', '.data.moving', 'aw')}
${datum('staying', '.data.staying', 'aw')}
${datum('constant', '.rodata.constant', 'a')}
${datum('near', '.rodata.near', 'a')}
  .section .text.outside, "ax"
  .globl outside, bounce, finish, _start
  .type outside, @function
outside: xorq $0x55, %rsi
  ret
  .size outside, .-outside
bounce: jmp *%r14
_start: movl $output, %edi
  jmp run
finish:
${write('output', cases * ROW)}${write('moving', DATUM)}${write('staying', DATUM)}
  movl $60, %eax
  xorl %edi, %edi
  syscall
  .section .bss.output, "aw", @nobits
output: .zero ${cases * ROW}
`;
}
