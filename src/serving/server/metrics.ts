/** What Prometheus reads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { UserVectorFigures } from '../serve/join_columns.ts';
import type { RecallGauge } from '../serve/snapshot.ts';
import type { Gate } from './gate.ts';
import type { WritesOfItems } from './items/writes.ts';
import type { WriteOutcome } from './schemas.ts';
import type { Versions } from './versions/versions.ts';

export interface ServerMetrics {
  readonly contentType: string;
  /** @param seconds from the arrival of the request to the end of its answer */
  answered(route: string, status: number, seconds: number): void;
  question(route: string, version: string, items: number): void;
  written(outcome: WriteOutcome): void;
  text(): Promise<string>;
}

export interface MetricsSource {
  readonly gate: Gate;
  readonly versions: Versions;
  readonly items?: WritesOfItems;
}

/** Long because each metric has its sentence here. */
export function makeMetrics({ gate, versions, items }: MetricsSource): ServerMetrics {
  const registers = [new Registry()] as const;
  const [registry] = registers;
  collectDefaultMetrics({ register: registry });
  const requestCounter = new Counter({
    name: 'tower_requests_total',
    help: 'Requests by route and status',
    labelNames: ['route', 'status'],
    registers: [...registers],
  });
  const seconds = new Histogram({
    name: 'tower_request_seconds',
    help: 'Seconds from the arrival of a request to the end of its answer',
    labelNames: ['route'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [...registers],
  });
  const perVersion = { labelNames: ['route', 'version'], registers: [...registers] };
  const questionCounter = new Counter({ name: 'tower_questions_total', help: 'Answered questions', ...perVersion });
  const itemCounter = new Counter({ name: 'tower_items_total', help: 'Items in answers', ...perVersion });
  const addGauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [...registers],
      collect() {
        this.set(value());
      },
    });
  addIndexGauges(registry, versions);
  addUserMetrics(registry, versions);
  addGauge('tower_running', 'Bodies that are being answered', () => gate.running);
  addGauge('tower_waiting', 'Bodies that wait for their turn', () => gate.waiting);
  const writeCounter = new Counter({
    name: 'tower_item_writes_total',
    help: 'Items that were written, by what became of them',
    labelNames: ['outcome'],
    registers: [...registers],
  });
  if (items) {
    addGauge('tower_written_items', 'Items that were written and are there', () => items.stored.items);
    addGauge('tower_deleted_items', 'Items that were deleted', () => items.stored.deleted);
    addGauge('tower_item_log_bytes', 'Size of the log of written items', () => items.stored.bytes);
  }
  new Gauge({
    name: 'tower_corpus_items',
    help: 'Items that each version can recommend',
    labelNames: ['version'],
    registers: [...registers],
    collect() {
      this.reset();
      for (const { id, answers } of versions.current.all) this.set({ version: id }, answers.snapshot.count);
    },
  });
  new Gauge({
    name: 'tower_snapshot_info',
    help: 'What answers: the checksum of the model, and its share of the questions',
    labelNames: ['version', 'label'],
    registers: [...registers],
    collect() {
      const { stable, canary, share } = versions.current;
      this.reset();
      this.set({ version: stable.id, label: 'stable' }, 1 - share);
      if (canary) this.set({ version: canary.id, label: 'canary' }, share);
    },
  });

  const seriesOf = makeSeries(requestCounter, seconds);

  return {
    contentType: registry.contentType,
    answered(route, status, took) {
      const series = seriesOf(route, status);
      series.requests.inc();
      series.seconds.observe(took);
    },
    question(route, version, items) {
      questionCounter.inc({ route, version });
      itemCounter.inc({ route, version }, items);
    },
    written: (outcome) => writeCounter.inc({ outcome }),
    text: () => registry.metrics(),
  };
}

interface RouteSeries {
  readonly requests: Counter.Internal;
  readonly seconds: Histogram.Internal<'route'>;
}

/** By route and status: finding a series by its labels takes longer than counting. Routes are few, and none is as a client writes it. */
function makeSeries(
  requests: Counter<'route' | 'status'>,
  seconds: Histogram<'route'>,
): (route: string, status: number) => RouteSeries {
  const seriesByName = new Map<string, RouteSeries>();
  return (route, status) => {
    const name = `${status} ${route}`;
    const ownSeries = seriesByName.get(name) ?? {
      requests: requests.labels({ route, status }),
      seconds: seconds.labels({ route }),
    };
    seriesByName.set(name, ownSeries);
    return ownSeries;
  };
}

/** Recall of the index, for each version that has one. */
const gauges: readonly (readonly [name: string, help: string, value: (recall: RecallGauge) => number])[] = [
  ['tower_index_recall', 'Mean recall of answers of an index that were computed again', ({ recall }) => recall],
  ['tower_index_checked', 'Answers of an index that were computed again', ({ checked }) => checked],
];

function addIndexGauges(registry: Registry, versions: Versions): void {
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

/** How often the query tower is asked again for a user whose vector is known, for each version that keeps vectors. */
function addUserMetrics(registry: Registry, versions: Versions): void {
  const eachVersion = (visit: (version: string, figures: UserVectorFigures) => void): void => {
    for (const { id, answers } of versions.current.all) if (answers.userVectors) visit(id, answers.userVectors);
  };
  new Counter({
    name: 'tower_user_vectors_total',
    help: 'Questions by user key alone: with a vector that was kept, or computed',
    labelNames: ['version', 'vector'],
    registers: [registry],
    collect() {
      this.reset();
      eachVersion((version, { kept, computed }) => {
        this.inc({ version, vector: 'kept' }, kept);
        this.inc({ version, vector: 'computed' }, computed);
      });
    },
  });
  new Gauge({
    name: 'tower_known_users',
    help: 'Users whose vectors are kept',
    labelNames: ['version'],
    registers: [registry],
    collect() {
      this.reset();
      eachVersion((version, { users }) => this.set({ version }, users));
    },
  });
}
