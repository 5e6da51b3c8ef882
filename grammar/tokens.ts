/**
 * Defines the tokens of the language. Keywords are contextual: each has its own token type and is also a `Name`, so that a feature may be called `channel`.
 * Text that is not part of the language becomes tokens too, which do not reach the parser: the lexer never fails.
 */
import { createToken, type IToken, type ITokenConfig, Lexer, type TokenType, tokenMatcher } from 'chevrotain';

// Declares the characters that tokens may begin with, because Chevrotain would otherwise analyse the patterns at each start.

/** Chevrotain has a list of tokens for each character below 256, and one for every 255 characters above. */
const [single, together] = [256, 255];

/** Returns the codes for ranges of characters, written as in a character class: `A-Za-z_`. A literal `-` must be last. */
function starts(ranges: string): number[] {
  return [...ranges.matchAll(/(.)(?:-(.))?/gsu)].flatMap(([, first, last = first]) => {
    const [from, to] = [first!.codePointAt(0)!, last!.codePointAt(0)!];
    const codes = [to];
    for (let code = from; code < to; code += code < single ? 1 : together) codes.push(code);
    return codes;
  });
}

interface TokenConfig extends ITokenConfig {
  /** The characters that it may begin with, written as in a character class. */
  readonly begins?: string;
}

/** Makes a token type. It declares whether tokens span lines and how they begin, because Chevrotain would otherwise analyse every pattern at each start. */
function token({ begins, ...config }: TokenConfig): TokenType {
  return createToken({ line_breaks: false, ...config, ...(begins ? { start_chars_hint: starts(begins) } : {}) });
}

/** Any identifier, including every keyword. */
export const Name = token({ name: 'Name', pattern: Lexer.NA, label: 'a name' });

export const Identifier = token({
  name: 'Identifier',
  begins: 'A-Za-z_',
  pattern: /[A-Za-z_][A-Za-z0-9_]*/,
  categories: Name,
  label: 'a name',
});

/** Matches a word with other letters than a to z. It has marks and invisible characters too, and may begin with a digit. */
const foreignWord =
  /\w*(?!\w)[\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\p{Default_Ignorable_Code_Point}][\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\p{Default_Ignorable_Code_Point}]*/uy;

/** `größe`, `用户`, and words with letters that only look like others. `readForeign` decides whether it is a name. */
export const ForeignName = token({
  name: 'ForeignName',
  begins: 'A-Za-z0-9_\u0080-\uffff',
  // Chevrotain reads no pattern with the flag `u`.
  pattern: {
    exec: (text, offset) => {
      foreignWord.lastIndex = offset;
      return foreignWord.exec(text);
    },
  },
  categories: Name,
  label: 'a name',
});
Identifier.LONGER_ALT = [ForeignName];

const keywords: TokenType[] = [];

/** Makes a keyword, and adds it to the keywords. */
function word(image: string): TokenType {
  const type = token({
    name: image[0]!.toUpperCase() + image.slice(1),
    pattern: image,
    longer_alt: [ForeignName, Identifier],
    categories: Name,
    label: `\`${image}\``,
  });
  keywords.push(type);
  return type;
}

export const Use = word('use');
export const Let = word('let');
export const Model = word('model');
export const Features = word('features');
export const Labels = word('labels');
export const Group = word('group');
export const Block = word('block');
export const Shared = word('shared');
export const Tower = word('tower');
export const Keyed = word('keyed');
export const By = word('by');
export const Channel = word('channel');
export const Task = word('task');
export const Loss = word('loss');
export const Objective = word('objective');
export const Retrieve = word('retrieve');
export const Train = word('train');
export const Search = word('search');
export const One = word('one');
export const Of = word('of');
export const Log = word('log');
export const Data = word('data');
export const Columns = word('columns');
// Words of formulas.
export const Weights = word('weights');
export const Scan = word('scan');
export const Repeat = word('repeat');
export const Shown = word('shown');
export const Give = word('give');
export const Over = word('over');
export const Where = word('where');
export const And = word('and');
export const Then = word('then');
export const Any = word('any');
export const Each = word('each');
export const As = word('as');
export const Flow = word('flow');

const signs: TokenType[] = [];

/** Makes a punctuation mark, and adds it to the signs. */
function sign(name: string, image: string): TokenType {
  const type = token({ name, pattern: image, label: `\`${image}\`` });
  signs.push(type);
  return type;
}

export const Arrow = sign('Arrow', '->');
export const LeftBrace = sign('LeftBrace', '{');
export const RightBrace = sign('RightBrace', '}');
export const LeftParenthesis = sign('LeftParenthesis', '(');
export const RightParenthesis = sign('RightParenthesis', ')');
export const LeftBracket = sign('LeftBracket', '[');
export const RightBracket = sign('RightBracket', ']');
export const Colon = sign('Colon', ':');
export const Equals = sign('Equals', '=');
export const Comma = sign('Comma', ',');
/** Separates the ends of a range. */
export const To = sign('To', '..');
export const Dot = sign('Dot', '.');
export const Plus = sign('Plus', '+');
export const Minus = sign('Minus', '-');
export const Times = sign('Times', '*');
export const Divide = sign('Divide', '/');
export const LessOrEqual = sign('LessOrEqual', '<=');
export const Less = sign('Less', '<');
/** The inner product: `x @ w`. */
export const Inner = sign('Inner', '@');

/** `=>`, `→`, `|>`, `- >`, `–>`: what users of other languages write for an arrow. Parsed as an arrow, and reported. */
export const ForeignArrow = token({
  name: 'ForeignArrow',
  begins: '=>|~\u2010-\u2015\u2212\uff0d\u2192\u21a6\u21d2\u2794\u279c\u279d\u279e\u27a1\u27f6\u27f9-',
  pattern:
    /=>|>>|\|>|~>|-{2,4}>|-[ \t]{1,4}>|[\u2010-\u2015\u2212\uff0d-][>\u203a\uff1e]|[\u2192\u21a6\u21d2\u2794\u279c\u279d\u279e\u27a1\u27f6\u27f9]/,
  categories: Arrow,
  label: '`->`',
});

/** `64`, `30_000`, `0.05`, `1e-3`, `10%`. */
export const NumberToken = token({
  name: 'Number',
  begins: '0-9',
  pattern: /[0-9](?:_?[0-9])*(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9]+)?%?/,
  label: 'a number',
});

/** `1_`, `64px`, `1.2.3`, `.5`, `2**16`, `0,05`, `1,000`: parsed as a number, and reported. */
export const MalformedNumber = token({
  name: 'MalformedNumber',
  begins: '0-9.',
  pattern:
    /[0-9]+(?:,[0-9]+){0,4}?,0[0-9]+(?:,[0-9]+){0,4}|[0-9][0-9.]*[eE]\u2212[0-9]+|[0-9]+ ?(?:\*\*|\^) ?[0-9]+|\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9]+)?%?|[0-9]+\.[eE][+-]?[0-9]+|[0-9](?:[0-9_]|\.(?!\.))*[eE][+-][0-9]+[A-Za-z_][A-Za-z0-9_]*|[0-9](?:[0-9A-Za-z_]|\.(?!\.))*/,
  categories: NumberToken,
  label: 'a number',
});
NumberToken.LONGER_ALT = [MalformedNumber];

/** `"movies.csv"`, which may contain `\"`, `\\`, `\n`, `\t` and `\u{1F600}`. */
export const Text = token({
  name: 'Text',
  begins: '"',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  label: 'a text in "quotes"',
});

/** A text without a closing quote on its line. It ends before the brackets at the end of the line, and is reported. */
export const UnclosedText = token({
  name: 'UnclosedText',
  begins: `"'`,
  pattern: /["'](?:[^\r\n]*[^\r\n)\]},\s])?/,
  categories: Text,
  label: 'a text in "quotes"',
});

/** `'movies.csv'`, `“movies.csv”`, `«movies.csv»`: parsed as a text, and reported. */
export const ForeignText = token({
  name: 'ForeignText',
  begins: `'"\`“”„«＂‘’‚`,
  pattern:
    /'(?:[^'\\\r\n]|\\[^\r\n])*'|[“”„«＂][^“”»"＂\r\n]*[“”»"＂]|"[^"“”＂\r\n]*[“”＂]|[‘’‚][^‘’'\r\n]*[‘’']|`[^`\r\n]+`/,
  categories: Text,
  label: 'a text in "quotes"',
});

export const Blank = token({
  name: 'Blank',
  begins: ' \t\r\n\f\v\ufeff',
  pattern: /[ \t\r\n\f\v\ufeff]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});

/** The lines of a code fence that was copied from a page together with the program. */
const Fence = token({ name: 'Fence', begins: '`~', pattern: /(?:```|~~~)[^\r\n]*/, group: 'unknown' });

/** `/// …`: describes the declaration or entry below. */
export const DocComment = token({ name: 'DocComment', begins: '/', pattern: /\/\/\/[^\r\n]*/, group: 'comments' });

/** `// …` */
const Comment = token({ name: 'Comment', begins: '/', pattern: /\/\/[^\r\n]*/, group: 'comments' });

/** Comments in the style of other languages: skipped, and reported. */
const ForeignComment = token({
  name: 'ForeignComment',
  begins: `#/"'`,
  pattern: /#[^\r\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|"""(?:[^"]|"(?!""))*"""|'''(?:[^']|'(?!''))*'''/,
  group: 'foreign',
  line_breaks: true,
});

/** Any other character, one at a time. Never reaches the parser. */
const Unknown = token({
  name: 'Unknown',
  begins: '\u0000-\u0008\u000e-\u001f!$%&;<>?\\^`|~\u007f-\uffff',
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are part of what is left
  pattern: /[\u0000-\u0008\u000e-\u001f!$%&;<>?\\^`|~\u007f-\uffff]/,
  group: 'unknown',
});

/** In the order in which the lexer tries them: `->` before other arrows, and `..` before `.`, as the signs are declared. */
export const tokens: readonly TokenType[] = [
  Blank,
  Fence,
  DocComment,
  Comment,
  ForeignComment,
  ...keywords,
  Identifier,
  ForeignName,
  NumberToken,
  MalformedNumber,
  Text,
  ForeignText,
  UnclosedText,
  Arrow,
  ForeignArrow,
  ...signs.filter((type) => type !== Arrow),
  Unknown,
  Name,
];

/** True if a token is of a type, or of one that stands for it: each keyword is also a `Name`. */
export function isOf(token: IToken, type: TokenType): boolean {
  return tokenMatcher(token, type);
}
