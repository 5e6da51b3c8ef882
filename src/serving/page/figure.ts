/** Numbers for people. */

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
