/** What Prometheus reads. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Gate } from './gate.ts';

export interface Metrics {
  readonly contentType: string;
  /** @param seconds from the arrival of the request to the end of its answer */
  answered(route: string, status: number, seconds: number): void;
  /** Questions of one body that were answered, and their items. */
  questions(route: string, count: number, items: number): void;
  text(): Promise<string>;
}

export interface Watched {
  readonly gate: Gate;
  readonly version: string;
  readonly items: number;
}

export function makeMetrics({ gate, version, items }: Watched): Metrics {
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
  const counts = { labelNames: ['route'], registers: [...registers] };
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
  gauge('tower_running', 'Bodies that are being answered', () => gate.running);
  gauge('tower_waiting', 'Bodies that wait for their turn', () => gate.waiting);
  gauge('tower_corpus_items', 'Items that can be recommended', () => items);
  new Gauge({
    name: 'tower_snapshot_info',
    help: 'What answers: the checksum of the model',
    labelNames: ['version'],
    registers: [...registers],
  }).set({ version }, 1);

  return {
    contentType: registry.contentType,
    answered(route, status, took) {
      requests.inc({ route, status });
      seconds.observe({ route }, took);
    },
    questions(route, count, found) {
      questions.inc({ route }, count);
      given.inc({ route }, found);
    },
    text: () => registry.metrics(),
  };
}
