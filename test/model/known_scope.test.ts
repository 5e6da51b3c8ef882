/** What names mean in a text that follows another is what they mean in a text that is read anew. */
import { describe, expect, it } from 'vitest';
import { KnownScope } from '../../src/model/known_scope.ts';
import { declare, type Scope } from '../../src/model/scope.ts';
import { parse } from '../../src/syntax/parse.ts';
import { IncrementalParser } from '../../src/syntax/parse_cache.ts';
import { makeSource } from '../../src/text/source.ts';
import { pick, randomOf } from '../fuzz/edits.ts';

const said = (scope: Scope): unknown =>
  Object.entries(scope).map(([kind, table]) => [
    kind,
    [...(table as Map<string, unknown>)].map((each) =>
      JSON.stringify(each, (key, value) => (key === 'source' ? 0 : value)),
    ),
  ]);

describe('the scope of a text that follows another', () => {
  it.each([1, 2, 3, 4])('is that of the text read anew, whatever names come and go: seed %i', (seed) => {
    const random = randomOf(seed);
    const known = new KnownScope();
    const memory = new IncrementalParser();
    const name = (): string => pick(random, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'x', '__proto__']);
    const entry = (): string =>
      `  ${random.next() < 0.2 ? `${name()}, ${name()}` : name()} : id(dim: ${random.integer(3)})`;
    const bodies = [0, 1].map(() => ['  p : id', '  q : id'].slice(random.integer(2)));
    const others = ['labels { l : binary }', 'group m = p', 'let n = 1'];
    for (let step = 0; step < 80; step++) {
      const body = pick(random, bodies);
      if (random.next() < 0.5) body.splice(random.integer(body.length + 1), 0, entry());
      else body.splice(random.integer(body.length), random.integer(3), ...(random.next() < 0.5 ? [entry()] : []));
      others[1] = `group ${random.next() < 0.1 ? name() : 'm'} = p`;
      const text = [...bodies.map((lines) => `features {\n${lines.join('\n')}\n}`), ...others].join('\n');
      const read = (parsed: ReturnType<typeof parse>, reported: unknown[], following: boolean): unknown => {
        const { output: main } = parsed;
        const files = { main, all: [{ file: main, folder: '' }], shared: main.declarations, whole: true };
        const report = (code: string, at?: { start: number }): void => void reported.push([code, at?.start]);
        return said(following ? known.declare(files, report) : declare(files, report));
      };
      const [now, anew]: unknown[][] = [[], []];
      const source = makeSource('m.tower', text);
      expect(read(memory.parse(source), now!, true), text).toEqual(
        read(parse(makeSource('m.tower', text)), anew!, false),
      );
      expect(now, text).toEqual(anew);
    }
  });
});
