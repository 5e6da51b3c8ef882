/**
 * The one door to optional parts. A part is loaded when a command, an option or an address names it, and it fulfils a contract that the core owns. Nothing else
 * loads a file of `src/plugins`: `test/imports.test.ts` holds that.
 */
import type { Engine } from './engines/engine.ts';

export const plugins = {
  torch: async (): Promise<Engine> => (await import('./plugins/torch/torch.ts')).torchEngine(),
  tensorflow: async (): Promise<Engine> => (await import('./plugins/tensorflow/tensorflow.ts')).tensorflowEngine(),
};
