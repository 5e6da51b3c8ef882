/**
 * Corrects common errors, with one function for each. It recognizes the error at the token where parsing failed, describes it, and returns the
 * intended tokens, so that parsing can continue. The same change of the text is the fix in the editor.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import { type Source, spanText } from '../../base/text/source.ts';
import { isArgument } from '../../base/text/synonyms.ts';
import { namesEnd } from './layout.ts';
import { type CorrectedTokens, missingSign, needless, type ParseStop, wrongSign } from './sign_mistakes.ts';
import {
  beginsLine,
  beginsValue,
  endOf,
  endsValue,
  imageOf,
  inserted,
  is,
  isAny,
  quote,
  replaced,
  signed,
  spanOf,
  writing,
} from './token.ts';

/** Recognizes one error at the token where parsing failed. */
export type CommonErrorRule = (place: ParseStop) => CorrectedTokens | undefined;

/** Corrects a hyphen within a name: `user-id : id`. */
const hyphenatedName: CommonErrorRule = ({ source, tokens, index, here, previous, expected: wanted }) => {
  const nextToken = tokens[index + 1];
  if (wanted === undefined && !is(tokens[0], t.Group)) return undefined;
  if (!is(here, t.Minus) || !is(previous, t.Name) || !is(nextToken, t.Name)) return undefined;
  if (endOf(previous!) !== here!.startOffset || endOf(here!) !== nextToken!.startOffset) return undefined;
  const nameSpan = { source, start: previous!.startOffset, end: endOf(nextToken!) };
  const name = spanText(nameSpan);
  const proper = `${previous!.image}_${nextToken!.image}`;
  const joinedName = {
    ...replaced(previous!, t.Identifier, proper),
    endOffset: nextToken!.endOffset!,
    endColumn: nextToken!.endColumn!,
  };
  return {
    diagnostic: diagnose('malformed-name', nameSpan, { name, proper }, writing(nameSpan, proper)),
    tokens: tokens.toSpliced(index - 1, 3, joinedName),
  };
};

/** Corrects a hyphen within the name of an argument: `softmax(accidental-hits: mask)`. */
const hyphenatedArgument: CommonErrorRule = (place) => {
  const { tokens, index, here, rule } = place;
  if (rule !== 'call' || !is(here, t.Colon) || !isAny(tokens[index - 4], [t.LeftParenthesis, t.Comma]))
    return undefined;
  return hyphenatedName({
    ...place,
    index: index - 2,
    here: tokens[index - 2],
    previous: tokens[index - 3],
    expected: t.Name,
  });
};

/** Corrects `gender = category()` among features, and `batch : 64` in a task. */
const equalsOrColon: CommonErrorRule = ({ source, tokens, index, here, rule, expected: wanted }) => {
  if (!isAny(here, [t.Equals, t.Colon]) || !isOneOf(wanted, [t.Equals, t.Colon])) return undefined;
  return swap(source, tokens, index, wanted!, signed[rule] ?? 'this');
};

/** Corrects `mlp(64, activation = tanh)`. */
const equalsInArguments: CommonErrorRule = ({ source, tokens, index, here, rule, previous }) => {
  const isNamedArgument = is(previous, t.Name) && isAny(tokens[index - 2], [t.LeftParenthesis, t.Comma]);
  if (rule !== 'call' || !is(here, t.Equals) || !isNamedArgument) return undefined;
  return swap(source, tokens, index, t.Colon, signed.call!);
};

/** Corrects `block deep(width: 64)` and `block deep: flatten`. */
const colonInBlock: CommonErrorRule = ({ source, tokens, index, here, rule, previous }) => {
  if (rule === 'parameter' && is(previous, t.Colon))
    return swap(source, tokens, index - 1, t.Equals, "a parameter's default");
  return rule === 'block' && is(here, t.Colon) ? swap(source, tokens, index, t.Equals, signed.block!) : undefined;
};

/** Corrects a misspelled keyword: `chanel main = …`. */
const misspeltWord: CommonErrorRule = ({ source, tokens, index, here, rule, expected: wanted }) => {
  const meantTypes: readonly TokenType[] =
    rule === 'towerEntry' && wanted === t.Equals ? [t.Channel] : rule === 'tower' ? [t.Keyed, t.By] : [];
  // The misspelled keyword may have been parsed as the name that follows it.
  const wordIndex = rule === 'towerEntry' ? index - 1 : index;
  const misspeltToken = tokens[wordIndex];
  if (misspeltToken === undefined || !is(here, t.Name) || !is(misspeltToken, t.Identifier)) return undefined;
  const image = findNearest(misspeltToken.image, meantTypes.map(imageOf));
  const wordType = meantTypes.find((word) => imageOf(word) === image);
  if (image === undefined || wordType === undefined) return undefined;
  const span = spanOf(source, misspeltToken);
  const facts = { found: misspeltToken.image, word: image };
  return {
    diagnostic: diagnose('misspelt-word', span, facts, writing(span, image)),
    tokens: tokens.toSpliced(wordIndex, 1, replaced(misspeltToken, wordType)),
  };
};

const assignmentWords = new Set(['let', 'var', 'val', 'const', 'def', 'auto', 'float', 'tensor', 'self']);

/** Removes the word of other languages before an entry: `let a = …`. */
const wordBeforeEntry: CommonErrorRule = ({ source, tokens, index, here, previous, expected: wanted }) => {
  const isBefore = wanted === t.Equals && is(here, t.Name) && is(tokens[index + 1], t.Equals);
  if (!isBefore || index !== 1 || !assignmentWords.has(previous!.image)) return undefined;
  return { diagnostic: needless(source, previous!), tokens: tokens.slice(1) };
};

/** Inserts missing words: `tower user(profile) by user_id`, `tower user(profile) keyed user_id`, `items = "films.csv" film_id`. */
const keyedBy: CommonErrorRule = (place) => {
  const followsJoinedFile = place.rule === 'dataEntry' && place.because === 'left-over' && is(place.previous, t.Text);
  if (followsJoinedFile && is(place.here, t.Name) && place.index + 1 === place.tokens.length && !is(place.here, t.By)) {
    return insert(place, t.By, 'by ');
  }
  if (place.rule !== 'tower') return undefined;
  if (is(place.here, t.By) && place.expected === t.LeftBrace) return insert(place, t.Keyed, 'keyed ');
  const isKey = is(place.tokens[place.index + 1], t.LeftBrace) && !isAny(place.here, [t.Keyed, t.By]);
  if (isKey && is(place.here, t.Name) && place.expected === t.By) return insert(place, t.By, 'by ');
  return undefined;
};

/** Inserts a missing `=` or `:`: `batch 1024`, `user_id id(dim: 8)`. */
const missingEquals: CommonErrorRule = (place) => {
  const { expected: wanted, here, previous } = place;
  if (!isOneOf(wanted, [t.Equals, t.Colon]) || !beginsValue(here) || !is(previous, t.Name)) return undefined;
  if (beginsLine(place.tokens, place.index)) return undefined;
  return insert(place, wanted!, wanted === t.Equals ? '= ' : ': ');
};

/** Inserts a missing comma: `mlp(256 128)`, `[18 25]`, `group profile = age gender`. */
const missingComma: CommonErrorRule = (place) => {
  const { rule, here, previous, expected: wanted, because } = place;
  const inList =
    isOneOf(wanted, [t.RightParenthesis, t.RightBracket]) && ['call', 'list', 'tower', 'block'].includes(rule);
  const inGroup = because === 'left-over' && is(place.tokens[0], t.Group) && is(here, t.Name);
  if (!(inList || inGroup) || !beginsValue(here) || !endsValue(previous)) return undefined;
  // In `id(dim 32)` the colon after the name of an argument is missing.
  const followsArgumentName =
    is(previous, t.Name) && isAny(place.tokens[place.index - 2], [t.LeftParenthesis, t.Comma]);
  const isPlainValue = isAny(here, [t.NumberToken, t.Text, t.LeftBracket]);
  if (rule === 'call' && followsArgumentName && isPlainValue && isArgument(previous!.image))
    return insert(place, t.Colon, ':');
  return insert(place, t.Comma, ', ');
};

/** Inserts a missing arrow: `channel main = profile mlp(64)`. */
const missingArrow: CommonErrorRule = (place) => {
  const { tokens, here, previous, because } = place;
  const isFlow = isAny(tokens[0], [t.Channel, t.Block, t.Shared]) || tokens.some((token) => is(token, t.Arrow));
  if (because !== 'left-over' || !isFlow || !is(here, t.Name) || !endsValue(previous)) return undefined;
  return insert(place, t.Arrow, '-> ');
};

/** Adds the brackets of `sum over t (x)` around one operand; around more, how far it goes is unknown. */
const bareOver: CommonErrorRule = ({ source, tokens, index, here, previous, expected: wanted, because }) => {
  const isWithin = wanted === t.LeftParenthesis && isAny(tokens[index - 2], [t.Over, t.Comma]);
  const at = isWithin ? index : because === 'left-over' && is(here, t.Over) ? namesEnd(tokens, index + 1) : -1;
  if (at === -1 || !is(isWithin ? previous : tokens[index - 1], t.Name) || !beginsValue(tokens[at])) return undefined;
  const [operand, after] = [tokens[at]!, tokens[at + 1]];
  const span = spanOf(source, operand);
  const isOne = !after || beginsLine(tokens, at + 1) || is(after, t.RightParenthesis);
  const fix = isOne ? writing(span, `(${operand.image})`) : { fixes: [] };
  const opened = tokens.toSpliced(at, 0, inserted(t.LeftParenthesis, tokens[at - 1]!));
  return {
    diagnostic: diagnose('missing-sign', span, { sign: '`(`', before: quote(operand.image) }, fix),
    tokens: isOne ? opened.toSpliced(at + 2, 0, inserted(t.RightParenthesis, operand)) : [],
  };
};

/** Removes surplus punctuation: `a, , b`, `(, a)`, `a -> -> b`, `group profile = a, b,`. */
const needlessSign: CommonErrorRule = ({ source, tokens, index, here, previous, because }) => {
  const isNeedlessComma =
    is(here, t.Comma) && (because === 'left-over' || isAny(previous, [t.Comma, t.LeftParenthesis, t.LeftBracket]));
  const isDoubled = isAny(here, [t.Arrow, t.Equals, t.Colon]) && is(previous, here!.tokenType);
  const isDangling = here === undefined && is(previous, t.Comma) && is(tokens[0], t.Group);
  if (!isNeedlessComma && !isDoubled && !isDangling) return undefined;
  const signIndex = isDangling ? index - 1 : index;
  const isCertain =
    (isDoubled && !is(here, t.Arrow)) || (is(previous, t.Comma) && endOf(previous!) === here?.startOffset);
  return {
    ...(isCertain ? { diagnostic: needless(source, tokens[signIndex]!) } : {}),
    tokens: tokens.toSpliced(signIndex, 1),
  };
};

/** Corrections of habits, which are tried before any search. */
export const habits: readonly CommonErrorRule[] = [
  hyphenatedName,
  hyphenatedArgument,
  equalsOrColon,
  equalsInArguments,
  colonInBlock,
  misspeltWord,
  wordBeforeEntry,
  keyedBy,
  bareOver,
];

/** Corrections that need only one position, for entries with several errors. */
export const steps: readonly CommonErrorRule[] = [needlessSign, missingEquals, missingComma, missingArrow];

function isOneOf(type: TokenType | undefined, types: readonly TokenType[]): boolean {
  return type !== undefined && types.includes(type);
}

function swap(
  source: Source,
  tokens: readonly IToken[],
  index: number,
  type: TokenType,
  what: string,
): CorrectedTokens {
  const token = tokens[index]!;
  return {
    diagnostic: wrongSign(source, token, type, '', what),
    tokens: tokens.toSpliced(index, 1, replaced(token, type)),
  };
}

/** Inserts a token in front of the one that does not fit. */
function insert(place: ParseStop, type: TokenType, text: string): CorrectedTokens {
  const { tokens, index, previous } = place;
  return { diagnostic: missingSign(place, type, text), tokens: tokens.toSpliced(index, 0, inserted(type, previous!)) };
}
