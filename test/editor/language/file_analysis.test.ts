import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { spanText } from '../../../src/base/text/source.ts';
import * as examples from '../../compiler/syntax/examples.ts';
import { factsOf } from '../lsp/marked.ts';

const programs: [string, string][] = [
  ...Object.entries(examples).flatMap(([name, text]): [string, string][] =>
    typeof text === 'string' ? [[name, text]] : [],
  ),
  ...readdirSync('models')
    .filter((name) => name.endsWith('.tower'))
    .map((name): [string, string] => [name, readFileSync(`models/${name}`, 'utf8')]),
];

describe('what every word names', () => {
  it.each(programs)('%s: the names that the checker read are the names that are found', (_, text) => {
    const { checked, occurrences } = factsOf(text);
    const { reads, scope } = checked.resolution;
    const found = (kind: string): string[] =>
      occurrences
        .flatMap((one) => (one.is === 'symbol' && !one.declares && one.symbol.kind === kind ? [one.symbol.name] : []))
        .sort();
    for (const kind of ['group', 'block', 'tower', 'task'] as const) {
      const names = new Set(found(kind));
      for (const name of reads[kind]) expect([...names], `${kind} ${name}`).toContain(name);
    }
    // A feature is also read through a group.
    const features = new Set([
      ...found('feature'),
      ...[...scope.groups.values()].flatMap(({ members }) => members.map(({ name }) => name)),
    ]);
    for (const name of reads.feature) expect([...features]).toContain(name);
  });

  it.each(programs)('%s: each word is where it says, and none is reported twice', (_, text) => {
    const { occurrences } = factsOf(text);
    const places = occurrences.map(({ span }) => span.start);
    expect(new Set(places).size).toBe(places.length);
    for (const occurrence of occurrences) {
      const word = spanText(occurrence.span);
      const name =
        occurrence.is === 'symbol'
          ? occurrence.symbol.name
          : occurrence.is === 'word'
            ? occurrence.word
            : occurrence.name;
      expect(word).toBe(name);
    }
  });

  it.each(programs)('%s: no name is left without a meaning', (_, text) => {
    const { checked, occurrences, lexed } = factsOf(text);
    if (checked.diagnostics.some(({ severity }) => severity === 'error')) return;
    const known = new Set(occurrences.map(({ span }) => span.start));
    const words = lexed.tokens.filter(({ tokenType }) => tokenType.name === 'Identifier');
    expect(words.filter(({ startOffset }) => !known.has(startOffset)).map(({ image }) => image)).toEqual([]);
  });
});
