/**
 * Resolves an AST to a model. Names are looked up only here: `resolve/` has one file for each declaration.
 *
 *   File ──gather──▶ Files ──declare──▶ Scope ──resolve/*──▶ Resolution ──rules──▶ ──complete──▶ Model
 */

import type { Diagnostic, Outcome } from '../../base/diagnostics/diagnostic.ts';
import { notes } from '../../base/diagnostics/wording.ts';
import { isIdentifier } from '../../base/text/names.ts';
import type * as Ast from '../syntax/ast.ts';
import { makeConstants } from './constants.ts';
import { type Library, library as wholeLibrary } from './library.ts';
import { declares, type NoteMeaning, type Occurrence, symbolOf } from './occurrences.ts';
import { certainly, doubtUnused, makeCollector, mergeRepeated, noteAt, type Report } from './report.ts';
import type { Resolution, ResolvedTask, RuleOptions } from './resolution.ts';
import { resolveBlocks, rowOfLoss } from './resolve/resolve_blocks.ts';
import { resolveDataBlocks } from './resolve/resolve_data.ts';
import { defaultTraining, resolveTask, resolveTrain } from './resolve/resolve_entries.ts';
import { resolveFeatures, resolveGroups, resolveLabels } from './resolve/resolve_features.ts';
import { checkProducts, resolveObjective, resolveRetrieve } from './resolve/resolve_objective.ts';
import { resolveSearch } from './resolve/resolve_search.ts';
import { resolveTower } from './resolve/resolve_towers.ts';

import { declare, makeWorkspace, type Scope } from './scope.ts';
import { readSettings, type Settings } from './settings/setting_text.ts';
import { type DeclarationChange, findSlot } from './settings/slots.ts';
import { type FileOptions, type Files, gatherFiles, isModel, makeFiles } from './source_files.ts';

export interface ResolveOptions extends FileOptions, RuleOptions {
  /** Override values of the file: `--set width=128`, `--set dense.rate=1e-3`. */
  readonly settings?: Settings;
  readonly library?: Library;
  /** True if the file has syntax errors, so that missing parts may only not have been parsed. */
  readonly partial?: boolean;
}

/** Resolves every name and checks every argument. The resolution keeps all valid parts. */
export function resolveNames(written: Ast.FileNode, options: ResolveOptions = {}): Outcome<Resolution> {
  const collector = makeCollector();
  const { diagnostics } = collector;
  const known = options.library ?? wholeLibrary;
  const usedDiagnostics: Diagnostic[] = [];
  const gatheredFiles = gatherFiles(written, options, collector.report, usedDiagnostics);
  const whole = gatheredFiles.whole && !options.partial;
  const files = applySettings(gatheredFiles, options.settings ?? {}, known, collector.report, usedDiagnostics);
  const file = files.main;
  const { lost = [], doubtful = [] } = file;
  const report = whole ? collector.report : certainly(collector.report, { lost, doubtful, used: !files.whole });
  const occurrences: Occurrence[] = [];
  const note: NoteMeaning = (span, meaning) => void occurrences.push({ span, ...meaning });
  const scope = declare(files, report, note);
  const library = withLosses(known, scope);
  const workspace = makeWorkspace(report, library, scope, makeConstants(scope.lets, report, note), note);

  const features = resolveFeatures(workspace);
  const labels = resolveLabels(workspace);
  const groups = resolveGroups(workspace);
  const { readStep, readLoss } = resolveBlocks(workspace);
  workspace.readLoss = readLoss;
  const towers = [...scope.towers.values()].map((node) => resolveTower(workspace, node, groups, readStep));
  const towersByName = new Map(towers.map((tower) => [tower.name, tower]));
  const tasks = [...scope.tasks.values()].map((node) => resolveTask(workspace, node, towersByName));
  checkProducts(workspace, tasks);

  const modelName = onlyOne(file, 'ModelName', 'model', report);
  if (modelName) note(modelName.name.span, declares(symbolOf('model', modelName)));
  const objectiveNode = onlyOne(file, 'Objective', 'objective', report);
  const retrieveNode = onlyOne(file, 'Retrieve', 'retrieve', report);
  const trainNode = onlyOne(file, 'Train', 'train', report);
  const objective = objectiveNode && resolveObjective(workspace, objectiveNode);
  const retrieve = retrieveNode && resolveRetrieve(workspace, retrieveNode);
  const span = modelName?.name.span ?? { ...file.span, end: file.span.start };
  const train = trainNode ? resolveTrain(workspace, trainNode) : defaultTraining(span);
  const searchNode = onlyOne(file, 'Search', 'search', report);
  const search = searchNode ? resolveSearch(workspace, files, towersByName, searchNode) : [];
  const data = resolveDataBlocks(workspace, files);
  if (file.declarations.length === 0 && whole) report('empty-file', undefined, {});

  return {
    output: {
      file,
      files,
      library,
      scope,
      name: modelName?.name.name ?? nameOfFile(file),
      span,
      features,
      labels,
      groups,
      towers,
      tasks: consistentOrder(tasks, report),
      objective,
      retrieve,
      train,
      search,
      data,
      whole,
      reads: workspace.reads,
      uncertain: workspace.uncertain,
      brokenGroups: workspace.brokenGroups,
      occurrences,
    },
    diagnostics: [...usedDiagnostics, ...mergeRepeated(diagnostics).map(doubtUnused)],
  };
}

/** Returns the library with the losses of the file, which go before those of the same name. */
function withLosses(library: Library, { losses }: Pick<Scope, 'losses'>): Library {
  if (losses.size === 0) return library;
  const declared = Object.fromEntries([...losses].map(([name, node]) => [name, rowOfLoss(node)]));
  return { ...library, losses: { ...declared, ...library.losses, ...declared } };
}

const ignore = (): undefined => {};

/** Returns the files with the settings applied. */
function applySettings(
  files: Files,
  settings: Settings,
  library: Library,
  report: Report,
  diagnostics: Diagnostic[],
): Files {
  let changed = files;
  for (const { path, at, values } of readSettings(settings, report, diagnostics)) {
    const scope = declare(changed, ignore, ignore);
    const slot = findSlot({ scope, files: changed, library: withLosses(library, scope), report }, { parts: path, at });
    if (!slot) continue;
    const [, second] = values;
    if (second && slot.type.is !== 'kinds') {
      report('wrong-type', second.span, { of: path.join('.'), expected: 'one value', found: 'more than one' });
      continue;
    }
    changed = replace(changed, slot.put(values));
  }
  return changed;
}

/** Returns the files with a declaration replaced. A new declaration is added to the main file if that is a model. */
function replace({ main, all, whole }: Files, { from, to }: DeclarationChange): Files {
  const changed = (file: Ast.FileNode): Ast.FileNode => {
    if (from === undefined) {
      return file === main && isModel(file) ? { ...file, declarations: [...file.declarations, to] } : file;
    }
    if (!file.declarations.includes(from)) return file;
    return { ...file, declarations: file.declarations.map((one) => (one === from ? to : one)) };
  };
  const changedFiles = all.map(({ file, folder }) => ({ file: changed(file), folder }));
  return makeFiles(changedFiles, changedFiles[all.findIndex(({ file }) => file === main)]!.file, whole);
}

/** Returns the first declaration of a kind that may occur only once; reports the others. */
function onlyOne<K extends Ast.DeclarationNode['kind']>(
  file: Ast.FileNode,
  kind: K,
  word: string,
  report: Report,
): Extract<Ast.DeclarationNode, { kind: K }> | undefined {
  type Node = Extract<Ast.DeclarationNode, { kind: K }>;
  const [first, ...others] = file.declarations.filter((node): node is Node => node.kind === kind);
  for (const other of others) {
    report('repeated-declaration', other.span, { what: word }, noteAt(notes.first(word), first!.span));
  }
  return first;
}

/** Checks that all tasks have the same query tower as the first one. */
function consistentOrder(tasks: readonly ResolvedTask[], report: Report): readonly ResolvedTask[] {
  const firstScore = tasks.find(({ score }) => score !== undefined)?.score;
  if (!firstScore) return tasks;
  for (const { score } of tasks) {
    if (!score || score.towers[0] === firstScore.towers[0]) continue;
    const [query, item] = firstScore.towers;
    report('towers-swapped', score.span, { query, item }, noteAt(notes.order(query), firstScore.span));
  }
  return tasks;
}

/** Returns the name for a model without a `model` line: that of its file. */
function nameOfFile({ span }: Ast.FileNode): string {
  const baseName = span.source.name
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.tower$/, '');
  return isIdentifier(baseName) ? baseName : 'model';
}
