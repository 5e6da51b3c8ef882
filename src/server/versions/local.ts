/**
 * Whether a request comes from this machine, and from no page of a browser there. Without a token the server listens on loopback alone; what is left are
 * proxies, which pass on requests of others, and names of other sites that resolve to this machine.
 */
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../token.ts';

const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

export function isLocal({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): boolean {
  if (passedOn.some((name) => headers[name] !== undefined) || !isLoopback(ip.replace(/^::ffff:/, ''))) return false;
  const names = [hostIn(headers.host), headers.origin === undefined ? 'localhost' : hostIn(headers.origin)];
  return names.every((name) => name !== undefined && isLoopback(name));
}

/** Of `localhost:8321`, `[::1]:8321` or `http://127.0.0.1:8321`. */
function hostIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : undefined;
}
