/** Indexes of items in PostgreSQL, for `tower index --to postgres://…` and `serve --index`. */
import { defaultTable, type IndexTarget, measured } from '../../app/api/index_items.ts';
import { openPostgres } from './search_postgres.ts';
import { checkServer, writeIndex as writeDatabase } from './write_postgres.ts';

export const checkTarget: IndexTarget['checkTarget'] = ({ to, table = defaultTable }) => checkServer(to, table);

export const writeIndex: IndexTarget['writeIndex'] = async (run, request) => {
  const { to, table: name = defaultTable, recall = 0.99, half = false, dropOlder = false, onProgress } = request;
  const { snapshot, truth } = await measured(run, request);
  const options = { name, recall, half, dropsOlder: dropOlder, onProgress };
  const { address, row, dropped } = await writeDatabase(to, snapshot, truth, options);
  const { table, settings, certificate } = row;
  return { to: address, table, items: row.items, settings: { ...settings }, certificate, dropped };
};

export const openIndex: IndexTarget['openIndex'] = async (to, snapshot, { table: name = defaultTable }) => {
  const index = await openPostgres(to, snapshot, { name });
  return { snapshot: { ...snapshot, index }, address: index.address, close: index.close };
};
