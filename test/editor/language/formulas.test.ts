/** Editing a block of formulas: what hovers, completion, rename, definition, outline and colours know of it. */
import { describe, expect, it } from 'vitest';
import type { Edit } from '../../../src/base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { spanText } from '../../../src/base/text/source.ts';
import { signatureAt } from '../../../src/editor/language/callee.ts';
import { completionsAt } from '../../../src/editor/language/completion.ts';
import { referencesTo } from '../../../src/editor/language/file_analysis.ts';
import { hoverAt } from '../../../src/editor/language/hover.ts';
import { renameSymbol } from '../../../src/editor/language/renaming.ts';
import { semanticTokensOf } from '../../../src/editor/language/semantic_tokens.ts';
import { outlineOf } from '../../../src/editor/lsp/providers/outline_provider.ts';
import { foldingRanges } from '../../../src/editor/lsp/providers/ranges_provider.ts';
import { factsOf, marked } from '../lsp/marked.ts';

const asked = `block asked(units = 64, f: flow = relu) of (x: sequence[t, d], q: vector[e]) {
  weights A[d -> u: units], B[e -> u], v[u] = normal(0.02)
  /// One number for each element.
  shown a = sigmoid(x @ A + q @ B) @ v
  k = x[t: s]
  give a @ (x -> f)
}`;

const model = (block = asked, use = 'history -> asked(q: now)'): string => `
features { user_id: id(dim: 16), movie_id: id(dim: 16), history: list(movie_id, max: 20, pool: none) }
${block}
tower user(user_id, history) keyed by user_id {
  now = user_id -> dense(8)
  channel main = ${use}
}
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
task watch { score = cosine(user, item), loss = softmax(in_batch) }
`;

/** The model with a mark before the second part of the text, which occurs once. */
const at = (words: string): string => model().replace(words.replace('|', ''), words);

const hover = (text: string): string => {
  const { facts, offset } = marked(text);
  return hoverAt(facts, offset)?.text ?? '';
};

describe('hover', () => {
  it('shows the axes of each value, and their sizes where the block is used', () => {
    expect(hover(at('|x: sequence'))).toContain('axes `[t, d]` · at its use `[20, 16]`');
    expect(hover(at('weights |A[d'))).toContain('A[d -> u: units]');
    expect(hover(at('|v[u]'))).toContain('axes `[u]` · at its use `[64]`');
    expect(hover(at('give |a @'))).toContain('One number for each element.');
    expect(hover(at('give |a @'))).toContain('shown a = sigmoid(x @ A + q @ B) @ v');
    expect(hover(at('give |a @'))).toContain('axes `[t]` · at its use `[20]`');
    expect(hover(at('|k = x'))).toContain('axes `[s, d]` · at its use `[20, 16]`');
    const twice = model(asked, 'history -> asked(q: now, units: 8)\n  other = history -> asked(q: now) -> dense(16)');
    expect(hover(twice.replace('v[u]', '|v[u]'))).toContain('at its uses `[8]`, `[64]`');
  });

  it('says what a letter counts', () => {
    expect(hover(at('sequence[|t, d]'))).toContain('the elements of `x`\n\nat its use 20');
    expect(hover(at('vector[|e]'))).toContain('the numbers of `q`');
    expect(hover(at('-> |u: units'))).toContain('`units` numbers');
    expect(hover(at('x[t: |s]'))).toContain('the same as `t`');
  });

  it('explains functions, kinds of inputs, and where inputs begin', () => {
    expect(hover(at('shown a = |sigmoid'))).toContain('between 0 and 1');
    expect(hover(at('x: |sequence'))).toContain('The elements t of a list');
    expect(hover(at('|of (x'))).toContain('Begins the inputs');
    expect(hover(at('history -> |asked(q'))).toContain(
      'block asked(units = 64, f: flow = relu) of (x: sequence[t, d], q: vector[e])',
    );
    expect(hover(at('asked(|q: now'))).toContain('q: vector[e]');
  });
});

describe('completion', () => {
  const labels = (line: string): string[] => {
    const { facts, offset } = marked(model(asked.replace('  k = x[t: s]', line)));
    return completionsAt(facts, offset).items.map(({ label }) => label);
  };

  it('offers letters where axes are named', () => {
    const letters = ['t', 'd', 'e', 'u'];
    for (const line of ['k = sum over |', 'k = sum over t, |', 'k = x[|', 'k = x[t: |', 'k = size(|', 'scan over |'])
      expect(labels(line), line).toEqual(letters);
    expect(labels('k = sum over t where |')).toEqual(letters);
    expect(labels('k = sum over t where t <= |')).toEqual(letters);
    expect(labels('weights C[|')).toEqual([...letters, 'each']);
    expect(labels('weights C[d -> |')).toEqual([...letters, 'each']);
  });

  it('offers values of the lines above, parameters and functions in an expression, weights first after @', () => {
    expect(labels('k = |').slice(0, 7)).toEqual(['x', 'q', 'A', 'B', 'v', 'a', 'units']);
    expect(labels('k = |')).toEqual(expect.arrayContaining(['sigmoid', 'sum', 'softmax', 'size', 'pi']));
    expect(labels('k = x @ |').slice(0, 3)).toEqual(['A', 'B', 'v']);
    expect(labels('k = a +\n  |')).toContain('q');
    expect(labels('k = x -> |').slice(0, 2)).toEqual(['f', 'flatten']);
    expect(labels('k = x -> dense(|')).toContain('units');
    expect(labels('scan over t {\n  r[d] = 0 then |\n}')).toEqual(expect.arrayContaining(['x', 'tanh']));
    expect(labels('weights C[d -> w: |')).toEqual(expect.arrayContaining(['units', 'd', 'floor']));
    expect(labels('weights c[d] = |')).toEqual(['normal', 'uniform', 'units']);
  });

  it('offers words where they may stand', () => {
    expect(labels('|')).toEqual(['weights', 'scan', 'shown', 'give', 'repeat']);
    expect(labels('k = sum |')).toEqual(['over']);
    expect(labels('k = sum over t |')).toEqual(['where']);
    expect(labels('k = sum over t where t < s |')).toEqual(['and']);
    expect(labels('scan over t {\n  r[d] = 0 |\n}')).toEqual(['then']);
    const give = (line: string): string[] => {
      const { facts, offset } = marked(model(asked.replace('give a @ (x -> f)', line)));
      return completionsAt(facts, offset).items.map(({ label }) => label);
    };
    expect(give('give x @ A |')).toEqual(['as']);
    expect(give('give x @ A as |')).toEqual(['vector', 'sequence', 'fields', 'interests']);
    expect(give('give |')).toContain('a');
  });

  it('offers kinds and letters in the signature, and the inputs at a use', () => {
    const header = (text: string): string[] => {
      const { facts, offset } = marked(`${text}\n`);
      return completionsAt(facts, offset).items.map(({ label }) => label);
    };
    expect(header('block f |')).toEqual(['of']);
    expect(header('block f of (x: |')).toEqual(['vector', 'sequence', 'fields', 'interests']);
    expect(header('block f of (x: fields[f, |')).toContain('any');
    expect(header('block f(n: |')).toEqual(['flow']);
    const use = (text: string): string[] => {
      const { facts, offset } = marked(model(asked, text));
      return completionsAt(facts, offset).items.map(({ label }) => label);
    };
    expect(use('history -> asked(|')[0]).toBe('q:');
    expect(use('history -> asked(q: |')).toEqual(['now', 'user_id', 'history']);
  });

  it('knows the names of all other lines while one of them is broken', () => {
    expect(labels('k = x @ @ A\n  m = |').slice(0, 7)).toEqual(['x', 'q', 'A', 'B', 'v', 'a', 'k']);
  });
});

describe('signature', () => {
  it('shows inputs and parameters of a use', () => {
    const { facts, offset } = marked(model(asked, 'history -> asked(q: now, |'));
    const call = signatureAt(facts, offset)!;
    expect(call.text).toBe('asked(q: vector[e], units: number = 64, f: flow = relu)');
    expect(call.parameters[call.active!]!.doc).toContain('A number');
  });
});

describe('rename', () => {
  const rename = (words: string, name: string): string => {
    const { facts, offset } = marked(at(words));
    const found = facts.symbolAt(offset)!;
    const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
    const renaming = renameSymbol(found.symbol, name, [facts], (edits) => [factsOf(edited(edits))]);
    return 'refusal' in renaming ? renaming.refusal : edited(renaming.edits);
  };

  it.each([
    ['|units = 64', 'n', 'block asked(n = 64, f: flow = relu)', 'A[d -> u: n]'],
    ['|f: flow', 'g', 'g: flow = relu', 'give a @ (x -> g)'],
    ['|q: vector', 'query', 'query: vector[e]', 'asked(query: now)'],
    ['|x: sequence', 'h', 'h: sequence[t, d]', 'sigmoid(h @ A + q @ B)'],
    ['sequence[|t', 'i', 'sequence[i, d]', 'k = x[i: s]'],
    ['-> |u: units', 'w', 'A[d -> w: units], B[e -> w], v[w]', 'B[e -> w]'],
    ['weights |A[', 'M', 'weights M[d -> u: units]', 'x @ M'],
    ['shown |a =', 'shares', 'shown shares = ', 'give shares @ '],
  ])('renames %s everywhere', (words, name, declared, read) => {
    const text = rename(words, name);
    expect(text).toContain(declared);
    expect(text).toContain(read);
    expect(factsOf(text).checked.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('refuses a letter that is another axis', () => {
    expect(rename('sequence[|t', 'd')).toContain('another meaning');
  });
});

describe('definition and outline', () => {
  it('leads from each name to its declaration', () => {
    const { facts, offset } = marked(at('asked(|q: now'));
    const { symbol } = facts.symbolAt(offset)!;
    expect(symbol.span.start).toBe(facts.source.text.indexOf('q: vector'));
    expect(referencesTo(symbol, [facts]).map(({ span }) => spanText(span))).toEqual(['q', 'q', 'q']);
  });

  it('lists inputs, weights and lines, folds the body, and colours each word', () => {
    const facts = factsOf(model());
    const block = outlineOf(facts.checked.file).find(({ name }) => name === 'asked')!;
    expect(block.detail).toBe('of (x: sequence[t, d], q: vector[e]');
    expect(block.children!.map(({ name }) => name)).toEqual(['x', 'q', 'A', 'B', 'v', 'a', 'k', 'give']);
    expect(foldingRanges(facts)).toContainEqual(expect.objectContaining({ startLine: 2, endLine: 7 }));
    const looks = new Map(semanticTokensOf(facts).map(({ span, type }) => [spanText(span), type]));
    expect(looks.get('weights')).toBe('keyword');
    expect(looks.get('over') ?? 'keyword').toBe('keyword');
    expect(looks.get('sigmoid')).toBe('function');
    expect(looks.get('e')).toBe('enumMember');
    expect(looks.get('k')).toBe('variable');
  });
});

describe('a loss of formulas', () => {
  const mine = `loss mine(temperature = 0.1) of (s: scores[i, j], q: log_q[i, j]) {
  c = s / temperature - q
  rest = logsumexp over j (c)
  give rest - own(c)
}`;
  const withLoss = (block = mine, use = 'mine(in_batch, temperature: 0.05)'): string =>
    `${model('', 'history -> mean').replace('softmax(in_batch)', use)}${block}\n`;
  const labels = (text: string): string[] => {
    const { facts, offset } = marked(text);
    return completionsAt(facts, offset).items.map(({ label }) => label);
  };
  const line = (text: string): string[] => labels(withLoss(mine.replace('  rest = logsumexp over j (c)', text)));

  it('offers the words of losses, and none that only a block may have', () => {
    expect(line('  |')).toEqual(['give']);
    const values = line('  rest = |');
    expect(values.slice(0, 4)).toEqual(['s', 'q', 'c', 'temperature']);
    expect(values).toEqual(expect.arrayContaining(['own', 'logsumexp', 'count']));
    for (const ofBlock of ['size', 'spread', 'vector', 'scores', 'normal']) expect(values).not.toContain(ofBlock);
    expect(line('  rest = logsumexp over |')).toEqual(['j']);
    expect(line('  rest = logsumexp over j |')).toEqual([]);
    expect(labels(withLoss(mine.replace('log_q[i, j]', '|')))).toEqual(['scores', 'negatives', 'log_q', 'labels']);
    expect(labels(withLoss(mine.replace('log_q[i, j]', 'log_q[|')))).toEqual(['i', 'j']);
    expect(labels(withLoss('loss mine |'))).toEqual(['of']);
  });

  it('keeps words of losses out of blocks', () => {
    const { facts, offset } = marked(model(asked.replace('k = x[t: s]', 'k = |')));
    const values = completionsAt(facts, offset).items.map(({ label }) => label);
    expect(values).toContain('sigmoid');
    expect(values).not.toContain('own');
    expect(values).not.toContain('scores');
  });

  it('is offered to tasks before those of the library, with its arguments', () => {
    expect(labels(withLoss(mine, '|'))[0]).toBe('mine');
    expect(labels(withLoss(mine, 'mine(in_batch, |)'))).toEqual(
      expect.arrayContaining(['temperature:', 'correction:']),
    );
    const { facts, offset } = marked(withLoss(mine, 'mine(in_batch, temperature: |)'));
    const signature = signatureAt(facts, offset)!;
    expect(signature.text).toContain('mine(temperature: number = 0.1, [all], [in_batch]');
    expect(signature.parameters[signature.active!]!.doc).toContain('parameter of loss `mine`');
  });

  it('is named in hovers of its parameters and values', () => {
    expect(hover(withLoss(mine.replace('temperature - q', '|temperature - q')))).toContain('of loss `mine`');
    expect(hover(withLoss(mine.replace('own(c)', 'own(|c)')))).toContain('axes `[j]`');
    expect(hover(withLoss(mine.replace('give rest', 'give |rest')))).toContain('a number');
  });
});
