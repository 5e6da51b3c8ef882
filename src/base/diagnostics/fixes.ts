import { lineAt, positionAt, type Source, type Span, spanText, withLineEndingsOf } from '../text/source.ts';
import { countValues } from '../util/objects.ts';
import { codes } from './codes.ts';
import type { Diagnostic, Edit } from './diagnostic.ts';

/**
 * Returns the source's text with the edits made. Ignores edits of other sources. Edits must not overlap; insertions at one offset are made in the order given.
 */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const sourceEdits = edits.filter((edit) => edit.at.source === source);
  const ordered = sourceEdits.toSorted((a, b) => a.at.start - b.at.start || a.at.end - b.at.end);
  let fixedText = '';
  let copiedTo = 0;
  for (const edit of ordered) {
    if (edit.at.start < copiedTo) throw new Error('invariant: edits of one fix overlap');
    fixedText += source.text.slice(copiedTo, edit.at.start) + edit.text;
    copiedTo = edit.at.end;
  }
  return fixedText + source.text.slice(copiedTo);
}

/** Makes the first fix of each diagnostic that has one, unless it would touch the range of an earlier fix. `fixed` lists the diagnostics whose fix was made. */
export function applyFixes(source: Source, diagnostics: readonly Diagnostic[]): Fixed {
  const edits: Edit[] = [];
  const fixed: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const fix = diagnostic.fixes[0];
    if (fix === undefined || fix.some((edit) => edit.at.source !== source)) continue;
    if (fix.some(({ at }) => edits.some((earlier) => at.start <= earlier.at.end && earlier.at.start <= at.end)))
      continue;
    for (const edit of fix) edits.push(edit);
    fixed.push(diagnostic);
  }
  // The lines of a fix end with `\n`, and those of a file perhaps with `\r\n`.
  const editsInLines = edits.map(({ at, text }) => ({ at, text: withLineEndingsOf(source, text) }));
  return { text: applyEdits(source, editsInLines), fixed };
}

/** True if `--fix` may try the fix of a diagnostic: it is the only fix, its code allows it, the reporter is sure, and it removes no word of the user. */
export function hasSafeFix({ code, fixes, doubtful }: Diagnostic): boolean {
  const { fix }: { readonly fix?: 'restores' | 'rewrites' } = codes[code];
  if (fix === undefined || fixes.length !== 1 || doubtful === true) return false;
  return fix === 'rewrites' || fixes[0]!.every(keepsWordCount);
}

/** True if an edit leaves at least as many words as it found: it may change words and add some, but removes none. */
const keepsWordCount = ({ at, text }: Edit): boolean => countWords(text) >= countWords(spanText(at));

const countWords = (text: string): number =>
  text.replace(/\p{Cf}/gu, '').match(/[\p{L}\p{N}_-]*[\p{L}\p{N}_][\p{L}\p{N}_-]*/gu)?.length ?? 0;

export interface Fixed {
  readonly text: string;
  /** The fixed diagnostics, with positions in the text of the round that fixed them. */
  readonly fixed: readonly Diagnostic[];
}

/** Maximum characters that are checked again to try the fixes of one file. Those that are left are not offered. */
const maxCheckedCharacters = 4_000_000;

/**
 * Returns the diagnostics with those of their fixes that help: with the edits made there are fewer errors, and none is new. A fix is tried when `fixes` is first
 * read, so that a check alone takes no longer.
 * @param checkWithEdits returns what a check finds with these edits made
 */
export function keepHelpfulFixes(
  source: Source,
  diagnostics: readonly Diagnostic[],
  checkWithEdits: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Diagnostic[] {
  let charactersLeft = maxCheckedCharacters;
  const helps = (fixed: Diagnostic, edits: readonly Edit[]): boolean => {
    charactersLeft -= source.text.length;
    return charactersLeft >= 0 && hasFewerErrors(diagnostics, checkWithEdits(edits), [fixed]);
  };
  return diagnostics.map((diagnostic) => {
    if (diagnostic.fixes.length === 0) return diagnostic;
    let triedFixes: Diagnostic['fixes'] | undefined;
    const getFixes = (): Diagnostic['fixes'] => {
      triedFixes ??= diagnostic.fixes.filter((edits) => helps(diagnostic, edits));
      return triedFixes;
    };
    // One of several fixes stays a guess, also where the others do not help.
    const tried = diagnostic.fixes.length > 1 ? { ...diagnostic, doubtful: true as const } : { ...diagnostic };
    return Object.defineProperty(tried, 'fixes', { enumerable: true, get: getFixes });
  });
}

type Check = (source: Source) => readonly Diagnostic[];

/** Maximum number of rounds. Errors do not hide each other more often than this. */
const maxRounds = 10;

/**
 * Makes the safe fixes of a text, and those of errors that become visible afterwards. A fix is kept only if it removes its error, reduces the number of errors
 * and adds none. If all fixes together fail, they are tried separately.
 * @param check returns the errors of a source
 */
export function applySafeFixes(source: Source, check: Check, makeSource: (text: string) => Source): Fixed {
  let current: CheckedSource = { source, diagnostics: check(source) };
  const fixed: Diagnostic[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const fixedSource = fixAllTogether(current, check, makeSource) ?? fixSeparately(current, check, makeSource);
    if (!fixedSource) break;
    for (const edit of fixedSource.fixed) fixed.push(edit);
    current = fixedSource;
  }
  return { text: current.source.text, fixed };
}

interface CheckedSource {
  readonly source: Source;
  readonly diagnostics: readonly Diagnostic[];
}

type FixedSource = CheckedSource & Pick<Fixed, 'fixed'>;

/** Makes all fixes together, round by round, until none is left. */
function fixAllTogether(
  from: CheckedSource,
  check: Check,
  makeSource: (text: string) => Source,
): FixedSource | undefined {
  let current = from;
  const fixed: Diagnostic[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const attempted = applyFixes(current.source, current.diagnostics.filter(hasSafeFix));
    if (attempted.text === current.source.text) break;
    const fixedSource = makeSource(attempted.text);
    current = { source: fixedSource, diagnostics: check(fixedSource) };
    for (const edit of attempted.fixed) fixed.push(edit);
    const fixedAtFirst = fixed.filter(({ at }) => at?.source === from.source);
    if (isImproved(from, current, fixedAtFirst)) return { ...current, fixed };
  }
  return undefined;
}

/** Makes the fixes that improve the text, each tried together with those kept so far. A half of the fixes that fails is halved again. */
function fixSeparately(
  from: CheckedSource,
  check: Check,
  makeSource: (text: string) => Source,
): FixedSource | undefined {
  let best: FixedSource = { ...from, fixed: [] };
  const tryFixes = (fixes: readonly Diagnostic[]): void => {
    const { text, fixed } = applyFixes(from.source, [...best.fixed, ...fixes]);
    if (fixed.length === best.fixed.length) return;
    const source = makeSource(text);
    const diagnostics = check(source);
    if (isImproved(best, { source, diagnostics }, fixed.slice(best.fixed.length)))
      best = { source, diagnostics, fixed };
    else if (fixes.length > 1) {
      const middle = fixes.length >> 1;
      tryFixes(fixes.slice(0, middle));
      tryFixes(fixes.slice(middle));
    }
  };
  const safelyFixable = from.diagnostics.filter(hasSafeFix);
  if (safelyFixable.length > 0) tryFixes(safelyFixable);
  return best.fixed.length > 0 ? best : undefined;
}

/** True if the fixes help, and leave no error on a line that they changed, where something else may be meant. */
function isImproved(from: CheckedSource, to: CheckedSource, fixed: readonly Diagnostic[]): boolean {
  if (hasErrorOnChangedLine(from.source, to) || (fixed.some(isBracketError) && to.diagnostics.some(isBracketError)))
    return false;
  return hasFewerErrors(from.diagnostics, to.diagnostics, fixed);
}

/** True if there are fewer errors, the fixed ones are gone, and none is new. New warnings are allowed, because errors may have hidden them. */
function hasFewerErrors(
  diagnosticsBefore: readonly Diagnostic[],
  diagnosticsAfter: readonly Diagnostic[],
  fixed: readonly Diagnostic[],
): boolean {
  const errorsAfter = diagnosticsAfter.filter(isError);
  const fewerErrors = diagnosticsBefore.filter(isError).length - errorsAfter.length;
  if (fewerErrors < 0 || (fewerErrors === 0 && diagnosticsAfter.length >= diagnosticsBefore.length)) return false;
  const [countsBefore, fixedCounts] = [countByCodeAndMessage(diagnosticsBefore), countByCodeAndMessage(fixed)];
  const countsAfter = countByCodeAndMessage(fewerErrors > 0 ? errorsAfter : diagnosticsAfter);
  return [...countsAfter].every(([key, count]) => count <= (countsBefore.get(key) ?? 0) - (fixedCounts.get(key) ?? 0));
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

/** True for an error of brackets. If one is left after another was inserted, the inserted one may be in the wrong place. */
const isBracketError = ({ code }: Diagnostic): boolean =>
  code === 'unclosed' || code === 'unopened' || code === 'wrong-bracket' || code === 'missing-brace';

/** True if an error is left on a line that was changed: then something else may be meant there. */
function hasErrorOnChangedLine(diagnosticsBefore: Source, { source, diagnostics }: CheckedSource): boolean {
  const lines = new Set(diagnosticsBefore.text.split(/\r?\n/));
  const isChanged = ({ start, end }: Span): boolean => {
    const lastLine = positionAt(source, end).line;
    for (let line = positionAt(source, start).line; line <= lastLine; line++)
      if (!lines.has(lineAt(source, line))) return true;
    return false;
  };
  return diagnostics.filter(isError).some(({ at }) => at?.source === source && isChanged(at));
}

/** Counts the diagnostics of each kind, regardless of their positions, which move when a text changes. */
const countByCodeAndMessage = (diagnostics: readonly Diagnostic[]): ReadonlyMap<string, number> =>
  countValues(diagnostics.map(({ code, message }) => `${code} ${message}`));
