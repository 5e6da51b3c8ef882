/** `tower init` on folders of tables as they lie about: each ends in the right project, in a question, or in a refusal with a reason. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../temporary_folder.ts';
import { auditFolders } from './corpus/audit.ts';
import { verdictOn } from './corpus/judge.ts';
import { tuningFolders } from './corpus/tuning.ts';

const allFolders = [...auditFolders, ...tuningFolders];

describe.each(['answered', 'yes'] as const)('the corpus, %s', (way) => {
  it.each(allFolders.map((folder) => [folder.name, folder] as const))('%s', async (_, folder) => {
    const verdict = await verdictOn(folder, way, temporaryFolder('tower-corpus-'));
    const isRight = verdict === 'right' && !('refused' in folder.right);
    const isGood = isRight || /^(asked|refused): /.test(verdict);
    expect(isGood, verdict).toBe(true);
  });
});
