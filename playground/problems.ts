/** Mistakes as a list: where, what, why, and a button for each fix. All of it is text: none of it is HTML. */
import type { Diagnostic, Edit } from '../src/base/diagnostics/diagnostic.ts';
import type { Action } from '../src/editor/language/offers.ts';
import { element } from './markdown.ts';

export interface ProblemActions {
  goTo(start: number, end: number): void;
  apply(edits: readonly Edit[]): void;
}

/** The list stays readable; what is left over is counted. */
const mostShown = 20;

export function showProblems(
  list: HTMLElement,
  text: string,
  diagnostics: readonly Diagnostic[],
  actions: readonly Action[],
  { goTo, apply }: ProblemActions,
): void {
  const sorted = diagnostics.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  const items = sorted.slice(0, mostShown).map((diagnostic) => {
    const { at, severity, message, hint, code } = diagnostic;
    const item = element('li', severity);
    const head = element('p');
    const place = element('button', 'place', at ? `line ${placeOf(text, at.start)}` : 'the file') as HTMLButtonElement;
    place.type = 'button';
    if (at) place.addEventListener('click', () => goTo(at.start, at.end));
    else place.disabled = true;
    head.append(place, ` ${severity}: `, ...words(message));
    item.append(head);
    if (hint !== undefined) {
      const line = element('p', 'hint');
      line.append(...words(hint));
      item.append(line);
    }
    const fixes = element('p', 'fixes');
    for (const { title, edits } of actions.filter((action) => action.diagnostic === diagnostic)) {
      const button = element('button', '', title.replaceAll('`', '')) as HTMLButtonElement;
      button.type = 'button';
      button.addEventListener('click', () => apply(edits));
      fixes.append(button);
    }
    fixes.append(element('code', 'code', code));
    item.append(fixes);
    return item;
  });
  const rest = sorted.length - items.length;
  list.replaceChildren(...items, ...(rest > 0 ? [element('li', '', `and ${rest} more`)] : []));
  list.hidden = sorted.length === 0;
}

/** `12:5`: from 1, as editors count. */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

/** Words between backticks are code. */
export const words = (text: string): (HTMLElement | string)[] =>
  text.split(/(`[^`]+`)/).map((part) => (/^`.+`$/.test(part) ? element('code', '', part.slice(1, -1)) : part));
