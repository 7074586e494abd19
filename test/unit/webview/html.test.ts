import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { escapeHtml, renderHtmlReport, renderReport } from '../../../src/engine/report/html.ts';
import { fromBuffer } from '../../../src/protocol/packed/buffer.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { makeFleet } from './fleet.ts';

const assets = {
  script: 'const a = "<!--";\r\nconst b = 1;',
  style: 'p { margin: 0 }',
  theme: ':root { --x: 1 }',
};
const document = makeFleet({ unikernels: 2, pages: 10 });
const html = renderHtmlReport(document, assets);

function contentsOf(element: string): string[] {
  return [...html.matchAll(new RegExp(`<${element}[^>]*>([^]*?)</${element}>`, 'g'))].map(
    (match) => match[1] ?? '',
  );
}

describe('the HTML report', () => {
  it('allows exactly what stands inline, by hash', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, script] = contentsOf('script');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src ${hash(script ?? '')};`);
    expect(policy).toContain(`style-src ${contentsOf('style').map(hash).join(' ')};`);
    expect(policy).not.toContain('unsafe');
    expect(script).not.toContain('\r');
  });

  it('carries the document as base64 that holds nothing else', () => {
    const [data = ''] = contentsOf('script');
    expect(data).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const { buffer, byteOffset, byteLength } = gunzipSync(Buffer.from(data, 'base64'));
    const pages = buffer.slice(byteOffset, byteOffset + byteLength);
    expect(fromBuffer(pages)).toEqual(packPageMap(document));
  });

  it('escapes the title', () => {
    const hostile = { ...document, workspace: '/tmp/</title><script>alert(1)<' };
    expect(renderHtmlReport(hostile, assets)).not.toContain('<script>alert');
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
  });

  it('refuses a script that would end its element', () => {
    const parts = { title: '', pages: new ArrayBuffer(0) };
    expect(() => renderReport(parts, { ...assets, script: '"</ScRipt>"' })).toThrow('inline');
    expect(() => renderReport(parts, { ...assets, style: '</style>' })).toThrow('inline');
  });
});
