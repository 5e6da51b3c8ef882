/** Imports a config of EasyRec or TorchEasyRec as a model of Tower. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { check, readSource } from '../../app/api/check.ts';
import type { Imported, ImportNote, ImportRequest, NoteKind } from '../../app/api/import.ts';
import { formatted, lookAt, pathFrom } from '../../app/api/init.ts';
import { diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeTextDurably } from '../../base/storage/durable.ts';
import { isReadable, pathKind, reachOf } from '../../data/files/access.ts';
import { formatOf } from '../../data/files/formats/table.ts';
import { type ConvertedConfig, convertConfig } from './convert.ts';
import type { FeatureDraft, ModelDraft, SideName, TowerDraft } from './groups.ts';
import { quoted } from './kinds.ts';
import { copyItems, copyRows, firstLineOf } from './rows_file.ts';

/** Maximum size of a config, which is written by hand. */
const maxConfigBytes = 20 << 20;

/** Long because the written files are removed again if a later step fails. */
export async function importConfig(request: ImportRequest): Promise<Imported> {
  const { config, out, signal } = request;
  if (existsSync(config) && statSync(config).size > maxConfigBytes) {
    throw failure('cannot-read', { path: config, reason: `it is larger than a config of ${maxConfigBytes >> 20} MB` });
  }
  const source = readSource(config);
  const firstPass = convertConfig(source.name, source.text, { user: request.user, item: request.item });
  const importFiles = await filesOf(request, firstPass);
  const lists = await listsOf([...importFiles.events, ...importFiles.test], signal);
  const names = new Set(firstPass.draft.features.map(({ name }) => name));
  const converted = convertConfig(source.name, source.text, {
    user: request.user,
    item: request.item,
    isList: (column) => lists.has(column),
    findFile: (path) => findNearby(path, config).map((file) => pathFrom(out, file))[0],
  });
  if (names.size === 0) throw failure('config-part', { part: 'feature_config' });
  const { draft, dialect, notes, paths } = converted;

  const [data, model] = [join(out, 'data.tower'), join(out, 'model.tower')];
  const plan = planOf(importFiles, converted, out);
  for (const path of [data, model, ...plan.copies.map(({ to }) => to)]) {
    // The model is written last, so without it an earlier import is unfinished.
    if (existsSync(path)) throw failure('starter-exists', { path, isUnfinished: !existsSync(model) });
  }
  await makeFolder(out);
  const copies: Imported['copies'][number][] = [];
  const copyNotes: ImportNote[] = [];
  try {
    await writeFiles();
  } catch (error) {
    // If they stayed, the written files would block the next attempt.
    for (const path of [...plan.copies.map(({ to }) => to), data, model])
      await rm(path, { force: true }).catch(() => {});
    throw error;
  }
  const { diagnostics, text } = await check(model, { ...(plan.allow.length > 0 ? { allow: plan.allow } : {}), signal });
  // Missing files get a clearer message.
  const errors = diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'data-file-missing');
  if (errors.length > 0) throw new Failure([diagnose('import-fails', undefined, { model }), ...errors]);
  return {
    dialect,
    model,
    data,
    notes: [...notes, ...copyNotes],
    copies,
    missing: plan.missing,
    allow: plan.allow,
    warnings: diagnostics.some(({ severity }) => severity === 'warning') && plan.missing.length === 0 ? text : '',
  };

  async function writeFiles(): Promise<void> {
    for (const { from, to, kind } of plan.copies) {
      if (kind === 'items') {
        const note = (kind: NoteKind, text: string) => copyNotes.push({ kind, line: 0, field: from[0]!, text });
        const { count, left, isUniform } = await copyItems(paths.items!, from[0]!, to, signal);
        copies.push({ from, to, rows: count });
        if (left > 0) note('left out', `${left} lines have another number of attributes`);
        if (!isUniform) note('differs', 'items are drawn alike, and not by these weights: see `by: frequency`');
        continue;
      }
      await copyRows({ from, to, columns: paths.columns, delimiter: paths.delimiter, signal });
      copies.push({ from, to });
    }
    const title = basename(config);
    await writeTextDurably(data, formatted(convertedDataText(draft, plan.files, title), data));
    await writeTextDurably(model, formatted(convertedModelText(draft, title), model));
  }
}

interface ImportPlan {
  readonly files: DataFiles;
  readonly copies: readonly {
    readonly from: readonly string[];
    readonly to: string;
    readonly kind: 'rows' | 'items';
  }[];
  readonly missing: Imported['missing'];
  readonly allow: readonly string[];
}

function planOf(found: ImportFiles, converted: ConvertedConfig, out: string): ImportPlan {
  const { paths, draft } = converted;
  const copies: ImportPlan['copies'][number][] = [];
  const missing: Imported['missing'][number][] = [];
  const inPlace: string[] = [];
  const columns = columnsOf(converted);
  const placeFiles = (files: readonly string[], wish: string): string => {
    const [file] = files;
    if (file === undefined) {
      const fileName = `${wish}.${paths.isCsv ? 'csv' : 'parquet'}`;
      missing.push({ path: join(out, fileName), columns });
      return fileName;
    }
    const isReadable = isTyped(file) || (found.hasHeader && formatOf(file) === 'csv');
    if (isReadable && files.length === 1) {
      inPlace.push(file);
      return pathFrom(out, file);
    }
    if (isReadable) {
      inPlace.push(...files);
      return `{${files.map((path) => pathFrom(out, path)).join(',')}}`;
    }
    if (paths.columns.length === 0) throw failure('config-columns', { path: file });
    copies.push({ from: files, to: join(out, `${wish}.csv`), kind: 'rows' });
    return `${wish}.csv`;
  };
  const events = placeFiles(found.events, 'train');
  const hasTest = found.test.length > 0 || (found.events.length === 0 && paths.test !== undefined);
  const test = hasTest ? placeFiles(found.test, 'test') : undefined;
  const items = itemsPlan(found, paths.items, draft, out, copies, inPlace);
  const reach = reachOf(existsSync(out) ? out : dirname(resolve(out)));
  const outside = inPlace.filter((path) => !isReadable(resolve(path), reach)).map((path) => dirname(resolve(path)));
  return { files: { events, test, items }, copies, missing, allow: [...new Set(outside)] };
}

/** A file of items is used if it has all columns that the item tower reads. */
function itemsPlan(
  { items }: ImportFiles,
  path: ConvertedConfig['paths']['items'],
  { features, towers, keys }: ConvertedConfig['draft'],
  out: string,
  copies: ImportPlan['copies'][number][],
  inPlace: string[],
): string | undefined {
  const [file] = items;
  if (file === undefined) return undefined;
  if (formatOf(file) !== undefined) {
    inPlace.push(file);
    return pathFrom(out, file);
  }
  if (path === undefined) return undefined;
  const names = new Set([keys.item, ...towers.item.groups.flatMap((group) => group.features), ...towers.item.alone]);
  const reads = features.filter(({ name }) => names.has(name)).flatMap((feature) => feature.reads);
  if (!reads.every((column) => column === path.key || path.attributes.includes(column))) return undefined;
  copies.push({ from: [file], to: join(out, 'items.csv'), kind: 'items' });
  return 'items.csv';
}

interface ImportFiles {
  readonly events: readonly string[];
  readonly test: readonly string[];
  readonly items: readonly string[];
  readonly hasHeader: boolean;
}

/** @throws Failure `cannot-read` for a named file that does not exist */
async function filesOf(
  { config, events, test, items }: ImportRequest,
  converted: ConvertedConfig,
): Promise<ImportFiles> {
  const { paths } = converted;
  const givenFiles = (path: string): string[] => {
    const expandedPaths = expandPattern(path);
    if (expandedPaths.length === 0) throw failure('cannot-read', { path, reason: 'it does not exist' });
    return expandedPaths;
  };
  const train = events === undefined ? findAllNearby(paths.train, config) : givenFiles(events);
  return {
    events: train,
    test: test === undefined ? (events === undefined ? findAllNearby(paths.test, config) : []) : givenFiles(test),
    items: items === false ? [] : items === undefined ? findAllNearby(paths.items?.path, config) : givenFiles(items),
    hasHeader: train[0] !== undefined && (paths.hasHeader || (await startsWithNames(train[0], converted))),
  };
}

/** True if the first line has most column names of the config, or all columns that the model reads. */
async function startsWithNames(path: string, converted: ConvertedConfig): Promise<boolean> {
  if (isTyped(path)) return true;
  const { columns, delimiter } = converted.paths;
  const line = await firstLineOf(path);
  // A file from another source may have another separator than the config.
  const fields = [delimiter, ',', ';', '\t', '|'].flatMap((sign) => line.split(sign));
  const names = new Set(fields.map((name) => name.trim().replace(/^"|"$/g, '')));
  const knownCount = columns.filter((name) => names.has(name)).length;
  return knownCount * 2 > columns.length || columnsOf(converted).every((name) => names.has(name));
}

const columnsOf = ({ draft }: ConvertedConfig): string[] => [
  ...new Set([
    ...draft.features.flatMap(({ reads }) => reads),
    ...draft.labels.map(({ name, column }) => column ?? name),
  ]),
];

/** True if the format of a file includes column names and types, so its first line does not matter. */
const isTyped = (path: string): boolean => (formatOf(path) ?? 'csv') !== 'csv';

/** Number of levels above a config that are searched for its data. */
const maxLevels = 4;

/**
 * Finds a file of a config. Paths of a config are relative to the folder where EasyRec was started: the working folder, that of the config, or one above it. A
 * path that leads out of these folders needs an option, so that a config from somebody else does not choose what is read.
 */
function findNearby(path: string, config: string): string[] {
  if (path.split(/[/\\]/).includes('..')) return [];
  const folders = ['.'];
  for (let folder = dirname(resolve(config)); folders.length <= maxLevels; folder = dirname(folder)) {
    if (folder === dirname(folder)) break;
    folders.push(folder);
  }
  for (const folder of folders) {
    const all = expandPattern(join(folder, path));
    if (all.length > 0) return all;
  }
  return [];
}

const findAllNearby = (paths: string | undefined, config: string): string[] =>
  (paths ?? '').split(',').flatMap((path) => (path.trim() === '' ? [] : findNearby(path.trim(), config)));

function expandPattern(path: string): string[] {
  const [before = '', after, ...more] = basename(path).split('*');
  if (after === undefined) return pathKind(path) === 'file' ? [path] : [];
  if (more.length > 0 || pathKind(dirname(path)) !== 'a folder') return [];
  return readdirSync(dirname(path))
    .filter((name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after))
    .sort()
    .map((name) => join(dirname(path), name))
    .filter((path) => pathKind(path) === 'file');
}

/** Returns the columns that have lists in the files. */
async function listsOf(files: readonly string[], signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
  const typedFiles = files.filter((path) => isTyped(path)).slice(0, 1);
  if (typedFiles.length === 0) return new Set();
  const { tables } = await lookAt(typedFiles, signal);
  return new Set(
    tables.flatMap(({ columns }) => columns.filter(({ type }) => type?.endsWith(']')).map(({ name }) => name)),
  );
}

/** Writes the text of `model.tower`. The formatter aligns it. */
export function convertedModelText(draft: ModelDraft, from: string): string {
  const { name, kind, features, towers, keys, labels, task, train } = draft;
  return [
    `use "data.tower"`,
    `/// ${kind}, imported from ${from.replaceAll(/[\r\n]+/g, ' ')}.`,
    `model ${name}`,
    '',
    `features {\n${features.map(featureLine).join('\n')}\n}`,
    ...(labels.length > 0
      ? [`labels {\n${labels.map((label) => `  ${label.name} : ${label.kind}`).join('\n')}\n}`]
      : []),
    '',
    ...(['user', 'item'] as const).flatMap((side) =>
      towers[side].groups.map((group) => `group ${group.name} = ${group.features.join(', ')}`),
    ),
    '',
    towerText('user', towers.user, keys.user),
    towerText('item', towers.item, keys.item),
    '',
    'task match {',
    `  score = ${task.score}`,
    `  loss = ${task.loss}`,
    ...(task.label === undefined ? [] : [`  label = ${task.label}`]),
    ...(task.weight === undefined ? [] : [`  weight = ${task.weight}`]),
    '}',
    '',
    `train {\n${train.map((line) => `  ${line}`).join('\n')}\n}`,
    '',
  ].join('\n');
}

function featureLine({ name, element, list }: FeatureDraft): string {
  if (!list) return `  ${name} : ${element}`;
  const { pool, max, along, weights } = list;
  if (along !== undefined) return `  ${name} : along(${along}, ${element})`;
  const weighed = weights === undefined ? '' : `, weights: ${name}_weights`;
  return `  ${name} : list(${element}, max: ${max}, pool: ${pool}${weighed})`;
}

function towerText(name: SideName, { groups, alone, steps, channel }: TowerDraft, key: string | undefined): string {
  const inputs = [...groups.map((group) => group.name), ...alone].join(', ');
  const lines = [...steps, `channel main = ${channel}`].map((line) => `  ${line}`);
  return `tower ${name}(${inputs})${key === undefined ? '' : ` keyed by ${key}`} {\n${lines.join('\n')}\n}`;
}

interface DataFiles {
  readonly events: string;
  readonly test?: string;
  readonly items?: string;
}

/** Writes the text of `data.tower`. The formatter aligns it. */
export function convertedDataText({ features, labels, keys }: ModelDraft, files: DataFiles, from: string): string {
  const columns = [
    ...features.flatMap(({ name, sql, list }) => [
      ...(sql === undefined ? [] : [`${name} = ${quoted(sql)}`]),
      ...(list?.weights === undefined ? [] : [`${name}_weights = ${quoted(list.weights)}`]),
    ]),
    ...labels.flatMap(({ name, column }) => (column === undefined ? [] : [`${name} = ${quoted(column)}`])),
  ];
  const { events, test, items } = files;
  return [
    `/// Where the rows are, after ${from.replaceAll(/[\r\n]+/g, ' ')}.`,
    'data rows {',
    `  events = ${quoted(events)}`,
    ...(items === undefined ? [] : [`  items = ${quoted(items)} by ${keys.item}`]),
    ...(columns.length > 0 ? ['  columns {', ...columns.map((line) => `    ${line}`), '  }'] : []),
    test === undefined
      ? '  split = random(validation: 10%, test: 10%)'
      : `  split = files(test: ${quoted(test)}) // the eval input of the config`,
    '  seen = kept // EasyRec ranks what a user had as well; write `excluded` where nobody wants it again',
    '}',
    '',
  ].join('\n');
}
