export interface RunningServer {
  /** Loopback address of the workbench. */
  readonly url: string;
  /** What the server printed. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

export function startServer(options: {
  server: string;
  root: string;
  settings?: Record<string, unknown>;
  trust?: boolean;
  environment?: Record<string, string>;
}): Promise<RunningServer>;

export function installExtension(options: {
  server: string;
  root: string;
  vsix: string;
}): Promise<void>;
