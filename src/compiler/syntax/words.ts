/** Names the tokens for messages. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { is } from './token.ts';

const longest = 30;

/** `` `mlp` ``, a long one cut. */
export function quote(image: string): string {
  const line = image.split(/\r?\n/, 1)[0]!;
  return line.length > longest ? `\`${line.slice(0, longest)}…\`` : `\`${line}\``;
}

/** Describes a token that was met, or what ends the text there. */
export function found(token: IToken | undefined, previous: IToken | undefined): string {
  if (token === undefined) return 'the end of the file';
  if (previous !== undefined && (previous.endLine ?? 0) < (token.startLine ?? 0)) return 'the end of the line';
  return is(token, t.Text) ? `the text ${quote(token.image)}` : quote(token.image);
}

/** The name that each rule needs, in words. */
const names: Readonly<Record<string, string>> = {
  let: 'the name of the constant',
  model: 'the name of the model',
  group: 'the name of a feature or group',
  block: 'the name of the block',
  parameter: 'the name of a parameter',
  tower: 'a name',
  task: 'the name of the task',
  data: 'the name of the data set',
  path: 'a name',
};

export function expected(type: TokenType, rule: string): string {
  if (type === t.Name) return names[rule] ?? 'a name';
  if (type === t.Text && rule === 'use') return 'a path in "quotes"';
  return type.LABEL ?? type.name;
}

/** The part that follows the sign in each rule that has one. */
export const signed: Readonly<Record<string, string>> = {
  typedEntry: 'a kind',
  towerEntry: 'a flow',
  entry: "an entry's value",
  dataEntry: "an entry's value",
  let: "a constant's value",
  group: "a group's list",
  block: "a block's flow",
  objective: 'the objective',
  retrieve: 'what is retrieved by',
  call: "an argument's value",
  searchEntry: '`one of` or a range',
};
