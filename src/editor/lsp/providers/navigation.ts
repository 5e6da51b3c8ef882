/** Answers where a name is declared and read, and which files a text links to. */
import { dirname, isAbsolute, join } from 'node:path';
import { DocumentHighlightKind } from 'vscode-languageserver';
import { linksOf, referencesTo } from '../../language/file_analysis.ts';
import { symbolInProject } from '../project.ts';
import { factsOf, type Provider, placeOf, toLocation, toRange } from '../provider.ts';

export const definition: Provider = {
  capabilities: { definitionProvider: true },
  register(connection, session) {
    connection.onDefinition((params) => {
      const place = placeOf(session, params);
      if (!place) return null;
      const { facts, offset } = place;
      const found = facts.symbolAt(offset);
      if (found) return toLocation(session, found.symbol.span);
      const links = linksOf(facts.checked.file);
      const link = links.find(({ span, to }) => to === 'tower' && span.start <= offset && offset <= span.end);
      const target = link && session.source(join(dirname(facts.source.name), link.path));
      return target ? toLocation(session, { source: target, start: 0, end: 0 }) : null;
    });
  },
};

export const references: Provider = {
  capabilities: { referencesProvider: true },
  register(connection, session) {
    connection.onReferences(async (params, token) => {
      const found = await symbolInProject(session, params, token);
      if (!found) return null;
      return referencesTo(found.symbol, found.files)
        .filter(({ declares }) => params.context.includeDeclaration || !declares)
        .map(({ span }) => toLocation(session, span));
    });
  },
};

export const highlight: Provider = {
  capabilities: { documentHighlightProvider: true },
  register(connection, session) {
    connection.onDocumentHighlight((params) => {
      const place = placeOf(session, params);
      const found = place && place.facts.symbolAt(place.offset);
      if (!place || !found) return null;
      return referencesTo(found.symbol, [place.facts])
        .filter(({ span }) => span.source === place.facts.source)
        .map(({ span, declares }) => ({
          range: toRange(span),
          kind: declares ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
        }));
    });
  },
};

export const links: Provider = {
  capabilities: { documentLinkProvider: {} },
  register(connection, session) {
    connection.onDocumentLinks((params) => {
      const facts = factsOf(session, params);
      if (!facts || !isAbsolute(facts.source.name)) return null;
      const folder = dirname(facts.source.name);
      return linksOf(facts.checked.file).flatMap(({ span, path }) => {
        const target = isAbsolute(path) ? path : join(folder, path);
        return session.host.exists(target) ? [{ range: toRange(span), target: session.uriOf(target) }] : [];
      });
    });
  },
};
