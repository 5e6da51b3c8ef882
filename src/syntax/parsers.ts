import type { CstNode, IToken } from 'chevrotain';
import { TowerParser } from '../../grammar/parser.ts';
import { type Complaint, complaintOf, facts } from './complaint.ts';

export type Rule = 'file' | 'declaration' | 'typedEntry' | 'towerEntry' | 'entry' | 'dataEntry' | 'columns';

export type Reading = { readonly node: CstNode } | { readonly complaint: Complaint };

/** The tests hold the grammar to Chevrotain's own checks; here they would only cost time at every start. */
const settings = { errorMessageProvider: facts, skipValidations: true };

let strict: TowerParser | undefined;
let forgiving: TowerParser | undefined;

/** Read all the tokens by one rule, up to the first mistake. Quick, also on texts that are no programs at all. */
export function readStrictly(rule: Rule, tokens: readonly IToken[]): Reading {
  strict ??= new TowerParser({ ...settings, recoveryEnabled: false });
  strict.input = [...tokens];
  const node = strict[rule]();
  const error = strict.errors[0];
  strict.input = [];
  return error === undefined ? { node } : { complaint: complaintOf(error, tokens) };
}

/** Longer entries are given up whole: the parser's own recovery looks far ahead, again and again. */
const longest = 1000;

/** What the parser itself can save of tokens that have a mistake which no mend knows. */
export function readForgivingly(rule: Rule, tokens: readonly IToken[]): CstNode | undefined {
  if (tokens.length > longest) return undefined;
  forgiving ??= new TowerParser(settings);
  forgiving.input = [...tokens];
  const node = forgiving[rule]() as CstNode | undefined;
  forgiving.input = [];
  return node?.location === undefined || Number.isNaN(node.location.startOffset) ? undefined : node;
}
