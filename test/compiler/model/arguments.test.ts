import { describe, expect, it } from 'vitest';
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import type { KindRow, Parameters } from '../../../src/compiler/library/contract.ts';
import {
  choice,
  feature,
  flag,
  integer,
  kind,
  name,
  number,
  numbers,
  rest,
  text,
} from '../../../src/compiler/library/parameters.ts';
import { bindKind } from '../../../src/compiler/model/arguments.ts';
import { makeConstants } from '../../../src/compiler/model/constants.ts';
import { makeCollector } from '../../../src/compiler/model/report.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

const row = (parameters: Parameters, example: string): KindRow => ({ doc: 'A kind.', example, parameters });

const drawn = {
  drawn: row({ n: integer({ min: 1, required: true, positional: true, doc: 'How many.' }) }, 'drawn(3)'),
  every: row({}, 'every'),
};

const table: Readonly<Record<string, KindRow>> = {
  layer: row(
    {
      units: integer({ min: 1, max: 100, required: true, positional: true, doc: 'Width.' }),
      activation: choice(['relu', 'tanh'], { positional: true, doc: 'What follows.', default: 'relu' }),
      rate: number({ min: 0, below: 1, doc: 'Share.', default: 0 }),
      causal: flag({ doc: 'Only earlier ones.' }),
    },
    'layer(64, relu)',
  ),
  layers: row({ units: rest(integer({ min: 1, required: true, doc: 'Widths.' })) }, 'layers(64, 32)'),
  cut: row({ at: numbers({ ascending: true, doc: 'Where.' }), words: rest(text({ doc: 'Words.' })) }, 'cut("a")'),
  holder: row({ element: feature({ required: true, positional: true, doc: 'What.' }) }, 'holder(movie_id)'),
  same: row({ as: name('feature', { required: true, positional: true, doc: 'Which.' }) }, 'same(movie_id)'),
  against: row({ others: kind(drawn, { doc: 'Others.' }) }, 'against(others: drawn(4))'),
};

/** Binds one call as written in a file that has `let width = 16`. */
function bind(written: string): { arguments?: Readonly<Record<string, unknown>>; found: string[] } {
  const { output } = parse(makeSource('text', `let width = 16\nlet subject = width\ntask t { loss = ${written} }`));
  const { report, diagnostics } = makeCollector();
  const lets = output.declarations.filter((node) => node.kind === 'Let');
  const task = output.declarations.find((node) => node.kind === 'Task')!;
  const ignore = (): void => {};
  const movie = {
    kind: 'ModelName',
    name: { kind: 'Identifier', name: 'movie_id', span: task.span },
    span: task.span,
  } as const;
  const none = new Map<string, never>();
  const names = {
    feature: new Map([['movie_id', movie]]),
    label: none,
    task: none,
    block: none,
    loss: none,
    tower: none,
    group: none,
    column: none,
  };
  const constants = makeConstants(lets, report);
  const records = { note: ignore, onWord: ignore, onName: ignore, onUnknown: ignore };
  const binding = { report, constants, names, featureKinds: table, ...records };
  const call = bindKind('block', table, task.entries[0]!.value, binding);
  const found = diagnostics.map(({ code, at }) => `${code}: ${at ? spanText(at) : ''}`);
  return { ...(call ? { arguments: call.arguments } : {}), found };
}

describe('arguments find their parameter', () => {
  it('by place, with what is not given at its default', () => {
    expect(bind('layer(8)')).toEqual({
      arguments: { units: 8, activation: 'relu', rate: 0, causal: false },
      found: [],
    });
  });
  it('by word, wherever the word is', () => {
    expect(bind('layer(tanh, 8)').arguments).toMatchObject({ units: 8, activation: 'tanh' });
    expect(bind('layer(8, causal)').arguments).toMatchObject({ causal: true });
  });
  it('by name, before any is filled by place', () => {
    expect(bind('layer(8, units: 9)').found).toEqual(['repeated-argument: 8']);
    expect(bind('layer(activation: tanh, units: 9)').arguments).toMatchObject({ units: 9, activation: 'tanh' });
  });
  it('one after the other, where a parameter takes the rest', () => {
    expect(bind('layers(64, 32, 16)').arguments).toEqual({ units: [64, 32, 16] });
    expect(bind('layers(units: [64, 32])').arguments).toEqual({ units: [64, 32] });
    expect(bind('cut("a", "b", at: [1, 2])').arguments).toEqual({ words: ['a', 'b'], at: [1, 2] });
  });
  it('with flags that say true or false', () => {
    expect(bind('layer(8, causal: true)').arguments).toMatchObject({ causal: true });
    expect(bind('layer(8, causal: 1)').found).toEqual(['wrong-type: 1']);
  });
  it('that hold calls of their own, and features', () => {
    expect(bind('against(others: drawn(4))').arguments).toMatchObject({
      others: { kind: 'drawn', arguments: { n: 4 } },
    });
    expect(bind('against(every)').arguments).toMatchObject({ others: { kind: 'every' } });
    expect(bind('holder(movie_id)').arguments).toEqual({ element: { feature: 'movie_id' } });
    expect(bind('holder(layers(3))').arguments).toMatchObject({
      element: { kind: 'layers', arguments: { units: [3] } },
    });
    expect(bind('same(movie_id)').arguments).toEqual({ as: 'movie_id' });
  });
});

describe('numbers', () => {
  it('may be constants and arithmetic on them', () => {
    expect(bind('layers(width, width / 2, 2 * (width + 1), -width + 20)').arguments).toEqual({ units: [16, 8, 34, 4] });
    expect(bind('layer(subject, rate: 10%)').arguments).toMatchObject({ units: 16, rate: 0.1 });
  });
  it('are whole where they must be', () => {
    expect(bind('layer(8.5)').found).toEqual(['wrong-type: 8.5']);
    expect(bind('layers(width / 3)').found).toEqual(['wrong-type: width / 3']);
  });
  it.each([
    ['layer(0)', '0'],
    ['layer(101)', '101'],
    ['layer(8, rate: 100%)', '100%'],
    ['layer(8, rate: -1)', '-1'],
  ])('stay in their range: %s', (written, at) => {
    expect(bind(written).found).toEqual([`out-of-range: ${at}`]);
  });
  it('rise where they must', () => {
    expect(bind('cut(at: [1, 1])').found).toEqual(['not-ascending: [1, 1]']);
  });
});

describe('what does not fit is one diagnostic at its place', () => {
  it.each([
    ['layer', ['missing-argument: layer']],
    ['layer(unit: 8)', ['unknown-argument: unit']],
    ['layer(8, 9)', ['wrong-type: 9']],
    ['layer(8, tanh, relu)', ['repeated-argument: relu']],
    ['layer(8, rate: 0.1, rate: 0.2)', ['repeated-argument: rate: 0.2']],
    ['layer(8, thanh)', ['unknown-choice: thanh']],
    ['layer(8, activation: gelu)', ['unknown-choice: gelu']],
    ['layer("8")', ['wrong-type: "8"']],
    ['layers(64, 32, relu)', ['unknown-name: relu']],
    ['against(others: drawns(4))', ['unknown-choice: drawns']],
    ['against(others: drawn)', ['missing-argument: drawn']],
    ['holder(movieid)', ['unknown-name: movieid']],
    ['holder(laier(3))', ['unknown-kind: laier']],
    ['same(film)', ['unknown-name: film']],
    ['layr(8)', ['unknown-kind: layr']],
    ['3', ['expected-kind: 3']],
    ['constructor', ['unknown-kind: constructor']],
    ['layer(8, toString: 3)', ['unknown-argument: toString']],
  ])('%s', (written, expected) => {
    expect(bind(written)).toEqual({ found: expected });
  });
});
