/** Answers where a name is declared and read, and which files a text links to. */
import { dirname, isAbsolute, join } from 'node:path';
import { DocumentHighlightKind } from 'vscode-languageserver';
import { linksOf, referencesTo } from '../../language/file_analysis.ts';
import { symbolInProject } from '../project.ts';
import { aboutDocument, aboutPosition, type Provider, toLocation, toRange } from '../provider.ts';

export const definition: Provider = {
  capabilities: { definitionProvider: true },
  register(connection, session) {
    connection.onDefinition(
      aboutPosition(session, (facts, offset) => {
        const word = facts.symbolAt(offset);
        if (word) return toLocation(session, word.symbol.span);
        const links = linksOf(facts.checked.file);
        const link = links.find(({ span, to }) => to === 'tower' && span.start <= offset && offset <= span.end);
        const target = link && session.source(join(dirname(facts.source.name), link.path));
        return target ? toLocation(session, { source: target, start: 0, end: 0 }) : null;
      }),
    );
  },
};

export const references: Provider = {
  capabilities: { referencesProvider: true },
  register(connection, session) {
    connection.onReferences(async (params, token) => {
      const namedSymbol = await symbolInProject(session, params, token);
      if (!namedSymbol) return null;
      return referencesTo(namedSymbol.symbol, namedSymbol.files)
        .filter(({ declares }) => params.context.includeDeclaration || !declares)
        .map(({ span }) => toLocation(session, span));
    });
  },
};

export const highlight: Provider = {
  capabilities: { documentHighlightProvider: true },
  register(connection, session) {
    connection.onDocumentHighlight(
      aboutPosition(session, (facts, offset) => {
        const word = facts.symbolAt(offset);
        if (!word) return null;
        return referencesTo(word.symbol, [facts])
          .filter(({ span }) => span.source === facts.source)
          .map(({ span, declares }) => ({
            range: toRange(span),
            kind: declares ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
          }));
      }),
    );
  },
};

export const links: Provider = {
  capabilities: { documentLinkProvider: {} },
  register(connection, session) {
    connection.onDocumentLinks(
      aboutDocument(session, ({ source, checked }) => {
        if (!isAbsolute(source.name)) return null;
        const folder = dirname(source.name);
        return linksOf(checked.file).flatMap(({ span, path }) => {
          const target = isAbsolute(path) ? path : join(folder, path);
          return session.host.exists(target) ? [{ range: toRange(span), target: session.uriOf(target) }] : [];
        });
      }),
    );
  },
};
