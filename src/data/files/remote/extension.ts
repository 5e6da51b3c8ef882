/**
 * `httpfs`, the extension of DuckDB that reads object stores. It is DuckDB's own, with DuckDB's signature, which the database checks. It
 * fits one version of the database alone.
 */
import { join } from 'node:path';
import { cacheBase } from '../../../base/storage/package_file.ts';

/** The version of the database and of the extension; see docs/dependencies.md. */
export const duckdbVersion = '1.5.5';

/** The package on PyPI, which holds the file of each platform. */
export const packageName = 'duckdb-extension-httpfs';

export interface Wheel {
  readonly name: string;
  readonly sha256: string;
}

const wheel = (platform: string, sha256: string): Wheel => ({
  name: `duckdb_extension_httpfs-${duckdbVersion}-py3-none-${platform}.whl`,
  sha256,
});

/** By platform and processor, as Node names them. */
export const wheels: Readonly<Record<string, Wheel>> = {
  'linux-x64': wheel('manylinux2014_x86_64', '84913dbe172ccb54368de2c4a020c38ca8b0e76f99df548f7fac37934cc7826f'),
  'linux-arm64': wheel('manylinux2014_aarch64', '567d17e398fc29f7ea4bc42ea277ea19643bd1ad1815f676cb6dd994b50399bb'),
  'darwin-x64': wheel('macosx_11_0_x86_64', '5dc6e48e7a6d4c775d88fcd9b6529b385559600c0cd17a2600addfdd34ae3060'),
  'darwin-arm64': wheel('macosx_11_0_arm64', 'a6d9b245ac83834543354e826020b35b8dba16291bb876b2b00bd49f2c6aeb9d'),
  'win32-x64': wheel('win_amd64', '138fd4368906c04636642023c123bd564d1bd1b9b75cd762f9f9bfad6fccb1ba'),
};

/** The path of the file in its wheel. */
export const memberName = `duckdb_extension_httpfs/extensions/v${duckdbVersion}/httpfs.duckdb_extension`;

export const platform = (): string => `${process.platform}-${process.arch}`;

/** Returns where the set-up puts it. The database knows it by the name of its file. */
export const extensionPath = (): string =>
  join(cacheBase(), `httpfs-${duckdbVersion}-${platform()}`, 'httpfs.duckdb_extension');
