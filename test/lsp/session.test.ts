/** An editor's session, which remembers, says after each keystroke what `tower check` would say. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { toJson } from '../../src/diagnostics/json.ts';
import { inlaysIn } from '../../src/language/inlay.ts';
import { nodeHost } from '../../src/lsp/hosts/node.ts';
import { Session } from '../../src/lsp/session.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';
import { edit, pick, randomOf } from '../fuzz/edits.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const programs = readdirSync('models')
  .filter((name) => name.endsWith('.tower'))
  .map((name) => readFileSync(`models/${name}`, 'utf8'));

const folder = temporaryFolder();
const path = join(folder, 'model.tower');
const uri = pathToFileURL(path).href;

describe('a session', () => {
  it.each([1, 2, 3, 4])('says the same as a check, whatever is edited: seed %i', (seed) => {
    const random = randomOf(seed);
    let version = 0;
    for (let round = 0; round < 6; round++) {
      const session = new Session(nodeHost());
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
              : edit(last, random);
        texts.push(text);
        session.put(TextDocument.create(uri, 'tower', ++version, text));
        const facts = session.facts(path)!;
        const anew = check(makeSource(path, text), { project: folder });
        expect(toJson(facts.checked.diagnostics), text).toEqual(toJson(anew.diagnostics));
        expect([...facts.checked.resolution.features.keys()]).toEqual([...anew.resolution.features.keys()]);
        expect(facts.checked.shapes?.arrows.length).toBe(anew.shapes?.arrows.length);
        if (anew.model) expect(inlaysIn(facts, 0, text.length).every(({ offset }) => offset <= text.length)).toBe(true);
      }
    }
  });

  it('answers with the same check while nothing changes, and with another once a used file does', () => {
    const session = new Session(nodeHost());
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
    const [session, other] = [new Session(nodeHost()), join(temporaryFolder(), 'other.tower')];
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
