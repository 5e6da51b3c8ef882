/** Whether a model checks with each value that its `search` names: a trial that could not start is a mistake of the file. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import { type SearchParameter, triedValues } from './search.ts';
import { respan } from './settings/respan.ts';
import type { Settings } from './settings/text.ts';

/** More values than a person writes. What is not tried here is checked before its trial. */
const mostTried = 256;

/**
 * @param check the mistakes of the file with settings
 * @returns the errors: in the value itself where that is wrong, else at the value, with a note where it does not fit
 */
export function tryChoices(
  parameters: readonly SearchParameter[],
  check: (settings: Settings) => readonly Diagnostic[],
): readonly Diagnostic[] {
  const values = parameters.flatMap((parameter) => triedValues(parameter).map((value) => ({ parameter, value })));
  return values.slice(0, mostTried).flatMap(({ parameter: { name }, value: { text, span } }) => {
    const errors = check({ [name]: text }).filter(({ severity }) => severity === 'error');
    const own = errors.filter(({ at }) => isWithin(at, name));
    // Places in the text of the setting are places in the value.
    const move = (at: Span): Span => (isWithin(at, name) ? moved(at, name, span) : at);
    if (own.length > 0) return own.map((one) => respan(one, move));
    const [first] = errors;
    if (!first) return [];
    const notes = first.at ? [{ message: `here, ${first.message}`, at: first.at }] : [];
    return [diagnose('search-choice', span, { name, value: text, message: first.message }, { notes })];
  });
}

/** Whether a place is in the value of the setting of this name. */
const isWithin = (at: Span | undefined, name: string): boolean =>
  at !== undefined && at.source.name === '--set' && at.source.text.startsWith(`${name}=`) && at.start > name.length;

function moved({ start, end }: Span, name: string, value: Span): Span {
  const inside = (at: number): number => Math.min(value.end, value.start + at - name.length - 1);
  return { source: value.source, start: inside(start), end: inside(end) };
}
