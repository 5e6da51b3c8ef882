/**
 * Common mistakes, one function each: it knows the mistake by where reading stopped, words it, and gives the tokens as they were
 * meant, so that reading goes on. The same change, in the text, is the fix that the editor offers.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import { nearest } from '../text/nearest.ts';
import type { Source } from '../text/source.ts';
import { isArgument } from '../text/synonyms.ts';
import type { Complaint } from './complaint.ts';
import { after, beginsLine, beginsValue, endOf, endsValue, inserted, is, isAny, replaced, spanOf } from './token.ts';
import { expected, quote, signed } from './words.ts';

export interface Mended {
  readonly diagnostic: Diagnostic;
  readonly tokens: IToken[];
}

interface Place extends Complaint {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly here: IToken | undefined;
  readonly previous: IToken | undefined;
}

type Mend = (place: Place) => Mended | undefined;

/** The first mend that knows this mistake. */
export function mend(source: Source, tokens: readonly IToken[], complaint: Complaint): Mended | undefined {
  const { index } = complaint;
  const place: Place = { ...complaint, source, tokens, here: tokens[index], previous: tokens[index - 1] };
  for (const one of mends) {
    const mended = one(place);
    if (mended) return mended;
  }
  return undefined;
}

/** `user-id : id`: a hyphen inside a name. */
const hyphenatedName: Mend = ({ source, tokens, index, here, previous, expected: wanted }) => {
  const next = tokens[index + 1];
  if (
    (wanted === undefined && !is(tokens[0], t.Group)) ||
    !is(here, t.Minus) ||
    !is(previous, t.Name) ||
    !is(next, t.Name)
  )
    return undefined;
  if (endOf(previous!) !== here!.startOffset || endOf(here!) !== next!.startOffset) return undefined;
  const at = { source, start: previous!.startOffset, end: endOf(next!) };
  const proper = `${previous!.image}_${next!.image}`;
  const name = {
    ...replaced(previous!, t.Identifier, proper),
    endOffset: next!.endOffset!,
    endColumn: next!.endColumn!,
  };
  return {
    diagnostic: diagnose(
      'malformed-name',
      at,
      { name: `${previous!.image}-${next!.image}`, proper },
      { fixes: [[{ at, text: proper }]] },
    ),
    tokens: tokens.toSpliced(index - 1, 3, name),
  };
};

/** `softmax(accidental-hits: mask)`: a hyphen inside the name of an argument. */
const hyphenatedArgument: Mend = (place) => {
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

/** `gender = category()` among features, `batch : 64` in a task. */
const equalsOrColon: Mend = ({ source, tokens, index, here, rule, expected: wanted }) => {
  if (!isAny(here, [t.Equals, t.Colon]) || !isAny2(wanted, [t.Equals, t.Colon])) return undefined;
  return swap(source, tokens, index, wanted!, signed[rule] ?? 'this');
};

/** `mlp(64, activation = tanh)` */
const equalsInArguments: Mend = ({ source, tokens, index, here, rule, previous }) => {
  const named = is(previous, t.Name) && isAny(tokens[index - 2], [t.LeftParenthesis, t.Comma]);
  if (rule !== 'call' || !is(here, t.Equals) || !named) return undefined;
  return swap(source, tokens, index, t.Colon, signed.call!);
};

/** `chanel main = …` */
const misspeltWord: Mend = ({ source, tokens, index, here, rule, expected: wanted }) => {
  const words: readonly TokenType[] =
    rule === 'towerEntry' && wanted === t.Equals ? [t.Channel] : rule === 'tower' ? [t.Keyed, t.By] : [];
  // The word itself may have been read as the name that it stands before.
  const at = rule === 'towerEntry' ? index - 1 : index;
  const token = tokens[at];
  if (token === undefined || !is(here, t.Name) || !is(token, t.Identifier)) return undefined;
  const image = nearest(
    token.image,
    words.map((word) => word.PATTERN as string),
  );
  const type = words.find((word) => word.PATTERN === image);
  if (image === undefined || type === undefined) return undefined;
  const span = spanOf(source, token);
  return {
    diagnostic: diagnose(
      'misspelt-word',
      span,
      { found: token.image, word: image },
      { fixes: [[{ at: span, text: image }]] },
    ),
    tokens: tokens.toSpliced(at, 1, replaced(token, type, image)),
  };
};

/** `tower user(profile) by user_id`, `tower user(profile) keyed user_id` */
const keyedBy: Mend = (place) => {
  if (place.rule !== 'tower') return undefined;
  if (is(place.here, t.By) && place.expected === t.LeftBrace) return insert(place, t.Keyed, 'keyed ');
  if (is(place.here, t.Name) && place.expected === t.By) return insert(place, t.By, 'by ');
  return undefined;
};

/** `batch 1024`, `user_id id(dim: 8)` */
const missingEquals: Mend = (place) => {
  const { expected: wanted, here, previous } = place;
  if (!isAny2(wanted, [t.Equals, t.Colon]) || !beginsValue(here) || !is(previous, t.Name)) return undefined;
  if (beginsLine(place.tokens, place.index)) return undefined;
  return insert(place, wanted!, wanted === t.Equals ? '= ' : ': ');
};

/** `mlp(256 128)`, `[18 25]`, `group profile = age gender` */
const missingComma: Mend = (place) => {
  const { rule, here, previous, expected: wanted, because } = place;
  const inList = isAny2(wanted, [t.RightParenthesis, t.RightBracket]) && ['call', 'list', 'tower'].includes(rule);
  const inGroup = because === 'left-over' && is(place.tokens[0], t.Group) && is(here, t.Name);
  if (!(inList || inGroup) || !beginsValue(here) || !endsValue(previous)) return undefined;
  // `id(dim 32)`: the name of an argument, before its value.
  const named = is(previous, t.Name) && isAny(place.tokens[place.index - 2], [t.LeftParenthesis, t.Comma]);
  const value = isAny(here, [t.NumberToken, t.Text, t.LeftBracket]);
  if (rule === 'call' && named && value && isArgument(previous!.image)) return insert(place, t.Colon, ':');
  return insert(place, t.Comma, ', ');
};

/** `channel main = profile mlp(64)` */
const missingArrow: Mend = (place) => {
  const { tokens, here, previous, because } = place;
  const flow = isAny(tokens[0], [t.Channel, t.Block, t.Shared]) || tokens.some((token) => is(token, t.Arrow));
  if (because !== 'left-over' || !flow || !is(here, t.Name) || !endsValue(previous)) return undefined;
  return insert(place, t.Arrow, '-> ');
};

/** `a, , b`, `(, a)`, `a -> -> b`, `group profile = a, b,` */
const needlessSign: Mend = ({ source, tokens, index, here, previous, because }) => {
  const commas =
    is(here, t.Comma) && (because === 'left-over' || isAny(previous, [t.Comma, t.LeftParenthesis, t.LeftBracket]));
  const repeated = isAny(here, [t.Arrow, t.Equals, t.Colon]) && is(previous, here!.tokenType);
  const dangling = here === undefined && is(previous, t.Comma) && is(tokens[0], t.Group);
  if (!commas && !repeated && !dangling) return undefined;
  const at = dangling ? index - 1 : index;
  const span = spanOf(source, tokens[at]!);
  return {
    diagnostic: diagnose(
      'needless-sign',
      span,
      { sign: quote(tokens[at]!.image) },
      { fixes: [[{ at: span, text: '' }]] },
    ),
    tokens: tokens.toSpliced(at, 1),
  };
};

const mends: readonly Mend[] = [
  hyphenatedName,
  hyphenatedArgument,
  equalsOrColon,
  equalsInArguments,
  needlessSign,
  misspeltWord,
  keyedBy,
  missingEquals,
  missingComma,
  missingArrow,
];

function isAny2(type: TokenType | undefined, types: readonly TokenType[]): boolean {
  return type !== undefined && types.includes(type);
}

function swap(source: Source, tokens: readonly IToken[], index: number, type: TokenType, what: string): Mended {
  const token = tokens[index]!;
  const at = spanOf(source, token);
  const image = type.PATTERN as string;
  return {
    diagnostic: diagnose(
      'wrong-sign',
      at,
      { what, sign: quote(image), found: quote(token.image) },
      { fixes: [[{ at, text: image }]] },
    ),
    tokens: tokens.toSpliced(index, 1, replaced(token, type, image)),
  };
}

/** Put a token before the one that does not fit. */
function insert({ source, tokens, index, here, previous, rule }: Place, type: TokenType, text: string): Mended {
  const image = type.PATTERN as string;
  const at = { source, start: here!.startOffset, end: here!.startOffset };
  const edit = text === ':' || type === t.Comma ? after(source, previous!) : at;
  return {
    diagnostic: diagnose(
      'missing-sign',
      spanOf(source, here!),
      { sign: expected(type, rule), before: quote(here!.image) },
      { fixes: [[{ at: edit, text: type === t.Comma ? ',' : text }]] },
    ),
    tokens: tokens.toSpliced(index, 0, inserted(type, image, previous!)),
  };
}
