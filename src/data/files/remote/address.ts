/**
 * Parses addresses of files: `s3://shop/views/*.parquet`, `gs://shop/items.parquet`, `https://example.org/items.csv`. Only one spelling of each is allowed, so
 * that a comparison of texts decides whether an address is below another, and stores and servers interpret it in the same way.
 */
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import type { DataDescription, DataFile } from '../../../graph/plan/data_description.ts';

export interface FileAddress {
  readonly scheme: Scheme;
  readonly text: string;
  /** The prefix that all matches of a pattern share, up to a `/`; for a single file, its address. */
  readonly fixed: string;
}

/** `http` includes `https`. */
type Scheme = 's3' | 'gs' | 'http';

/** True for an address. A single letter before `:/` is a drive of Windows. */
export function isAddress(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

/** Hides possible secrets: a name with a password, and the query, which contains the signature of a signed link. */
export const withoutSecrets = (text: string): string =>
  text.replace(/^([^/]*:\/\/)[^/]*@/, '$1…@').replace(/[?#].*$/s, '?…');

/** @returns the address, or what is wrong with the text as a predicate, such as `has no bucket` */
export function addressOf(text: string): FileAddress | string {
  if (/^https?:\/\//.test(text)) return webAddress(text);
  const [, scheme, bucket, key] = /^(s3|gs):\/\/([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  if (scheme === undefined) return 'begins with none of `s3://`, `gs://` and `https://`';
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket!)) return 'does not begin with the name of a bucket';
  const keyError = errorInKey(key ?? '');
  if (keyError !== undefined) return keyError;
  const patternStart = text.search(/[*[{]/);
  const fixedPrefix = patternStart === -1 ? text : text.slice(0, text.lastIndexOf('/', patternStart) + 1);
  return { scheme: scheme as Scheme, text, fixed: fixedPrefix };
}

/** Refuses `?`, because the database's readers take settings after it, such as another host. */
function errorInKey(key: string): string | undefined {
  if (key.includes('?')) return 'has a `?`, which begins settings of the database there';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return 'has a `\\` or a control character';
  const parts = key.split('/');
  if (parts.some((part) => part === '.' || part === '..')) return 'has a part `.` or `..`, which names no folder there';
  return parts.slice(0, -1).includes('') ? 'has two `/` after each other' : undefined;
}

function webAddress(text: string): FileAddress | string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'is no address of the web';
  }
  if (url.username !== '' || url.password !== '') return 'has a name or a password, which would be kept with the block';
  if (/[?#]/.test(text)) return 'has a `?` or `#`: a link with a signature would be kept with the block';
  if (/[*[{]/.test(url.pathname) || /[*[{]/.test(text.slice(8)))
    return 'has the sign of a pattern, and a web server does not list its files';
  if (/%(2f|5c|2e|00)/i.test(text)) return 'has an encoded `/`, `\\` or `.`, which servers read in several ways';
  if (url.href !== text) return `is to be written ${url.href}`;
  if (url.protocol === 'http:' && !isOfThisMachine(url.hostname))
    return 'begins with `http://`, which is read from this machine alone: write `https://`';
  return { scheme: 'http', text, fixed: text };
}

const isOfThisMachine = (host: string): boolean =>
  host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';

/** Returns the entries of a data block that are addresses. */
export function remoteEntries({ events, items, users, split }: DataDescription): readonly DataFile[] {
  const partFiles = split.kind === 'files' ? [split.validation, split.test] : [];
  return [events, items, users, ...partFiles].flatMap((file) => (file && isAddress(file.path) ? [file] : []));
}

/** The environment variable that allows addresses, separated by blanks or commas, for programs without options, such as servers. */
const variable = 'TOWER_REMOTE';

/**
 * Returns the addresses below which a data block may read, each with a `/` at its end. A block may come from a stranger, so its own addresses are never
 * allowed by themselves: `--allow` or the environment must name them. @param allow as in `Access`; folders are ignored @throws Failure `remote-address`
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

/** True if a file, or every possible match of a pattern, is at or below an allowed address. */
export const isAllowed = ({ fixed }: Pick<FileAddress, 'fixed'>, allowed: readonly string[]): boolean =>
  allowed.some((folder) => `${fixed}/` === folder || fixed.startsWith(folder));

export const folderOfAddress = ({ text, fixed }: FileAddress): string =>
  fixed === text ? text.slice(0, text.lastIndexOf('/') + 1) : fixed;
