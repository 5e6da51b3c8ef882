import { type CodeAction, CodeActionKind } from 'vscode-languageserver';
import type { Diagnostic, Edit } from '../../../base/diagnostics/diagnostic.ts';
import { applyEdits, applySafeFixes } from '../../../base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { changeOf } from '../../language/edits.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { actionsFor, offersFor } from '../../language/offers.ts';
import { refactoringsAt } from '../../language/refactorings.ts';
import { toProtocol } from '../diagnostics.ts';
import { aboutDocument, type Provider, toOffset, toWorkspaceEdit } from '../provider.ts';
import type { EditorSession } from '../session.ts';

/** Kind of the action that does what `tower check --fix` does. Editors can run it whenever a file is saved. */
const fixAll = `${CodeActionKind.SourceFixAll}.tower`;

export const codeActions: Provider = {
  capabilities: {
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorExtract, CodeActionKind.RefactorInline, fixAll],
    },
  },
  register(connection, session) {
    connection.onCodeAction(
      aboutDocument(session, async (facts, { context: { only }, range }) => {
        const [start, end] = [toOffset(facts.source, range.start), toOffset(facts.source, range.end)];
        const wants = (kind: string): boolean => only?.some((one) => `${kind}.`.startsWith(`${one}.`)) ?? false;
        const refactors = [CodeActionKind.RefactorExtract, CodeActionKind.RefactorInline];
        return [
          ...(!only || wants(CodeActionKind.QuickFix) ? quickFixes(session, facts, start, end) : []),
          ...(!only || refactors.some(wants) ? await refactorings(session, facts, start, end) : []).filter(
            ({ kind }) => !only || wants(kind!),
          ),
          // Only on request: otherwise it would be listed among the fixes of one place.
          ...(wants(fixAll) ? fixesOfAll(session, facts) : []),
        ];
      }),
    );
  },
};

/** Returns the fixes that diagnostics carry, followed by other changes that may help, each tried before it is offered. */
function quickFixes(session: EditorSession, facts: FileAnalysis, start: number, end: number): CodeAction[] {
  const { source, checked } = facts;
  const quickFix = (title: string, diagnostic: Diagnostic, edits: readonly Edit[]): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [toProtocol(session, diagnostic)],
    edit: toWorkspaceEdit(session, edits),
  });
  const fixes = actionsFor(checked.diagnostics, source.name, start, end);
  const touched = checked.diagnostics.filter(({ at }) => at?.source === source && at.start <= end && at.end >= start);
  return [
    ...fixes.map(({ title, diagnostic, edits, preferred }) => ({
      ...quickFix(title, diagnostic, edits),
      isPreferred: preferred,
    })),
    ...touched.flatMap((diagnostic) =>
      offersFor(facts, diagnostic, rechecked(session, facts)).map(({ title, edits }) =>
        quickFix(title, diagnostic, edits),
      ),
    ),
  ];
}

async function refactorings(
  session: EditorSession,
  facts: FileAnalysis,
  start: number,
  end: number,
): Promise<CodeAction[]> {
  const offered = refactoringsAt(facts, [start, end], rechecked(session, facts));
  const reformat = offered.length > 0 ? await formatKeeper(facts.source) : undefined;
  return offered.map(({ title, kind, edits }) => ({
    title,
    kind: kind === 'extract' ? CodeActionKind.RefactorExtract : CodeActionKind.RefactorInline,
    edit: toWorkspaceEdit(session, reformat?.(edits) ?? edits),
  }));
}

/** Maximum characters. Formatting a longer file takes longer than an editor should wait for a menu. */
const formatted = 50_000;

/** Returns a function that formats the file after edits, if it is formatted now. Moved steps keep the line breaks that they had. */
async function formatKeeper(
  source: Source,
): Promise<((edits: readonly Edit[]) => readonly Edit[] | undefined) | undefined> {
  if (source.text.length > formatted) return undefined;
  const { formatSource: format } = await import('../../../compiler/format/format.ts');
  if (format(source).output !== source.text) return undefined;
  return (edits) => {
    const { output } = format(makeSource(source.name, applyEdits(source, edits)));
    const change = output === undefined ? undefined : changeOf(source, output);
    return change && [change];
  };
}

/** Returns a function that checks the file with edits made. */
const rechecked =
  (session: EditorSession, { source }: FileAnalysis) =>
  (edits: readonly Edit[]): readonly Diagnostic[] => {
    const changed = makeSource(source.name, applyEdits(source, edits));
    return session.factsWith(source.name, new Map([[source.name, changed]]))?.checked.diagnostics ?? [];
  };

function fixesOfAll(session: EditorSession, { source }: FileAnalysis): CodeAction[] {
  const { name } = source;
  const { text } = applySafeFixes(
    source,
    (one) => session.factsWith(name, new Map([[name, one]]))?.checked.diagnostics ?? [],
    (next) => makeSource(name, next),
  );
  const change = changeOf(source, text);
  return change ? [{ title: 'Apply all safe fixes', kind: fixAll, edit: toWorkspaceEdit(session, [change]) }] : [];
}
