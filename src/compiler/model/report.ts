/**
 * Collects what the stages of this folder report, with notes and fixes. Repeated reports of one unknown name are merged, and in a file that was only partly
 * read, only those errors are reported that hold whatever the unread part contains.
 */
import type { Code, Facts } from '../../base/diagnostics/codes.ts';
import { type Diagnostic, diagnose, type Edit, type Note } from '../../base/diagnostics/diagnostic.ts';
import { notes } from '../../base/diagnostics/wording.ts';
import { type Span, spanText } from '../../base/text/source.ts';
import { groupBy } from '../../base/util/objects.ts';
import type * as Ast from '../syntax/ast.ts';

export interface Extra {
  readonly notes?: readonly Note[];
  readonly fixes?: readonly (readonly Edit[])[];
  /** True if the fix is only a suggestion, which is never applied automatically. */
  readonly doubtful?: boolean;
  /** The declarations in which the name could have been declared. If one of them could not be read, the name may be known after all. */
  readonly within?: readonly DeclarationWord[];
}

/** The first words of declarations that have names or entries. */
type DeclarationWord =
  | 'let'
  | 'features'
  | 'labels'
  | 'group'
  | 'block'
  | 'shared'
  | 'loss'
  | 'tower'
  | 'task'
  | 'train'
  | 'data';

/** The declarations that can declare a kind of name. */
export const declaredIn = {
  constant: ['let'],
  feature: ['features'],
  label: ['labels'],
  group: ['group'],
  block: ['block', 'shared'],
  loss: ['loss'],
  tower: ['tower'],
  task: ['task'],
} satisfies Readonly<Record<string, readonly DeclarationWord[]>>;

export type Report = <C extends Code>(code: C, at: Span | undefined, facts: Facts<C>, extra?: Extra) => undefined;

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
 * Merges the diagnostics of one unknown name into the first: the others become notes, and its fix changes all. Several tasks may
 * report the same diagnostic, such as one about a channel that they all read; it is kept once.
 */
export function mergeRepeated(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const placed = new Set<string>();
  const placedOnce = diagnostics.filter(({ code, message, at }) => {
    const place = JSON.stringify([code, message, at?.source.name, at?.start]);
    const isFirst = !placed.has(place);
    placed.add(place);
    return isFirst;
  });
  return [...groupBy(placedOnce, (one) => keyOf(one) ?? one).values()].map(merge);
}

/** Returns an equal key for diagnostics about the same unknown name with the same suggestion; undefined for other diagnostics. */
function keyOf({ code, at, hint, fixes }: Diagnostic): string | undefined {
  if ((code !== 'unknown-name' && code !== 'unknown-kind') || !at) return undefined;
  const meantName = fixes[0]?.[0]?.text ?? (code === 'unknown-kind' ? hint : undefined);
  return JSON.stringify([code, at.source.name, spanText(at), meantName]);
}

function merge(group: readonly Diagnostic[]): Diagnostic {
  const sorted = [...group].sort((a, b) => (a.at?.start ?? 0) - (b.at?.start ?? 0));
  const [first, ...others] = sorted as [Diagnostic, ...Diagnostic[]];
  if (others.length === 0) return first;
  const otherNotes = others.flatMap(({ at }) => (at ? [{ message: notes.also(spanText(at)), at }] : []));
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

/** Declarations that do not come along with an imported file. */
const ownOnly: readonly DeclarationWord[] = ['tower', 'task', 'train', 'data'];

/** Returns a report function that passes on only errors that hold for any content of the unread parts. */
export function certainly(report: Report, unread: Unread): Report {
  return (code, at, facts, extra) => {
    if (isCertain(unread, code, at, extra)) report(code, at, facts, extra);
  };
}

function isCertain({ lost, doubtful, used }: Unread, code: Code, at: Diagnostic['at'], extra: Extra = {}): boolean {
  if (at === undefined) return !ofAll.has(code);
  const isAround = (span: Diagnostic['at']) =>
    span?.source === at.source && span.start <= at.start && at.end <= span.end;
  if (doubtful.some(isAround)) return false;
  const writtenName = spanText(at);
  if (lost.some(({ name }) => name === writtenName)) return false;
  const nameless = lost.filter(({ name }) => name === undefined);
  if (ofTower.has(code) && nameless.some(({ within }) => within === 'tower')) return false;
  if (ofAll.has(code)) return !used && lost.length === 0 && doubtful.length === 0;
  const { within: words = [], fixes = [], doubtful: isGuess } = extra;
  // A name near a known one counts as a misspelling.
  const isNear = fixes.length > 0 && !isGuess;
  const isLost = nameless.some(({ within }) => words.some((word) => word === within));
  if (code === 'unknown-entry' || code === 'missing-key') return isNear || !isLost;
  if (code !== 'unknown-name' && code !== 'unknown-kind') return true;
  if (isLost || nameless.some(({ within }) => within === undefined)) return false;
  return isNear || !used || words.every((word) => ownOnly.includes(word));
}
