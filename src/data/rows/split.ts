/** Splits events into parts, and describes the split in a sentence that is printed with every figure. */

import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Texts } from '../../base/text/texts.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import type { DataDescription, Split, UserSplit } from '../../graph/plan/data_description.ts';
import type { Part } from '../dataset.ts';
import { firstAfter, momentWords } from './fresh.ts';
import type { Staged } from './raw.ts';

/** Events sorted by time. All arrays have one element for each event. */
export interface Stream {
  /** Indexes 0 … users − 1; −1 for an event without a user. */
  readonly user: Int32Array;
  readonly users: number;
  /** Times, ascending, where several events may have the same one. Absent: no two are equal. */
  readonly times?: ArrayLike<number>;
}

export const parts = ['train', 'validation', 'test'] as const satisfies readonly Part[];

/** Stands in `part` for an event of a held-out user that the model may see as input. */
export const givenMark = parts.length;

export interface SplitResult {
  /** The index in `parts` of each event, or `givenMark`, in the order of time. */
  readonly part: Uint8Array;
  readonly sentence: string;
}

export interface SplitInput extends Stream {
  readonly rows: number;
  /** For `column` and `files`: the index in `parts` of each event. */
  readonly folds?: Uint8Array;
  /** Dividing `times` by it gives seconds, or the unit of the data. Default: 1. */
  readonly unit?: number;
  /** For `by_user`: the number of events of each user. Default: those of `user`. */
  readonly eventsOfUsers?: Int32Array;
}

/** Finds the code of each part in a column's dictionary; −1 if no row names the part. It decodes one text at a time, because a wrong column may have millions of them. */
export function codesOfParts(dictionary: Texts): readonly number[] {
  const codes: number[] = parts.map(() => -1);
  let code = 0;
  for (const text of dictionary) {
    const part = (parts as readonly string[]).indexOf(text);
    if (part >= 0) codes[part] = code;
    code++;
  }
  return codes;
}

/** Splits events. Throws a Failure if a requested part is empty. */
export function splitEvents(description: SplitOfBlock, events: SplitInput): SplitResult {
  const result = resultOf(description, events);
  const counts = [0, 0, 0, 0];
  for (let event = 0; event < result.part.length; event++) counts[result.part[event]!]!++;
  return { part: result.part, sentence: sentenceOf(description, result.sentence, counts) };
}

type SplitOfBlock = Pick<DataDescription, 'split' | 'trainsAll' | 'later' | 'span'>;

function resultOf({ split, trainsAll, later }: SplitOfBlock, events: SplitInput): SplitResult {
  if (later) {
    const part = new Uint8Array(events.rows);
    part.fill(2, firstAfter(events.times ?? [], later, events.unit));
    return { part, sentence: `Held out are the events after ${momentWords(later.time)}` };
  }
  if (trainsAll) return { part: new Uint8Array(events.rows), sentence: 'All events are for training' };
  return splitters[split.kind](split as never, events);
}

export const partsOfUsers = (split: Split, events: SplitInput): Uint8Array =>
  splitters[split.kind](split as never, events).part;

/** A file with the events of one part. Its row ids begin at `first` and end where those of the next file begin. */
export interface PartOfFile {
  readonly first: number;
  readonly part: Part;
}

export const partsOfFiles = ({ files }: Pick<Staged, 'files'>): PartOfFile[] =>
  files.map(({ first, file }) => ({ first, part: file.part ?? 'train' }));

/** Returns the part of each row id's file, as an index in `parts`. */
export const foldsOfFiles = (files: readonly PartOfFile[], ids: Int32Array): Uint8Array =>
  Uint8Array.from(ids, (id) => parts.indexOf(files.findLast(({ first }) => first <= id)!.part));

/** Returns the sentence of `splitEvents` for these sizes of parts. Throws a Failure if a requested part is empty. */
export const describeSplit = (
  description: SplitOfBlock,
  counts: readonly number[],
  eventsOfUsers: Int32Array = new Int32Array(0),
): string => {
  const nothing = { rows: 0, user: new Int32Array(0), users: eventsOfUsers.length, eventsOfUsers };
  return sentenceOf(description, resultOf(description, nothing).sentence, counts);
};

export const cutsOf = (
  { validation, test }: Extract<Split, { kind: 'by_time' }>,
  rows: number,
): readonly [number, number] => [shareOf(rows, 1 - validation - test), shareOf(rows, 1 - test)];

function sentenceOf(
  { split, trainsAll, later, span }: SplitOfBlock,
  sentence: string,
  counts: readonly number[],
): string {
  const rowTotal = counts.reduce((sum, count) => sum + count, 0);
  for (const [index, part] of parts.entries()) {
    if (counts[index]! > 0 || trainsAll || later || !isRequested(split, part, counts)) continue;
    throw failure('empty-split', { part, rows: rowTotal, reason: emptyReason(split, part) }, span);
  }
  const givenCount = counts[givenMark] ?? 0;
  const givenWords = givenCount > 0 ? `; ${givenCount.toLocaleString('en')} are given` : '';
  return `${sentence}: ${sizesOf(counts)}${givenWords}.`;
}

function sizesOf(counts: readonly number[]): string {
  const names = ['training', 'validation', 'test'];
  const presentParts = names.flatMap((name, index) =>
    counts[index]! > 0 ? `${counts[index]!.toLocaleString('en')} ${name}` : [],
  );
  const emptyParts = names.filter((_, index) => counts[index] === 0);
  const sizes = `${[presentParts.slice(0, -1).join(', '), presentParts.at(-1)].filter(Boolean).join(' and ')} events`;
  return emptyParts.length === 0 ? sizes : `${sizes}, no ${emptyParts.join(' and no ')} part`;
}

const splitters: {
  readonly [K in Split['kind']]: (split: Extract<Split, { kind: K }>, events: SplitInput) => SplitResult;
} = {
  by_time({ validation, test }, { rows }) {
    const part = new Uint8Array(rows);
    const [validationStart, testStart] = cutsOf({ kind: 'by_time', validation, test }, rows);
    part.fill(1, validationStart);
    part.fill(2, testStart);
    return {
      part,
      sentence: `Split by time${test > 0 ? `, the last ${percent(test)} for test` : ''}${
        validation === 0
          ? ''
          : test > 0
            ? `, ${percent(validation)} before it for validation`
            : `, the last ${percent(validation)} for validation`
      }`,
    };
  },
  leave_one_out(_, { rows, user, users }) {
    const counts = new Int32Array(users);
    for (let event = 0; event < rows; event++) if (user[event]! >= 0) counts[user[event]!]!++;
    const eventsLeft = counts.slice();
    const part = new Uint8Array(rows);
    for (let event = 0; event < rows; event++) {
      const u = user[event]!;
      if (u < 0) continue;
      eventsLeft[u]!--;
      if (counts[u]! >= 3 && eventsLeft[u]! <= 1) part[event] = eventsLeft[u] === 0 ? 2 : 1;
    }
    return {
      part,
      sentence:
        "Each user's last event for test and the one before it for validation (users of fewer than 3 events only train)",
    };
  },
  random({ validation, test, seed }, { rows }) {
    const order = makeRandom(seed, rows).permutation(rows);
    const part = new Uint8Array(rows);
    const testRows = rows - shareOf(rows, 1 - test);
    const heldOutRows = rows - shareOf(rows, 1 - validation - test);
    for (let index = 0; index < heldOutRows; index++) part[order[index]!] = index < testRows ? 2 : 1;
    return {
      part,
      sentence: `Split at random (seed ${seed})${test > 0 ? `, ${percent(test)} for test` : ''}${validation > 0 ? `, ${percent(validation)} for validation` : ''}`,
    };
  },
  by_user(split, events) {
    const { validation, test, given, order, seed } = split;
    const { rows, user, users, eventsOfUsers } = events;
    const { partsOf, drawnFrom } = drawUsers(split, eventsOfUsers ?? countEvents(user, users));
    const part = partsOfDrawn(partsOf, { rows, user, users });
    const choiceWords = order === 'time' ? 'the first by time' : 'drawn at random';
    const givenWords =
      given === 0
        ? 'no event of theirs is known'
        : `they give ${percent(given)} of their events each, ${choiceWords}, and the others are held out`;
    return {
      part,
      sentence: `Split by users (seed ${seed})${test > 0 ? `, ${percent(test)} of them for test` : ''}${validation > 0 ? `, ${percent(validation)} for validation` : ''}, of ${drawnFrom.toLocaleString('en')} who have two events or more; ${givenWords}`,
    };
  },
  files({ validation, test }, { folds }) {
    const fileWords = [
      `${validation === undefined ? 'no file is for validation' : `${validation.path} is for validation`}`,
      `${test.path} for test`,
    ];
    return { part: folds!, sentence: `Split by files, ${fileWords.join(', ')}` };
  },
  column({ column }, { folds }) {
    return { part: folds!, sentence: `Split by the column \`${column}\`` };
  },
};

function countEvents(user: Int32Array, users: number): Int32Array {
  const counts = new Int32Array(users);
  for (const u of user) if (u >= 0) counts[u]!++;
  return counts;
}

/** By held-out user, the part of each event in the order of time, as an index in `parts`, or `givenMark`. */
export type PartsOfDrawnUsers = ReadonlyMap<number, Uint8Array>;

/** Returns the part of each event of these users. @param numberOf the number in `partsOf` of a user of `user`. Default: the same */
export function partsOfDrawn(
  partsOf: PartsOfDrawnUsers,
  { rows, user, users }: Pick<SplitInput, 'rows' | 'user' | 'users'>,
  numberOf: (user: number) => number = (u) => u,
): Uint8Array {
  const eventsBefore = new Int32Array(users);
  const part = new Uint8Array(rows);
  for (let event = 0; event < rows; event++) {
    const u = user[event]!;
    if (u >= 0) part[event] = partsOf.get(numberOf(u))?.[eventsBefore[u]!++] ?? 0;
  }
  return part;
}

/**
 * Strong generalization (Liang et al., WWW 2018): of the users with two events or more, some are held out with all their events. Of n events of such a user
 * floor(n (1 − given)) are to be found, one at least, and the others are given. Also returns how many users the draw is from.
 * @param eventsOf the number of events of each user
 */
export function drawUsers(
  { validation, test, given, order, seed }: UserSplit,
  eventsOf: Int32Array,
): { readonly partsOf: PartsOfDrawnUsers; readonly drawnFrom: number } {
  const candidates = listRowIndexes(eventsOf.length).filter((u) => eventsOf[u]! >= 2);
  const testUsers = candidates.length - shareOf(candidates.length, 1 - test);
  const heldOutUsers = candidates.length - shareOf(candidates.length, 1 - validation - test);
  const random = makeRandom(seed, eventsOf.length);
  const drawnUsers = random.permutation(candidates.length).subarray(0, heldOutUsers);
  const partsOf = new Map<number, Uint8Array>();
  drawnUsers.forEach((candidate, drawnIndex) => {
    const user = candidates[candidate]!;
    const events = eventsOf[user]!;
    const heldCount = Math.max(1, shareOf(events, 1 - given));
    const eventOrder = order === 'time' ? listRowIndexes(events).reverse() : random.permutation(events);
    const partOfEvent = new Uint8Array(events);
    eventOrder.forEach((event, index) => {
      partOfEvent[event] = index >= heldCount ? givenMark : drawnIndex < testUsers ? 2 : 1;
    });
    partsOf.set(user, partOfEvent);
  });
  return { partsOf, drawnFrom: candidates.length };
}

/** Returns the number of rows in a share. A share such as 1 − 0.1 − 0.1 is not reduced by its rounding error. */
const shareOf = (rows: number, share: number): number => Math.min(rows, Math.max(0, Math.floor(rows * share + 1e-6)));

const percent = (share: number): string => `${+(share * 100).toFixed(4)}%`;

/** True if the split must not leave this part empty. A column must fill at least one of the two held-out parts. */
function isRequested(split: Split, part: Part, counts: readonly number[]): boolean {
  if (part === 'train' || split.kind === 'leave_one_out') return true;
  if (split.kind === 'files') return split[part] !== undefined;
  return split.kind === 'column' ? counts[1] === 0 && counts[2] === 0 : split[part] > 0;
}

function emptyReason(split: Split, part: Part): string {
  if (split.kind === 'leave_one_out') return 'no user has 3';
  if (split.kind === 'column') return `none has ${split.column} = ${part === 'train' ? part : 'validation or test'}`;
  if (split.kind === 'files') return `none is in a valid row of its file`;
  if (split.kind === 'by_user') return 'too few users have two';
  const share = part === 'train' ? 1 - split.validation - split.test : split[part];
  return `${percent(share)} is not one`;
}
