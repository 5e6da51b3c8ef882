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

/** At most four digits that matter; a real minus. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1000 ? Math.round(size).toLocaleString('en') : String(Number(size.toPrecision(4)));
  return value < 0 ? `−${text}` : text;
}

/** Digits behind the point that the largest of some numbers needs: all of them line up with as many. */
export function digitsOf(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map(Math.abs));
  return largest >= 100 ? 1 : largest >= 10 ? 2 : 3;
}

/** A real minus, and none before a zero. */
export function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** A value of a column as a person reads it; nothing where it is missing. */
export function columnText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(' · ');
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

export const countText = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

export const shortVersion = (version: string): string => (version.length > 12 ? version.slice(0, 8) : version);

/** Milliseconds that a question waits while a person types it. */
export const typing = 250;
