import { describe, expect, it } from 'vitest';
import { addressOf, isAddress, withoutSecrets } from '../../../../src/data/files/remote/address.ts';

describe('an address', () => {
  it('is of a store, or of a web server', () => {
    for (const [text, scheme, fixed] of [
      ['s3://shop/views/*.parquet', 's3', 's3://shop/views/'],
      ['s3://shop/views/2026-{01,02}/a.parquet', 's3', 's3://shop/views/'],
      ['s3://shop/*', 's3', 's3://shop/'],
      ['gs://my.shop_1/a b#c%20.parquet', 'gs', 'gs://my.shop_1/a b#c%20.parquet'],
      ['https://example.org/a/items.csv', 'http', 'https://example.org/a/items.csv'],
      ['http://127.0.0.1:8080/items.csv', 'http', 'http://127.0.0.1:8080/items.csv'],
    ] as const)
      expect(addressOf(text), text).toEqual({ scheme, text, fixed });
  });

  it('has one spelling, and nothing that could be read in another way', () => {
    for (const [text, reason] of [
      ['ftp://example.org/a.csv', 'begins with none'],
      ['S3://shop/a.parquet', 'begins with none'],
      ['s3://key:secret@shop/a.parquet', 'name of a bucket'],
      ['s3://*/a.parquet', 'name of a bucket'],
      ['s3:///a.parquet', 'name of a bucket'],
      ['s3://shop/../other/a.parquet', '`.` or `..`'],
      ['s3://shop/./a.parquet', '`.` or `..`'],
      ['s3://shop//a.parquet', 'two `/`'],
      ['s3://shop/a.parquet?s3_endpoint=evil.example', 'has a `?`'],
      ['s3://shop/a\\b.parquet', 'has a `\\`'],
      ['s3://shop/a\nb.parquet', 'control character'],
      ['https://user:password@example.org/a.csv', 'a name or a password'],
      ['https://example.org/a.csv?X-Amz-Signature=secret', 'has a `?` or `#`'],
      ['https://example.org/a/../b.csv', 'is to be written https://example.org/b.csv'],
      ['https://example.org/a/%2e%2e/b.csv', 'has an encoded'],
      ['https://example.org/a/..%2fb.csv', 'has an encoded'],
      ['https://EXAMPLE.org/a.csv', 'is to be written https://example.org/a.csv'],
      ['https://example.org\\@evil.example/a.csv', 'is to be written'],
      ['https://example.org/*.csv', 'sign of a pattern'],
      ['http://example.org/a.csv', 'begins with `http://`'],
      ['http://localhost.example.org/a.csv', 'begins with `http://`'],
      ['https://', 'no address of the web'],
    ] as const) {
      const found = addressOf(text);
      expect(typeof found === 'string' ? found : 'accepted', text).toContain(reason);
    }
  });

  it('is no path', () => {
    for (const path of ['a.csv', '/a/b.csv', 'C:/a.csv', 's3:/a', '*://a']) expect(isAddress(path), path).toBe(false);
    for (const path of ['s3://a', 'HTTPS://a', 'hdfs://a/b']) expect(isAddress(path), path).toBe(true);
  });

  it('is shown without what may be a secret', () => {
    expect(withoutSecrets('https://user:pass@word@example.org/a?sig=1#x')).toBe('https://…@example.org/a?…');
    expect(withoutSecrets('s3://shop/a.parquet')).toBe('s3://shop/a.parquet');
  });
});
