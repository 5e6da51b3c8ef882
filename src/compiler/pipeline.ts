/**
 * The compiler. Each stage is a function of the previous stage's result, and returns its own diagnostics:
 *
 *   Source ──parse──▶ File ──resolveNames──▶ Resolution ──rules──▶ ──modelOf──▶ Model ──checkShapes──▶ Shapes
 *                       │                        │             │                  │
 *                       └────────────────────────┴─ diagnostics ┴─────────────────┴─────lower─────▶ Lowered { plan }
 *
 * `checkSource` finds every error; the command line, the editor and the tests call it. `compileSource` continues to the graphs.
 */
import type { Code } from '../base/diagnostics/codes.ts';
import { type Diagnostic, type Edit, hasErrors, sortDiagnostics } from '../base/diagnostics/diagnostic.ts';
import { applyEdits, keepHelpfulFixes } from '../base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../base/text/source.ts';
import type { DataDescription } from '../graph/plan/data_description.ts';
import { applyIgnores } from './lint/ignores.ts';
import { checkShapes, type Lowered, lower, lowerParts, type Shapes } from './lower/lower.ts';
import { modelOf, withoutBroken } from './model/complete.ts';
import type { Model } from './model/model.ts';
import type { Resolution } from './model/resolution.ts';
import { tryChoices } from './model/resolve/resolve_search.ts';
import { type ResolveOptions, resolveNames } from './model/resolve.ts';
import { rulesOf } from './model/rules/table.ts';
import { isModel } from './model/source_files.ts';
import type { FileNode } from './syntax/ast.ts';
import { parse } from './syntax/parse.ts';

export { withoutIgnored } from './lint/ignores.ts';

export type CheckOptions = Omit<ResolveOptions, 'partial'>;

/** Results of the stages. A later stage is absent if an earlier one found an error. */
export interface CheckResult {
  readonly file: FileNode;
  readonly resolution: Resolution;
  /** Absent also for a file that only declares parts for other files. */
  readonly model?: Model;
  readonly shapes?: Shapes;
  /** The valid data blocks of the file, followed by those of its imports. */
  readonly dataDescriptions: readonly DataDescription[];
  /** Sorted by file and position. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Finds every error. A fix is checked again when it is asked for: only fixes that remove their error are offered. */
export function checkSource(source: Source, options: CheckOptions = {}): CheckResult {
  const cachedOptions = rememberFiles(options);
  const checked = checkWithTrials(source, cachedOptions);
  const retry = (edits: readonly Edit[]): readonly Diagnostic[] => {
    const edited = (file: Source): Source =>
      edits.some(({ at }) => at.source === file) ? makeSource(file.name, applyEdits(file, edits)) : file;
    const load: CheckOptions['load'] = (path, roots) => {
      const loaded = cachedOptions.load?.(path, roots);
      return typeof loaded === 'object' ? edited(loaded) : loaded;
    };
    return checkWithTrials(edited(source), { ...cachedOptions, load }).diagnostics;
  };
  return { ...checked, diagnostics: keepHelpfulFixes(source, checked.diagnostics, retry) };
}

function checkWithTrials(source: Source, options: CheckOptions): CheckResult {
  const checked = checkOnce(source, options);
  const { search } = checked.resolution;
  // Settings select one choice already. The other choices need not fit these settings, so they are not tried.
  if (search.length === 0 || hasSettings(options) || hasErrors(checked.diagnostics)) return checked;
  const trialDiagnostics = tryChoices(search, (settings) => checkOnce(source, { ...options, settings }).diagnostics);
  return trialDiagnostics.length === 0
    ? checked
    : { ...checked, diagnostics: sortDiagnostics([...checked.diagnostics, ...trialDiagnostics]) };
}

const hasSettings = ({ settings = {} }: CheckOptions): boolean => Object.keys(settings).length > 0;

function checkOnce(source: Source, options: CheckOptions): CheckResult {
  const parsed = (options.parse ?? parse)(source);
  const file = parsed.output;
  const resolvedNames = resolveNames(file, { ...options, partial: hasErrors(parsed.diagnostics) });
  const resolution = resolvedNames.output;
  const earlyDiagnostics = [...parsed.diagnostics, ...resolvedNames.diagnostics, ...rulesOf(resolution, options)];
  const model = modelOf(resolution, earlyDiagnostics);
  const shapes = model && checkShapes(model);
  const shapeDiagnostics = shapes ? shapes.diagnostics : brokenShapes(resolution);
  // All other rules run only for a whole model.
  const alwaysJudged: readonly Code[] = ['stray-description', 'unrepeatable-sql'];
  const isJudged = (code: Code): boolean =>
    alwaysJudged.includes(code) || (model !== undefined && !dataCodes.has(code));
  return {
    file,
    resolution,
    model,
    shapes: shapes?.output,
    dataDescriptions: resolution.data,
    diagnostics: sortDiagnostics(applyIgnores(file, [...earlyDiagnostics, ...shapeDiagnostics], isJudged)),
  };
}

/** Returns the shape errors of what is valid by itself; none in a file that was only partly read. */
function brokenShapes(resolution: Resolution): readonly Diagnostic[] {
  if (!isModel(resolution.file) || !resolution.whole) return [];
  return lowerParts(withoutBroken(resolution), true).towers.flatMap(({ context }) => context.diagnostics);
}

/** Codes of warnings that only reading the files of a data block can find. */
const dataCodes: ReadonlySet<Code> = new Set<Code>([
  'empty-histories',
  'feature-from-label',
  'history-of-other',
  'history-too-short',
  'ids-look-alike',
  'late-events',
  'reads-held-out',
  'unknown-elements',
  'unknown-users',
]);

/** Reads and parses each file only once. */
function rememberFiles({ load, parse: parseSource = parse, ...options }: CheckOptions): CheckOptions {
  const loadedFiles = new Map<string, ReturnType<NonNullable<typeof load>>>();
  const parsedFiles = new Map<Source, ReturnType<typeof parse>>();
  return {
    ...options,
    load: (path, roots) => {
      if (!loadedFiles.has(path)) loadedFiles.set(path, load?.(path, roots));
      return loadedFiles.get(path);
    },
    parse: (source) => {
      const parsedFile = parsedFiles.get(source) ?? parseSource(source);
      parsedFiles.set(source, parsedFile);
      return parsedFile;
    },
  };
}

export interface CompileResult extends CheckResult {
  /** Absent if there is an error, and for a file that is not a model. */
  readonly lowered?: Lowered;
}

export function compileSource(source: Source, options: CheckOptions = {}): CompileResult {
  const checked = checkSource(source, options);
  const { model, diagnostics } = checked;
  const lowered = model && !hasErrors(diagnostics) ? lower(model).output : undefined;
  return { ...checked, lowered };
}
