/** Binds the columns of one data block, one after another, and collects their errors. */

import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearest, findNearestName } from '../../base/text/nearest.ts';
import type { Span } from '../../base/text/source.ts';
import type { DataDescription, ModelSpans } from '../../graph/plan/data_description.ts';
import type { Role } from '../files/find_files.ts';
import type { Binder, BindResult, ColumnRequestText } from './binder.ts';
import type { BoundColumn, DataLayout, JoinKey, Needs } from './data_layout.ts';

/** Scopes for columns that belong to no tower: the events, alone or joined. */
export const eventScopes: readonly (readonly Role[])[] = [
  ['events'],
  ['events', 'items'],
  ['events', 'users'],
  ['events', 'items', 'users'],
];

/** A request for a column. Its expression and span default to those of its entry in `columns`. */
export type BindRequest = Omit<ColumnRequestText, 'span' | 'expression'> & Partial<ColumnRequestText>;

export class ColumnBinding {
  readonly diagnostics: Diagnostic[] = [];
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly entries: ReadonlyMap<string, DataDescription['columns'][number]>;
  readonly #binder: Binder;
  readonly #model: ModelSpans | undefined;
  /** Start offsets of entries with reported errors. */
  readonly #failedEntries = new Set<number | undefined>();
  readonly #namesToBind: ReadonlySet<string>;

  constructor(binder: Binder, description: DataDescription, needs: Needs, model: ModelSpans | undefined) {
    this.#binder = binder;
    this.description = description;
    this.needs = needs;
    this.#model = model;
    this.entries = new Map(description.columns.map((entry) => [entry.name, entry]));
    this.#namesToBind = namesToBind(description, needs);
  }

  /** The sources after binding. Binding changes the type of a column to text if an expression needs it as text. */
  get sources(): DataLayout['sources'] {
    return this.#binder.sources;
  }

  /** Returns the column; undefined after its diagnostic is reported. */
  async bind(request: BindRequest): Promise<BoundColumn | undefined> {
    const bound = await this.attempt(request);
    if ('column' in bound) return bound.column;
    const entry = this.misspeltEntry(request) ?? (bound.diagnostic.code === 'sql-fails' ? bound.diagnostic : undefined);
    if (!entry || !this.hasFailed(request)) this.diagnostics.push(entry ?? bound.diagnostic);
    const entryStart = this.#entryOf(request);
    if (entry && entryStart !== undefined) this.#failedEntries.add(entryStart);
    return undefined;
  }

  /** True if an error of the entry of `columns` is already reported. Each use of the entry would report it again. */
  hasFailed(request: Pick<ColumnRequestText, 'what' | 'name'>): boolean {
    return this.#failedEntries.has(this.#entryOf(request));
  }

  #entryOf(request: Pick<ColumnRequestText, 'what' | 'name'>): number | undefined {
    return (this.entries.get(request.name)?.span ?? this.misspeltEntry(request)?.at)?.start;
  }

  /** Returns the column, or a diagnostic that is not reported. */
  attempt(request: BindRequest): Promise<BindResult> {
    const span = request.span ?? this.spanOfColumn(request.name);
    const expression = request.expression ?? this.entries.get(request.name)?.expression;
    return this.#binder.bind({ ...request, span, expression });
  }

  spanOfColumn(name: string): Span {
    return (
      this.entries.get(name)?.span ??
      this.#model?.features.get(name)?.span ??
      this.#model?.labels.get(name)?.span ??
      this.description.events.span
    );
  }

  reportMissing(span: Span, what: string, needs: string): void {
    this.diagnostics.push(diagnose('data-needs', span, { what, needs }));
  }

  /** Returns a diagnostic for an unused entry of `columns` whose name is close to the requested one. */
  misspeltEntry({ what, name }: Pick<ColumnRequestText, 'what' | 'name'>): Diagnostic | undefined {
    if (this.entries.has(name)) return undefined;
    const unusedEntries = this.description.columns.filter((entry) => !this.#namesToBind.has(entry.name));
    const names = unusedEntries.map((entry) => entry.name);
    const likeliest = findNearestName(name, names);
    const entry = unusedEntries.find((unused) => unused.name === likeliest?.name);
    if (!entry) return undefined;
    const unfedNames = [...this.#namesToBind].filter((candidate) => !this.entries.has(candidate));
    const fix = { fixes: [[{ at: entry.nameSpan, text: name }]], doubtful: !likeliest!.sure };
    return diagnose('unknown-name', entry.nameSpan, { what, name: entry.name, nearest: name, known: unfedNames }, fix);
  }
}

const namesToBind = (description: DataDescription, needs: Needs): ReadonlySet<string> =>
  new Set([
    ...needs.features.flatMap(({ name, column, weights = name }) => [name, column, weights]),
    ...needs.labels.map(({ name }) => name),
    ...needs.towers.flatMap(({ key }) => (key === undefined ? [] : [key])),
    ...description.histories.flatMap(({ name, of }) => [name, of]),
    ...(description.split.kind === 'column' ? [description.split.column] : []),
    'title',
  ]);

// Binds the columns of the items that metrics name, such as the `genres` of `diversity(genres, 10)`.

/** Binds the columns of the items that metrics name, by column. A metric without a span is reported at the items file. */
export async function bindMetrics(
  binding: ColumnBinding,
  itemKey: JoinKey | undefined,
  metrics: NonNullable<NonNullable<ModelSpans['train']>['metrics']>,
): Promise<ReadonlyMap<string, BoundColumn>> {
  const columns = new Map<string, BoundColumn>();
  const { description, sources, entries, diagnostics } = binding;
  for (const { kind, arguments: metricArguments, span = description.items?.span ?? description.span } of metrics) {
    const { column: name } = metricArguments;
    if (typeof name !== 'string' || columns.has(name)) continue;
    if (itemKey?.inFile === undefined) {
      binding.reportMissing(
        span,
        `${kind}(${name})`,
        'a column of the items: add `items = "…" by …` to the data block',
      );
      continue;
    }
    const bound = await binding.attempt({ what: 'column', name, kind: 'any', scopes: [['items']], span });
    if ('column' in bound) columns.set(name, bound.column);
    else if (bound.diagnostic.code !== 'unfed-column') diagnostics.push(bound.diagnostic);
    else {
      const known = sources.get('items')!.columns.map((column) => column.name);
      for (const { name: entryName } of entries.values()) {
        if ('column' in (await binding.attempt({ what: 'column', name: entryName, kind: 'any', scopes: [['items']] })))
          known.push(entryName);
      }
      const facts = {
        what: 'column of the items',
        name,
        nearest: findNearest(name, known),
        known: [...new Set(known)],
      };
      diagnostics.push(diagnose('unknown-name', span, facts));
    }
  }
  return columns;
}
