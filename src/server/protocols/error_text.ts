/** A refusal in the form of both protocols: one text, `{"error": "…"}`. */
import type { Mistake } from '../schemas.ts';

/** Whether a path belongs to one of the protocols. */
export const isForeign = (url: string): boolean => /^\/(?:v1\/models|v2)(?:[/?]|$)/.test(url);

/** A line for each mistake: `unknown-name at /instances/0/user: there is no user called ``u`` (give the key of a user of the data)` */
export const errorText = (mistakes: readonly Mistake[]): string => mistakes.map(lineOf).join('\n');

function lineOf({ code, message, hint, at, start, end }: Mistake): string {
  const characters = start === undefined || end === undefined ? '' : `, characters ${start} to ${end}`;
  // A name in a message may have line ends.
  return `${code}${at === '' ? '' : ` at ${at}${characters}`}: ${message} (${hint})`.replace(/[\r\n]+/g, ' ');
}
