/** Who may ask: a bearer token, and addresses that only this machine reaches. */
import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in a time that says nothing about the token. */
export function makeTokenCheck(token: string): (header: string | undefined) => boolean {
  const own = digest(token);
  return (header) => {
    const given = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), own);
  };
}

/** Why a text cannot be a token, or undefined. RFC 6750 names the characters. */
export function tokenComplaint(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (!/^[\w.~+/-]+=*$/.test(token)) return 'has characters that no header can hold';
  return token.length < 16 ? `has ${token.length} characters, which can be guessed` : undefined;
}

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
