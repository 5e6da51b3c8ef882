/** Says what a figure is a figure of: two runs can be compared only where it is the same. */
import { createHash } from 'node:crypto';
import type { Dataset, Part } from '../../data/dataset.ts';

/** Checksums, each of one thing that must agree. */
export interface Protocol {
  readonly part: Part;
  readonly sizes: { readonly corpus: number; readonly held: number; readonly training: number };
  /** Keys of the corpus, in order. */
  readonly corpus: string;
  /** User and item of each held-out event, in order. */
  readonly held: string;
  /** Items of each user's training events, in order, and how many of them each item has. */
  readonly training: string;
  /** The sentence that says how it was split. */
  readonly split: string;
}

export function protocolOf(dataset: Dataset, part: Part): Protocol {
  const { corpus, parts, protocol } = dataset;
  return {
    part,
    sizes: { corpus: corpus.rows, held: parts[part].rows, training: parts.train.rows },
    corpus: checksum((add) => {
      for (const key of corpus.keys) add(key);
    }),
    held: eventsChecksum(dataset, part),
    training: trainingChecksum(dataset),
    split: protocol[0] ?? '',
  };
}

/** Returns in words the parts in which two protocols differ; empty where figures may be side by side. */
export function differencesOf(first: Protocol, other: Protocol): string[] {
  const differenceWords: string[] = [];
  const addCounts = (what: string, of: keyof Protocol['sizes']): void => {
    const [a, b] = [first.sizes[of], other.sizes[of]].map((count) => count.toLocaleString('en'));
    differenceWords.push(a === b ? `other ${what}, ${a} in both` : `${a} ${what}, and ${b}`);
  };
  if (first.part !== other.part) differenceWords.push(`the ${first.part} part, and the ${other.part} part`);
  if (first.corpus !== other.corpus) addCounts('items to rank', 'corpus');
  if (first.held !== other.held) addCounts(`${first.part} events`, 'held');
  if (first.training !== other.training) addCounts('training events', 'training');
  if (differenceWords.length > 0 && first.split !== other.split)
    differenceWords.push(`“${first.split}”, and “${other.split}”`);
  return differenceWords;
}

function eventsChecksum({ parts, corpus, users }: Dataset, part: Part): string {
  const { item, user, rows } = parts[part];
  return checksum((add) => {
    for (let row = 0; row < rows; row++) {
      add(user[row]! < 0 ? '' : users.keys.at(user[row]!)!);
      add(item[row]! < 0 ? '' : corpus.keys.at(item[row]!)!);
    }
  });
}

/** Reads only what is in memory also where the training rows are in shards. */
function trainingChecksum({ corpus, users: { keys, seen } }: Dataset): string {
  return checksum((add) => {
    for (const count of corpus.trainingCounts) add(String(count));
    for (let user = 0; user < keys.length; user++) {
      add(keys.at(user)!);
      for (let at = seen.starts[user]!; at < seen.ends[user]!; at++) {
        const item = seen.values[at]!;
        add(item < 0 ? '' : corpus.keys.at(item)!);
      }
    }
  });
}

function checksum(feed: (add: (text: string) => void) => void): string {
  const hash = createHash('sha256');
  let pending: string[] = [];
  const flush = (): void => {
    if (pending.length > 0) hash.update(JSON.stringify(pending));
    pending = [];
  };
  feed((text) => {
    if (pending.push(text) === 8192) flush();
  });
  flush();
  return hash.digest('hex');
}
