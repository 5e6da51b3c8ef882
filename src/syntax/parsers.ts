import type { CstNode, IToken } from 'chevrotain';
import { TowerParser } from '../../grammar/parser.ts';
import * as t from '../../grammar/tokens.ts';
import { type Complaint, complaintOf, facts } from './complaint.ts';
import { listGoesOn } from './lists.ts';
import { is, isAny } from './token.ts';

export type EntryRule = 'typedEntry' | 'towerEntry' | 'entry' | 'dataEntry' | 'columns' | 'searchEntry';

export type Rule = 'file' | 'declaration' | EntryRule;

export type Reading = { readonly node: CstNode } | { readonly complaint: Complaint };

/** Of the entries in the body of a declaration that begins with this word; nothing where it has no body. */
export function entryRule(word: IToken | undefined): EntryRule | undefined {
  if (isAny(word, [t.Features, t.Labels])) return 'typedEntry';
  if (is(word, t.Tower)) return 'towerEntry';
  if (is(word, t.Data)) return 'dataEntry';
  if (is(word, t.Search)) return 'searchEntry';
  return isAny(word, [t.Task, t.Train]) ? 'entry' : undefined;
}

/** `columns { … }`: an entry of a data block that has entries of its own. */
export function isColumns(rule: EntryRule, first: IToken | undefined, second: IToken | undefined): boolean {
  return rule === 'dataEntry' && is(first, t.Columns) && is(second, t.LeftBrace);
}

/** The tests hold the grammar to Chevrotain's own checks; here they would only cost time at every start. */
const settings = { errorMessageProvider: facts, skipValidations: true, listGoesOn };

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

/** What the parser itself can save of tokens that have a mistake which no correction knows. */
export function readForgivingly(rule: Rule, tokens: readonly IToken[]): CstNode | undefined {
  if (tokens.length > longest) return undefined;
  forgiving ??= new TowerParser(settings);
  forgiving.input = [...tokens];
  const node = forgiving[rule]() as CstNode | undefined;
  forgiving.input = [];
  return node?.location === undefined || Number.isNaN(node.location.startOffset) ? undefined : node;
}
