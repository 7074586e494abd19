/** The settings, read in one place; every key here is declared in package.json and the other way round. */
import * as vscode from 'vscode';
import { DEFAULT_OPTIONS, GRANULARITIES, LAYOUTS, type AlignOptions } from '../protocol/options.ts';

/** Settings that name a tool, and the tool. */
const TOOL_PATHS = {
  gccPath: 'gcc',
  ldPath: 'ld',
  objcopyPath: 'objcopy',
  python3Path: 'python3',
  makePath: 'make',
  qemuPath: 'qemu-system-x86_64',
} as const;

/** Settings that change what a workspace is to the engine: where its tools and its output are. */
export const PLACE_KEYS = [...Object.keys(TOOL_PATHS), 'allowed', 'outputFolder'];
/** Settings that are options of an alignment. */
export const OPTION_KEYS = [
  'granularity',
  'layout',
  'group',
  'align',
  'effort',
  'customLoader',
  'copyObjs',
  'location',
  'aslr',
  'aslrMap',
  'aslrSameMapping',
  'aslrBlocks',
  'aslrWindow',
  'seed',
  'instances',
  'domains',
];

type ThreeWays = 'auto' | 'on' | 'off';

export interface Settings {
  readonly options: AlignOptions;
  /** Paths by tool, where the user chose one. */
  readonly toolPaths: Readonly<Record<string, string>>;
  /** What recorded commands may use beyond what is known to be harmless. */
  readonly allowed: readonly string[];
  /** 0: one a core. */
  readonly jobs: number;
  readonly outputFolder: string;
  readonly watch: boolean;
  readonly statusBar: boolean;
  /** Arguments for QEMU beyond Spacer's own. */
  readonly qemuArguments: readonly string[];
}

const ASLR = { off: 0, table: 1, randomised: 2 } as const;

/** Reads all settings as they are for one workspace folder. */
export function readSettings(scope: vscode.Uri | undefined): Settings {
  const settings = vscode.workspace.getConfiguration('spacer', scope ?? null);
  const location = parseAddress(settings.get('location', ''));
  const effort = settings.get('effort', 0);
  const blocks = blocksOf(settings.get('aslrBlocks', '1'));
  const aslrWindow = settings.get('aslrWindow', 0);
  const seed = settings.get('seed', '');
  const instances = settings.get('instances', 1);
  const domain = domainsOf(settings.get<unknown>('domains', {}));
  return {
    options: {
      ...DEFAULT_OPTIONS,
      granularity: oneOf(GRANULARITIES, settings.get('granularity', 'auto')),
      layout: oneOf(LAYOUTS, settings.get('layout', 'auto')),
      group: threeWays(settings.get('group', 'auto')),
      align: threeWays(settings.get('align', 'auto')),
      customLoader: settings.get('customLoader', false),
      copyObjects: settings.get('copyObjs', false),
      aslr: ASLR[settings.get<keyof typeof ASLR>('aslr', 'off')] ?? 0,
      aslrMap: settings.get('aslrMap', true),
      aslrSameMapping: settings.get('aslrSameMapping', false),
      ...(blocks !== undefined && { aslrBlocks: blocks }),
      ...(aslrWindow > 0 && { aslrWindow }),
      ...(seed !== '' && { seed }),
      ...(instances > 1 && { instances }),
      ...(domain && { domain }),
      ...(effort > 0 && { effort }),
      ...(location !== undefined && { location }),
    },
    toolPaths: toolPaths((key) => settings.get(key, '')),
    allowed: settings.get<string[]>('allowed', []),
    jobs: settings.get('jobs', 0),
    outputFolder: settings.get('outputFolder', '').trim() || '.spacer',
    watch: settings.get('watch', false),
    statusBar: settings.get('statusBar', true),
    qemuArguments: settings.get<string[]>('qemuArguments', []),
  };
}

/** Lists of names by domain; nothing where there are none. What is no list of texts is refused later. */
function domainsOf(value: unknown): Record<string, string[]> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value as Record<string, unknown>).map(([name, list]) => [
    name,
    Array.isArray(list) ? list.map(String) : [String(list)],
  ]);
  return entries.length > 0 ? (Object.fromEntries(entries) as Record<string, string[]>) : undefined;
}

/** A number of blocks, or by what they are told apart; nothing for the engine's own choice. */
function blocksOf(text: string): AlignOptions['aslrBlocks'] | undefined {
  if (text === 'library' || text === 'class') return text;
  const count = Number(text);
  return Number.isInteger(count) && count > 1 ? count : undefined;
}

/** What a settings file holds is anything: an unknown word counts as `auto`. */
function oneOf<T extends string>(known: readonly T[], value: string): T | 'auto' {
  return known.find((one) => one === value) ?? 'auto';
}

function threeWays(value: ThreeWays): boolean | 'auto' {
  return value === 'auto' ? 'auto' : value === 'on';
}

/** An address such as 0x130000; nothing where it is empty or cannot be read. */
export function parseAddress(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : undefined;
}

function toolPaths(get: (key: string) => string): Record<string, string> {
  const paths: Record<string, string> = {};
  for (const [key, tool] of Object.entries(TOOL_PATHS)) {
    const path = get(key).trim();
    if (path !== '') paths[tool] = path;
  }
  return paths;
}
