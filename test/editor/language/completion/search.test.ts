import { describe, expect, it } from 'vitest';
import { spanText } from '../../../../src/base/text/source.ts';
import { completionsAt } from '../../../../src/editor/language/completion.ts';
import { referencesTo } from '../../../../src/editor/language/file_analysis.ts';
import { hoverAt } from '../../../../src/editor/language/hover.ts';
import { semanticTokensOf } from '../../../../src/editor/language/semantic_tokens.ts';
import { model } from '../../../compiler/model/check_text.ts';
import { marked } from '../../lsp/marked.ts';

const program = (search: string): string =>
  model({
    before: 'let width = 16\nblock deep = mlp(32, width)\nblock body = deep',
    user: 'user_id -> flatten -> body',
    item: 'movie_id -> flatten -> dense(width)',
    after: `search {\n${search}\n}`,
  });

function offered(search: string): readonly string[] {
  const { facts, offset } = marked(program(search));
  return completionsAt(facts, offset).items.map(({ label }) => label);
}

describe('completion in a search', () => {
  it('offers what may be searched', () => {
    const all = offered('|');
    expect(all).toEqual(expect.arrayContaining(['width', 'body', 'deep', 'batch', 'dense', 'task', 'features']));
    // Trials are compared at one seed, by one metric.
    expect(all).not.toContain('seed');
    expect(all).not.toContain('metrics');
  });

  it.each<[string, ...string[]]>([
    ['dense.|', 'rate', 'decay', 'warmup'],
    ['task.|', 'watch'],
    ['task.watch.|', 'loss', 'score'],
    ['task.watch.loss.|', 'temperature', 'correction'],
    ['features.|', 'user_id', 'movie_id'],
    ['features.user_id.|', 'dim'],
    ['width : |', 'one of', 'log'],
    ['width : one |', 'of'],
    ['task.watch.loss.correction : one of |', 'none', 'frequency'],
    ['task.watch.loss.correction : one of none, |', 'frequency'],
    ['body : one of |', 'deep', 'mlp'],
    ['dense : one of |', 'adam', 'adagrad'],
    ['dense : one of adam(|)', 'rate:'],
  ])('%s', (search, ...labels) => expect(offered(search)).toEqual(expect.arrayContaining(labels)));
});

describe('words of a search', () => {
  it('show what they are', () => {
    const shown = (search: string): string | undefined => {
      const { facts, offset } = marked(program(search));
      return hoverAt(facts, offset)?.text;
    };
    expect(shown('wid|th : one of 8, 16')).toContain('let width = 16');
    expect(shown('width : o|ne of 8, 16')).toContain('choices');
    expect(shown('width : l|og 8 .. 16')).toContain('logarithm');
    expect(shown('dense.rate : 0.1 .. 0.2\nden|se : one of adam')).toContain('Optimizer of the weights');
    expect(shown('body : one of de|ep')).toContain('block deep');
  });

  it('are renamed with what they name', () => {
    const { facts, offset } = marked(program('wid|th : one of 8, 16'));
    const { symbol } = facts.symbolAt(offset)!;
    expect(referencesTo(symbol, [facts])).toHaveLength(4);
  });

  it('have colours', () => {
    const { facts } = marked(program('width : log 8 .. 16|'));
    const words = semanticTokensOf(facts)
      .filter(({ type }) => type === 'keyword')
      .map(({ span }) => spanText(span));
    expect(words).toEqual(expect.arrayContaining(['search', 'log']));
  });
});
