/** A study over training rows that are in shards: its trials share them, whatever widths they try. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tune } from '../../../src/api.ts';
import type { ShardDecision } from '../../../src/data/shards/request.ts';
import { model, writeProject } from '../../app/cli/project.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);

it('writes them once, and says so once', async () => {
  writeProject(root);
  writeFileSync(
    at('films.tower'),
    `${model.replaceAll('dim: 8', 'dim: size').replace('let width', 'let size = 4\nlet width')}
search { size : one of 4, 8 }
`,
  );
  const decisions: ShardDecision[] = [];
  const one = await tune(at('films.tower'), {
    ...{ data: at('data.tower'), out: at('one'), engine: 'onnx', trials: 2, halving: false, finalists: 1, seeds: 1 },
    ...{ memory: '1G', shards: at('shards'), shardSizes: { atOnce: 400, buckets: 2, piles: 3, held: 2 } },
    onEvent: (event) => event.kind === 'rows' && decisions.push(event.decision),
  });
  expect(decisions.map(({ rows, reused }) => [rows, reused])).toEqual([['shards', undefined]]);
  expect(readdirSync(at('shards')).filter((name) => /^[0-9a-f]{16}$/.test(name))).toHaveLength(1);
  expect(one.trials.map(({ validations }) => validations.length)).toEqual([2, 2]);
});
