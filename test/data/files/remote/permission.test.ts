import { describe, expect, it, vi } from 'vitest';
import { addressOf, allowedAddresses, folderOfAddress, isAllowed } from '../../../../src/data/files/remote/address.ts';
import { failureOf } from '../../fixture.ts';

const address = (text: string) => addressOf(text) as Exclude<ReturnType<typeof addressOf>, string>;
const may = (text: string, ...allow: string[]): boolean => isAllowed(address(text), allowedAddresses(allow));

describe('an address may be read', () => {
  it('at or below one that is allowed, as far as a `/`', () => {
    expect(may('s3://shop/views/a.parquet', 's3://shop/views/')).toBe(true);
    expect(may('s3://shop/views/a.parquet', 's3://shop/views')).toBe(true);
    expect(may('s3://shop/views/a.parquet', 's3://shop')).toBe(true);
    expect(may('s3://shop/views/a.parquet', 's3://shop/views/a.parquet')).toBe(true);
    expect(may('s3://shop/views/*.parquet', 's3://shop/views/')).toBe(true);
    expect(may('https://example.org/a.csv', 'https://example.org/')).toBe(true);
  });

  it('and no other', () => {
    expect(may('s3://shop/views/a.parquet')).toBe(false);
    expect(may('s3://shop/views/a.parquet', '/data', 'views')).toBe(false);
    expect(may('s3://shop/views-of-others/a.parquet', 's3://shop/views')).toBe(false);
    expect(may('s3://shop/*/a.parquet', 's3://shop/views/')).toBe(false);
    expect(may('s3://shop/vie*', 's3://shop/views/')).toBe(false);
    expect(may('s3://shopping/a.parquet', 's3://shop/')).toBe(false);
    expect(may('gs://shop/a.parquet', 's3://shop/')).toBe(false);
    expect(may('https://example.org.evil.example/a.csv', 'https://example.org/')).toBe(false);
    expect(may('https://example.org:8443/a.csv', 'https://example.org/')).toBe(false);
    expect(may('http://localhost/a.csv', 'https://localhost/')).toBe(false);
  });

  it('where the environment names it, too', () => {
    vi.stubEnv('TOWER_REMOTE', ' s3://shop/views/, gs://other\nhttps://example.org/ ');
    expect(allowedAddresses(['s3://more'])).toEqual([
      's3://more/',
      's3://shop/views/',
      'gs://other/',
      'https://example.org/',
    ]);
    vi.unstubAllEnvs();
  });

  it('but what is allowed is one folder, spelled as addresses are', async () => {
    for (const allow of [
      's3://shop/*',
      's3://*',
      's3://',
      'https://',
      's3://shop/../x',
      'ftp://x/',
      'https://a:b@c/',
    ]) {
      const failed = await failureOf(Promise.resolve().then(() => allowedAddresses([allow])));
      expect(failed.join(), allow).toMatch(/^remote-address /);
      expect(failed.join()).not.toContain('a:b');
    }
  });
});

it('a message proposes the folder', () => {
  expect(folderOfAddress(address('s3://shop/views/a.parquet'))).toBe('s3://shop/views/');
  expect(folderOfAddress(address('s3://shop/views/*/a.parquet'))).toBe('s3://shop/views/');
});
