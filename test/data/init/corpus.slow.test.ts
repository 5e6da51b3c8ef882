/** `tower init` on folders of tables as they lie about: each ends in the right project, in a question, or in a refusal with a reason. */
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../temporary_folder.ts';
import { auditFolders } from './corpus/audit.ts';
import { verdictOn } from './corpus/judge.ts';
import { tuningFolders } from './corpus/tuning.ts';
import { unseenFolders } from './corpus/unseen.ts';

const allFolders = [...auditFolders, ...tuningFolders, ...unseenFolders];

/** Folders that end otherwise, by the beginning of their names. A folder that is right again has to leave the list. */
const missed: Readonly<Record<'answered' | 'yes', readonly RegExp[]>> = {
  // Each order has a customer of its own, and a third file says which of them are one person.
  answered: [/^Olist/],
  // Refused, though a person who is asked can say what the columns are.
  yes: [/^Olist/, /as of Matomo$/],
};

describe.each(['answered', 'yes'] as const)('the corpus, %s', (way) => {
  it.each(allFolders.map((folder) => [folder.name, folder] as const))('%s', async (_, folder) => {
    const verdict = await verdictOn(folder, way, temporaryFolder('tower-corpus-'));
    const isRight = verdict === 'right' && !('refused' in folder.right);
    const isGood = isRight || /^(asked|refused): /.test(verdict);
    expect(isGood, verdict).toBe(!missed[way].some((form) => form.test(folder.name)));
  });
});
