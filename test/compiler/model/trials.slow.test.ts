/** A choice of `search` is judged as the file would be that says it: whatever was checked before says nothing of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import type { Random } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { pick, randomOf } from '../../fuzz/edits.ts';

const models = readdirSync('models').filter((name) => name.endsWith('.tower'));
const load = (path: string) => makeSource(path, readFileSync(path, 'utf8'));

const errorsOf = (path: string, text: string): readonly Diagnostic[] =>
  checkSource(makeSource(path, text), { load }).diagnostics.filter(({ severity }) => severity === 'error');

/** What is wrong with each of two values of a constant: as choices of a search, and in files that say so. */
function judged(path: string, text: string, name: string, values: readonly [string, string]) {
  const source = makeSource(path, `${text}\nsearch { ${name} : one of ${values.join(', ')} }\n`);
  const { diagnostics } = checkSource(source, { load });
  const start = source.text.lastIndexOf('one of') + 'one of '.length;
  const places = [start, start + values[0].length + 2];
  return values.map((value, index) => {
    const trial = diagnostics.find((one) => one.severity === 'error' && one.at?.start === places[index]);
    const messages = errorsOf(path, text.replace(new RegExp(`^(let ${name} = ).*$`, 'm'), `$1${value}`)).map(
      ({ message }) => message,
    );
    // What is wrong with the value itself is reported at it; else a note says what does not fit.
    const said = trial && (trial.notes[0]?.message.replace(/^here, /, '') ?? trial.message);
    return { said, agrees: said === undefined ? messages.length === 0 : messages.includes(said), messages };
  });
}

/** A model in which some of the places of one number are a constant. */
function withConstant(text: string, random: Random): { readonly text: string; readonly value: number } | undefined {
  const numbers = [...text.matchAll(/(?<=(?:: |\(|, ))\d+(?=[,)])/g)].filter(
    ({ index }) => !text.slice(text.lastIndexOf('\n', index) + 1, index).includes('//'),
  );
  if (numbers.length === 0) return undefined;
  const [number] = pick(random, numbers);
  const same = numbers.filter(([other]) => other === number);
  const all = random.next() < 0.5;
  const chosen = same.filter(() => all || random.next() < 0.5).toReversed();
  const changed = chosen.reduce(
    (so, { index }) => `${so.slice(0, index)}searched${so.slice(index + number.length)}`,
    text,
  );
  return { text: `${changed}\nlet searched = ${number}\n`, value: Number(number) };
}

describe('a choice of a search', () => {
  it('may change the width of a list through a feature that it names, and of lists along it', () => {
    const text = `
let width = 64
features {
  user_id  : id(dim: 0)
  movie_id : id(dim: width)
  history  : list(movie_id, max: 10, pool: none)
  ratings  : along(history, number(boundaries: [1, 2, 3], dim: width))
}
tower user(history, ratings) keyed by user_id { channel main = sum(history, ratings) -> mean }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;
    expect(errorsOf('model.tower', text)).toEqual([]);
    const valid = { said: undefined, agrees: true, messages: [] };
    expect(judged('model.tower', text, 'width', ['32', '64'])).toEqual([valid, valid]);
  });

  it.each(models)('is what %s would be with it', (name) => {
    const path = join('models', name);
    const model = readFileSync(path, 'utf8').replace(/^search \{[^}]*\}\n?/m, '');
    const random = randomOf(models.indexOf(name) + 1);
    for (let round = 0; round < 6; round++) {
      const made = withConstant(model, random);
      if (!made || errorsOf(path, made.text).length > 0) continue;
      const { text, value } = made;
      const others = [value * 2, value + 1, Math.floor(value / 2), value * 3, 0, 1];
      const values = [String(pick(random, others)), String(pick(random, [value, ...others]))] as const;
      if (values[0] === values[1]) continue;
      const found = judged(path, text, 'searched', values);
      if (!found.every(({ agrees }) => agrees)) expect(found, `${values.join(', ')} in\n${text}`).toEqual([]);
    }
  });
});
