/** The parameters of a block that the file declares, as a call of it is bound to them. */
import { textOf } from '../../base/text/source.ts';
import type { KindRow, Parameter } from '../library/contract.ts';
import type * as Ast from '../syntax/ast.ts';

/** The block as a row of the library would say it. A default is its text: what it comes to may follow from other parameters. */
export function rowOf({ name, parameters, doc = 'A block of this file.' }: Ast.BlockNode): KindRow {
  const required = parameters
    .filter((parameter) => !parameter.default)
    .map((parameter) => `${parameter.name.name}: 64`);
  const rows = parameters.map((parameter): [string, Parameter] => [
    parameter.name.name,
    {
      type: { is: 'number' },
      positional: true,
      doc: `A number: a parameter of block \`${name.name}\`.`,
      ...(parameter.default ? { default: textOf(parameter.default.span) } : { required: true }),
    },
  ]);
  const example = required.length === 0 ? name.name : `${name.name}(${required.join(', ')})`;
  return { doc, example, parameters: Object.fromEntries(rows) };
}
