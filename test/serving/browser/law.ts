/** A trained model answers in Chromium with the bits that it answers with here, and with the items of the server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { open as openAnswers, type Run } from '../../../src/api.ts';
import { exportPage } from '../../../src/app/api/export_page.ts';
import { makeRandom, type Random } from '../../../src/base/random/random.ts';
import { open } from '../../../src/browser.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import { madeOf } from '../../../src/graph/plan/plan.ts';
import { chromium, Page } from '../../playground/browser.ts';
import { type Site, serveFolder } from './site.ts';

/** What each page runs: `ask` gives the vectors and answers to requests as JSON, which has every bit of a number. */
const driver = `<!doctype html><meta charset="utf-8"><title>Law</title><script type="module">
  window.ask = async (folder, requests) => {
    const { open } = await import('./' + folder + '/tower.js');
    const opened = await open(folder);
    const answers = [];
    for (const { values, ...more } of requests) {
      answers.push((await opened.vectors({ values })).map((vector) => [...vector]), await opened.recommend({ values, ...more }));
    }
    return JSON.stringify(answers);
  };
  window.isReady = true;
</script>`;

/** Folders of pages, and a browser over them: both start with the first model. */
export class BrowserLaw {
  #site: Promise<Site> | undefined;
  #page: Promise<Page> | undefined;

  constructor(private readonly root: string) {}

  /** @returns how many answers were compared in a browser */
  async expectSame(name: string, run: Run): Promise<number> {
    mkdirSync(this.root, { recursive: true });
    writeFileSync(join(this.root, 'index.html'), driver);
    const all = [...(await run.itemColumns()).keys()];
    await exportPage(run, { out: join(this.root, name), columns: all });
    const site = await (this.#site ??= serveFolder(this.root));
    const opened = await open(`${site.url}${name}`);
    const answers = await openAnswers(run);
    const requests = requestsOf(run, all);
    const here: unknown[] = [];
    for (const { values, ...more } of requests) {
      const vectors = await opened.vectors({ values });
      const answer = await opened.recommend({ values, ...more });
      here.push(
        vectors.map((vector) => [...vector]),
        answer,
      );
      const computed = await answers.queryVectors({ values });
      computed.forEach((vector, at) => {
        const length = Math.hypot(...vector);
        const apart = Math.max(...vector.map((each, i) => Math.abs(each - vectors[at]![i]!)));
        expect(apart).toBeLessThan(2e-5 * (1 + length));
      });
      // The server's scan, asked with the page's own vector, gives the page's answer to the bit.
      if (vectors.length > 1 || more.removeSeen) continue;
      expect((await answers.recommend({ vector: [...vectors[0]!], ...more })).items).toEqual(answer.items);
    }
    if (chromium === undefined) return 0;
    const page = await (this.#page ??= Page.open(site.url));
    await page.until('window.isReady');
    await page.value(
      `void (window.said = undefined, ask(${JSON.stringify(name)}, ${JSON.stringify(requests)}).then((said) => { window.said = said; }, (error) => { window.said = String(error); }))`,
    );
    await page.until('window.said !== undefined');
    expect(await page.value<string>('window.said')).toBe(JSON.stringify(here));
    return requests.length;
  }

  async close(): Promise<void> {
    await (await this.#page)?.close();
    await (await this.#site)?.close();
  }
}

/** Values as people have them, drawn for each feature by its encoding. */
function requestsOf(run: Run, columns: readonly string[]) {
  const random = makeRandom(11);
  const filter = columns.slice(0, 1).map((name) => `${name} is not null`)[0];
  return [
    { values: {}, k: 10, removeSeen: false },
    ...[3, 40].flatMap((length) => [
      { values: valuesOf(run, random, length), k: 10, removeSeen: false, columns: columns.slice(0, 3) },
      { values: valuesOf(run, random, length), k: 5, removeSeen: true, ...(filter === undefined ? {} : { filter }) },
    ]),
  ];
}

function valuesOf({ trained }: Run, random: Random, length: number): Record<string, unknown> {
  const { plan, encodings } = trained;
  const [tower] = plan.towers;
  const values: Record<string, unknown> = {};
  const lengths = new Map<string, number>();
  for (const feature of plan.features) {
    if (!tower.features.includes(feature.name) || madeOf(feature).length > 0) continue;
    const one = (): unknown => drawn(encodings.get(feature.encoderOf)!, random);
    const many = (count: number): unknown[] => Array.from({ length: count }, one);
    if (feature.along !== undefined) {
      values[feature.name] = many(lengths.get(feature.along) ?? length).map((each) => (feature.each ? [each] : each));
      continue;
    }
    const isText = ['words', 'bigrams', 'trigrams'].includes(feature.encoder.kind);
    values[feature.name] = feature.gives === 'bag' && !isText ? many(length) : one();
    lengths.set(feature.name, length);
    if (feature.weights !== undefined) values[feature.weights] = many(length).map(() => random.integer(9) / 2);
  }
  return values;
}

function drawn(encoding: Encoding, random: Random): unknown {
  switch (encoding.kind) {
    case 'vocabulary':
      return encoding.values.at(random.integer(Math.max(1, encoding.values.length))) ?? 'nobody';
    case 'vector':
      return Array.from({ length: encoding.size }, () => random.integer(2000) / 1000 - 1);
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return ['the heat flow', 'Größe of a wing', 'a boundary layer', 'x'][random.integer(4)];
    case 'clock':
      return 1e9 + random.integer(1e8);
    case 'hash':
      return `value ${random.integer(1e6)}`;
    default:
      return random.integer(1e4) / 7;
  }
}
