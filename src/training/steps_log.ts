/** `steps.jsonl`: every scalar of every step, such as losses and the weights of tasks: `{"step":7,"loss":0.61,"weight:like":1.2}`. */
import type { Checksum } from '../base/storage/checksum.ts';
import type { Tensors } from '../engines/engine.ts';
import type { Graph } from '../graph/graph.ts';
import { openLog, stepsFile } from './metrics_log.ts';
import { scalarOutputs } from './step_sums.ts';

export interface StepsLog {
  /** Covers the file as far as it is written. */
  checksum(): Checksum;
  /**
   * Buffers the line until the next `write`.
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

export async function openStepsLog(folder: string, graph: Graph, checkpointed?: Checksum): Promise<StepsLog> {
  const scalarNames = scalarOutputs(graph);
  const jsonKeys = scalarNames.map((name) => JSON.stringify(name));
  const runLog = await openLog(folder, stepsFile, checkpointed);
  let unwritten = '';
  const writeLines = async (): Promise<void> => {
    if (unwritten === '') return;
    const lines = unwritten;
    unwritten = '';
    await runLog.write(lines);
  };
  return {
    checksum: runLog.checksum,
    add(step, outputs, more = {}) {
      let line = `{"step":${step}`;
      for (let i = 0; i < scalarNames.length; i++) {
        line += `,${jsonKeys[i]}:${Number(outputs[scalarNames[i]!]!.data[0]!.toPrecision(stepDigits))}`;
      }
      for (const [name, value] of Object.entries(more)) {
        line += `,${JSON.stringify(name)}:${Number(value.toPrecision(stepDigits))}`;
      }
      unwritten += `${line}}\n`;
    },
    write: writeLines,
    async sync() {
      await writeLines();
      await runLog.sync();
    },
    close: runLog.close,
  };
}
