import { describe, expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { bceLoss, dot, mean, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('esmm', () => {
  const ran = runModel(planOfModel('esmm'));
  const { weights } = ran;
  const side = (tower: string, fieldsOf: (row: number) => Row): readonly { fine: Row; more: Row }[] =>
    everyRow.map((row) => {
      const [fine, more] = ['fine', 'more'].map((channel) => weights.mlp(fieldsOf(row), `${tower}/${channel}/mlp`));
      return { fine: fine!, more: more! };
    });
  const users = side('user', (row) => ran.input('user_id')[row]!);
  const items = side('item', (row) => [...ran.input('movie_id')[row]!, ...ran.input('genres')[row]!]);
  const fine = everyRow.map((row) => dot(users[row]!.fine, items[row]!.fine));
  const more = everyRow.map((row) => dot(users[row]!.more, items[row]!.more));

  it('learns fine, and liked as the product, on all rows: Ma et al. 2018, equation 3', () => {
    const [[isFine], [isLiked]] = [ran.input('label/fine'), ran.input('label/liked')];
    const both = everyRow.map((row) => sigmoid(fine[row]!) * sigmoid(more[row]!));
    const product = mean(both.map((p, row) => -Math.log(isLiked![row] === 1 ? p : 1 - p)));
    expect(ran.losses['loss:fine']).toBeCloseTo(bceLoss(fine, isFine!), 5);
    expect(ran.losses['loss:like']).toBeCloseTo(product, 5);
    expect(ran.losses.loss).toBeCloseTo(bceLoss(fine, isFine!) + product, 4);
  });

  it('retrieves by the sum of both logits', () => {
    const [query, item] = ran.vectors;
    expectClose(
      everyRow.map((row) => dot(query[row]!, item[row]!)),
      everyRow.map((row) => fine[row]! + more[row]!),
    );
  });
});
