import { expect } from 'vitest';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { checkShapes, lower } from '../../../src/compiler/lower/lower.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import { goldens } from '../../golden.ts';
import { resolveModel } from '../model/resolve_model.ts';

/** Mistakes that only shapes show: every one in the language's words, at its place in the flow. */
goldens(new URL('mistakes', import.meta.url).pathname, (source) => {
  const parsed = parse(source);
  const { output: model, diagnostics } = resolveModel(parsed.output);
  const errors = [...parsed.diagnostics, ...diagnostics].filter(({ severity }) => severity === 'error');
  expect(renderDiagnostics(errors), 'the file is valid until it is lowered').toBe('');
  const lowered = lower(model!);
  expect(lowered.output).toBeUndefined();
  expect(checkShapes(model!).diagnostics).toEqual(lowered.diagnostics);
  const fixes = lowered.diagnostics.flatMap((diagnostic) =>
    diagnostic.fixes.map((edits) => edits.map(({ at, text }) => `fix: insert \`${text}\` at ${at.start}`).join('; ')),
  );
  return [renderDiagnostics(lowered.diagnostics), ...fixes].join('\n');
});
