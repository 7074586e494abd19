/** Random programs under random scripts: the model must say what ld does. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { SpacerError } from '../../../src/engine/errors.ts';
import { check } from './ld.ts';
import type { Case } from './ld.ts';

/** With LDSCRIPT_RUNS=1000, new cases; else always the same few, so that a change is what fails. */
const RUNS = process.env['LDSCRIPT_RUNS'];
const PARAMETERS = RUNS === undefined ? { numRuns: 80, seed: 1 } : { numRuns: Number(RUNS) };

const KINDS: readonly (readonly [string, string])[] = [
  ['.text', '"ax"'],
  ['.text.f', '"ax"'],
  ['.rodata', '"a"'],
  ['.rodata.c', '"a"'],
  ['.data', '"aw"'],
  ['.data.v', '"aw"'],
  ['.bss', '"aw",@nobits'],
  ['.bss.z', '"aw",@nobits'],
  ['.tdata', '"awT",@progbits'],
  ['.tbss', '"awT",@nobits'],
  ['.init_array.7', '"aw",@init_array'],
  ['.ctors.65000', '"aw"'],
  ['.tab_b', '"a"'],
  ['.tab_a', '"aw"'],
  ['.note.n', '"a",@note'],
  ['.meta', '"",@progbits'],
  ['.x', '"awx"'],
  ['plain', '"a"'],
];

const inputSection = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    alignment: fc.constantFrom(1, 1, 2, 4, 8, 16, 64),
    size: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.constantFrom(4096, 5000)),
  })
  .map(
    ({ kind: [name, flags], alignment, size }) =>
      `.section ${name},${flags}; .balign ${alignment}; .skip ${size}`,
  );
const source = fc.array(inputSection, { minLength: 1, maxLength: 8 }).map((all) => all.join('\n'));
const sources = fc.tuple(source, source, source).map(([a, b, c]) => ({
  'a.o': `.text; .globl _start; _start: ret; .quad wanted, wanted2\n${a}`,
  'b.o': b,
  'lib/c.o': c,
}));

const pattern = fc.constantFrom(
  ...[
    '.text',
    '.text.*',
    '.text*',
    '.rodata',
    '.rodata.*',
    '.data .data.*',
    '.bss*',
    '.tdata',
    '.tbss',
  ],
  ...['.init_array.* .ctors.*', 'SORT_BY_INIT_PRIORITY(.init_array.*) SORT(.ctors.*)', '.tab_*'],
  ...[
    'SORT_BY_NAME(.tab_*)',
    'SORT_BY_ALIGNMENT(.data*) .rodata',
    'COMMON',
    '*',
    'plain',
    '.note.*',
  ],
  ...['EXCLUDE_FILE(b.o) .data*', '.[rt]o*', '.meta', '.x', 'SORT_BY_ALIGNMENT(SORT(.te*)) .x'],
);
const file = fc.constantFrom('*', '*', '*', '*', 'a.o', '*b.o', 'lib.a:c.o', ':*', 'SORT(*.o)');
const input = fc
  .tuple(fc.boolean(), file, pattern)
  .filter(([, name, text]) => !name.startsWith('SORT') || text === 'SORT_BY_NAME(.tab_*)')
  .map(([keep, name, text]) => (keep ? `KEEP(${name}(${text}))` : `${name}(${text})`));

let counter = 0;
const plainName = fc.constantFrom('s1', 's2', 's3', '_end', 'wanted');
const providedName = fc.constantFrom('wanted2', 'p1');
const value = fc.constantFrom(
  ...['.', '. + 4', 'ALIGN(16)', 'ALIGN(4096)', '5', 's1', 's1 + 8', '. - s1', 'ABSOLUTE(.)'],
  ...['SIZEOF(.text)', 'ADDR(.text) + 2', 'SIZEOF(.data) + .', 'MAX(s2, 3)', '(. & 0xff) | 1'],
  ...[
    'DEFINED(s3) ? s3 : 9',
    's2 * 2',
    'ALIGN(., 32)',
    'LOADADDR(.text)',
    '~0xf & .',
    'ALIGNOF(.text)',
  ],
);
const assignment = fc.oneof(
  fc.tuple(plainName, value).map(([name, text]) => `${name} = ${text};`),
  fc.tuple(providedName, value).map(([name, text]) => `PROVIDE(${name} = ${text});`),
);
const advance = fc.constantFrom(
  ...[
    '. = ALIGN(8);',
    '. = ALIGN(64);',
    '. += 4;',
    '. = .;',
    '. = ALIGN(. != 0 ? 32 : 1);',
    '. = . + 3;',
  ],
);
const statement = fc.oneof(
  { weight: 6, arbitrary: input },
  { weight: 1, arbitrary: assignment },
  { weight: 1, arbitrary: advance },
  { weight: 1, arbitrary: fc.constantFrom('BYTE(1)', 'LONG(2)', 'QUAD(s1)', 'FILL(0x90)') },
);
const outputName = fc.constantFrom(
  ...[
    '.text',
    '.rodata',
    '.data',
    '.bss',
    '.tdata',
    '.tbss',
    '.table',
    '.init_array',
    '.other',
    '.text',
  ],
);
const outputSection = (phdrs: boolean) =>
  fc
    .record({
      name: outputName,
      head: fc.constantFrom(
        '',
        '',
        '',
        '',
        '0x130000',
        'ALIGN(32)',
        '(NOLOAD)',
        '. + 16',
        '(READONLY)',
      ),
      attribute: fc.constantFrom(
        ...['', '', '', 'ALIGN(16)', 'SUBALIGN(8)', 'ONLY_IF_RO', phdrs ? '' : 'AT(0x900000)'],
      ),
      body: fc.array(statement, { maxLength: 4 }),
      phdr: phdrs ? fc.constantFrom('', ':text', ':data', ':data :tls') : fc.constant(''),
      fill: fc.constantFrom('', '', '=0'),
    })
    .map(
      ({ name, head, attribute, body, phdr, fill }) =>
        `${name} ${name === '.init_array' && head === '(NOLOAD)' ? '' : head} : ${constrain(
          head === '' ? attribute : '',
          body,
        )} { ${body.join(' ')} } ${phdr} ${fill}`,
    );
/**
 * Leaves out what nobody writes and where ld's answer is an accident: symbols and data in a section
 * that its constraint drops, a load address for .tbss.
 */
const constrain = (attribute: string, body: readonly string[]) => {
  const text = body.join(' ');
  if (attribute === 'ONLY_IF_RO' && /=|BYTE|LONG|QUAD/.test(text)) return '';
  return attribute.startsWith('AT') && /tbss|\(\*\)|\.o[^(]*$/.test(text) ? '' : attribute;
};
const top = (phdrs: boolean) =>
  fc.oneof(
    { weight: 5, arbitrary: outputSection(phdrs) },
    { weight: 2, arbitrary: assignment },
    { weight: 1, arbitrary: fc.constantFrom('. = ALIGN(4096);', '. = ALIGN(8);', '. += 0x2000;') },
    { weight: 1, arbitrary: fc.constant('/DISCARD/ : { *(.note.*) }') },
  );
const HEADERS = 'PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD; tls PT_TLS; }\n';
const debug = fc.constantFrom('', '.meta 0 : { *(.meta) }', '.meta 0 : { *(.meta) } last = .;');
const mainScript = fc.boolean().chain((phdrs) =>
  fc.tuple(fc.array(top(phdrs), { minLength: 1, maxLength: 8 }), debug).map(([all, end]) => {
    // Two sections of one name: ld leaves the second out of the segments if it holds gaps alone.
    const seen = new Set<string>();
    const unique = all.map((text, index) => {
      const [name = ''] = /^\.\w+(?= )/.exec(text) ?? [];
      const isNew = name === '' || !seen.has(name);
      seen.add(name);
      return isNew ? text : text.replace(/^\.\w+/, `.again${index}`);
    });
    const first = phdrs ? '.first : { BYTE(0) } :text' : '';
    return `${phdrs ? HEADERS : ''}SECTIONS { . = 0x100000; s1 = .; s2 = 7; ${first}\n${unique.join('\n')} ${end} }`;
  }),
);
const extra = fc
  .tuple(
    fc.constantFrom('AFTER', 'BEFORE'),
    outputName,
    fc.array(top(false), { minLength: 1, maxLength: 3 }),
  )
  .map(([where, name, all]) => {
    counter += 1;
    const body = all.map((text) => text.replace(/^\.\w+/, `.extra${counter}`)).join('\n');
    return `SECTIONS { ${body} } INSERT ${where} ${name};`;
  });

const link: fc.Arbitrary<Case> = fc.record({
  sources,
  script: mainScript,
  extras: fc.oneof(fc.constant([]), fc.array(extra, { maxLength: 2 })),
});

/** What ld refuses proves nothing, unless the model is sure of itself; see `check`. */
function agrees(given: Case): void {
  try {
    check(given);
  } catch (error) {
    if (isRefusal(error)) return;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  // The reader of ELF files takes no symbols below 0.
  if (error instanceof SpacerError) return error.code === 'elf-value';
  if (!(error instanceof Error)) return false;
  return error.message.startsWith('Command failed: ld');
}

describe('random links', () => {
  it('evaluate as ld does', () => {
    fc.assert(fc.property(link, agrees), PARAMETERS);
  });
});
