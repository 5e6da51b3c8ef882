/** The towers of a run as they are now: prepared when they are first asked for, with new weights each time after that. */
import type { Dataset } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import type { TrainingState } from './artifact/training_state.ts';
import { makeRetrieval, type Retrieval } from './scoring/retrieval.ts';

export class CurrentTowers {
  private retrieval: Retrieval | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly engine: Engine,
    private readonly state: TrainingState,
  ) {}

  async refreshed(): Promise<Retrieval> {
    const { plan, engine } = this;
    const { tables, program } = this.state;
    const parameters = await program.read();
    if (this.retrieval) await this.retrieval.refresh(parameters);
    else this.retrieval = await makeRetrieval({ plan, engine, tables, corpus: this.dataset.corpus, parameters });
    return this.retrieval;
  }

  async close(): Promise<void> {
    await this.retrieval?.close();
  }
}
