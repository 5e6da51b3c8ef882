import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { textMate } from '../../grammar/textmate.ts';
import { vocabulary } from '../../src/language/vocabulary.ts';

interface Pattern {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly include?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
}

const text = textMate(vocabulary());
const grammar = JSON.parse(text) as {
  patterns: Pattern[];
  repository: Record<string, { patterns: Pattern[] }>;
};
const patterns = grammar.patterns.flatMap(({ include }) => grammar.repository[include!.slice(1)]!.patterns);

/** The scope of each word of a line, as an editor goes through it: the first match from the left, the first pattern on a tie. */
function scopes(line: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < line.length; ) {
    let best: { match: RegExpExecArray; pattern: Pattern } | undefined;
    for (const pattern of patterns) {
      const source = pattern.match ?? `${pattern.begin}[^"]*(?:${pattern.end})`;
      const expression = new RegExp(source, 'dg');
      expression.lastIndex = at;
      const match = expression.exec(line);
      if (match && match[0] !== '' && (!best || match.index < best.match.index)) best = { match, pattern };
    }
    if (!best) break;
    const { match, pattern } = best;
    if (pattern.name) found[match[0]] = pattern.name;
    for (const [group, { name }] of Object.entries(pattern.captures ?? {})) {
      const word = match[Number(group)];
      if (word !== undefined) found[word] = name;
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
      tower: 'keyword.declaration.tower',
      user: 'entity.name.tower',
      keyed: 'keyword.other.tower',
      profile: 'variable.other.tower',
    });
    expect(scopes('  channel main = profile -> mlp(128, activation: linear)  // wide')).toMatchObject({
      channel: 'keyword.declaration.tower',
      main: 'entity.name.tower',
      '->': 'keyword.operator.arrow.tower',
      mlp: 'support.function.tower',
      128: 'constant.numeric.tower',
      activation: 'variable.parameter.tower',
      linear: 'constant.language.tower',
      '// wide': 'comment.line.double-slash.tower',
    });
    expect(scopes('use "a.tower"')).toMatchObject({
      use: 'keyword.declaration.tower',
      '"a.tower"': 'string.quoted.double.tower',
    });
  });

  it('calls a feature named after a word of the grammar a name', () => {
    expect(scopes('  channel   : id(dim: 32)')).toMatchObject({ channel: 'variable.parameter.tower' });
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
