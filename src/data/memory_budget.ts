/** How much memory a command may use, as a person writes it. */
import { memoryOfMachine } from './files/query_guard.ts';

/** Of what the machine has, or the container that the process runs in: the rest is for other programs. */
const usual = 0.75;

export const usualMemory = (): number => Math.floor(memoryOfMachine() * usual);

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Less would hold no database. Half of this is enough for some events of numbers, and not for some of texts: `data-memory`. */
export const leastMemory = 64 * 2 ** 20;

/** `8G`, `1.5G`, `800M`: in units of 1,024. Undefined where the text is something else. */
export function memoryOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Math.floor(Number(number) * units[unit.toUpperCase()]!);
}
