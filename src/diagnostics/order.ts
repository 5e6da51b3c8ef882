import type { Diagnostic } from './diagnostic.ts';

/** The order in which people and programs read them: those without a place, then by file, place and code. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) =>
      compare(a.at?.source.name ?? '', b.at?.source.name ?? '') ||
      (a.at?.start ?? -1) - (b.at?.start ?? -1) ||
      (a.at?.end ?? -1) - (b.at?.end ?? -1) ||
      compare(a.code, b.code) ||
      compare(a.message, b.message),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
