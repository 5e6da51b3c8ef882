/**
 * Changes that an editor offers for a mistake, next to the fixes that it carries. Each is tried first: it is offered where a check
 * of the changed file no longer finds the mistake, and finds no other.
 */
import type { Code } from '../../base/diagnostics/codes.ts';
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../base/diagnostics/fixes.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { declareConstant, declareName } from './offers/declare.ts';
import { giveEntry, giveLabel } from './offers/entries.ts';
import type { Mistake, Offer, OfferTable } from './offers/offer.ts';
import { readOutput } from './offers/outputs.ts';
import { swapTowers } from './offers/scores.ts';
import { stepAfter, stepBefore } from './offers/steps.ts';
import { equalWidths } from './offers/widths.ts';

export const offers: OfferTable = {
  'unknown-name': declareName,
  'channel-widths': equalWidths,
  'shape-mismatch': stepBefore,
  'channel-not-vector': stepAfter,
  'wrong-type': declareConstant,
  'item-interests': stepAfter,
  'towers-swapped': swapTowers,
  'unread-output': readOutput,
  'label-needed': giveLabel,
  'missing-entry': giveEntry,
  'time-needed': giveEntry,
};

/** More than a person reads. */
const most = 4;
/** Characters of a file that is still checked again for each offer while somebody waits. */
const longest = 200_000;

/** @param recheck what a check of the file finds with these edits made */
export function offersFor(
  facts: FileAnalysis,
  diagnostic: Diagnostic,
  recheck: (edits: readonly Edit[]) => readonly Diagnostic[],
): readonly Offer[] {
  const { source, checked } = facts;
  const { code, at } = diagnostic;
  const offersOf = offers[code as Code];
  if (!offersOf || at?.source !== source || source.text.length > longest) return [];
  const texts = new Set(diagnostic.fixes.map((fix) => applyEdits(source, fix)));
  const found: Offer[] = [];
  for (const offer of offersOf(facts, { ...diagnostic, at } satisfies Mistake)) {
    if (found.length === most) break;
    const text = applyEdits(source, offer.edits);
    if (texts.has(text)) continue;
    texts.add(text);
    if (solves(checked.diagnostics, recheck(offer.edits), diagnostic)) found.push(offer);
  }
  return found;
}

/** Whether a mistake is gone, and no other has come. */
function solves(before: readonly Diagnostic[], after: readonly Diagnostic[], mistake: Diagnostic): boolean {
  const key = ({ code, message }: Diagnostic): string => `${code} ${message}`;
  const left = before.map(key);
  left.splice(left.indexOf(key(mistake)), 1);
  return after.every((one) => {
    const at = left.indexOf(key(one));
    if (at !== -1) left.splice(at, 1);
    return at !== -1;
  });
}
