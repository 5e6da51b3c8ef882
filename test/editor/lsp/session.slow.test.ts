/** An editor's session says after each keystroke what `tower check` would say. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { hasErrors } from '../../../src/base/diagnostics/diagnostic.ts';
import { toJsonDiagnostics } from '../../../src/base/diagnostics/json.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { printValueType } from '../../../src/compiler/library/values.ts';
import { type CheckResult, checkSource } from '../../../src/compiler/pipeline.ts';
import { nodeHost } from '../../../src/editor/lsp/hosts/node.ts';
import { inlaysIn } from '../../../src/editor/lsp/providers/annotations_provider.ts';
import { EditorSession } from '../../../src/editor/lsp/session.ts';
import { edit, editLines, pick, randomOf } from '../../fuzz/edits.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const programs = readdirSync('models')
  .filter((name) => name.endsWith('.tower'))
  .map((name) => readFileSync(`models/${name}`, 'utf8'));

const folder = temporaryFolder();
const path = join(folder, 'model.tower');
const uri = pathToFileURL(path).href;

/** Groups of groups, steps with outputs, blocks with parameters and shared ones, a product, weights and biases. */
const longModel = `model long
use "used.tower"

group all = ${Array.from({ length: 4 }, (_, at) => `part_${at}`).join(', ')}, age
${Array.from({ length: 4 }, (_, at) => `group part_${at} = u${at}, v${at}`).join('\n')}
group movie = movie_id, genres

tower user(all) keyed by user_id {
  joined = concat(part_0, part_1)
  crossed = joined -> flatten -> mlp(8)
  wide = all -> deep(width)
  cut = part_2 -> flatten -> mlp(16)
  experts = part_3 -> flatten -> mmoe(click, like, experts: 2, units: 16)
  channel click = concat(wide, crossed, experts.click) -> mlp(32)
  channel like = concat(cut, experts.like) -> mlp(16) -> same
  channel bias = age -> flatten -> dense(1)
}
tower item(movie) keyed by movie_id {
  // Two channels.
  channel click = movie -> deep(width) -> mlp(32)
  channel like = movie -> flatten -> mlp(16) -> same
}

task click {
  score = 0.5 * dot(user.click, item.click)
  loss = bce
  label = clicked
}
task like {
  score = dot(user.like, item.like) + user.bias
  loss = bce
  label = liked
  weight = age
}
task both { score = click * like, loss = bce, label = liked }
objective = click + 0.5 * like + both
retrieve = click + like
train { batch = 64, epochs = 2 }
`;
const usedFile = `let width = 8
block deep(size, depth = 2) = flatten -> mlp(2 * size, size)
shared block same = mlp(16)
features {
  user_id : id(dim: 4)
  age : number
${Array.from({ length: 4 }, (_, at) => `  u${at} : id(dim: 4)\n  v${at} : category("a", "b", dim: 4)\n`).join('')}
  movie_id : id(dim: 8)
  /// Up to six.
  genres : list(category(dim: 4), max: 6)
}
labels { clicked, liked : binary }
`;

interface Edited {
  readonly path: string;
  text: string;
  valid: string;
}

/** Where each arrow is, and what it carries. */
const arrowsOf = ({ shapes }: CheckResult): readonly string[] | undefined =>
  shapes?.arrows.map(({ span, type }) => `${span.source.name} ${span.start} ${span.end} ${printValueType(type)}`);

describe('a session', () => {
  it('checks its long model without a mistake', () => {
    const load = () => makeSource('used.tower', usedFile);
    expect(toJsonDiagnostics(checkSource(makeSource('long.tower', longModel), { load }).diagnostics)).toEqual([]);
  });

  it.each([1])('says the same as a check, whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    let version = 0;
    for (let round = 0; round < 6; round++) {
      const session = new EditorSession(nodeHost());
      const texts = [pick(random, programs)];
      for (let step = 0; step < 12; step++) {
        const last = texts.at(-1)!;
        const digits = [...last.matchAll(/\d+/g)];
        const digit = pick(random, digits);
        const kind = random.next();
        // A number, which keeps it a program; a text that was there before; anything else.
        const text =
          kind < 0.5 && digit
            ? `${last.slice(0, digit.index)}${1 + random.integer(80)}${last.slice(digit.index + digit[0].length)}`
            : kind < 0.65
              ? pick(random, texts)
              : kind < 0.85
                ? editLines(last, random)
                : edit(last, random);
        texts.push(text);
        session.put(TextDocument.create(uri, 'tower', ++version, text));
        const facts = session.facts(path)!;
        const anew = checkSource(makeSource(path, text), { project: folder });
        expect(toJsonDiagnostics(facts.checked.diagnostics), text).toEqual(toJsonDiagnostics(anew.diagnostics));
        expect([...facts.checked.resolution.features.keys()]).toEqual([...anew.resolution.features.keys()]);
        expect(arrowsOf(facts.checked), text).toEqual(arrowsOf(anew));
        const lines = text.split('\n').length;
        if (anew.model)
          expect(inlaysIn(facts, 0, text.length).every(({ position }) => position.line < lines)).toBe(true);
      }
    }
  });

  it.each([11])('says the same of a model in two open files, whichever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    const session = new EditorSession(nodeHost());
    const used = join(folder, 'used.tower');
    const files: readonly [Edited, Edited] = [
      { path, text: longModel, valid: longModel },
      { path: used, text: usedFile, valid: usedFile },
    ];
    const put = (at: number, text: string, version: number): void => {
      files[at]!.text = text;
      session.put(TextDocument.create(pathToFileURL(files[at]!.path).href, 'tower', version, text));
    };
    for (const [at, { text }] of files.entries()) put(at, text, 1);
    for (let step = 2; step < 50; step++) {
      const at = random.next() < 0.6 ? 0 : 1;
      const { text, valid } = files[at]!;
      // Each third text is valid again.
      put(at, step % 3 === 0 ? valid : random.next() < 0.7 ? editLines(text, random) : edit(text, random), step);
      const source = makeSource(path, files[0].text);
      const load = (wanted: string) => (wanted === used ? makeSource(used, files[1].text) : undefined);
      const anew = checkSource(source, { project: folder, load });
      const facts = session.facts(path)!;
      const seen = `${files[0].text}\n---\n${files[1].text}`;
      expect(toJsonDiagnostics(facts.checked.diagnostics), seen).toEqual(toJsonDiagnostics(anew.diagnostics));
      expect(arrowsOf(facts.checked), seen).toEqual(arrowsOf(anew));
      if (!hasErrors(anew.diagnostics)) for (const file of files) file.valid = file.text;
    }
  });

  it('answers with the same check while nothing changes, and with another once a used file does', () => {
    const session = new EditorSession(nodeHost());
    mkdirSync(join(folder, 'parts'), { recursive: true });
    writeFileSync(join(folder, 'parts/shared.tower'), 'features { a : id(dim: 4) }\n');
    const text = 'use "parts/shared.tower"\ngroup g = a\n';
    session.put(TextDocument.create(uri, 'tower', 1, text));
    const first = session.facts(path);
    expect(session.facts(path)).toBe(first);
    expect(first?.checked.diagnostics).toEqual([]);
    const shared = pathToFileURL(join(folder, 'parts/shared.tower')).href;
    session.put(TextDocument.create(shared, 'tower', 1, 'features { bravo : id(dim: 4) }\n'));
    expect(session.facts(path)?.checked.diagnostics.map(({ code }) => code)).toContain('unknown-name');
    session.remove(shared);
    expect(session.facts(path)?.checked.diagnostics).toEqual([]);
  });

  it('uses no file that a link leads to out of the project, until that file is open', () => {
    const [session, other] = [new EditorSession(nodeHost()), join(temporaryFolder(), 'other.tower')];
    writeFileSync(other, 'features { a : id(dim: 4) }\n');
    symlinkSync(other, join(folder, 'out.tower'));
    const codes = (): string[] => session.facts(path)!.checked.diagnostics.map(({ code }) => code);
    session.put(TextDocument.create(uri, 'tower', 1, 'use "out.tower"\ngroup g = a\n'));
    expect(codes()).toEqual(['use-outside']);
    const out = pathToFileURL(join(folder, 'out.tower')).href;
    session.put(TextDocument.create(out, 'tower', 1, 'features { a : id(dim: 4) }\n'));
    expect(codes()).toEqual([]);
  });
});
