/**
 * A request that one read of a connection brought whole, and nothing with it: most are. Everything that could be understood in two ways, and what a client
 * seldom sends, is none, and Node.js reads it: then a mistake here cannot take the end of one request for the start of another (RFC 9112, 11.2).
 */

export interface WholeRequest {
  readonly method: string;
  readonly url: string;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Bytes of a request that may be whole. */
const most = 16_384;

export function wholeRequestIn(bytes: Buffer): WholeRequest | undefined {
  if (bytes.length > most) return undefined;
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const [, method, url] = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1$/.exec(first) ?? [];
  if (method === undefined || url === undefined) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, written, value] = /^([\w-]+): ?([!-~](?:[ -~]*[!-~])?)$/.exec(line) ?? [];
    const name = written?.toLowerCase();
    if (name === undefined || value === undefined || headers.has(name) || seldom.has(name)) return undefined;
    headers.set(name, value);
  }
  if (!headers.has('host') || (headers.get('connection') ?? 'keep-alive') !== 'keep-alive') return undefined;
  const length = headers.get('content-length') ?? (method === 'GET' ? '0' : '');
  if (!/^\d{1,5}$/.test(length) || end + 4 + Number(length) !== bytes.length) return undefined;
  return { method, url, headers };
}

/** Headers that change where a request ends, or what is done with its connection: Node.js reads `proxy-connection` as `connection`. */
const seldom: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'te',
  'trailer',
  'expect',
  'upgrade',
  'proxy-connection',
]);
