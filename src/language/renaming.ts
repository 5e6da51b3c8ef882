/** What giving a name another one changes, and when that is refused. */
import type { Edit } from '../diagnostics/diagnostic.ts';
import { dataPartners } from './data_partners.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { isMoved } from './moved.ts';
import { pairedChannels } from './paired_channels.ts';
import { referencesTo } from './references.ts';
import type { NamedSymbol } from './symbols.ts';

export type Renaming = { readonly edits: readonly Edit[] } | { readonly refusal: string };

/**
 * Gives a name another one, in all the files given, the first of which has it in scope. The partners of a channel get it too, and so
 * do the columns of a feature.
 * @param recheck a file of that name as it would be with these edits made
 * @returns a refusal if the new name is not a name, or would have another meaning in some place
 */
export function renameSymbol(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  recheck: (edits: readonly Edit[]) => readonly FileAnalysis[],
): Renaming {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { refusal: `\`${name}\` is not a name: a name consists of the letters a to z, digits and \`_\`` };
  }
  const symbols = [
    symbol,
    ...files.slice(0, 1).flatMap((facts) => pairedChannels(symbol, facts)),
    ...dataPartners(symbol, files),
  ];
  const edits = symbols.flatMap((one) => referencesTo(one, files)).map(({ span }): Edit => ({ at: span, text: name }));
  if (name === symbol.name) return { edits: [] };
  const after = recheck(edits);
  const mistakes = (all: readonly FileAnalysis[]): number =>
    all.reduce(
      (sum, { checked }) => sum + checked.diagnostics.filter(({ severity }) => severity === 'error').length,
      0,
    );
  if (!symbols.every((one) => isMoved(one, files, after, edits)) || mistakes(after) > mistakes(files)) {
    return { refusal: `\`${name}\` has another meaning here` };
  }
  return { edits };
}
