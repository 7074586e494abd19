export function packagedFiles(): Promise<string[]>;
export function faultsOf(files: readonly string[]): string[];
export function packageExtension(out: string): Promise<string>;
