/**
 * Decides which SQL a data block may contain: one expression over its own rows. DuckDB parses the text, and only nodes in the lists below are allowed in the
 * tree. The settings of the database refuse files as well: see `duckdb.ts`.
 */
import { quoteText } from '../../base/text/sql.ts';
import { type Database, enclose } from '../files/duckdb.ts';
import type { Role } from '../files/find_files.ts';
import { parseJsonText } from '../files/records/line_records.ts';

/** Expressions that compute a value from one row, from a window of rows, or by a query. */
const EXPRESSIONS: ReadonlySet<string> = new Set(
  'BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR SUBQUERY WINDOW'.split(
    ' ',
  ),
);

/** Nodes that are only meaningful inside a query: `*` stands for several columns, and `#1` for a column by position. */
const INSIDE_QUERIES: ReadonlySet<string> = new Set(['STAR', 'POSITIONAL_REFERENCE']);

/** Parts of a query that are not expressions. */
const QUERY_PARTS: ReadonlySet<string> = new Set(
  `BASE_TABLE DISTINCT_MODIFIER EMPTY EXPRESSION_LIST JOIN LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_ASCENDING
  ORDER_DEFAULT ORDER_DESCENDING ORDER_MODIFIER ASCENDING DESCENDING SELECT_NODE SET_OPERATION_NODE SUBQUERY
  TABLE_FUNCTION`.split(/\s+/),
);

const TABLES: ReadonlySet<string> = new Set<Role>(['events', 'items', 'users']);

/** Table functions that turn their arguments into rows and read nothing else. */
const ROW_MAKERS: ReadonlySet<string> = new Set(['generate_series', 'json_each', 'json_tree', 'range', 'unnest']);

/** Functions whose arguments determine the length of their value. As table functions they return rows, between which the database can be interrupted. */
const LENGTHENERS: ReadonlySet<string> = new Set(
  'array_resize generate_series list_resize lpad range repeat rpad'.split(' '),
);

/** Functions that return a row for each element of a list. Outside of a query they would duplicate or drop rows of the file. */
const SEVERAL_ROWS: ReadonlySet<string> = new Set(['generate_subscripts', 'regexp_split_to_table', 'unlist', 'unnest']);

/**
 * Functions whose value depends on more than their arguments: settings, the catalog, sequences, the query itself, the log. Table functions need no list,
 * because only `ROW_MAKERS` may run. A test compares both lists with all functions of DuckDB.
 */
const READERS: ReadonlySet<string> = new Set(
  `current_catalog current_connection_id current_database current_query current_query_id current_role current_schema
  current_schemas current_setting current_transaction_id current_user currval col_description format_pg_type
  format_type get_block_size getenv getvariable in_search_path json_deserialize_sql json_execute_serialized_sql
  json_serialize_plan json_serialize_sql map_to_pg_oid nextval obj_description session_user setseed shobj_description
  sleep_ms stats txid_current user variable vector_type version write_log`.split(/\s+/),
);

const READER_FAMILIES =
  /^(__internal_|duckdb_|has_\w+_privilege$|inet_|parquet_|pg_|pragma_|query|read_|sniff_|which_)/;

/** True if an expression may call a function. Unknown names are allowed, because DuckDB reports them. */
export function isCallable(name: string): boolean {
  const lower = name.toLowerCase();
  return !READERS.has(lower) && !READER_FAMILIES.test(lower) && lower !== 'glob';
}

/** Returns the reason why an expression may not run, in words that follow a colon; undefined if it may. @throws Error of DuckDB's parser for invalid SQL */
export async function refusalOf(database: Database, expression: string): Promise<string | undefined> {
  // DuckDB would ignore everything after a zero byte.
  if (expression.includes('\0')) return 'it contains a zero byte';
  // It must be the same expression alone and within parentheses: `1) + (2` is an expression only within them, `ALL a` only alone.
  const aloneTree = await parse(database, expression);
  const refusal = typeof aloneTree === 'string' ? aloneTree : refusalOfTree(aloneTree);
  if (refusal !== undefined) return refusal;
  const enclosedTree = await parse(database, enclose(expression));
  if (JSON.stringify(enclosedTree, withoutLocations) !== JSON.stringify(aloneTree, withoutLocations))
    return 'it is not one expression';
  return undefined;
}

/** Says what an expression reads in addition to the columns that it names. */
export interface ReadsOfExpression {
  readonly tables: readonly Role[];
  /** True if it may read columns without naming them: `*`, `#1`, a whole row, a natural join, a renamed table. */
  readonly readsUnnamed: boolean;
  /** True if its value depends on other rows, through a window. */
  readonly usesWindows: boolean;
  /** The rows after its own that it reads, through a window or a query of the events: later ones in an order, or all. Absent: none. */
  readonly rowsBeyond?: RowsBeyondOwn;
  /** Names of the columns that it reads of its own row, in lower case. */
  readonly ownColumns: readonly string[];
  /** True if a number may determine the length of a value. Such a value may never end, and the database cannot be interrupted within it. */
  readonly mayBeEndless: boolean;
}

/** Rows that are not known when an event happens. */
type RowsBeyondOwn = 'later' | 'all';

/** @throws Error of DuckDB's parser for invalid SQL */
export async function findReads(database: Database, expression: string): Promise<ReadsOfExpression> {
  const tables = new Set<Role>();
  const tableAliases = new Set<string>(TABLES);
  const names: string[] = [];
  let isUnnamed = false;
  let hasWindows = false;
  let isEndless = false;
  let beyond: RowsBeyondOwn | undefined;
  const ownColumns = new Set<string>();
  const visit = (node: unknown, isOwnRow = true): void => {
    if (node === null || typeof node !== 'object') return;
    const { class: nodeClass, type, ref_type, table_name, alias, column_names, column_name_alias } = node as SqlNode;
    if (nodeClass === 'CONSTANT') return;
    if (nodeClass === 'WINDOW') hasWindows = true;
    if (nodeClass === 'WINDOW') beyond ??= rowsReadByWindow(node as SqlNode);
    if (nodeClass === 'SUBQUERY') beyond ??= readsAllEvents(node as SqlNode) ? 'all' : undefined;
    if (nodeClass === 'STAR' || nodeClass === 'POSITIONAL_REFERENCE' || ref_type === 'NATURAL') isUnnamed = true;
    if (nodeClass === 'COLUMN_REF') {
      const name = String((column_names as readonly unknown[]).at(-1)).toLowerCase();
      names.push(name);
      if (isOwnRow) ownColumns.add(name);
    }
    if (type === 'BASE_TABLE') {
      tables.add(String(table_name).toLowerCase() as Role);
      tableAliases.add(String(alias).toLowerCase());
      if ((column_name_alias as readonly unknown[]).length > 0) isUnnamed = true;
    }
    if (nodeClass === 'FUNCTION') isEndless ||= LENGTHENERS.has(String((node as SqlNode).function_name).toLowerCase());
    // The arguments of a table function are values, but the function itself is none.
    const parts = type === 'TABLE_FUNCTION' ? [((node as SqlNode).function as SqlNode).children] : Object.values(node);
    const staysOnOwnRow =
      isOwnRow && nodeClass !== 'SUBQUERY' && !(nodeClass === 'WINDOW' && leavesOwnRow(node as SqlNode));
    for (const part of parts) visit(part, staysOnOwnRow);
  };
  visit(await parse(database, expression));
  return {
    tables: [...tables],
    readsUnnamed: isUnnamed || names.some((name) => tableAliases.has(name)),
    usesWindows: hasWindows,
    mayBeEndless: isEndless,
    ownColumns: [...ownColumns],
    rowsBeyond: beyond,
  };
}

/** Functions of a window that depend on the number of its rows, in whatever order. */
const WHOLE_WINDOWS: ReadonlySet<string> = new Set(['WINDOW_NTILE', 'WINDOW_PERCENT_RANK', 'WINDOW_CUME_DIST']);

/** Returns which rows after its own a window reads. In a descending order these are the rows in front of it. */
function rowsReadByWindow({ type, orders, start, end }: SqlNode): RowsBeyondOwn | undefined {
  const [order] = orders as readonly SqlNode[];
  if (order === undefined || WHOLE_WINDOWS.has(String(type))) return 'all';
  const isDescending = order.type === 'DESCENDING';
  if (type === 'WINDOW_LEAD' || type === 'WINDOW_LAG')
    return (type === 'WINDOW_LEAD') === isDescending ? undefined : 'later';
  const edges = `${String(start)} ${String(end)}`;
  if (edges === 'UNBOUNDED_PRECEDING UNBOUNDED_FOLLOWING') return 'all';
  return edges.includes(isDescending ? 'PRECEDING' : 'FOLLOWING') ? 'later' : undefined;
}

/** True if a window reads nothing of its own row. */
const leavesOwnRow = ({ type, end }: SqlNode): boolean =>
  type === 'WINDOW_LEAD' || type === 'WINDOW_LAG' || String(end).includes('EXPR_PRECEDING');

/** True if a query reads the events without a comparison of their order. */
function readsAllEvents(query: SqlNode): boolean {
  const text = JSON.stringify(query);
  return /"table_name":"events"/i.test(text) && !/COMPARE_(LESS|GREATER)THAN/.test(text);
}

type SqlNode = Readonly<Record<string, unknown>>;

/** Parses `SELECT expression`. Returns a reason if there is no tree. */
async function parse(database: Database, expression: string): Promise<SqlNode | string> {
  const [row] = await database.rows(`SELECT json_serialize_sql(${quoteText(`SELECT ${expression}\n`)}) AS tree`);
  // DuckDB writes a number such as 1e400 as `Infinity`.
  const answer = parseJsonText(String(row!.tree)) as SqlNode;
  if (answer.error !== false) {
    if (answer.error_type === 'not implemented') return 'it contains a statement, and only an expression may run';
    throw new Error(String(answer.error_message));
  }
  const statements = answer.statements as readonly SqlNode[];
  return statements.length === 1 ? (statements[0]!.node as SqlNode) : 'it contains several statements';
}

/** Drops locations, which differ between both parses of an expression. */
const withoutLocations = (key: string, value: unknown): unknown => (key === 'query_location' ? undefined : value);

function refusalOfTree(select: SqlNode): string | undefined {
  const list = (select.select_list ?? []) as readonly SqlNode[];
  const isBare =
    select.type === 'SELECT_NODE' &&
    (select.modifiers as readonly unknown[]).length === 0 &&
    (select.from_table as SqlNode).type === 'EMPTY' &&
    ['where_clause', 'having', 'qualify', 'sample'].every(
      (part) => select[part] === null || select[part] === undefined,
    ) &&
    ((select.group_expressions ?? []) as readonly unknown[]).length === 0;
  if (!isBare) return 'it is a query, and only an expression may run: put a query in parentheses';
  if (list.length !== 1) return `it gives ${list.length} values, and a column has one`;
  if (list[0]!.alias !== '') return 'it names its value with AS: the name of the entry is the name';
  return nodeRefusal(select, false);
}

/** @param inQuery true if the node is inside a query of the expression */
function nodeRefusal(node: unknown, inQuery: boolean): string | undefined {
  if (Array.isArray(node)) return firstRefusal(node, inQuery);
  if (node === null || typeof node !== 'object') return undefined;
  const { class: nodeClass, type } = node as SqlNode;
  const ownRefusal =
    typeof nodeClass === 'string'
      ? refusalOfExpression(node as SqlNode, nodeClass, inQuery)
      : typeof type === 'string'
        ? refusalOfQueryPart(node as SqlNode, type)
        : undefined;
  // A constant contains no nodes.
  if (ownRefusal !== undefined || nodeClass === 'CONSTANT') return ownRefusal;
  return firstRefusal(Object.values(node), inQuery || nodeClass === 'SUBQUERY');
}

function firstRefusal(nodes: readonly unknown[], inQuery: boolean): string | undefined {
  for (const node of nodes) {
    const refusal = nodeRefusal(node, inQuery);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusalOfExpression(node: SqlNode, nodeClass: string, inQuery: boolean): string | undefined {
  if (!EXPRESSIONS.has(nodeClass) && !(inQuery && INSIDE_QUERIES.has(nodeClass))) {
    return nodeClass === 'STAR'
      ? '`*` and COLUMNS give several values'
      : `${sqlKeyword(nodeClass)} may not be part of an expression`;
  }
  if (nodeClass !== 'FUNCTION' && nodeClass !== 'WINDOW') return undefined;
  const name = String(node.function_name);
  if (!isCallable(name)) return `the function \`${name}\` reads more than its arguments`;
  if (!inQuery && SEVERAL_ROWS.has(name.toLowerCase())) return `the function \`${name}\` gives several rows for one`;
  const catalog = String(node.catalog ?? '');
  const schema = String(node.schema ?? '');
  return catalog === '' && (schema === '' || schema === 'main')
    ? undefined
    : `the function \`${name}\` is called in a schema: write its name alone`;
}

function refusalOfQueryPart(node: SqlNode, type: string): string | undefined {
  // The structure of a type: `STRUCT(name VARCHAR)`.
  if (type.endsWith('_TYPE_INFO')) return undefined;
  if (!QUERY_PARTS.has(type)) return `${sqlKeyword(type)} may not be part of an expression`;
  if (type === 'BASE_TABLE') {
    const isOwnTable = TABLES.has(String(node.table_name).toLowerCase());
    const isQualified = node.schema_name !== '' || node.catalog_name !== '' || (node.at_clause ?? null) !== null;
    return isOwnTable && !isQualified
      ? undefined
      : `a query may read \`events\`, \`items\` and \`users\`, and not \`${String(node.table_name)}\``;
  }
  if (type === 'TABLE_FUNCTION') {
    const name = String((node.function as SqlNode).function_name);
    return ROW_MAKERS.has(name.toLowerCase()) ? undefined : `a query may not read from the function \`${name}\``;
  }
  const namedQueries = (node.cte_map as { readonly map?: readonly unknown[] } | undefined)?.map ?? [];
  return namedQueries.length === 0 ? undefined : 'WITH may not be part of an expression';
}

/** Returns the SQL keyword for a class of nodes: SHOW for `SHOW_REF`. */
const sqlKeyword = (nodeClass: string): string => nodeClass.replace(/_(REF|NODE)$/, '').replaceAll('_', ' ');
