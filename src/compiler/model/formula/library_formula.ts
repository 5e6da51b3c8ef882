/** Reads blocks and losses of the library whose text is Tower. A text may have several forms, of which a use takes the first that fits. */
import { makeSource } from '../../../base/text/source.ts';
import { formulas } from '../../library/blocks/generated_formulas.ts';
import type { FormulaName } from '../../library/contract.ts';
import { parse } from '../../syntax/parse.ts';
import { makeConstants } from '../constants.ts';
import type { Formula } from '../model.ts';
import type { Report } from '../report.ts';
import { readFormula } from './read_formula.ts';

const read = new Map<string, Formula>();

/** Which form of a text is meant: one with this number of inputs, or this one of several, from 0. */
interface FormChoice {
  readonly inputs?: number;
  readonly form?: number;
}

/** Returns the formula of the chosen form all of whose parameters have a value. */
export function libraryFormula(
  name: FormulaName,
  numbers: Readonly<Record<string, unknown>>,
  choice: FormChoice,
): Formula {
  const key = `${name} ${JSON.stringify([choice, numbers])}`;
  const formula = read.get(key) ?? readForm(name, numbers, choice);
  read.set(key, formula);
  return formula;
}

function readForm(
  name: FormulaName,
  numbers: Readonly<Record<string, unknown>>,
  { inputs, form = 0 }: FormChoice,
): Formula {
  const report: Report = (code, at, facts) => {
    throw new Error(`invariant: ${name}.tower has no errors, but ${code} at ${at?.start}: ${JSON.stringify(facts)}`);
  };
  const fitting = formsOf(name).filter(
    ({ parameters, formula }) =>
      (inputs === undefined || formula!.inputs.length === inputs) &&
      parameters.every(({ name }) => numbers[name.name] !== undefined),
  );
  const values = new Map(Object.entries(numbers) as [string, number | undefined][]);
  const constants = makeConstants([], report).within(values, report);
  const scope = { owner: {}, blocks: {}, isBlock: () => false, step: () => undefined };
  return readFormula(
    { ...scope, binding: { report, constants, note: () => {} } },
    fitting[form]!,
    fitting[form]!.formula!,
  )!;
}

/** Returns the forms of a text. */
const formsOf = (name: FormulaName) =>
  parse(makeSource(`${name}.tower`, formulas[name])).output.declarations.filter(
    (node) => node.kind === 'Block' || node.kind === 'Loss',
  );
