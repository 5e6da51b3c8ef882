import manifest from '../../../package.json' with { type: 'json' };

/** The version of Tower; it goes into every manifest. */
export const version: string = manifest.version;
