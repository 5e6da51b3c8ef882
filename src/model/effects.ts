/** What resolving does besides its answer: it reports mistakes, and notes which names are read. A stretch of it can be recorded. */
import { Reads } from './reads.ts';
import type { Report } from './report.ts';
import { ofEachKind, type ReadKind, readKinds } from './scope.ts';

/** A stretch of resolving. */
export interface Recording {
  /** The names that it read. */
  readonly reads: Readonly<Record<ReadKind, Set<string>>>;
  /** Whether it did nothing else: reported no mistake, and found no name that could not be looked up. */
  plain: boolean;
}

export class Effects {
  #open: Recording | undefined;

  /** As the one given, and noted in what is recorded. */
  readonly report: Report;

  constructor(report: Report) {
    this.report = (...mistake) => {
      if (this.#open) this.#open.plain = false;
      report(...mistake);
    };
  }

  /** Names of a kind that are read. */
  reads(kind: ReadKind): Reads {
    return new Reads((name) => this.#open?.reads[kind].add(name));
  }

  /** Kinds of which a name could not be looked up. */
  uncertain(): Set<ReadKind> {
    return new Noted(() => {
      if (this.#open) this.#open.plain = false;
    });
  }

  /** Stretches may lie within one another. */
  record<T>(run: () => T): { readonly answer: T; readonly recording: Recording } {
    const around = this.#open;
    const recording: Recording = { reads: ofEachKind(() => new Set<string>()), plain: true };
    this.#open = recording;
    const answer = run();
    this.#open = around;
    if (around) {
      around.plain &&= recording.plain;
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
