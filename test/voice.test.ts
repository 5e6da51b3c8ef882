/**
 * The voice of the project: words that no text uses, the form of messages, hints and help. CONTRIBUTING.md has the rules.
 * A word with a proper use has that use in `proper`, as a pattern that is removed before the search.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../src/cli/program.ts';
import type { CodeRow } from '../src/diagnostics/code_row.ts';
import { codes } from '../src/diagnostics/codes.ts';

/** Word → the word to write. */
const banned: Readonly<Record<string, string>> = {
  mend: 'fix',
  mends: 'fixes',
  mended: 'fixed',
  sift: 'validate',
  sound: 'valid',
  unsound: 'invalid',
  told: 'reported',
  tell: 'report, distinguish',
  tells: 'reports, distinguishes',
  stand: 'be, are',
  stands: 'is, appears',
  stood: 'was',
  lacks: 'does not have',
  lack: 'miss',
  whoever: 'the noun that is meant',
  'at once': 'immediately, at the same time',
  beside: 'next to, besides',
  learnt: 'learned',
  'side that asks': 'query tower',
  'who asks': 'the query',
  foresee: 'predict',
  thereby: 'by this',
  nevertheless: 'anyway',
  sort: 'type, kind (as a noun)',
  sorts: 'types, kinds (as a noun)',
};

const proper: readonly RegExp[] = [
  // Arrays are sorted, and so are the numbers of a list.
  /\.(?:toSorted|sort)\b(?=\()/g,
  /`(?:merge)?sort`|\bsort the numbers\b/g,
  // Lists of runs are sorted too.
  /--sort\b|\bsorts? (?:them )?by\b|\bsort(?=, prune)|, sort\b(?=\))/g,
  // Former names of codes, which ignores and links may still have.
  /\b(?:label|column)-sort\b/g,
  // A field of the manifest of a run, whose format is published.
  /\bsort(?:: type|: kind|: '|'| }|: \{)|readonly sort\b|"sort"|, sort\b/g,
];

/** Of which places a text is read. Code and pages that are written from what was measured are not prose of ours. */
const places: readonly { readonly folder: string; readonly ending: RegExp; readonly but?: RegExp }[] = [
  { folder: 'src', ending: /\.(?:tsx?|json)$/, but: /^src\/(?:text\/synonyms|server\/generated_page)\.ts$/ },
  { folder: 'grammar', ending: /\.(?:ts|ebnf)$/ },
  // The results page is written by the study, and shows what was printed when it was measured.
  { folder: 'docs', ending: /\.md$/, but: /^docs\/results\.md$/ },
  { folder: 'models', ending: /\.tower$/ },
  { folder: 'playground', ending: /\.(?:ts|html)$/ },
  { folder: 'bench', ending: /\.(?:ts|mjs)$/ },
  { folder: 'editors/vscode', ending: /\.(?:mts|mjs|md)$/, but: /node_modules/ },
  // This test names the words.
  { folder: 'test', ending: /\.(?:ts|py|tower|txt)$/, but: /^test\/voice\.test\.ts$/ },
  { folder: 'scripts', ending: /\.(?:ts|mjs)$/ },
];

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md'];

const filesIn = ({ folder, ending, but }: (typeof places)[number]): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => ending.test(path) && !but?.test(path));

describe('no text uses a banned word', () => {
  const search = new RegExp(`(?<![\\w.-])(?:${Object.keys(banned).join('|')})(?![\\w-])`, 'gi');
  const wordsOf = (path: string): string[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, at) => {
        const words = proper.reduce((text, pattern) => text.replace(pattern, ''), line).match(search) ?? [];
        return words.map((word) => `${path}:${at + 1}: ${word} → ${banned[word.toLowerCase()]}`);
      });
  it.each(places)('$folder', (place) => {
    expect(filesIn(place).flatMap(wordsOf)).toEqual([]);
  });
  it('the pages of the project', () => {
    expect(pages.flatMap(wordsOf)).toEqual([]);
  });
});

/** Facts of which every property is a text, a list of one text, or facts again, as the message takes it. */
function anyFacts(): never {
  const list = ['x'];
  const get = (_: object, key: string | symbol): unknown => {
    if (key === Symbol.toPrimitive) return () => 'x';
    const own = (list as unknown as Record<string | symbol, unknown>)[key];
    if (own !== undefined) return typeof own === 'function' ? own.bind(list) : own;
    const ofText = (String.prototype as unknown as Record<string | symbol, unknown>)[key];
    const ofNumber = (Number.prototype as unknown as Record<string | symbol, unknown>)[key];
    if (typeof ofText === 'function') return ofText.bind('x');
    if (typeof ofNumber === 'function') return ofNumber.bind(7);
    return anyFacts();
  };
  return new Proxy(() => {}, { get }) as never;
}

/** What a message or hint says of any facts, and of none. */
function wordings(word: ((facts: never) => string | undefined) | undefined): string[] {
  if (word === undefined) return [];
  const said = [anyFacts(), {} as never].flatMap((facts) => {
    try {
      const text = word(facts);
      return text === undefined ? [] : `${text}`;
    } catch {
      // It needs its facts.
      return [];
    }
  });
  return [...new Set(said)];
}

const rows = Object.entries(codes) as unknown as [string, CodeRow<never>][];

const sentences = (text: string): string[] =>
  text.split(/(?<=[.!?;])\s+|:\s+(?=[a-zA-Z`])/).filter((sentence) => sentence !== '');
/** Code between backquotes counts as one word. */
const wordsIn = (sentence: string): number => sentence.replace(/`[^`]*`/g, 'code').split(/\s+/).length;
const tooLong = (text: string): boolean => sentences(text).some((sentence) => wordsIn(sentence) > 25);

/** What the first word of a hint or a help text may be. */
const verbs = new Set(
  'add allow answer apply attach average begin build change check choose compare compile compute continue convert copy correct count declare delete divide draw drop end evaluate exclude explain export fetch find fix format free get give group install join keep leave let limit list listen lower make measure move name open override pair pick pool print put raise rank read recommend refuse remove rename replace replay report request restore resume run save say scale search send serve set show skip sort split start take train try use wait weigh write'.split(
    ' ',
  ),
);
/** Questions and conditions that a reader expects of a compiler. */
const otherwise = /^(?:did you mean|if it is `|with -)/;
const isImperative = (text: string): boolean => verbs.has(/^[a-zA-Z]+/.exec(text)?.[0] ?? '') || otherwise.test(text);

describe('messages', () => {
  it('begin with a small letter, code, a path or a figure, and end without a full stop', () => {
    const odd = rows.flatMap(([, { message }]) =>
      wordings(message).filter(
        (text) => /^[A-Z]/.test(text.replace(/^(?:Tower|JavaScript)\b/, '')) || /\.$/.test(text),
      ),
    );
    expect(odd).toEqual([]);
  });
  it('have 25 words a sentence at most', () => {
    const long = rows.flatMap(([code, row]) =>
      [...wordings(row.message), ...wordings(row.hint), row.means, row.remedy ?? '']
        .filter(tooLong)
        .map((text) => `${code}: ${text}`),
    );
    expect(long).toEqual([]);
  });
});

describe('hints', () => {
  it('are imperatives', () => {
    const odd = rows.flatMap(([code, { hint }]) =>
      wordings(hint)
        // `x` is a hint that the reporter words: names of the field have their advice in synonyms.ts.
        .filter((text) => text.trim() !== 'x' && !isImperative(text))
        .map((text) => `${code}: ${text}`),
    );
    expect(odd).toEqual([]);
  });
  it('come from the remedy of a code otherwise, which begins with an imperative', () => {
    const odd = rows.flatMap(([code, { remedy }]) =>
      remedy === undefined || verbs.has(/^\w+/.exec(remedy)?.[0].toLowerCase() ?? '') ? [] : `${code}: ${remedy}`,
    );
    expect(odd).toEqual([]);
  });
  it('do not repeat the remedy: without a hint of its own, a code derives it', () => {
    const plain = (text: string): string => text.replace(/\.$/, '').toLowerCase();
    const repeated = rows.flatMap(([code, { hint, remedy }]) =>
      remedy !== undefined && wordings(hint).some((text) => plain(text) === plain(remedy)) ? code : [],
    );
    expect(repeated).toEqual([]);
  });
});

describe('help', () => {
  const texts = makeProgram().commands.flatMap((command) => [
    command.description(),
    ...command.options.map(({ description }) => description),
  ]);
  it('begins with an imperative', () => {
    expect(texts.filter((text) => !isImperative(text.replace(/^with --\w+: /, '')))).toEqual([]);
  });
  it('has 25 words a sentence at most, and no full stop', () => {
    expect(texts.filter((text) => tooLong(text) || /\.$/.test(text))).toEqual([]);
  });
});
