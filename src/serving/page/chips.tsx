import type { ErrorDetail } from '../server/schemas.ts';

/** A selected value, shown as a chip. A click removes it. */
export interface Chip {
  readonly id: string;
  readonly text: string;
  /** Label for screen readers. */
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

// Shows the errors of a request at their fields.

/** Returns the errors whose pointer is the field or is within it. */
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
  text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? <code key={`${index}`}>{part}</code> : part));

/** Formats a number with at most four significant digits and a typographic minus. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const text = size >= 1000 ? Math.round(size).toLocaleString('en') : String(Number(size.toPrecision(4)));
  return value < 0 ? `−${text}` : text;
}

/** Returns the number of decimals for a column of numbers, so that they line up. It depends on the largest one. */
export function digitsOf(values: readonly number[]): number {
  const largest = Math.max(0, ...values.map(Math.abs));
  return largest >= 100 ? 1 : largest >= 10 ? 2 : 3;
}

/** Formats a number with a typographic minus, but never as −0. */
export function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** Formats the value of a column for the page. A missing value becomes an empty text. */
export function columnText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(' · ');
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

export const countText = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

export const shortVersion = (version: string): string => (version.length > 12 ? version.slice(0, 8) : version);

/** Milliseconds after the last keystroke before a search is sent. */
export const typing = 250;
