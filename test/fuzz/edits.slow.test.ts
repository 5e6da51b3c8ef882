/**
 * Whatever is typed, the editor gets an answer, and none takes so long that the editor seems to hang. 2,000 edits here; `TOWER_FUZZ=1000000` makes more, and
 * `TOWER_FUZZ_SEED` begins elsewhere, so that a million can be split over runs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Random } from '../../src/base/random/random.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import { signatureAt } from '../../src/editor/language/callee.ts';
import { completionsAt } from '../../src/editor/language/completion.ts';
import { FileAnalysis, linksOf, referencesTo } from '../../src/editor/language/file_analysis.ts';
import { hoverAt } from '../../src/editor/language/hover.ts';
import { actionsFor } from '../../src/editor/language/offers.ts';
import { semanticTokensOf } from '../../src/editor/language/semantic_tokens.ts';
import { inlaysIn } from '../../src/editor/lsp/providers/annotations_provider.ts';
import { outlineOf } from '../../src/editor/lsp/providers/outline_provider.ts';
import { foldingRanges, selectionsAt } from '../../src/editor/lsp/providers/ranges_provider.ts';
import { edit, pick, randomOf } from './edits.ts';

const total = Number(process.env.TOWER_FUZZ ?? 2000);
const firstSeed = Number(process.env.TOWER_FUZZ_SEED ?? 1);
/** Edits on one text before another is begun: far enough from a program, and not only noise. */
const run = 25;

const used = 'features { user_id: id(dim: 4), movie_id: id(dim: 4) }\nblock deep = mlp(8, 4)\n';
const programs = [
  ...readdirSync('models')
    .filter((name) => name.endsWith('.tower'))
    .map((name) => readFileSync(`models/${name}`, 'utf8')),
  readFileSync('models/data/movielens.tower', 'utf8'),
  'use "used.tower"\nlet width = 8\nlabels { clicked: binary }\ngroup one = user_id\nshared block body = mlp(width * 2)\ntower user(one) keyed by user_id { first = one -> flatten, channel main = first -> body }\ntower item(movie_id) keyed by movie_id { channel main = movie_id -> deep -> body }\ntask click { score = cosine(user.main, item.main) / 0.1, loss = bce, label = clicked }\nobjective = 1.0 * click\nretrieve = click\n',
];

it(`${total} random edits: every question has an answer`, { timeout: 24 * 3600_000 }, () => {
  const slow: string[] = [];
  for (let seed = firstSeed, done = 0; done < total; seed++) {
    const random = randomOf(seed);
    let text = pick(random, programs);
    for (let step = 0; step < run && done < total; step++, done++) {
      text = edit(text, random);
      const started = process.cpuUsage();
      try {
        ask(text, random);
      } catch (error) {
        throw new Error(`seed ${seed}, edit ${step + 1}, on ${JSON.stringify(text)}`, { cause: error });
      }
      const { user, system } = process.cpuUsage(started);
      if (user + system > 10e6) slow.push(`seed ${seed}, edit ${step + 1}: ${(user + system) / 1e6} s`);
    }
  }
  expect(slow).toEqual([]);
});

/** What an editor asks after a keystroke, and what it asks at some place. */
function ask(text: string, random: Random): void {
  const source = makeSource('model.tower', text);
  const facts = new FileAnalysis(
    checkSource(source, { load: (path) => (path === 'used.tower' ? makeSource(path, used) : undefined) }),
  );
  const { checked } = facts;
  for (const { at } of checked.diagnostics) {
    if (at && !(0 <= at.start && at.start <= at.end && at.end <= at.source.text.length))
      throw new Error('place out of the text');
  }
  for (let again = 0; again < 3; again++) {
    const offset = random.integer(text.length + 1);
    hoverAt(facts, offset);
    completionsAt(facts, offset, { columns: ['userId'], towerFiles: ['used.tower'], dataFiles: ['ratings.csv'] });
    signatureAt(facts, offset);
    const symbol = facts.symbolAt(offset);
    if (symbol) referencesTo(symbol.symbol, [facts]);
    actionsFor(checked.diagnostics, source.name, offset, offset);
    selectionsAt(checked.file, offset);
  }
  inlaysIn(facts, 0, text.length);
  foldingRanges(facts);
  outlineOf(checked.file);
  linksOf(checked.file);
  let last = 0;
  for (const { span } of semanticTokensOf(facts)) {
    if (span.start < last) throw new Error('colours overlap');
    last = span.end;
  }
}
