// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const group: DeclarationRow = {
  brief: 'A name for several features.',
  doc: 'A name for several features, as an input of a tower and the start of a flow.',
  example: 'group person = user_id, age',
  snippet: ['group ${1:profile} = ${2:user_id}'],
  value: { is: 'features' },
};
