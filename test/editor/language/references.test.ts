import { describe, expect, it } from 'vitest';
import type { Edit } from '../../../src/base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { FileAnalysis, referencesTo } from '../../../src/editor/language/file_analysis.ts';
import { renameSymbol } from '../../../src/editor/language/renaming.ts';
import { factsOf, marked } from '../lsp/marked.ts';

const model = `
block deep = mlp(8, 4)
features { user_id: id(dim: 16), movie_id: id(dim: 16), seen: list(movie_id) }
group person = user_id, seen
tower user(person) keyed by user_id {
  first = person -> flatten
  channel main = first -> deep
}
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> deep }
task watch { score = cosine(user.main, item.main), loss = softmax(in_batch) }
`;

function rename(words: string, name: string): string {
  const { facts, offset } = marked(model.replace(words.replace('|', ''), words));
  const found = facts.symbolAt(offset)!;
  const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
  const renaming = renameSymbol(found.symbol, name, [facts], (edits) => [factsOf(edited(edits))]);
  return 'refusal' in renaming ? renaming.refusal : edited(renaming.edits);
}

describe('references', () => {
  it('finds every place of a feature, also within a kind', () => {
    const facts = factsOf(model);
    const { symbol } = facts.symbolAt(model.indexOf('movie_id'))!;
    const places = referencesTo(symbol, [facts]);
    expect(places.map(({ span }) => spanText(span))).toEqual(Array(5).fill('movie_id'));
    expect(places.map(({ declares }) => declares)).toEqual([true, false, false, false, false]);
  });

  it('distinguishes the channels of two towers, though they have one name', () => {
    const text = rename('channel ma|in = first', 'out');
    expect(text).toContain('channel out = first');
    expect(text).toContain('cosine(user.out, item.main)');
  });
});

describe('rename', () => {
  it('renames a tower and a channel that a list goes through', () => {
    const whole = model.replace('seen: list(movie_id)', 'seen: list(movie_id, through: item.main)');
    const renamed = (words: string, name: string): string => {
      const { facts, offset } = marked(whole.replace(words.replace('|', ''), words));
      const found = facts.symbolAt(offset)!;
      const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
      const renaming = renameSymbol(found.symbol, name, [facts], (edits) => [factsOf(edited(edits))]);
      return 'refusal' in renaming ? renaming.refusal : edited(renaming.edits);
    };
    expect(renamed('tower it|em', 'film')).toContain('through: film.main)');
    expect(renamed('through: item.ma|in', 'vector')).toContain('channel vector = movie_id');
  });

  it('finds and renames a column of weights in the list and in the data block', () => {
    const whole = model
      .replace('seen: list(movie_id)', 'seen: list(movie_id, weights: stars)')
      .concat('data d { events = "a.csv", time = "t", stars = past(rating, 5), split = random(test: 10%) }\n');
    for (const words of ['weights: st|ars', 'time = "t", st|ars']) {
      const { facts, offset } = marked(whole.replace(words.replace('|', ''), words));
      const { symbol } = facts.symbolAt(offset)!;
      expect(referencesTo(symbol, [facts]).map(({ span }) => spanText(span))).toEqual(['stars', 'stars']);
      const renaming = renameSymbol(symbol, 'rated', [facts], (edits) => [factsOf(applyEdits(facts.source, edits))]);
      const edited = 'refusal' in renaming ? renaming.refusal : applyEdits(facts.source, renaming.edits);
      expect(edited).toContain('weights: rated)');
      expect(edited).toContain('rated = past(rating, 5)');
    }
  });

  it('renames a feature in the data blocks of the project, and a column in its models', () => {
    const data = `data d {
  events = "a.csv"
  items = "b.csv" by movie_id
  columns { movie_id = "movieId", user_id = "userId" }
  time = "t"
  history = past(movie_id, 50)
  split = by_time(test: 10%)
}
`;
    const facts = (name: string, text: string) => new FileAnalysis(checkSource(makeSource(name, text)));
    const rename = (from: string, words: string, others: readonly string[] = []): readonly string[] => {
      const texts: Record<string, string> = {
        model,
        data,
        ...Object.fromEntries(others.map((text, at) => [`other ${at}`, text])),
      };
      const files = Object.entries(texts).map(([name, text]) => facts(name, text));
      const here = files.find(({ source }) => source.name === from)!;
      const ordered = [here, ...files.filter((one) => one !== here)];
      const { symbol } = here.symbolAt(here.source.text.indexOf(words))!;
      const edited = (edits: readonly Edit[]) =>
        ordered.map(({ source }) => [source.name, applyEdits(source, edits)] as const);
      const renaming = renameSymbol(symbol, 'film', ordered, (edits) =>
        edited(edits).map(([name, text]) => facts(name, text)),
      );
      if ('refusal' in renaming) return [renaming.refusal];
      const after = new Map(edited(renaming.edits));
      return Object.keys(texts).map((name) => after.get(name)!);
    };
    const both = [model.replaceAll('movie_id', 'film'), data.replaceAll('movie_id', 'film')];
    expect(rename('model', 'movie_id')).toEqual(both);
    expect(rename('data', 'movie_id')).toEqual(both);
    // Another model reads the same column, so the data stays; all models follow the data.
    expect(rename('model', 'movie_id', [model])).toEqual([both[0], data, model]);
    expect(rename('data', 'movie_id', [model])).toEqual([...both, both[0]]);
    // Which of two data blocks feeds the model is not clear.
    expect(rename('data', 'movie_id', [data])).toEqual([model, both[1], data]);
  });

  it('binds a column that only the header of its file names, where the feature gets another name', () => {
    const facts = (name: string, text: string) => new FileAnalysis(checkSource(makeSource(name, text)));
    const block = (body: string): string => `data d {\n  events = "a.csv"\n${body}  split = random(test: 10%)\n}\n`;
    const rename = (data: string, columns: readonly string[] = [], own = model): readonly string[] => {
      const files = [facts('model', own), facts('data', data)];
      const { symbol } = files[0]!.symbolAt(own.indexOf('movie_id'))!;
      const made = (edits: readonly Edit[]) => files.map(({ source }) => applyEdits(source, edits));
      const headers = new Map([['data', columns]]);
      const recheck = (edits: readonly Edit[]) => made(edits).map((text, at) => facts(files[at]!.source.name, text));
      const renaming = renameSymbol(symbol, 'film', files, recheck, headers);
      return 'refusal' in renaming ? [renaming.refusal] : made(renaming.edits);
    };
    const renamed = model.replaceAll('movie_id', 'film');
    const items = '  items = "b.csv" by movie_id\n  history = past(movie_id, 5)\n';
    const after = items.replaceAll('movie_id', 'film');
    // With entries of columns, and without: also a name that SQL reads as a word of its own.
    const named = '  columns {\n    user_id = "userId"\n  }\n';
    const bound = '  columns {\n    user_id = "userId"\n    film = "movie_id"\n  }\n';
    expect(rename(block(named + items))).toEqual([renamed, block(bound + after)]);
    expect(rename(block(items), ['movie_id', 'user_id'])).toEqual([
      renamed,
      block(after).replace('\n}', '\n  columns { film = "movie_id" }\n}'),
    ]);
    // The files of this block have no such column.
    expect(rename(block(named), ['userId'])).toEqual([renamed, block(named)]);
    // In one file with the model, where the key is the feature.
    const whole = model + block(items);
    expect(rename('', [], whole)[0]).toBe(
      whole.replaceAll('movie_id', 'film').replace('10%)\n}', '10%)\n  columns { film = "movie_id" }\n}'),
    );
    const reserved = model.replaceAll('movie_id', 'order');
    const files = [facts('model', reserved), facts('data', block(''))];
    const made = (edits: readonly Edit[]) => files.map(({ source }) => applyEdits(source, edits));
    const renaming = renameSymbol(files[0]!.symbolAt(reserved.indexOf('order'))!.symbol, 'film', files, (edits) =>
      made(edits).map((text, at) => facts(files[at]!.source.name, text)),
    );
    expect('edits' in renaming && made(renaming.edits)[1]).toContain('columns { film = "\\"order\\"" }');
  });

  it('renames both channels that a score pairs by their name', () => {
    const whole = model.replace('user.main, item.main', 'user, item');
    const { facts } = marked(`${whole}|`);
    const found = facts.symbolAt(whole.indexOf('main = first'))!;
    const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
    const renaming = renameSymbol(found.symbol, 'out', [facts], (edits) => [factsOf(edited(edits))]);
    expect('edits' in renaming && edited(renaming.edits)).toBe(whole.replaceAll('main', 'out'));
  });

  it('renames a task in the products that name it', () => {
    const several = model.replace('loss = softmax(in_batch) }', 'loss = bce, label = seen }').concat(`
      task keep { score = dot(user.main, item.main) }
      task both { score = watch * keep, loss = bce, label = seen }
      retrieve = watch + keep`);
    const { facts } = marked(`${several}|`);
    const found = facts.symbolAt(several.indexOf('watch * keep'))!;
    const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
    const renaming = renameSymbol(found.symbol, 'look', [facts], (edits) => [factsOf(edited(edits))]);
    expect('edits' in renaming && edited(renaming.edits)).toBe(several.replaceAll('watch', 'look'));
  });

  it('renames each place and no other', () => {
    expect(rename('group per|son', 'people')).toBe(model.replaceAll('person', 'people'));
    expect(rename('block de|ep', 'shallow')).toBe(model.replaceAll('deep', 'shallow'));
    expect(rename('fir|st = person', 'flat')).toBe(model.replaceAll('first', 'flat'));
  });

  it('renames one of several names of a kind, and one within a group of groups', () => {
    const several = model
      .replace('user_id: id(dim: 16), movie_id: id(dim: 16),', 'user_id, movie_id: id(dim: 16),')
      .replace('group person = user_id, seen', 'group person = who, seen\ngroup who = user_id');
    const at = (words: string, name: string): string => {
      const { facts, offset } = marked(several.replace(words.replace('|', ''), words));
      const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
      const renaming = renameSymbol(facts.symbolAt(offset)!.symbol, name, [facts], (edits) => [factsOf(edited(edits))]);
      return 'refusal' in renaming ? renaming.refusal : edited(renaming.edits);
    };
    expect(at('list(movie|_id)', 'film_id')).toBe(several.replaceAll('movie_id', 'film_id'));
    expect(at('user|_id, movie', 'person_id')).toBe(several.replaceAll('user_id', 'person_id'));
    expect(at('= w|ho', 'asker')).toBe(several.replaceAll('who', 'asker'));
  });

  it('renames a parameter where it is declared, read and given by its name', () => {
    const text =
      'let n = 2\nblock deep(w, half = w / n) = dense(w) -> dense(half)\nblock more = deep(8) -> deep(half: 2, w: 4)\n';
    const { facts } = marked(`${text}|`);
    const edited = (edits: readonly Edit[]): string => applyEdits(facts.source, edits);
    for (const place of ['w, half', 'w / n', 'w) ->', 'w: 4']) {
      const found = facts.symbolAt(text.indexOf(place))!;
      const renaming = renameSymbol(found.symbol, 'size', [facts], (edits) => [factsOf(edited(edits))]);
      expect('edits' in renaming && edited(renaming.edits)).toBe(
        'let n = 2\nblock deep(size, half = size / n) = dense(size) -> dense(half)\nblock more = deep(8) -> deep(half: 2, size: 4)\n',
      );
    }
    const taken = renameSymbol(facts.symbolAt(text.indexOf('w, half'))!.symbol, 'half', [facts], (edits) => [
      factsOf(edited(edits)),
    ]);
    expect('refusal' in taken).toBe(true);
    expect(facts.symbolAt(text.indexOf('half: 2'))!.symbol.span.start).toBe(text.indexOf('half = w'));
  });

  it('refuses a name that another declaration has', () => {
    expect(rename('group per|son', 'seen')).toContain('has another meaning here');
    expect(rename('tower us|er(', 'item')).toContain('has another meaning here');
  });

  it('refuses a name that would hide another: a step that is called like an input', () => {
    expect(rename('fir|st = person', 'person')).toContain('has another meaning here');
  });

  it('gives names in other alphabets', () => {
    expect(rename('group per|son', 'größe')).toContain('group größe');
  });

  it('refuses what is no name', () => {
    for (const name of ['', '1st', 'a b', 'a-b', 'größя', 'gro\u0308ße', 'a\u200b'])
      expect(rename('group per|son', name)).toContain('is not a name');
  });
});
