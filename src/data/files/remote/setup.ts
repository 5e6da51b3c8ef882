/**
 * Installs the extension that reads object stores: downloads the wheel for this platform from PyPI or another index, verifies a pinned checksum, and
 * extracts one file, atomically.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describeError, Failure, failure } from '../../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeDurably } from '../../../base/storage/durable.ts';
import { readZip } from '../../../base/storage/zip.ts';
import { quoteText } from '../../../base/text/sql.ts';
import { openDatabase } from '../duckdb.ts';
import { withoutSecrets } from './address.ts';
import { duckdbVersion, extensionPath, memberName, packageName, platform, type Wheel, wheels } from './stores.ts';

const subject = `the extension \`httpfs\` of DuckDB ${duckdbVersion}`;
const maxWheelBytes = 100 * 2 ** 20;

/**
 * @param from a local wheel @returns the path of the extension, and whether it was already installed @throws Failure `setup-failed`, `cannot-write`, `cannot-read`
 */
export async function setUpExtension(
  print: (line: string) => void,
  { from }: { readonly from?: string } = {},
): Promise<{ readonly path: string; readonly wasThere: boolean }> {
  const path = extensionPath();
  if (existsSync(path) && (await loadProblem(path)) === undefined) return { path, wasThere: true };
  const wheel = wheels[platform()];
  if (wheel === undefined) {
    const byHand = `copy the files first: there are extensions for ${Object.keys(wheels).join(', ')}`;
    throw failure('setup-failed', { what: subject, reason: `PyPI has none for ${platform()}`, byHand });
  }
  const { bytes, source } =
    from === undefined ? await fetchWheel(wheel, print) : { bytes: await readWheel(from), source: from };
  const refuse = (reason: string): never => {
    const byHand = `fetch ${wheel.name} of ${packageName} yourself, and name it with \`--from FILE\``;
    throw failure('setup-failed', { what: subject, reason: `${source}: ${reason}`, byHand });
  };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== wheel.sha256) refuse(`its SHA-256 is ${sha256}, and not ${wheel.sha256}`);
  const content = readZip(bytes).get(memberName) ?? refuse(`it has no ${memberName}`);
  await makeFolder(dirname(path));
  await writeDurably(path, (sink) => sink.write(content));
  const problem = await loadProblem(path);
  if (problem !== undefined) refuse(`it does not load: ${problem}`);
  return { path, wasThere: false };
}

/** Returns the reason why the database cannot load it; undefined if it can. The database checks the version and the signature. */
async function loadProblem(path: string): Promise<string | undefined> {
  const database = await openDatabase();
  try {
    await database.run(`LOAD ${quoteText(path)}`);
    return undefined;
  } catch (error) {
    database.rethrowUnlessSql(error);
    return describeError(error);
  } finally {
    database.close();
  }
}

async function readWheel(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw failure('cannot-read', { path, reason: describeError(error) });
  }
}

/** Returns the index in the environment variables of pip and uv; the default is PyPI. */
export function indexOf(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return (env.PIP_INDEX_URL || env.UV_DEFAULT_INDEX || env.UV_INDEX_URL || 'https://pypi.org/simple').replace(
    /\/+$/,
    '',
  );
}

async function fetchWheel(wheel: Wheel, print: (line: string) => void): Promise<{ bytes: Buffer; source: string }> {
  const page = `${indexOf()}/${packageName}/`;
  print(`fetching ${wheel.name} from ${withoutSecrets(indexOf())}`);
  const indexPage = (await answerOf(page, page)).toString('utf8');
  const link = [...indexPage.matchAll(/<a\s[^>]*href="([^"]+)"/g)]
    .map(([, href]) => href!.replaceAll('&amp;', '&'))
    .find((href) => decodeURIComponent(href.replace(/[?#].*$/s, '')).endsWith(`/${wheel.name}`));
  if (link === undefined) throw fetchError(page, `it has no ${wheel.name}`);
  const url = new URL(link, page).href;
  return { bytes: await answerOf(url, page), source: withoutSecrets(url) };
}

const fetchError = (url: string, reason: string): Failure =>
  failure('setup-failed', {
    what: subject,
    reason: `${withoutSecrets(url)}: ${reason}`,
    byHand: 'try again where the address answers, or name a wheel that is here with `--from FILE`',
  });

/** @param page the page of the index, whose credentials are sent only to its own host */
async function answerOf(address: string, page: string): Promise<Buffer> {
  const [url, index] = [new URL(address), new URL(page)];
  const credentials = [index.username, index.password].map(decodeURIComponent).join(':');
  const headers: Record<string, string> =
    credentials !== ':' && url.host === index.host
      ? { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
      : {};
  url.username = url.password = '';
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(300_000) });
      if (!response.ok) throw fetchError(address, `it answered with HTTP ${response.status}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      if (bytes.length > maxWheelBytes) throw fetchError(address, 'it is too large');
      return bytes;
    } catch (error) {
      if (error instanceof Failure) throw error;
      const { cause, message, name } = error as Error;
      const reason = name === 'TimeoutError' ? 'no answer in five minutes' : ((cause as Error)?.message ?? message);
      if (attempt === 2 || name === 'TimeoutError') throw fetchError(address, reason);
      await pause(1000);
    }
  }
}
