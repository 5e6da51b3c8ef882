/**
 * What resolving does besides its answer: it looks names up, reports mistakes, and notes which names are read. A stretch of it can be
 * recorded.
 */
import type { Table } from '../kept/history.ts';
import { Asked, type AskKind, NotedTable } from './asked.ts';
import { Reads } from './reads.ts';
import type { Report } from './report.ts';
import { ofEachKind, type ReadKind, readKinds } from './scope.ts';

/** A stretch of resolving. */
export interface Recording {
  /** The names that it read. */
  readonly reads: Readonly<Record<ReadKind, Set<string>>>;
  /** The names that it looked up. */
  readonly asked: Asked;
  /** Whether it did nothing else: reported no mistake, and found no name that could not be looked up. */
  plain: boolean;
}

export class Effects {
  #open: Recording | undefined;

  /** As the one given, and noted in what is recorded. */
  readonly report: Report;

  constructor(report: Report) {
    this.report = (...mistake) => {
      this.more();
      report(...mistake);
    };
  }

  /** Names of a kind that are read. */
  reads(kind: ReadKind): Reads {
    return new Reads((name) => this.#open?.reads[kind].add(name));
  }

  /** Kinds of which a name could not be looked up. */
  uncertain(): Set<ReadKind> {
    return new Noted(() => this.more());
  }

  /** A name that is looked up. */
  ask(kind: AskKind, name: string): void {
    this.#open?.asked.add(kind, name);
  }

  /** All that a stretch looked up which is not resolved again. */
  askAll(asked: Asked): void {
    this.#open?.asked.join(asked);
  }

  /** The table, of which is noted what is looked up. */
  noting<V>(kind: AskKind, table: Table<V>): Table<V> {
    return new NotedTable(table, {
      name: (name) => this.ask(kind, name),
      whole: () => this.#open?.asked.addWhole(kind),
    });
  }

  /** Resolving did more than answer, or its answer follows from more than is noted. */
  more(): void {
    if (this.#open) this.#open.plain = false;
  }

  /** Stretches may lie within one another. */
  record<T>(run: () => T): { readonly answer: T; readonly recording: Recording } {
    const around = this.#open;
    const recording: Recording = { reads: ofEachKind(() => new Set<string>()), asked: new Asked(), plain: true };
    this.#open = recording;
    const answer = run();
    this.#open = around;
    if (around) {
      around.plain &&= recording.plain;
      around.asked.join(recording.asked);
      for (const kind of readKinds) for (const name of recording.reads[kind]) around.reads[kind].add(name);
    }
    return { answer, recording };
  }
}

class Noted extends Set<ReadKind> {
  readonly #note: () => void;

  constructor(note: () => void) {
    super();
    this.#note = note;
  }

  override add(kind: ReadKind): this {
    this.#note();
    return super.add(kind);
  }
}
