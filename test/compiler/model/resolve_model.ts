import type { Outcome } from '../../../src/base/diagnostics/diagnostic.ts';
import { modelOf } from '../../../src/compiler/model/complete.ts';
import type { Model } from '../../../src/compiler/model/model.ts';
import { resolveNames } from '../../../src/compiler/model/resolve.ts';
import { rulesOf } from '../../../src/compiler/model/rules/table.ts';
import type { FileNode } from '../../../src/compiler/syntax/ast.ts';

/** Resolves the model of a file as the pipeline does, without its shapes. */
export function resolveModel(file: FileNode): Outcome<Model | undefined> {
  const { output: resolution, diagnostics } = resolveNames(file);
  const allDiagnostics = [...diagnostics, ...rulesOf(resolution)];
  return { output: modelOf(resolution, allDiagnostics), diagnostics: allDiagnostics };
}
