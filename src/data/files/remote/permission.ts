/**
 * Decides which addresses a data block may read. A block may come from a stranger, so its own addresses are never enough: an address lies at
 * or below one that `--allow` or the environment names, as a folder does.
 */
import { failure } from '../../../base/diagnostics/failure.ts';
import { addressOf, type FileAddress, isAddress, withoutSecrets } from './address.ts';

/** Names addresses for programs that nobody gives options to, such as servers: with blanks or commas between them. */
const variable = 'TOWER_REMOTE';

/**
 * Each ends with a `/`.
 * @param allow as `Access` has it: folders are left out
 * @throws Failure `remote-address`
 */
export function allowedAddresses(allow: readonly string[] = []): readonly string[] {
  const environmentAddresses = (process.env[variable] ?? '').split(/[\s,]+/).filter((word) => word !== '');
  return [...allow.filter(isAddress), ...environmentAddresses].map((text) => {
    const address = addressOf(text);
    const reason =
      typeof address === 'string'
        ? address
        : address.fixed === text
          ? undefined
          : 'is a pattern, and what is allowed is a folder';
    if (reason !== undefined) throw failure('remote-address', { path: withoutSecrets(text), reason });
    return text.endsWith('/') ? text : `${text}/`;
  });
}

/** True if a file, or each file that a pattern can fit, lies at or below an allowed address. */
export function isAllowed({ fixed }: Pick<FileAddress, 'fixed'>, allowed: readonly string[]): boolean {
  return allowed.some((folder) => `${fixed}/` === folder || fixed.startsWith(folder));
}

export function folderOfAddress({ text, fixed }: FileAddress): string {
  return fixed === text ? text.slice(0, text.lastIndexOf('/') + 1) : fixed;
}
