/** Which entries go on after a comma: `metrics = recall(20), ndcg(20)`. Elsewhere a comma ends an entry, and the next one has lost its sign. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { likest } from '../../base/text/nearest.ts';
import { meaningOf } from '../../base/text/synonyms.ts';
import { callWords, entryWords, listEntries } from './known_calls.ts';
import { is, isAny } from './token.ts';

const known: ReadonlySet<string> = new Set(Object.values(entryWords).flat());
const lists: ReadonlySet<string> = new Set(listEntries);

/** True if an entry of this name has a list as its value; one that is misspelt too, so that it is one error. */
function takesList(name: string): boolean {
  if (lists.has(name)) return true;
  if (known.has(name)) return false;
  const meantEntry = meaningOf(name, 'train', entryWords.train)?.write ?? likest(name, entryWords.train)?.name;
  return meantEntry !== undefined && lists.has(meantEntry);
}

/** True if a comma within an entry parts values of its list, by the two tokens after the comma. */
export function listGoesOn(entry: string, next: IToken | undefined, after: IToken | undefined): boolean {
  if (!is(next, t.Name) || isAny(after, [t.Equals, t.Colon])) return false;
  if (known.has(next!.image) && !isCall(next!, after)) return false;
  return takesList(entry);
}

/** `precision(10)` is a metric, and `precision bf16` an entry that has lost its sign. */
function isCall(name: IToken, after: IToken | undefined): boolean {
  if (!Object.hasOwn(callWords, name.image)) return false;
  return !isAny(after, [t.Name, t.NumberToken]) || after!.startLine !== name.startLine;
}
