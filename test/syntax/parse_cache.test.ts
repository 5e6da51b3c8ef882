/** Reading on from the text before gives what reading anew gives: the same tree, the same places, the same mistakes. */
import { describe, expect, it } from 'vitest';
import { type Lexed, lex } from '../../grammar/lexer.ts';
import type { Outcome } from '../../src/diagnostics/diagnostic.ts';
import { toJson } from '../../src/diagnostics/json.ts';
import type { File } from '../../src/syntax/ast.ts';
import { isOdd } from '../../src/syntax/lexical.ts';
import { parse } from '../../src/syntax/parse.ts';
import { IncrementalParser } from '../../src/syntax/parse_cache.ts';
import { Relexer } from '../../src/syntax/relex.ts';
import { makeSource } from '../../src/text/source.ts';
import { edit, editLines, pick, randomOf } from '../fuzz/edits.ts';
import * as examples from './examples.ts';

const programs = Object.values(examples).flatMap((text) => (typeof text === 'string' ? [text] : []));

/** Everything that a tree says, each place as its offsets. */
function plain({ output, diagnostics }: Outcome<File>): string {
  const tree = JSON.stringify(output, (key, value) => {
    if (key === 'source') return undefined;
    return value;
  });
  return `${tree}\n${JSON.stringify(toJson(diagnostics))}`;
}

const tokensOf = (lexed: Lexed): string =>
  JSON.stringify({ odd: lexed.tokens.filter(isOdd), ...lexed }, (key, value) =>
    key === 'tokenType' ? value.name : value,
  );

/** Of which every place must be in this text. */
function sources(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null) return found;
  if ('source' in value && 'start' in value) found.add(value.source);
  else for (const inner of Object.values(value)) sources(inner, found);
  return found;
}

describe('reading on from the text before', () => {
  it.each([1, 2, 3, 4, 5, 6])('gives what reading anew gives, whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    for (let round = 0; round < 8; round++) {
      const memory = new IncrementalParser();
      const texts = [pick(random, programs)];
      for (let step = 0; step < 12; step++) {
        // Now and then back to a text that was read before.
        const back = random.next() < 0.2;
        const text = back ? pick(random, texts) : edit(texts.at(-1)!, random);
        texts.push(text);
        const source = makeSource('model.tower', text);
        const read = memory.parse(source);
        expect(plain(read), text).toBe(plain(parse(source)));
        expect([...sources(read.output)]).toEqual([source]);
      }
    }
  });

  it.each([7, 8, 9])('gives what reading anew gives of a long body, whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    const entry = (at: number): string => {
      const names = at % 7 === 0 ? `f${at}, g${at},\n    h${at}` : `f${at}`;
      return `${at % 5 === 0 ? '  /// What it is.\n' : ''}  ${names} : list(id(dim: ${at}), max: 5)${at % 3 === 0 ? ',' : ''}\n`;
    };
    const body = Array.from({ length: 60 }, (_, at) => entry(at)).join('');
    const search = Array.from({ length: 40 }, (_, at) => `  a.b${at} : one of ${at}, ${at + 1}\n`).join('');
    let text = `let w = 1\nfeatures {\n${body}}\nlabels { clicked: binary }\nsearch {\n${search}}\n`;
    const memory = new IncrementalParser();
    const texts = [text];
    for (let step = 0; step < 60; step++) {
      const kind = random.next();
      text = kind < 0.15 ? pick(random, texts) : kind < 0.6 ? editLines(text, random) : edit(text, random);
      // Each third text is valid again, as a text that stays broken is read in other ways.
      if (step % 3 === 2) text = texts.findLast((one) => parse(makeSource('m', one)).diagnostics.length === 0)!;
      texts.push(text);
      const source = makeSource('model.tower', text);
      const read = memory.parse(source);
      expect(plain(read), text).toBe(plain(parse(source)));
      expect([...sources(read.output)]).toEqual([source]);
    }
  });

  it('keeps the nodes of what did not change', () => {
    const memory = new IncrementalParser();
    const text = 'features {\n  a : id(dim: 4)\n  b : id(dim: 8)\n}\ngroup g = a, b\n';
    const [first, group] = memory.parse(makeSource('m', text)).output.declarations;
    const [second, same] = memory.parse(makeSource('m', text.replace('dim: 8', 'dim: 16'))).output.declarations;
    expect(same).toBe(group);
    expect(same?.span.start).toBe(text.indexOf('group') + 1);
    if (first?.kind !== 'Features' || second?.kind !== 'Features') throw new Error('invariant: features');
    expect(second.entries[0]).toBe(first.entries[0]);
    expect(second.entries[1]).not.toBe(first.entries[1]);
  });

  it('keeps a declaration with a body of which nothing changed, and one around a bracket that is missing in parts', () => {
    const memory = new IncrementalParser();
    const text = 'features {\n  a : id(dim: 4)\n  b : id(dim: 8)\n}\ntrain { batch = 1 }\n';
    const [first, train] = memory.parse(makeSource('m', text)).output.declarations;
    const [second, same] = memory.parse(makeSource('m', text.replace('8)', '8'))).output.declarations;
    expect(same).toBe(train);
    if (first?.kind !== 'Features' || second?.kind !== 'Features') throw new Error('invariant: features');
    expect(second.entries[0]).toBe(first.entries[0]);
    expect(second.entries[1]).not.toBe(first.entries[1]);
    const source = makeSource('m', text);
    expect(plain(memory.parse(source))).toBe(plain(parse(source)));
  });

  it('reads a body that is empty now as empty', () => {
    const memory = new IncrementalParser();
    const text = 'tower user(a) {\n  channel main = a -> flatten\n}\n';
    for (const now of [text, text.replace(/ +channel.*/, ''), text]) {
      const source = makeSource('m', now);
      expect(plain(memory.parse(source))).toBe(plain(parse(source)));
    }
  });

  it('reads two entries of one text as two', () => {
    const memory = new IncrementalParser();
    const text = 'train { batch = 1, batch = 1 }\ntask a { loss = bce }\ntask b { loss = bce }\n';
    memory.parse(makeSource('m', text));
    const source = makeSource('m', `\n${text}`);
    expect(plain(memory.parse(source))).toBe(plain(parse(source)));
  });
});

describe('the tokens of a text that changed a little', () => {
  it.each([11, 12, 13, 14])('are those of the text read anew: seed %i', (seed) => {
    const random = randomOf(seed);
    for (let round = 0; round < 10; round++) {
      const relexer = new Relexer();
      let text = pick(random, programs);
      for (let step = 0; step < 20; step++) {
        text = edit(text, random);
        expect(tokensOf(relexer.lex(text)), JSON.stringify(text)).toBe(tokensOf(lex(text)));
      }
    }
  });

  it('are those of a text of which very much changed', () => {
    const text = 'let a = 1\n'.repeat(50_000);
    const relexer = new Relexer();
    relexer.lex(text);
    const changed = `b${text.slice(1, -2)}2\n`;
    expect(relexer.lex(changed).tokens.length).toBe(lex(changed).tokens.length);
  });

  it('are those of a long text, wherever it changed', () => {
    const text = Array.from({ length: 300 }, (_, at) => `let constant_${at} = ${at}`).join('\n');
    const relexer = new Relexer();
    for (const at of [0, 1, 1023, 1024, 1025, 3000, text.length - 1025, text.length - 1024, text.length]) {
      for (const changed of [
        `${text.slice(0, at)}1${text.slice(at)}`,
        text,
        `${text.slice(0, at)}${text.slice(at + 9)}`,
      ]) {
        expect(tokensOf(relexer.lex(changed))).toBe(tokensOf(lex(changed)));
      }
    }
  });
});
