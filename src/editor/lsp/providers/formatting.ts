import { changeOf } from '../../language/edits.ts';
import { factsOf, type Provider, toOffset, toTextEdit } from '../provider.ts';

export const formatting: Provider = {
  capabilities: {
    documentFormattingProvider: true,
    documentRangeFormattingProvider: true,
    documentOnTypeFormattingProvider: { firstTriggerCharacter: '}' },
  },
  register(connection, session) {
    connection.onDocumentFormatting(async (params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source } = facts;
      // Loaded when it is first asked for: starting the server does not wait for it.
      const { format } = await import('../../../compiler/format/format.ts');
      const { tabSize, insertSpaces } = params.options;
      const { output } = format(source, { tabWidth: tabSize, useTabs: !insertSpaces });
      const change = output === undefined ? undefined : changeOf(source, output);
      return change ? [toTextEdit(change)] : [];
    });
    // The declaration that the brace ends.
    connection.onDocumentOnTypeFormatting(async (params) => {
      const facts = factsOf(session, params);
      if (!facts || params.ch !== '}') return null;
      const { source } = facts;
      const end = toOffset(source, params.position);
      const ended = facts.checked.file.declarations.some(({ span }) => span.end === end);
      if (!ended) return null;
      const { formatRange } = await import('../../../compiler/format/format_range.ts');
      const { tabSize, insertSpaces } = params.options;
      const edit = formatRange(source, { start: end, end }, { tabWidth: tabSize, useTabs: !insertSpaces });
      return edit ? [toTextEdit(edit)] : [];
    });
    connection.onDocumentRangeFormatting(async (params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source } = facts;
      const { formatRange } = await import('../../../compiler/format/format_range.ts');
      const { tabSize, insertSpaces } = params.options;
      const range = { start: toOffset(source, params.range.start), end: toOffset(source, params.range.end) };
      const edit = formatRange(source, range, { tabWidth: tabSize, useTabs: !insertSpaces });
      return edit ? [toTextEdit(edit)] : [];
    });
  },
};
