/** The value of one entry, by the type that its row declares; and all entries of a declaration, with defaults. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { type Span, textOf } from '../../../base/text/source.ts';
import type { BoundKind } from '../../library/contract.ts';
import type { DeclarationEntry, Entries, EntryType } from '../../library/declarations/entry.ts';
import type { EntryPlace } from '../../library/declarations/table.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindValue } from '../arguments/call.ts';
import { bindDefaults, bindKind } from '../arguments.ts';
import { singleName } from '../calls.ts';
import { describeEntry, describeExpression } from '../describe.ts';
import { removal } from '../edits.ts';
import { entriesByName } from '../entries.ts';
import type { Call, DataFile } from '../model.ts';
import { printCall } from '../print.ts';
import { rewrite } from '../report.ts';
import type { TowerPart } from '../resolution.ts';
import type { Converted } from '../values.ts';
import { read, type Workspace } from '../workspace.ts';
import { isProduct, resolveProduct } from './products.ts';
import { resolveScore } from './scores.ts';

export interface Resolved<N extends string> {
  /** The first entry of each name, valid or not. */
  readonly given: ReadonlyMap<N, Ast.EntryNode>;
  /** By name: what is given, or the default. Nothing where neither is there, and where the entry is not valid. */
  readonly values: Readonly<Partial<Record<N, unknown>>>;
  /** Whether every entry of the table is valid. */
  readonly valid: boolean;
  /** An entry is not in the table: it may be one that seems to be missing. */
  readonly strange: boolean;
}

interface Declared<E extends Entries> {
  readonly place: EntryPlace;
  /** What the entries belong to, as messages call it: "task `watch`". */
  readonly of: string;
  /** Where an entry that must be there is reported missing, and what has defaults alone is. */
  readonly at: Span;
  readonly rows: E;
  readonly entries: readonly Ast.EntryNode[];
  /** Entries whose absence the caller reports, with a fix that it knows. */
  readonly reported?: readonly string[];
  /** For entries that are scores. */
  readonly towers?: ReadonlyMap<string, TowerPart>;
}

/** All entries of a declaration in the order of its table. */
export function resolveEntries<E extends Entries>(
  workspace: Workspace,
  { place, of, at, rows, entries, reported = [], towers = new Map() }: Declared<E>,
): Resolved<keyof E & string> {
  type Name = keyof E & string;
  const names = Object.keys(rows) as Name[];
  const given = entriesByName(of, entries, names, workspace.report, place);
  const strange = entries.length > given.size;
  const values: Partial<Record<Name, unknown>> = {};
  let valid = true;
  for (const name of names) {
    const row = rows[name]!;
    const entry = given.get(name);
    if (entry) {
      const found = resolveEntry(workspace, name, row.type, entry, towers);
      if (found) values[name] = found.value;
      else valid = false;
    } else if (row.required) {
      valid = false;
      const facts = { of, name, example: `${name} = ${row.example}` };
      if (!strange && !reported.includes(name)) workspace.report('missing-entry', at, facts);
    } else values[name] = defaultOf(row, at);
  }
  return { given, values, valid, strange };
}

/** What an entry is that no file wrote. */
export function defaultOf({ type, default: value }: DeclarationEntry, at: Span): unknown {
  if (type.is !== 'kind' || value === undefined) return value;
  const { kind, arguments: given } = value as BoundKind;
  return bindDefaults(kind, type.of[kind]!, given, at);
}

/** @returns nothing where it does not fit; the report says why */
function resolveEntry(
  workspace: Workspace,
  name: string,
  type: EntryType,
  entry: Ast.EntryNode,
  towers: ReadonlyMap<string, TowerPart>,
): Converted | undefined {
  const { binding } = workspace;
  const { value } = entry;
  switch (type.is) {
    case 'kind':
      return given(bindKind(type.what ?? name, type.of, value, binding, type.also));
    case 'score':
      return given(
        isProduct(workspace, value) ? resolveProduct(workspace, value) : resolveScore(workspace, value, towers),
      );
    case 'reference':
      return given(resolveReference(workspace, name, type, value));
    case 'file':
      return given(dataFile(workspace, name, entry, type));
    case 'sql':
      return given(located(workspace, name, value));
    case 'kinds':
      return given(resolveKinds(workspace, name, type, [value, ...(entry.more ?? [])]));
    case 'tasks':
    case 'features':
    case 'channel':
    case 'path':
    case 'history':
      return undefined;
    default:
      return bindValue(type, value, name, binding);
  }
}

const given = (value: unknown): Converted | undefined => (value === undefined ? undefined : { value });

/** Calls of kinds, each once. */
function resolveKinds(
  { binding, report }: Workspace,
  of: string,
  type: Extract<EntryType, { readonly is: 'kinds' }>,
  values: readonly Ast.ExpressionNode[],
): readonly Call[] | undefined {
  const [first] = values;
  if (first?.kind === 'List') {
    const inner = textOf(first.span).slice(1, -1).trim().replace(/,$/, '');
    const facts = { of, expected: describeEntry(type), found: 'a list in brackets', write: inner };
    report('wrong-type', first.span, facts, rewrite(first.span, inner === '' ? undefined : inner));
    return undefined;
  }
  const calls = values.map((value) => bindKind(type.what, type.of, value, binding));
  if (calls.some((call) => call === undefined)) return undefined;
  const found = new Map<string, Call>();
  for (const call of calls as Call[]) {
    const name = printCall(call);
    const same = found.get(name);
    if (same) {
      const extra = { notes: [{ message: notes.first(name), at: same.span }], fixes: [[removal(call.span)]] };
      report('repeated-name', call.span, { what: type.what, name: textOf(call.span), other: type.what }, extra);
      return undefined;
    }
    found.set(name, call);
  }
  return [...found.values()];
}

/** A label, or a feature where the entry takes one. */
function resolveReference(
  workspace: Workspace,
  of: string,
  type: Extract<EntryType, { readonly is: 'reference' }>,
  value: Ast.ExpressionNode,
): Ast.IdentifierNode | undefined {
  const { scope, report, reads } = workspace;
  const name = singleName(value);
  if (!name) {
    workspace.uncertain.add('label');
    report('wrong-type', value.span, { of, expected: describeEntry(type), found: describeExpression(value) });
    return undefined;
  }
  const feature = scope.features.get(name.name);
  if (feature && type.of.includes('feature')) {
    reads.feature.add(name.name);
    return name;
  }
  if (feature && !scope.labels.has(name.name)) {
    const note = { message: notes.declared('feature', name.name), at: feature.name.span };
    report('feature-as-label', name.span, { name: name.name }, { notes: [note] });
    return undefined;
  }
  const found = read(workspace, 'label', scope.labels, name);
  if (!found) return undefined;
  // Any other kind of label is a mistake of its own.
  if (type.binary && singleName(found.value.value)?.name === 'number') {
    const note = { message: notes.declared('label', found.name), at: found.value.name.span };
    report('only-not-binary', name.span, { name: found.name }, { notes: [note] });
    return undefined;
  }
  return { ...name, name: found.name };
}

export interface Located {
  readonly expression: string;
  readonly span: Span;
}

/** A text that is not empty, and its place. */
export function located({ report }: Workspace, name: string, value: Ast.ExpressionNode): Located | undefined {
  if (value.kind === 'Text' && value.value.trim() !== '') return { expression: value.value, span: value.span };
  // `movies.year`: a column goes by its name alone.
  const word = value.kind === 'Name' ? value.parts.at(-1)?.name : undefined;
  const write = word === undefined ? undefined : `"${word}"`;
  // An empty text, or one of blanks.
  const found = value.kind === 'Text' ? 'an empty text' : describeExpression(value);
  const facts = { of: name, expected: 'a text in quotes', found, write };
  report('wrong-type', value.span, facts, rewrite(value.span, write));
  return undefined;
}

function dataFile(
  workspace: Workspace,
  name: string,
  { value, by }: Ast.EntryNode,
  { by: joined, or }: Extract<EntryType, { readonly is: 'file' }>,
): DataFile | undefined {
  if (or && value.kind === 'Call') {
    const call = bindKind('format', or, value, workspace.binding);
    const text = value.arguments[0]?.value;
    const path = call && text && located(workspace, value.callee.name, text);
    return path && { path: path.expression, span: path.span, lines: true };
  }
  const path = located(workspace, name, value);
  if (joined && !by) workspace.report('missing-key', value.span, { name });
  return path && { path: path.expression, span: path.span, ...(by ? { by: by.name } : {}) };
}
