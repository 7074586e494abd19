/**
 * Reads the page map that a report carries: base64 of gzip in an inert element. Base64 has no
 * character that could end the element, whatever the names in the data.
 */
import { fromBuffer } from '../src/protocol/packed/buffer.ts';
import { BadPageMap, type PackedPageMap } from '../src/protocol/packed/columns.ts';

const DATA_ID = 'spacer-page-map';

export function reportElement(): HTMLElement | null {
  return document.getElementById(DATA_ID);
}

export async function readReport(element: HTMLElement): Promise<PackedPageMap> {
  const bytes = decodeBase64(element.textContent);
  element.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const response = new Response(stream);
  try {
    return fromBuffer(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof BadPageMap) throw error;
    throw new BadPageMap('its data are damaged', { cause: error });
  }
}

/** A multiple of four characters, so that each part decodes alone. */
const PART = 1 << 20;

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.trim();
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((base64.length / 4) * 3 - padding);
  let at = 0;
  for (let from = 0; from < base64.length; from += PART) {
    const part = atob(base64.slice(from, from + PART));
    for (let i = 0; i < part.length; i += 1) bytes[at + i] = part.charCodeAt(i);
    at += part.length;
  }
  return bytes;
}
