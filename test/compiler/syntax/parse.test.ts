import { describe, expect, test } from 'vitest';
import { lex } from '../../../grammar/lexer.ts';
import { makeSource, type Span, spanText } from '../../../src/base/text/source.ts';
import type { FileNode } from '../../../src/compiler/syntax/ast.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import fc from '../../fast_check.ts';
import * as examples from './examples.ts';
import { outline } from './outline.ts';

const { youtube } = examples;

const read = (text: string) => parse(makeSource('a.tower', text));

interface Node {
  readonly kind: string;
  readonly span: Span;
  readonly name?: unknown;
}

/** Every node below a node, with the node that holds it. */
function* children(node: Node): Generator<readonly [Node, Node]> {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'span') continue;
    for (const child of Array.isArray(value) ? value : [value]) {
      if (typeof child !== 'object' || child === null || !('kind' in child)) continue;
      yield [node, child];
      yield* children(child);
    }
  }
}

/** What holds of every tree and every diagnostic, whatever the text. */
function checkPlaces(text: string): void {
  const { output, diagnostics } = read(text);
  const isWithin = ({ start, end }: Span, outer: { start: number; end: number }): boolean =>
    start <= end && start >= outer.start && end <= outer.end;
  const hasItsName = ({ kind, span, name }: Node): boolean =>
    kind !== 'Identifier' || spanText(span).replace('-', '_') === name;
  // One expectation for all nodes, because each takes longer than the reading of a text.
  const misplaced = [...children(output)].filter(
    ([parent, child]) => !isWithin(child.span, parent.span) || !hasItsName(child),
  );
  const strays = diagnostics
    .flatMap(({ at, fixes }) => [at!, ...fixes.flat().map((edit) => edit.at)])
    .filter((at) => !isWithin(at, { start: 0, end: text.length }));
  expect([misplaced, strays]).toEqual([[], []]);
  expect(diagnostics.length).toBeLessThanOrEqual(51);
}

/** Text that is nearly a program. */
const nearly = fc
  .array(
    fc.constantFrom(
      ...[
        'features',
        'tower',
        'channel',
        'block',
        'shared',
        'data',
        'columns',
        'keyed',
        'by',
        'model',
        'task',
        'let',
        'use',
      ],
      ...['{', '}', '(', ')', '[', ']', '->', '=>', ',', ':', '=', '.', '+', '-', '*', '/'],
      ...[
        'name',
        '_x',
        '64',
        '1_',
        '10%',
        '"text"',
        '"open',
        "'x'",
        '// c\n',
        '/// d\n',
        '# e\n',
        '/*',
        '\n',
        '\n',
        '@',
        'é',
      ],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(' '));

describe('any text is answered, with every place inside of it and children inside parents', () => {
  test('words and signs in any order', () => {
    fc.assert(fc.property(nearly, checkPlaces), { numRuns: 150 });
  });

  test('any characters, halves of surrogate pairs too', () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    fc.assert(fc.property(fc.string({ unit, maxLength: 200 }), checkPlaces), { numRuns: 80 });
  });

  test('a program cut anywhere', () => {
    for (let end = 0; end <= youtube.length; end += 5) checkPlaces(youtube.slice(0, end));
  });

  test('a program with a piece missing or doubled', () => {
    fc.assert(
      fc.property(fc.nat(youtube.length), fc.nat(20), fc.boolean(), (at, length, doubled) => {
        const piece = youtube.slice(at, at + length);
        checkPlaces(youtube.slice(0, at) + (doubled ? piece + piece : '') + youtube.slice(at + length));
      }),
      { numRuns: 80 },
    );
  });
});

test('every character that is cut off is missed: only whole programs have no mistakes', () => {
  const last = youtube.trimEnd().length;
  expect(read(youtube.slice(0, last)).diagnostics).toEqual([]);
  for (let end = last - 40; end < last; end++) expect(read(youtube.slice(0, end)).diagnostics).not.toEqual([]);
});

test('CRLF, a byte order mark and blanks of all kinds change no meaning', () => {
  const plain = (file: FileNode) => JSON.stringify(file, (key, value) => (key === 'span' ? undefined : value));
  const expected = plain(read(youtube).output);
  expect(plain(read(youtube.replaceAll('\n', '\r\n')).output)).toBe(expected);
  expect(plain(read(`\uFEFF${youtube}`).output)).toBe(expected);
  expect(plain(read(youtube.replaceAll('  ', '\t\u00a0')).output)).toBe(expected);
  expect(read(youtube.replaceAll('\n', '\r\n')).diagnostics).toEqual([]);
});

test('newlines and blanks mean nothing: a program with each word on a line of its own is the same program', () => {
  for (const text of Object.values(examples)) {
    const words = lex(text).tokens.map((token) => token.image);
    expect(outline(read(words.join('\n')).output)).toBe(outline(read(text).output));
    expect(outline(read(words.join(' ')).output)).toBe(outline(read(text).output));
    expect(read(words.join('\n')).diagnostics).toEqual([]);
  }
});

test('of any one word or sign that is left out, nearly always one mistake is reported, and the rest is read', () => {
  let reported = 0;
  let once = 0;
  for (const text of Object.values(examples)) {
    const whole = read(text).output.declarations.length;
    for (const { startOffset, endOffset } of lex(text).tokens) {
      const { output, diagnostics } = read(`${text.slice(0, startOffset)} ${text.slice(endOffset! + 1)}`);
      expect(output.declarations.length).toBeGreaterThanOrEqual(whole - 1);
      if (diagnostics.length > 0) reported++;
      if (diagnostics.length === 1) once++;
    }
  }
  expect(once / reported).toBeGreaterThan(0.97);
});

test('a mistake in one declaration leaves the others as they were', () => {
  const whole = read(youtube).output.declarations;
  const broken = read(youtube.replace('group video    = video_id, channel', 'group video    = = video_id channel'));
  expect(broken.diagnostics.map(({ code }) => code)).toEqual(['needless-sign', 'missing-sign']);
  expect(broken.output.declarations.map(({ kind }) => kind)).toEqual(whole.map(({ kind }) => kind));
});

test('`///` belongs to what follows, line by line', () => {
  const { output } = read(youtube);
  expect(output.declarations[0]).toMatchObject({
    kind: 'ModelName',
    doc: 'After Yi et al., "Sampling-bias-corrected neural modeling" (RecSys 2019).',
  });
  const entry = read('features {\n  /// One.\n  ///   Two.\n  // not this\n  a : id\n  b : id }').output
    .declarations[0];
  expect(entry).toMatchObject({ entries: [{ doc: 'One.\n  Two.' }, {}] });
  expect(entry).not.toHaveProperty('doc');
  expect((entry as unknown as { entries: object[] }).entries[1]).not.toHaveProperty('doc');
});

// Work that grows with the square of a megabyte would pass the time that a test may take.
describe('large and hostile texts are answered', () => {
  const answered = (text: string) => {
    const outcome = read(text);
    expect(outcome.diagnostics.length).toBeGreaterThan(0);
    expect(outcome.diagnostics.length).toBeLessThanOrEqual(51);
    return outcome;
  };
  /** A fixed stream of bytes: a linear congruential generator. */
  const bytes = (length: number, from: number, to: number) => {
    let state = 12345;
    const codes = Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return from + ((state >>> 16) % (to - from));
    });
    return Buffer.from(codes);
  };
  const megabyte = 1 << 20;

  test('a megabyte of bytes is no text', () => {
    const { diagnostics } = answered(bytes(megabyte, 0, 256).toString('utf8'));
    expect(diagnostics.map(({ code }) => code)).toEqual(['not-text']);
  });

  test('a megabyte of bytes without zero, read as Latin letters', () => {
    const { diagnostics } = answered(bytes(megabyte, 1, 256).toString('latin1'));
    expect(diagnostics.at(-1)!.code).toBe('too-many-mistakes');
  });

  test('a megabyte of printable signs', () => {
    answered(bytes(megabyte, 32, 127).toString('latin1'));
  });

  const pieces = ['(', '{', '[', ')', '}', '-', '"', "'", '/*', ',', '->', '1_', '=', 'f(', '\\"'];
  const words = ['a ', 'a\n', 'a.', '"a" ', 'tower ', 'a = ', 'a : (\n', 'group a = b, ', 'let a = 1\n}\n'];
  test.each([...pieces, ...words])('64 kB of %j', (piece) => {
    answered(piece.repeat(megabyte / 16 / piece.length));
  });

  test.each(['let a = ', 'features {\n  a : ', 'tower a(b) {\n channel x = '])('depth after %j', (head) => {
    for (const piece of ['(', '[', 'f(', '-', '1 + ', 'x -> ', '-(']) answered(head + piece.repeat(5_000));
  });
});

test.each(['->\nchannel\na = a', '->\nchannel\na\n= a', '-> // c\nchannel\na /// d\n= a'])(
  'a flow may end in a step that is called `channel`, before an entry on the next line: %j',
  (end) => {
    const { output, diagnostics } = parse(makeSource('names.tower', `tower t(a) {\n  a = a ${end}\n}\n`));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(output.declarations[0]).toMatchObject({ entries: [{ flow: { kind: 'Flow' } }, { flow: { kind: 'Name' } }] });
  },
);

describe('`channel` outside a tower', () => {
  test.each(['train { a\n= b\n channel = a }\n', 'train { a = b\nchannel\n= a }\n'])('is a name in %j', (text) => {
    expect(parse(makeSource('names.tower', text)).diagnostics).toEqual([]);
  });
});

test('an entry whose name has lost its place is lost, not called by its key', () => {
  expect(outline(read('data d {\n  items = "i.csv"\n  = users "u.csv" by user_id\n}').output)).toBe(
    'Data d\n  items = "i.csv"\nlost: something of data',
  );
});

test('a declaration that is corrected to another has entries of its own kind', () => {
  const [declaration] = read('tower task watch {\n  score = dot(user, item)\n  loss = bce\n}').output.declarations;
  expect(declaration).toMatchObject({ kind: 'Task', entries: [{ kind: 'Entry' }, { kind: 'Entry' }] });
});
