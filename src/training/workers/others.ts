/** The orders of the first worker to the others, in a run on its way. */
import type { Group } from '../../engines/group.ts';
import { type Beginning, giveOrder, haveStopped, type RoundStart } from './talk.ts';

export class OtherWorkers {
  private hasBegun = false;

  constructor(
    private readonly group: Group,
    private readonly sharesTables: boolean,
    private readonly beginning: Beginning,
  ) {}

  async steps(position: RoundStart): Promise<void> {
    await this.begin();
    await giveOrder(this.group, { do: 'steps', ...position });
  }

  /** After the last step. Workers that share tables stay: the files of the run need their rows. */
  async release(): Promise<void> {
    if (this.sharesTables) await this.begin();
    else await giveOrder(this.group, { do: 'end' });
  }

  /** They were asked to stop after a step, and have heard it in that step. */
  stopped(): void {
    if (!this.sharesTables) haveStopped(this.group);
  }

  /** Where they take over an earlier run, they do so while the first worker does. */
  async begin(): Promise<void> {
    if (this.hasBegun) return;
    this.hasBegun = true;
    await giveOrder(this.group, { do: 'begin', with: this.beginning });
  }
}
