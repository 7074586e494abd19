import path from 'node:path';
import * as vscode from 'vscode';
import { runInTerminal } from '../run-terminal.ts';
import { requireTrust } from '../trust.ts';
import type { UnikraftSet } from '../unikraft-set.ts';
import { placeImages, restoreImages, withImage, type Way } from '../used-images.ts';
import { pickSet, pickUnikernel, type Target } from './pick.ts';
import type { Commands, Services } from './services.ts';

export function imageCommands(services: Services): Commands {
  return {
    useAlignedImages: (argument) => useImages(services, argument),
    restoreImages: async (argument) => {
      requireTrust();
      const set = await pickSet(services.sets, argument);
      if (!set) return;
      const count = await restoreImages(set.output);
      await vscode.window.showInformationMessage(
        count === 0
          ? vscode.l10n.t('No aligned image was put anywhere.')
          : vscode.l10n.t('{0} images are as they were before.', count),
      );
    },
    boot: (argument) => boot(services, argument),
  };
}

const alignedImage = ({ set, unikernel }: Target) => set.summaryOf(unikernel.name)?.alignedImage;

async function useImages(services: Services, argument: unknown): Promise<void> {
  requireTrust();
  const set = await pickSet(services.sets, argument);
  if (!set) return;
  await services.sets.read(set);
  const images = set.unikernels.flatMap(({ name }) =>
    set.summariesOf(name).flatMap(({ alignedImage: image }) => image ?? []),
  );
  if (images.length === 0) return sayNotAligned(set);
  const way = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('Copy images into a folder…'),
        detail: vscode.l10n.t('What stands there is kept and can be brought back'),
        run: () => placeInto(set, images, 'copy'),
      },
      {
        label: vscode.l10n.t('Link images into a folder…'),
        detail: vscode.l10n.t('They follow the next alignment'),
        run: () => placeInto(set, images, 'link'),
      },
      {
        label: vscode.l10n.t('Run one with kraft'),
        detail: 'kraft run --plat qemu --arch x86_64 …',
        run: () => runWithKraft(services, set),
      },
      {
        label: vscode.l10n.t('Change a QEMU command line'),
        detail: vscode.l10n.t('Its -kernel becomes the aligned image'),
        run: () => changeCommandLine(services, set),
      },
      {
        label: vscode.l10n.t('Go back to the original images'),
        detail: vscode.l10n.t('Where aligned ones were put'),
        run: () => vscode.commands.executeCommand('spacer.restoreImages', set.root),
      },
    ],
    { placeHolder: vscode.l10n.t('Use the aligned images') },
  );
  await way?.run();
}

async function sayNotAligned(set: UnikraftSet): Promise<void> {
  const align = vscode.l10n.t('Align Unikernels');
  const text = vscode.l10n.t('There is no aligned image yet.');
  if ((await vscode.window.showInformationMessage(text, align)) === align)
    await vscode.commands.executeCommand('spacer.align', set.root);
}

async function placeInto(set: UnikraftSet, images: readonly string[], way: Way): Promise<void> {
  const [folder] =
    (await vscode.window.showOpenDialog({
      canSelectFolders: true,
      canSelectFiles: false,
      openLabel: vscode.l10n.t('Put Images Here'),
    })) ?? [];
  if (!folder) return;
  if (isBuildFolder(folder.fsPath, set))
    throw new Error(
      vscode.l10n.t(
        '{0} belongs to a build, which Spacer never changes. Choose another folder, or run the image from {1}.',
        folder.fsPath,
        set.output,
      ),
    );
  const count = await placeImages(set.output, images, folder.fsPath, way);
  const back = vscode.l10n.t('Go Back');
  const text = vscode.l10n.t('{0} aligned images are in {1}.', count, path.basename(folder.fsPath));
  if ((await vscode.window.showInformationMessage(text, back)) === back)
    await vscode.commands.executeCommand('spacer.restoreImages', set.root);
}

function isBuildFolder(folder: string, set: UnikraftSet): boolean {
  const builds = set.unikernels.map(({ image }) => path.dirname(image));
  return (
    folder.includes('/.unikraft/build') ||
    builds.some((build) => `${folder}/`.startsWith(`${build}/`))
  );
}

/** Shown in a terminal, not run: the user adds what the application needs. */
function offer(line: string, cwd: string): void {
  const terminal = vscode.window.createTerminal({ name: 'Spacer', cwd });
  terminal.show();
  terminal.sendText(line, false);
}

async function runWithKraft({ sets }: Services, set: UnikraftSet): Promise<void> {
  const target = await pickUnikernel(
    sets,
    set.root,
    undefined,
    (one) => alignedImage(one) !== undefined,
  );
  const image = target && alignedImage(target);
  if (image !== undefined)
    offer(withImage('kraft run --plat qemu --arch x86_64 IMAGE', 'IMAGE', image) ?? '', set.root);
}

async function changeCommandLine({ sets }: Services, set: UnikraftSet): Promise<void> {
  const target = await pickUnikernel(
    sets,
    set.root,
    undefined,
    (one) => alignedImage(one) !== undefined,
  );
  const image = target && alignedImage(target);
  if (!target || image === undefined) return;
  const line = await vscode.window.showInputBox({
    prompt: vscode.l10n.t('The QEMU command line that runs {0}', target.unikernel.name),
    value: `qemu-system-x86_64 -nographic -cpu max -m 64M -kernel ${target.unikernel.image}`,
    validateInput: (text) =>
      withImage(text, target.unikernel.image, image) === undefined
        ? vscode.l10n.t('The line names neither -kernel nor {0}.', target.unikernel.image)
        : undefined,
  });
  const changed = line === undefined ? undefined : withImage(line, target.unikernel.image, image);
  if (changed !== undefined) offer(changed, set.root);
}

const QEMU = 'qemu-system-x86_64';
/** No devices but a serial console, and an exit that the guest can ask for. */
const QEMU_ARGS = [
  '-cpu',
  'max',
  '-m',
  '64M',
  '-nodefaults',
  '-serial',
  'stdio',
  '-display',
  'none',
  '-no-reboot',
  '-device',
  'isa-debug-exit',
];

async function boot({ sets }: Services, argument: unknown): Promise<void> {
  requireTrust();
  const target = await pickUnikernel(sets, argument);
  if (!target) return;
  const { set, unikernel } = target;
  await sets.read(set);
  const image = alignedImage(target);
  if (image === undefined) return sayNotAligned(set);
  const { toolPaths, qemuArguments } = set.settings;
  await runInTerminal({
    title: `QEMU: ${unikernel.name}`,
    file: toolPaths[QEMU] ?? QEMU,
    args: [...QEMU_ARGS, ...qemuArguments, '-kernel', image],
    cwd: set.root,
  });
}
