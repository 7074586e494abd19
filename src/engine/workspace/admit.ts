/**
 * Whether recorded commands may run. They come with the workspace, so they are held to what builds
 * do: known tools from where the system keeps tools, options that do no more than link, files that
 * are the build's own. Workspace trust is the boundary; this is the defence behind it.
 */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { judgePiece, refusalOfCopy, refusalOfScript } from '../link/known-options.ts';
import { readPieces } from '../link/pieces.ts';
import type { Tools } from '../link/run.ts';
import { isCopyTool } from '../link/steps.ts';
import { Reach } from './reach.ts';
import type { ToolCommand } from './types.ts';

export interface AdmitPlace {
  /** What the user opened. */
  readonly root: string;
  readonly buildDirectory: string;
  readonly image: string;
}

export interface Recorded {
  readonly link: ToolCommand;
  readonly postLink: readonly ToolCommand[];
}

/**
 * Throws unless a link and its steps may be replayed.
 * @throws SpacerError `command-refused`
 */
export async function admit(
  { link, postLink }: Recorded,
  place: AdmitPlace,
  tools: Tools | undefined,
): Promise<void> {
  const allow = tools?.allow ?? [];
  const folders = (tools?.searchPath ?? process.env['PATH'] ?? '').split(path.delimiter);
  const judge = new Judge(place, allow, new Reach({ ...place, allow }), folders);
  await judge.link(link);
  for (const step of postLink) await judge.step(step);
}

/** The option by which a script of Unikraft's is told what to run. */
const COPIER = '--with-objcopy=';

class Judge {
  constructor(
    private readonly place: AdmitPlace,
    private readonly allow: readonly string[],
    private readonly reach: Reach,
    private readonly searched: readonly string[],
  ) {}

  async link(command: ToolCommand): Promise<void> {
    await this.tool(command.tool);
    const files = readPieces(command).flatMap((piece) => {
      const verdict = judgePiece(piece);
      if (verdict.kind === 'harmless' || this.isAllowed(piece.words)) return [];
      if (verdict.kind === 'refused') this.refuse(verdict.why);
      return path.resolve(command.cwd, verdict.file);
    });
    await Promise.all(files.map((file) => this.file(file)));
  }

  async step({ tool, args }: ToolCommand): Promise<void> {
    if (tool.endsWith('.py')) await this.file(tool);
    else await this.tool(tool);
    const known = args.filter((word) => !this.isAllowed([word]));
    const own = known.filter((word) => !this.isOfImage(word));
    const why = isCopyTool(tool) ? refusalOfCopy(known) : refusalOfScript(own);
    if (why !== undefined) this.refuse(why);
    const others = own.filter((word) => !word.startsWith(COPIER));
    const outside = others.find((word) => word.includes('/') || word.startsWith('@'));
    if (outside !== undefined) this.refuse(`it touches ${outside}`);
    const copier = args.find((word) => word.startsWith(COPIER));
    if (copier !== undefined) await this.copier(copier.slice(COPIER.length));
  }

  private async copier(tool: string): Promise<void> {
    if (!isCopyTool(tool)) this.refuse(`it runs ${tool}`);
    await this.tool(tool);
  }

  /** Files beside the image, named after it; steps are held to these elsewhere. */
  private isOfImage(word: string): boolean {
    const { image } = this.place;
    const at = word.indexOf(image);
    return at >= 0 && !/[/,@]/.test(word.slice(at + image.length)) && isPrefix(word.slice(0, at));
  }

  private isAllowed(given: readonly string[]): boolean {
    return given.every((word) => this.allow.includes(word));
  }

  /** Tools are found on the PATH, or where the system keeps them. */
  private async tool(tool: string): Promise<void> {
    if (!tool.includes('/') || this.allow.includes(tool)) return;
    const isFound = this.searched.includes(path.dirname(tool));
    if (path.isAbsolute(tool) && (isFound || (await this.reach.allowsTool(tool)))) return;
    this.refuse(`its tool ${tool} is neither on the PATH nor in a folder of the system`);
  }

  private async file(file: string): Promise<void> {
    if (await this.reach.allows(file)) return;
    this.refuse(`${file} leads out of the workspace`);
  }

  private refuse(why: string): never {
    const text = `A recorded command is refused because ${why}. What is harmless can be allowed.`;
    throw new SpacerError('command-refused', text, { file: this.place.image });
  }
}

/** Before a file's name in a word: nothing, a short option, or an option or section and `=`. */
const isPrefix = (text: string) => /^(-[A-Za-z]|(--[\w-]+=)?([\w.]+=)?)?$/.test(text);
