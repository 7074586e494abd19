/**
 * A packed page map as one ArrayBuffer, which crosses to a page or a worker without a copy.
 *
 * Layout, little-endian: magic, length of the head, the head as JSON (with a directory of the
 * columns), then the columns, each at a multiple of eight bytes. Columns are read as views.
 */
import * as v from 'valibot';
import type { Stage } from '../page-map.ts';
import {
  BadPageMap,
  STAGES,
  type OwnerLists,
  type PackedPageMap,
  type PackedStage,
  type PageMapHead,
} from './columns.ts';

const MAGIC = 0x31_50_50_53; // "SPP1"
const PREFIX = 8;

const COLUMN_TYPES = {
  Uint8Array,
  Uint16Array,
  Uint32Array,
  Int32Array,
  Float64Array,
} as const;
type ColumnType = keyof typeof COLUMN_TYPES;
type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

const OWNER_COLUMNS = {
  start: 'Uint32Array',
  library: 'Uint32Array',
  section: 'Uint32Array',
  bytes: 'Uint16Array',
  symbolStart: 'Uint32Array',
  symbols: 'Uint32Array',
} as const satisfies Record<keyof OwnerLists, ColumnType>;

const STAGE_COLUMNS = {
  rowStart: 'Uint32Array',
  pageNumber: 'Float64Array',
  flags: 'Uint8Array',
  contentClass: 'Int32Array',
  ownerList: 'Uint32Array',
  classPages: 'Uint32Array',
  sharerStart: 'Uint32Array',
  sharers: 'Uint32Array',
} as const satisfies Record<keyof PackedStage, ColumnType>;

const directory = v.object({
  head: v.looseObject({ unikernels: v.array(v.looseObject({ name: v.string() })) }),
  strings: v.array(v.string()),
  columns: v.record(v.string(), v.tuple([v.number(), v.number()])),
});

export function toBuffer(map: PackedPageMap): ArrayBuffer {
  const columns = new Map<string, Column>();
  for (const [name, column] of Object.entries<Column>({ ...map.owners }))
    columns.set(`owners.${name}`, column);
  for (const stage of STAGES) {
    for (const [name, column] of Object.entries<Column>({ ...map.stages[stage] })) {
      columns.set(`${stage}.${name}`, column);
    }
  }
  let offset = 0;
  const places: Record<string, [number, number]> = {};
  for (const [name, column] of columns) {
    places[name] = [offset, column.length];
    offset = aligned(offset + column.byteLength);
  }
  const head = new TextEncoder().encode(
    JSON.stringify({ head: map.head, strings: map.strings, columns: places }),
  );
  const base = aligned(PREFIX + head.length);
  const bytes = new Uint8Array(base + offset);
  const prefix = new DataView(bytes.buffer);
  prefix.setUint32(0, MAGIC, true);
  prefix.setUint32(4, head.length, true);
  bytes.set(head, PREFIX);
  for (const [name, column] of columns) {
    const source = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    bytes.set(source, base + (places[name]?.[0] ?? 0));
  }
  return bytes.buffer;
}

export function fromBuffer(buffer: ArrayBuffer): PackedPageMap {
  const prefix = new DataView(buffer);
  if (buffer.byteLength < PREFIX || prefix.getUint32(0, true) !== MAGIC) {
    throw new BadPageMap('this is not a packed page map');
  }
  const length = prefix.getUint32(4, true);
  if (PREFIX + length > buffer.byteLength) throw new BadPageMap('the page map is truncated');
  const json: unknown = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, PREFIX, length)),
  );
  const parsed = v.safeParse(directory, json);
  if (!parsed.success) throw new BadPageMap(`packed page map: ${parsed.issues[0].message}`);
  const { strings, columns } = parsed.output;
  const base = aligned(PREFIX + length);
  const read = (name: string, type: ColumnType): Column => {
    const place = columns[name];
    if (!place) throw new BadPageMap(`the page map lacks the column ${name}`);
    return view(buffer, type, base + place[0], place[1]);
  };
  const group = (prefixName: string, types: Record<string, ColumnType>): Record<string, Column> =>
    Object.fromEntries(
      Object.entries(types).map(([name, type]) => [name, read(`${prefixName}.${name}`, type)]),
    );
  const stages: Partial<Record<Stage, PackedStage>> = {};
  for (const stage of STAGES) {
    if (!columns[`${stage}.rowStart`]) continue;
    stages[stage] = group(stage, STAGE_COLUMNS) as unknown as PackedStage;
  }
  return {
    head: parsed.output.head as unknown as PageMapHead,
    strings,
    owners: group('owners', OWNER_COLUMNS) as unknown as OwnerLists,
    stages,
  };
}

function view(buffer: ArrayBuffer, type: ColumnType, offset: number, length: number): Column {
  const Type = COLUMN_TYPES[type];
  if (offset + length * Type.BYTES_PER_ELEMENT > buffer.byteLength) {
    throw new BadPageMap('the page map is truncated');
  }
  return new Type(buffer, offset, length);
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
