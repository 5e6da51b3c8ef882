// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
/**
 * Holds the position of a completion and the names in scope, and completes everything except values: headers of declarations, names of entries, paths of a
 * search, texts in quotes.
 */
import type { Vocabulary } from '../../../../grammar/textmate.ts';
import * as t from '../../../../grammar/tokens.ts';
import type { KindRow, Parameter, Parameters } from '../../../compiler/library/contract.ts';
import { histories } from '../../../compiler/library/declarations/data_declaration.ts';
import { labelTypes } from '../../../compiler/library/declarations/labels_declaration.ts';
import { search } from '../../../compiler/library/declarations/search_declaration.ts';
import { allTypes, declarations, entriesOf } from '../../../compiler/library/declarations/table.ts';
import { task } from '../../../compiler/library/declarations/task_declaration.ts';
import { train } from '../../../compiler/library/declarations/train_declaration.ts';
import { describeType } from '../../../compiler/model/describe.ts';
import { type Library, library } from '../../../compiler/model/library.ts';
import type { LookupKind, NamedSymbol } from '../../../compiler/model/occurrences.ts';
import { parametersOf } from '../../../compiler/model/settings/slots.ts';
import { knownCalls, wordsOf } from '../../../compiler/syntax/known_calls.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { pathEndingAt, searchedSlot, slotAt, typeAt } from '../callee.ts';
import { type EditorCursor, mayHaveFormula } from '../cursor.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { headOf } from '../hover.ts';
import { keywordDocs, kindDoc, parameterText, signatureOf } from '../markdown.ts';
import { SymbolTable } from '../symbols.ts';

/** Lists every word that the library knows, for editors without the language server. */
export function vocabulary(): Vocabulary {
  const named = [...knownCalls.values()].flatMap(({ words }) => [...words]);
  const ofEntries = allTypes().flatMap(({ name, type }) => wordsOf(name, type));
  return {
    types: [...new Set([...Object.keys(library.features), ...labelTypes])].sort(),
    kinds: [...knownCalls.keys()],
    words: [...new Set([...named, ...ofEntries])].sort(),
  };
}

interface Snippet {
  readonly prefix: string;
  readonly doc: string;
  readonly body: readonly string[];
}

const formulaSnippet: Snippet = {
  prefix: 'block of',
  doc: 'A block that computes by a formula over its inputs and its own weights.',
  body: [
    'block ${1:asked}(${2:units = 64}) of (${3:x: sequence[t, d]}) {',
    '  weights ${4:A[d -> u: units]}',
    '  give $0',
    '}',
  ],
};

const snippets: readonly Snippet[] = [
  ...Object.entries(declarations).map(([word, { brief, snippet }]) => ({
    prefix: word === 'shared' ? 'shared block' : word,
    doc: brief,
    body: snippet,
  })),
  formulaSnippet,
];

/** Returns snippets of declarations, at any position, for an editor without a language server. */
export function snippetsFile(): string {
  const entries = snippets.map(({ prefix, doc, body }) => [prefix, { prefix, description: doc, body }]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

export function headerAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  const lastToken = before.at(-1);
  if (declaration.word === 'shared' || is(lastToken, t.Shared)) return [{ label: 'block', kind: 'word' }];
  if (declaration.word === 'use') return is(lastToken, t.Text) ? [] : quotedAt(here);
  if (declaration.word === 'block' && is(lastToken, t.Equals)) return here.names('constant');
  if (declaration.word !== 'tower') return [];
  const openIndex = before.findLastIndex((token) => is(token, t.LeftParenthesis));
  const closedIndex = before.findLastIndex((token) => is(token, t.RightParenthesis));
  if (openIndex > closedIndex) {
    const writtenInputs = new Set(before.slice(openIndex).map((token) => token.image));
    return here.inputs('group', 'feature').filter(({ label }) => !writtenInputs.has(label));
  }
  if (is(lastToken, t.RightParenthesis)) return [{ label: 'keyed by', kind: 'word', doc: keywordDocs.keyed }];
  if (is(lastToken, t.Keyed)) return [{ label: 'by', kind: 'word' }];
  if (is(lastToken, t.By)) return here.inputs('feature');
  return [];
}

export function entriesAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  switch (declaration.word) {
    case 'features':
      return followedBy(' : ', here.columns()).map((item) => ({ ...item, detail: 'a column of the data' }));
    case 'search':
      return pathsAt(here);
    case 'tower':
      return is(before.at(-1), t.Channel) ? otherChannels(here) : [channel];
    case 'data':
      if (here.place.body === 'columns') return followedBy(' = ', here.names('feature'));
      return [...missing(here), columns, history];
    default:
      return missing(here);
  }
}

const followedBy = (sign: string, items: readonly Completion[]): Completion[] =>
  items.map((item) => ({ ...item, insert: `${item.label}${sign}` }));

/** Makes an item whose text has placeholders to fill in. */
export const snippetItem = (kind: CompletionKind, label: string, insert: string, doc?: string): Completion => ({
  ...{ kind, label, insert, doc },
  snippet: true,
});

const channel = snippetItem('word', 'channel', 'channel ${1:main} = $0', keywordDocs.channel);
const columnsText = 'columns {\n  ${1:name} = "${2:expression}"\n}';
const columns = snippetItem('word', 'columns', columnsText, keywordDocs.columns);
const historyText = '${1:history} = past(${2:item_id}, ${3:50})';
const history = snippetItem('snippet', 'history', historyText, histories.past.doc);

/** Completes the entries that the body lacks. */
function missing({ place }: CompletionContext): Completion[] {
  const { tokens, word } = place.declaration;
  const writtenNames = new Set(
    tokens.filter((_, index) => is(tokens[index + 1], t.Equals)).map((token) => token.image),
  );
  const unwrittenEntries = Object.entries(entriesOf(word)).filter(([name]) => !writtenNames.has(name));
  return followedBy(' = ', entryItems(Object.fromEntries(unwrittenEntries)));
}

/** Completes the channels of the other tower that this one does not have. */
function otherChannels({ place, symbols }: CompletionContext): Completion[] {
  const ownTower = place.declaration.name ?? '';
  const ownSteps = new Set(symbols.steps(ownTower).map(({ name }) => name));
  const otherSteps = symbols
    .all('tower')
    .filter(({ name }) => name !== ownTower)
    .flatMap(({ name }) => symbols.steps(name))
    .filter(({ kind, name }) => kind === 'channel' && !ownSteps.has(name));
  return unique(followedBy(' = ', otherSteps.map(symbolItem)));
}

/** Completes paths, or the next part of one after its dot. */
function pathsAt(here: CompletionContext): readonly Completion[] {
  const { before } = here.place;
  const pathParts = is(before.at(-1), t.Dot) ? pathEndingAt(before, before.length - 1) : [];
  const trainEntries = followedBy(' : ', searchable(train.entries));
  if (pathParts.length === 0) {
    const prefixes = ['task', 'features'].map((label): Completion => ({ label, kind: 'word', insert: `${label}.` }));
    return [...followedBy(' : ', here.names('constant', 'block')), ...trainEntries, ...prefixes];
  }
  const [first, second] = pathParts;
  if (pathParts.length === 1 && first === 'task') return followedBy('.', here.names('task'));
  if (pathParts.length === 1 && first === 'features') return followedBy('.', here.names('feature'));
  if (pathParts.length === 1 && first === 'train') return trainEntries;
  if (pathParts.length === 2 && first === 'task' && second) return followedBy(' : ', searchable(task.entries));
  const slot = slotAt(here.facts, pathParts);
  return Object.entries((slot && parametersOf(slot, here.library)) ?? {}).map(([label, { doc }]) => ({
    ...{ label, kind: 'argument', doc },
    insert: `${label} : `,
  }));
}

type Documented = Readonly<Record<string, { readonly doc: string }>>;

const entryItems = (rows: Documented): Completion[] =>
  Object.entries(rows).map(([label, { doc }]) => ({ label, kind: 'entry', doc }));

/** Leaves out the entries that are the same for all trials, such as the metrics and the seed. */
const searchable = (rows: Documented): Completion[] =>
  entryItems(rows).filter(({ label }) => !['seed', 'metrics', 'validate'].includes(label));

/** Completes the beginning of an entry of `search` after its colon. Offers nothing within its choices, since values follow. */
export function domainsAt(here: CompletionContext): readonly Completion[] | undefined {
  const { before } = here.place;
  const lastToken = before.at(-1);
  if (is(lastToken, t.One)) return [{ label: 'of', kind: 'word', insert: 'of ', doc: search.words.of.doc }];
  if (!is(lastToken, t.Colon)) return undefined;
  const words: Completion[] = [{ label: 'one of', kind: 'word', insert: 'one of ', doc: search.words.one.doc }];
  const slot = searchedSlot(here.facts, here.place);
  const isNumeric = slot && ['integer', 'number', 'constant'].includes(slot.type.is);
  return isNumeric ? [...words, { label: 'log', kind: 'word', insert: 'log ', doc: search.words.log.doc }] : words;
}

export function textCompletions(here: CompletionContext): readonly Completion[] {
  const { towerFiles = [], dataFiles = [] } = here.around;
  const files = (paths: readonly string[]): Completion[] => paths.map((label) => ({ label, kind: 'file' }));
  switch (typeAt(here.place)?.is) {
    case 'path':
      return files(towerFiles);
    case 'file':
      return here.place.entry ? files(dataFiles) : [];
    case 'sql':
    case 'kind':
    case 'history':
      return here.place.declaration.word === 'data' && here.place.entry ? here.columns() : [];
    default:
      return [];
  }
}

/** Completes texts before a quote is typed; each item includes the quotes. */
export const quotedAt = (here: CompletionContext): readonly Completion[] =>
  textCompletions(here).map((item) => ({ ...item, label: `"${item.label}"` }));

/** Names from outside the file, if they are known. */
export interface CompletionSurroundings {
  /** Columns of the data's files, as their headers say. */
  readonly columns?: readonly string[];
  /** Paths that may follow `use`, relative to the folder of the file. */
  readonly towerFiles?: readonly string[];
  /** Paths that `events`, `items` and `users` may name. */
  readonly dataFiles?: readonly string[];
}

/** A cursor in a declaration. */
type PlaceWithin = EditorCursor & Required<Pick<EditorCursor, 'declaration'>>;

/** The kind of name that a value gets, by the word of its declaration. */
const declares: Readonly<Record<string, LookupKind>> = {
  features: 'feature',
  let: 'constant',
  block: 'block',
  group: 'group',
};

export class CompletionContext {
  readonly symbols: SymbolTable;

  constructor(
    readonly facts: FileAnalysis,
    readonly place: PlaceWithin,
    readonly around: CompletionSurroundings,
  ) {
    this.symbols = new SymbolTable(facts.checked.resolution);
  }

  get library(): Library {
    return this.facts.checked.resolution.library;
  }

  /** All names except the one that is being declared, which cannot refer to itself. */
  names(...among: readonly LookupKind[]): Completion[] {
    const { declaration, entry } = this.place;
    const ownName = entry?.name ?? declaration.name;
    return among.flatMap((kind) => {
      const all = [...this.#parameters(kind), ...this.symbols.all(kind)];
      const otherSymbols = declares[declaration.word] === kind ? all.filter(({ name }) => name !== ownName) : all;
      return unique(otherSymbols.map(symbolItem));
    });
  }

  /** Completes inputs for the tower or group that is being declared. Inputs of another tower come last, because no feature may be in both. */
  inputs(...among: readonly LookupKind[]): Completion[] {
    const { word, name } = this.place.declaration;
    const takenInputs = new Set(
      this.facts.checked.resolution.towers
        .filter(({ name: tower, inputs }) =>
          word === 'tower' ? tower !== name : inputs.every((input) => ![input.name, ...input.groups].includes(name!)),
        )
        .flatMap(({ features, inputs }) => [...features, ...inputs.flatMap((input) => [input.name, ...input.groups])]),
    );
    return this.names(...among).toSorted((a, b) => Number(takenInputs.has(a.label)) - Number(takenInputs.has(b.label)));
  }

  /** Parameters of the block that is being declared; they are numbers, like constants, or flows, like blocks. */
  #parameters(kind: LookupKind): readonly NamedSymbol[] {
    const { word, name } = this.place.declaration;
    if (!mayHaveFormula(word) || name === undefined || (kind !== 'constant' && kind !== 'block')) return [];
    const isFlow = ({ node }: NamedSymbol): boolean => node.kind === 'BlockParameter' && node.isFlow;
    return this.symbols.parameters(name, word).filter((symbol) => isFlow(symbol) === (kind === 'block'));
  }

  columns(): Completion[] {
    return (this.around.columns ?? []).map((label) => ({ label, kind: 'column', detail: 'column of the data' }));
  }
}

export type CompletionKind = 'word' | 'kind' | 'argument' | 'choice' | 'name' | 'column' | 'file' | 'entry' | 'snippet';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line next to the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** The text to insert if it is not the label. If `snippet`, `$1` and `${1:name}` are placeholders to fill in. */
  readonly insert?: string;
  readonly snippet?: true;
}

export const declarationSnippets: readonly Completion[] = snippets.map(({ prefix, doc, body }) =>
  snippetItem('snippet', prefix, body.join('\n'), doc),
);

export function symbolItem(symbol: NamedSymbol): Completion {
  const { name, node } = symbol;
  // A block that needs numbers is written with its parentheses.
  const needsNumbers = node.kind === 'Block' && node.parameters.some((parameter) => !parameter.default);
  const insert = needsNumbers ? { insert: `${name}($1)`, snippet: true as const } : {};
  return { label: name, kind: 'name', detail: headOf(symbol), doc: node.doc, ...insert };
}

/** @param what what is expected at the position: "block", "loss" */
export function kindItems(
  what: string,
  table: Readonly<Record<string, KindRow>>,
  extra: Parameters = {},
): Completion[] {
  return Object.entries(table).map(([label, row]) => ({
    label,
    kind: 'kind',
    detail: signatureOf('', { ...row.parameters, ...extra }),
    doc: kindDoc(what, label, row, extra),
    ...(Object.values(row.parameters).some(({ required }) => required)
      ? { insert: `${label}($1)`, snippet: true as const }
      : {}),
  }));
}

export function argumentItem(kind: string, name: string, parameter: Parameter): Completion {
  return {
    label: `${name}:`,
    kind: 'argument',
    insert: `${name}: `,
    detail: parameterText(name, parameter),
    doc: `${parameter.doc}\n\nOf \`${kind}\`: ${describeType(parameter.type)}.`,
  };
}

/** Removes repeated labels; keeps the first. */
export function unique(items: readonly Completion[]): Completion[] {
  const seenLabels = new Set<string>();
  return items.filter(({ label }) => !seenLabels.has(label) && seenLabels.add(label));
}
