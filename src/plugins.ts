/** The one door to optional parts: each is loaded when a command, an option or an address names it. Nothing else loads a file of `src/plugins`. */
import type { DataSets } from './app/api/data_sets.ts';
import type { TextEmbedder } from './app/api/embed.ts';
import type { ConfigImporter } from './app/api/import.ts';
import type { IndexTarget } from './app/api/index_items.ts';
import type { TrackingService } from './app/api/track.ts';
import type { StudyProgram } from './app/api/tune.ts';
import type { Engine } from './engines/engine.ts';
import type { SharedLogAccess } from './serving/server/writes/shared_log.ts';

export const plugins = {
  easyrec: (): Promise<ConfigImporter> => import('./plugins/easyrec/import_config.ts'),
  embed: (): Promise<TextEmbedder> => import('./plugins/embed/embed_rows.ts'),
  lists: (): Promise<IndexTarget> => import('./plugins/lists/lists_target.ts'),
  mlflow: (): Promise<TrackingService> => import('./plugins/mlflow/track_run.ts'),
  postgres: (): Promise<IndexTarget> => import('./plugins/postgres/postgres_target.ts'),
  redis: (): Promise<SharedLogAccess> => import('./plugins/redis/redis_log.ts'),
  sets: (): Promise<DataSets> => import('./plugins/sets/table.ts'),
  tensorflow: async (): Promise<Engine> => (await import('./plugins/tensorflow/tensorflow.ts')).tensorflowEngine(),
  torch: async (): Promise<Engine> => (await import('./plugins/torch/torch.ts')).torchEngine(),
  tune: (): Promise<StudyProgram> => import('./plugins/tune/run_study.ts'),
};
