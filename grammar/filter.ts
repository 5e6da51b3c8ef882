/**
 * Parses filters of items, such as `year >= 1990 and 'Drama' in genres`. Names, numbers and texts are those of the language. The grammar knows nothing about
 * columns and their types. The comment above a rule is its production.
 */
import {
  createToken,
  EmbeddedActionsParser,
  type IToken,
  Lexer,
  type TokenType,
  tokenLabel,
  tokenMatcher,
} from 'chevrotain';
import * as t from './tokens.ts';

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export interface FilterSpan {
  /** UTF-16 offsets, half-open. */
  readonly start: number;
  readonly end: number;
}

/** An operand with its image in the source: a name without quotes, a number or a text with its sign or quotes. */
export type FilterOperand = FilterSpan &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'number'; readonly image: string }
    | { readonly kind: 'text'; readonly image: string }
    | { readonly kind: 'truth'; readonly value: boolean }
  );

export type FilterTree =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly FilterTree[] }
  | { readonly kind: 'not'; readonly term: FilterTree }
  | { readonly kind: 'compare'; readonly by: Comparison; readonly left: FilterOperand; readonly right: FilterOperand }
  | {
      readonly kind: 'in';
      readonly isNot: boolean;
      readonly left: FilterOperand;
      readonly right: FilterOperand | readonly FilterOperand[];
    }
  | { readonly kind: 'null'; readonly isNot: boolean; readonly operand: FilterOperand }
  | { readonly kind: 'alone'; readonly operand: FilterOperand };

/** Describes what was found and what was expected, in words. */
interface FilterError extends FilterSpan {
  readonly found: string;
  readonly expected: string;
  /** Advice, if it differs from writing what was expected. */
  readonly advice?: string;
}

export type ReadFilter = { readonly tree: FilterTree } | { readonly mistake: FilterError };

const token = (name: string, pattern: RegExp | string, label: string, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern, label, categories, line_breaks: false });

const keywords: TokenType[] = [];

/** Makes a keyword, in lower or upper case, and adds it to the keywords. */
function word(image: string): TokenType {
  const type = createToken({
    name: `Filter${image}`,
    pattern: new RegExp(image, 'i'),
    label: `\`${image}\``,
    longer_alt: [t.ForeignName, t.Identifier],
    line_breaks: false,
  });
  keywords.push(type);
  return type;
}

const And = word('and');
const Or = word('or');
const Not = word('not');
const In = word('in');
const Is = word('is');
const Null = word('null');
const True = word('true');
const False = word('false');
const Compare = token('Compare', /<=|>=|<>|!=|==|=|<|>/, 'a comparison such as `=`');
const QuotedName = token('QuotedName', /`[^`\r\n]+`/, 'a column', [t.Name]);
const SingleText = token('SingleText', /'(?:[^'\\\r\n]|\\[^\r\n])*'/, "a text in 'quotes'", [t.Text]);
const Open = token('UnclosedQuote', /["'`][^\r\n]*/, 'a text');
/** Matches what is not part of a filter: two operators of other languages, or one character. */
const Other = createToken({ name: 'Other', pattern: /&&|\|\||[\s\S]/, line_breaks: true });

const tokens = [
  t.Blank,
  ...keywords,
  t.Identifier,
  t.ForeignName,
  t.NumberToken,
  t.MalformedNumber,
  t.Text,
  SingleText,
  QuotedName,
  Open,
  Compare,
  t.LeftParenthesis,
  t.RightParenthesis,
  t.LeftBracket,
  t.RightBracket,
  t.Comma,
  t.Minus,
  Other,
  t.Name,
];

const placeOf = (first: IToken, last = first): FilterSpan => ({
  start: first.startOffset,
  end: last.startOffset + last.image.length,
});

class FilterParser extends EmbeddedActionsParser {
  constructor() {
    super(tokens, {
      maxLookahead: 2,
      skipValidations: true,
      // The message says only what was expected, because the token shows what was found.
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
        buildNoViableAltMessage: () => 'a column, a number or a text',
        buildEarlyExitMessage: () => 'a column, a number or a text',
        buildNotAllInputParsedMessage: () => '`and`, `or` or the end of the filter',
      },
    });
    this.performSelfAnalysis();
  }

  /** filter = either */
  readonly filter = this.RULE('filter', (): FilterTree => this.SUBRULE(this.either));

  /** either = both { "or" both } */
  readonly either = this.RULE('either', (): FilterTree => {
    const terms = [this.SUBRULE(this.both)];
    this.MANY(() => {
      this.CONSUME(Or);
      terms.push(this.SUBRULE2(this.both));
    });
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  });

  /** both = negated { "and" negated } */
  readonly both = this.RULE('both', (): FilterTree => {
    const terms = [this.SUBRULE(this.negated)];
    this.MANY(() => {
      this.CONSUME(And);
      terms.push(this.SUBRULE2(this.negated));
    });
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  });

  /** negated = "not" negated | "(" either ")" | condition */
  readonly negated = this.RULE(
    'negated',
    (): FilterTree =>
      this.OR([
        {
          ALT: (): FilterTree => {
            this.CONSUME(Not);
            return { kind: 'not', term: this.SUBRULE(this.negated) };
          },
        },
        {
          ALT: (): FilterTree => {
            this.CONSUME(t.LeftParenthesis);
            const inner = this.SUBRULE(this.either);
            this.CONSUME(t.RightParenthesis);
            return inner;
          },
        },
        { ALT: (): FilterTree => this.SUBRULE(this.condition) },
      ]),
  );

  /** condition = operand [ Compare operand | [ "not" ] "in" ( list | operand ) | "is" [ "not" ] "null" ] */
  readonly condition = this.RULE('condition', (): FilterTree => {
    const left = this.SUBRULE(this.operand);
    let tree: FilterTree = { kind: 'alone', operand: left };
    this.OPTION(() =>
      this.OR([
        {
          ALT: () => {
            const { image } = this.CONSUME(Compare);
            const by = (image === '==' ? '=' : image === '<>' ? '!=' : image) as Comparison;
            tree = { kind: 'compare', by, left, right: this.SUBRULE2(this.operand) };
          },
        },
        {
          ALT: () => {
            const isNot = this.OPTION2(() => this.CONSUME(Not)) !== undefined;
            this.CONSUME(In);
            const right = this.OR2<FilterOperand | FilterOperand[]>([
              { ALT: () => this.SUBRULE(this.list) },
              { ALT: () => this.SUBRULE3(this.operand) },
            ]);
            tree = { kind: 'in', isNot, left, right };
          },
        },
        {
          ALT: () => {
            this.CONSUME(Is);
            const isNot = this.OPTION3(() => this.CONSUME2(Not)) !== undefined;
            this.CONSUME(Null);
            tree = { kind: 'null', isNot, operand: left };
          },
        },
      ]),
    );
    return tree;
  });

  /** list = "(" operand { "," operand } ")" | "[" operand { "," operand } "]" */
  readonly list = this.RULE('list', (): FilterOperand[] => {
    const all: FilterOperand[] = [];
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.LeftParenthesis);
          this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => all.push(this.SUBRULE(this.operand)) });
          this.CONSUME(t.RightParenthesis);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.LeftBracket);
          this.AT_LEAST_ONE_SEP2({ SEP: t.Comma, DEF: () => all.push(this.SUBRULE2(this.operand)) });
          this.CONSUME(t.RightBracket);
        },
      },
    ]);
    return all;
  });

  /** operand = Name | [ "-" ] Number | Text | "true" | "false" */
  readonly operand = this.RULE(
    'operand',
    (): FilterOperand =>
      this.OR<FilterOperand>([
        {
          ALT: () => {
            const name = this.CONSUME(t.Name);
            return { kind: 'name', name: name.image.replace(/^`|`$/g, ''), ...placeOf(name) };
          },
        },
        {
          ALT: () => {
            const minus = this.OPTION(() => this.CONSUME(t.Minus));
            const number = this.CONSUME(t.NumberToken);
            return { kind: 'number', image: `${minus ? '-' : ''}${number.image}`, ...placeOf(minus ?? number, number) };
          },
        },
        {
          ALT: () => {
            const text = this.CONSUME(t.Text);
            return { kind: 'text', image: text.image, ...placeOf(text) };
          },
        },
        { ALT: () => ({ kind: 'truth', value: true, ...placeOf(this.CONSUME(True)) }) },
        { ALT: () => ({ kind: 'truth', value: false, ...placeOf(this.CONSUME(False)) }) },
      ]),
  );
}

/** Maximum nesting of parentheses and `not`, limited by the parser's recursion. */
const deepest = 100;
/** Maximum number of conditions, because each is evaluated for all items. */
const most = 100;

let made: { readonly lexer: Lexer; readonly parser: FilterParser } | undefined;

/** Parses a filter. Never throws: for an invalid text it returns the first error. */
export function readFilter(text: string): ReadFilter {
  made ??= { lexer: new Lexer(tokens, { skipValidations: true }), parser: new FilterParser() };
  const { lexer, parser } = made;
  const read = lexer.tokenize(text).tokens;
  const beyond = firstBeyond(read);
  if (beyond) {
    const { token: at, ...limit } = beyond;
    return { mistake: { ...placeOf(at), found: `\`${at.image}\``, ...limit } };
  }
  parser.input = read;
  const tree = parser.filter();
  const [error] = parser.errors;
  if (!error) return { tree };
  const { token: at, message } = error;
  const isEnd = Number.isNaN(at.startOffset);
  if (isEnd) {
    const end = text.length;
    return { mistake: { start: end, end, found: 'no more text', expected: message } };
  }
  if (at.tokenType === Open) {
    return { mistake: { ...placeOf(at), found: 'a text without its closing quote', expected: 'a closing quote' } };
  }
  return { mistake: { ...placeOf(at), found: `\`${at.image}\``, expected: message } };
}

interface FilterLimit extends Pick<FilterError, 'expected' | 'advice'> {
  readonly token: IToken;
}

/** Returns the token at which a filter is too deep or has too many conditions. */
function firstBeyond(read: readonly IToken[]): FilterLimit | undefined {
  let open = 0;
  let negations = 0;
  let conditions = 1;
  for (const each of read) {
    if (tokenMatcher(each, t.LeftParenthesis)) open++;
    else if (tokenMatcher(each, t.RightParenthesis)) open--;
    if (each.tokenType === Not) negations++;
    else if (!tokenMatcher(each, t.LeftParenthesis)) negations = 0;
    if (each.tokenType === And || each.tokenType === Or) conditions++;
    if (open + negations > deepest) {
      const expected = `at most ${deepest} parentheses and \`not\` inside each other`;
      return { token: each, expected, advice: 'remove parentheses and `not` that change nothing' };
    }
    if (conditions > most) {
      const expected = `the end of a filter of at most ${most} conditions`;
      return { token: each, expected, advice: 'write several values of a column as `in (…)`' };
    }
  }
  return undefined;
}
