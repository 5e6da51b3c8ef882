/** What may still be said of a file of which a part could not be read. */
import type { Code } from '../../base/diagnostics/codes.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { textOf } from '../../base/text/source.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Report } from './report.ts';

/** What could not be read, of a file and of those that it uses. */
export interface Unread {
  readonly lost: readonly Ast.UnreadPart[];
  readonly doubtful: readonly Diagnostic['at'][];
  /** A used file could not be read, or not all of it. */
  readonly used: boolean;
}

/** Judged by all entries of a declaration, or by all declarations. */
const ofAll: ReadonlySet<Code> = new Set<Code>([
  'missing-entry',
  'empty-file',
  'unpaired-channel',
  'channel-needed',
  'time-needed',
  'towers-swapped',
]);

/** Judged by all of a tower. */
const ofTower: ReadonlySet<Code> = new Set<Code>(['not-an-input', 'no-outputs', 'step-not-channel', 'read-before']);

/** Declarations that may declare a name, by what messages call the name. Other words are the library's, and nothing declares them. */
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

/** What used files may declare. */
const shared: ReadonlySet<Ast.UnreadPart['within']> = new Set([
  'let',
  'features',
  'labels',
  'group',
  'block',
  'shared',
]);

/** Reports only what stays wrong whatever the unread parts say. */
export function certainly(report: Report, unread: Unread): Report {
  return (code, at, facts, extra) => {
    if (isCertain(unread, code, at, facts as Named, (extra?.fixes ?? []).length > 0 && !extra?.doubtful)) {
      report(code, at, facts, extra);
    }
  };
}

interface Named {
  readonly what?: string;
  /** What entries belong to: "task `watch`". */
  readonly of?: string;
}

function isCertain(
  { lost, doubtful, used }: Unread,
  code: Code,
  at: Diagnostic['at'],
  { what, of }: Named,
  isNear: boolean,
): boolean {
  if (at === undefined) return !ofAll.has(code);
  const within = (span: Diagnostic['at']) => span?.source === at.source && span.start <= at.start && at.end <= span.end;
  if (doubtful.some(within)) return false;
  const written = textOf(at);
  if (lost.some(({ name }) => name === written)) return false;
  if (ofTower.has(code) && lost.some(({ name, within }) => name === undefined && within === 'tower')) return false;
  if (ofAll.has(code)) return !used && lost.length === 0 && doubtful.length === 0;
  if (code === 'unknown-entry' || code === 'missing-key') {
    const word = of === undefined ? 'data' : /\w+/.exec(of)?.[0];
    return isNear || !lost.some(({ name, within }) => name === undefined && within === word);
  }
  if (code !== 'unknown-name' && code !== 'unknown-kind') return true;
  const places = declaredIn[what ?? ''] ?? (code === 'unknown-name' ? ['tower'] : []);
  if (lost.some(({ name, within }) => name === undefined && (within === undefined || places.includes(within)))) {
    return false;
  }
  // Of another file not even the names are known; one that is near another is a misspelling all the same.
  return isNear || !used || !places.some((place) => shared.has(place));
}
