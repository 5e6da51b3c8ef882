/** What a plan says of the parts of a tower must fit the tower, whatever was sealed. */
import { expect, it } from 'vitest';
import type { Encoding } from '../../../src/data/dataset.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { refuseInconsistent } from '../../../src/training/artifact/consistent.ts';
import { graphsOf, type Manifest, restorePlan, storePlan } from '../../../src/training/artifact/run_manifest.ts';
import { artifactPaths } from '../../../src/training/artifact/write_artifact.ts';
import { planOf } from '../../compiler/library/support.ts';

const plan = planOf(`
  model cut
  features {
    user_id : id(dim: 3)
    history : list(movie_id, max: 24, pool: none)
    movie_id : id(dim: 3)
  }
  tower user(history, user_id) keyed by user_id {
    taste = history -> mean
    channel main = concat(taste, user_id) -> dense(3)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
  task watch { score = dot(user, item), loss = softmax(in_batch) }
`);
const vocabulary: Encoding = { kind: 'vocabulary', values: ['a', 'b'] };
const encodings = new Map(plan.features.map(({ encoderOf }) => [encoderOf, vocabulary]));
const paths = artifactPaths(plan, encodings, { sources: [] });

function check(changed: Plan, of = plan, { graphs } = paths): void {
  const stored = storePlan(of, (_, name) => graphs.get(name)!);
  const manifest = { plan: stored, encodings: {} } as unknown as Manifest;
  refuseInconsistent({ folder: 'run', manifest, plan: changed, encodings });
}

it('each part has a file of its own, and is restored from it', () => {
  const graphs = new Map<string, Graph>();
  const stored = storePlan(plan, ({ graph }, name) => {
    graphs.set(paths.graphs.get(name)!, graph);
    return paths.graphs.get(name)!;
  });
  expect(graphsOf(stored).map(({ graph }) => graph)).toEqual([
    'graphs/user.json',
    'graphs/user_8.json',
    'graphs/user_14.json',
    'graphs/item.json',
    'graphs/step.json',
  ]);
  expect(restorePlan(stored, graphs)).toEqual(plan);
  check(plan);
});

// biome-ignore lint/suspicious/noExplicitAny: a plan that is no longer what its type says
type Loose = any;

it.each<[string, RegExp, (parts: Loose) => unknown]>([
  ['parts in another order', /has a part of 8 elements/, (parts) => parts.reverse()],
  ['a part as long as the list', /has a part of 24 elements/, (parts) => (parts[1].length = 24)],
  [
    'a part of what is no list',
    /is cut by `user_id`, which is not its list/,
    (parts) => (parts[0].feature = 'user_id'),
  ],
  ['a part of another length', /input `part_8\/[\w/]+` is of no feature of the row/, (parts) => (parts[0].length = 9)],
  [
    'a part that reads all rows',
    /is of no feature of the row/,
    ([{ inputs }]) => (inputs[0].source.rows = { kind: 'events' }),
  ],
  ['another output', /gives no vector alone/, ([{ graph }]) => (graph.outputs[0].name = 'x')],
  ['an unknown op', /there is no op/, ([{ graph }]) => (graph.nodes.at(-1).op = 'constructor')],
])('refuses %s', (_, reason, change) => {
  const changed = JSON.parse(JSON.stringify(plan));
  change(changed.towers[0].parts);
  expect(() => check(changed)).toThrow(reason);
});
