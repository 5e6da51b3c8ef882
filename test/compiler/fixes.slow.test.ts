/**
 * The law of `fixes.test.ts` over two corpora: mistakes as hands make them in the shipped models, and the files of `model/mistakes`. 300 mistakes here; `TOWER_FUZZ`
 * makes more.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Diagnostic } from '../../src/base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../src/base/diagnostics/fixes.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import { pick, randomOf } from '../fuzz/edits.ts';
import { mistake, mistakeKinds } from '../fuzz/mistakes.ts';

const total = Number(process.env.TOWER_FUZZ ?? 300);

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.tower'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));

const errorsOf = (text: string): readonly Diagnostic[] =>
  checkSource(makeSource('program.tower', text)).diagnostics.filter(({ severity }) => severity === 'error');

const kindOf = ({ code, message }: Diagnostic): string => `${code} ${message}`;

/** Returns what is wrong with the first fixes of the errors of a text: one that leaves as many errors, or makes a new one. */
function wrongFixes(text: string): readonly string[] {
  const source = makeSource('program.tower', text);
  const errors = checkSource(source).diagnostics.filter(({ severity }) => severity === 'error');
  const kinds = new Set(errors.map(kindOf));
  return errors.flatMap((error) => {
    const [edits] = error.fixes;
    if (edits === undefined) return [];
    const after = errorsOf(applyEdits(source, edits));
    const added = after.map(kindOf).filter((kind) => !kinds.has(kind));
    if (after.length < errors.length && added.length === 0) return [];
    return [`${kindOf(error)}: ${errors.length} errors, then ${after.length}, new: ${added.join('; ')}`];
  });
}

it('every first fix of the files of mistakes leads to fewer errors', { timeout: 600_000 }, () => {
  const wrong = filesIn('test/compiler/model/mistakes').flatMap(wrongFixes);
  expect(wrong).toEqual([]);
});

it(`every first fix of ${total} mistakes of hands leads to fewer errors`, { timeout: 3600_000 }, () => {
  const programs = ['models', 'models/data'].flatMap(filesIn);
  const wrong: string[] = [];
  let fixed = 0;
  for (let seed = 1; seed <= total; seed++) {
    const random = randomOf(seed);
    const made = mistake(pick(random, programs), pick(random, mistakeKinds), random);
    if (made === undefined) continue;
    if (errorsOf(made.text)[0]?.fixes.length) fixed++;
    wrong.push(...wrongFixes(made.text).map((one) => `seed ${seed}, ${made.kind} on line ${made.lines[0]}: ${one}`));
  }
  expect(wrong).toEqual([]);
  expect(fixed).toBeGreaterThan(total / 3);
});
