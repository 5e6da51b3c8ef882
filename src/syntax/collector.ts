import type { Code } from '../diagnostics/codes.ts';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';

/** More mistakes than a person mends in one go. */
const most = 50;

/** The mistakes found so far. Past the limit it is `full`, says so once, and takes no more. */
export class Collector {
  readonly diagnostics: Diagnostic[] = [];
  full = false;

  constructor(private readonly source: Source) {}

  readonly report = (diagnostic: Diagnostic): void => {
    if (this.full) return;
    if (this.diagnostics.length < most) {
      this.diagnostics.push(diagnostic);
      return;
    }
    this.full = true;
    const at = diagnostic.at ?? { source: this.source, start: 0, end: 0 };
    this.diagnostics.push(diagnose('too-many-mistakes', at, { shown: most }));
  };

  /** Whether a mistake in this stretch of text has been reported; if codes are given, one of those. */
  knows(start: number, end: number, codes?: ReadonlySet<Code>): boolean {
    return this.diagnostics.some(
      ({ at, code }) => at !== undefined && at.start < end && at.end >= start && (codes?.has(code) ?? true),
    );
  }
}
