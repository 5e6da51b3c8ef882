/** The call around the cursor: its arguments, and which one is being written. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { callsOf, type Parameters } from '../../compiler/library/contract.ts';
import { is } from '../../compiler/syntax/token.ts';
import { calleeAt } from './callee.ts';
import { type CallAtCursor, cursorAt } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { parameterLines, signatureParts } from './markdown.ts';

export interface Signature {
  readonly text: string;
  /** Markdown. */
  readonly doc: string;
  readonly parameters: readonly { readonly start: number; readonly end: number; readonly doc: string }[];
  /** Index of the argument at the cursor. */
  readonly active?: number;
}

export function signatureAt(facts: FileAnalysis, offset: number): Signature | undefined {
  const place = cursorAt(facts, offset);
  const call = place?.calls.at(-1);
  const called = place && call && calleeAt(facts, place, call, place.calls.slice(0, -1));
  if (!called) return undefined;
  const isScore = called.what === 'score';
  const towers: Parameters = isScore ? sides : called.what === 'history' ? column : {};
  const parameters = { ...towers, ...called.parameters };
  const { text, parameters: places } = signatureParts(call.callee.image, parameters);
  const active = activeParameter(call, parameters);
  const at = places.findIndex(({ name }) => name === active);
  return {
    text,
    doc: [called.row.doc, parameterLines(called.parameters)].filter((part) => part !== '').join('\n\n'),
    parameters: places.map(({ name, start, end }) => ({ start, end, doc: parameters[name]!.doc })),
    ...(at === -1 ? {} : { active: at }),
  };
}

const place = (doc: string, ...of: readonly string[]): Parameters[string] => ({
  type: { is: 'choice', of },
  doc,
  required: true,
  positional: true,
});

/** What a score's first two places are, which no table says. */
const sides: Parameters = {
  query: place('The query tower, or one of its channels: `user`, `user.click`.', 'tower', 'tower.channel'),
  item: place('The item tower, or one of its channels.', 'tower', 'tower.channel'),
};
const column: Parameters = { column: place('The column whose earlier values form the history.', 'feature', 'column') };

/** By its name, by its word, else by its place among those without a name. */
function activeParameter(call: CallAtCursor, parameters: Parameters): string | undefined {
  if (call.argument !== undefined) return call.argument;
  const free = Object.entries(parameters).filter(([name, { positional, type }]) => {
    return positional && type.is !== 'flag' && !call.named.includes(name);
  });
  const places = call.given.filter((tokens) => !isNamed(tokens) && !isWord(tokens, parameters)).length;
  for (const [at, [name, { rest }]] of free.entries()) if (rest || at === places) return name;
  return undefined;
}

const isNamed = (tokens: readonly IToken[]): boolean => is(tokens[1], t.Colon);

function isWord([first]: readonly IToken[], parameters: Parameters): boolean {
  const word = first?.image ?? '';
  return Object.entries(parameters).some(
    ([name, { type }]) =>
      (type.is === 'choice' && type.of.includes(word)) ||
      (type.is === 'flag' && name === word) ||
      Object.hasOwn(callsOf(type), word),
  );
}
