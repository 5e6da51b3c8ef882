/** Resolves `name = value` entries of tasks, trainings and data by the types and defaults of their rows. Each may occur once. */
import { hasErrors, type Outcome } from '../../../base/diagnostics/diagnostic.ts';
import { notes } from '../../../base/diagnostics/wording.ts';
import { makeSource, type Span, spanText } from '../../../base/text/source.ts';
import type { DataFile } from '../../../graph/plan/data_description.ts';
import type { BoundKind } from '../../library/contract.ts';
import type { DeclarationEntry, Entries, EntryType } from '../../library/declarations/entry.ts';
import { type EntryPlace, entryTables } from '../../library/declarations/table.ts';
import { task } from '../../library/declarations/task_declaration.ts';
import { train } from '../../library/declarations/train_declaration.ts';
import type * as Ast from '../../syntax/ast.ts';
import { parse } from '../../syntax/parse.ts';
import { bindDefaults, bindKind, bindValue } from '../arguments.ts';
import { makeConstants } from '../constants.ts';
import { describeExpression, describeType } from '../describe.ts';
import { asCall, singleName } from '../expressions.ts';
import { guess } from '../guess.ts';
import { library } from '../library.ts';
import type { Call, Training } from '../model.ts';
import { printCall } from '../print_model.ts';
import { makeCollector, noteAt, removal, repeats, rewrite } from '../report.ts';
import type { ResolvedTask, ResolvedTower, TaskProduct, TaskScore } from '../resolution.ts';
import { declare, makeWorkspace, read, type Workspace } from '../scope.ts';
import { type Converted, unlessUndefined } from '../values.ts';
import { isProduct, resolveProduct } from './resolve_objective.ts';
import { resolveScore } from './resolve_scores.ts';

/**
 * @param of the owner of the entries for messages: "task `watch`"
 * @returns the first entry of each known name. A misspelled name is reported and taken for the nearest absent one.
 */
function entriesByName<N extends string>(
  of: string,
  entries: readonly Ast.EntryNode[],
  known: readonly N[],
  { report, note }: Pick<Workspace, 'report' | 'note'>,
  place: EntryPlace,
): ReadonlyMap<N, Ast.EntryNode> {
  const byName = new Map<N, Ast.EntryNode>();
  const isKnown = (name: string): name is N => (known as readonly string[]).includes(name);
  for (const entry of entries) {
    const { name, span } = entry.name;
    if (!isKnown(name)) continue;
    note(span, { is: 'entry', of: place, name, row: entryTables[place][name]! });
    const firstEntry = byName.get(name);
    if (!firstEntry) byName.set(name, entry);
    else {
      const noteAndFix = repeats(name, firstEntry.span, entry.span);
      report('repeated-entry', span, { of, name }, noteAndFix);
    }
  }
  for (const entry of entries) {
    const { name, span } = entry.name;
    if (isKnown(name)) continue;
    const otherDeclaration = homeOf(name, place);
    if (otherDeclaration !== undefined) {
      const advice = `it belongs inside ${otherDeclaration}`;
      report('unknown-entry', span, { of, name, takes: known, advice }, { within: [place] });
      continue;
    }
    const freeNames = known.filter((candidate) => !byName.has(candidate));
    const { extra, ...meant } = guess(name, span, freeNames, place, { taken: known });
    report('unknown-entry', span, { of, name, takes: known, ...meant }, { ...extra, within: [place] });
    if (meant.nearest !== undefined && isKnown(meant.nearest)) byName.set(meant.nearest, entry);
  }
  return byName;
}

const homes: Readonly<Record<EntryPlace, string>> = {
  task: '`task NAME { … }`',
  train: '`train { … }`',
  data: '`data NAME { … }`',
};

/** Returns the other declaration that an entry belongs to; undefined if there is none. */
function homeOf(name: string, place: EntryPlace): string | undefined {
  const otherPlace = (Object.keys(entryTables) as EntryPlace[]).find(
    (other) => other !== place && Object.hasOwn(entryTables[other], name),
  );
  return otherPlace && homes[otherPlace];
}

interface ResolvedEntries<N extends string> {
  /** The first entry of each name, valid or not. */
  readonly given: ReadonlyMap<N, Ast.EntryNode>;
  /** True if an entry is given, or if one has an unknown name, which may be a misspelling of it. */
  readonly mayGive: (name: N) => boolean;
  /** Values by name: that of the entry, or the default. A name has no value if it has neither, or if its entry is invalid. */
  readonly values: Readonly<Partial<Record<N, unknown>>>;
  /** True if every entry of the table is valid. */
  readonly valid: boolean;
}

interface DeclaredEntries<E extends Entries> {
  readonly place: EntryPlace;
  /** The declaration with the entries, as in messages: "task `watch`". */
  readonly of: string;
  /** Where missing entries are reported. It is also the span of the defaults. */
  readonly at: Span;
  readonly rows: E;
  readonly entries: readonly Ast.EntryNode[];
  /** Entries whose absence the caller reports, because it knows a fix. */
  readonly reported?: readonly string[];
  /** Needed for entries that are scores. */
  readonly towers?: ReadonlyMap<string, ResolvedTower>;
}

/** Resolves all entries of a declaration in the order of its table. */
export function resolveEntries<E extends Entries>(
  workspace: Workspace,
  { place, of, at, rows, entries, reported = [], towers = new Map() }: DeclaredEntries<E>,
): ResolvedEntries<keyof E & string> {
  type Name = keyof E & string;
  const names = Object.keys(rows) as Name[];
  const writtenEntries = entriesByName(of, entries, names, workspace, place);
  const mayGive = (name: Name): boolean => writtenEntries.has(name) || entries.length > writtenEntries.size;
  const entryValues: Partial<Record<Name, unknown>> = {};
  let valid = true;
  for (const name of names) {
    const row = rows[name]!;
    const entry = writtenEntries.get(name);
    if (entry) {
      const resolvedValue = resolveEntry(workspace, name, row, entry, towers);
      if (resolvedValue) entryValues[name] = resolvedValue.value;
      else valid = false;
    } else if (row.required) {
      valid = false;
      const entryFacts = { of, name, example: `${name} = ${row.example}` };
      if (!mayGive(name) && !reported.includes(name)) workspace.report('missing-entry', at, entryFacts);
    } else entryValues[name] = defaultOf(row, at);
  }
  return { given: writtenEntries, mayGive, values: entryValues, valid };
}

/** Returns the default of an entry that no file contains. */
function defaultOf({ type, default: value }: DeclarationEntry, at: Span): unknown {
  if (type.is !== 'kind' || value === undefined) return value;
  const { kind, arguments: given } = value as BoundKind;
  return bindDefaults(kind, type.of[kind]!, given, at);
}

/** @returns undefined if the value is invalid, which is then reported */
export function resolveEntry(
  workspace: Workspace,
  name: string,
  { type, doc }: Pick<DeclarationEntry, 'type' | 'doc'>,
  entry: Pick<Ast.EntryNode, 'value' | 'more' | 'by'>,
  towers: ReadonlyMap<string, ResolvedTower>,
): Converted | undefined {
  const { value } = entry;
  switch (type.is) {
    case 'kind': {
      if (type.what !== 'loss')
        return unlessUndefined(bindKind(type.what ?? name, type.of, value, workspace, type.also));
      const call = asCall(value);
      const declared = call && workspace.scope.losses.get(call.callee.name);
      if (declared) return unlessUndefined(workspace.readLoss!(call, declared));
      return unlessUndefined(bindKind('loss', workspace.library.losses, value, workspace));
    }
    case 'score':
      return unlessUndefined(
        isProduct(workspace, value) ? resolveProduct(workspace, value) : resolveScore(workspace, value, towers),
      );
    case 'reference':
      return unlessUndefined(resolveReference(workspace, name, type, value));
    case 'file':
      return unlessUndefined(dataFile(workspace, name, entry, type));
    case 'sql':
      return unlessUndefined(located(workspace, name, value));
    case 'kinds':
      return unlessUndefined(resolveKinds(workspace, name, type, [value, ...(entry.more ?? [])]));
    case 'tasks':
    case 'features':
    case 'channel':
    case 'path':
    case 'history':
      return undefined;
    default:
      return bindValue({ type, doc }, value, name, workspace);
  }
}

/** Resolves calls of different kinds. A repeated kind is reported. */
function resolveKinds(
  workspace: Workspace,
  of: string,
  type: Extract<EntryType, { readonly is: 'kinds' }>,
  values: readonly Ast.ExpressionNode[],
): readonly Call[] | undefined {
  const { report } = workspace;
  const [first] = values;
  if (first?.kind === 'List') {
    const innerText = spanText(first.span).slice(1, -1).trim().replace(/,$/, '');
    const typeFacts = { of, expected: describeType(type), found: 'a list in brackets', write: innerText };
    return report('wrong-type', first.span, typeFacts, rewrite(first.span, innerText === '' ? undefined : innerText));
  }
  const calls = values.map((value) => bindKind(type.what, type.of, value, workspace));
  if (calls.some((call) => call === undefined)) return undefined;
  const callsByText = new Map<string, Call>();
  for (const call of calls as Call[]) {
    const callText = printCall(call);
    const sameCall = callsByText.get(callText);
    if (sameCall) {
      const noteAndFix = repeats(callText, sameCall.span, call.span);
      return report(
        'repeated-name',
        call.span,
        { what: type.what, name: spanText(call.span), other: type.what },
        noteAndFix,
      );
    }
    callsByText.set(callText, call);
  }
  return [...callsByText.values()];
}

/** Resolves a label; or a feature, if the entry allows one. */
function resolveReference(
  workspace: Workspace,
  of: string,
  type: Extract<EntryType, { readonly is: 'reference' }>,
  value: Ast.ExpressionNode,
): Ast.IdentifierNode | undefined {
  const { scope, report } = workspace;
  const nameNode = singleName(value);
  if (!nameNode) {
    workspace.uncertain.add('label');
    return report('wrong-type', value.span, { of, expected: describeType(type), found: describeExpression(value) });
  }
  const feature = scope.features.get(nameNode.name);
  if (feature && type.of.includes('feature')) {
    workspace.onName('feature', nameNode.name, nameNode);
    return nameNode;
  }
  if (feature && !scope.labels.has(nameNode.name)) {
    const note = noteAt(notes.declared('feature', nameNode.name), feature.name.span);
    workspace.onWord('feature', nameNode);
    return report('feature-as-label', nameNode.span, { name: nameNode.name }, note);
  }
  const readLabel = read(workspace, 'label', scope.labels, nameNode);
  if (!readLabel) return undefined;
  // Other kinds of labels are reported separately.
  const labelType = singleName(readLabel.value.value)?.name;
  if (type.binary && (labelType === 'number' || labelType === 'probability')) {
    const note = noteAt(notes.declared('label', readLabel.name), readLabel.value.name.span);
    return report('only-not-binary', nameNode.span, { name: readLabel.name, type: labelType }, note);
  }
  return { ...nameNode, name: readLabel.name };
}

interface LocatedText {
  readonly expression: string;
  readonly span: Span;
}

/** Returns the value and the span of a nonempty text. */
export function located({ report }: Workspace, name: string, value: Ast.ExpressionNode): LocatedText | undefined {
  if (value.kind === 'Text' && value.value.trim() !== '') return { expression: value.value, span: value.span };
  // A column is written without its table, so the suggestion for `movies.year` is "year".
  const word = value.kind === 'Name' ? value.parts.at(-1)?.name : undefined;
  const write = word === undefined ? undefined : `"${word}"`;
  // The text is empty or blank.
  const foundWords = value.kind === 'Text' ? 'an empty text' : describeExpression(value);
  const typeFacts = { of: name, expected: 'a text in quotes', found: foundWords, write };
  return report('wrong-type', value.span, typeFacts, rewrite(value.span, write));
}

function dataFile(
  workspace: Workspace,
  name: string,
  { value, by }: Pick<Ast.EntryNode, 'value' | 'by'>,
  { by: joined, or }: Extract<EntryType, { readonly is: 'file' }>,
): DataFile | undefined {
  if (or && value.kind === 'Call') {
    const call = bindKind('format', or, value, workspace);
    const pathNode = value.arguments[0]?.value;
    const locatedPath = call && pathNode && located(workspace, value.callee.name, pathNode);
    return locatedPath && { path: locatedPath.expression, span: locatedPath.span, lines: true };
  }
  const locatedPath = located(workspace, name, value);
  if (joined && !by) workspace.report('missing-key', value.span, { name }, { within: ['data'] });
  return locatedPath && { path: locatedPath.expression, span: locatedPath.span, ...(by ? { by: by.name } : {}) };
}

export function resolveTask(
  workspace: Workspace,
  node: Ast.TaskNode,
  towers: ReadonlyMap<string, ResolvedTower>,
): ResolvedTask {
  const { name, span } = node.name;
  const of = `task \`${name}\``;
  const { entries } = node;
  const declared = { place: 'task', of, at: span, rows: task.entries, entries, towers } as const;
  const { given, mayGive, values } = resolveEntries(workspace, declared);
  // Without a score it is uncertain which channels are read.
  if (values.score === undefined) workspace.uncertain.add('channel');
  const { score, ...others } = values;
  const compares = (score ?? {}) as TaskScore | TaskProduct;
  const part = {
    ...others,
    ...('factors' in compares ? { product: compares } : { score }),
    name,
    span,
    node,
    saysLabel: given.has('label'),
    hasNoLoss: !mayGive('loss'),
  };
  return part as unknown as ResolvedTask;
}

const { entries: rows } = train;

export function defaultTraining(span: Span): Training {
  const defaultValues = Object.entries(rows).map(([name, row]) => [name, defaultOf(row, span)]);
  return { span, ...(Object.fromEntries(defaultValues) as Omit<Training, 'span'>) };
}

export function resolveTrain(workspace: Workspace, { entries, span }: Ast.TrainNode): Training | undefined {
  const declared = { place: 'train', of: '`train`', at: span, rows, entries } as const;
  const { given, values, valid } = resolveEntries(workspace, declared);
  const both = given.has('epochs') && given.get('steps');
  if (both) {
    const fix = { fixes: [[removal(both.span)]] };
    workspace.report('arguments-conflict', both.span, { kind: 'train', reason: howLong }, fix);
  }
  return valid && !both ? { span, ...(values as Omit<Training, 'span'>) } : undefined;
}

const howLong = 'gives `epochs` and `steps`, and each of them says how long to train: give one';

/**
 * Reads metrics by the rules of `metrics` in `train`. Diagnostics point into `train { metrics = … }`, as if the text were there.
 * @param name the name of the source in diagnostics
 * @param text metrics of the library, separated by commas
 */
export function readMetrics(name: string, text: string): Outcome<readonly Call[]> {
  const { report, diagnostics: found } = makeCollector();
  const source = makeSource(name, `train { metrics = ${text} }`);
  const { output: file, diagnostics } = parse(source);
  if (hasErrors(diagnostics)) return { output: [], diagnostics };
  const [node, ...others] = file.declarations;
  const [entry, ...more] = node?.kind === 'Train' ? node.entries : [];
  if (node?.kind !== 'Train' || !entry || others.length > 0 || more.length > 0) {
    const excessSpan = (more[0] ?? others[0] ?? file).span;
    report('unexpected-text', excessSpan, { expected: 'metrics with commas between them', found: 'something else' });
    return { output: [], diagnostics: found };
  }
  const files = { main: file, shared: [], all: [], whole: true };
  const scope = declare(files, report, () => {});
  const training = resolveTrain(
    makeWorkspace(report, library, scope, makeConstants([], report), () => {}),
    node,
  );
  return { output: training?.metrics ?? [], diagnostics: found };
}
