/**
 * Reads forms of other languages, such as `recall@50`, as the Tower that they mean, so that each is one error: one row a form. Only a text
 * that does not read as it is gets here.
 */
import type { IToken } from 'chevrotain';
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { likest } from '../../base/text/nearest.ts';
import type { Source } from '../../base/text/source.ts';
import { meaningOf } from '../../base/text/synonyms.ts';
import { callWords } from './known_calls.ts';
import { declarationWords } from './layout.ts';
import { beginsLine, is, isAny } from './token.ts';
import { quote } from './words.ts';

/** The declaration that a token is in. */
interface EnclosingDeclaration {
  readonly word?: IToken;
  /** Whether a brace has been opened since. */
  readonly braced: boolean;
}

interface ForeignForm {
  /** Tried where a token begins. */
  readonly pattern: RegExp;
  /** What must hold of the tokens around. */
  readonly where?: (tokens: readonly IToken[], at: number, declaration: EnclosingDeclaration) => boolean;
  /** What it is read as; nothing where it may be something else. */
  readonly write: (match: RegExpExecArray) => string | undefined;
  /** What Tower has instead. */
  readonly rule: string;
  /** The fix may change what was meant. */
  readonly doubtful?: true;
}

const beginsEntry = (tokens: readonly IToken[], at: number): boolean =>
  beginsLine(tokens, at) || isAny(tokens[at - 1], [t.LeftBrace, t.Comma]);

const calls = Object.keys(callWords);

/** `Linear`, `ReLU`, `CrossEntropyLoss`: the call of Tower that it means, else the word as it is. */
function callOf(word: string): string {
  const plain = likest(word.toLowerCase(), calls);
  const meant = (['block', 'loss', 'optimizer'] as const).flatMap(
    (place) => meaningOf(word, place, calls)?.write ?? [],
  );
  return plain?.name === word.toLowerCase() ? plain.name : (meant.find((one) => calls.includes(one)) ?? word);
}

const forms: readonly ForeignForm[] = [
  {
    pattern: /-\s+(?=[A-Za-z_]\w*\s*:)/y,
    where: (tokens, at) => beginsLine(tokens, at),
    write: () => '',
    rule: 'entries have no dash before them',
  },
  {
    pattern: /([A-Za-z_]\w*)[ \t]*@[ \t]*(\d+)/y,
    write: ([, metric, k]) => `${metric}(${k})`,
    rule: 'a cutoff is an argument',
  },
  {
    pattern: /def\s+(\w+)\s*(\([^)\n]*\))\s*:\s*return\s+/y,
    write: ([, name, parameters]) => `block ${name}${parameters} = `,
    rule: 'a block is declared with `block`, and its value follows `=`',
  },
  {
    pattern: /["']([A-Za-z_]\w*)["']\s*:/y,
    where: (tokens, at, { word }) => isAny(word, [t.Task, t.Train, t.Data]) && beginsEntry(tokens, at),
    write: ([, name]) => `${name} =`,
    rule: 'names have no quotes, and `=` gives them a value',
  },
  {
    pattern: /["']([A-Za-z_]\w*)["'](?=\s*[:=])/y,
    where: beginsEntry,
    write: ([, name]) => name,
    rule: 'names have no quotes',
  },
  {
    pattern: /["']([A-Za-z_][\w -]*)["']/y,
    where: (tokens, at) => is(tokens[at - 1], t.Model),
    write: ([, name]) => name!.replace(/[ -]+/g, '_'),
    rule: 'names have no quotes',
  },
  {
    pattern: /(?:[A-Za-z_]\w*\.){1,8}Linear\(\s*\w+\s*,\s*(\w+)\s*\)/y,
    write: ([, units]) => `dense(${units})`,
    rule: 'blocks have names of one word and take their input as it is',
    doubtful: true,
  },
  {
    pattern: /(?:[A-Za-z_]\w*\.){1,8}([A-Za-z_]\w*)(?=\()/y,
    write: ([, word]) => callOf(word!),
    rule: 'blocks, losses and optimizers have names of one word',
    doubtful: true,
  },
  {
    pattern: /\[([\w\s,]*)\]/y,
    where: (tokens, at, { word }) =>
      (is(word, t.Group) && is(tokens[at - 1], t.Equals)) || (is(word, t.Tower) && is(tokens[at - 3], t.Tower)),
    write: ([, names]) => names!.trim(),
    rule: 'names are listed without brackets',
  },
  {
    pattern: /[A-Za-z_]\w*\.([A-Za-z_]\w*)(?!\s*\.)/y,
    where: (tokens, at, { word, braced }) =>
      // A brace after `group` opens a declaration whose word is misspelt.
      (is(word, t.Group) && !braced) ||
      (is(word, t.Data) && is(tokens[at - 1], t.By)) ||
      (isAny(word, [t.Features, t.Data]) && beginsEntry(tokens, at)),
    write: ([, column]) => column,
    rule: 'a column goes by its name alone',
  },
  {
    // Text of SQL that ends its own line, with quotes inside; `"items.csv" by "item_id"` is two texts.
    pattern: /["](?![^"\n]*"[ \t]*by\b)(.{1,500}[^\\\n])["](?=[ \t]*(?:,[ \t]*)?(?:\/\/.*)?$)/my,
    where: (tokens, at, { word }) => is(word, t.Data) && is(tokens[at - 1], t.Equals),
    write: ([, sql]) => quotedSql(sql!),
    rule: 'a quote inside of a text would end it',
    doubtful: true,
  },
];

/** `"` within SQL: around all of it a name, elsewhere a text. */
function quotedSql(sql: string): string | undefined {
  if (!/(?<!\\)"/.test(sql) || /"\s*,\s*\w+\s*=|\/\//.test(sql)) return undefined;
  if (/^"[^"]+"$/.test(sql)) return `"${sql.replaceAll('"', '\\"')}"`;
  return `"${sql.replace(/(?<!\\)"/g, "'")}"`;
}

/** The words and signs with these forms as they were meant; the same object if there are none. */
export function readForeignForms(
  source: Source,
  lexed: LexedText,
  report: (diagnostic: Diagnostic) => void,
): LexedText {
  const { text } = source;
  const tokens: IToken[] = [];
  const taken: [start: number, end: number][] = [];
  let declaration: EnclosingDeclaration = { braced: false };
  let end = 0;
  for (const [at, token] of lexed.tokens.entries()) {
    const { startOffset } = token;
    if (startOffset < end) continue;
    if (isAny(token, declarationWords) && beginsLine(lexed.tokens, at) && token.startColumn === 1) {
      declaration = { word: token, braced: false };
    } else if (is(token, t.LeftBrace)) declaration = { ...declaration, braced: true };
    const found = formAt(text, lexed.tokens, at, declaration);
    if (!found) {
      tokens.push(token);
      continue;
    }
    const { form, length, written } = found;
    end = startOffset + length;
    taken.push([startOffset, end]);
    const place = { source, start: startOffset, end };
    const facts = { found: quote(text.slice(startOffset, end).trim()), written: written.trim(), rule: form.rule };
    const fix = [{ at: place, text: written }];
    report(diagnose('foreign-form', place, facts, { fixes: [fix], ...(form.doubtful ? { doubtful: true } : {}) }));
    let next = at;
    while (lexed.tokens[next + 1] && lexed.tokens[next + 1]!.startOffset < end) next++;
    const last = lexed.tokens[next]!;
    let from = startOffset;
    for (const { tokenType, tokenTypeIdx, image } of lex(written).tokens) {
      const read = {
        ...last,
        tokenType,
        tokenTypeIdx,
        image,
        startLine: token.startLine!,
        startColumn: token.startColumn!,
      };
      const found = text.slice(from, end).search(new RegExp(`(?<!\\w)${image.replace(/\W/g, '\\$&')}(?!\\w)`));
      if (found === -1)
        tokens.push({ ...read, startOffset: from, endOffset: end - 1, isInsertedInRecovery: is(read, t.Name) });
      else {
        from += found + image.length;
        tokens.push({ ...read, startOffset: from - image.length, endOffset: from - 1 });
      }
    }
  }
  if (taken.length === 0) return lexed;
  const { unknown, comments, foreignComments } = lexed;
  return { tokens, comments: without(comments, taken), foreignComments, unknown: without(unknown, taken) };
}

/** Those that are in none of the stretches; both are in order. */
function without(
  tokens: readonly IToken[],
  taken: readonly (readonly [start: number, end: number])[],
): readonly IToken[] {
  let at = 0;
  return tokens.filter(({ startOffset }) => {
    while (at < taken.length && taken[at]![1] <= startOffset) at++;
    return at === taken.length || startOffset < taken[at]![0];
  });
}

function formAt(text: string, tokens: readonly IToken[], at: number, declaration: EnclosingDeclaration) {
  for (const form of forms) {
    if (form.where?.(tokens, at, declaration) === false) continue;
    form.pattern.lastIndex = tokens[at]!.startOffset;
    const match = form.pattern.exec(text);
    if (!match) continue;
    const written = form.write(match);
    if (written !== undefined) return { form, length: match[0].length, written };
  }
  return undefined;
}
