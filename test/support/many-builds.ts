/** One build many times under other names: objects and images are links, records name the copies. */
import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Files that name the build that they are of. */
const isText = (file: string) => /\.cmd$|^(Makefile|Makefile\.uk|defconfig|\.config)$/.test(file);

/** Adds builds `PREFIX000`, `PREFIX001`, ... of an application to a workspace. */
export async function addBuilds(
  workspace: string,
  application: string,
  prefix: string,
  count: number,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);
  const from = path.join(workspace, 'apps', application);
  for (const name of names) {
    const rename = (text: string) =>
      text
        .replaceAll(`apps/${application}/`, `apps/${name}/`)
        .replaceAll(`${application}_qemu`, `${name}_qemu`);
    const to = path.join(workspace, 'apps', name);
    for (const folder of ['.', 'build']) await copyFiles(from, to, folder, rename);
  }
  return names;
}

async function copyFiles(
  from: string,
  to: string,
  folder: string,
  rename: (text: string) => string,
): Promise<void> {
  await mkdir(path.join(to, folder), { recursive: true });
  const entries = await readdir(path.join(from, folder), { withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const source = path.join(from, folder, entry.name);
    const target = path.join(to, folder, rename(entry.name));
    if (isText(entry.name)) await writeFile(target, rename(await readFile(source, 'utf8')));
    else await link(source, target);
  }
}
