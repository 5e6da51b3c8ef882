/** `steps.jsonl`: every scalar of every step, such as losses and the weights of tasks: `{"step":7,"loss":0.61,"weight:like":1.2}`. */
import type { Tensors } from '../engine/engine.ts';
import type { Graph } from '../graph/graph.ts';
import type { Checksum } from '../storage/checksum.ts';
import { openLog, stepsFile } from './metrics_log.ts';
import { scalarOutputs } from './step_sums.ts';

export interface StepsLog {
  /** Of the file as far as it is written. */
  checksum(): Checksum;
  /**
   * Kept until the next `write`.
   * @param more finite numbers that not every step has
   */
  add(step: number, outputs: Tensors, more?: Readonly<Record<string, number>>): void;
  write(): Promise<void>;
  /** Writes, and makes what is written safe. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Digits that distinguish two neighbouring float32, except the last. */
export const stepDigits = 7;

export async function openStepsLog(folder: string, graph: Graph, kept?: Checksum): Promise<StepsLog> {
  const names = scalarOutputs(graph);
  const keys = names.map((name) => JSON.stringify(name));
  const log = await openLog(folder, stepsFile, kept);
  let waiting = '';
  const write = async (): Promise<void> => {
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    await log.write(lines);
  };
  return {
    checksum: log.checksum,
    add(step, outputs, more = {}) {
      let line = `{"step":${step}`;
      for (let i = 0; i < names.length; i++) {
        line += `,${keys[i]}:${Number(outputs[names[i]!]!.data[0]!.toPrecision(stepDigits))}`;
      }
      for (const [name, value] of Object.entries(more)) {
        line += `,${JSON.stringify(name)}:${Number(value.toPrecision(stepDigits))}`;
      }
      waiting += `${line}}\n`;
    },
    write,
    async sync() {
      await write();
      await log.sync();
    },
    close: log.close,
  };
}
