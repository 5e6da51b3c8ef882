import type { FormattingOptions, TextEdit } from 'vscode-languageserver';
import { changeOf } from '../../language/edits.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { aboutDocument, type Provider, toOffset, toTextEdit } from '../provider.ts';

export const formatting: Provider = {
  capabilities: {
    documentFormattingProvider: true,
    documentRangeFormattingProvider: true,
    documentOnTypeFormattingProvider: { firstTriggerCharacter: '}' },
  },
  register(connection, session) {
    connection.onDocumentFormatting(
      aboutDocument(session, async ({ source }, { options }) => {
        const { formatSource } = await loadFormatter();
        const { output } = formatSource(source, styleOf(options));
        const change = output === undefined ? undefined : changeOf(source, output);
        return change ? [toTextEdit(change)] : [];
      }),
    );
    // Formats the declaration that the typed brace ends.
    connection.onDocumentOnTypeFormatting(
      aboutDocument(session, async (facts, { ch, position, options }) => {
        const typedEnd = toOffset(facts.source, position);
        const isEnded = ch === '}' && facts.checked.file.declarations.some(({ span }) => span.end === typedEnd);
        return isEnded ? formatted(facts, typedEnd, typedEnd, options) : null;
      }),
    );
    connection.onDocumentRangeFormatting(
      aboutDocument(session, (facts, { range: { start, end }, options }) =>
        formatted(facts, toOffset(facts.source, start), toOffset(facts.source, end), options),
      ),
    );
  },
};

/** The formatter is loaded by the first request, so that the start of the server does not wait for it. */
const loadFormatter = () => import('../../../compiler/format/format.ts');

async function formatted(
  { source }: FileAnalysis,
  start: number,
  end: number,
  options: FormattingOptions,
): Promise<TextEdit[]> {
  const { formatRange } = await loadFormatter();
  const edit = formatRange(source, { start, end }, styleOf(options));
  return edit ? [toTextEdit(edit)] : [];
}

const styleOf = ({ tabSize, insertSpaces }: FormattingOptions) => ({ tabWidth: tabSize, useTabs: !insertSpaces });
