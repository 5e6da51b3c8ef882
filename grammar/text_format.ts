/**
 * Parses Protocol Buffers' text format, in which EasyRec writes its configs. It knows nothing about fields and needs no `.proto` file. The comment above a rule
 * is its production. https://protobuf.dev/reference/protobuf/textformat-spec
 */
import { createToken, EmbeddedActionsParser, type IToken, Lexer, type TokenType, tokenLabel } from 'chevrotain';

export interface ConfigSpan {
  /** UTF-16 offsets, half-open. */
  readonly start: number;
  readonly end: number;
}

type ConfigValue = ConfigSpan &
  (
    | { readonly kind: 'text' | 'number' | 'word'; readonly text: string }
    | { readonly kind: 'message'; readonly fields: readonly ConfigField[] }
  );

/** A field, once for each of its values: `units: [2, 1]` gives two fields. */
export interface ConfigField extends ConfigSpan {
  readonly name: string;
  readonly value: ConfigValue;
}

/** Describes what was found and what was expected, in words. */
interface ConfigError extends ConfigSpan {
  readonly found: string;
  readonly expected: string;
}

export type ReadConfig = { readonly fields: readonly ConfigField[] } | { readonly mistake: ConfigError };

/** All token types, in the order in which the lexer tries them. */
const tokens: TokenType[] = [
  createToken({ name: 'ConfigBlank', pattern: /\s+/, group: Lexer.SKIPPED, line_breaks: true }),
  createToken({ name: 'ConfigComment', pattern: /#[^\r\n]*/, group: Lexer.SKIPPED }),
];

/** Makes a token type, and adds it to the others. */
function token(name: string, pattern: RegExp, label: string): TokenType {
  const type = createToken({ name, pattern, label, line_breaks: false });
  tokens.push(type);
  return type;
}

const NumberWord = token('ConfigNumber', /(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)/, 'a number');
const Word = token('ConfigWord', /[A-Za-z_][A-Za-z0-9_]*/, 'a name');
const Text = token('ConfigText', /"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*'/, 'a text in quotes');
const Open = token('ConfigUnclosed', /["'][^\r\n]*/, 'a text');
const LeftBrace = token('ConfigLeftBrace', /\{/, '`{`');
const RightBrace = token('ConfigRightBrace', /\}/, '`}`');
const LeftAngle = token('ConfigLeftAngle', /</, '`<`');
const RightAngle = token('ConfigRightAngle', />/, '`>`');
const LeftBracket = token('ConfigLeftBracket', /\[/, '`[`');
const RightBracket = token('ConfigRightBracket', /\]/, '`]`');
const Colon = token('ConfigColon', /:/, '`:`');
const Separator = token('ConfigSeparator', /[,;]/, '`,`');
const Minus = token('ConfigMinus', /-/, '`-`');
/** Part of the names of extensions and types: `[type.googleapis.com/a.B]`. */
const Dot = token('ConfigDot', /[./]/, '`.`');
tokens.push(createToken({ name: 'ConfigOther', pattern: /[\s\S]/, line_breaks: true }));

const placeOf = (first: IToken, last = first): ConfigSpan => ({
  start: first.startOffset,
  end: last.startOffset + last.image.length,
});

class ConfigParser extends EmbeddedActionsParser {
  constructor() {
    super(tokens, {
      maxLookahead: 2,
      skipValidations: true,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
        buildNoViableAltMessage: () => 'a value: a number, a text in quotes, a word, `{` or `[`',
        buildEarlyExitMessage: () => 'a text in quotes',
        buildNotAllInputParsedMessage: () => 'the name of a field, or the end of the file',
      },
    });
    this.performSelfAnalysis();
  }

  /** config = { field } */
  readonly config = this.RULE('config', (): ConfigField[] => {
    const all: ConfigField[] = [];
    this.MANY(() => {
      const values = this.SUBRULE(this.field);
      // A loop, because `push(...values)` would overflow the stack on a long list.
      this.ACTION(() => {
        for (const value of values) all.push(value);
      });
    });
    return all;
  });

  /** field = name ( ":" ( list | value ) | message ) [ "," | ";" ] */
  readonly field = this.RULE('field', (): ConfigField[] => {
    const name = this.SUBRULE(this.name);
    const values = this.OR<ConfigValue[]>([
      {
        ALT: () => {
          this.CONSUME(Colon);
          return this.OR2<ConfigValue[]>([
            { ALT: () => this.SUBRULE(this.list) },
            { ALT: () => [this.SUBRULE(this.value)] },
          ]);
        },
      },
      { ALT: () => [this.SUBRULE(this.message)] },
    ]);
    this.OPTION(() => this.CONSUME(Separator));
    return this.ACTION(() => values.map((value) => ({ name: name.text, start: name.start, end: value.end, value })));
  });

  /** name = Word | "[" Word { "." Word } "]" */
  readonly name = this.RULE('name', (): ConfigSpan & { text: string } =>
    this.OR<ConfigSpan & { text: string }>([
      {
        ALT: () => {
          const word = this.CONSUME(Word);
          return { text: word.image, ...placeOf(word) };
        },
      },
      {
        ALT: () => {
          const open = this.CONSUME(LeftBracket);
          let text = this.CONSUME2(Word).image;
          this.MANY(() => {
            text += this.CONSUME(Dot).image;
            text += this.CONSUME3(Word).image;
          });
          return { text, ...placeOf(open, this.CONSUME(RightBracket)) };
        },
      },
    ]),
  );

  /** list = "[" [ value { "," value } ] "]" */
  readonly list = this.RULE('list', (): ConfigValue[] => {
    const all: ConfigValue[] = [];
    this.CONSUME(LeftBracket);
    this.MANY_SEP({ SEP: Separator, DEF: () => all.push(this.SUBRULE(this.value)) });
    this.CONSUME(RightBracket);
    return all;
  });

  /** value = message | Text { Text } | [ "-" ] ( Number | Word ) */
  readonly value = this.RULE(
    'value',
    (): ConfigValue =>
      this.OR<ConfigValue>([
        { ALT: () => this.SUBRULE(this.message) },
        {
          ALT: () => {
            const parts: IToken[] = [];
            this.AT_LEAST_ONE(() => parts.push(this.CONSUME(Text)));
            return this.ACTION(() => ({
              kind: 'text',
              text: parts.map(({ image }) => unquoted(image)).join(''),
              ...placeOf(parts[0]!, parts.at(-1)),
            }));
          },
        },
        {
          ALT: () => {
            const minus = this.OPTION(() => this.CONSUME(Minus));
            const sign = minus ? '-' : '';
            return this.OR2<ConfigValue>([
              {
                ALT: () => {
                  const number = this.CONSUME(NumberWord);
                  return { kind: 'number', text: `${sign}${number.image}`, ...placeOf(minus ?? number, number) };
                },
              },
              {
                ALT: () => {
                  const word = this.CONSUME(Word);
                  return { kind: 'word', text: `${sign}${word.image}`, ...placeOf(minus ?? word, word) };
                },
              },
            ]);
          },
        },
      ]),
  );

  /** message = "{" config "}" | "<" config ">" */
  readonly message = this.RULE(
    'message',
    (): ConfigValue =>
      this.OR<ConfigValue>([
        {
          ALT: () => {
            const open = this.CONSUME(LeftBrace);
            const fields = this.SUBRULE(this.config);
            return { kind: 'message', fields, ...placeOf(open, this.CONSUME(RightBrace)) };
          },
        },
        {
          ALT: () => {
            const open = this.CONSUME(LeftAngle);
            const fields = this.SUBRULE2(this.config);
            return { kind: 'message', fields, ...placeOf(open, this.CONSUME(RightAngle)) };
          },
        },
      ]),
  );
}

const signs: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** Returns the text between the quotes. Escapes are bytes of UTF-8, as in C. */
function unquoted(image: string): string {
  const inner = image.slice(1, -1);
  if (!inner.includes('\\')) return inner;
  const bytes: number[] = [];
  const add = (text: string): void => void bytes.push(...new TextEncoder().encode(text));
  for (const [piece] of inner.matchAll(
    /\\[xX][\da-fA-F]{1,2}|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8}|\\[0-7]{1,3}|\\[\s\S]|[^\\]+/g,
  )) {
    const code = piece[0] === '\\' ? piece[1]! : '';
    if (code === '') add(piece);
    else if (/^\\[0-7]/.test(piece)) bytes.push(Number.parseInt(piece.slice(1), 8) & 255);
    else if (/^\\[xX]./.test(piece)) bytes.push(Number.parseInt(piece.slice(2), 16));
    else if (/^\\[uU]./.test(piece)) add(String.fromCodePoint(Math.min(Number.parseInt(piece.slice(2), 16), 0x10ffff)));
    else if (signs[code] !== undefined) bytes.push(signs[code]);
    else add(code);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/** Maximum nesting of messages, limited by the parser's recursion. */
const deepest = 100;

let made: { readonly lexer: Lexer; readonly parser: ConfigParser } | undefined;

/** Parses a config. Never throws: for an invalid text it returns the first error. */
export function readConfig(text: string): ReadConfig {
  made ??= { lexer: new Lexer(tokens, { skipValidations: true }), parser: new ConfigParser() };
  const { lexer, parser } = made;
  const read = lexer.tokenize(text).tokens;
  let open = 0;
  for (const each of read) {
    if (each.tokenType === LeftBrace || each.tokenType === LeftAngle) open++;
    else if (each.tokenType === RightBrace || each.tokenType === RightAngle) open--;
    if (open > deepest) {
      const expected = `at most ${deepest} messages inside each other`;
      return { mistake: { ...placeOf(each), found: `\`${each.image}\``, expected } };
    }
  }
  parser.input = read;
  const fields = parser.config();
  const [error] = parser.errors;
  if (!error) return { fields };
  const { token: at, message } = error;
  if (Number.isNaN(at.startOffset)) {
    return { mistake: { start: text.length, end: text.length, found: 'the end of the file', expected: message } };
  }
  const found = at.tokenType === Open ? 'a text without its closing quote' : `\`${at.image.slice(0, 40)}\``;
  return { mistake: { ...placeOf(at), found, expected: message } };
}
