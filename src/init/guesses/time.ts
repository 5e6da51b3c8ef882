/** The time of an event: values in a form of moments, under a name that says so. */
import type { Guesser } from '../guess.ts';
import { meansOf } from '../words.ts';

/** Moments that describe something else than the event. */
const others =
  /birth|born|dob|release|publish|expire|expiry|signup|registered|join|founded|geburt|update|modified|end/i;

export const time: Guesser = ({ name, time: form, kind, type, distinct, present }) => {
  const isTyped = /^(DATE|TIMESTAMP)/.test(type ?? '');
  if (form === undefined && !isTyped) return undefined;
  const word = meansOf(name, 'time');
  // A number of nine digits may be anything.
  const isDoubtful = kind === 'integer' && (form?.name === 'seconds' || form?.name === 'compact');
  const spread = present > 20 && distinct < 3 ? -0.5 : 0;
  const score = (isDoubtful ? 0.45 : 0.7) + (word === undefined ? 0 : 0.25) - (others.test(name) ? 0.4 : 0) + spread;
  if (score < 0.3) return undefined;
  const said = word === undefined ? '' : `its name says \`${word}\`, and `;
  return { role: 'time', score, because: `${said}its values are ${form?.doc ?? 'times'}` };
};
