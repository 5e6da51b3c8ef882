import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import setUp from '../../../scripts/requirements/usearch/package.json' with { type: 'json' };
import { loadUsearch, usearchVersion } from '../../../src/serving/ann/graph.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

describe('usearch', () => {
  it('is an optional peer of one version, and the command that installs it has that version', () => {
    expect(packageJson.peerDependencies.usearch).toBe(usearchVersion);
    expect(packageJson.peerDependenciesMeta.usearch).toEqual({ optional: true });
    expect(setUp.dependencies).toEqual({ usearch: usearchVersion });
    expect(packageJson).not.toHaveProperty('devDependencies.usearch');
  });

  it('is missing in a line with the command that installs it', () => {
    expect(() => loadUsearch('usearch-that-nobody-has')).toThrow(/a graph needs usearch, which is not installed/);
  });

  it('does not load in a line with the reason', () => {
    const file = join(temporaryFolder(), 'usearch.cjs');
    writeFileSync(file, "throw new Error('no binary for this machine\\nand more');");
    expect(() => loadUsearch(file)).toThrow(/usearch does not load: no binary for this machine/);
  });
});
