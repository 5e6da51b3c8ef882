/** Every mistake the checker must catch, input next to output; and each fix, applied, removes its mistake. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { applyEdits } from '../../src/diagnostics/fixes.ts';
import { render } from '../../src/diagnostics/render.ts';
import { check } from '../../src/pipeline.ts';
import { parse } from '../../src/syntax/parse.ts';
import { makeSource, type Source } from '../../src/text/source.ts';
import { goldens } from '../golden.ts';

const folder = 'test/model/mistakes';

describe('mistakes', () => {
  goldens(folder, (source) => render(check(source).diagnostics));
});

const occurrences = (source: Source, { code, message }: Diagnostic): number =>
  check(source).diagnostics.filter((other) => other.code === code && other.message === message).length;

describe('every fix removes its mistake and leaves no mistake of syntax', () => {
  const inputs = readdirSync(folder).filter((name) => name.endsWith('.tower'));
  it.each(inputs)('%s', (name) => {
    const source = makeSource(name, readFileSync(join(folder, name), 'utf8'));
    const { diagnostics } = check(source);
    for (const diagnostic of diagnostics) {
      for (const fix of diagnostic.fixes) {
        const fixed = makeSource(name, applyEdits(source, fix));
        const where = `${diagnostic.code}: ${diagnostic.message}\n${fixed.text}`;
        expect(occurrences(fixed, diagnostic), where).toBeLessThan(occurrences(source, diagnostic));
        expect(parse(fixed).diagnostics.length, where).toBeLessThanOrEqual(parse(source).diagnostics.length);
      }
    }
  });
});
