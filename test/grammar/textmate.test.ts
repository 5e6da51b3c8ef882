import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { textMate } from '../../grammar/textmate.ts';
import { lineAt, positionAt, spanText } from '../../src/base/text/source.ts';
import { vocabulary } from '../../src/editor/language/completion/context.ts';
import { semanticTokensOf, type TokenType } from '../../src/editor/language/semantic_tokens.ts';
import { factsOf } from '../editor/lsp/marked.ts';

interface Pattern {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly captures?: Readonly<Record<string, { readonly name?: string; readonly patterns?: readonly Pattern[] }>>;
}

const text = textMate(vocabulary());
const grammar = JSON.parse(text) as { patterns: Pattern[]; repository: Record<string, { patterns: Pattern[] }> };
const patterns = grammar.patterns.flatMap(({ include }) => grammar.repository[include!.slice(1)]!.patterns);

/** The scope of each word of a line, as an editor goes through it: the first match from the left, the first pattern on a tie. */
function scopes(line: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < line.length; ) {
    let best: { match: RegExpExecArray; pattern: Pattern } | undefined;
    for (const pattern of patterns) {
      const source = pattern.match ?? `${pattern.begin}[^"]*(?:${pattern.end})`;
      const expression = new RegExp(source, 'dgu');
      expression.lastIndex = at;
      const match = expression.exec(line);
      if (match && match[0] !== '' && (!best || match.index < best.match.index)) best = { match, pattern };
    }
    if (!best) break;
    const { match, pattern } = best;
    if (pattern.name) found[match[0]] = pattern.name;
    for (const [group, { name, patterns: inner }] of Object.entries(pattern.captures ?? {})) {
      const word = match[Number(group)];
      if (word === undefined) continue;
      if (name) found[word] = name;
      for (const { name, match } of inner ?? [])
        for (const [one] of word.matchAll(RegExp(match!, 'gu'))) found[one] = name!;
    }
    at = match.index + match[0].length;
  }
  return found;
}

describe('the TextMate grammar', () => {
  it('is what the tokens and the tables say', () => {
    expect(readFileSync('grammar/tower.tmLanguage.json', 'utf8')).toBe(text);
  });

  it('distinguishes words, names, kinds, numbers, texts and comments', () => {
    expect(scopes('tower user(profile) keyed by user_id {')).toMatchObject({
      tower: 'keyword.control.tower',
      user: 'entity.name.type.class.tower',
      keyed: 'keyword.control.tower',
      profile: 'variable.other.readwrite.tower',
    });
    expect(scopes('  channel main = profile -> mlp(128, activation: linear)  // wide')).toMatchObject({
      channel: 'keyword.control.tower',
      main: 'variable.other.readwrite.tower',
      '->': 'keyword.operator.arrow.tower',
      mlp: 'support.function.tower',
      128: 'constant.numeric.tower',
      activation: 'variable.parameter.tower',
      linear: 'variable.other.enummember.tower',
      '// wide': 'comment.line.double-slash.tower',
    });
    expect(scopes('use "a.tower"')).toMatchObject({
      use: 'keyword.control.tower',
      '"a.tower"': 'string.quoted.double.tower',
    });
  });

  it('calls a feature named after a word of the grammar a name', () => {
    expect(scopes('  channel   : id(dim: 32)')).toMatchObject({ channel: 'variable.other.property.tower' });
  });

  it('gives a word the colour that the server gives it, in all themes of VS Code', () => {
    // What VS Code takes the colour of a token from, unless a theme says more: `src/vs/platform/theme/common/tokenClassificationRegistry.ts`.
    const standard: Readonly<Partial<Record<TokenType, readonly string[]>>> = {
      keyword: ['keyword.control'],
      class: ['entity.name.type.class'],
      namespace: ['entity.name.namespace'],
      type: ['support.type'],
      function: ['support.function', 'entity.name.function'],
      parameter: ['variable.parameter'],
      enumMember: ['variable.other.enummember'],
      number: ['constant.numeric'],
      string: ['string'],
      comment: ['comment'],
    };
    const [words, others] = [new Map<string, number>(), new Set<string>()];
    const lines = new Map<string, Record<string, string>>();
    for (const file of ['two_tower', 'mmoe_two_tower', 'sasrec', 'multi_objective', 'data/movielens', 'data/toys']) {
      const facts = factsOf(readFileSync(`models/${file}.tower`, 'utf8'));
      for (const { span, type } of semanticTokensOf(facts)) {
        const wanted = standard[type];
        const word = spanText(span);
        const { line } = positionAt(span.source, span.start);
        const own = lineAt(span.source, line);
        // One that occurs twice on a line may be two things.
        if (!wanted || own.split(word).length > 2) continue;
        words.set(type, (words.get(type) ?? 0) + 1);
        lines.set(own, lines.get(own) ?? scopes(own));
        const given = lines.get(own)![word] ?? '';
        if (!wanted.some((one) => given.startsWith(one))) others.add(`${type} ${word}: ${given} in ${own.trim()}`);
      }
    }
    expect([...words.keys()].sort()).toEqual(Object.keys(standard).sort());
    // Without the declarations a grammar does not know what some names are, and a choice may be named as a block.
    const unknown = /^(?:class|function) \w+: variable|^(?:class|enumMember) \w+: support.function/;
    expect([...others].filter((one) => !unknown.test(one))).toEqual([]);
  });

  it('leaves no word of the models without a scope', () => {
    for (const name of readdirSync('models').filter((name) => name.endsWith('.tower'))) {
      for (const line of readFileSync(`models/${name}`, 'utf8').split('\n')) {
        const known = Object.keys(scopes(line)).join(' ');
        for (const [word] of line.matchAll(/\w+/g)) expect(known, line).toContain(word);
      }
    }
  });
});
