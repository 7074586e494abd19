/**
 * Which of the instructions that a randomised image carries out are there for its randomisation, by
 * the kind of the field that they serve. Everything is read from the image: a call or jump that ends
 * in a far jump or a stub, an instruction in whose place a jump leads to a thunk. What the site was
 * is decoded where it now stands.
 */
import { Decoder, DecoderOptions, FlowControl, Mnemonic, OpKind } from 'iced-x86';

export const KINDS = [
  'calls',
  'jumps',
  'conditional jumps',
  'memory operands',
  'calls through memory',
  'immediates and addresses',
  'pointers',
];

/** @returns instructions more, by kind */
export function addedInstructions(image, counts) {
  const added = new Map(KINDS.map((kind) => [kind, 0]));
  const add = (kind, n) => added.set(kind, added.get(kind) + n);
  const stubs = image.addressesOf('__spacer_stub.');
  const far = image.addressesOf('__spacer_far.');
  const left = new Map([...stubs, ...far].map((address) => [address, counts.get(address) ?? 0]));
  const conditional = [];
  for (const [address, count] of counts) {
    if (stubs.has(address) || far.has(address)) continue;
    const site = decode(image, address);
    if (site.target === undefined) continue;
    const thunk = thunkOf(image, site, far);
    if (thunk) add(kindOf(thunk), count * (thunk.jumps + (site.isCall ? 0 : 1)));
    else if (site.isConditional && left.has(site.target)) conditional.push(site.target);
    if (!left.has(site.target) || site.isConditional) continue;
    left.set(site.target, left.get(site.target) - count);
    if (!thunk) add(site.isCall ? 'calls' : 'jumps', count);
  }
  // How often a conditional jump is taken shows only at its target.
  for (const target of new Set(conditional)) {
    add('conditional jumps', left.get(target));
    left.set(target, 0);
  }
  for (const address of stubs) add('pointers', Math.max(0, left.get(address)));
  return added;
}

/** Names of the functions that read ports. */
export function functionsThatWait(image, counts) {
  const reads = [...counts.keys()].filter((address) => decode(image, address).isPortRead);
  return new Set(reads.map((address) => image.functionAt(address)));
}

function decode(image, address) {
  const decoder = new Decoder(64, image.bytesAt(address), DecoderOptions.None);
  decoder.ip = BigInt(address);
  const one = decoder.decode();
  const isNear = one.opCount > 0 && one.opKind(0) === OpKind.NearBranch64;
  const isAbsoluteJump =
    one.mnemonic === Mnemonic.Jmp &&
    one.opKind(0) === OpKind.Memory &&
    one.memoryBase + one.memoryIndex === 0;
  const found = {
    address,
    next: address + one.length,
    isCall: one.mnemonic === Mnemonic.Call,
    isConditional: one.flowControl === FlowControl.ConditionalBranch,
    isJump: one.mnemonic === Mnemonic.Jmp,
    isMemory: opKinds(one).includes(OpKind.Memory) && one.mnemonic !== Mnemonic.Lea,
    target: isNear
      ? Number(one.nearBranchTarget)
      : isAbsoluteJump
        ? image.pointerAt(Number(one.memoryDisplacement))
        : undefined,
    isNear,
    isPortRead: one.mnemonic === Mnemonic.In,
  };
  one.free();
  decoder.free();
  return found;
}

const opKinds = (one) => Array.from({ length: one.opCount }, (_, i) => one.opKind(i));

/**
 * What is carried out in a site's place, where that is a thunk: one instruction, and a jump to
 * behind the site; for a call through memory, a jump through memory.
 */
function thunkOf(image, site, far) {
  if (site.isConditional) return undefined;
  let jumps = 1;
  let { target } = site;
  if (far.has(target)) {
    jumps++;
    target = decode(image, target).target ?? 0;
  }
  const carried = decode(image, target);
  if (site.isCall) {
    const isThunk = carried.isJump && carried.isMemory && !far.has(site.target);
    return isThunk ? { ...carried, jumps, isCall: true } : undefined;
  }
  const back = decode(image, carried.next);
  const isBack = back.isJump && back.isNear && back.target > site.address + 4;
  return isBack && back.target < site.address + 16 ? { ...carried, jumps } : undefined;
}

const kindOf = ({ isCall, isMemory }) =>
  isCall ? 'calls through memory' : isMemory ? 'memory operands' : 'immediates and addresses';
