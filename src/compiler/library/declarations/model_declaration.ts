// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const model: DeclarationRow = {
  brief: 'The name of the model.',
  doc: 'The name of the model: the first line of a file that is one.',
  example: 'model films',
  snippet: ['model ${1:name}'],
};
