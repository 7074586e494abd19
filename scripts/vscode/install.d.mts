export function installVsCode(options?: { log?: (text: string) => void }): Promise<string>;
