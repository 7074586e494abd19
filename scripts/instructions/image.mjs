/** What an image's `.dbg` file says of its code: bytes by address, code sections, names. */
import { readFile } from 'node:fs/promises';
import { must } from '../lib/run.mjs';

const PT_LOAD = 1;
const PROGRAM_HEADER = 56;

/** @returns bytes at an address, the function that an address is in, and names that begin with a prefix */
export async function readImage(file) {
  const bytes = await readFile(file);
  const segments = segmentsOf(bytes);
  const symbols = await symbolsOf(file);
  const functions = symbols.filter(({ name, type }) => /[tw]/i.test(type) && !isOurs(name));
  const code = await codeSections(file);
  return {
    /** Up to 15 bytes, the longest instruction. */
    bytesAt: (address) => sliceOf(segments, address, 15),
    pointerAt: (address) => Number(sliceOf(segments, address, 8).readBigUInt64LE()),
    isCode: (address) => code.some(({ start, end }) => address >= start && address < end),
    functionAt: (address) => lastBefore(functions, address)?.name ?? '?',
    addressesOf: (prefix) =>
      new Set(symbols.filter(({ name }) => name.startsWith(prefix)).map((one) => one.address)),
  };
}

const isOurs = (name) => name.startsWith('__spacer');

/** Loaded segments (gABI, program header). */
function segmentsOf(bytes) {
  const table = Number(bytes.readBigUInt64LE(32));
  const count = bytes.readUInt16LE(56);
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * PROGRAM_HEADER;
    const [offset, address, size] = [8, 16, 32].map((o) => Number(bytes.readBigUInt64LE(at + o)));
    const data = bytes.subarray(offset, offset + size);
    return { isLoaded: bytes.readUInt32LE(at) === PT_LOAD, address, data };
  }).filter(({ isLoaded, data }) => isLoaded && data.length > 0);
}

function sliceOf(segments, address, length) {
  const segment = segments.find((s) => address >= s.address && address < s.address + s.data.length);
  const at = segment ? address - segment.address : 0;
  return segment?.data.subarray(at, at + length) ?? Buffer.alloc(8);
}

async function symbolsOf(file) {
  const { stdout } = await must('nm', 'nm', ['-n', '--defined-only', file]);
  return [...stdout.matchAll(/^([0-9a-f]+) (\w) (\S+)$/gm)].map(([, address, type, name]) => ({
    address: parseInt(address, 16),
    type,
    name,
  }));
}

async function codeSections(file) {
  const { stdout } = await must('readelf', 'readelf', ['-SW', file]);
  const rows = stdout.matchAll(/\] \S+ +\S+ +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) \S+ +\w*X\w* /g);
  return [...rows].map(([, address, size]) => {
    const start = parseInt(address, 16);
    return { start, end: start + parseInt(size, 16) };
  });
}

function lastBefore(sorted, address) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}
