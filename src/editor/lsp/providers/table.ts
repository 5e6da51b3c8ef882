/** Lists the providers of the server in the order of registration. */
import type { Provider } from '../provider.ts';
import { codeLens, inlayHints } from './annotations.ts';
import { codeActions } from './code_actions.ts';
import { completion } from './completion.ts';
import { formatting } from './formatting.ts';
import { hover } from './hover.ts';
import { definition, highlight, links, references } from './navigation.ts';
import { symbols } from './outline.ts';
import { pulledDiagnostics } from './pulled_diagnostics.ts';
import { folding, selection } from './ranges.ts';
import { rename } from './rename.ts';
import { semanticTokens } from './semantic_tokens.ts';
import { signature } from './signature.ts';

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
