/** What the answers to an editor's questions keep of one file, whose text changes again and again. */
import { CountedFlows } from './counted_flows.ts';
import { KeptTokens } from './encoded_tokens.ts';

export class KeptAnswers {
  readonly flows = new CountedFlows();
  readonly tokens = new KeptTokens();
}
