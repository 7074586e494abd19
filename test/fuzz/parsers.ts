/** Every parser of what others made, with samples of what it reads. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { readConfig } from '../../src/engine/advice/config.ts';
import { readElfParts } from '../../src/engine/elf/read-parts.ts';
import { readElf } from '../../src/engine/elf/read.ts';
import { evaluate } from '../../src/engine/ldscript/evaluate.ts';
import { parse, print } from '../../src/engine/ldscript/parse.ts';
import { readArchive, writeArchive } from '../../src/engine/link/archive.ts';
import { parseLinkCommand } from '../../src/engine/link/command.ts';
import { judgePiece, refusalOfCopy } from '../../src/engine/link/known-options.ts';
import { readPieces } from '../../src/engine/link/pieces.ts';
import { splitCommands, splitWords } from '../../src/engine/link/words.ts';
import { place } from '../../src/engine/lock/extend.ts';
import { parseLock } from '../../src/engine/lock/file.ts';
import { Ledger } from '../../src/engine/lock/ledger.ts';
import { formatLock } from '../../src/engine/lock/text.ts';
import { parseEhFrame } from '../../src/engine/model/eh-frame-parse.ts';
import { attribute } from '../../src/engine/pages/attribute.ts';
import { parseLinkMap } from '../../src/engine/pages/link-map.ts';
import { pagesOfImage } from '../../src/engine/pages/pages-of-image.ts';
import { readReport } from '../../src/engine/report/read.ts';
import { readKraftName } from '../../src/engine/workspace/kraftfile.ts';
import { pathMapper } from '../../src/engine/workspace/mapping.ts';
import type { Unikernel } from '../../src/engine/workspace/types.ts';
import { HOST_METHODS } from '../../src/protocol/messages.ts';
import { DEFAULT_OPTIONS } from '../../src/protocol/options.ts';
import { Peer } from '../../src/protocol/rpc.ts';
import { emptyLock, FleetMaker } from '../support/lock-fleet.ts';
import type { Workshop } from '../unit/elf/gcc.ts';
import { makeFleet } from '../unit/webview/fleet.ts';

export interface FuzzedParser {
  readonly name: string;
  readonly samples: readonly Buffer[];
  readonly read: (bytes: Buffer) => unknown;
}

const text = (read: (text: string) => unknown) => (bytes: Buffer) => read(bytes.toString('utf8'));

/** @param workshop where samples are built, and inputs stand that are read from files */
export function parsersOf(workshop: Workshop): FuzzedParser[] {
  const { objects, image, map, script } = build(workshop);
  const file = workshop.path('input');
  const fromFile = (read: (file: string) => unknown) => (bytes: Buffer) => {
    writeFileSync(file, bytes);
    return read(file);
  };
  const records = samplesOfRecords();
  return [
    {
      name: 'elf',
      samples: [...objects, image],
      read: (b) => readElf('f', b, { relocations: 'all' }),
    },
    {
      name: 'elf-parts',
      samples: [...objects, image],
      read: (base) => readElfParts('f', { base, overlays: [], appended: new Uint8Array(3) }),
    },
    { name: 'pages', samples: [image], read: pagesOf },
    {
      name: 'archive',
      samples: [Buffer.from(writeArchive(objects.map((data, i) => ({ name: `m${i}.o`, data }))))],
      read: (b) => readArchive('f', b).members.map(({ data }) => readElf('f', data)),
    },
    {
      name: 'eh-frame',
      samples: objects.flatMap(framesOf),
      read: (b) => parseEhFrame(b, [], () => true),
    },
    { name: 'script', samples: [script, Buffer.from(SCRIPT)], read: text(readScript) },
    { name: 'record', samples: records, read: text(readRecord) },
    { name: 'response', samples: records, read: text((t) => splitWords(t).map(MAPPED)) },
    { name: 'kraftfile', samples: [Buffer.from(KRAFTFILE)], read: fromFile(readKraftName) },
    {
      name: 'config',
      samples: [Buffer.from('CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C="x y"\n')],
      read: (bytes) => {
        writeFileSync(workshop.path('.config'), bytes);
        return readConfig({ directory: workshop.directory, buildDirectory: '/none' } as Unikernel);
      },
    },
    { name: 'lock', samples: [Buffer.from(sampleLock())], read: text((t) => parseLock(t, 'f')) },
    {
      name: 'report',
      samples: [Buffer.from(JSON.stringify(makeFleet({ unikernels: 2, pages: 4 })))],
      read: fromFile(readReport),
    },
    { name: 'link-map', samples: [map], read: text((t) => parseLinkMap(t, 'f')) },
    {
      name: 'messages',
      samples: MESSAGES.map((m) => Buffer.from(JSON.stringify(m))),
      read: receive,
    },
  ];
}

function build(workshop: Workshop) {
  workshop.write('a.c', 'int f(int); int x = 3; int g(int a) { return f(a) + x; }\n');
  workshop.write(
    'b.c',
    'static const char *s[] = {"a", "b"}; int f(int a) { return *s[a & 1]; }\n',
  );
  workshop.write('s.lds', 'SECTIONS { . = 0x100000; .text : { *(.text*) } .data : { *(.data*) } }');
  for (const name of ['a', 'b'])
    workshop.run('gcc', '-O1', '-ffunction-sections', '-c', `${name}.c`, '-o', `${name}.o`);
  workshop.run('ld', '-T', 's.lds', '-e', 'g', '-Map', 'map', 'a.o', 'b.o', '-o', 'image');
  const read = (name: string) => readFileSync(workshop.path(name));
  return {
    objects: [read('a.o'), read('b.o')],
    image: read('image'),
    map: read('map'),
    script: read('s.lds'),
  };
}

function pagesOf(bytes: Buffer): unknown {
  const image = readElf('f', bytes);
  return attribute(pagesOfImage(image).pages.slice(0, 50), { image, objects: [] });
}

const framesOf = (object: Buffer): Buffer[] =>
  readElf('f', object).sections.flatMap(({ name, data }) =>
    name === '.eh_frame' ? [Buffer.from(data)] : [],
  );

const SECTIONS = ['.text', '.text.f', '.rodata', '.data', '.bss'].map((name, index) => ({
  name,
  type: name === '.bss' ? 8 : 1,
  flags: name.startsWith('.text') ? 6 : 3,
  size: 100,
  alignment: 16,
  entrySize: 0,
  index: index + 1,
}));

/** What is parsed is printed as it was, and laid out or refused. */
function readScript(source: string): void {
  const script = parse(source, 'f');
  if (print(script) !== source) throw new Error('the script is not printed as it was read');
  const object = { path: '/a/b.o', sections: SECTIONS, symbols: [] };
  evaluate({ script, objects: [object] });
}

const SCRIPT = readFileSync(
  path.resolve(import.meta.dirname, '../../media/sample/unikraft/plat/kvm/link64.lds.S'),
  'utf8',
);

function samplesOfRecords(): Buffer[] {
  return [
    '""gcc -Wl,-m,elf_x86_64 /b/a.o "/b/b c.o" -Wl,--start-group -lc -Wl,--end-group -nostdlib -no-pie -Wl,-dT,/b/l.lds -o /b/i.dbg\n',
    '""strip -s /b/i.dbg -o /b/i 2>&1 | { grep -Ev "Empty|section.*lma.*" || true; }\n',
    '/c/mkbootinfo.py /b/i /b/i.bootinfo -a "x86_64" && objcopy /b/i --update-section .uk_bootinfo=/b/i.bootinfo\n',
  ].map((line) => Buffer.from(line));
}

const MAPPED = pathMapper('/old/ws/apps/a/build/i.dbg', '/new/ws/apps/a/build/i.dbg', '/new/ws');

function readRecord(source: string): void {
  for (const [tool = '', ...args] of splitCommands(source, { file: 'f' })) {
    const command = { tool, args: args.map(MAPPED), cwd: '/new' };
    refusalOfCopy(command.args);
    readPieces(command).forEach(judgePiece);
    parseLinkCommand(command);
  }
}

const KRAFTFILE =
  'spec: v0.6\nname: hello\nunikraft: {version: stable, kconfig: [A: 1, &a B]}\ntargets:\n  - *a\n';

function sampleLock(): string {
  const maker = new FleetMaker('library', 3);
  const ledger = new Ledger(emptyLock());
  while (ledger.unikernels.length < 2) {
    const { what, name, member } = maker.step();
    if (what === 'remove') ledger.release(name);
    if (member) place(ledger, member);
    ledger.settle();
  }
  return formatLock(ledger.toLock());
}

const REQUEST = { options: DEFAULT_OPTIONS, unikernels: ['a', 'b'] };
const MESSAGES = [
  { spacer: 1, kind: 'call', id: 1, method: 'predict', params: REQUEST },
  { spacer: 1, kind: 'request', id: 1, method: 'run', params: { command: 'showLog' } },
  { spacer: 1, kind: 'cancel', id: 1 },
  { spacer: 1, kind: 'result', id: 1, result: {} },
  { spacer: 1, kind: 'error', id: 1, code: 'x', message: 'y' },
];

/** Messages that are JSON reach a peer; whatever they are, it goes on. */
function receive(bytes: Buffer): void {
  let deliver: ((message: unknown) => void) | undefined;
  const channel = {
    post: () => undefined,
    listen: (listener: (message: unknown) => void) => void (deliver = listener),
  };
  new Peer(channel, { serves: HOST_METHODS, calls: {}, handlers: {} as never });
  let message: unknown = bytes.toString('latin1');
  try {
    message = JSON.parse(bytes.toString('utf8'));
  } catch {
    // A text is a message, too.
  }
  for (const { params } of Object.values(HOST_METHODS)) v.safeParse(params, message);
  deliver?.(message);
}
