import manifest from '../../package.json' with { type: 'json' };

/** Version of Spacer, as the manifest has it. */
export const VERSION: string = manifest.version;
