/**
 * Collects what the stages of this folder report, with notes and fixes. Repeated reports of one unknown name are merged, and in a file that was only partly
 * read, only certain errors are reported.
 */
import type { Code, Facts } from '../../base/diagnostics/codes.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic, Edit, Note } from '../../base/diagnostics/diagnostic.ts';
import { notes } from '../../base/diagnostics/wording.ts';
import { type Span, textOf } from '../../base/text/source.ts';
import { groupedBy } from '../../base/util/objects.ts';
import type * as Ast from '../syntax/ast.ts';

export interface Extra {
  readonly notes?: readonly Note[];
  readonly fixes?: readonly (readonly Edit[])[];
  /** True if the fix is only a suggestion, which is never applied automatically. */
  readonly doubtful?: boolean;
}

export type Report = <C extends Code>(code: C, at: Span | undefined, facts: Facts<C>, extra?: Extra) => void;

interface ReportCollector {
  readonly report: Report;
  readonly diagnostics: Diagnostic[];
}

export function makeCollector(): ReportCollector {
  const diagnostics: Diagnostic[] = [];
  return { diagnostics, report: (code, at, facts, extra) => void diagnostics.push(diagnose(code, at, facts, extra)) };
}

/** Returns a fix that replaces a span; none if `text` is undefined. */
export function rewrite(at: Span, text: string | undefined): Extra {
  return text === undefined ? {} : { fixes: [[{ at, text }]] };
}

export const noteAt = (message: string, at: Span): Extra => ({ notes: [{ message, at }] });

/** Returns notes and fixes for a duplicate: they point at the first declaration and remove the second. */
export const repeats = (name: string, first: Span, second: Span): Extra => ({
  ...noteAt(notes.first(name), first),
  fixes: [[removal(second)]],
});

/** Removes a whole entry: with its line if nothing else is on it, otherwise with the adjacent comma. */
export function removal(at: Span): Edit {
  const { source } = at;
  const { text } = source;
  let cutStart = at.start;
  while (cutStart > 0 && (text[cutStart - 1] === ' ' || text[cutStart - 1] === '\t')) cutStart--;
  let cutEnd = at.end;
  while (cutEnd < text.length && (text[cutEnd] === ' ' || text[cutEnd] === '\t')) cutEnd++;
  const comment = /^\/\/[^\n]*/.exec(text.slice(cutEnd));
  const lineEnd = comment ? cutEnd + comment[0].length : cutEnd;
  const isAlone =
    (cutStart === 0 || text[cutStart - 1] === '\n') && (lineEnd === text.length || text[lineEnd] === '\n');
  if (isAlone) return { at: { source, start: cutStart, end: Math.min(lineEnd + 1, text.length) }, text: '' };
  if (text[cutEnd] === ',') {
    cutEnd++;
    while (text[cutEnd] === ' ') cutEnd++;
    return { at: { source, start: at.start, end: cutEnd }, text: '' };
  }
  if (text[cutStart - 1] === ',') return { at: { source, start: cutStart - 1, end: at.end }, text: '' };
  return { at, text: '' };
}

export function insertion(source: Span['source'], offset: number, text: string): Edit {
  return { at: { source, start: offset, end: offset }, text };
}

/**
 * Merges the diagnostics of one unknown name into the first: the others become notes, and its fix changes all. A diagnostic of several tasks, such as one of a
 * channel that they all read, is kept once.
 */
export function mergeRepeated(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const placed = new Set<string>();
  const placedOnce = diagnostics.filter(({ code, message, at }) => {
    const place = JSON.stringify([code, message, at?.source.name, at?.start]);
    const isFirst = !placed.has(place);
    placed.add(place);
    return isFirst;
  });
  return [...groupedBy(placedOnce, (one) => keyOf(one) ?? one).values()].map(merge);
}

/** Returns an equal key for diagnostics about the same unknown name with the same suggestion; undefined for other diagnostics. */
function keyOf({ code, at, hint, fixes }: Diagnostic): string | undefined {
  if ((code !== 'unknown-name' && code !== 'unknown-kind') || !at) return undefined;
  const meantName = fixes[0]?.[0]?.text ?? (code === 'unknown-kind' ? hint : undefined);
  return JSON.stringify([code, at.source.name, textOf(at), meantName]);
}

function merge(group: readonly Diagnostic[]): Diagnostic {
  const sorted = [...group].sort((a, b) => (a.at?.start ?? 0) - (b.at?.start ?? 0));
  const [first, ...others] = sorted as [Diagnostic, ...Diagnostic[]];
  if (others.length === 0) return first;
  const otherNotes = others.flatMap(({ at }) => (at ? [{ message: notes.also(textOf(at)), at }] : []));
  const fixes = first.fixes.map((_, index): readonly Edit[] => sorted.flatMap(({ fixes }) => fixes[index] ?? []));
  const isDoubtful = sorted.some((one) => one.doubtful);
  return { ...first, notes: [...first.notes, ...otherNotes], fixes, ...(isDoubtful ? { doubtful: isDoubtful } : {}) };
}

/** Makes the fix of an unknown name doubtful if the suggested name occurs only in its declaration: then the declaration may be the misspelled one. */
export function doubtUnused(diagnostic: Diagnostic): Diagnostic {
  const { code, at, fixes } = diagnostic;
  const meantName = fixes[0]?.[0]?.text;
  if (code !== 'unknown-name' || !at || meantName === undefined) return diagnostic;
  const codeText = at.source.text.replace(/\/\/[^\n]*|"[^"\n]*"/g, ' ');
  return codeText.match(new RegExp(`\\b${meantName}\\b`, 'g'))?.length === 1
    ? { ...diagnostic, doubtful: true }
    : diagnostic;
}

/** The parts of a file, and of the files that it uses, that could not be parsed. */
interface Unread {
  readonly lost: readonly Ast.UnreadPart[];
  readonly doubtful: readonly Diagnostic['at'][];
  /** True if an imported file could not be read completely. */
  readonly used: boolean;
}

/** Codes that depend on all entries of a declaration, or on all declarations. */
const ofAll: ReadonlySet<Code> = new Set<Code>([
  'missing-entry',
  'empty-file',
  'unpaired-channel',
  'channel-needed',
  'time-needed',
  'towers-swapped',
]);

/** Codes that depend on all of a tower. */
const ofTower: ReadonlySet<Code> = new Set<Code>(['not-an-input', 'no-outputs', 'step-not-channel', 'read-before']);

/** Declarations that can declare a name, by the kind of name in messages. Other kinds are words of the library. */
const declaredIn: Readonly<Record<string, readonly Ast.UnreadPart['within'][]>> = {
  constant: ['let'],
  'parameter or constant': ['let'],
  feature: ['features'],
  label: ['labels'],
  group: ['group'],
  'group or feature': ['features', 'group'],
  block: ['block', 'shared'],
  tower: ['tower'],
  task: ['task'],
  'input or step': ['tower', 'features', 'group'],
};

/** The declarations that are in scope of an importing file. */
const shared: ReadonlySet<Ast.UnreadPart['within']> = new Set([
  'let',
  'features',
  'labels',
  'group',
  'block',
  'shared',
]);

/** Returns a report function that passes on only errors that hold for any content of the unread parts. */
export function certainly(report: Report, unread: Unread): Report {
  return (code, at, facts, extra) => {
    if (isCertain(unread, code, at, facts as ReportedNames, (extra?.fixes ?? []).length > 0 && !extra?.doubtful)) {
      report(code, at, facts, extra);
    }
  };
}

interface ReportedNames {
  readonly what?: string;
  /** The declaration that contains the entry, as in messages: "task `watch`". */
  readonly of?: string;
}

function isCertain(
  { lost, doubtful, used }: Unread,
  code: Code,
  at: Diagnostic['at'],
  { what, of }: ReportedNames,
  isNear: boolean,
): boolean {
  if (at === undefined) return !ofAll.has(code);
  const isWithin = (span: Diagnostic['at']) =>
    span?.source === at.source && span.start <= at.start && at.end <= span.end;
  if (doubtful.some(isWithin)) return false;
  const writtenName = textOf(at);
  if (lost.some(({ name }) => name === writtenName)) return false;
  if (ofTower.has(code) && lost.some(({ name, within }) => name === undefined && within === 'tower')) return false;
  if (ofAll.has(code)) return !used && lost.length === 0 && doubtful.length === 0;
  if (code === 'unknown-entry' || code === 'missing-key') {
    const word = of === undefined ? 'data' : /\w+/.exec(of)?.[0];
    return isNear || !lost.some(({ name, within }) => name === undefined && within === word);
  }
  if (code !== 'unknown-name' && code !== 'unknown-kind') return true;
  const declaringWords = declaredIn[what ?? ''] ?? (code === 'unknown-name' ? ['tower'] : []);
  if (
    lost.some(({ name, within }) => name === undefined && (within === undefined || declaringWords.includes(within)))
  ) {
    return false;
  }
  // The names of an unreadable file are unknown, but a name near a known one still counts as a misspelling.
  return isNear || !used || !declaringWords.some((place) => shared.has(place));
}
