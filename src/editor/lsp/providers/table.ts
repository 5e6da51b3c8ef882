/** Lists the providers of the server in the order of registration. */
import type { Provider } from '../provider.ts';
import { codeLens, inlayHints } from './annotations_provider.ts';
import { codeActions } from './code_actions_provider.ts';
import { completion } from './completion_provider.ts';
import { formatting } from './formatting_provider.ts';
import { hover } from './hover_provider.ts';
import { definition, highlight, links, references } from './navigation_provider.ts';
import { symbols } from './outline_provider.ts';
import { pulledDiagnostics } from './pulled_diagnostics_provider.ts';
import { folding, selection } from './ranges_provider.ts';
import { rename } from './rename_provider.ts';
import { semanticTokens } from './semantic_tokens_provider.ts';
import { signature } from './signature_provider.ts';

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
