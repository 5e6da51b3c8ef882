/** Resolves data blocks, entry by entry, and finds SQL functions whose value changes with each evaluation. */
import { notes } from '../../../base/diagnostics/wording.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import type { DataDescription, DataFile, HistoryKind, Split } from '../../../graph/plan/data_description.ts';
import { data, defaultHeldOutShare, histories as kinds, splits } from '../../library/declarations/data_declaration.ts';
import type { EntryType } from '../../library/declarations/entry.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindCall } from '../arguments.ts';
import { describeExpression } from '../describe.ts';
import { asCall, singleName } from '../expressions.ts';
import type { Call } from '../model.ts';
import { columnEntries, declares, reads, symbolOf } from '../occurrences.ts';
import { insertion, noteAt, type Report, rewrite } from '../report.ts';
import type { Workspace } from '../scope.ts';
import type { Files } from '../source_files.ts';
import { located, resolveEntries } from './resolve_entries.ts';

const { entries: rows } = data;
type EntryName = keyof typeof rows;
const entryNames = Object.keys(rows) as EntryName[];

/** Returns the valid data blocks of all files, those of the main file first. */
export function resolveDataBlocks(workspace: Workspace, files: Files): readonly DataDescription[] {
  const dataBlocks: DataDescription[] = [];
  const firstNames = new Map<string, Ast.IdentifierNode>();
  for (const { file, folder } of [...files.all].reverse()) {
    for (const node of file.declarations) {
      if (node.kind !== 'Data') continue;
      const firstName = firstNames.get(node.name.name);
      if (firstName) {
        const note = { message: notes.declared('data', firstName.name), at: firstName.span };
        const nameFacts = { what: 'data block', name: firstName.name, other: 'data block' };
        workspace.report('repeated-name', node.name.span, nameFacts, { notes: [note] });
        continue;
      }
      firstNames.set(node.name.name, node.name);
      const dataBlock = resolveDataBlock(workspace, node, folder, file === files.main);
      if (dataBlock) dataBlocks.push(dataBlock);
    }
  }
  return dataBlocks;
}

function resolveDataBlock(
  whole: Workspace,
  node: Ast.DataNode,
  folder: string,
  isMain: boolean,
): DataDescription | undefined {
  let errorCount = 0;
  const report: Report = (...found) => {
    errorCount++;
    whole.report(...found);
  };
  // A used file has a record of its own.
  const workspace: Workspace = { ...whole, report, ...(isMain ? {} : { note: () => {}, onWord: () => {} }) };
  workspace.note(node.name.span, declares(symbolOf('data', node)));
  const of = `data \`${node.name.name}\``;
  const allEntries = node.entries.filter((entry): entry is Ast.EntryNode => entry.kind === 'Entry');
  const historyEntries = allEntries.filter(isHistory);
  const otherEntries = allEntries.filter((entry) => !isHistory(entry));
  for (const { by, name } of allEntries) {
    if (by) onColumn(workspace, node, by);
    const knownName = entryNames.find((entry) => entry === name.name);
    const type: EntryType | undefined = knownName && rows[knownName].type;
    if (by && type && !(type.is === 'file' && type.by)) report('misplaced-by', by.span, { name: name.name });
  }
  const nameSpan = node.name.span;
  const declared = { place: 'data', of, at: nameSpan, rows, entries: otherEntries, reported: ['split'] } as const;
  const { given, mayGive, values } = resolveEntries(workspace, declared);
  if (!mayGive('split')) reportNoSplit(workspace, node, of);
  const splitEntry = given.get('split');
  const split =
    splitEntry && values.split
      ? completeSplit(workspace, splitEntry, values.split as Call, values.events as DataFile | undefined)
      : undefined;
  const columns = resolveColumns(workspace, node);
  const resolvedHistories = resolveHistories(workspace, node, historyEntries, columns);
  if (!given.has('time')) {
    const inTime = historyEntries.find(({ value }) => value.kind === 'Call' && inTimeOrder.has(value.callee.name));
    const needing = inTime ?? (split && isOrdered(split) ? splitEntry : undefined);
    if (needing) report('time-needed', needing.span, { what: needing.name.name });
  }
  const { events, reject } = values;
  if (errorCount > 0 || !events || !split || !resolvedHistories || reject === undefined) return undefined;
  for (const text of [...columns, values.where, values.time] as readonly DataDescription['where'][]) {
    const call = text && unrepeatableIn(text.expression);
    // A warning does not invalidate the block.
    if (call !== undefined) whole.report('unrepeatable-sql', text!.span, { call });
  }
  const { name } = node;
  const description = {
    ...values,
    name: name.name,
    span: name.span,
    folder,
    columns,
    histories: resolvedHistories,
    split,
    // A held-out user is asked for once, with what the user gives.
    evaluate: values.evaluate ?? (split.kind === 'by_user' ? 'per_user' : undefined),
  };
  return description as unknown as DataDescription;
}

const historyKinds = Object.keys(kinds) as HistoryKind[];

/** True for `name = past(column, 50)` or a misspelling of it, but not for a misspelling of `split`, whose value is a call too. */
function isHistory({ name, value }: Ast.EntryNode): boolean {
  if (value.kind !== 'Call') return false;
  if (entryNames.includes(name.name as EntryName) && !wordEntries.has(name.name as EntryName)) return false;
  if (Object.hasOwn(kinds, value.callee.name)) return true;
  return findNearest(name.name, ['split']) === undefined && findNearest(value.callee.name, historyKinds) !== undefined;
}

/** Entries whose value is a word. They were added to the language later, so a history may have one of these names. */
const wordEntries = new Set<EntryName>(['seen', 'evaluate', 'times']);

/** Kinds of histories that need events in the order of time. */
const inTimeOrder: ReadonlySet<string> = new Set<HistoryKind>(['past']);

/** True for a split that depends on the order of time. */
const isOrdered = (split: Split): boolean =>
  split.kind === 'by_user' ? split.order === 'time' : ['by_time', 'leave_one_out'].includes(split.kind);

function resolveColumns(workspace: Workspace, node: Ast.DataNode): DataDescription['columns'] {
  const columns: DataDescription['columns'][number][] = [];
  const firstNames = new Map<string, Ast.IdentifierNode>();
  for (const block of node.entries) {
    if (block.kind !== 'Columns') continue;
    for (const entry of block.entries) {
      const { name, value } = entry;
      workspace.note(name.span, declares(symbolOf('column', entry)));
      const firstName = firstNames.get(name.name);
      const locatedText = located(workspace, name.name, value);
      if (firstName) repeatedColumn(workspace, name, firstName);
      else firstNames.set(name.name, name);
      if (locatedText) columns.push({ name: name.name, nameSpan: name.span, ...locatedText });
    }
  }
  return columns;
}

function repeatedColumn({ report }: Workspace, name: Ast.IdentifierNode, first: Ast.IdentifierNode): undefined {
  const note = noteAt(notes.first(first.name), first.span);
  report('repeated-name', name.span, { what: 'column', name: name.name, other: 'column' }, note);
}

/** Records a word that names a column of the data block, or else a feature. */
function onColumn({ note, onWord }: Workspace, node: Ast.DataNode, word: Ast.IdentifierNode): void {
  const column = columnEntries(node).find(({ name }) => name.name === word.name);
  if (column) note(word.span, reads(symbolOf('column', column)));
  else onWord('feature', word);
}

function resolveHistories(
  workspace: Workspace,
  node: Ast.DataNode,
  entries: readonly Ast.EntryNode[],
  columns: DataDescription['columns'],
): DataDescription['histories'] | undefined {
  const { report } = workspace;
  const histories: DataDescription['histories'][number][] = [];
  let valid = true;
  for (const entry of entries) {
    const { name, span } = entry.name;
    const call = asCall(entry.value)!;
    if (Object.hasOwn(kinds, call.callee.name)) workspace.note(entry.name.span, declares(symbolOf('column', entry)));
    const column = columns.find((other) => other.name === name);
    const firstEntry = entries.find((other) => other.name.name === name)!;
    if (firstEntry !== entry) repeatedColumn(workspace, entry.name, firstEntry.name);
    if (column) {
      report('repeated-name', span, { what: 'history', name, other: 'column' }, noteAt(notes.first(name), column.span));
    }
    const knownKind = historyKinds.find((each) => each === call.callee.name);
    const kind = knownKind ?? (findNearest(call.callee.name, historyKinds) as HistoryKind);
    if (!knownKind) {
      const kindFacts = { what: 'kind of history', name: call.callee.name, nearest: kind, known: historyKinds };
      report('unknown-kind', call.callee.span, kindFacts, rewrite(call.callee.span, kind));
    }
    const [first, ...rest] = call.arguments;
    const of = first && !first.name ? singleName(first.value) : undefined;
    if (of) onColumn(workspace, node, of);
    if (knownKind) workspace.note(call.callee.span, { is: 'kind', what: 'history', name: kind, row: kinds[kind] });
    if (!of) {
      if (first && !first.name) {
        const { value } = first;
        const word = value.kind === 'Text' ? value.value : value.kind === 'Name' ? value.parts.at(-1)?.name : undefined;
        const facts = { of: 'column', expected: 'the name of a column', found: describeExpression(value), write: word };
        report('wrong-type', first.value.span, facts, rewrite(first.value.span, word));
      } else {
        const doc = 'the column whose values form the history';
        report('missing-argument', call.span, { kind, name: 'column', doc, example: kinds[kind].example });
      }
    }
    const callWithoutColumn = { ...call, arguments: of || !first || !first.name ? rest : call.arguments };
    const boundCall = bindCall(callWithoutColumn, kinds[kind], workspace);
    if (!of || !boundCall || column || firstEntry !== entry || !knownKind) valid = false;
    else histories.push({ name, kind, of: of.name, max: boundCall.arguments.max as number, span: entry.span });
  }
  return valid ? histories : undefined;
}

/** Adds the default shares. */
function completeSplit(
  workspace: Workspace,
  { value }: Ast.EntryNode,
  call: Call,
  events: DataFile | undefined,
): Split | undefined {
  const { report } = workspace;
  if (call.kind === 'files') return givenFiles(workspace, value, events);
  const boundCall = call as Call & {
    readonly kind: keyof typeof splits;
    readonly arguments: Readonly<Record<string, number | undefined>>;
  };
  const { validation, test } = boundCall.arguments;
  const missingShare = validation === undefined && test === undefined ? defaultHeldOutShare : 0;
  const shares =
    'validation' in splits[boundCall.kind].parameters
      ? { validation: validation ?? missingShare, test: test ?? missingShare }
      : {};
  const split = { kind: boundCall.kind, ...boundCall.arguments, ...shares } as Split;
  if (split.kind === 'by_time' || split.kind === 'random' || split.kind === 'by_user') {
    const heldOutShare = split.validation + split.test;
    if (heldOutShare >= 1) return report('split-share', value.span, { held: heldOutShare });
  }
  return split;
}

/** Reads the files of the validation and test parts in the same format as `events`. */
function givenFiles(workspace: Workspace, value: Ast.ExpressionNode, events: DataFile | undefined): Split | undefined {
  const file = (name: string): DataFile | undefined => {
    const argument = asCall(value)?.arguments.find((each) => each.name?.name === name);
    const filePath = argument && located(workspace, name, argument.value);
    return filePath && { path: filePath.expression, span: filePath.span, lines: events?.lines };
  };
  const test = file('test');
  return test && { kind: 'files', validation: file('validation'), test };
}

function reportNoSplit({ report }: Workspace, node: Ast.DataNode, of: string): undefined {
  const example = node.entries.some((entry) => entry.kind === 'Entry' && entry.name.name === 'time')
    ? 'split = by_time(validation: 10%, test: 10%)'
    : 'split = random(validation: 10%, test: 10%)';
  const lastSpan = node.entries.at(-1)?.span;
  const fixes = lastSpan ? [[insertion(lastSpan.source, lastSpan.end, `\n  ${example}`)]] : [];
  report('missing-entry', node.name.span, { of, name: 'split', example }, { fixes });
}

/** Functions that DuckDB calls volatile or consistent only within a query, and its macros over them. A test compares this list with DuckDB. */
const functions: ReadonlySet<string> = new Set([
  'ago',
  'current_localtime',
  'current_localtimestamp',
  'gen_random_uuid',
  'get_current_time',
  'get_current_timestamp',
  'now',
  'random',
  'today',
  'transaction_timestamp',
  'uuid',
  'uuidv4',
  'uuidv7',
]);

/** Keywords that SQL evaluates as such functions without parentheses. */
const words: ReadonlySet<string> = new Set([
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
]);

/** Matches strings, quoted names and comments, which contain no function calls. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** Returns the first such function or word of an expression, as shown in a message; undefined if there is none. */
export function unrepeatableIn(expression: string): string | undefined {
  const unquotedText = expression.replace(quoted, ' ? ');
  for (const { 0: all, 1: name, 2: call, index } of unquotedText.matchAll(/(?<![\w.])([a-z_]\w*)(\s*\(|\s*\.)?/gi)) {
    const lowerName = name!.toLowerCase();
    if (call?.endsWith('(') && functions.has(lowerName)) return `${lowerName}()`;
    // With one argument it is the time until today, with two the time between them.
    if (call?.endsWith('(') && lowerName === 'age' && isOneArgument(unquotedText, index + all.length)) return 'age(x)';
    if (call === undefined && words.has(lowerName)) return lowerName;
  }
  return undefined;
}

/** True if no comma comes before the parenthesis that closes the one in front of `from`. */
function isOneArgument(text: string, from: number): boolean {
  for (let index = from, depth = 0; index < text.length; index++) {
    const sign = text[index]!;
    if (sign === ',' && depth === 0) return false;
    if ('([{'.includes(sign)) depth++;
    if (')]}'.includes(sign) && depth-- === 0) return true;
  }
  return true;
}
