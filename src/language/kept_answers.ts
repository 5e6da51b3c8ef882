/** What the answers to an editor's questions keep of one file, whose text changes again and again. */
import { CountedFlows } from './counted_flows.ts';

export class KeptAnswers {
  readonly flows = new CountedFlows();
}
