/** What `tower init` guesses of files: goldens that a person reads. `UPDATE=1 npx vitest run test/app/api/init.slow.test.ts` writes them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  init,
  type LookedFiles,
  lookAt,
  proposalFor,
  proposeProject,
  writeProject,
} from '../../../src/app/api/init.ts';
import { guessesText } from '../../../src/app/cli/table.ts';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import type { InitAnswers } from '../../../src/data/init/proposal.ts';
import { rewrite } from '../../../src/data/look/readable_copy.ts';
import { type Files, noTables, uglySets, unlearnable } from '../../data/init/ugly.ts';
import { temporaryFolder } from '../../temporary_folder.ts';

function folderOf(files: Files): string {
  const folder = temporaryFolder('tower-init-');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

const visits = `user,item,time\n${Array.from({ length: 40 }, (_, at) => `${at % 7},${at % 9},${1_700_000_000 + at}\n`).join('')}`;

/** Answers each question that is not taken unasked with its first choice. */
function firstChoices(look: LookedFiles, folder: string): InitAnswers {
  let answers: InitAnswers = {};
  for (;;) {
    const open = proposalFor(look, folder, answers).questions.find(({ isOpen }) => isOpen);
    if (open === undefined) return answers;
    answers = { ...answers, [open.id]: open.choices[0]!.value };
  }
}

/** Guesses, open questions, and the data block: it checks without a warning, or this throws. */
async function answerFor(folder: string, files: readonly string[], out = folder): Promise<string> {
  const look = await lookAt(files.map((file) => join(folder, file)));
  const project = proposeProject(look, out, firstChoices(look, out));
  const { data, model, copies } = await writeProject(project);
  const questions = proposalFor(look, out).questions.map(
    ({ text, choices }) => `? ${text} ${choices.map((choice) => choice.text).join(' / ')}`,
  );
  return [
    guessesText(project.proposal),
    ...look.others.map(({ path, reason }) => `· ${path.slice(folder.length + 1)} is left out: ${reason}.`),
    ...copies.map(({ to, rewrite }) => `· copied to ${to}: ${rewrite.because.join('; ')}.`),
    ...questions,
    '',
    readFileSync(data, 'utf8'),
    readFileSync(model, 'utf8'),
  ]
    .join('\n')
    .replaceAll(folder, 'FOLDER')
    .replaceAll(/"(?:\.\.\/)+[^"]*\//g, '"…/');
}

function expectGolden(name: string, text: string): void {
  const path = `test/app/api/init/${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.txt`;
  const actual = `${text.trimEnd()}\n`;
  if (process.env.UPDATE === '1') {
    mkdirSync('test/app/api/init', { recursive: true });
    writeFileSync(path, actual);
  } else expect(actual).toBe(readFileSync(path, 'utf8'));
}

describe('files as people have them', () => {
  it.each(Object.keys(uglySets))('%s', async (name) => {
    const files = uglySets[name]!();
    expectGolden(name, await answerFor(folderOf(files), Object.keys(files)));
  });
});

const real = process.env.TOWER_DATA;
const sets: Readonly<Record<string, RegExp>> = {
  'ml-latest-small': /\.csv$/,
  'lastfm-split': /\.txt$/,
  toys: /\.(txt|json)$/,
  restaurants: /\.csv$/,
};

describe.skipIf(real === undefined)('published sets', () => {
  it.each(Object.keys(sets))('%s', async (name) => {
    const folder = join(real!, name);
    const files = readdirSync(folder)
      .filter((file) => sets[name]!.test(file))
      .sort();
    expectGolden(`set ${name}`, await answerFor(folder, files, folderOf({})));
  });
});

describe('what is no table', () => {
  it.each(Object.keys(noTables))('%s says why', async (name) => {
    const [content, reason] = noTables[name]!;
    const folder = folderOf({ [name]: content });
    await expect(lookAt([join(folder, name)])).rejects.toThrow(reason);
  });

  it.each(Object.keys(unlearnable))('%s teaches nothing, and it says why', async (name) => {
    const [files, reason] = unlearnable[name]!;
    const folder = folderOf(files);
    await expect(init({ files: [folder], out: folder })).rejects.toThrow(reason);
    expect(readdirSync(folder).sort()).toEqual(Object.keys(files).sort());
  });

  it('a folder without files, a file that is missing', async () => {
    const folder = folderOf({});
    await expect(lookAt([folder])).rejects.toThrow(/has no file of rows/);
    await expect(lookAt([join(folder, 'none.csv')])).rejects.toThrow(/there is no such file/);
  });

  it('items alone are no events', async () => {
    const folder = folderOf({ 'items.csv': 'item_id,title\n1,One thing\n2,Another thing\n3,A third thing\n' });
    await expect(init({ files: [join(folder, 'items.csv')], out: folder })).rejects.toThrow(/nothing can be learned/);
  });
});

describe('a copy', () => {
  it.each([
    [
      'blanks after commas, codes that begin with 0',
      'visits.csv',
      /^customer,shop,score,time\n011,0011,3,1700000000\n/,
    ],
    [
      'quotes after a backslash, a clock of twelve hours',
      'log.csv',
      /\n11,11,"a ""good"" one, no. 0","May \d+, 2024 1:30 PM"\n/,
    ],
    [
      'lines of a title, groups of three digits, days of a spreadsheet',
      'report.csv',
      /^Customer,Product,Amount,Paid,Date\n11,P11,/,
    ],
    [
      'a mark of UTF-8 before letters of one byte',
      'kauf.csv',
      /^Käufer;Möbel;Preis in €;Datum\nJörg 11;Stühle 11;1.211,90 €;/,
    ],
    [
      'objects in lines of JSON',
      'events.jsonl',
      /"user_id":"u11","user_profile_age":31,"user_profile_address_town":"t3","product_sku":"P-11",/,
    ],
  ])('of %s has the rows that a data block reads', async (name, file, form) => {
    const files = uglySets[name]!();
    const folder = folderOf(files);
    const look = await lookAt([folder]);
    const project = proposeProject(look, folder, firstChoices(look, folder));
    const { from, kind, rewrite: how } = project.proposal.events.copies[0]!;
    await rewrite({ from, to: join(folder, 'copy'), kind, rewriteFile: how });
    expect(project.proposal.events.path).toBe(`tables/${file}`);
    expect(readFileSync(join(folder, 'copy'), 'utf8')).toMatch(form);
  });

  it('has the fields of structs of Parquet, and no map is taken apart', async () => {
    const folder = folderOf({});
    const path = join(folder, 'e.parquet');
    const database = await openDatabase();
    try {
      await database.run(
        `COPY (SELECT {'id': 'u' || (k * 7 % 60), 'age': k % 50} AS "user", {'sku': k * 13 % 40, 'tags': ['a', 'b']} AS product, map {'os': 'x'} AS props, [[k], [1]] AS deep, [{'a': 1}] AS parts, (k * 1.5)::DECIMAL(12, 2) AS spent, TIMESTAMP '2024-01-01' + to_hours(k::INT) AS ts FROM range(600) t(k)) TO '${path}' (FORMAT PARQUET)`,
      );
    } finally {
      database.close();
    }
    const { proposal } = await init({ files: [path], out: folder });
    const taken = Object.fromEntries(proposal.reasons.map(({ column, taken: as }) => [column, as]));
    expect(taken).toMatchObject({
      user_id: 'key of the user',
      product_sku: 'key of the item',
      ts: 'time',
      props: 'left out',
      deep: 'left out',
      parts: 'left out',
    });
  });
});

describe('a folder that has files already', () => {
  it('keeps them: nothing is written over, and nothing next to them', async () => {
    for (const kept of ['data.tower', 'model.tower']) {
      const folder = folderOf({
        'v.csv': 'user,item,time\n1,2,1700000000\n1,3,1700000001\n2,2,1700000002\n',
        [kept]: 'mine',
      });
      const failed = await init({ files: [join(folder, 'v.csv')], out: folder }).catch((error: unknown) => error);
      expect((failed as Failure).diagnostics.map(({ code }) => code)).toEqual(['starter-exists']);
      expect(readFileSync(join(folder, kept), 'utf8')).toBe('mine');
      expect(readdirSync(folder).sort()).toEqual([kept, 'v.csv'].sort());
    }
  });

  it('writes into the folder of `out`, and reads files of another project', async () => {
    const folder = folderOf({ 'v.csv': visits });
    const out = join(folderOf({}), 'new', 'project');
    const { allow } = await init({ files: [join(folder, 'v.csv')], out });
    expect(allow).toEqual([folder]);
    expect(existsSync(join(out, 'model.tower'))).toBe(true);
  });
});

it('each of several files without names gets a copy, and all are read', async () => {
  const part = (from: number): string =>
    Array.from({ length: 60 }, (_, at) => `u${(at + from) % 9},i${(at * 7 + from) % 11}\n`).join('');
  const folder = folderOf({ 'log-1.csv': part(0), 'log-2.csv': part(4) });
  const answers = { user: 'column1', item: 'column2' };
  const { proposal, copies, data } = await init({ files: [folder], out: folder, answers });
  expect(copies.map(({ to }) => to)).toEqual(['tables/log-1.csv', 'tables/log-2.csv']);
  expect(readFileSync(data, 'utf8')).toContain(proposal.events.path);
  expect(proposal.size.events).toBe(120);
});

it('says that a project checks only after a sample of its rows was read', async () => {
  const folder = folderOf({
    'v.csv': visits,
    'users.csv': `user,age\n${[0, 1, 2].map((id) => `${id},30\n`).join('')}`,
  });
  const look = await lookAt([folder]);
  const project = proposeProject(look, folder, { missing_users: 'leave' });
  const { reject: _, ...withoutLimit } = project.proposal;
  await expect(writeProject({ ...project, proposal: withoutLimit })).rejects.toThrow(/cannot be trained/);
});

it('a new folder next to the files is a project of its own', async () => {
  const folder = folderOf({ 'v.csv': visits });
  const { allow } = await init({ files: [join(folder, 'v.csv')], out: join(folder, 'new') });
  expect(allow).toEqual([folder]);
});

describe('answers', () => {
  it('decide what names do not', async () => {
    const folder = folderOf({
      'v.csv': `alpha,beta,gamma\n${Array.from({ length: 60 }, (_, at) => `a${at % 20},b${at % 15},c${at % 30}`).join('\n')}\n`,
    });
    const look = await lookAt([join(folder, 'v.csv')]);
    const { proposal } = proposeProject(look, folder, { user: 'gamma', item: 'alpha' });
    expect([proposal.user?.name, proposal.item.name]).toEqual(['gamma', 'alpha']);
  });
});
