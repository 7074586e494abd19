/** The user's build tree is the same before and after, however an alignment ends. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectClear, spacer, startSpacer } from '../../support/cli.ts';
import { pathWithGcc } from '../../support/fake-tools.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { copyOfSample } from '../../support/sample.ts';

/** Without what is kept from run to run, and what the other names lead to. */
const outputs = (workspace: string) =>
  readdirSync(path.join(workspace, '.spacer'))
    .filter((name) => name !== '.cache' && name !== '.generations')
    .sort();

/** Of everything that runs. */
function commandLines(): string[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
    } catch {
      return []; // It has just ended.
    }
  });
}

describe('the workspace', () => {
  it('is the same after an alignment; all outputs stand in .spacer', async () => {
    const workspace = await copyOfSample();
    const before = fingerprint(workspace);
    const result = await spacer(['-w', workspace]);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(fingerprint(workspace)).toEqual(before);
    expect(outputs(workspace)).toEqual(['.gitignore', 'hashfn', 'jsonfn', 'report.json', 'sched']);
  });

  it('keeps the earlier result of a unikernel whose link fails, and the rest goes on', async () => {
    const workspace = await copyOfSample();
    expect(await spacer(['-w', workspace])).toMatchObject({ status: 0 });
    const before = fingerprint(workspace);
    const kept = fingerprint(path.join(workspace, '.spacer/hashfn'));
    const said = 'ld: cannot find the moon';
    const { PATH } = pathWithGcc(`case "$*" in *hashfn*) echo '${said}' >&2; exit 1;; esac`);
    const result = await spacer(['-w', workspace], { env: { PATH } });
    expectClear(result);
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/FAILED hashfn: .*cannot find the moon/);
    expect(result.stdout).toMatch(/^jsonfn /m);
    expect(fingerprint(workspace)).toEqual(before);
    expect(fingerprint(path.join(workspace, '.spacer/hashfn'))).toEqual(kept);
    expect(outputs(workspace)).toEqual(['.gitignore', 'hashfn', 'jsonfn', 'report.json', 'sched']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'is the same after %s; nothing is left behind',
    async (signal) => {
      const workspace = await copyOfSample();
      const before = fingerprint(workspace);
      const { folder, PATH } = pathWithGcc(`touch "$0.started"; sleep 61.25`);
      const { child, result } = await startSpacer(['-w', workspace], { env: { PATH } });
      while (!existsSync(path.join(folder, 'gcc.started')) && child.exitCode === null)
        await sleep(50);
      child.kill(signal);
      const ended = await result;
      expectClear(ended);
      expect(ended).toMatchObject({ status: 1, stdout: '' });
      expect(ended.stderr).toMatch(/Cancelled/);
      expect(fingerprint(workspace)).toEqual(before);
      expect(outputs(workspace)).toEqual(['.gitignore']);
      expect(commandLines().filter((line) => line.includes(folder))).toEqual([]);
    },
  );
});
