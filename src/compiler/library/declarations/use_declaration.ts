// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const use: DeclarationRow = {
  brief: 'Features, groups and blocks of another file.',
  doc: 'Brings the features, groups, blocks, constants and data of another file into scope. The path starts at the folder of the file that uses.',
  example: 'use "features/films.tower"',
  snippet: ['use "${1:features.tower}"'],
  value: { is: 'path' },
};
