/** Binds the columns of one data block, one after another, and collects what is wrong with them. */
import { defined } from '../../defined.ts';
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DataDescription, Model } from '../../model/model.ts';
import { likest } from '../../text/nearest.ts';
import type { Span } from '../../text/source.ts';
import type { Role } from '../files/files.ts';
import type { Binder, Bound, Request } from './binder.ts';
import type { BoundColumn, Layout } from './layout.ts';
import type { Needs } from './needs.ts';

/** What does not belong to a tower may be computed over events, alone or joined. */
export const anywhere: readonly (readonly Role[])[] = [
  ['events'],
  ['events', 'items'],
  ['events', 'users'],
  ['events', 'items', 'users'],
];

/** A request for a column, whose expression and place are those of its entry in `columns` unless it has its own. */
export type BindRequest = Omit<Request, 'span' | 'expression'> & Partial<Request>;

export class ColumnBinding {
  readonly diagnostics: Diagnostic[] = [];
  readonly description: DataDescription;
  readonly needs: Needs;
  /** Of `columns`, by name. */
  readonly entries: ReadonlyMap<string, DataDescription['columns'][number]>;
  readonly #binder: Binder;
  readonly #model: Model | undefined;
  /** Where the entries begin that are reported. */
  readonly #failed = new Set<number | undefined>();
  /** All names that something reads, fed or not. */
  readonly #wanted: ReadonlySet<string>;

  constructor(binder: Binder, description: DataDescription, needs: Needs, model: Model | undefined) {
    this.#binder = binder;
    this.description = description;
    this.needs = needs;
    this.#model = model;
    this.entries = new Map(description.columns.map((entry) => [entry.name, entry]));
    this.#wanted = wantedNames(description, needs);
  }

  /** As they are now: a column that an expression needs as text has become text. */
  get sources(): Layout['sources'] {
    return this.#binder.sources;
  }

  /** The column, or nothing once its diagnostic is reported. */
  async bind(request: BindRequest): Promise<BoundColumn | undefined> {
    const bound = await this.attempt(request);
    if ('column' in bound) return bound.column;
    const entry = this.misspeltEntry(request) ?? (bound.diagnostic.code === 'sql-fails' ? bound.diagnostic : undefined);
    if (!entry || !this.hasFailed(request)) this.diagnostics.push(entry ?? bound.diagnostic);
    const place = this.#entryOf(request);
    if (entry && place !== undefined) this.#failed.add(place);
    return undefined;
  }

  /** Whether the entry of `columns` that is asked for is reported: every use of it would fail alike. */
  hasFailed(request: Pick<Request, 'what' | 'name'>): boolean {
    return this.#failed.has(this.#entryOf(request));
  }

  #entryOf(request: Pick<Request, 'what' | 'name'>): number | undefined {
    return (this.entries.get(request.name)?.span ?? this.misspeltEntry(request)?.at)?.start;
  }

  /** The column, or a diagnostic that is not reported. */
  attempt(request: BindRequest): Promise<Bound> {
    const expression = this.entries.get(request.name)?.expression;
    return this.#binder.bind({ span: this.placeOf(request.name), ...defined({ expression }), ...request });
  }

  /** Where the file names a column. */
  placeOf(name: string): Span {
    return (
      this.entries.get(name)?.span ??
      this.#model?.features.get(name)?.span ??
      this.#model?.labels.get(name)?.span ??
      this.description.events.span
    );
  }

  /** Reports that `what` needs something that the data block does not have. */
  missing(span: Span, what: string, needs: string): void {
    this.diagnostics.push(diagnose('data-needs', span, { what, needs }));
  }

  /** An entry of `columns` that feeds nothing and is named nearly as what nothing feeds. */
  misspeltEntry({ what, name }: Pick<Request, 'what' | 'name'>): Diagnostic | undefined {
    if (this.entries.has(name)) return undefined;
    const idle = this.description.columns.filter((entry) => !this.#wanted.has(entry.name));
    const names = idle.map((entry) => entry.name);
    const likely = likest(name, names);
    const entry = idle.find((one) => one.name === likely?.name);
    if (!entry) return undefined;
    const known = [...this.#wanted].filter((one) => !this.entries.has(one));
    const extra = { fixes: [[{ at: entry.nameSpan, text: name }]], doubtful: !likely!.sure };
    return diagnose('unknown-name', entry.nameSpan, { what, name: entry.name, nearest: name, known }, extra);
  }
}

function wantedNames(description: DataDescription, needs: Needs): ReadonlySet<string> {
  return new Set([
    ...needs.features.flatMap(({ name, column, weights = name }) => [name, column, weights]),
    ...needs.labels.map(({ name }) => name),
    ...needs.towers.flatMap(({ key }) => (key === undefined ? [] : [key])),
    ...description.histories.flatMap(({ name, of }) => [name, of]),
    ...(description.split.kind === 'column' ? [description.split.column] : []),
    'title',
  ]);
}
