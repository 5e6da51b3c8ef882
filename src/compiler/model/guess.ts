/** What a word that is not known most likely means: another name for something of the field, or a misspelling. */
import { likest } from '../../base/text/nearest.ts';
import type { Span } from '../../base/text/source.ts';
import { isTerm, meaningOf, type OtherNames, type WordPlace } from '../../base/text/synonyms.ts';
import { library } from './library.ts';
import type { Extra } from './report.ts';

export interface Guess {
  /** The candidate that it is taken for. */
  readonly nearest?: string;
  /** What the hint says in place of "did you mean": the field has a word for it. */
  readonly advice?: string;
  /** The fix of the report. */
  readonly extra: Extra;
}

/** The names of a place that come into question besides its candidates. */
interface Others {
  /** Candidates that are given already: they are not meant, but may be as near. */
  readonly taken?: Iterable<string>;
  /** Those of the candidates that the file declares: what is near one of them is no word of the field. */
  readonly declared?: Iterable<string>;
  /** The rows of the candidates, where they are no kinds: a row may have other names. */
  readonly rows?: Rows;
}

/**
 * @param candidates what may be written here
 * @param place what kind of word is asked for; absent for names that the file declares
 */
export function guess(
  name: string,
  at: Span,
  candidates: Iterable<string>,
  place?: WordPlace,
  { taken = [], declared = [], rows }: Others = {},
): Guess {
  const free = [...new Set(candidates)];
  const others = new Set([...taken].filter((word) => !free.includes(word)));
  const likely = likest(name, [...free, ...others]);
  const known = likely !== undefined && !others.has(likely.name) ? likely : likest(name, free);
  const sure = known !== undefined && known === likely && known.sure;
  // Only case and underscores differ.
  const spelled = sure && flat(name) === flat(known.name);
  const own = known !== undefined && [...declared].includes(known.name);
  const meaning =
    place === undefined || spelled || own ? undefined : meaningOf(name, place, free, rows ?? rowsAt[place]);
  if (meaning?.write !== undefined && free.includes(meaning.write)) {
    const { write, same } = meaning;
    return { nearest: write, advice: `Tower calls it \`${write}\``, extra: suggested([write], at, !same) };
  }
  if (meaning !== undefined) {
    return { advice: meaning.advice ?? `write \`${meaning.write}\``, extra: {} };
  }
  if (known === undefined) return { extra: {} };
  const doubtful = !sure || (!spelled && isTerm(name));
  return { nearest: known.name, extra: suggested([known.name, ...known.others], at, doubtful) };
}

type Rows = Readonly<Record<string, OtherNames>>;

/** Kinds by the place that names one: a row may have other names of its kind. */
const rowsAt: Readonly<Partial<Record<WordPlace, Rows>>> = {
  feature: library.features,
  block: library.blocks,
  score: library.scores,
  loss: library.losses,
  weighting: library.weightings,
  optimizer: library.optimizers,
  metric: library.metrics,
};

const suggested = (words: readonly string[], at: Span, doubtful: boolean): Extra => ({
  fixes: words.map((text) => [{ at, text }]),
  ...(doubtful ? { doubtful } : {}),
});

const flat = (word: string): string => word.replace(/[_\-\s]/g, '').toLowerCase();
