/** The arrows of import point down only: extension, cli -> engine -> protocol; webview -> protocol. */
const arrow = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    arrow(
      'engine-knows-no-host',
      '^src/engine',
      '^(src/(extension|cli)|webview)',
      'the engine is below both hosts',
    ),
    arrow(
      'protocol-is-the-floor',
      '^src/protocol',
      '^(src/(extension|cli|engine)|webview)',
      'protocol imports nothing of ours',
    ),
    arrow(
      'webview-knows-protocol-only',
      '^webview',
      '^src/(?!protocol)',
      'the page reads the document, nothing else',
    ),
    arrow('hosts-are-apart', '^src/cli', '^src/extension', 'cli and extension are siblings'),
    arrow('hosts-are-apart-too', '^src/extension', '^src/cli', 'cli and extension are siblings'),
    {
      name: 'vscode-only-in-extension',
      severity: 'error',
      from: { pathNot: '^src/extension' },
      to: { path: '^vscode$|node_modules/@types/vscode' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
