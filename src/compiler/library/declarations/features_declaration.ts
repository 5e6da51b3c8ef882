// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import { features as kinds } from '../features/table.ts';
import type { DeclarationRow } from './entry.ts';

export const features: DeclarationRow = {
  brief: 'What is read: a column and how its values become numbers.',
  doc: 'The inputs of the model: `name : kind(arguments)`. The name is the name of a column; the kind says how its values become numbers.',
  example: 'features {\n  user_id : id(dim: 32)\n  age     : number(standardize)\n}',
  snippet: ['features {', '  ${1:user_id} : ${2:id(dim: 32)}', '}'],
  value: { is: 'kind', what: 'kind of feature', of: kinds },
};
