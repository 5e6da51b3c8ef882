/** Checks who may ask: a bearer token, or a request that this machine made to itself. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in a time that says nothing about the token. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const ownDigest = digest(token);
  return (header) => {
    const bearerToken = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    return bearerToken !== undefined && timingSafeEqual(digest(bearerToken), ownDigest);
  };
}

/** Says why a text cannot be a token; undefined if it can. RFC 6750 names the characters. */
export function tokenComplaint(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (!/^[\w.~+/-]+=*$/.test(token)) return 'has characters that no header can hold';
  return token.length < 16 ? `has ${token.length} characters, which can be guessed` : undefined;
}

/** True if only this machine reaches an address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** Reads the name in `localhost:8321`, `[::1]:8321` or `http://127.0.0.1:8321`; undefined if there is none. */
export function hostNameIn(text: string): string | undefined {
  const url = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.*)\]$/, '$1') : undefined;
}

/**
 * Returns whether a server without a token answers for the name in a header `Host`. It listens on loopback alone, but a page of another site can have its own
 * name resolved to this machine, and would then read every answer: the browser sends that name.
 */
export function makeHostCheck(allowed: readonly string[]): (header: string) => boolean {
  const names = new Set(allowed.map((name) => hostNameIn(name) ?? name));
  return (header) => {
    const name = hostNameIn(header);
    return name !== undefined && (isLoopback(name) || names.has(name));
  };
}

const passedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** True if a request comes from this machine: from no proxy, which passes on requests of others, and from no page of another site. */
export function isLocal({ headers, ip }: Pick<FastifyRequest, 'headers' | 'ip'>): boolean {
  if (passedOn.some((name) => headers[name] !== undefined) || !isLoopback(ip.replace(/^::ffff:/, ''))) return false;
  return [headers.host ?? '', headers.origin ?? 'localhost'].every((text) => isLoopback(hostNameIn(text) ?? ''));
}
