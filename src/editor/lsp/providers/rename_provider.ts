import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { renameSymbol } from '../../language/renaming.ts';
import { symbolInProject } from '../project.ts';
import { aboutPosition, type Provider, refusedRequest, toRange, toWorkspaceEdit } from '../provider.ts';

export const rename: Provider = {
  capabilities: { renameProvider: { prepareProvider: true } },
  register(connection, session) {
    connection.onPrepareRename(
      aboutPosition(session, (facts, offset) => {
        const word = facts.symbolAt(offset);
        return word ? { range: toRange(word.span), placeholder: word.symbol.name } : null;
      }),
    );
    connection.onRenameRequest(async (params, token) => {
      const namedSymbol = await symbolInProject(session, params, token);
      if (!namedSymbol) return refusedRequest('no declared name is here to rename');
      const { symbol, files } = namedSymbol;
      const withData = files.filter(({ checked }) => checked.file.declarations.some(({ kind }) => kind === 'Data'));
      const headerColumns = new Map<string, readonly string[]>();
      for (const facts of withData) headerColumns.set(facts.source.name, await session.host.headerColumns(facts));
      const renaming = renameSymbol(
        symbol,
        params.newName,
        files,
        (edits) => {
          const texts = edited(edits);
          return files.flatMap(({ source }) => session.factsWith(source.name, texts) ?? []);
        },
        headerColumns,
      );
      return 'refusal' in renaming ? refusedRequest(renaming.refusal) : toWorkspaceEdit(session, renaming.edits);
    });
  },
};

/** Returns the files after the edits. */
function edited(edits: readonly Edit[]): ReadonlyMap<string, Source> {
  const sources = new Map(edits.map(({ at }) => [at.source.name, at.source]));
  return new Map(
    [...sources].map(([name, source]) => {
      const fileEdits = edits
        .filter(({ at }) => at.source.name === name)
        .map(({ at, text }) => ({ at: { ...at, source }, text }));
      return [name, makeSource(name, applyEdits(source, fileEdits))];
    }),
  );
}
