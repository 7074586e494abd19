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
    await copyFolder(from, to, rename);
  }
  return names;
}

async function copyFolder(
  from: string,
  to: string,
  rename: (text: string) => string,
): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, rename(entry.name));
    if (entry.isDirectory()) await copyFolder(source, target, rename);
    else if (isText(entry.name)) await writeFile(target, rename(await readFile(source, 'utf8')));
    else await link(source, target);
  }
}
