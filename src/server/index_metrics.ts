/** How right the answers of an index are, for each version that has one. */
import { Gauge, type Registry } from 'prom-client';
import type { RecallGauge } from '../serve/snapshot.ts';
import type { Versions } from './versions/versions.ts';

const gauges: readonly (readonly [name: string, help: string, value: (recall: RecallGauge) => number])[] = [
  ['tower_index_recall', 'Mean recall of answers of an index that were computed again', ({ recall }) => recall],
  ['tower_index_checked', 'Answers of an index that were computed again', ({ checked }) => checked],
];

export function addIndexGauges(registry: Registry, versions: Versions): void {
  for (const [name, help, value] of gauges) {
    new Gauge({
      name,
      help,
      labelNames: ['version'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { id, answers } of versions.current.all) {
          const { recall } = answers.snapshot;
          if (recall && recall.checked > 0) this.set({ version: id }, value(recall));
        }
      },
    });
  }
}
