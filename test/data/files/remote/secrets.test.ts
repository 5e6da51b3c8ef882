import { expect, it } from 'vitest';
import { redacted, secretOf } from '../../../../src/data/files/remote/stores.ts';

it('keys go to the database alone, for addresses of their store', () => {
  const env = {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: "it's",
    AWS_SESSION_TOKEN: 't',
    AWS_REGION: 'eu-west-1',
  };
  expect(secretOf('s3', env)).toBe(
    "CREATE OR REPLACE TEMPORARY SECRET tower_s3 (SCOPE 's3://', type 's3', key_id 'id', secret 'it''s', session_token 't', region 'eu-west-1')",
  );
  const google = { ...env, GS_ACCESS_KEY_ID: 'g', GS_SECRET_ACCESS_KEY: 'h' };
  expect(secretOf('gs', google)).toBe(
    "CREATE OR REPLACE TEMPORARY SECRET tower_gs (SCOPE 'gs://', type 'gcs', key_id 'g', secret 'h')",
  );
});

it('another store is reached by its address', () => {
  const sql = (url: string): string => secretOf('s3', { AWS_ENDPOINT_URL: url });
  expect(sql('http://127.0.0.1:9000')).toContain("endpoint '127.0.0.1:9000', use_ssl false, url_style 'path'");
  expect(sql('https://store.example/')).toContain("endpoint 'store.example', use_ssl true, url_style 'path'");
  expect(secretOf('s3', { AWS_ENDPOINT_URL: 'https://a', AWS_ENDPOINT_URL_S3: 'https://b' })).toContain("endpoint 'b'");
  for (const wrong of ['https://user:secret@store.example', 'https://store.example/path', 'https://', 'two words'])
    expect(() => sql(wrong), wrong).toThrow(/is no address of a store/);
  expect(() => sql('https://user:secret@store.example')).not.toThrow(/secret/);
});

it('no message holds them', () => {
  const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'hunter2' };
  expect(redacted("AKID was refused: hunter2, at 'http://user:pass@proxy:1/'", env)).toBe(
    "… was refused: …, at 'http://…@proxy:1/'",
  );
});
