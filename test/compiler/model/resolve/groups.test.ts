/** Groups whose members are groups. */
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { printModel } from '../../../../src/compiler/model/print_model.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';
import { found } from '../check_text.ts';

const model = (groups: string, tower: string) => `
model grouped
features { user_id: id(dim: 4), age: category(dim: 4), city: category(dim: 4), movie_id: id(dim: 4) }
${groups}
tower user${tower}
tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`;
const checkModel = (groups: string, tower: string) => checkSource(makeSource('model.tower', model(groups, tower)));

describe('a group of groups', () => {
  it('has the features of its members in their place', () => {
    const checked = checkModel(
      'group all = place, user_id, person\ngroup place = city\ngroup person = age',
      '(all) keyed by user_id { channel main = all -> flatten -> dense(4) }',
    );
    expect(found(checked)).toEqual([]);
    expect(printModel(checked.model!)).toContain('group all = city, user_id, age\n');
    expect(printModel(checked.model!)).toContain('channel main = all[city, user_id, age] -> flatten');
  });

  it('is the same model as the group of its features', () => {
    const flow = 'keyed by user_id { channel main = all -> flatten -> dense(4) }';
    const nested = checkModel('group all = person, city\ngroup person = user_id, age', `(all) ${flow}`);
    const plain = checkModel('group all = user_id, age, city', `(all) ${flow}`);
    expect(printModel(nested.model!)).toBe(printModel(plain.model!));
  });

  it('lets flows of a tower read the groups within it', () => {
    const checked = checkModel(
      'group all = person, city\ngroup person = user_id, age',
      '(all) keyed by user_id { near = person -> flatten -> dense(4)\nchannel main = concat(near, city) -> dense(4) }',
    );
    expect(found(checked)).toEqual([]);
  });

  it('has inputs that no flow reads, and steps that hide groups within it', () => {
    const groups = 'group all = person, city\ngroup person = user_id, age';
    expect(found(checkModel(groups, '(all) { channel main = person -> flatten -> dense(4) }'))).toEqual([
      'unread-input: all',
    ]);
    expect(found(checkModel(groups, '(all) { person = all -> flatten\nchannel main = person -> dense(4) }'))).toEqual([
      'shadowed-name: person',
    ]);
  });

  it('is what is reported where nothing reads it, and not the groups in it', () => {
    const groups = 'group all = person, city\ngroup person = age';
    const tower = '(user_id) keyed by user_id { channel main = user_id -> dense(4) }';
    expect(found(checkModel(groups, tower))).toEqual(['unused-group: all']);
  });

  it('may be a long chain', () => {
    const chain = Array.from({ length: 2_000 }, (_, at) => `group g${at} = g${at + 1}`).join('\n');
    const tower = '(g0) keyed by user_id { channel main = g0 -> dense(4) }';
    expect(found(checkModel(`${chain}\ngroup g2000 = user_id`, tower))).toEqual([
      'unread-feature: age',
      'unread-feature: city',
    ]);
    expect(found(checkModel(`${chain}\ngroup g2000 = g0`, tower))).toContain('group-cycle: g0');
  });
});
