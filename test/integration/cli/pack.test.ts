/** The tarball that `npm pack` makes, installed as its users do, without a network. */
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtDist } from '../../support/cli.ts';
import { freshFolder } from '../../support/once.ts';
import { builtSample, root } from '../../support/sample.ts';

const run = promisify(execFile);
const QUIET = ['--offline', '--no-audit', '--no-fund', '--loglevel=error'];

interface Manifest {
  version: string;
  files: string[];
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
}
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest;

describe('the package', () => {
  let installed = '';

  beforeAll(async () => {
    const staging = freshFolder('pack');
    for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'])
      copyFileSync(path.join(root, name), path.join(staging, name));
    cpSync(path.join(root, 'media'), path.join(staging, 'media'), { recursive: true });
    cpSync(await builtDist(), path.join(staging, 'dist'), { recursive: true });
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', ...QUIET], { cwd: staging });
    installed = freshFolder('prefix');
    const tarball = path.join(staging, stdout.trim().split('\n').at(-1)!);
    await run('npm', ['install', '--global', '--prefix', installed, tarball, ...QUIET]);
  });

  const spacer = (...args: string[]) => run(path.join(installed, 'bin/spacer'), args);

  it('needs no other package', () => {
    expect(manifest.dependencies ?? {}).toEqual({});
    expect(readdirSync(path.join(installed, 'lib/node_modules'))).toEqual(['spacer']);
    expect(existsSync(path.join(installed, 'lib/node_modules/spacer/node_modules'))).toBe(false);
  });

  it('brings the licences of all that is bundled, and pins what it is built from', () => {
    const place = path.join(installed, 'lib/node_modules/spacer/dist/THIRD-PARTY-NOTICES.txt');
    const notices = readFileSync(place, 'utf8');
    for (const name of ['commander', 'elfy', 'execa', 'd3-scale', 'iced-x86', 'valibot', 'yaml'])
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)$`, 'm'));
    for (const [name, version] of Object.entries(manifest.devDependencies))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('brings the command', async () => {
    expect((await spacer('--version')).stdout.trim()).toBe(manifest.version);
    expect((await spacer('--help')).stdout).toMatch(/Usage: spacer/);
  });

  it('analyses images, and writes the page map as HTML', async () => {
    const image = path.join(await builtSample(), 'apps/sched/build/sched_qemu-x86_64');
    const html = path.join(freshFolder('html'), 'map.html');
    const { stdout } = await spacer('pages', image, '--html', html);
    expect(stdout).toMatch(/distinct pages .* in 1 unikernel/);
    expect(readFileSync(html, 'utf8')).toMatch(/Content-Security-Policy/);
  });

  it('brings the sample workspace, but nothing that was built of it', () => {
    const sample = path.join(installed, 'lib/node_modules/spacer/media/sample');
    expect(existsSync(path.join(sample, 'Makefile'))).toBe(true);
    const built = readdirSync(sample, { recursive: true }).filter((name) =>
      /\.o$|\.dbg$/.test(String(name)),
    );
    expect(built).toEqual([]);
  });
});
