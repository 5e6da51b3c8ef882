import type { IParserErrorMessageProvider, IRecognitionException, IToken, TokenType } from 'chevrotain';
import { TowerParser } from '../../../grammar/parser.ts';
import * as t from '../../../grammar/tokens.ts';
import { findNearestName } from '../../base/text/nearest.ts';
import type { Source } from '../../base/text/source.ts';
import { meaningOf } from '../../base/text/synonyms.ts';
import { train } from '../library/declarations/train_declaration.ts';
import { entryNames, knownCalls, listEntries } from './known_calls.ts';
import { is, isAny } from './token.ts';

const trainEntries = Object.keys(train.entries);

/** True if an entry of this name has a list as its value. A misspelled name counts too, so that it causes only one error. */
function takesList(name: string): boolean {
  if (listEntries.has(name)) return true;
  if (entryNames.has(name)) return false;
  const meantEntry = meaningOf(name, 'train', trainEntries)?.write ?? findNearestName(name, trainEntries)?.name;
  return meantEntry !== undefined && listEntries.has(meantEntry);
}

/** True if a comma within an entry separates the values of a list, judged by the two tokens after the comma. */
export function listGoesOn(entry: string, next: IToken | undefined, after: IToken | undefined): boolean {
  if (!is(next, t.Name) || isAny(after, [t.Equals, t.Colon])) return false;
  // After a comma the name of an entry begins the next entry, even if its `=` is missing.
  if (entryNames.has(next!.image) && !isCall(next!, after)) return false;
  return takesList(entry);
}

/** `precision(10)` is a metric, but `precision bf16` is an entry without its `=`. */
function isCall(name: IToken, after: IToken | undefined): boolean {
  if (!knownCalls.has(name.image)) return false;
  return !isAny(after, [t.Name, t.NumberToken]) || after!.startLine !== name.startLine;
}

type LineRule = 'weights' | 'scan' | 'repeat' | 'carry' | 'definition' | 'give';
export type EntryRule = 'typedEntry' | 'towerEntry' | 'entry' | 'dataEntry' | 'columns' | 'searchEntry' | LineRule;

const lineRules: ReadonlyMap<TokenType | undefined, LineRule> = new Map([
  [t.Weights, 'weights'],
  [t.Scan, 'scan'],
  [t.Repeat, 'repeat'],
  [t.Give, 'give'],
]);

/** Returns the rule for a line of a formula. */
export function ruleOfLine([first, second]: readonly IToken[]): LineRule {
  if (is(second, t.Equals)) return 'definition';
  return lineRules.get(first?.tokenType) ?? 'definition';
}

/** The result of a rule; undefined for a node without a required part. */
export type RuleTree<R extends 'file' | 'declaration' | EntryRule> = ReturnType<TowerParser[R]>;

type ParseResult<T> = { readonly tree: T } | { readonly complaint: ParseError };

/** The rule for the entries of each declaration with a body, by the kind of its node, which is also the name of its keyword. */
export const entryRules: Readonly<Record<string, EntryRule>> = {
  Features: 'typedEntry',
  Labels: 'typedEntry',
  Tower: 'towerEntry',
  Task: 'entry',
  Train: 'entry',
  Search: 'searchEntry',
  Data: 'dataEntry',
};

/** True for `columns { … }`, an entry of a data block with entries of its own. */
export function isColumns(rule: EntryRule, first: IToken | undefined, second: IToken | undefined): boolean {
  return rule === 'dataEntry' && is(first, t.Columns) && is(second, t.LeftBrace);
}

// Users never see the messages of Chevrotain: an error becomes a `ParseError`.

/** The position where parsing stopped, and the reason. */
export interface ParseError {
  /** The rule that failed. */
  readonly rule: string;
  /** The expected token. Absent if there are several alternatives, or if the end was expected. */
  readonly expected?: TokenType;
  readonly because: 'mismatch' | 'no-alternative' | 'left-over';
  /** Index of the token that does not fit; the number of tokens if they ended too early. */
  readonly index: number;
}

/** Makes Chevrotain write why and where it stopped as its message, which `complaintOf` reads. */
const facts: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, ruleName }) => `mismatch ${ruleName} ${expected.name}`,
  buildNotAllInputParsedMessage: ({ ruleName }) => `left-over ${ruleName}`,
  buildNoViableAltMessage: ({ ruleName }) => `no-alternative ${ruleName}`,
  buildEarlyExitMessage: ({ ruleName }) => `no-alternative ${ruleName}`,
};

const types: ReadonlyMap<string, TokenType> = new Map(t.tokens.map((type) => [type.name, type]));

function complaintOf(error: IRecognitionException, input: readonly IToken[]): ParseError {
  const [because, rule, name] = error.message.split(' ') as [ParseError['because'], string, string | undefined];
  const tokenIndex = input.indexOf(error.token);
  const expectedType = name === undefined ? undefined : types.get(name);
  return { because, rule, expected: expectedType, index: tokenIndex === -1 ? input.length : tokenIndex };
}

let strict: TowerParser | undefined;

const noDocs: ReadonlyMap<number, string> = new Map();

/** Parses all tokens by one rule, up to the first error. It is fast even for arbitrary text. */
export function readStrictly<R extends 'file' | 'declaration' | EntryRule>(
  rule: R,
  source: Source,
  tokens: readonly IToken[],
  docs = noDocs,
): ParseResult<RuleTree<R>> {
  // Tests run Chevrotain's own checks of the grammar, which would only slow down each start here.
  strict ??= new TowerParser({ errorMessageProvider: facts, skipValidations: true, listGoesOn });
  strict.load(source, tokens, docs);
  const tree = strict[rule]() as RuleTree<R>;
  const firstError = strict.errors[0];
  strict.input = [];
  return firstError === undefined ? { tree } : { complaint: complaintOf(firstError, tokens) };
}
