import { describe, expect, it } from 'vitest';
import { trigramsOf } from '../../src/data/encoders/text_pieces.ts';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, dot, logSumExp, mean, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const drawn = 4;

describe('dssm', () => {
  const hits = [[2, 1]] as const;
  const ran = runModel(planOfModel('dssm'), { hits });
  const deep = (x: Row, tower: string): Row => ran.weights.mlp(x, `${tower}/main/deep/mlp`, Math.tanh, Math.tanh);
  const queries = everyRow.map((row) => deep(ran.input('query')[row]!, 'query'));
  const documents = everyRow.map((row) => deep(ran.input('title')[row]!, 'document'));

  it('scores by the cosine of two towers of tanh layers', () => {
    everyRow.forEach((row) => {
      expectClose(
        ran.vectors[1].map((document) => dot(ran.vectors[0][row]!, document)),
        documents.map((document) => cosine(queries[row]!, document)),
      );
    });
  });

  it('loses by the softmax of γ cos over the clicked and four drawn documents; a drawn one that is the clicked does not count', () => {
    const others = ran.input('sampled_4_uniform/title').map((x) => deep(x, 'document'));
    const losses = everyRow.map((row) => {
      const own = 10 * cosine(queries[row]!, documents[row]!);
      const against = others
        .slice(row * drawn, (row + 1) * drawn)
        .filter((_, at) => !hits.some(([r, c]) => r === row && c === at))
        .map((document) => 10 * cosine(queries[row]!, document));
      return logSumExp([own, ...against]) - own;
    });
    expect(ran.losses.loss).toBeCloseTo(mean(losses), 5);
  });
});

it('hashes words by the letter trigrams of #word#', () => {
  expect(trigramsOf('good wings')).toEqual(['#go', 'goo', 'ood', 'od#', '#wi', 'win', 'ing', 'ngs', 'gs#']);
});
