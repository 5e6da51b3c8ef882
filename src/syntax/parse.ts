import type { CstNode } from 'chevrotain';
import { type Lexed, lex } from '../../grammar/lexer.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import type { Diagnostic, Outcome } from '../diagnostics/diagnostic.ts';
import { inOrder } from '../diagnostics/order.ts';
import type { Source } from '../text/source.ts';
import type { File } from './ast.ts';
import { areBalanced } from './brackets.ts';
import { Builder } from './build.ts';
import { Collector } from './collector.ts';
import { type DocText, docsAbove, docTextOf } from './docs.ts';
import type { Elements } from './elements.ts';
import type { Form, KnownForm } from './form.ts';
import { declarationRanges, hidesMistake, type Range } from './layout.ts';
import { lexicalMistakes } from './lexical.ts';
import { withinLimits } from './limits.ts';
import { readStrictly } from './parsers.ts';
import type { Pieces } from './pieces.ts';
import { readReduced } from './read_reduced.ts';
import { type Recovered, Recovery } from './recover.ts';
import type { Relexer } from './relex.ts';
import { strayDocs } from './stray_docs.ts';

/** What is kept of a text to read the next one sooner. */
export interface ParseCache {
  readonly relexer: Relexer;
  readonly form: KnownForm;
  readonly pieces: Pieces;
  readonly elements: Elements;
}

/**
 * Text into its tree. Never throws: the tree holds whatever could be read, and every mistake has its diagnostic, up to a limit
 * that is reported.
 * @param memory of the texts before this one, so that only what changed is read
 */
export function parse(source: Source, memory?: ParseCache): Outcome<File> {
  const span = { source, start: 0, end: source.text.length };
  const foreign = notText(source) ?? conflict(source);
  if (foreign) return { output: { kind: 'File', span, declarations: [] }, diagnostics: [foreign] };

  const lexed = memory ? memory.relexer.lex(source.text) : lex(source.text);
  const collector = new Collector(source);
  lexicalMistakes(source, lexed, collector.report);
  if (lexed.tokens.length === 0 && collector.diagnostics.length === 0) {
    collector.report(diagnose('empty-file', { source, start: 0, end: 0 }, {}));
  }
  const form = memory?.form.again(memory.relexer);
  const reading: Reading = { source, lexed, collector, memory, form };
  const docs = form ? undefined : docsAbove(lexed.tokens, lexed.comments);
  const { declarations, lost, doubtful, ranges } = read(reading, docs?.text ?? docTextOf(lexed.tokens, lexed.comments));
  const output: File = {
    kind: 'File',
    span,
    declarations,
    ...(lost.length > 0 ? { lost } : {}),
    ...(doubtful.length > 0 ? { doubtful } : {}),
  };
  if (!form || !ranges) {
    const strays = strayDocs(source, docs ?? docsAbove(lexed.tokens, lexed.comments), output);
    for (const stray of strays) collector.report(stray);
    if (ranges && strays.length === 0) memory?.form.keep({ declarations: ranges }, memory.relexer);
  }
  return { output, diagnostics: inOrder(collector.diagnostics) };
}

interface Reading {
  readonly source: Source;
  readonly lexed: Lexed;
  readonly collector: Collector;
  readonly memory: ParseCache | undefined;
  /** That of the text before, where this one has it too. */
  readonly form: Form | undefined;
}

interface Read extends Recovered {
  /** Where declarations are, where each was read by itself and has no mistake. */
  readonly ranges?: readonly Range[];
}

function read({ source, lexed, collector, memory, form }: Reading, known: DocText): Read {
  const tokens = form ? lexed.tokens : withinLimits(source, lexed.tokens, collector.report);
  const whole = tokens === lexed.tokens;
  const docs = whole ? known : docTextOf(tokens, lexed.comments);
  const builder = new Builder(source, docs);
  // Reading moves what is known, so what is as it was is looked for first.
  const elements = form || !whole ? undefined : memory?.elements.again(memory.relexer, memory.pieces.last);
  const reader = () => (whole ? memory?.pieces.reader(source, tokens, docs, builder, memory.relexer) : undefined);
  let pieces = reader();
  const seemsValid = form !== undefined || (whole && areBalanced(tokens) && !hidesMistake(tokens));
  const byPieces = (): Read | undefined => {
    const ranges = pieces && seemsValid ? (form?.declarations ?? declarationRanges(tokens)) : undefined;
    const declarations = ranges && pieces?.file(ranges);
    if (declarations) return { declarations, lost: [], doubtful: [], ranges };
    // It has moved pieces to where they seemed to be.
    if (ranges) pieces = reader();
    return undefined;
  };
  const around = (): Read | undefined =>
    pieces && memory && elements
      ? readReduced({ source, tokens, collector, builder, reader: pieces, memory, elements })
      : undefined;
  // What follows a text without mistakes has none most of the time; what follows another has some.
  const followsValid = form !== undefined || memory?.pieces.last?.text === (memory?.relexer.texts ?? 0) - 1;
  for (const way of followsValid ? [byPieces, around] : [around, byPieces]) {
    const read = way();
    if (read) return read;
  }
  if (seemsValid) {
    const reading = readStrictly('file', tokens);
    if ('node' in reading) {
      const nodes = (reading.node.children.declaration ?? []) as CstNode[];
      return { declarations: nodes.map((node) => builder.declaration(node)!), lost: [], doubtful: [] };
    }
  }
  pieces?.note(true);
  const recovered = new Recovery(source, builder, collector, tokens, pieces).read()!;
  if (pieces && memory) memory.elements.keep([], pieces.noted, memory.relexer);
  return recovered;
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
