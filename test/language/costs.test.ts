/** Costs that are counted flow by flow, and kept, are those of a graph of the whole tower. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Counts, count } from '../../src/graph/count.ts';
import { costsOf } from '../../src/language/costs.ts';
import { CountedFlows } from '../../src/language/counted_flows.ts';
import { lowerOne } from '../../src/language/shapes.ts';
import { validFeatures } from '../../src/language/valid_features.ts';
import { validTower } from '../../src/language/valid_tower.ts';
import { KnownShapes } from '../../src/lower/shape_cache.ts';
import { BoundFeatures } from '../../src/model/feature_cache.ts';
import { ResolvedParts } from '../../src/model/resolved_parts.ts';
import { type Checked, type CheckOptions, check } from '../../src/pipeline.ts';
import { IncrementalParser } from '../../src/syntax/parse_cache.ts';
import { makeSource } from '../../src/text/source.ts';

/** By tower. */
function counted({ resolution }: Checked): ReadonlyMap<string, Counts> {
  const features = validFeatures(resolution);
  return new Map(
    resolution.towers.map((part) => {
      const { inputs } = lowerOne(validTower(part, resolution, features), features);
      return [part.name, count(inputs.builder.finish(), { batch: 1 })];
    }),
  );
}

function expectCounted(checked: Checked, memory: CountedFlows): void {
  const { towers } = costsOf(checked, memory);
  for (const [tower, { parts, ...total }] of counted(checked)) {
    if (towers.has(tower)) expect(towers.get(tower)).toEqual(total);
    for (const [label, cost] of parts) {
      const [first, step, ...rest] = label.split('/');
      const name = `${first}.${step}`;
      if (first === tower && rest.length === 0 && towers.has(name)) expect(towers.get(name), name).toEqual(cost);
    }
  }
}

/** Checks as an editor does, one text after the other. */
function editor(): (text: string) => Checked {
  const memory = new IncrementalParser();
  const kept: CheckOptions = {
    parse: (source) => memory.parse(source),
    features: new BoundFeatures(),
    shapes: new KnownShapes(),
    parts: new ResolvedParts(),
  };
  return (text) => check(makeSource('m.tower', text), kept);
}

describe('costs', () => {
  const models = readdirSync('models').filter((name) => name.endsWith('.tower'));

  it.each(models)('of %s are those of whole towers, also after edits', (name) => {
    const memory = new CountedFlows();
    const read = editor();
    const text = readFileSync(`models/${name}`, 'utf8');
    const wider = text.replace(/dim: (\d+)/, 'dim: 1$1');
    for (const each of [text, wider, text, text.replace(/mlp\((\d+)/, 'mlp(1$1'), text]) {
      expectCounted(read(each), memory);
    }
  });

  it('count what flows share to the first of them, also if that comes later', () => {
    const features = 'features { user_id: id(dim: 4), a: id(dim: 8), b: id(dim: 8) }\ngroup both = a, b\n';
    const tower = (...flows: readonly string[]): string =>
      `${features}tower user(both) keyed by user_id {\n${flows.join('\n')}\n}\n`;
    const one = '  one = both -> senet -> flatten -> mlp(4)';
    const two = '  two = both -> senet(reduction: 1) -> flatten -> mlp(4)';
    const memory = new CountedFlows();
    const read = editor();
    const costs: unknown[] = [];
    for (const text of [tower(one, two), tower(two), tower(one, two), tower(two, one)]) {
      const checked = read(text);
      expectCounted(checked, memory);
      costs.push(costsOf(checked, memory).towers.get('user.two'));
    }
    // What it computes by itself is more than what it computes next to the other.
    expect(costs[0]).not.toEqual(costs[1]);
    expect(costs[2]).toEqual(costs[0]);
    expect(costs[3]).toEqual(costs[1]);
  });
});
