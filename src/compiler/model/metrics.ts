/** Metrics as a person writes them outside of a file: `--metrics "recall(20), ndcg(20)"`. */
import type { Outcome } from '../../base/diagnostics/diagnostic.ts';
import { hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { makeSource } from '../../base/text/source.ts';
import { parse } from '../syntax/parse.ts';
import { makeConstants } from './constants.ts';
import { library } from './library.ts';
import type { Call } from './model.ts';
import { makeCollector } from './report.ts';
import { resolveTrain } from './resolve/train.ts';
import { declare } from './scope.ts';
import { makeWorkspace } from './workspace.ts';

/**
 * By the rules of `metrics` in `train`. Diagnostics point into `train { metrics = … }`, as if the text were there.
 * @param name what the text is called in diagnostics
 * @param text metrics of the library with commas between them
 */
export function readMetrics(name: string, text: string): Outcome<readonly Call[]> {
  const { report, diagnostics: found } = makeCollector();
  const source = makeSource(name, `train { metrics = ${text} }`);
  const { output: file, diagnostics } = parse(source);
  if (hasErrors(diagnostics)) return { output: [], diagnostics };
  const [node, ...others] = file.declarations;
  const [entry, ...more] = node?.kind === 'Train' ? node.entries : [];
  if (node?.kind !== 'Train' || !entry || others.length > 0 || more.length > 0) {
    const at = (more[0] ?? others[0] ?? file).span;
    report('unexpected-text', at, { expected: 'metrics with commas between them', found: 'something else' });
    return { output: [], diagnostics: found };
  }
  const files = { main: file, shared: [], all: [], whole: true };
  const scope = declare(files, report);
  const training = resolveTrain(makeWorkspace(report, library, scope, makeConstants([], report)), node);
  return { output: training?.metrics ?? [], diagnostics: found };
}
