/** What an address shows, and the words for what a server refuses, without a server. */
import { DatabaseError } from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { databaseAddress, isLost, serverFailure } from '../../../src/plugins/postgres/reasons.ts';

afterEach(() => vi.unstubAllEnvs());

it('shows an address without its password and its options', () => {
  vi.stubEnv('PGUSER', 'ann');
  vi.stubEnv('PGHOST', '');
  vi.stubEnv('PGPORT', '');
  vi.stubEnv('PGDATABASE', '');
  const shown = (text: string): string => databaseAddress(text).shown;
  expect(shown('postgres://tower:hunter2@db.example.org:6432/shop?options=-c%20x%3Dhunter2')).toBe(
    'postgres://tower@db.example.org:6432/shop',
  );
  expect(shown('postgresql://db.example.org/shop?password=hunter2')).toBe('postgres://ann@db.example.org:5432/shop');
  expect(shown('postgres://tower:hunter2@/shop?host=/run/postgresql')).toBe(
    'postgres://tower@/shop?host=/run/postgresql&port=5432',
  );
  expect(shown('postgres:///shop')).toBe('postgres://ann@127.0.0.1:5432/shop');
});

const address = databaseAddress('postgres://tower:hunter2@h/d');
const fromServer = (code: string): DatabaseError => Object.assign(new DatabaseError('hm', 2, 'error'), { code });

it.each([
  ['0A000', 'the extension `vector` is not installed on the server', false],
  ['42501', 'the user may not do that', false],
  ['53100', 'the disk of the server is full', false],
  ['57014', 'the server took too long', false],
  ['57P01', 'the server is starting or stopping', true],
  ['57P03', 'the server is starting or stopping', true],
  ['08006', 'the connection was lost', true],
  ['25006', 'the server is read-only', false],
  ['XX000', 'the server says: hm', false],
])('words %s of the server', (code, words, lost) => {
  const failed = serverFailure(fromServer(code), address);
  expect((failed as Failure).message).toBe(`the database postgres://tower@h:5432/d cannot be used: ${words}`);
  expect(isLost(fromServer(code))).toBe(lost);
});

it('words errors of the client, and passes errors of ours', () => {
  const words = (error: Error): string => (serverFailure(error, address) as Error).message.split('used: ')[1] ?? '';
  expect(words(new Error('Connection terminated unexpectedly'))).toBe('the connection was lost');
  expect(words(new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'))).toBe(
    'the password is missing or is another one',
  );
  expect(words(new Error('timeout exceeded when trying to connect'))).toBe('the host does not answer');
  expect(words(new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]))).toBe(
    'nothing listens there',
  );
  const own = new TypeError('x is undefined');
  expect(serverFailure(own, address)).toBe(own);
  expect(serverFailure(new Failure([]), address)).toBeInstanceOf(Failure);
});
