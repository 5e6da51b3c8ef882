/** Parses how much memory a command may use. */
import { memoryOfMachine } from './files/query_guard.ts';

/** The share of the memory of the machine, or of the process's container: the rest is for other programs. */
const usualShare = 0.75;

export const usualMemory = (): number => Math.floor(memoryOfMachine() * usualShare);

const units: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** The least that holds a database. Half is enough for some events of numbers, and not for some of texts: `data-memory`. */
export const leastMemory = 64 * 2 ** 20;

/** Parses `8G`, `1.5G`, `800M`: in units of 1,024; undefined for other texts. */
export function memoryOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?$/i.exec(text.trim()) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Math.floor(Number(number) * units[unit.toUpperCase()]!);
}
