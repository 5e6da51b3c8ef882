/** What the routes of versions take and answer. */
import { closed, type Schema, text } from '../schema_words.ts';

interface ShownVersion {
  readonly version: string;
  readonly folder: string;
  readonly loaded: string;
  readonly items: number;
}

export interface VersionsAnswer {
  readonly stable: ShownVersion;
  readonly canary?: ShownVersion & { readonly share: number };
  readonly before?: { readonly version: string; readonly folder: string };
}

const share: Schema = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  description: 'The share of the questions that `canary` answers, from 0 to 1.',
};

export function versionSchemas(): Readonly<Record<'Change' | 'Share' | 'Versions', Schema>> {
  const named = { version: text('The checksum of its manifest.'), folder: text('The folder that it was loaded from.') };
  const shown = {
    ...named,
    loaded: text('When it was loaded, as ISO 8601.'),
    items: { type: 'integer', description: 'Items that it can recommend.' },
  };
  const all = ['version', 'folder', 'loaded', 'items'];
  return {
    Change: closed('A change that needs no value: `{}`.', {}),
    Share: closed('The share of `canary`.', { share }, ['share']),
    Versions: closed(
      'The versions that answer.',
      {
        stable: closed('Answers what `canary` does not.', shown, all),
        canary: closed('Answers a share of the questions.', { ...shown, share }, [...all, 'share']),
        before: closed('The version that a rollback goes back to.', named, ['version', 'folder']),
      },
      ['stable'],
    ),
  };
}
