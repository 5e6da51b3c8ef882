/**
 * A session that knows the texts before answers each question as one that has just started: whatever is edited, and whatever is asked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SemanticTokensBuilder } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { largeModel } from '../../bench/editor_model.ts';
import { toJson } from '../../src/diagnostics/json.ts';
import { completionsAt } from '../../src/language/completion.ts';
import type { FileAnalysis } from '../../src/language/file_analysis.ts';
import { foldsOf } from '../../src/language/folding.ts';
import { hoverAt } from '../../src/language/hover.ts';
import { inlaysIn } from '../../src/language/inlay.ts';
import { lensesOf, towerLens } from '../../src/language/lenses.ts';
import { type OutlineItem, outlineOf } from '../../src/language/outline.ts';
import { semanticTokensOf } from '../../src/language/semantic_tokens.ts';
import { tokenModifiers, tokenTypes } from '../../src/language/token_looks.ts';
import { toPosition } from '../../src/lsp/convert.ts';
import { nodeHost } from '../../src/lsp/hosts/node.ts';
import { Session } from '../../src/lsp/session.ts';
import type { Random } from '../../src/random/random.ts';
import type { Span } from '../../src/text/source.ts';
import { edit, editLines, pick, randomOf } from '../fuzz/edits.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const path = join(temporaryFolder(), 'model.tower');
const uri = pathToFileURL(path).href;

/** What hands do to a text. */
const edits: readonly ((text: string, random: Random, texts: readonly string[]) => string)[] = [
  edit,
  editLines,
  // A digit more, or less.
  (text, random) =>
    replaceOne(text, random, /\d+/g, (digits) => (random.next() < 0.5 ? `${digits}0` : digits.slice(1))),
  // A name, everywhere or in one place.
  (text, random) => {
    const name = pick(random, text.match(/\b[a-z_]+\w*\b/g) ?? ['x']);
    return random.next() < 0.5
      ? text.replace(new RegExp(`\\b${name}\\b`, 'g'), `${name}x`)
      : text.replace(name, `${name}y`);
  },
  // A block of lines again, or a declaration somewhere else.
  (text, random) => {
    const lines = text.split('\n');
    const [from, to] = [random.integer(lines.length), random.integer(lines.length)];
    return lines.toSpliced(to, 0, ...lines.slice(from, from + random.integer(12))).join('\n');
  },
  // Two declarations in each other's place.
  (text, random) => {
    const parts = text.split('\n\n');
    const [one, other] = [random.integer(parts.length), random.integer(parts.length)];
    return parts.toSpliced(one, 1, parts[other]!).toSpliced(other, 1, parts[one]!).join('\n\n');
  },
  // Other ends of lines.
  (text, random) => (random.next() < 0.5 ? text.replaceAll('\n', '\r\n') : text.replaceAll('\r\n', '\n')),
  (text, random) => replaceOne(text, random, /\n/g, () => pick(random, [' // 😀\n', '\n/// 👩‍🔬 é\n', '😀\n', '\n\n'])),
  // Undone.
  (_, random, texts) => pick(random, texts),
  (_, __, texts) => texts.at(-2) ?? texts.at(-1)!,
];

function replaceOne(text: string, random: Random, of: RegExp, by: (found: string) => string): string {
  const found = [...text.matchAll(of)];
  if (found.length === 0) return text;
  const { index, 0: word } = pick(random, found);
  return text.slice(0, index) + by(word) + text.slice(index + word.length);
}

const placeOf = ({ start, end }: Span): readonly number[] => [start, end];
const outlined = (items: readonly OutlineItem[]): unknown =>
  items.map(({ name, detail, kind, span, nameSpan, children }) => [
    ...[name, detail, kind, placeOf(span), placeOf(nameSpan)],
    outlined(children),
  ]);

/** All that an editor shows of a text, and what it answers at some places. */
function answers(facts: FileAnalysis, offsets: readonly number[]): unknown {
  const { length } = facts.source.text;
  return {
    diagnostics: toJson(facts.checked.diagnostics),
    tokens: semanticTokensOf(facts).map(({ span, type, modifiers }) => [...placeOf(span), type, ...modifiers]),
    encoded: facts.encodedTokens,
    some: semanticTokensOf(facts, length / 3, length / 2).map(({ span, type }) => [...placeOf(span), type]),
    inlays: inlaysIn(facts, 0, length),
    outline: outlined(outlineOf(facts.checked.file)),
    folds: foldsOf(facts),
    lenses: lensesOf(facts).map((lens) => [
      ...placeOf(lens.span),
      'tower' in lens ? towerLens(facts, lens.tower) : lens.text,
    ]),
    costs: [...facts.costs.towers, ...facts.costs.steps],
    hovers: offsets.map((offset) => {
      const hover = hoverAt(facts, offset);
      return hover && [...placeOf(hover.span), hover.text];
    }),
    completions: offsets.slice(0, 2).map((offset) => completionsAt(facts, offset).items),
  };
}

/** The semantic tokens of a file as the protocol has them, each from its own place. */
function encoded(facts: FileAnalysis): readonly number[] {
  const builder = new SemanticTokensBuilder();
  for (const { span, type, modifiers } of semanticTokensOf(facts)) {
    const { line, character } = toPosition(span.source, span.start);
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    builder.push(line, character, span.end - span.start, tokenTypes.indexOf(type), bits);
  }
  return builder.build().data;
}

function compare(texts: readonly string[], random: Random): void {
  const session = new Session(nodeHost());
  for (const [version, text] of texts.entries()) {
    session.put(TextDocument.create(uri, 'tower', version, text));
    const fresh = new Session(nodeHost());
    fresh.put(TextDocument.create(uri, 'tower', 0, text));
    expect(session.facts(path)!.encodedTokens, JSON.stringify(text)).toEqual(encoded(fresh.facts(path)!));
    const offsets = Array.from({ length: 4 }, () => random.integer(text.length + 1));
    expect(answers(session.facts(path)!, offsets), JSON.stringify(text)).toEqual(answers(fresh.facts(path)!, offsets));
  }
}

function edited(first: string, steps: number, random: Random): readonly string[] {
  const texts = [first];
  // Each third text is the first again: most of what is kept is of texts without a mistake.
  for (let step = 1; step <= steps; step++) {
    texts.push(step % 3 === 0 ? first : pick(random, edits)(texts.at(-1)!, random, texts));
  }
  return texts;
}

/** A line that is written again, letter by letter, after it is gone: names come and go, between mistakes. */
function retyped(text: string, random: Random, steps: number): readonly string[] {
  const lines = text.split('\n');
  const at = pick(
    random,
    lines.flatMap((line, index) => (line.trim() === '' ? [] : [index])),
  );
  const line = lines[at]!;
  const begun = Array.from({ length: steps }, (_, step) => line.slice(0, Math.ceil((line.length * step) / steps)));
  return [text, ...begun.map((part) => lines.with(at, part).join('\n')), text];
}

/** As `compare`, of what follows a keystroke. */
function compareSome(texts: readonly string[], random: Random): void {
  const session = new Session(nodeHost());
  for (const [version, text] of texts.entries()) {
    session.put(TextDocument.create(uri, 'tower', version, text));
    const fresh = new Session(nodeHost());
    fresh.put(TextDocument.create(uri, 'tower', 0, text));
    const offsets = Array.from({ length: 4 }, () => random.integer(text.length + 1));
    const some = (facts: FileAnalysis): unknown => [
      toJson(facts.checked.diagnostics),
      offsets.map((offset) => hoverAt(facts, offset)?.text),
      completionsAt(facts, offsets[0]!).items,
    ];
    expect(some(session.facts(path)!), `text ${version}`).toEqual(some(fresh.facts(path)!));
  }
}

describe('a session that knows the texts before', () => {
  const models = readdirSync('models').filter((name) => name.endsWith('.tower'));

  it.each(models)('answers as a new one, whatever is edited of %s', (name) => {
    const random = randomOf(name.length + models.indexOf(name));
    compare(edited(readFileSync(`models/${name}`, 'utf8'), 8, random), random);
  });

  it('answers as a new one of a model of two thousand lines', () => {
    const random = randomOf(1);
    compare(edited(largeModel(), 5, random), random);
  });

  it.each(models)('answers as a new one while a line of %s is typed', (name) => {
    const random = randomOf(name.length + models.indexOf(name));
    const text = readFileSync(`models/${name}`, 'utf8');
    compareSome([...retyped(text, random, 7), ...retyped(text, random, 7)], random);
  });

  it('answers as a new one of a model of twenty thousand lines, whatever is typed', () => {
    const random = randomOf(3);
    const text = largeModel(10);
    const at = text.indexOf('  item_3_3 :');
    const line = '  extra : list(category(dim: 8), max: 12)\n';
    const typed = [4, 9, 11, 20, 40, line.length].map((end) => text.slice(0, at) + line.slice(0, end) + text.slice(at));
    const others = [
      text.replace('  item_3_3 :', '  item_3_3x :'),
      text.replace('group users_3 =', 'group users_3x ='),
      text.replace('let width = 64', 'let width = 6'),
      text.replace('  channel main_5 = ', '  channel main_5x = '),
    ];
    compareSome([text, ...typed, text, ...others], random);
  });
});
