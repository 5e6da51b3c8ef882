/** Determines the context of a cursor: the type of the value, the library's row of the enclosing call, and the argument that is being typed. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { type KindRow, kindsWithin, type Parameters } from '../../compiler/library/contract.ts';
import type { EntryType } from '../../compiler/library/declarations/entry.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import { flatText, rowOfBlock } from '../../compiler/model/expressions.ts';
import type { Library } from '../../compiler/model/library.ts';
import { findSlot, type Slot } from '../../compiler/model/settings/slots.ts';
import { takesWord } from '../../compiler/model/values.ts';
import { is } from '../../compiler/syntax/token.ts';
import { type CallAtCursor, cursorAt, type EditorCursor } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { parameterLines, signatureParts } from './markdown.ts';

interface Callee {
  /** Describes what the call is for: "block", "score", the name of a parameter. */
  readonly what: string;
  readonly row: KindRow;
  /** Includes parameters that the context adds. */
  readonly parameters: Parameters;
  /** The parameters that are inputs of a formula. */
  readonly inputs?: readonly string[];
}

/** Finds the row of a call: its table follows from the declaration, the entry, and the calls around it. */
export function calleeAt(
  facts: FileAnalysis,
  cursor: EditorCursor,
  call: CallAtCursor,
  outer: readonly CallAtCursor[],
): Callee | undefined {
  const { library, scope } = facts.checked.resolution;
  const parent = outer.at(-1);
  const calleeName = call.callee.image;
  const rowIn = (
    what: string,
    table: Readonly<Record<string, KindRow>>,
    extra: Parameters = {},
  ): Callee | undefined => {
    const row = Object.hasOwn(table, calleeName) ? table[calleeName]! : undefined;
    return row && { what, row, parameters: { ...extra, ...row.parameters } };
  };
  /** A block of the file takes precedence over one of the library, except within its own declaration. */
  const block = (): Callee | undefined => {
    const { word, name: within } = cursor.declaration ?? {};
    const node = word === 'block' && within === calleeName ? undefined : scope.blocks.get(calleeName);
    if (!node) return rowIn('block', library.blocks);
    const row = rowOfBlock(node);
    const inputs = (node.formula?.inputs ?? []).slice(1).map(({ name, shape, axes, span }) => {
      const doc = `The input \`${flatText(span)}\`: a value of the tower.`;
      const form = `${shape.name}[${axes.map(({ letter }) => letter.name).join(', ')}]`;
      return [name.name, { ...wordParameter(doc, form), positional: false }] as const;
    });
    const parameters = { ...Object.fromEntries(inputs), ...row.parameters };
    return { what: 'block', row, parameters, inputs: inputs.map(([name]) => name) };
  };
  if (parent) {
    const above = calleeAt(facts, cursor, parent, outer.slice(0, -1));
    for (const [parameter, { type }] of Object.entries(above?.parameters ?? {})) {
      const callee =
        type.is === 'kind' || type.is === 'number'
          ? rowIn(parameter, kindsWithin(type))
          : type.is === 'feature'
            ? rowIn('kind of feature', library.features)
            : type.is === 'flow'
              ? block()
              : undefined;
      if (callee) return callee;
    }
    return undefined;
  }
  const isSearch = cursor.declaration?.word === 'search';
  const type = isSearch ? searchedSlot(facts, cursor)?.type : typeAt(cursor);
  switch (type?.is) {
    case 'kind':
    case 'kinds':
      return rowIn(type.what ?? calleeName, kindsOfEntry(library, type), type.is === 'kind' ? type.also : {});
    case 'flow':
    case 'channel':
      return block();
    case 'score':
      return rowIn('score', library.scores);
    case 'tasks':
      return type.weightings && rowIn('weighting', type.weightings, type.also);
    case 'history':
      return rowIn('history', type.of);
    default:
      return undefined;
  }
}

/** Returns the kinds that an entry takes, with the losses of the file. */
export const kindsOfEntry = (
  { losses }: Library,
  { what, of }: { readonly what?: string; readonly of: Readonly<Record<string, KindRow>> },
): Readonly<Record<string, KindRow>> => (what === 'loss' ? losses : of);

/** Returns the type that the row of the entry, or of the declaration, has. */
export function typeAt({ declaration, body, entry }: EditorCursor): EntryType | undefined {
  if (!declaration) return undefined;
  // Columns have names of the file, like features.
  return body === 'columns' ? { is: 'sql' } : typeOfEntry(declaration.word, entry?.name ?? '');
}

/** Finds the setting that the entry of `search` at the cursor names. */
export function searchedSlot(facts: FileAnalysis, { before }: Pick<EditorCursor, 'before'>): Slot | undefined {
  const sign = before.findLastIndex((token, index) => is(token, t.Colon) && isPathEnd(before, index - 1));
  return sign === -1 ? undefined : slotAt(facts, pathEndingAt(before, sign));
}

/** True if a path ends at a token. The colon after it is that of an entry, because one within a call belongs to an argument. */
function isPathEnd(tokens: readonly IToken[], end: number): boolean {
  let pathStart = end;
  while (is(tokens[pathStart - 1], t.Dot)) pathStart -= 2;
  return !is(tokens[pathStart - 1], t.LeftParenthesis) && is(tokens[end], t.Name);
}

/** Returns the parts of the path that ends before a token. */
export function pathEndingAt(tokens: readonly IToken[], end: number): string[] {
  const pathParts: string[] = [];
  for (let index = end - 1; is(tokens[index], t.Name); index -= 2) {
    pathParts.unshift(tokens[index]!.image);
    if (!is(tokens[index - 1], t.Dot)) break;
  }
  return pathParts;
}

export function slotAt(facts: FileAnalysis, parts: readonly string[]): Slot | undefined {
  const { scope, files, library } = facts.checked.resolution;
  return findSlot({ scope, files, library, report: () => {} }, { parts, at: facts.checked.file.span });
}

/** Returns the call around an offset, its documentation as Markdown, and the index of the argument that is being typed. */
export function signatureAt(facts: FileAnalysis, offset: number) {
  const cursor = cursorAt(facts, offset);
  const call = cursor?.calls.at(-1);
  const callee = cursor && call && calleeAt(facts, cursor, call, cursor.calls.slice(0, -1));
  if (!callee) return undefined;
  const firstPlaces: Parameters = callee.what === 'score' ? sides : callee.what === 'history' ? column : {};
  const parameters = { ...firstPlaces, ...callee.parameters };
  const { text, parameters: offsets } = signatureParts(call.callee.image, parameters);
  const activeName = activeParameter(call, parameters);
  const active = offsets.findIndex(({ name }) => name === activeName);
  return {
    text,
    doc: [callee.row.doc, parameterLines(callee.parameters)].filter((part) => part !== '').join('\n\n'),
    parameters: offsets.map(({ name, start, end }) => ({ start, end, doc: parameters[name]!.doc })),
    active: active === -1 ? undefined : active,
  };
}

const wordParameter = (doc: string, ...of: readonly string[]): Parameters[string] => ({
  type: { is: 'choice', of },
  doc,
  required: true,
  positional: true,
});

/** The first two arguments of a score, which no table of the library has. */
const sides: Parameters = {
  query: wordParameter('The query tower, or one of its channels: `user`, `user.click`.', 'tower', 'tower.channel'),
  item: wordParameter('The item tower, or one of its channels.', 'tower', 'tower.channel'),
};
const column: Parameters = {
  column: wordParameter('The column whose earlier values form the history.', 'feature', 'column'),
};

/** Returns the argument at the cursor: by its name, by its word, or by its position among those without a name. */
function activeParameter(call: CallAtCursor, parameters: Parameters): string | undefined {
  if (call.argument !== undefined) return call.argument;
  const free = Object.entries(parameters).filter(([name, { positional, type }]) => {
    return positional && type.is !== 'flag' && !call.named.includes(name);
  });
  const isNamed = (tokens: readonly IToken[]): boolean => is(tokens[1], t.Colon);
  const filled = call.given.filter((tokens) => !isNamed(tokens) && !isWord(tokens, parameters)).length;
  return free.find(([, { rest }], index) => rest || index === filled)?.[0];
}

function isWord([first]: readonly IToken[], parameters: Parameters): boolean {
  return Object.entries(parameters).some(([name, { type }]) => takesWord(name, type, first?.image ?? ''));
}
