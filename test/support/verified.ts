/** A document whose images count as proven, all but what `unproven` says of the first. */
import type { PageMapDocument, Verification } from '../../src/protocol/page-map.ts';

export function verified(document: PageMapDocument, unproven: string[] = []): PageMapDocument {
  const unikernels = document.unikernels.map((entry, u) => ({
    ...entry,
    verification: verificationOf(u, u === 0 ? unproven : []),
  }));
  return { ...document, unikernels };
}

function verificationOf(u: number, unproven: string[]): Verification {
  const image = (kind: string) => ({ path: `/${kind}/${u}`, sha256: String(u % 10).repeat(64) });
  return {
    counts: {
      atoms: 100 + u,
      bytes: 8192,
      references: 2000 + u,
      followed: 3,
      frames: 4,
      symbols: 5,
      tables: 6,
      segments: 7,
    },
    unproven,
    images: { before: image('before'), after: image('after') },
  };
}
