import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAt, proposalFor } from '../../../src/app/api/init.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import type { Proposal } from '../../../src/data/init/proposal.ts';
import { temporaryFolder } from '../../temporary_folder.ts';
import { type Folder, folders, laterFolders } from './folders.ts';

async function written({ files, parquet = {} }: Folder): Promise<string> {
  const folder = temporaryFolder('tower-folder-');
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const database = await openDatabase();
  try {
    for (const [name, select] of Object.entries(parquet))
      await database.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT PARQUET)`);
  } finally {
    database.close();
  }
  return folder;
}

/** What a proposal says, as a right answer does. */
function answered({ events, users, items, reasons, time, case: kind }: Proposal): Record<string, string | undefined> {
  const file = basename(events.sources[0]!);
  const column = (taken: RegExp): string | undefined =>
    reasons.find((each) => (basename(each.file) === file || events.copies.length > 0) && taken.test(each.taken))
      ?.column;
  const key = (source: string | undefined): string | undefined => {
    const name = source && basename(source);
    const found = reasons.find((each) => basename(each.file) === name && each.taken === 'joins');
    return found && `${name}.${found.column}`;
  };
  return {
    events: file,
    user: column(/^key of the (user|question)/),
    item: kind === 'listed' ? column(/^history/) : column(/^key of the item/),
    time: time && column(/^time/),
    users: key(users?.sources[0]),
    items: key(items?.sources[0]),
    history: kind === 'features' || kind === 'context' || kind === 'text' ? undefined : kind,
  };
}

async function wrongAnswers(folder: Folder): Promise<string[]> {
  const path = await written(folder);
  const proposal = proposalFor(await lookAt([path]), path);
  if ('problem' in proposal) return folder.right === 'refused' ? [] : [`refused: ${proposal.problem}`];
  if (folder.right === 'refused') return [`proposed ${JSON.stringify(answered(proposal))}`];
  const { right } = folder;
  const given = answered(proposal);
  return Object.entries(right).flatMap(([id, values]) => {
    const is = given[id];
    if ((values as readonly unknown[]).includes(is)) return [];
    const question = proposal.questions.find((each) => each.id === id);
    const isAsked = question?.choices.some(({ value }) => values.includes(value === 'none' ? undefined : value));
    return [`${isAsked ? 'asked: ' : ''}${id} is ${is}, not ${values.join(' or ')}`];
  });
}

describe('folders that init has not seen', () => {
  it.each([...folders, ...laterFolders].map((folder) => [folder.name, folder] as const))('%s', async (_, folder) => {
    const wrong = await wrongAnswers(folder);
    expect(wrong.filter((each) => !each.startsWith('asked: '))).toEqual([]);
  });
});
