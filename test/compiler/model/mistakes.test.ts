/** Every mistake the checker must catch, input next to output; and each fix, applied, removes its mistake. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../../src/base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../../src/base/diagnostics/fixes.ts';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { makeSource, type Source } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import { goldens } from '../../golden.ts';

const folder = 'test/compiler/model/mistakes';

describe('mistakes', () => {
  goldens(folder, (source) => renderDiagnostics(checkSource(source).diagnostics));
});

const occurrences = (source: Source, { code, message }: Diagnostic): number =>
  checkSource(source).diagnostics.filter((other) => other.code === code && other.message === message).length;

describe('every fix removes its mistake and leaves no mistake of syntax', () => {
  const inputs = readdirSync(folder).filter((name) => name.endsWith('.tower'));
  it.each(inputs)('%s', (name) => {
    const source = makeSource(name, readFileSync(join(folder, name), 'utf8'));
    const { diagnostics } = checkSource(source);
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
