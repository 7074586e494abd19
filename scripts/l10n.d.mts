export function extensionTexts(): Promise<string[]>;
