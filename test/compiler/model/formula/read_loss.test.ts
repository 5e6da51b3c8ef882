/** What is wrong in a loss that is a formula: said once, at its place, used or not. */
import { expect, it } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';

/** Returns the messages about a file with a loss, each after the text that it points at. */
function messagesOf(loss: string, use = 'softmax(in_batch)'): readonly string[] {
  const text = `model m
features {
  user_id : id(dim: 3)
  item_id : id(dim: 3)
}
${loss}
tower user(user_id) keyed by user_id { channel main = user_id }
tower item(item_id) keyed by item_id { channel main = item_id }
task watch { score = dot(user, item), loss = ${use} }
train { batch = 512 }
`;
  return checkSource(makeSource('m.tower', text)).diagnostics.map(
    ({ at, message }) => `${text.slice(at!.start, at!.end)}: ${message}`,
  );
}

const blocksOnly = 'stands in blocks only: a loss computes with numbers of a row and its columns';

it.each([
  [
    '(s: scores[i, j], q: log_q[i, k]) { give own(s) + own(q) }',
    'k: `k` is not the letter of the columns, and all inputs of a loss share theirs',
  ],
  ['(s: scores[i, j]) { give s }', 's: `give` gives [j], and a loss gives one number for each row: `mean over j (…)`'],
  ['(y: labels[i]) { give y }', 'y: labels[i]: `mine` needs scores among its inputs: `s: scores[i, j]`'],
  ['(s: scores[i, j]) { give mean over i (s) }', 'mean over i (s): `mean over` goes over `i`, and the value has [j]'],
  [
    '(s: scores[i, j], n: negatives[i, j]) { give own(s) + own(n) }',
    'negatives: `negatives` stands here a second time, and a task has one score and one label',
  ],
  [
    '(s: scores[i, j]) { weights w[j] = 0 give mean over j (s * w) }',
    'weights w[j] = 0: `weights` stands in blocks only: a loss has no weights, and no lists',
  ],
  ['(s: scores[i, j]) { give mean over j where j < 3 (s) }', `mean over j where j < 3 (s): \`where\` ${blocksOnly}`],
  ['(s: scores[i, j]) { give s @ s }', `s @ s: \`@\` ${blocksOnly}`],
  ['(s: scores[i, j]) { give own(1) }', 'own(1): `own` takes one value of the columns, such as `own(s)`'],
  ['(s: vector[d]) { give mean over d (s) }', 'vector: there is no kind of input called `vector`'],
])('of %s', (loss, message) => {
  expect(messagesOf(`loss mine of ${loss}`).filter((text) => !text.includes('is never used'))).toEqual([message]);
});

it('says what no task uses, and what a loss of the library is hidden by', () => {
  const text = (name: string) => `loss ${name} of (s: negatives[i, j]) { give mean over j (relu(s - own(s))) }`;
  expect(messagesOf(text('mine'))).toEqual(['mine: loss `mine` is never used']);
  expect(messagesOf(text('bpr'), 'bpr')).toEqual(["bpr: loss `bpr` hides the library's loss of that name"]);
});

it('says what is wrong with the numbers of a use where they are written', () => {
  const ratio = 'loss mine(t) of (s: scores[i, j]) { give own(s) / t }';
  expect(messagesOf(ratio, 'mine(0)')).toEqual(['0: `divisor` must be other than 0, found 0']);
  expect(messagesOf(ratio, 'mine')).toHaveLength(1);
  expect(messagesOf('loss mine(mask = 1) of (s: scores[i, j]) { give mask * own(s) }').join()).toContain(
    'is an argument of each loss of columns already',
  );
});
