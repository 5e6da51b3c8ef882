import { changeOf } from '../../language/change.ts';
import { toTextEdit } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

export const formatting: Provider = {
  capabilities: { documentFormattingProvider: true },
  register(connection, session) {
    connection.onDocumentFormatting(async (params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source } = facts;
      // Loaded when it is first asked for: starting the server does not wait for it.
      const { format } = await import('../../format/format.ts');
      const { tabSize, insertSpaces } = params.options;
      const { output } = format(source, { tabWidth: tabSize, useTabs: !insertSpaces });
      const change = output === undefined ? undefined : changeOf(source, output);
      return change ? [toTextEdit(change)] : [];
    });
  },
};
