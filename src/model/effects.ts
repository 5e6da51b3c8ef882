/** What resolving does besides its answer: it reports mistakes, and notes which names are read. A stretch of it can be recorded. */
import type { Report } from './report.ts';
import type { ReadKind } from './scope.ts';

/** A stretch of resolving. */
export interface Recording {
  /** The names that it read. */
  readonly reads: [kind: ReadKind, name: string][];
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
  reads(kind: ReadKind): Set<string> {
    return new Noted<string>((name) => this.#open?.reads.push([kind, name]));
  }

  /** Kinds of which a name could not be looked up. */
  uncertain(): Set<ReadKind> {
    return new Noted<ReadKind>(() => {
      if (this.#open) this.#open.plain = false;
    });
  }

  /** Stretches may lie within one another. */
  record<T>(run: () => T): { readonly answer: T; readonly recording: Recording } {
    const around = this.#open;
    const recording: Recording = { reads: [], plain: true };
    this.#open = recording;
    const answer = run();
    this.#open = around;
    if (around) {
      around.plain &&= recording.plain;
      for (const read of recording.reads) around.reads.push(read);
    }
    return { answer, recording };
  }
}

class Noted<T> extends Set<T> {
  readonly #note: (value: T) => void;

  constructor(note: (value: T) => void) {
    super();
    this.#note = note;
  }

  override add(value: T): this {
    this.#note(value);
    return super.add(value);
  }
}
