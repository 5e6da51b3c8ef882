/** What Prometheus reads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { KnownVectorFigures } from '../serve/known_vectors.ts';
import type { RecallGauge } from '../serve/snapshot.ts';
import type { Gate } from './gate.ts';
import type { WritesOfItems } from './items/writes.ts';
import type { WriteOutcome } from './schemas.ts';
import type { Versions } from './versions/versions.ts';

export interface Metrics {
  readonly contentType: string;
  /** @param seconds from the arrival of the request to the end of its answer */
  answered(route: string, status: number, seconds: number): void;
  /** A question that a version answered, and how many items the answer has. */
  question(route: string, version: string, items: number): void;
  /** A write that was answered. */
  written(outcome: WriteOutcome): void;
  text(): Promise<string>;
}

export interface Watched {
  readonly gate: Gate;
  readonly versions: Versions;
  readonly items?: WritesOfItems;
}

/** Long because each metric has its sentence here. */
export function makeMetrics({ gate, versions, items }: Watched): Metrics {
  const registers = [new Registry()] as const;
  const [registry] = registers;
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
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
  const counts = { labelNames: ['route', 'version'], registers: [...registers] };
  const questions = new Counter({ name: 'tower_questions_total', help: 'Answered questions', ...counts });
  const given = new Counter({ name: 'tower_items_total', help: 'Items in answers', ...counts });
  const gauge = (name: string, help: string, value: () => number): Gauge =>
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
  gauge('tower_running', 'Bodies that are being answered', () => gate.running);
  gauge('tower_waiting', 'Bodies that wait for their turn', () => gate.waiting);
  const writes = new Counter({
    name: 'tower_item_writes_total',
    help: 'Items that were written, by what became of them',
    labelNames: ['outcome'],
    registers: [...registers],
  });
  if (items) {
    gauge('tower_written_items', 'Items that were written and are there', () => items.stored.items);
    gauge('tower_deleted_items', 'Items that were deleted', () => items.stored.deleted);
    gauge('tower_item_log_bytes', 'Size of the log of written items', () => items.stored.bytes);
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

  const seriesOf = makeSeries(requests, seconds);

  return {
    contentType: registry.contentType,
    answered(route, status, took) {
      const series = seriesOf(route, status);
      series.requests.inc();
      series.seconds.observe(took);
    },
    question(route, version, items) {
      questions.inc({ route, version });
      given.inc({ route, version }, items);
    },
    written: (outcome) => writes.inc({ outcome }),
    text: () => registry.metrics(),
  };
}

interface Series {
  readonly requests: Counter.Internal;
  readonly seconds: Histogram.Internal<'route'>;
}

/** By route and status: finding a series by its labels takes longer than counting. Routes are few, and none is as a client writes it. */
function makeSeries(
  requests: Counter<'route' | 'status'>,
  seconds: Histogram<'route'>,
): (route: string, status: number) => Series {
  const known = new Map<string, Series>();
  return (route, status) => {
    const name = `${status} ${route}`;
    const found = known.get(name) ?? {
      requests: requests.labels({ route, status }),
      seconds: seconds.labels({ route }),
    };
    known.set(name, found);
    return found;
  };
}

/** How right the answers of an index are, for each version that has one. */
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
  const each = (visit: (version: string, figures: KnownVectorFigures) => void): void => {
    for (const { id, answers } of versions.current.all) if (answers.userVectors) visit(id, answers.userVectors);
  };
  new Counter({
    name: 'tower_user_vectors_total',
    help: 'Questions by user key alone: with a vector that was kept, or computed',
    labelNames: ['version', 'vector'],
    registers: [registry],
    collect() {
      this.reset();
      each((version, { kept, computed }) => {
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
      each((version, { users }) => this.set({ version }, users));
    },
  });
}
