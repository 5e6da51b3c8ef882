/** What may be written at a place. */
import type { Span } from '../../base/text/source.ts';
import { argumentsAt } from './completion/arguments.ts';
import { CompletionContext, type Surroundings } from './completion/context.ts';
import { entriesAt } from './completion/entries.ts';
import { headerAt } from './completion/header.ts';
import { ignoresAt } from './completion/ignores.ts';
import { type Completion, declarations } from './completion/item.ts';
import { textsAt } from './completion/texts.ts';
import { valuesAt } from './completion/values.ts';
import { type Cursor, cursorAt } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface Completions {
  /** What is replaced. */
  readonly span: Span;
  readonly items: readonly Completion[];
}

export function completionsAt(facts: FileAnalysis, offset: number, around: Surroundings = {}): Completions {
  const place = cursorAt(facts, offset);
  if (!place) {
    const { start, items } = ignoresAt(facts, offset) ?? { start: offset, items: [] };
    return { span: { source: facts.source, start, end: offset }, items };
  }
  const start = place.text?.start ?? place.start;
  const span = { source: facts.source, start, end: place.text ? place.text.end : offset };
  return { span, items: itemsAt(facts, place, around) };
}

function itemsAt(facts: FileAnalysis, place: Cursor, around: Surroundings): readonly Completion[] {
  const { text, declaration, body, value, calls } = place;
  if (!declaration) return text ? [] : declarations;
  const here = new CompletionContext(facts, { ...place, declaration }, around);
  if (text) return textsAt(here);
  if (!value) return body ? entriesAt(here) : headerAt(here);
  const call = calls.at(-1);
  return call ? argumentsAt(here, call, calls.slice(0, -1)) : valuesAt(here);
}
