import { describe, expect, it } from 'vitest';
import { linkFailure } from '../../../src/engine/link/messages.ts';
import { ToolFailure } from '../../../src/engine/link/run.ts';
import { checkStep, redirectStep } from '../../../src/engine/link/steps.ts';

describe('steps', () => {
  const step = (tool: string, args: string) => ({ tool, args: args.split(' '), cwd: '/b' });

  it('are redirected with all their files', () => {
    const objcopy = step('objcopy', '/b/x --update-section .uk_bootinfo=/b/x.bootinfo');
    expect(redirectStep(objcopy, '/b/x', '/s/x').args.join(' ')).toBe(
      '/s/x --update-section .uk_bootinfo=/s/x.bootinfo',
    );
    const strip = step('strip', '-s /b/x.dbg -o /b/x');
    expect(redirectStep(strip, '/b/x', '/s/y').args.join(' ')).toBe('-s /s/y.dbg -o /s/y');
  });

  it.each([
    step('/u/support/scripts/mkbootinfo.py', '/b/x /b/x.bootinfo -a x86_64'),
    step('/u/support/scripts/multiboot.py', '/b/x'),
    step('x86_64-elf-objcopy', '--update-section .uk_reloc=/b/x.dbg.uk_reloc.bin /b/x.dbg'),
    step('sect-strip.py', '--with-objcopy=objcopy /b/x.dbg -o /b/x'),
  ])('of builds are accepted: $tool', (accepted) => {
    expect(() => checkStep(accepted, '/b/x')).not.toThrow();
  });

  it.each([
    step('rm', '/b/x'),
    step('sh', '-c /b/x'),
    step('evil.py', '/b/x'),
    step('strip', '-s /b/x.dbg -o /b/y'),
    step('strip', '-s /b/x.dbg -o/home/me'),
    step('objcopy', '/b/x --dump-section .text=/home/me/.profile'),
    step('objcopy', '/b/x /b/x.d/../../home'),
  ])('that touch other files are refused: $tool $args', (bad) => {
    expect(() => checkStep(bad, '/b/x')).toThrow(
      expect.objectContaining({ code: 'link-record-unreadable' }) as Error,
    );
  });
});

describe('linkFailure', () => {
  const fail = (stderr: string) => linkFailure(new ToolFailure('gcc', 1, '', stderr), 'hello');

  it('names the script and its line', () => {
    const error = fail(
      '/usr/bin/ld:/w/.spacer/hello/link.lds:12: syntax error\ncollect2: error: x',
    );
    expect(error).toMatchObject({
      code: 'link-failed',
      text: 'hello could not be linked: /w/.spacer/hello/link.lds:12: syntax error',
      place: { file: '/w/.spacer/hello/link.lds', line: 12 },
    });
  });

  it('shows the linker’s own words without warnings and context', () => {
    const error = fail(
      '/usr/bin/ld: warning: /b/a.o: requires executable stack\n' +
        "/usr/bin/ld: /b/a.o: in function `main':\n" +
        "/src/main.c:7: undefined reference to `gone'\n" +
        'collect2: error: ld returned 1 exit status\n',
    );
    expect(error.text).toBe(
      "hello could not be linked: /src/main.c:7: undefined reference to `gone'",
    );
    expect(error.place).toEqual({ file: '/src/main.c', line: 7 });
  });

  it('counts what it does not show', () => {
    const lines = Array.from({ length: 9 }, (_, index) => `ld: error ${index}`);
    expect(fail(lines.join('\n')).text).toMatch(/error 4; and 4 more$/);
    expect(fail('').text).toBe('hello could not be linked: the linker ended with status 1');
  });
});
