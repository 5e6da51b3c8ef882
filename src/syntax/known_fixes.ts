/**
 * Common mistakes, one function each: it knows the mistake by where reading stopped, words it, and gives the tokens as they were
 * meant, so that reading goes on. The same change, in the text, is the fix that the editor offers.
 */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { diagnose } from '../diagnostics/diagnostic.ts';
import { nearest } from '../text/nearest.ts';
import type { Source } from '../text/source.ts';
import { isArgument } from '../text/synonyms.ts';
import { type Corrected, missingSign, needless, type Place, wrongSign } from './sign_mistakes.ts';
import { beginsLine, beginsValue, endOf, endsValue, inserted, is, isAny, replaced, spanOf } from './token.ts';
import { signed } from './words.ts';

<<<<<<<< HEAD:src/syntax/known_mistakes.ts
/** Knows one mistake by where reading stopped. */
export type KnownMistake = (place: Place) => Corrected | undefined;

/** `user-id : id`: a hyphen inside a name. */
const hyphenatedName: KnownMistake = ({ source, tokens, index, here, previous, expected: wanted }) => {
========
export interface Fixed {
  /** Absent where it is not certain what was meant: the complaint of the parser is then all that can be said. */
  readonly diagnostic?: Diagnostic;
  readonly tokens: IToken[];
}

interface Place extends Complaint {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly here: IToken | undefined;
  readonly previous: IToken | undefined;
}

type FixRule = (place: Place) => Fixed | undefined;

/**
 * The first fix that knows this mistake: one that is a habit, else the one change after which all reads, else the change that
 * lets reading go on.
 * @param whole what the tokens are to be read by
 */
export function knownFix(
  source: Source,
  tokens: readonly IToken[],
  complaint: Complaint,
  whole: 'declaration' | EntryRule,
): Fixed | undefined {
  const { index } = complaint;
  const place: Place = { ...complaint, source, tokens, here: tokens[index], previous: tokens[index - 1] };
  const habit = first(habits, place);
  if (habit) return habit;
  // `a, b` alone: what the names are was not written, and no sign that is changed says it.
  if (whole === 'typedEntry' && place.here === undefined && namesEnd(tokens, 0) === tokens.length) return undefined;
  return searched(place, whole) ?? first(steps, place);
}

function first(rules: readonly FixRule[], place: Place): Fixed | undefined {
  for (const one of rules) {
    const fixed = one(place);
    if (fixed) return fixed;
  }
  return undefined;
}

/** The one change after which all of it reads. */
function searched(place: Place, whole: 'declaration' | EntryRule): Fixed | undefined {
  const { source, tokens, rule } = place;
  const found = repair(whole, tokens, place);
  if (found === undefined) return undefined;
  const { change, index } = found;
  const [here, previous] = [tokens[index], tokens[index - 1]];
  const diagnostic = (): Diagnostic | undefined => {
    switch (change.kind) {
      case 'insert':
        if (change.type === t.Name) return missingPart(place, index);
        return found.certain ? missingSign({ ...place, index, here, previous }, change.type) : undefined;
      case 'remove':
        return found.certain ? needless(source, here!) : undefined;
      case 'replace':
        return found.certain ? wrongSign(source, here!, change.type, rule) : undefined;
      case 'swap':
        return found.certain ? swapped(source, here!, tokens[index + 1]!) : undefined;
    }
  };
  const said = diagnostic();
  return { ...defined({ diagnostic: said }), tokens: found.tokens };
}

/** Where a name or value had to be made up. */
function missingPart({ source, tokens, rule, expected: wanted }: Place, index: number): Diagnostic | undefined {
  const [here, previous] = [tokens[index], tokens[index - 1]];
  if (previous === undefined) {
    const facts = { expected: expected(t.Name, rule), found: found(here, undefined) };
    return diagnose('unexpected-text', spanOf(source, here!), facts);
  }
  const what = is(previous, t.Arrow) ? 'a step' : wanted === t.Name ? expected(t.Name, rule) : 'a value';
  return diagnose('missing-part', spanOf(source, previous), { what, after: quote(previous.image) });
}

function needless(source: Source, token: IToken): Diagnostic {
  const at = spanOf(source, token);
  return diagnose('needless-sign', at, { sign: quote(token.image) }, { fixes: [[{ at, text: '' }]] });
}

function swapped(source: Source, one: IToken, other: IToken): Diagnostic {
  const at = { source, start: one.startOffset, end: endOf(other) };
  const between = source.text.slice(endOf(one), other.startOffset);
  const text = `${other.image}${between}${one.image}`;
  return diagnose(
    'swapped-words',
    at,
    { first: quote(other.image), second: quote(one.image) },
    { fixes: [[{ at, text }]] },
  );
}

/** `user-id : id`: a hyphen inside a name. */
const hyphenatedName: FixRule = ({ source, tokens, index, here, previous, expected: wanted }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
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
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const hyphenatedArgument: KnownMistake = (place) => {
========
const hyphenatedArgument: FixRule = (place) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
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
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const equalsOrColon: KnownMistake = ({ source, tokens, index, here, rule, expected: wanted }) => {
========
const equalsOrColon: FixRule = ({ source, tokens, index, here, rule, expected: wanted }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  if (!isAny(here, [t.Equals, t.Colon]) || !isAny2(wanted, [t.Equals, t.Colon])) return undefined;
  return swap(source, tokens, index, wanted!, signed[rule] ?? 'this');
};

/** `mlp(64, activation = tanh)` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const equalsInArguments: KnownMistake = ({ source, tokens, index, here, rule, previous }) => {
========
const equalsInArguments: FixRule = ({ source, tokens, index, here, rule, previous }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const named = is(previous, t.Name) && isAny(tokens[index - 2], [t.LeftParenthesis, t.Comma]);
  if (rule !== 'call' || !is(here, t.Equals) || !named) return undefined;
  return swap(source, tokens, index, t.Colon, signed.call!);
};

/** `block deep(width: 64)` */
const colonInParameters: KnownMistake = ({ source, tokens, index, here, rule, previous }) => {
  if (rule !== 'block' || !is(here, t.Colon) || !is(previous, t.Name)) return undefined;
  return swap(source, tokens, index, t.Equals, "a parameter's default");
};

/** `chanel main = …` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const misspeltWord: KnownMistake = ({ source, tokens, index, here, rule, expected: wanted }) => {
========
const misspeltWord: FixRule = ({ source, tokens, index, here, rule, expected: wanted }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const words: readonly TokenType[] =
    rule === 'towerEntry' && wanted === t.Equals ? [t.Channel] : rule === 'tower' ? [t.Keyed, t.By] : [];
  // The word itself may have been read as the name that it is before.
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

/** `tower user(profile) by user_id`, `tower user(profile) keyed user_id`, `items = "films.csv" film_id` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const keyedBy: KnownMistake = (place) => {
========
const keyedBy: FixRule = (place) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const joined = place.rule === 'dataEntry' && place.because === 'left-over' && is(place.previous, t.Text);
  if (joined && is(place.here, t.Name) && place.index + 1 === place.tokens.length && !is(place.here, t.By)) {
    return insert(place, t.By, 'by ');
  }
  if (place.rule !== 'tower') return undefined;
  if (is(place.here, t.By) && place.expected === t.LeftBrace) return insert(place, t.Keyed, 'keyed ');
  const key = is(place.tokens[place.index + 1], t.LeftBrace) && !isAny(place.here, [t.Keyed, t.By]);
  if (key && is(place.here, t.Name) && place.expected === t.By) return insert(place, t.By, 'by ');
  return undefined;
};

/** `batch 1024`, `user_id id(dim: 8)` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const missingEquals: KnownMistake = (place) => {
========
const missingEquals: FixRule = (place) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const { expected: wanted, here, previous } = place;
  if (!isAny2(wanted, [t.Equals, t.Colon]) || !beginsValue(here) || !is(previous, t.Name)) return undefined;
  if (beginsLine(place.tokens, place.index)) return undefined;
  return insert(place, wanted!, wanted === t.Equals ? '= ' : ': ');
};

/** `mlp(256 128)`, `[18 25]`, `group profile = age gender` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const missingComma: KnownMistake = (place) => {
========
const missingComma: FixRule = (place) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const { rule, here, previous, expected: wanted, because } = place;
  const inList =
    isAny2(wanted, [t.RightParenthesis, t.RightBracket]) && ['call', 'list', 'tower', 'block'].includes(rule);
  const inGroup = because === 'left-over' && is(place.tokens[0], t.Group) && is(here, t.Name);
  if (!(inList || inGroup) || !beginsValue(here) || !endsValue(previous)) return undefined;
  // `id(dim 32)`: the name of an argument, before its value.
  const named = is(previous, t.Name) && isAny(place.tokens[place.index - 2], [t.LeftParenthesis, t.Comma]);
  const value = isAny(here, [t.NumberToken, t.Text, t.LeftBracket]);
  if (rule === 'call' && named && value && isArgument(previous!.image)) return insert(place, t.Colon, ':');
  return insert(place, t.Comma, ', ');
};

/** `channel main = profile mlp(64)` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const missingArrow: KnownMistake = (place) => {
========
const missingArrow: FixRule = (place) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const { tokens, here, previous, because } = place;
  const flow = isAny(tokens[0], [t.Channel, t.Block, t.Shared]) || tokens.some((token) => is(token, t.Arrow));
  if (because !== 'left-over' || !flow || !is(here, t.Name) || !endsValue(previous)) return undefined;
  return insert(place, t.Arrow, '-> ');
};

/** `a, b, : id(…)`: a comma after the last of several names. */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const commaBeforeColon: KnownMistake = ({ source, tokens, index, here, previous, rule }) => {
========
const commaBeforeColon: FixRule = ({ source, tokens, index, here, previous, rule }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  if (rule !== 'typedEntry' || !is(here, t.Colon) || !is(previous, t.Comma)) return undefined;
  return { diagnostic: needless(source, previous!), tokens: tokens.toSpliced(index - 1, 1) };
};

/** `a, , b`, `(, a)`, `a -> -> b`, `group profile = a, b,` */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
const needlessSign: KnownMistake = ({ source, tokens, index, here, previous, because }) => {
========
const needlessSign: FixRule = ({ source, tokens, index, here, previous, because }) => {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const commas =
    is(here, t.Comma) && (because === 'left-over' || isAny(previous, [t.Comma, t.LeftParenthesis, t.LeftBracket]));
  const doubled = isAny(here, [t.Arrow, t.Equals, t.Colon]) && is(previous, here!.tokenType);
  const dangling = here === undefined && is(previous, t.Comma) && is(tokens[0], t.Group);
  if (!commas && !doubled && !dangling) return undefined;
  const at = dangling ? index - 1 : index;
  const certain = (doubled && !is(here, t.Arrow)) || (is(previous, t.Comma) && endOf(previous!) === here?.startOffset);
  return {
    ...(certain ? { diagnostic: needless(source, tokens[at]!) } : {}),
    tokens: tokens.toSpliced(at, 1),
  };
};

<<<<<<<< HEAD:src/syntax/known_mistakes.ts
/** What people write by habit. */
export const habits: readonly KnownMistake[] = [
========
const habits: readonly FixRule[] = [
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  hyphenatedName,
  hyphenatedArgument,
  commaBeforeColon,
  equalsOrColon,
  equalsInArguments,
  colonInParameters,
  misspeltWord,
  keyedBy,
];

/** Each looks at one place alone: for entries with several mistakes. */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
export const steps: readonly KnownMistake[] = [needlessSign, missingEquals, missingComma, missingArrow];
========
const steps: readonly FixRule[] = [needlessSign, missingEquals, missingComma, missingArrow];
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts

function isAny2(type: TokenType | undefined, types: readonly TokenType[]): boolean {
  return type !== undefined && types.includes(type);
}

<<<<<<<< HEAD:src/syntax/known_mistakes.ts
function swap(source: Source, tokens: readonly IToken[], index: number, type: TokenType, what: string): Corrected {
========
function swap(source: Source, tokens: readonly IToken[], index: number, type: TokenType, what: string): Fixed {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const token = tokens[index]!;
  return {
    diagnostic: wrongSign(source, token, type, '', what),
    tokens: tokens.toSpliced(index, 1, replaced(token, type, type.PATTERN as string)),
  };
}

/** Put a token before the one that does not fit. */
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
function insert(place: Place, type: TokenType, text: string): Corrected {
========
function insert(place: Place, type: TokenType, text: string): Fixed {
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
  const { tokens, index, previous } = place;
  return {
    diagnostic: missingSign(place, type, text),
    tokens: tokens.toSpliced(index, 0, inserted(type, type.PATTERN as string, previous!)),
  };
}
<<<<<<<< HEAD:src/syntax/known_mistakes.ts
========

/** Signs that are right after what they follow. */
const close = [t.Comma, t.Colon, t.Dot];

function missingSign({ source, here, previous, rule }: Place, type: TokenType, text?: string): Diagnostic {
  const image = type.PATTERN as string;
  const at = { source, start: here!.startOffset, end: here!.startOffset };
  const joined = close.includes(type) && text === undefined;
  const edit = joined || type === t.Comma ? after(source, previous!) : at;
  const blank = source.text.slice(endOf(previous!), here!.startOffset) === '' && type !== t.Dot ? ' ' : '';
  const written = type === t.Comma ? `,${blank}` : joined ? `${image}${blank}` : (text ?? `${image} `);
  const facts = { sign: expected(type, rule), before: quote(here!.image) };
  return diagnose('missing-sign', spanOf(source, here!), facts, { fixes: [[{ at: edit, text: written }]] });
}
>>>>>>>> 022345b (Name parts of the code as the field does):src/syntax/known_fixes.ts
