/** `metrics = recall(20), ndcg(20)`: a comma within a list, and a comma between entries. */
import { describe, expect, it } from 'vitest';
import { makeSource, spanText } from '../../../src/base/text/source.ts';
import type { TrainNode } from '../../../src/compiler/syntax/ast.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

const source = (body: string) => makeSource('a.tower', `train {${body}}\n`);

/** Entries as `name = value | value`, then the codes. */
function read(body: string): string[] {
  const { output, diagnostics } = parse(source(body));
  const train = output.declarations[0] as TrainNode | undefined;
  const entries = (train?.entries ?? []).map(
    ({ name, value, more = [] }) => `${name.name} = ${[value, ...more].map(({ span }) => spanText(span)).join(' | ')}`,
  );
  return [...entries, ...diagnostics.map(({ code }) => code)];
}

describe('a list of values', () => {
  it.each<[string, string[]]>([
    ['metrics = mrr', ['metrics = mrr']],
    ['metrics = mrr, auc', ['metrics = mrr | auc']],
    ['metrics = recall(20), ndcg(20), epochs = 3', ['metrics = recall(20) | ndcg(20)', 'epochs = 3']],
    ['metrics = recall(20), mrr epochs = 3', ['metrics = recall(20) | mrr', 'epochs = 3']],
    ['\n  metrics = recall(20),\n    ndcg(20),\n  epochs = 3\n', ['metrics = recall(20) | ndcg(20)', 'epochs = 3']],
    ['metrics = recall(20),', ['metrics = recall(20)']],
    ['metrcs = recall(20), ndcg(20)', ['metrcs = recall(20) | ndcg(20)']],
    ['eval_metrics = recall(20), mrr', ['eval_metrics = recall(20) | mrr']],
    ['epochs = 3, metrics = mrr, batch = 4', ['epochs = 3', 'metrics = mrr', 'batch = 4']],
    ['metrics = recall(20), precision(20), epochs = 3', ['metrics = recall(20) | precision(20)', 'epochs = 3']],
    ['\n  metrics = recall, precision\n  epochs = 3\n', ['metrics = recall | precision', 'epochs = 3']],
    ['metrics = recall, precision', ['metrics = recall | precision']],
    ['metrics = mrr, precision = bf16', ['metrics = mrr', 'precision = bf16']],
    ['metrics = mrr, precision bf16', ['metrics = mrr', 'precision = bf16', 'missing-sign']],
    ['metrics = mrr, stop recall(50)', ['metrics = mrr', 'stop = recall(50)', 'missing-sign']],
  ])('%s', (body, entries) => {
    expect(read(body)).toEqual(entries);
  });

  it('is none elsewhere', () => {
    expect(read('epochs = 3, recall(20)')).toContain('missing-sign');
  });
});
