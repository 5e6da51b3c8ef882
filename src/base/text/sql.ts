/** Writes names and texts of SQL. */

/** SQL words that must be quoted as names of columns: those of DuckDB that are not in its category `unreserved`. */
const reservedWords: ReadonlySet<string> = new Set(
  `all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit boolean both by case cast char
  character check coalesce collate collation column columns concurrently constraint create cross dec decimal default deferrable desc describe
  distinct do else end except exists extract false fetch float for foreign freeze from full generated glob group grouping grouping_id having
  ilike in initially inner inout int integer intersect interval into is isnull join lambda lateral leading left like limit map national natural
  nchar none not notnull null nullif numeric offset on only or order out outer overlaps overlay pivot pivot_longer pivot_wider placing position
  positional precision primary qualify real references returning right row select semi setof show similar smallint some struct substring
  summarize symmetric table tablesample then time timestamp to trailing treat trim true try_cast union unique unpack unpivot using values
  varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
  xmlserialize xmltable user current_user session_user events items users`.split(/\s+/),
);

/** Quotes a name only where SQL needs it, because people read and edit the SQL of a data block. */
export const quoteSqlName = (name: string): string =>
  /^[A-Za-z_]\w*$/.test(name) && !reservedWords.has(name.toLowerCase()) ? name : quoteName(name);

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
