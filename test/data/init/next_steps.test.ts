/** What `tower init` says to do next, done to the letter: the model checks without a warning. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/app/api/check.ts';
import { init } from '../../../src/app/api/init.ts';
import { nextSteps } from '../../../src/data/init/next_steps.ts';
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
  // With labels and without.
  it.each(['three tables with other names for their keys', 'impressions with several labels'])(
    'reads the history in its order: %s',
    async (name) => {
      const { model, steps, text } = await project(name);
      const [none, mean, , group, tower, order, after, before] = codesOf(
        steps.find((step) => step.startsWith('Read'))!,
      );
      let changed = replaced(text, new RegExp(`(  history .*)${mean!.replace(/[()]/g, '.')}`), `$1${none}`);
      changed = replaced(changed, /group asked +=.*/, group!);
      changed = replaced(changed, 'query(asked)', tower!);
      changed = replaced(changed, /(tower query.*\{\n)/, `$1  ${order}\n`);
      changed = replaced(changed, before!, after!);
      expect(await codesAfter(model, changed)).toEqual([]);
    },
  );

  it('tries a feature that is a comment, in a group that is there', async () => {
    const { model, steps, text } = await project('three tables with other names for their keys');
    const [name, sign, group] = codesOf(steps.find((step) => step.startsWith('Try'))!);
    let changed = replaced(text, `${sign} ${name} `, `${name} `);
    changed = replaced(changed, new RegExp(`(group ${group} +=.*)`), `$1, ${name}`);
    expect(await codesAfter(model, changed)).toEqual([]);
  });

  it('tries a feature that is a comment, and makes the group for it', async () => {
    const folder = temporaryFolder('tower-next-');
    const rows = Array.from(
      { length: 200 },
      (_, at) => `u${(at * 7) % 20},f${(at * 13) % 30},${1_700_000_000 + at * 60}`,
    );
    writeFileSync(join(folder, 'views.csv'), `user,film,time\n${rows.join('\n')}\n`);
    const films = Array.from({ length: 30 }, (_, at) => `f${at},A film of ${at} words number ${at}`);
    writeFileSync(join(folder, 'films.csv'), `film,title\n${films.join('\n')}\n`);
    const { proposal, model } = await init({ files: [folder], out: folder });
    const step = nextSteps(proposal, { ...outcome, better: [] }).find((each) => each.startsWith('Try'))!;
    const [name, sign, group, tower, before, flow, plain] = codesOf(step);
    let changed = replaced(readFileSync(model, 'utf8'), `${sign} ${name} `, `${name} `);
    changed = replaced(changed, before!, tower!);
    changed = replaced(changed, `= ${plain}`, `= ${flow}`);
    changed = replaced(changed, '// Two towers', `${group}\n\n// Two towers`);
    expect(await codesAfter(model, changed)).toEqual([]);
  });

  it('writes a folder that no other step writes', async () => {
    const { proposal, steps } = await project('three tables with other names for their keys');
    const written = nextSteps(proposal, { ...outcome, isCut: true }).flatMap((step) =>
      [...step.matchAll(/--out (\S+)/g)].map(([, run]) => run),
    );
    expect(written).toEqual(['runs/second', 'runs/third']);
    expect(steps.join()).not.toMatch(/runs\/third/);
  });
});
