import manifest from '../../../package.json' with { type: 'json' };

/** Of Tower itself; it goes into every manifest. */
export const version: string = manifest.version;
