/** Everything the server offers, in the order in which it is registered. */
import type { Provider } from '../provider.ts';
import { codeActions } from './code_actions.ts';
import { codeLens } from './code_lens.ts';
import { completion } from './completion.ts';
import { definition } from './definition.ts';
import { folding } from './folding.ts';
import { formatting } from './formatting.ts';
import { highlight } from './highlight.ts';
import { hover } from './hover.ts';
import { inlayHints } from './inlay_hints.ts';
import { links } from './links.ts';
import { pulledDiagnostics } from './pulled_diagnostics.ts';
import { references } from './references.ts';
import { rename } from './rename.ts';
import { selection } from './selection.ts';
import { semanticTokens } from './semantic_tokens.ts';
import { signature } from './signature.ts';
import { symbols } from './symbols.ts';

export const providers: readonly Provider[] = [
  hover,
  completion,
  signature,
  definition,
  references,
  highlight,
  rename,
  symbols,
  folding,
  selection,
  semanticTokens,
  inlayHints,
  codeActions,
  codeLens,
  pulledDiagnostics,
  links,
  formatting,
];
