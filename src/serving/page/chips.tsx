import type { ErrorDetail } from '../server/schemas.ts';

/** Things that were chosen. A click removes one. */
export interface Chip {
  readonly id: string;
  readonly text: string;
  /** For a screen reader. */
  readonly action: string;
  remove(): void;
}

export function Chips({ chips, label }: { readonly chips: readonly Chip[]; readonly label: string }) {
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label={label}>
      {chips.map(({ id, text, action, remove }) => (
        <li key={id}>
          <button type="button" class="chip" aria-label={action} onClick={remove}>
            <bdi>{text}</bdi> <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

// The mistakes of a request at the fields that they are about.

/** Returns the errors whose pointer is a field, or lies in it. */
export const mistakesAt = (mistakes: readonly ErrorDetail[], at: string): readonly ErrorDetail[] =>
  mistakes.filter((each) => each.at === at || each.at.startsWith(`${at}/`));

/** One segment of a JSON pointer. */
export const segment = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

export function MistakeText({ id, mistakes }: { readonly id: string; readonly mistakes: readonly ErrorDetail[] }) {
  return (
    <div class="mistake" id={id} role="alert">
      {mistakes.map(({ message, hint }) => (
        <p key={message}>
          {prose(message)}
          {hint !== '' && <span class="hint">{prose(hint)}</span>}
        </p>
      ))}
    </div>
  );
}

export const prose = (text: string) =>
  text.split(/`([^`]+)`/).map((part, at) => (at % 2 === 1 ? <code key={`${at}`}>{part}</code> : part));
