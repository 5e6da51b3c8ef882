/** What the checker says of the text in the editor: worked out once for each text. */
import { models } from 'tower:models';
import type { Text } from '@codemirror/state';
import { makeSource, type Source } from '../src/base/text/source.ts';
import { checkSource } from '../src/compiler/pipeline.ts';
import { FileAnalysis } from '../src/editor/language/file_analysis.ts';

const known = new WeakMap<Text, FileAnalysis>();

/** Files that a model uses are those of the project: the page holds them. */
const load = (path: string): Source | undefined =>
  Object.hasOwn(models, path) ? makeSource(path, models[path]!) : undefined;

export const fileName = 'models/playground.tower';

export function factsOf(text: Text): FileAnalysis {
  const found = known.get(text) ?? new FileAnalysis(checkSource(makeSource(fileName, text.toString()), { load }));
  known.set(text, found);
  return found;
}
