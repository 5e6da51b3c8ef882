/** Finds the columns that a model reads among the files of a data block. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defined } from '../../defined.ts';
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts';
import type { DataDescription, Model } from '../../model/model.ts';
import { type FeaturePlan, madeOf } from '../../plan/plan.ts';
import { likest } from '../../text/nearest.ts';
import type { Span } from '../../text/source.ts';
import type { Access } from '../files/access.ts';
import { openDatabase } from '../files/duckdb.ts';
import type { Role } from '../files/files.ts';
import { findFiles } from '../files/files.ts';
import { describeSources } from '../files/source.ts';
import { type Binder, makeBinder, type Request } from './binder.ts';
import type { BoundColumn, JoinKey, Layout, Sort } from './layout.ts';
import type { Needs, TowerNeeds } from './needs.ts';

export interface BindOptions {
  /** Gives the places of features that nothing feeds. */
  readonly model?: Model;
  /** Its reason is thrown when it is aborted. */
  readonly signal?: AbortSignal;
  /** Which files the block may name. */
  readonly access?: Access;
}

export interface BoundData {
  readonly layout: Layout;
  /** Removes the copies of good records that reading left for the database. */
  discard(): void;
}

/**
 * Binds every column of a data block, reading the headers of its files only. With errors there is no output. The expressions run in
 * a database of their own, over tables of the same columns, once that database can no longer read a file.
 */
export async function bindData(
  description: DataDescription,
  needs: Needs,
  options: BindOptions = {},
): Promise<{ readonly output?: BoundData; readonly diagnostics: readonly Diagnostic[] }> {
  const found = findFiles(description, options.access);
  if (found.diagnostics.length > 0) return { diagnostics: found.diagnostics };
  const paths = found.output.flatMap(({ files }) => files.map(({ path }) => path));
  const copies = new Map(paths.map((path) => [path, join(tmpdir(), `tower-read-${randomUUID()}`)]));
  const discard = (): void => {
    for (const copy of copies.values()) rmSync(copy, { force: true });
  };
  const database = await openDatabase(options.signal);
  let output: BoundData | undefined;
  try {
    const described = await describeSources(database, found.output, copies, options.signal);
    if (described.diagnostics.length > 0) return { diagnostics: described.diagnostics };
    await database.seal();
    const binder = await makeBinder(database, described.output);
    const { layout, diagnostics } = await bindLayout(binder, description, needs, options.model);
    if (diagnostics.length > 0) return { diagnostics };
    output = { layout, discard };
    return { output, diagnostics };
  } finally {
    database.close();
    if (output === undefined) discard();
  }
}

async function bindLayout(
  binder: Binder,
  description: DataDescription,
  needs: Needs,
  model: Model | undefined,
): Promise<{ readonly layout: Layout; readonly diagnostics: readonly Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const entries = new Map(description.columns.map((entry) => [entry.name, entry]));
  const wanted = new Set([
    ...needs.features.flatMap(({ name, column }) => [name, column]),
    ...needs.labels.map(({ name }) => name),
    ...needs.towers.flatMap(({ key }) => (key === undefined ? [] : [key])),
    ...description.histories.flatMap(({ name, of }) => [name, of]),
    ...(description.split.kind === 'column' ? [description.split.column] : []),
    'title',
  ]);
  const place = (name: string): Span =>
    entries.get(name)?.span ??
    model?.features.get(name)?.span ??
    model?.labels.get(name)?.span ??
    description.events.span;

  const bind = async (
    request: Omit<Request, 'span' | 'expression'> & Partial<Request>,
  ): Promise<BoundColumn | undefined> => {
    const entry = entries.get(request.name);
    const bound = await binder.bind({
      span: place(request.name),
      ...defined({ expression: entry?.expression }),
      ...request,
    });
    if ('column' in bound) return bound.column;
    diagnostics.push(misspeltTarget(request.what, request.name) ?? bound.diagnostic);
    return undefined;
  };

  /** An entry of `columns` that feeds nothing and is named nearly as what nothing feeds. */
  function misspeltTarget(what: string, name: string): Diagnostic | undefined {
    if (entries.has(name)) return undefined;
    const idle = description.columns.filter((entry) => !wanted.has(entry.name));
    const likely = likest(
      name,
      idle.map((entry) => entry.name),
    );
    const entry = idle.find((one) => one.name === likely?.name);
    if (!entry) return undefined;
    const known = [...wanted].filter((one) => !entries.has(one));
    const extra = { fixes: [[{ at: entry.nameSpan, text: name }]], doubtful: !likely!.sure };
    return diagnose('unknown-name', entry.nameSpan, { what, name: entry.name, nearest: name, known }, extra);
  }

  const [query, item] = needs.towers;
  const userKey = await bindKey('users', query);
  const itemKey = await bindKey('items', item);
  const features = new Map<string, BoundColumn>();
  const histories = new Map<string, { readonly of: BoundColumn; readonly max: number }>();
  for (const feature of needs.features) {
    if (madeOf(feature).length > 0) continue;
    const history = description.histories.find(({ name }) => name === feature.name || name === feature.column);
    if (history !== undefined) {
      const of = await bindHistory(feature, history);
      if (of !== undefined) histories.set(feature.name, { of, max: Math.min(history.max, feature.max ?? history.max) });
      continue;
    }
    const column = await bindFeature(feature);
    if (column !== undefined) features.set(feature.name, column);
  }

  const labels = new Map<string, BoundColumn>();
  for (const { name, sort } of needs.labels) {
    const column = await bind({ what: 'label', name, sort: sort === 'binary' ? 'binary' : 'number', scopes: anywhere });
    if (column !== undefined) labels.set(name, column);
  }
  const { split } = description;
  const time = await bindEntry('time', description.time, 'time');
  const where = await bindEntry('where', description.where, 'condition');
  const fold =
    split.kind === 'column'
      ? await bind({ what: 'split column', name: split.column, sort: 'text', scopes: anywhere })
      : undefined;
  if (description.time === undefined && (split.kind === 'by_time' || split.kind === 'leave_one_out')) {
    lacks(description.span, `split = ${split.kind}`, 'a time: add `time = "…"` to the data block');
  }
  if (split.kind === 'leave_one_out' && userKey === undefined && query.key === undefined) {
    lacks(
      description.span,
      'split = leave_one_out',
      `to know the user: key the tower, \`tower ${query.name}(…) keyed by …\``,
    );
  }
  const title = await bindTitle();
  await bindUnread();

  const layout: Layout = {
    sources: binder.sources,
    features,
    labels,
    histories,
    ...defined({ userKey, itemKey, time, where, fold, title }),
  };
  return { layout, diagnostics };

  function lacks(span: Span, what: string, needed: string): void {
    diagnostics.push(diagnose('data-needs', span, { what, needs: needed }));
  }

  /** The key of a tower, in events and in the file that is joined by it. */
  async function bindKey(role: 'items' | 'users', tower: TowerNeeds): Promise<JoinKey | undefined> {
    const file = description[role];
    const keyColumn = needs.features.find(({ name }) => name === tower.key)?.column ?? tower.key;
    const name = keyColumn ?? file?.by;
    if (name === undefined) return undefined;
    if (file !== undefined && file.by !== name) {
      const reason = `tower \`${tower.name}\` is keyed by \`${name}\``;
      const hint = `join by it: ${role} = "${file.path}" by ${name}`;
      diagnostics.push(diagnose('key-does-not-join', file.span, { key: file.by ?? '', file: role, reason, hint }));
      return undefined;
    }
    const inEvents = await bind({ what: 'key', name, sort: 'text', scopes: [['events']] });
    const before = diagnostics.length;
    const inFile = file && (await bind({ what: 'key', name, sort: 'text', scopes: [[role]], span: file.span }));
    const [reason] = diagnostics.splice(before);
    // A misspelt target is reported already.
    if (file !== undefined && reason !== undefined && reason.code !== 'unknown-name') {
      const facts = { key: name, file: role, reason: reason.message, hint: reason.hint };
      diagnostics.push(diagnose('key-does-not-join', file.span, facts));
    }
    if (inEvents === undefined || (file !== undefined && inFile === undefined)) return undefined;
    return { feature: tower.key ?? name, inEvents, ...defined({ inFile }) };
  }

  async function bindFeature(feature: FeaturePlan): Promise<BoundColumn | undefined> {
    const own = feature.tower === item.name ? 'items' : 'users';
    const tower = own === 'items' ? item : query;
    const request = { what: 'feature', name: feature.column, sort: sortOf(feature) };
    // Bound already, or told to be lacking.
    if (feature.name === tower.key) return (own === 'items' ? itemKey : userKey)?.inEvents;
    if (needs.towers.every(({ features, key }) => features?.includes(feature.name) === false && key !== feature.name)) {
      return bind({ ...request, scopes: [['events'], ['items'], ['users'], ...anywhere] });
    }
    const before = diagnostics.length;
    const column = await bind({ ...request, scopes: [[own], ['events'], ['events', own]] });
    if (column !== undefined) return column;
    // It may be computed over the other side's file: then that is the mistake.
    const other = own === 'items' ? 'users' : 'items';
    const expression = entries.get(feature.column)?.expression;
    const across = await binder.bind({
      ...request,
      ...defined({ expression }),
      span: place(feature.column),
      scopes: [[other], ['events', other], ['events', 'items', 'users']],
    });
    if ('column' in across) {
      const facts = { feature: feature.name, tower: tower.name, file: other };
      diagnostics.splice(before, diagnostics.length, diagnose('column-side', place(feature.column), facts));
    }
    return undefined;
  }

  async function bindHistory(
    feature: FeaturePlan,
    history: DataDescription['histories'][number],
  ): Promise<BoundColumn | undefined> {
    const what = `history ${history.name} = past(${history.of}, ${history.max})`;
    if (description.time === undefined) lacks(history.span, what, 'a time: add `time = "…"` to the data block');
    if (query.key === undefined && description.users?.by === undefined) {
      lacks(history.span, what, `to know whose: key the tower, \`tower ${query.name}(…) keyed by …\``);
    }
    if (feature.tower !== query.name)
      lacks(history.span, what, `a feature of tower \`${query.name}\`, the side that asks`);
    if (feature.gives !== 'bag') lacks(history.span, what, `\`${feature.name}\` to be a list: list(${history.of})`);
    const element = sortOf(feature) === 'numbers' ? 'number' : 'text';
    const of = { what: 'history', name: history.of, sort: element, span: history.span } as const;
    return bind({ ...of, scopes: [['events'], ['items'], ['events', 'items']] });
  }

  async function bindEntry(
    what: string,
    entry: { readonly expression: string; readonly span: Span } | undefined,
    sort: Sort,
  ): Promise<BoundColumn | undefined> {
    return entry && bind({ what, name: what, sort, scopes: anywhere, ...entry });
  }

  /** A column called `title`, if there is one: of the items, else of the events. */
  async function bindTitle(): Promise<BoundColumn | undefined> {
    if (itemKey === undefined) return undefined;
    const role: Role = binder.sources.has('items') ? 'items' : 'events';
    const own = binder.sources.get(role)!.columns.some(({ name }) => name.toLowerCase() === 'title');
    if (!own && !entries.has('title')) return undefined;
    return bind({ what: 'column', name: 'title', sort: 'text', scopes: [[role]] });
  }

  /** Columns that this model does not read must still be computable: a data block serves many models. */
  async function bindUnread(): Promise<void> {
    const read = new Set([...needs.features.map(({ column }) => column), ...needs.labels.map(({ name }) => name)]);
    for (const key of [userKey, itemKey, fold, title]) {
      if (key !== undefined) read.add('inEvents' in key ? key.inEvents.name : key.name);
    }
    for (const { of } of histories.values()) read.add(of.name);
    const everywhere: readonly (readonly Role[])[] = [...anywhere, ['items'], ['users']];
    for (const entry of entries.values()) {
      if (read.has(entry.name)) continue;
      const bound = await binder.bind({ what: 'column', sort: 'any', scopes: everywhere, ...entry });
      if ('diagnostic' in bound) diagnostics.push(bound.diagnostic);
    }
  }
}

/** What does not belong to a side may be computed over events, alone or joined. */
const anywhere: readonly (readonly Role[])[] = [
  ['events'],
  ['events', 'items'],
  ['events', 'users'],
  ['events', 'items', 'users'],
];

/** What the encoder of a feature reads. */
export function sortOf(feature: FeaturePlan): Sort {
  switch (feature.encoder.kind) {
    case 'vocabulary':
    case 'hash':
      return feature.gives === 'bag' ? 'texts' : 'text';
    case 'words':
    case 'trigrams':
      return 'text';
    case 'vector':
      return 'vector';
    case 'clock':
      return feature.gives === 'bag' ? 'numbers' : 'moment';
    default:
      return feature.gives === 'bag' ? 'numbers' : 'number';
  }
}
