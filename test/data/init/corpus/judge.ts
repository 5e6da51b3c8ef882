/** Runs `tower init` on a folder of the corpus, up to a checked project whose rows were read, and compares it with what is right. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lookAt, proposalFor, proposeProject, writeProject } from '../../../../src/app/api/init.ts';
import { Failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { openDatabase } from '../../../../src/data/files/duckdb.ts';
import type { InitAnswers, InitQuestion, Proposal } from '../../../../src/data/init/proposal.ts';
import type { CorpusFolder, RightProject } from './make.ts';

export type Way = 'answered' | 'yes';

/** `right`, `asked: …` and `refused: …` are good ends; `wrong: …` and `fails: …` are not. */
export type Verdict = string;

async function writeFolder({ files, parquet = {} }: CorpusFolder, folder: string): Promise<void> {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const database = await openDatabase();
  try {
    for (const [name, select] of Object.entries(parquet))
      await database.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT PARQUET)`);
  } finally {
    database.close();
  }
}

/** Answers a question as a person does who knows the files: the right column, or what the folder says; otherwise what comes first. */
function answerOf({ id, choices }: InitQuestion, right: RightProject | undefined, folder: string): string {
  const given = right?.answers?.[id];
  if (given !== undefined) return given;
  if (!right && choices.some(({ value }) => value === 'none')) return 'none';
  const known: unknown = right && id in right ? right[id as 'user'] : [];
  const rightValues = (Array.isArray(known) ? known : [known]).map((value) => value ?? 'none');
  const isRight = (value: string): boolean =>
    rightValues.includes(value) || rightValues.includes(value.replace(`${folder}/`, ''));
  return (choices.find(({ value }) => isRight(value)) ?? choices[0]!).value;
}

/** @param path an empty folder */
export async function verdictOn(
  folder: CorpusFolder,
  way: Way,
  path: string,
  tryOn?: (model: string) => Promise<unknown>,
): Promise<Verdict> {
  await writeFolder(folder, path);
  const right = 'refused' in folder.right ? undefined : folder.right;
  const refusal = 'refused' in folder.right ? folder.right : undefined;
  try {
    const looked = await lookAt([path]);
    let answers: InitAnswers = {};
    for (let asked = 0; way === 'answered' && asked < 12; asked++) {
      const [question] = proposalFor(looked, path, answers).questions;
      if (question === undefined) break;
      answers = { ...answers, [question.id]: answerOf(question, right, path) };
    }
    const project = proposeProject(looked, path, answers);
    if (!right) return `wrong: proposed ${JSON.stringify(answered(project.proposal))}`;
    const mistakes = mistakesIn(project.proposal, right);
    const { model } = await writeProject(project);
    await tryOn?.(model);
    return mistakes.length === 0 ? 'right' : `wrong: ${mistakes.join('; ')}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [{ code, message }] = error.diagnostics as readonly [(typeof error.diagnostics)[number]];
    if (code === 'starter-asks') {
      const isGood = refusal !== undefined || (right?.asks ?? []).some((id) => message.includes(id));
      return isGood || way === 'yes' ? `asked: ${message}` : `fails: ${message}`;
    }
    if (refusal)
      return refusal.refused === code && refusal.says.test(message) ? `refused: ${message}` : `fails: ${message}`;
    return `fails: ${code}: ${message}`;
  }
}

function answered({ events, users, items, reasons, time, labels }: Proposal): Record<string, string | undefined> {
  const column = (taken: RegExp): string | undefined => reasons.find((each) => taken.test(each.taken))?.column;
  return {
    events: basename(events.sources[0]!),
    user: column(/^key of the (user|question)/),
    item: column(/^(key of the item|history)/),
    time: time && column(/^time/),
    joined: [users, items].flatMap((file) => file?.sources.map((source) => basename(source)) ?? []).join(', '),
    labels: labels.map(({ name }) => name).join(', '),
  };
}

function mistakesIn(proposal: Proposal, right: RightProject): string[] {
  const given = answered(proposal);
  const columns = (['events', 'user', 'item', 'time'] as const).flatMap((side) => {
    const expected = right[side];
    const isRight = Array.isArray(expected) ? expected.includes(given[side]) : expected === given[side];
    return isRight ? [] : [`${side} is ${given[side]}, not ${String(expected)}`];
  });
  const filesRead = new Set(proposal.reasons.map(({ file }) => basename(file)));
  const files = (right.joined ?? []).filter((file) => !filesRead.has(file)).map((file) => `${file} is not joined`);
  const labels = (right.labels ?? []).filter((label) => !proposal.labels.some(({ name }) => name === label));
  const read = (right.unread ?? []).filter((column) =>
    proposal.reasons.some((reason) => reason.column === column && / feature: /.test(reason.taken)),
  );
  return [
    ...columns,
    ...files,
    ...labels.map((label) => `no label ${label}, but ${given.labels}`),
    ...read.map((column) => `${column} is a feature`),
  ];
}
