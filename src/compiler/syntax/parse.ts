import { lex } from '../../../grammar/lexer.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic, Outcome } from '../../base/diagnostics/diagnostic.ts';
import { inOrder } from '../../base/diagnostics/order.ts';
import type { Source } from '../../base/text/source.ts';
import type { FileNode } from './ast.ts';
import { Builder } from './build.ts';
import { Collector } from './collector.ts';
import { docsAbove, strayDocs } from './docs.ts';
import { readForeignForms } from './foreign_forms.ts';
import { lexicalMistakes } from './lexical.ts';
import { withinLimits } from './limits.ts';
import { readStrictly } from './parsers.ts';
import { type Recovered, Recovery } from './recover.ts';

/**
 * Text into its tree. Never throws: the tree holds whatever could be read, and every mistake has its diagnostic, up to a limit
 * that is reported.
 */
export function parse(source: Source): Outcome<FileNode> {
  const span = { source, start: 0, end: source.text.length };
  const foreign = notText(source) ?? conflict(source);
  if (foreign) return { output: { kind: 'File', span, declarations: [] }, diagnostics: [foreign] };

  const collector = new Collector(source);
  const written = lex(source.text);
  // What goes too deep is not read at all.
  const allowed = withinLimits(source, written.tokens, () => {});
  const asWritten = allowed.length === written.tokens.length ? readStrictly('file', allowed) : undefined;
  const lexed = asWritten && 'node' in asWritten ? written : readForeignForms(source, written, collector.report);
  lexicalMistakes(source, lexed, collector.report);
  if (lexed.tokens.length === 0 && collector.diagnostics.length === 0) {
    collector.report(diagnose('empty-file', { source, start: 0, end: 0 }, {}));
  }
  const tokens = withinLimits(source, lexed.tokens, collector.report);
  const docs = docsAbove(tokens, lexed.comments);
  const builder = new Builder(source, docs.text);
  const reading = asWritten && tokens === written.tokens ? asWritten : readStrictly('file', tokens);
  const { declarations, lost, doubtful }: Recovered =
    'node' in reading
      ? { declarations: builder.declarations(reading.node), lost: [], doubtful: [] }
      : new Recovery(source, builder, collector, tokens).read();
  const output: FileNode = {
    kind: 'File',
    span,
    declarations,
    ...(lost.length > 0 ? { lost } : {}),
    ...(doubtful.length > 0 ? { doubtful } : {}),
  };
  for (const stray of strayDocs(source, docs, output)) collector.report(stray);
  return { output, diagnostics: inOrder(collector.diagnostics) };
}

/** A file that is no text at all gets one answer, not thousands. */
function notText(source: Source): Diagnostic | undefined {
  const at = source.text.indexOf('\0');
  if (at !== -1) return diagnose('not-text', { source, start: at, end: at + 1 }, { found: 'a zero byte' });
  const broken = source.text.match(/\uFFFD/g)?.length ?? 0;
  if (broken <= 10 || broken * 20 <= source.text.length) return undefined;
  const first = source.text.indexOf('\uFFFD');
  return diagnose('not-text', { source, start: first, end: first + 1 }, { found: 'bytes that are not UTF-8' });
}

/** Both sides of an unresolved merge are in the file: what would be read is neither. */
function conflict(source: Source): Diagnostic | undefined {
  const start = /^<{7}(?= |\r?$)/m.exec(source.text)?.index;
  if (start === undefined || !/^>{7}(?= |\r?$)/m.test(source.text)) return undefined;
  return diagnose('merge-conflict', { source, start, end: start + 7 }, {});
}
