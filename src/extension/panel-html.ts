/** The page that a panel shows: no data, no inline code, no style but its own file. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export function assetsOf(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

export function pageHtml(webview: vscode.Webview, assets: vscode.Uri): string {
  const nonce = randomBytes(18).toString('base64');
  const uri = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(assets, name)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Page map</title>
<link rel="stylesheet" href="${uri('page-map.css')}">
</head>
<body>
<div id="spacer"></div>
<script type="module" nonce="${nonce}" src="${uri('vscode-page-map.js')}"></script>
</body>
</html>
`;
}
