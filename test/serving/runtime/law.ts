/** A trained model answers in each host with the bits that it answers with here, and with the items of the server. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { open as openAnswers, type Run } from '../../../src/api.ts';
import { exportPage } from '../../../src/app/api/export_page.ts';
import { makeRandom, type Random } from '../../../src/base/random/random.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import { madeOf } from '../../../src/graph/plan/plan.ts';
import { open } from '../../../src/runtime.ts';
import { openHosts, type RuntimeHost } from './hosts.ts';
import { type Site, serveFolder } from './site.ts';

/** Exports of models, and the hosts in which they are opened: all start with the first model. */
export class RuntimeLaw {
  #site: Promise<Site> | undefined;
  #hosts: ReadonlyMap<string, RuntimeHost> | undefined;

  constructor(private readonly root: string) {}

  async expectSame(name: string, run: Run): Promise<void> {
    const hosts = (this.#hosts ??= openHosts(join(this.root, 'hosts')));
    const all = [...(await run.itemColumns()).keys()];
    await exportPage(run, { out: join(this.root, name), columns: all, exact: true });
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
      const computed = await answers.vectors({ values });
      computed.forEach((vector, at) => {
        const length = Math.hypot(...vector);
        const apart = Math.max(...vector.map((each, i) => Math.abs(each - vectors[at]![i]!)));
        expect(apart).toBeLessThan(2e-5 * (1 + length));
      });
      // The server's scan, asked with the page's own vector, gives the page's answer to the bit.
      if (vectors.length > 1 || more.removeSeen) continue;
      expect((await answers.recommend({ vector: [...vectors[0]!], ...more })).items).toEqual(answer.items);
    }
    const wanted = JSON.stringify(here);
    for (const [host, { ask }] of hosts) expect(await ask(`${site.url}${name}`, requests), host).toBe(wanted);
  }

  async close(): Promise<void> {
    for (const host of this.#hosts?.values() ?? []) await host.close();
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
