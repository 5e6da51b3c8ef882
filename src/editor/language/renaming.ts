/** What giving a name another one changes, and when that is refused. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { bindingsFor, dataPartners, type HeaderColumns } from './data_partners.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { isMoved } from './moved.ts';
import { pairedChannels } from './paired_channels.ts';
import { referencesTo } from './references.ts';
import type { NamedSymbol } from './symbols.ts';

export type Renaming = { readonly edits: readonly Edit[] } | { readonly refusal: string };

/**
 * Gives a name another one, in all the files given, the first of which has it in scope. The partners of a channel get it too, and so
 * do the columns of a feature; a column that has its name only from the header of its file is bound to the new one.
 * @param recheck a file of that name as it would be with these edits made
 * @returns a refusal if the new name is not a name, or would have another meaning in some place
 */
export function renameSymbol(
  symbol: NamedSymbol,
  name: string,
  files: readonly FileAnalysis[],
  recheck: (edits: readonly Edit[]) => readonly FileAnalysis[],
  headers: HeaderColumns = new Map(),
): Renaming {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return { refusal: `\`${name}\` is not a name: a name consists of the letters a to z, digits and \`_\`` };
  }
  const symbols = [
    symbol,
    ...files.slice(0, 1).flatMap((facts) => pairedChannels(symbol, facts)),
    ...dataPartners(symbol, files),
  ];
  if (name === symbol.name) return { edits: [] };
  const renamed = symbols
    .flatMap((one) => referencesTo(one, files))
    .map(({ span }): Edit => ({ at: span, text: name }));
  const isRenamed = ({ at }: Edit): boolean =>
    renamed.some((edit) => edit.at.start === at.start && edit.at.source.name === at.source.name);
  const bindings = bindingsFor(symbol, name, files, headers).filter((edit) => !isRenamed(edit));
  const edits = [...renamed, ...bindings];
  const after = recheck(edits);
  const moved = bindings.length > 0 ? recheck(renamed) : after;
  const mistakes = (all: readonly FileAnalysis[]): number =>
    all.reduce(
      (sum, { checked }) => sum + checked.diagnostics.filter(({ severity }) => severity === 'error').length,
      0,
    );
  if (!symbols.every((one) => isMoved(one, files, moved, renamed)) || mistakes(after) > mistakes(files)) {
    return { refusal: `\`${name}\` has another meaning here` };
  }
  return { edits };
}
