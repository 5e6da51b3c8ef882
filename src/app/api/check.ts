/** Finds and reads files with Tower, and checks them and the data that they would be trained on, before any row is read. */

import { type Dirent, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import {
  type Diagnostic,
  describeError,
  describeSystemError,
  diagnose,
  Failure,
  failure,
  hasErrors,
  invariant,
  throwFileError,
} from '../../base/diagnostics/diagnostic.ts';
import { applySafeFixes, type Fixed } from '../../base/diagnostics/fixes.ts';
import { renderDiagnostics } from '../../base/diagnostics/render.ts';
import { makeSource, type Source, spanText } from '../../base/text/source.ts';
import { type Lowered, lower, measureOf, type Shapes } from '../../compiler/lower/lower.ts';
import { orderReadOf } from '../../compiler/lower/lower_positions.ts';
import type { Model } from '../../compiler/model/model.ts';
import type { SearchParameter } from '../../compiler/model/resolution.ts';
import { readMetrics } from '../../compiler/model/resolve/resolve_entries.ts';
import type { Settings } from '../../compiler/model/settings/setting_text.ts';
import { type CheckOptions, checkSource, withoutIgnored } from '../../compiler/pipeline.ts';
import type { FileNode } from '../../compiler/syntax/ast.ts';
import { type Access, isReadable, pathKind, type Reach, reachOf, realPath } from '../../data/files/access.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { MeasureSpec } from '../../graph/plan/plan.ts';

export interface CheckRequest {
  /** The `.tower` file whose `data` block says where the rows are. Default: the one that the model uses, if any. */
  readonly data?: string;
  /** Values that override those of the file, by path: `{ width: 128, 'dense.rate': '1e-3', encoder: 'wide' }`. A string is parsed like the text of a file. */
  readonly set?: Settings;
  /** Further folders that the files of a data block may be in. The project of the block is always allowed. */
  readonly allow?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly text: string;
  /** The model's file, followed by the files that it uses. */
  readonly sources: readonly Source[];
  readonly file: FileNode;
  readonly model?: Model;
  readonly shapes?: Shapes;
  readonly search: readonly SearchParameter[];
  readonly data?: { readonly source: Source; readonly description: DataDescription };
}

/**
 * Finds every error that can be detected without reading rows. With data it also reads the headers of the files.
 * @throws Failure `cannot-read` if the file itself cannot be read; the reason of `signal`
 */
export async function check(path: string, request: CheckRequest = {}): Promise<Checked> {
  const source = readSource(path);
  const usedFiles: Source[] = [];
  const load: typeof loadUsed = (usedPath, roots) => {
    const usedFile = loadUsed(usedPath, roots);
    if (usedFile !== undefined && usedFile !== 'outside') usedFiles.push(usedFile);
    return usedFile;
  };
  const checkedSource = checkSource(source, { load, settings: request.set });
  const diagnostics = [...checkedSource.diagnostics];
  const [description] = checkedSource.dataDescriptions;
  const ownData = description && { source: description.span.source, description };
  const data = request.data === undefined ? ownData : otherData(request.data, diagnostics);
  if (data && checkedSource.shapes && !hasErrors(diagnostics)) {
    const { checkHeaders } = await import('../../data/binding/bind.ts');
    const { model, shapes } = checkedSource;
    const headerDiagnostics = await checkHeaders(data.description, shapes, { ...readingOf(request), model });
    const listDiagnostics =
      model && !hasErrors(headerDiagnostics)
        ? [...unorderedLists(model, data.description), ...shortHistories(model, data.description)]
        : [];
    for (const diagnostic of withoutIgnored([...headerDiagnostics, ...listDiagnostics])) diagnostics.push(diagnostic);
  }
  return {
    diagnostics,
    text: renderDiagnostics(diagnostics),
    sources: [source, ...usedFiles],
    file: checkedSource.file,
    search: checkedSource.resolution.search,
    model: checkedSource.model,
    shapes: checkedSource.shapes,
    data,
  };
}

/** Reports lists without an order, such as the user's other items, whose order a tower reads: it would learn from chance. */
function unorderedLists(model: Model, { histories }: DataDescription): readonly Diagnostic[] {
  return histories.flatMap(({ kind, name, of, max, span }) => {
    const orderRead = kind === 'others' ? orderReadOf(model, name) : undefined;
    if (!orderRead) return [];
    const timeFacts = {
      what: `history ${name} = others(${of}, ${max})`,
      needs: `the order of time for \`${orderRead.kind}\`: ${name} = past(${of}, ${max})`,
    };
    const note = { message: `here \`${orderRead.kind}\` reads the order of \`${name}\``, at: orderRead.span };
    return [diagnose('data-needs', span, timeFacts, { notes: [note] })];
  });
}

/** Warns about histories that have fewer items than the list that they fill has places. */
function shortHistories(model: Model, { histories }: DataDescription): readonly Diagnostic[] {
  return histories.flatMap(({ span, ...history }) => {
    const feature = model.features.get(history.name);
    const maxArgument = feature?.call.arguments.max;
    // Without a `max` in the text, the list has the default number of places.
    const isWritten = feature !== undefined && /\bmax\s*:/.test(spanText(feature.call.span));
    if (!isWritten || typeof maxArgument !== 'number' || maxArgument <= history.max) return [];
    return [diagnose('history-too-short', span, { ...history, places: maxArgument })];
  });
}

export function readingOf({ allow, signal }: Pick<CheckRequest, 'allow' | 'signal'>): {
  readonly access?: Access;
  readonly signal?: AbortSignal;
} {
  return { access: allow && { allow }, signal };
}

export interface Lowering extends Checked {
  readonly model: Model;
  readonly lowered: Lowered;
}

/** @throws Failure with every diagnostic if one is an error; `no-model` for a file without a model */
export async function checkAndLower(path: string, request: CheckRequest = {}): Promise<Lowering> {
  const checkedFile = await check(path, request);
  if (hasErrors(checkedFile.diagnostics)) throw new Failure(checkedFile.diagnostics);
  const { model } = checkedFile;
  if (!model) throw failure('no-model', { path });
  const loweredModel = lower(model).output;
  invariant(loweredModel, 'a model that checks also lowers');
  return { ...checkedFile, model, lowered: loweredModel };
}

/** Returns the data block of a file, or of a file that it uses. @throws Failure with every diagnostic if one is an error; `no-data-block` */
export function blockIn(source: Source, options: CheckOptions = { load: loadUsed }): DataDescription {
  const { dataDescriptions, diagnostics } = checkSource(source, options);
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  const [description] = dataDescriptions;
  if (!description) throw failure('no-data-block', { path: source.name });
  return description;
}

function otherData(path: string, diagnostics: Diagnostic[]): Checked['data'] {
  const source = readSource(path);
  const { dataDescriptions, diagnostics: fileDiagnostics } = checkSource(source, { load: loadUsed });
  for (const diagnostic of fileDiagnostics) diagnostics.push(diagnostic);
  const [description] = dataDescriptions;
  if (!description && !hasErrors(fileDiagnostics)) throw failure('no-data-block', { path });
  return description && { source, description };
}

/** Metrics as in the entry `metrics` of `train`, such as `recall(20), ndcg(20)`, or as data, such as `[{ metric: 'recall', k: 20 }]`. */
export type Metrics = string | readonly MeasureSpec[];

/** @throws Failure with a diagnostic for each unknown or repeated metric and each invalid cutoff */
export function askedMeasures(metrics: Metrics): readonly MeasureSpec[] {
  const metricsText = typeof metrics === 'string' ? metrics : metrics.map(formatMetric).join(', ');
  const { output, diagnostics } = readMetrics('metrics', metricsText);
  if (hasErrors(diagnostics)) throw new Failure(diagnostics);
  return output.map(measureOf);
}

function formatMetric({ metric, column, k }: MeasureSpec): string {
  const values = [column ?? [], k ?? []].flat();
  return values.length === 0 ? metric : `${metric}(${values.join(', ')})`;
}

/**
 * Makes the safe fixes of a file with a model or data, and writes the file if there are any. The files that it uses are not changed.
 * @throws Failure `cannot-read`, `cannot-write`
 */
export function fixFile(path: string, settings: Settings = {}): Fixed {
  const source = readSource(path);
  const fixedSource = applySafeFixes(
    source,
    (changedSource) => checkSource(changedSource, { load: loadUsed, settings }).diagnostics,
    (text) => makeSource(source.name, text),
  );
  if (fixedSource.text === source.text) return fixedSource;
  try {
    writeFileSync(path, fixedSource.text);
  } catch (error) {
    throwFileError('cannot-write', path, error);
  }
  return fixedSource;
}

// Finds and reads `.tower` files, and other files that contain Tower.

/** @throws Failure `cannot-read` */
export function readSource(path: string): Source {
  try {
    const kind = pathKind(path);
    // Reading a pipe would wait for a writer, and a device may never end.
    if (kind !== undefined && kind !== 'file') throw failure('cannot-read', { path, reason: `it is ${kind}` });
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw failure('cannot-read', { path, reason: reasons[code] ?? describeSystemError(error) ?? message });
  }
}

/** Reads a file that another file uses; undefined if there is no regular file. @param roots see `FileOptions` */
export function loadUsed(path: string, roots: readonly string[]): Source | 'outside' | undefined {
  try {
    if (pathKind(path) !== 'file') return undefined;
    if (!isReadable(path, { folders: roots.map(realPath) })) return 'outside';
    return makeSource(nameOf(path), readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Returns the named files, and from each named folder every file with one of these endings.
 * @throws Failure `cannot-read` for a folder without such files, which would otherwise seem to be fine, and for a link in it that leads out of the project of
 * the folder
 */
export function filesAt(paths: readonly string[], endings: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const foundFiles = listFiles(path, endings, reachOf(path));
    if (foundFiles.length > 0) return foundFiles;
    throw failure('cannot-read', { path, reason: `no file in it ends in ${endings.join(' or ')}` });
  });
}

/** False if the path cannot be read. The error is reported when the file is read. */
function isFolder(path: string): boolean {
  try {
    return pathKind(path) === 'a folder';
  } catch {
    return false;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw failure('cannot-read', { path: folder, reason: describeError(error) });
  }
}

function listFiles(folder: string, endings: readonly string[], reach: Reach): string[] {
  const entries = entriesOf(folder).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    const entryPath = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(entryPath, endings, reach);
    if (!endings.includes(extname(entry.name))) return [];
    // The caller may write the files that are found, and shows their lines.
    if (entry.isSymbolicLink() && !isReadable(entryPath, reach)) {
      const reason = `it is a link to ${realPath(entryPath)}, outside the project: name that file itself`;
      throw failure('cannot-read', { path: entryPath, reason });
    }
    return [entryPath];
  });
}

/** Returns the path of a file or folder for messages: relative to the working folder, or unchanged if it is outside of it. */
export function nameOf(path: string): string {
  const relativePath = relative('', path);
  return relativePath === '' || relativePath.startsWith('..') ? path : relativePath;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};
