/** What an editor offers for a mistake solves it, brings no other, and removes nothing that a person wrote. */
import { describe, expect, it } from 'vitest';
import { lex } from '../../../grammar/lexer.ts';
import { type Code, codes } from '../../../src/base/diagnostics/codes.ts';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { smallModel } from '../../../src/base/diagnostics/small_model.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { readErrorPage } from '../../../src/compiler/explain/error_page.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { offers, offersFor } from '../../../src/editor/language/offers.ts';
import { factsOf } from '../lsp/marked.ts';

interface Case {
  readonly code: Code;
  readonly text: string;
  readonly titles: readonly string[];
  /** What the first offer writes. */
  readonly writes: string;
}

const bceTask = (label: string): string => `task like { score = cosine(user, item) / 0.1, loss = bce${label} }`;

const cases: readonly Case[] = [
  {
    code: 'unknown-name',
    text: smallModel({ tasks: bceTask(', label = liked') }),
    titles: ['Declare the label `liked : binary`'],
    writes: 'labels {\n  liked : binary\n}',
  },
  {
    code: 'unknown-name',
    text: smallModel({
      labels: 'seen: binary',
      tasks: `${bceTask(', label = liked')}\n${bceTask(', label = seen').replace('like', 'see')}`,
    }),
    titles: ['Declare the label `liked : binary`'],
    writes: 'labels { seen: binary, liked : binary }',
  },
  {
    code: 'unknown-name',
    text: smallModel({
      groups: 'group who = user_id, city',
      userInputs: 'who',
      user: 'channel main = who -> flatten -> mlp(32, 16)',
    }),
    titles: [
      'Declare the feature `city : id(dim: 32)`',
      'Declare the feature `city : category(dim: 16)`',
      'Declare the feature `city : number(standardize)`',
      'Declare the feature `city : list(category(dim: 16), max: 50)`',
    ],
    writes: 'movie_id: id(dim: 16)\ncity : id(dim: 32)\n}',
  },
  {
    code: 'unknown-name',
    text: smallModel({
      user: 'channel main = city -> mlp(32, 16)\nchannel more = user_id -> dense(16)',
      item: 'channel main = movie_id -> mlp(32, 16)\nchannel more = movie_id -> dense(16)',
    }),
    titles: [
      'Declare the feature `city : id(dim: 32)`, and let it into `user`',
      'Declare the feature `city : category(dim: 16)`, and let it into `user`',
      'Declare the feature `city : number(standardize)`, and let it into `user`',
      'Declare the feature `city : list(category(dim: 16), max: 50)`, and let it into `user`',
    ],
    writes: 'tower user(user_id, city)',
  },
  {
    code: 'wrong-type',
    text: smallModel({ user: 'channel main = user_id -> mlp(breadth, 16)' }),
    titles: ['Declare `let breadth = 64`'],
    writes: 'model small\n\nlet breadth = 64\n',
  },
  {
    code: 'unknown-name',
    text: smallModel({
      before: 'let width = 32',
      user: 'channel main = user_id -> dense(width) -> dropout(share) -> dense(16)',
    }),
    titles: ['Declare `let share = 0.1`'],
    writes: 'let width = 32\nlet share = 0.1\n',
  },
  {
    code: 'channel-widths',
    text: smallModel({ item: 'channel main = movie_id -> mlp(32, 8)' }),
    titles: [
      'Make `user.main` 8 wide, not 16',
      'Make `item.main` 16 wide, not 8',
      'End `user.main` with `-> dense(8)`',
      'End `item.main` with `-> dense(16)`',
    ],
    writes: 'channel main = user_id -> mlp(32, 8)',
  },
  {
    code: 'channel-widths',
    text: smallModel({ user: 'channel main = user_id', item: 'channel main = movie_id -> mlp(32, 8)' }),
    titles: [
      'Make `item.main` 16 wide, not 8',
      'End `user.main` with `-> dense(8)`',
      'End `item.main` with `-> dense(16)`',
    ],
    writes: 'channel main = movie_id -> mlp(32, 16)',
  },
  {
    code: 'shape-mismatch',
    text: smallModel({
      features: 'city: category(dim: 16)',
      groups: 'group who = user_id, city',
      userInputs: 'who',
      user: 'channel main = who -> mlp(32, 16)',
    }),
    titles: ['Insert `mean ->`', 'Insert `max ->`', 'Insert `attention ->`', 'Insert `sum ->`'],
    writes: 'channel main = who -> mean -> mlp(32, 16)',
  },
  {
    code: 'channel-not-vector',
    text: smallModel({
      features: 'seen: list(movie_id, max: 5, pool: none)',
      userInputs: 'user_id, seen',
      user: 'channel main = seen',
    }),
    titles: ['End with `-> last`', 'End with `-> max`', 'End with `-> attention`', 'End with `-> sum`'],
    writes: 'channel main = seen -> last',
  },
  {
    code: 'towers-swapped',
    text: readErrorPage('towers-swapped').wrong!,
    titles: ['Swap the towers of the score'],
    writes: 'cosine(user, item)',
  },
  {
    code: 'unread-output',
    text: readErrorPage('unread-output').wrong!,
    titles: ['Give `experts.like` a channel of its own, which task `like` reads'],
    writes: 'channel like = experts.like -> dense(16)',
  },
  {
    code: 'label-needed',
    text: readErrorPage('label-needed').wrong!,
    titles: ['Add `label = liked`', 'Add `label = seen`', 'Declare the label `see : binary`, and add `label = see`'],
    writes: 'label = liked',
  },
  {
    code: 'label-needed',
    text: smallModel({ tasks: bceTask('') }),
    titles: ['Declare the label `like : binary`, and add `label = like`'],
    writes: 'labels {\n  like : binary\n}',
  },
  {
    code: 'item-interests',
    text: readErrorPage('item-interests').wrong!,
    titles: ['End with `-> flatten -> dense(16)`'],
    writes: '-> flatten -> dense(16)',
  },
  {
    code: 'time-needed',
    text: readErrorPage('time-needed').wrong!,
    titles: ['Add `time = "timestamp"`'],
    writes: 'time = "timestamp"',
  },
  {
    code: 'missing-entry',
    text: readErrorPage('missing-entry').wrong!,
    titles: ['Add `loss = softmax(in_batch, temperature: 0.1)`'],
    writes: 'loss = softmax(in_batch, temperature: 0.1)',
  },
];

const key = ({ code, message }: Diagnostic): string => `${code} ${message}`;

/** Words and texts of a file, how often each occurs; numbers are settings, which an offer may change. */
function words(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { image, tokenType } of lex(text).tokens) {
    if (!/^[A-Za-z_"]/.test(image) || tokenType.name === 'Number') continue;
    counts.set(image, (counts.get(image) ?? 0) + 1);
  }
  return counts;
}

function offersOf(text: string, code: Code) {
  const facts = factsOf(text);
  const recheck = (edits: Parameters<typeof applyEdits>[1]) =>
    checkSource(makeSource('model.tower', applyEdits(facts.source, edits))).diagnostics;
  return facts.checked.diagnostics
    .filter((one) => one.code === code)
    .flatMap((mistake) => offersFor(facts, mistake, recheck).map((offer) => ({ facts, mistake, offer })));
}

describe('what an editor offers', () => {
  it.each(cases)('for $code: $titles.0', ({ code, text, titles, writes }) => {
    const found = offersOf(text, code);
    expect(found.map(({ offer }) => offer.title)).toEqual(titles);
    expect(applyEdits(found[0]!.facts.source, found[0]!.offer.edits)).toContain(writes);
  });

  it('has an example for each code that has offers', () => {
    const tried = new Set(cases.map(({ code }) => code));
    expect(Object.keys(offers).filter((code) => !tried.has(code as Code))).toEqual([]);
  });

  const examples = [
    ...cases.map(({ code, text }) => [code, text] as const),
    ...(Object.keys(codes) as Code[])
      .map(readErrorPage)
      .flatMap(({ code, wrong }) => (wrong === undefined ? [] : [[code, wrong] as const])),
  ];

  it('solves the mistake, brings no other and removes no word, in the examples of all codes', () => {
    for (const [code, text] of examples) {
      for (const { facts, mistake, offer } of offersOf(text, code)) {
        const changed = applyEdits(facts.source, offer.edits);
        const after = checkSource(makeSource('model.tower', changed)).diagnostics.map(key);
        const before = facts.checked.diagnostics.map(key);
        expect(after, `${offer.title}\n${changed}`).not.toContain(key(mistake));
        expect(before, `${offer.title}\n${changed}`).toEqual(expect.arrayContaining(after));
        const left = words(changed);
        for (const [word, count] of words(text)) {
          // The task of an output reads its own channel in place of that of another.
          if (code === 'unread-output' && word === 'view') continue;
          expect(left.get(word) ?? 0, `${offer.title}: ${word}\n${changed}`).toBeGreaterThanOrEqual(count);
        }
      }
    }
  });

  it('is nothing where the changed file has another mistake', () => {
    const facts = factsOf(cases[0]!.text);
    const [mistake] = facts.checked.diagnostics;
    const other = { ...mistake!, message: 'another' };
    expect(offersFor(facts, mistake!, () => [other])).toEqual([]);
    expect(offersFor(facts, mistake!, () => [mistake!])).toEqual([]);
    expect(offersFor(facts, mistake!, () => []).length).toBeGreaterThan(0);
  });
});
