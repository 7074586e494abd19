import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeInputs,
  composeLinks,
  parseLinkCommand,
  withScript,
} from '../../../src/engine/link/command.ts';
import { readPieces, writePieces } from '../../../src/engine/link/pieces.ts';
import type { ToolCommand } from '../../../src/engine/workspace/types.ts';

const refused = expect.objectContaining({ code: 'link-record-unreadable' }) as Error;

function gcc(text: string): ToolCommand {
  return { tool: 'gcc', args: text.split(' '), cwd: '/b' };
}

const LINK_017 =
  '-Wl,-m,elf_x86_64 -Wl,--entry=_multiboot_entry /b/libkvmplat.o /b/appx.o -Wl,--start-group ' +
  '/b/libc.a -lgcc -Wl,--end-group -nostdlib -Wl,--build-id=none -nostdinc -Wl,--gc-sections ' +
  '-no-pie -Wl,-dT,/b/libkvmplat/link64.lds -Wl,-T,/b/bootinfo.lds -Wl,-T,/u/extra.ld -o /b/x.dbg';

describe('parseLinkCommand', () => {
  it('reads the link of a current build', () => {
    expect(parseLinkCommand(gcc(LINK_017))).toEqual({
      inputs: ['/b/libkvmplat.o', '/b/appx.o', '/b/libc.a'],
      libraries: ['-lgcc'],
      script: '/b/libkvmplat/link64.lds',
      extraScripts: ['/b/bootinfo.lds', '/u/extra.ld'],
      output: '/b/x.dbg',
      entry: '_multiboot_entry',
      gcSections: true,
      pie: false,
      partial: false,
      otherArgs: [
        '-Wl,-m,elf_x86_64',
        '-Wl,--start-group',
        '-Wl,--end-group',
        '-nostdlib',
        '-Wl,--build-id=none',
        '-nostdinc',
      ],
    });
  });

  it('takes the first -T for the script where there is no -dT', () => {
    const parsed = parseLinkCommand(gcc('a.o -T main.lds -Wl,-T,x.ld -Wl,--script=y.ld -o a'));
    expect(parsed).toMatchObject({ script: 'main.lds', extraScripts: ['x.ld', 'y.ld'] });
    expect(parseLinkCommand(gcc('a.o -Wl,-T,x.ld -Wl,-dT,m.lds -o a'))).toMatchObject({
      script: 'm.lds',
      extraScripts: ['x.ld'],
    });
  });

  it.each([
    ['-pie', true],
    ['-static-pie', true],
    ['-no-pie -Wl,-pie', true],
    ['-static-pie -no-pie', false],
    ['-Wl,--pie -Wl,--no-pie', false],
  ])('knows whether %s makes a position-independent image', (args, pie) => {
    expect(parseLinkCommand(gcc(`${args} a.o -o a`)).pie).toBe(pie);
  });

  it.each([
    ['-Wl,--gc-sections', true],
    ['-Wl,--gc-sections -Wl,--no-gc-sections', false],
    ['-Xlinker --gc-sections', true],
  ])('knows whether %s drops sections', (args, gc) => {
    expect(parseLinkCommand(gcc(`${args} a.o -o a`)).gcSections).toBe(gc);
  });

  it.each([
    '-z noexecstack -u main -L /l -Wl,-z,max-page-size=4096 -Wl,-u,main -Wl,--defsym,a=b',
    '-Wl,-Ttext,0x1000 -Ttext=0x1000 -Wl,-T -Wl,m.lds -Xlinker -e -Xlinker main',
    '-Wl,-rpath,/x -Wl,--section-start -Wl,.t=0 -I /i -x none -B /usr --param a=b -l c',
  ])('does not take the value of an option for an input: %s', (args) => {
    expect(parseLinkCommand(gcc(`${args} a.o -o a`)).inputs).toEqual(['a.o']);
  });

  it('reads a linker that is called directly', () => {
    const ld: ToolCommand = {
      tool: '/usr/bin/x86_64-linux-gnu-ld.bfd',
      args: '-m elf_x86_64 -T m.lds a.o ( b.a -lgcc ) -e main -static -o out'.split(' '),
      cwd: '/b',
    };
    expect(parseLinkCommand(ld)).toMatchObject({
      inputs: ['a.o', 'b.a'],
      libraries: ['-lgcc'],
      script: 'm.lds',
      output: 'out',
      entry: 'main',
      otherArgs: ['-m', 'elf_x86_64', '(', ')', '-static'],
    });
  });

  it('reads joined options', () => {
    expect(parseLinkCommand(gcc('a.o -Tm.lds -oout -lm -L/x'))).toMatchObject({
      script: 'm.lds',
      output: 'out',
      libraries: ['-lm'],
    });
  });

  it('finds partial links', () => {
    expect(parseLinkCommand(gcc('-r -nostdlib a.o b.o -o c.o')).partial).toBe(true);
    expect(parseLinkCommand(gcc('-nostdlib -Wl,-r a.o b.o -o c.o')).partial).toBe(true);
  });

  it.each(['a.o', 'a.o -o', 'a.o @args -o a', 'a.o -Wl,-T -o a'])('refuses %s', (args) => {
    expect(() => parseLinkCommand(gcc(args))).toThrow(refused);
  });

  it('refuses tools that do not link', () => {
    expect(() => parseLinkCommand({ tool: 'objcopy', args: ['-o', 'a'], cwd: '/' })).toThrow(
      refused,
    );
  });
});

describe('withScript', () => {
  const replaced = withScript(gcc(LINK_017), {
    script: '/s/new.lds',
    extraScripts: ['/s/one.ld'],
    inputsMap: new Map([['/b/appx.o', '/s/appx.o']]),
    output: '/s/x.dbg',
    map: '/s/x.map',
    extraInputs: ['/s/stubs.o'],
    extraLinkerArgs: ['--print-gc-sections'],
  });

  it('replaces scripts, inputs and output, and keeps everything else in order', () => {
    expect(replaced.args.join(' ')).toBe(
      '-Wl,-m,elf_x86_64 -Wl,--entry=_multiboot_entry /b/libkvmplat.o /s/appx.o /s/stubs.o ' +
        '-Wl,--start-group /b/libc.a -lgcc -Wl,--end-group -nostdlib -Wl,--build-id=none ' +
        '-nostdinc -Wl,--gc-sections -no-pie -Wl,-dT,/s/new.lds -Wl,-T,/s/one.ld -o /s/x.dbg ' +
        '-Wl,-Map,/s/x.map -Wl,--print-gc-sections',
    );
  });

  it('drops recorded files on the side: they are the user’s', () => {
    const command = gcc('a.o -T m -Wl,-Map=/b/x.map -Wl,--dependency-file,/b/x.d -o a');
    const { args } = withScript(command, {
      script: 'n',
      extraScripts: [],
      inputsMap: new Map(),
      output: 'o',
    });
    expect(args).toEqual(['a.o', '-T', 'n', '-o', 'o']);
  });

  it('passes paths with commas to the linker one by one', () => {
    const { args } = withScript(gcc('a.o -Wl,-T,m -o a'), {
      script: '/a,b/n',
      extraScripts: [],
      inputsMap: new Map(),
      output: 'o',
    });
    expect(args).toEqual(['a.o', '-Xlinker', '-T', '-Xlinker', '/a,b/n', '-o', 'o']);
  });

  it('adds a script where the command has none', () => {
    const { args } = withScript(gcc('a.o --entry=x -o a'), {
      script: 'n',
      extraScripts: ['e'],
      inputsMap: new Map(),
      output: 'o',
    });
    expect(args).toEqual(['a.o', '--entry=x', '-o', 'o', '-Wl,-T,n', '-Wl,-T,e']);
  });
});

describe('composeLinks', () => {
  it('puts the members of the first link in the place of the merged object', () => {
    const first = gcc(
      '-r -nostdlib -Wl,-r -Wl,-d -Wl,-m,elf_x86_64 /b/libk.o /b/appx.o -Wl,--start-group ' +
        '/b/c.a -lgcc -Wl,--end-group -o /b/x.ld.o',
    );
    const final = gcc('-nostdlib -Wl,--omagic -Wl,-dT,/b/l.lds /b/x.o -o /b/x.dbg');
    expect(composeLinks(final, first, '/b/x.o').args.join(' ')).toBe(
      '-nostdlib -Wl,--omagic -Wl,-dT,/b/l.lds /b/libk.o /b/appx.o -Wl,--start-group /b/c.a ' +
        '-lgcc -Wl,--end-group -o /b/x.dbg',
    );
  });
});

describe('pieces', () => {
  const word = fc.oneof(
    fc.constantFrom('a.o', '/x/b.a', '-lgcc', '-nostdlib', '-static', '-Wl,--gc-sections', '-g'),
    fc.constantFrom('-Wl,-T,/x/y.ld', '-Wl,-z,now', '-Wl,--defsym=a=1', '-Wl,--start-group'),
    fc.constantFrom('-Wl,-Map=m,-e,main', '-Wl,--wrap,x', '-L/usr', '-fno-x', '-Wl,b.o'),
  );

  it('lose and add nothing', () => {
    fc.assert(
      fc.property(fc.array(word), (args) => {
        const pieces = readPieces({ tool: 'gcc', args, cwd: '/' });
        const again = writePieces('gcc', pieces);
        const flat = (list: readonly string[]): string[] =>
          list.flatMap((item) => (item.startsWith('-Wl,') ? item.slice(4).split(',') : [item]));
        expect(flat(again)).toEqual(flat(args));
        expect(readPieces({ tool: 'gcc', args: again, cwd: '/' })).toEqual(pieces);
      }),
    );
  });

  it('are left alone by an identity', () => {
    const command = gcc(LINK_017);
    expect(changeInputs(command, (input) => input)).toEqual(command);
  });
});
