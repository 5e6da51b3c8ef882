/** Reads blocks of the library whose text is Tower. A text may have several forms of its block, of which a use takes the first that fits. */
import { makeSource } from '../../../base/text/source.ts';
import { formulas } from '../../library/blocks/generated_formulas.ts';
import type { FormulaName } from '../../library/contract.ts';
import type * as Ast from '../../syntax/ast.ts';
import { parse } from '../../syntax/parse.ts';
import { makeConstants } from '../constants.ts';
import type { Formula } from '../model.ts';
import type { Report } from '../report.ts';
import { readFormula } from './read_formula.ts';

const read = new Map<string, Formula>();

/** Returns the formula of the first form with this number of inputs, all of whose parameters have a value. */
export function libraryFormula(
  name: FormulaName,
  inputCount: number,
  numbers: Readonly<Record<string, unknown>>,
): Formula {
  const key = `${name} ${inputCount} ${JSON.stringify(numbers)}`;
  const formula = read.get(key) ?? readForm(name, inputCount, numbers);
  read.set(key, formula);
  return formula;
}

function readForm(name: FormulaName, inputCount: number, numbers: Readonly<Record<string, unknown>>): Formula {
  const report: Report = (code, at, facts) => {
    throw new Error(`invariant: ${name}.tower has no errors, but ${code} at ${at?.start}: ${JSON.stringify(facts)}`);
  };
  const form = formsOf(name).find(
    ({ parameters, formula }) =>
      formula!.inputs.length === inputCount && parameters.every(({ name }) => numbers[name.name] !== undefined),
  );
  const values = new Map(Object.entries(numbers) as [string, number | undefined][]);
  const constants = makeConstants([], report).within(values, report);
  const scope = { owner: {}, blocks: {}, isBlock: () => false, step: () => undefined };
  return readFormula({ ...scope, binding: { report, constants, note: () => {} } }, form!, form!.formula!)!;
}

/** Returns the blocks of a text. */
const formsOf = (name: FormulaName): readonly Ast.BlockNode[] =>
  parse(makeSource(`${name}.tower`, formulas[name])).output.declarations.filter((node) => node.kind === 'Block');
