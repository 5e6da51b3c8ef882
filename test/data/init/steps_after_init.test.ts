/** What `tower init` says to do next, done to the letter: the model checks without a warning. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/app/api/check.ts';
import { init, offerFit } from '../../../src/app/api/init.ts';
import { nextSteps } from '../../../src/data/init/steps_after_init.ts';
import { temporaryFolder } from '../../temporary_folder.ts';
import { uglySets } from './ugly.ts';

const outcome = { run: 'runs/first', model: 'model.tower', allow: '', user: 'u', better: ['item_cf'], isCut: false };

async function project(name: string) {
  const folder = temporaryFolder('tower-next-');
  for (const [file, content] of Object.entries(uglySets[name]!())) writeFileSync(join(folder, file), content);
  const { proposal, model } = await init({ files: [folder], out: folder });
  return { proposal, model, steps: nextSteps(proposal, outcome), text: readFileSync(model, 'utf8') };
}

/** What a step has in backquotes. */
const codesOf = (step: string): string[] => [...step.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

async function codesAfter(path: string, text: string): Promise<string[]> {
  writeFileSync(path, text);
  return (await check(path)).diagnostics.map(({ code, message }) => `${code}: ${message}`);
}

function replaced(text: string, from: string | RegExp, to: string): string {
  const after = text.replace(from, to);
  expect(after, `${from} is there`).not.toBe(text);
  return after;
}

describe('a next step', () => {
  it.each([
    ['of a file of items', 'three tables with other names for their keys'],
    ['of users', 'one wide file with everything'],
  ])('tries a feature that is a comment, beside the lists: %s', async (_, name) => {
    const { model, steps, text } = await project(name);
    const step = steps.find((each) => each.startsWith('Try'))!;
    const [idea, sign, inputs, before, ...lines] = codesOf(step);
    const plain = lines.pop()!;
    let changed = replaced(text, `${sign} ${idea} `, `${idea} `);
    changed = replaced(changed, before!, inputs!);
    changed = replaced(changed, plain, lines.join('\n  '));
    expect(await codesAfter(model, changed)).toEqual([]);
  });

  it('writes a folder that no other step writes', async () => {
    const { proposal, steps } = await project('three tables with other names for their keys');
    const written = nextSteps(proposal, { ...outcome, isCut: true }).flatMap((step) =>
      [...step.matchAll(/--out (\S+)/g)].map(([, run]) => run),
    );
    expect(written).toEqual(['runs/second', 'runs/tuned']);
    expect(steps.join()).not.toMatch(/runs\/second/);
  });
});

describe('a baseline that ranked better', () => {
  const evaluation = {
    metrics: ['recall@10'],
    rows: [
      { name: 'model', all: { 'recall@10': 0.1 } },
      { name: 'ease', all: { 'recall@10': 0.2 } },
      { name: 'slim', all: { 'recall@10': 0.3 } },
      { name: 'ials', all: { 'recall@10': 0.4 } },
    ],
  } as never;

  it.each(['three tables with other names for their keys', 'one wide file with everything'])(
    'is written as a model that checks, and is the first step: %s',
    async (name) => {
      const folder = temporaryFolder('tower-fit-');
      for (const [file, content] of Object.entries(uglySets[name]!())) writeFileSync(join(folder, file), content);
      const made = await init({ files: [folder], out: folder });
      expect(await offerFit(made, { evaluation, better: ['ials'] })).toBeUndefined();
      const fit = await offerFit(made, { evaluation, better: ['ease', 'slim', 'ials'] });
      expect(fit).toBe('slim');
      const path = join(folder, 'item_to_item.tower');
      expect((await check(path)).diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
      const [first] = nextSteps(made.proposal, { ...outcome, fit: fit! });
      expect(first).toContain('npx tower train item_to_item.tower --out runs/slim');
    },
  );
});
