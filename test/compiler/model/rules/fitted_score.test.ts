import { describe, expect, it } from 'vitest';
import { checkText } from '../check_text.ts';

interface Changes {
  readonly features?: string;
  readonly user?: string;
  readonly item?: string;
  readonly task?: string;
  readonly after?: string;
}

const text = ({
  features = 'history : list(movie_id, max: 50), movie_id : id',
  user = 'tower user(history) {}',
  item = 'tower item(movie_id) keyed by movie_id {}',
  task = 'task next { score = item_to_item(user, item, fit: ease) }',
  after = '',
}: Changes): string => `model slim
features { ${features} }
${user}
${item}
${task}
${after}`;

const messagesOf = (changes: Changes): readonly string[] =>
  checkText(text(changes)).diagnostics.map(({ message }) => message);

describe('a score from item to item', () => {
  it('needs no loss, no channels and no training', () => {
    expect(messagesOf({})).toEqual([]);
    expect(messagesOf({ after: 'train { metrics = recall(10) }' })).toEqual([]);
  });

  it.each<[string, Changes]>([
    [
      'is fitted without a loss, so `loss` has no effect',
      { task: 'task next { score = item_to_item(user, item), loss = bpr }' },
    ],
    ['stands alone in its score', { task: 'task next { score = 2 * item_to_item(user, item) }' }],
    ['is fitted without steps, so `epochs` has no effect', { after: 'train { epochs = 3 }' }],
    [
      'must be the only task, and the model has the task `other` too',
      { after: 'task other { score = item_to_item(user, item) }' },
    ],
    [
      'reads no channels, so `main` has no effect',
      { item: 'tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }' },
    ],
    ['needs to know the items: write `keyed by` after tower `item`', { item: 'tower item(movie_id) {}' }],
    [
      'needs a list of the items in tower `user`: write `history : list(movie_id, max: 200)`',
      { features: 'history : id, movie_id : id' },
    ],
    [
      'needs a key whose values it learns, and `movie_id` is none',
      { features: 'history : list(movie_id), movie_id : id(hash: 100)' },
    ],
    [
      'reads one list, `history`, so `age` has no effect',
      { features: 'history : list(movie_id), age : number, movie_id : id', user: 'tower user(history, age) {}' },
    ],
    [
      'reads only the key of the items, so `year` has no effect',
      {
        features: 'history : list(movie_id), year : number, movie_id : id',
        item: 'tower item(movie_id, year) keyed by movie_id {}',
      },
    ],
  ])('%s', (reason, changes) => {
    expect(messagesOf(changes)).toContain(`\`item_to_item\` ${reason}`);
  });
});
