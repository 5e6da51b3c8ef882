/** What a figure was measured on, and how busy the machine was: printed next to every table. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { describeFeatures } from './processor.ts';

export function describeMachine(): string {
  const processors = cpus();
  const running = loadavg()[0]!.toFixed(2);
  return `${new Date().toISOString().slice(0, 16)}Z · ${processors.length} × ${processors[0]?.model.trim()} (${describeFeatures()}) · ${Math.round(totalmem() / 2 ** 30)} GiB · Node ${process.versions.node} · load average over the last minute ${running}`;
}

/** Largest resident memory of this process so far, in MiB. */
export function peakMemory(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** `median [lowest–highest]` of all rounds. */
export function range(values: readonly number[], digits = 1): string {
  const show = (value: number): string => value.toFixed(digits);
  return `${show(median(values))} [${show(Math.min(...values))}–${show(Math.max(...values))}]`;
}
