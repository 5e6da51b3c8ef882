/** Formats a kind's entry in the reference for the terminal, like docs/reference. */
import { type ErrorPage, severityText } from '../../../compiler/explain/error_page.ts';
import type { KindRow } from '../../../compiler/library/contract.ts';
import { signatureOf } from '../../../editor/language/markdown.ts';
import { exampleOf, innerKinds, type LibraryKind } from '../../../editor/reference/examples.ts';
import { paperLine, parameterCells, shapesOf } from '../../../editor/reference/reference_page.ts';
import { heading, pageOf, wrapWords } from '../layout.ts';

export function kindText(kind: LibraryKind): string {
  const { section, name, row, facts } = kind;
  const example = exampleOf(kind);
  const shapes = shapesOf(kind, example);
  return [
    `${name} · ${section.what}`,
    indented(signatureOf(name, row.parameters)),
    wrapped([row.doc, ...facts].join(' ')),
    row.formula === undefined ? '' : `${heading('Formula')}\n\n${indented(row.formula.join('\n'))}`,
    row.formula === undefined || section.symbols === undefined ? '' : wrapped(section.symbols),
    row.when === undefined ? '' : wrapped(`When to use it: ${row.when}`),
    parameterLines(row),
    ...innerKinds(kind).flatMap((inner) => [
      wrapped(`${inner.name}, for ${inner.parameter}: ${inner.row.doc}`),
      parameterLines(inner.row),
    ]),
    heading('Example'),
    indented(example.excerpt),
    shapes === undefined ? '' : wrapped(`Here: ${shapes}`),
    row.paper === undefined ? '' : wrapped(paperLine(row.paper)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const parameterLines = ({ parameters }: KindRow): string =>
  Object.entries(parameters)
    .map(([name, parameter]) => {
      const [is, otherwise] = parameterCells(parameter);
      const valueText = `${is}; ${/^`/.test(otherwise) ? `default ${otherwise}` : otherwise}`;
      return `  ${name}\n${wrapped(indented(`${parameter.doc}\n${valueText}`))}`;
    })
    .join('\n');

/** Returns the entry as data. Types of arguments are as in the library. */
export function kindJson(kind: LibraryKind) {
  const { section, name, row, facts } = kind;
  const example = exampleOf(kind);
  return {
    kind: name,
    table: section.table,
    signature: signatureOf(name, row.parameters),
    doc: row.doc,
    formula: row.formula,
    when: row.when,
    facts,
    paper: row.paper,
    parameters: Object.entries(row.parameters).map(([parameter, { doc, required = false, ...type }]) => {
      const [is, otherwise] = parameterCells({ doc, required, ...type });
      return { name: parameter, is, default: otherwise, required, doc };
    }),
    kinds: innerKinds(kind).map(({ name, parameter, row: { doc } }) => ({ name, parameter, doc })),
    example: example.model,
  };
}

/** Formats the page of a code for the terminal. */
export function explanationText({ code, severity, means, wrong, printed, right, remedy }: ErrorPage): string {
  const pageParts = [code, wrapped(severityText(code, severity)), wrapped(means)];
  if (wrong !== undefined && printed !== undefined && right !== undefined) {
    pageParts.push(heading('Wrong'), indented(wrong), heading('`tower check` prints'), indented(printed));
    pageParts.push(heading('Right'), indented(right));
  }
  if (remedy !== undefined) pageParts.push(heading('What to do'), wrapped(remedy));
  return pageParts.join('\n\n');
}

const indented = (text: string): string => text.trimEnd().replace(/^(?=.)/gm, '    ');

/** Wraps a text at the width of the terminal, but at 100 cells at most, because longer lines are hard to read. */
export const wrapped = (text: string): string => wrapWords(text, Math.min(100, pageOf(process.stdout).columns ?? 100));
