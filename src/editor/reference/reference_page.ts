/** Writes the reference: a page for each table of the library, the list of all kinds, and the texts of `tower explain` for words of the grammar. */
import { spanText } from '../../base/text/source.ts';
import { firstSentence, specLink } from '../../compiler/explain/error_page.ts';
import type { KindRow, Parameter } from '../../compiler/library/contract.ts';
import type { DeclarationRow } from '../../compiler/library/declarations/entry.ts';
import { declarations, entryTables } from '../../compiler/library/declarations/table.ts';
import { printValueType } from '../../compiler/library/values.ts';
import { describeType } from '../../compiler/model/describe.ts';
import { printDefault } from '../../compiler/model/print_model.ts';
import { signatureOf } from '../language/markdown.ts';
import {
  allKinds,
  type Example,
  exampleOf,
  innerKinds,
  kindsOf,
  type LibraryKind,
  type Section,
  sections,
  takesOf,
} from './examples.ts';

const generated = '<!-- Written by `npm run generate` from src/compiler/library: change that, not this. -->';

/** Maps the path of each page, from the root of the project, to its text. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/reference/README.md', index()],
    ...sections.map((section) => [`docs/reference/${section.table}.md`, pageOf(section)] as const),
  ]);
}

function index(): string {
  const pageParts = sections.flatMap((section) => [
    `## ${section.title}`,
    section.doc,
    ['| kind | |', '|---|---|', ...kindsOf(section).map(rowOf)].join('\n'),
  ]);
  const head = `Every word that a file may call, from the tables in src/compiler/library: ${allKinds().length} kinds. \`tower explain KIND\` prints the same in the terminal.`;
  return page(['# Reference', head, ...pageParts]);
}

const rowOf = ({ section, name, row }: LibraryKind): string =>
  `| [${name}](${section.table}.md#${name}) | ${firstSentence(row.doc)} |`;

function pageOf(section: Section): string {
  const exactly = `What each computes exactly: ${specLink(section.paragraph)}.`;
  const letters = section.symbols === undefined ? [] : [`In the formulas: ${section.symbols}`];
  return page([`# ${section.title}`, section.doc, exactly, ...letters, ...kindsOf(section).flatMap(entry)]);
}

const page = (parts: readonly string[]): string => `${[generated, ...parts].join('\n\n')}\n`;

function entry(kind: LibraryKind): string[] {
  const { name, row, facts } = kind;
  const example = exampleOf(kind);
  const innerRows = innerKinds(kind);
  return [
    `## ${name}`,
    fence('text', `${signatureOf(name, row.parameters)}\n`),
    [row.doc, ...facts].join(' '),
    row.formula === undefined ? '' : `**Formula**\n\n${fence('text', `${row.formula.join('\n')}\n`)}`,
    row.when === undefined ? '' : `**When to use it.** ${row.when}`,
    parameterTable(row),
    takenTable(kind),
    ...innerRows.flatMap((one) => [
      `**${one.name}**, for \`${one.parameter}\`: ${one.row.doc}${one.row.paper === undefined ? '' : ` *${one.row.paper}*.`}`,
      parameterTable(one.row),
    ]),
    fence('tower part', example.excerpt),
    typedSteps(kind, example),
    row.paper === undefined ? '' : paperLine(row.paper),
  ].filter((part) => part !== '');
}

const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\`\`\``;

/** `no paper: …` in a row gives the reason. */
export const paperLine = (paper: string): string =>
  paper.startsWith('no paper: ') ? `No paper: ${paper.slice('no paper: '.length)}.` : `From ${paper}.`;

function parameterTable({ parameters }: KindRow): string {
  const rows = Object.entries(parameters).map(([name, parameter]) => {
    const cells = [`\`${name}\``, ...parameterCells(parameter), parameter.doc];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return rows.length === 0 ? '' : ['| argument | is | default | |', '|---|---|---|---|', ...rows].join('\n');
}

/** Describes the values of a parameter, and its default. */
export function parameterCells(parameter: Parameter): [is: string, otherwise: string] {
  const { type, required, rest, default: value } = parameter;
  const oneValue = describeType(type);
  const is = rest ? `any number of arguments, each ${oneValue}` : oneValue;
  if (type.is === 'flag') return ['a bare word', 'absent'];
  if (required) return [is, rest ? 'one at least' : 'must be given'];
  if (rest) return [is, 'none'];
  return [is, value === undefined ? 'none' : `\`${printDefault(value)}\``];
}

/** Returns the types of a block's input and output in its example: `fields[3 × 16] → vector[48]`. */
export function shapesOf({ section, row }: LibraryKind, { checked }: Example): string | undefined {
  if (section.table !== 'blocks') return undefined;
  const arrows = checked.shapes?.arrows ?? [];
  const arrowIndex = arrows.findIndex(({ span }) => spanText(span) === row.example);
  const exampleArrow = arrows[arrowIndex];
  if (!exampleArrow) return undefined;
  // The arrows between belong to a flow within the block's arguments.
  const arrowBefore = arrows.slice(0, arrowIndex).findLast(({ span }) => span.end <= exampleArrow.span.start);
  const takenType = arrowBefore ? `${printValueType(arrowBefore.type)} → ` : '';
  return `${takenType}${printValueType(exampleArrow.type)}`;
}

/** Lists the input and output types of a block with the arguments of its example, found by trying. */
function takenTable({ section, row }: LibraryKind): string {
  const blockTypes = section.table === 'blocks' ? takesOf(row.example) : [];
  const rows = blockTypes.map(({ takes, gives }) => `| \`${printValueType(takes)}\` | \`${printValueType(gives)}\` |`);
  return rows.length === 0 ? '' : [`| \`${row.example}\` takes | and gives |`, '|---|---|', ...rows].join('\n');
}

/** Lists the type at each step of the example's flow. */
function typedSteps({ section }: LibraryKind, { checked, excerpt }: Example): string {
  if (section.table !== 'blocks') return '';
  const tower = checked.resolution.towers[0]!;
  const arrows = (checked.shapes?.arrows ?? []).filter(({ span }) =>
    tower.steps.some(({ node }) => span.start >= node.span.start && span.end <= node.span.end),
  );
  const shownArrows = arrows.filter(({ span }) => excerpt.includes(spanText(span)));
  return `Types: ${shownArrows.map(({ span, type }) => `\`${spanText(span)}\` ${printValueType(type)}`).join(' → ')}.`;
}

export interface GrammarWord {
  readonly word: string;
  /** Describes the word: "declaration", "entry of `train`". */
  readonly what: string;
  readonly doc: string;
  readonly example: string;
}

/** Maps plain words that users look up to words of Tower. */
const aliases: Readonly<Record<string, string>> = {
  feature: 'features',
  column: 'columns',
  key: 'keyed',
  history: 'past',
};

/** Lists every word, declarations first. A word may be an entry of one declaration and a word of another. */
export const words: readonly GrammarWord[] = [
  ...Object.entries<DeclarationRow>(declarations).flatMap(([word, { doc, example, words = {} }]) => [
    { word, what: word === 'shared' ? 'word before `block`' : 'declaration', doc, example },
    ...Object.entries(words).map(([inner, row]) => ({
      word: inner,
      what: row.what,
      doc: row.doc,
      example: row.example,
    })),
  ]),
  ...Object.entries(entryTables).flatMap(([place, table]) =>
    Object.entries(table).map(([word, { doc, example }]) => ({
      word,
      what: `entry of \`${place}\``,
      doc,
      example: `${word} = ${example}`,
    })),
  ),
];

export const wordsNamed = (name: string): readonly GrammarWord[] => {
  const meantWord = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return words.filter(({ word }) => word === meantWord);
};

/** Formats an entry for the terminal: kind, description, and syntax. */
export function wordText({ word, what, doc, example }: GrammarWord): string {
  const lines = example.split('\n').map((line) => `  ${line}`);
  return [`${word} · ${what}`, doc, 'Example:', lines.join('\n')].join('\n\n');
}
