/** Nearest neighbours by content: what a model that ranks cold items is compared with. */
import { wordsOfText } from '../../src/data/encoders/text_pieces.ts';
import { bagAt } from '../../src/training/evaluation/ranking_questions.ts';
import type { Scorer, ScoringTask } from '../../src/training/scoring/scorer.ts';
import type { ItemRows } from '../text_vectors.ts';

/** Cosines of all pairs of items: float32 [items, items]. */
export function similaritiesOf(items: ItemRows, second: string): Readonly<Record<string, Float32Array>> {
  return {
    'k-NN of title and columns': cosines(rareTerms(items.texts, second)),
    'k-NN of the vectors': denseCosines(items.vectors),
  };
}

/** Sums the k largest similarities of an item with the items of the history. */
export function neighbours(name: string, similarity: Float32Array, whole: ScoringTask, k: number): Scorer {
  const items = whole.corpus.rows;
  const { bags, index } = whole.history!;
  return {
    ...{ name, doc: `the ${k} nearest of the history, by content`, ranksCold: true },
    score(rows) {
      const scores = new Float32Array(rows.length * items);
      const best = new Float32Array(k);
      for (const [at, row] of rows.entries()) {
        const past = bagAt(bags, index ? index[row]! : row).filter((item) => item >= 0);
        for (let item = 0; item < items; item++) {
          if (k >= past.length) {
            for (const other of past) scores[at * items + item]! += Math.max(0, similarity[other * items + item]!);
            continue;
          }
          best.fill(0);
          for (const other of past) {
            let value = similarity[other * items + item]!;
            if (value <= best[k - 1]!) continue;
            for (let rank = 0; rank < k && value > 0; rank++)
              if (value > best[rank]!) [best[rank], value] = [value, best[rank]!];
          }
          scores[at * items + item] = best.reduce((sum, each) => sum + each, 0);
        }
      }
      return scores;
    },
  };
}

function cosines(rows: readonly ReadonlyMap<string, number>[]): Float32Array {
  const similarity = new Float32Array(rows.length ** 2);
  const postings = new Map<string, [item: number, weight: number][]>();
  for (const [item, weights] of rows.entries()) {
    const length = Math.sqrt([...weights.values()].reduce((sum, each) => sum + each ** 2, 0));
    for (const [term, weight] of weights) {
      if (!postings.has(term)) postings.set(term, []);
      postings.get(term)!.push([item, weight / length]);
    }
  }
  for (const posting of postings.values())
    for (const [a, left] of posting) for (const [b, right] of posting) similarity[a * rows.length + b]! += left * right;
  return similarity;
}

/** @param units vectors of length 1 */
function denseCosines(units: readonly Float32Array[]): Float32Array {
  const similarity = new Float32Array(units.length ** 2);
  for (let a = 0; a < units.length; a++) {
    const left = units[a]!;
    for (let b = a; b < units.length; b++) {
      const right = units[b]!;
      let sum = 0;
      for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
      similarity[a * units.length + b] = similarity[b * units.length + a] = sum;
    }
  }
  return similarity;
}

/** Weighs the words of the title and the values of the second column by their rarity. */
function rareTerms(texts: readonly (readonly string[])[], second: string): Map<string, number>[] {
  const terms = texts.map(
    ([title, other]) => new Set([...wordsOfText(title!), ...other!.split(/[|/]/).map((each) => `${second}=${each}`)]),
  );
  const counts = new Map<string, number>();
  for (const own of terms) for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
  return terms.map((own) => new Map([...own].map((term) => [term, Math.log(texts.length / counts.get(term)!) + 0.1])));
}
