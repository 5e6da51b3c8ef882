import { type CodeAction, CodeActionKind, type CodeActionParams } from 'vscode-languageserver';
import type { Diagnostic, Edit } from '../../../base/diagnostics/diagnostic.ts';
import { applyEdits, applySafeFixes } from '../../../base/diagnostics/fixes.ts';
import { makeSource, type Source } from '../../../base/text/source.ts';
import { actionsFor } from '../../language/actions.ts';
import { changeOf } from '../../language/edits.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { offersFor } from '../../language/offers.ts';
import { refactoringsAt } from '../../language/refactorings.ts';
import { toProtocol } from '../diagnostics.ts';
import { factsOf, type Provider, toOffset, toWorkspaceEdit } from '../provider.ts';
import type { Session } from '../session.ts';

/** What `tower check --fix` does; a part of what an editor may do whenever a file is saved. */
const fixAll = `${CodeActionKind.SourceFixAll}.tower`;

export const codeActions: Provider = {
  capabilities: {
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorExtract, CodeActionKind.RefactorInline, fixAll],
    },
  },
  register(connection, session) {
    connection.onCodeAction(async (params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { only } = params.context;
      const wants = (kind: string): boolean => only?.some((one) => `${kind}.`.startsWith(`${one}.`)) ?? false;
      const refactors = [CodeActionKind.RefactorExtract, CodeActionKind.RefactorInline];
      return [
        ...(!only || wants(CodeActionKind.QuickFix)
          ? [...quickFixes(session, facts, params), ...offered(session, facts, params)]
          : []),
        ...(!only || refactors.some(wants) ? await refactorings(session, facts, params) : []).filter(
          ({ kind }) => !only || wants(kind!),
        ),
        // Where any will do, it would be among the fixes of one place.
        ...(wants(fixAll) ? fixesOfAll(session, facts) : []),
      ];
    });
  },
};

function quickFixes(session: Session, { source, checked }: FileAnalysis, { range }: CodeActionParams): CodeAction[] {
  const [start, end] = [toOffset(source, range.start), toOffset(source, range.end)];
  return actionsFor(checked.diagnostics, source.name, start, end).map(({ title, diagnostic, edits, preferred }) => ({
    title,
    kind: CodeActionKind.QuickFix,
    isPreferred: preferred,
    diagnostics: [toProtocol(session, diagnostic)],
    edit: toWorkspaceEdit(session, edits),
  }));
}

/** What may help where a mistake has no fix of its own, tried before it is offered. */
function offered(session: Session, facts: FileAnalysis, { range }: CodeActionParams): CodeAction[] {
  const { source, checked } = facts;
  const [start, end] = [toOffset(source, range.start), toOffset(source, range.end)];
  const here = checked.diagnostics.filter(({ at }) => at?.source === source && at.start <= end && at.end >= start);
  return here.flatMap((diagnostic) =>
    offersFor(facts, diagnostic, rechecked(session, facts)).map(({ title, edits }) => ({
      title,
      kind: CodeActionKind.QuickFix,
      diagnostics: [toProtocol(session, diagnostic)],
      edit: toWorkspaceEdit(session, edits),
    })),
  );
}

async function refactorings(session: Session, facts: FileAnalysis, { range }: CodeActionParams): Promise<CodeAction[]> {
  const { source } = facts;
  const stretch = [toOffset(source, range.start), toOffset(source, range.end)] as const;
  const found = refactoringsAt(facts, stretch, rechecked(session, facts));
  const keptFormat = found.length > 0 ? await formatKeeper(source) : undefined;
  return found.map(({ title, kind, edits }) => ({
    title,
    kind: kind === 'extract' ? CodeActionKind.RefactorExtract : CodeActionKind.RefactorInline,
    edit: toWorkspaceEdit(session, keptFormat?.(edits) ?? edits),
  }));
}

/** Characters. Formatting a longer file takes longer than an editor should wait for a menu. */
const formatted = 50_000;

/** Edits that leave a text formatted, where it is formatted now. Steps that move have the line breaks of where they were. */
async function formatKeeper(
  source: Source,
): Promise<((edits: readonly Edit[]) => readonly Edit[] | undefined) | undefined> {
  if (source.text.length > formatted) return undefined;
  const { format } = await import('../../../compiler/format/format.ts');
  if (format(source).output !== source.text) return undefined;
  return (edits) => {
    const { output } = format(makeSource(source.name, applyEdits(source, edits)));
    const change = output === undefined ? undefined : changeOf(source, output);
    return change && [change];
  };
}

/** What a check of a file finds with edits made. */
const rechecked =
  (session: Session, { source }: FileAnalysis) =>
  (edits: readonly Edit[]): readonly Diagnostic[] => {
    const changed = makeSource(source.name, applyEdits(source, edits));
    return session.factsWith(source.name, new Map([[source.name, changed]]))?.checked.diagnostics ?? [];
  };

function fixesOfAll(session: Session, { source }: FileAnalysis): CodeAction[] {
  const { name } = source;
  const { text } = applySafeFixes(
    source,
    (one) => session.factsWith(name, new Map([[name, one]]))?.checked.diagnostics ?? [],
    (next) => makeSource(name, next),
  );
  const change = changeOf(source, text);
  return change ? [{ title: 'Apply all safe fixes', kind: fixAll, edit: toWorkspaceEdit(session, [change]) }] : [];
}
