import type { Code } from '../../base/diagnostics/codes.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { type Source, textOf } from '../../base/text/source.ts';

/** Maximum number of collected errors. */
const most = 50;

/** Collects errors. At the limit it becomes `full`, reports this once, and ignores further ones. */
export class DiagnosticCollector {
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
    const reportedSpan = diagnostic.at ?? { source: this.source, start: 0, end: 0 };
    this.diagnostics.push(diagnose('too-many-mistakes', reportedSpan, { shown: most }));
  };

  /** True if an error in this range of the text has been reported. */
  knows(start: number, end: number, isMeant: (one: Diagnostic) => boolean = () => true): boolean {
    return this.diagnostics.some(
      (one) => one.at !== undefined && one.at.start < end && one.at.end >= start && isMeant(one),
    );
  }

  /** True if an error there leaves open what was meant, or moved a bracket, so that others may follow from it. */
  misleads(start: number, end: number): boolean {
    return this.knows(
      start,
      end,
      ({ code, fixes, severity, doubtful }) =>
        severity === 'error' && (fixes.length === 0 || doubtful === true || movingCodes.has(code)),
    );
  }

  /** True if a brace is missing there, or one too many. */
  missesBrace(start: number, end: number): boolean {
    return this.knows(
      start,
      end,
      ({ at, code }) => code === 'missing-brace' || (movingCodes.has(code) && /^[{}]$/.test(textOf(at!))),
    );
  }
}

/** Errors of brackets are where these were guessed to be. */
export const movingCodes: ReadonlySet<Code> = new Set<Code>([
  'unclosed',
  'unopened',
  'wrong-bracket',
  'missing-brace',
  'swapped-words',
  'too-deep',
]);
