/**
 * Which tests may skip, and what they need. A skipped test of a file that is not listed here fails the run. So does one whose need this machine
 * has: `.ci/run` names what it installed in TOWER_HAS, separated by commas.
 */

/** Files of tests by what they need; a path is below `test` and without `.test.ts`. `system` is a property of the machine that nobody installs. */
export const filesByNeed = {
  chromium: [
    'app/report/browser',
    'docs/films',
    'docs/site_pages.slow',
    'docs/templates/react',
    'editor/lsp/web_worker',
    'playground/playground.slow',
    'screens/screens.slow',
    'serving/page/page.slow',
    'retrieval/browser',
  ],
  neovim: ['editor/lsp/neovim'],
  hosts: ['docs/templates/worker', 'serving/runtime/hosts'],
  nginx: ['deploy/nginx'],
  python: ['editor/lsp/pygls', 'training/tracking/event_file.slow'],
  store: ['app/api/remote.slow', 'data/files/remote/stores.slow'],
  mlflow: ['plugins/mlflow/track_run.slow'],
  postgres: [
    'app/cli/commands/index_command.slow',
    'docs/templates/node_server',
    'plugins/postgres/filter_sql',
    'plugins/postgres/index.slow',
    'plugins/postgres/served',
    'plugins/postgres/shards',
  ],
  redis: [
    'plugins/redis/days.slow',
    'plugins/redis/redis_log',
    'plugins/redis/shared.slow',
    'plugins/redis/versions.slow',
  ],
  torch: [
    'app/cli/torchrun.slow',
    'app/cli/workers.slow',
    'plugins/torch/compiled.slow',
    'plugins/torch/group.slow',
    'plugins/torch/torch_worker.slow',
  ],
  data: [
    'app/api/init.slow',
    'bench/sets',
    'plugins/sets/movielens_files',
    'plugins/sets/sets',
    'training/evaluation/strong_generalization.slow',
  ],
  system: [
    'app/api/memory.slow',
    'app/cli/commands/serve_processes.slow',
    'app/cli/streams.slow',
    'app/cli/terminal',
    'base/diagnostics/folders',
    'base/storage/safetensors',
    'bench/faults.slow',
    'data/files/remote/setup',
    'data/shards/shard_files',
    'deploy/deploy',
    'plugins/tensorflow/softmax_loss',
    'editor/lsp/program',
    'editor/lsp/language_server',
    'editor/lsp/vscode_web',
    'engines/engines.slow',
    'engines/formats/saved_model',
    'plugins/tensorflow/tensorflow',
    'models/parity.slow',
    'models/train.slow',
    'training/export/export_items',
    'serving/live/event_sets.slow',
    'training/artifact/checkpoint',
    'training/shards/equal_steps.slow',
  ],
} as const satisfies Record<string, readonly string[]>;

export type Need = keyof typeof filesByNeed;

const needOfFile: ReadonlyMap<string, Need> = new Map(
  Object.entries(filesByNeed).flatMap(([need, files]) => files.map((file) => [file, need as Need] as const)),
);

/** The needs that must not be missing on this machine. */
export const present = (text = process.env.TOWER_HAS ?? ''): ReadonlySet<string> => new Set(text.split(','));

export interface SkippedTest {
  /** Path of its file, such as `/…/test/deploy/nginx.test.ts`. */
  readonly path: string;
  readonly name: string;
}

/** Counts skipped tests by their need, and returns those that should have run, each with the reason. */
export function judgeSkips(skippedTests: readonly SkippedTest[], presentNeeds: ReadonlySet<string>) {
  const counts = new Map<Need, number>();
  const unexpected: string[] = [];
  for (const { path, name } of skippedTests) {
    const file = path.replaceAll('\\', '/').replace(/^.*\/test\//, '');
    const need = needOfFile.get(file.replace(/\.test\.ts$/, ''));
    if (need === undefined) unexpected.push(`${file}: ${name}: test/skips.ts does not say what it needs`);
    else if (presentNeeds.has(need)) unexpected.push(`${file}: ${name}: TOWER_HAS says that ${need} is here`);
    else counts.set(need, (counts.get(need) ?? 0) + 1);
  }
  return { counts, unexpected };
}
