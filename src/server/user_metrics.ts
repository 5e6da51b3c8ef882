/** How often the query tower is asked again for a user whose vector is known, for each version that keeps vectors. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { KnownVectorFigures } from '../serve/known_vectors.ts';
import type { Versions } from './versions/versions.ts';

export function addUserMetrics(registry: Registry, versions: Versions): void {
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
