/** What a newcomer mistakes: each is one error at its own line, and `--fix` makes no other of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { applySafeFixes } from '../../../src/base/diagnostics/fixes.ts';
import { makeSource, positionAt } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { inData, inModel, type Mistake } from './outsiders/list.ts';

const read = (file: string): string => readFileSync(`test/compiler/model/outsiders/${file}.tower`, 'utf8');
const errorsOf = (text: string) =>
  checkSource(makeSource('a.tower', text)).diagnostics.filter(({ severity }) => severity === 'error');
const fixed = (text: string): string =>
  applySafeFixes(
    makeSource('a.tower', text),
    (source) => checkSource(source).diagnostics,
    (next) => makeSource('a.tower', next),
  ).text;
/** Texts that differ by blanks alone are the same program. */
const plain = (text: string): string => text.replace(/[ \t]+/g, ' ').replace(/ ?([:=,]) ?/g, '$1');

interface Outcome {
  readonly wrong: string;
  readonly errors: number;
  readonly here: boolean;
  readonly hinted: boolean;
  readonly fix: 'restored' | 'none' | 'other';
  /** Errors that are left where a fix was made. */
  readonly left: number;
}

function outcomeOf(base: string, [right, wrong]: Mistake): Outcome {
  expect(base, `the list names what is not there: ${right}`).toContain(right);
  const at = base.indexOf(right);
  const text = base.slice(0, at) + wrong + base.slice(at + right.length);
  const source = makeSource('a.tower', text);
  const [first, ...others] = errorsOf(text);
  const lines = [at, at + wrong.length].map((offset) => positionAt(source, offset).line) as [number, number];
  const line = first?.at ? positionAt(source, first.at.start).line : 0;
  const after = fixed(text);
  return {
    wrong,
    errors: others.length + (first ? 1 : 0),
    here: line >= lines[0] && line <= lines[1],
    hinted: first?.hint !== undefined,
    fix: after === text ? 'none' : plain(after) === plain(base) ? 'restored' : 'other',
    left: after === text ? 0 : errorsOf(after).length,
  };
}

const outcomes = [
  ...inModel.map((mistake) => outcomeOf(read('base'), mistake)),
  ...inData.map((mistake) => outcomeOf(read('data'), mistake)),
];
const where = (wanted: (outcome: Outcome) => boolean): string[] => outcomes.filter(wanted).map(({ wrong }) => wrong);

describe('the mistakes of newcomers', () => {
  it('are many, made in texts without one', () => {
    expect(outcomes.length).toBeGreaterThan(250);
    expect([errorsOf(read('base')), errorsOf(read('data'))]).toEqual([[], []]);
  });
  it('are each found, at the line where they are', () => {
    expect(where(({ here }) => !here)).toEqual([]);
  });
  it('are each one error', () => {
    expect(where(({ errors }) => errors > 1)).toEqual([]);
  });
  it('mostly say what to do', () => {
    expect(where(({ hinted }) => hinted).length / outcomes.length).toBeGreaterThan(0.85);
  });
  it('are restored or left alone by --fix, or become what means the same', () => {
    expect(where(({ left }) => left > 0)).toEqual([]);
    expect(where(({ fix }) => fix === 'other')).toEqual(otherwise);
    expect(where(({ fix }) => fix === 'restored').length).toBeGreaterThan(140);
  });
});

/** What was written is kept, in the form that the language has for it. */
const otherwise = [
  'mlp(units: [128, width], activations: relu)',
  'dropout(rate = 0.1)',
  '-> dense(units=32)\n\ntower',
  // `recall(50)`, without the patience of the right text.
  'stop       = recall@50',
  'stop       = recall(k: 50, patience: 2',
  '# a shop\nmodel shop',
  '/* a shop */\nmodel shop',
];
