/** The models of the project, each with the sentence that its file begins with. */
import { models } from 'tower:models';

export interface ExampleModel {
  readonly path: string;
  readonly name: string;
  readonly sentence: string;
  readonly text: string;
}

export const exampleModels: readonly ExampleModel[] = Object.entries(models)
  .filter(([path, text]) => /^models\/[^/]+\.tower$/.test(path) && /^model\s/m.test(text))
  .map(([path, text]) => ({ path, name: path.slice('models/'.length), sentence: sentenceOf(text), text }));

export const firstExample = exampleModels.find(({ name }) => name === 'two_tower.tower')!;

/** The comments before `model`. */
function sentenceOf(text: string): string {
  const comments = text.slice(0, text.search(/^model\s/m)).match(/^\/\/+.*$/gm) ?? [];
  return comments
    .map((line) => line.replace(/^\/+\s?/, ''))
    .join(' ')
    .trim();
}
