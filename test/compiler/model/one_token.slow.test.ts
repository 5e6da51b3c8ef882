/**
 * One token that is wrong gives one error, at its place, and no safe fix does harm. Each nth token of every model and data block, and
 * of the guide's programs; `TOWER_FUZZ=1` takes every one.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { applyFixes, hasSafeFix } from '../../../src/base/diagnostics/fixes.ts';
import { randomOf } from '../../fuzz/edits.ts';
import { type Change, changes, keeps, wordsOf } from '../../fuzz/one_token.ts';
import { errorsOf, isNear, programs } from '../../fuzz/programs.ts';

const every = process.env.TOWER_FUZZ ? 1 : 17;

/**
 * The sample has about 440 texts, so a share near 0.87 differs from that of all texts by 0.016 (one standard error), near 0.98 by 0.007, and near
 * 0.004 by 0.003.
 */
const [slack, deletionSlack, harmSlack] = every === 1 ? [0, 0, 0] : [0.03, 0.01, 0.006];

interface Counts {
  /** Texts that are wrong: those that still check are not counted. */
  wrong: number;
  one: number;
  inPlace: number;
  readonly several: string[];
  readonly harmed: string[];
}

function count(change: Change): Counts {
  const counts: Counts = { wrong: 0, one: 0, inPlace: 0, several: [], harmed: [] };
  let turn = 0;
  for (const program of programs) {
    for (const { text, what, lines } of changes(program, change, randomOf(program.length))) {
      if (turn++ % every !== 0) continue;
      const errors = errorsOf(text);
      if (errors.length === 0) continue;
      counts.wrong++;
      if (errors.length === 1) counts.one++;
      else counts.several.push(`${what}: ${errors.map(({ message }) => message).join('; ')}`);
      if (isNear(errors[0]!, lines)) counts.inPlace++;
      if (change === 'delete') counts.harmed.push(...harm(program, text, errors).map((found) => `${what}: ${found}`));
    }
  }
  return counts;
}

/** Safe fixes after which there are as many errors, or others, or a word of the user's is lost. */
function harm(program: string, text: string, errors: readonly Diagnostic[]): string[] {
  const known = new Set(errors.map(({ code, message }) => code + message));
  return errors.filter(hasSafeFix).flatMap((error) => {
    const fixed = applyFixes(error.at!.source, [error]).text;
    if (wordsOf(fixed) === wordsOf(program)) return [];
    const left = errorsOf(fixed);
    const fewer = left.length < errors.length && left.every(({ code, message }) => known.has(code + message));
    return fewer && keeps(text, fixed) ? [] : [`${error.code}: ${error.message}`];
  });
}

describe('one token that is wrong is one error', () => {
  it('a deletion: 98 of 100, and no safe fix does harm', { timeout: 600_000 }, () => {
    const { wrong, one, inPlace, several, harmed } = count('delete');
    expect(one / wrong, several.join('\n')).toBeGreaterThanOrEqual(0.98 - deletionSlack);
    expect(inPlace / wrong).toBeGreaterThanOrEqual(0.95);
    expect(harmed.length / wrong, harmed.join('\n')).toBeLessThan(0.005 + harmSlack);
  });

  it.each([
    ['double', 0.98],
    // 0.870 of all texts.
    ['swap', 0.865],
    ['replace', 0.88],
  ] as const)('%s', { timeout: 600_000 }, (change, least) => {
    const { wrong, one, inPlace, several } = count(change);
    expect(one / wrong, several.join('\n')).toBeGreaterThanOrEqual(least - slack);
    expect(inPlace / wrong).toBeGreaterThanOrEqual(0.95);
  });
});

describe('one mistake that is common gives one message', () => {
  const valid = readFileSync('models/two_tower.tower', 'utf8');
  const cases: readonly (readonly [string, string, string])[] = [
    ['a colon of an argument', 'id(dim: 32)', 'id(dim 32)'],
    ['the `by` of a key', 'keyed by user_id', 'keyed user_id'],
    ['a braces-body after `model`', 'model two_tower', 'model two_tower {\n  size = 3\n}'],
    ['`|` for the arrow', 'profile -> flatten', 'profile | flatten'],
    ['`>` for the arrow', 'profile -> flatten', 'profile > flatten'],
    ['an arrow that is left over', 'mlp(128, 64)\n}\ntower', 'mlp(128, 64) ->\n}\ntower'],
    ['a line that goes on without its arrow', '-> flatten -> mlp', '-> flatten\n    mlp'],
    ...['features', 'tower user(profile) keyed by user_id', 'task watch', 'train'].map(
      (head) => [`the brace of \`${head}\``, `${head} {`, head] as const,
    ),
  ];

  it.each(cases)('%s', (_, right, wrong) => {
    expect(valid).toContain(right);
    const found = errorsOf(valid.replace(right, wrong));
    expect(found.map(({ message }) => message)).toHaveLength(1);
  });
});
