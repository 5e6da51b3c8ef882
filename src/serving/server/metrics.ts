/** Formats metrics for Prometheus. */
import {
  type Aggregator,
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client';
import type { Answers } from './answers.ts';
import type { Gate } from './request_gate.ts';
import type { EventOutcome, WriteOutcome } from './schemas.ts';
import type { Versions } from './versions/versions.ts';
import type { EventIntake } from './writes/events.ts';
import type { ItemIntake } from './writes/items.ts';

export interface ServerMetrics {
  readonly contentType: string;
  /** @param seconds from the arrival of the request to the end of its answer */
  answered(route: string, status: number, seconds: number): void;
  question(route: string, version: string, items: number): void;
  countWrite(outcome: WriteOutcome): void;
  countEvent(outcome: EventOutcome | 'deleted'): void;
  text(): Promise<string>;
  /** Returns the metrics as plain data. */
  data(): Promise<object>;
}

export interface MetricsSource {
  readonly gate: Gate;
  readonly versions: Versions;
  readonly items?: ItemIntake;
  readonly events?: EventIntake;
}

/** The function is long because it describes each metric. */
export function makeMetrics({ gate, versions, items, events }: MetricsSource): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const metricOptions = <L extends string>(name: string, help: string, labelNames: L[]) =>
    ({ name, help, labelNames, registers }) as const;
  const addCounter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter(metricOptions(name, help, labelNames));
  const requestCounter = addCounter('tower_requests_total', 'Requests by route and status', ['route', 'status']);
  const secondsHistogram = new Histogram({
    ...metricOptions('tower_request_seconds', 'Seconds from the arrival of a request to the end of its answer', [
      'route',
    ]),
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  });
  const questionCounter = addCounter('tower_questions_total', 'Answered questions', ['route', 'version']);
  const itemCounter = addCounter('tower_items_total', 'Items in answers', ['route', 'version']);
  addGauge(registry, 'tower_running', 'Bodies that are being answered', () => gate.running);
  addGauge(registry, 'tower_waiting', 'Bodies that wait for their turn', () => gate.waiting);
  const writtenHelp = 'Items that were written, by what became of them';
  const writeCounter = addCounter('tower_item_writes_total', writtenHelp, ['outcome']);
  const eventHelp = 'Events that were sent, and deleted users, by what became of them';
  const eventCounter = addCounter('tower_events_total', eventHelp, ['outcome']);
  addStoredGauges(registry, { items: items?.stored, events: events?.stored });
  /** Adds a gauge with a value for each version that has one. @param aggregator makes one value of those of several processes */
  const addVersionGauge = (
    name: string,
    help: string,
    read: (answers: Answers) => number | undefined,
    aggregator: Aggregator = 'sum',
  ): Gauge =>
    new Gauge({
      ...metricOptions(name, help, ['version']),
      aggregator,
      collect() {
        this.reset();
        const { id, answers } = versions.current;
        const value = read(answers);
        if (value !== undefined) this.set({ version: id }, value);
      },
    });
  const checkedRecall = ({ snapshot: { recall } }: Answers) => (recall && recall.checked > 0 ? recall : undefined);
  const countItems = ({ snapshot }: Answers): number => snapshot.count;
  addVersionGauge('tower_corpus_items', 'Items that each version can recommend', countItems, 'max');
  addVersionGauge(
    'tower_index_recall',
    'Mean recall of answers of an index that were computed again',
    (answers) => checkedRecall(answers)?.recall,
    'average',
  );
  addVersionGauge(
    'tower_index_checked',
    'Answers of an index that were computed again',
    (answers) => checkedRecall(answers)?.checked,
  );
  addVersionGauge(
    'tower_later_events',
    'Events in memory: those that are later than the data of each version',
    (answers) => answers.events?.userEvents.count,
  );
  addVersionGauge('tower_known_users', 'Users whose vectors are kept', ({ userVectors }) => userVectors?.users);
  new Counter({
    ...metricOptions(
      'tower_user_vectors_total',
      'Questions by user key alone: with a vector that was kept, or computed',
      ['version', 'vector'],
    ),
    collect() {
      this.reset();
      const { id: version, answers } = versions.current;
      const { kept, computed } = answers.userVectors ?? {};
      if (kept !== undefined) this.inc({ version, vector: 'kept' }, kept);
      if (computed !== undefined) this.inc({ version, vector: 'computed' }, computed);
    },
  });
  new Gauge({
    ...metricOptions('tower_snapshot_info', 'What answers: the checksum of the model', ['version']),
    aggregator: 'max',
    collect() {
      this.reset();
      this.set({ version: versions.current.id }, 1);
    },
  });

  new Gauge({
    ...metricOptions(
      'tower_day_figure',
      'What `tower live` measured last: of the version, the candidate and baselines',
      ['name', 'metric'],
    ),
    aggregator: 'max',
    async collect() {
      const { figures = [] } = (await versions.current.state?.()) ?? {};
      this.reset();
      for (const { name, metric, mean } of figures) this.set({ name, metric }, mean);
    },
  });

  /** Series by status and route, because finding a series by its labels takes longer than counting. There are few routes, and no client chooses their names. */
  const seriesByName = new Map<string, { requests: Counter.Internal; took: Histogram.Internal<'route'> }>();

  return {
    contentType: registry.contentType,
    answered(route, status, took) {
      const seriesName = `${status} ${route}`;
      const routeSeries = seriesByName.get(seriesName) ?? {
        requests: requestCounter.labels({ route, status }),
        took: secondsHistogram.labels({ route }),
      };
      seriesByName.set(seriesName, routeSeries);
      routeSeries.requests.inc();
      routeSeries.took.observe(took);
    },
    question(route, version, items) {
      questionCounter.inc({ route, version });
      itemCounter.inc({ route, version }, items);
    },
    countWrite: (outcome) => writeCounter.inc({ outcome }),
    countEvent: (outcome) => eventCounter.inc({ outcome }),
    text: () => registry.metrics(),
    data: () => registry.getMetricsAsJSON(),
  };
}

function addGauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    ...{ name, help, registers: [registry] },
    collect() {
      this.set(value());
    },
  });
}

/** Counts of the logs, if this process has them. */
interface StoredCounts {
  readonly items: ItemIntake['stored'] | undefined;
  readonly events: EventIntake['stored'] | undefined;
}

function addStoredGauges(registry: Registry, { items, events }: StoredCounts): void {
  if (items) {
    addGauge(registry, 'tower_written_items', 'Items that were written and are there', () => items().items);
    addGauge(registry, 'tower_deleted_items', 'Items that were deleted', () => items().deleted);
    addGauge(registry, 'tower_item_log_bytes', 'Size of the log of written items', () => items().bytes);
  }
  if (events) {
    addGauge(registry, 'tower_logged_events', 'Events in the log', () => events().events);
    addGauge(registry, 'tower_event_log_bytes', 'Size of the log of events', () => events().bytes);
  }
}

export interface ProcessGroupFigures extends StoredCounts {
  /** Number of processes that answer. */
  readonly answering: () => number;
  /** Number of times that a process was started again. */
  readonly restarts: () => number;
}

/** Makes a function that adds up the metrics of several processes, and adds those of the group. */
export function makeGroupMetrics({ answering, restarts, ...stored }: ProcessGroupFigures) {
  const registry = new Registry();
  addGauge(registry, 'tower_processes', 'Processes that answer', answering);
  new Counter({
    name: 'tower_process_restarts_total',
    help: 'Processes that ended and were started again',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(restarts());
    },
  });
  addStoredGauges(registry, stored);
  return async (processMetrics: readonly object[]): Promise<string> =>
    AggregatorRegistry.aggregate([...processMetrics, await registry.getMetricsAsJSON()]).metrics();
}
