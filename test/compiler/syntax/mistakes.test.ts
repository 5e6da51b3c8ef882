import { fileURLToPath } from 'node:url';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import { goldens } from '../../golden.ts';
import { outline } from './outline.ts';

// Each mistake in a file of its own; next to it what a person reads, and what could be read all the same.
goldens(fileURLToPath(new URL('mistakes', import.meta.url)), (source) => {
  const { output, diagnostics } = parse(source);
  return `${renderDiagnostics(diagnostics)}\n── read all the same ──\n${outline(output)}`;
});
