/** Binds expressions or column names to columns of the files, by DuckDB queries of tables that have the same columns but no values. */
import type { Facts } from '../../base/diagnostics/codes.ts';
import { type Diagnostic, diagnose, failure } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import type { Span } from '../../base/text/source.ts';
import { quoteName, quoteSqlName } from '../../base/text/sql.ts';
import type { DataSource } from '../files/data_source.ts';
import { type Database, elementOf, enclose, isList, isNumber, sqlReason } from '../files/duckdb.ts';
import type { Role } from '../files/find_files.ts';
import type { BoundColumn, ColumnKind } from './data_layout.ts';
import { findReads, refusalOf } from './expression.ts';

export interface ColumnRequestText {
  /** The kind of column in messages: feature, label, key, … */
  readonly what: string;
  readonly name: string;
  /** Absent if the column is a file's own column of that name. */
  readonly expression?: string;
  readonly kind: ColumnKind;
  /** Tables for the expression, in order of preference. */
  readonly scopes: readonly (readonly Role[])[];
  readonly span: Span;
}

export type BindResult = { readonly column: BoundColumn } | { readonly diagnostic: Diagnostic };

export interface Binder {
  /** The sources after binding. A column that an expression needs as text is then a text. */
  readonly sources: ReadonlyMap<Role, DataSource>;
  bind(request: ColumnRequestText): Promise<BindResult>;
}

/** Timeout of an expression for its one row, in milliseconds, so that a check always ends. */
const maxMilliseconds = 20_000;

export async function makeBinder(
  database: Database,
  described: ReadonlyMap<Role, DataSource>,
  maxDuration: number = maxMilliseconds,
): Promise<Binder> {
  const sources = new Map(described);
  for (const source of sources.values()) await createEmptyTable(database, source);
  const tables: BindTables = { database, sources, maxDuration };
  return { sources, bind: (request) => bind(tables, request) };
}

interface BindTables {
  readonly database: Database;
  readonly sources: Map<Role, DataSource>;
  readonly maxDuration: number;
}

async function bind(tables: BindTables, request: ColumnRequestText): Promise<BindResult> {
  const { database, sources } = tables;
  const scopes = request.scopes.filter((scope) => scope.every((role) => sources.has(role)));
  const columnExpression = request.expression && asColumn(request.expression, sources);
  const expression = columnExpression ?? quoteName(request.name);
  const refusal =
    columnExpression === undefined ? undefined : await rejectForbiddenSql(tables, columnExpression, request.span);
  if (refusal !== undefined) return { diagnostic: refusal };
  const reads = columnExpression === undefined ? undefined : await findReads(database, columnExpression);
  let problem: unknown;
  for (const scope of scopes) {
    const bare = bareColumn(expression, scope, sources);
    if (columnExpression === undefined && bare === undefined) continue;
    let type: string;
    try {
      type = await typeOf(tables, expression, scope, request.span, reads?.mayBeEndless);
    } catch (error) {
      database.rethrowUnlessSql(error);
      // Prefers the error of tables that have all the names.
      if (problem === undefined || isUnknownNameError(problem)) problem = error;
      continue;
    }
    const column: BoundColumn = {
      name: request.name,
      sql: expression,
      scope,
      role: scope.includes('events') ? 'events' : scope[0]!,
      kind: request.kind,
      type,
      bare,
      reads,
    };
    const typeError = typeErrorOf(column, bare === undefined ? undefined : sources.get(scope[0]!), request.expression);
    return typeError === undefined ? { column } : { diagnostic: diagnose('column-type', request.span, typeError) };
  }
  const diagnostic =
    problem === undefined
      ? unfedColumn(request, scopes, sources)
      : sqlErrorDiagnostic(problem, request.span, sources, [...new Set(scopes.flat())]);
  return { diagnostic };
}

/** Quotes an expression that is only the name of a column: `at` and `order` are keywords of SQL, `release date` has a blank, and `events.at` has a table. */
function asColumn(expression: string, sources: ReadonlyMap<Role, DataSource>): string {
  const text = expression.trim();
  for (const { role, columns } of sources.values()) {
    const prefix = text.toLowerCase().startsWith(`${role}.`) ? `${role}.` : '';
    const column = columns.find(({ name }) => isSameName(name, text.slice(prefix.length).trim()));
    if (column !== undefined) return `${prefix}${quoteName(column.name)}`;
  }
  return expression;
}

async function rejectForbiddenSql(
  { database, sources }: BindTables,
  expression: string,
  span: Span,
): Promise<Diagnostic | undefined> {
  try {
    const reason = await refusalOf(database, expression);
    return reason === undefined ? undefined : diagnose('sql-refused', span, { reason });
  } catch (error) {
    database.rethrowUnlessSql(error);
    return sqlErrorDiagnostic(error, span, sources);
  }
}

async function typeOf(
  tables: BindTables,
  expression: string,
  scope: readonly Role[],
  span: Span,
  endless = false,
): Promise<string> {
  const { database, maxDuration } = tables;
  const reason = `one row of it takes longer than ${maxDuration / 1000} seconds`;
  const limit = { milliseconds: maxDuration, reason: failure('sql-fails', { reason }, span) };
  // With a row id in the query an aggregate fails, and the row count shows if an expression returns several rows.
  const query = `SELECT ${enclose(expression)}, ${scope[0]}.rowid FROM ${scope.join(', ')}`;
  const readShape = async () => {
    if (!endless) return database.resultShape(query, limit);
    // DuckDB would compute the list that these functions sort while it plans the query.
    if (/\b(list|array)_(reverse_)?(sort|grade_up)\b/i.test(expression))
      throw new Error('it sorts a list that `range`, `repeat` or the like makes, which may never end');
    // A query cannot be interrupted within a value, so this one is planned but not run.
    const [description] = await database.rows(`DESCRIBE ${query}`);
    return { types: [String(description!.column_type)], rows: 1 };
  };
  const shape = await readShape().catch(async (error) => {
    database.rethrowUnlessSql(error);
    if (!(await retypeAsText(tables, expression, scope))) throw error;
    return readShape();
  });
  if (shape.rows !== 1) throw new Error('it gives several rows for one, or none');
  return shape.types[0]!;
}

/** Reads columns with mostly numbers as text if an expression mentions them, as in `nullif(weight, '?')`. Returns true if one changed. */
async function retypeAsText(
  { database, sources }: BindTables,
  expression: string,
  scope: readonly Role[],
): Promise<boolean> {
  let hasChanged = false;
  for (const role of scope) {
    const source = sources.get(role)!;
    const columns = source.columns.map((column) => {
      const isRetyped = column.mixed === true && mentions(expression, column.name);
      hasChanged ||= isRetyped;
      return isRetyped ? { ...column, type: 'VARCHAR', mixed: false } : column;
    });
    sources.set(role, { ...source, columns });
    await createEmptyTable(database, sources.get(role)!);
  }
  return hasChanged;
}

/** Makes a table with one row of NULLs, so that errors that do not depend on values appear, such as the comparison of a number with a text that is none. */
async function createEmptyTable(database: Database, source: DataSource): Promise<void> {
  const columns = source.columns.map(({ name, type }) => `${quoteName(name)} ${type}`);
  await database.run(`CREATE OR REPLACE TEMP TABLE ${source.role} (${columns.join(', ')})`);
  await database.run(`INSERT INTO ${source.role} VALUES (${columns.map(() => 'NULL').join(', ')})`);
}

/** True if an expression may read a column, because it contains the name. */
export function mentions(expression: string, column: string): boolean {
  const text = expression.toLowerCase();
  const name = column.toLowerCase();
  return text.includes(name) || text.includes(name.replaceAll('"', '""'));
}

/** Returns the name of the file's own column if the expression is nothing else. */
function bareColumn(
  expression: string,
  scope: readonly Role[],
  sources: ReadonlyMap<Role, DataSource>,
): string | undefined {
  if (scope.length !== 1) return undefined;
  const role = scope[0]!;
  const match = /^\s*(?:(\w+)\s*\.\s*)?(?:"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{M}\w]*))\s*$/u.exec(expression);
  if (match === null || (match[1] !== undefined && match[1].toLowerCase() !== role)) return undefined;
  const nameInSql = match[2]?.replaceAll('""', '"') ?? match[3]!;
  return sources.get(role)!.columns.find(({ name }) => isSameName(name, nameInSql))?.name;
}

const columnNames = (roles: Iterable<Role>, sources: ReadonlyMap<Role, DataSource>): string[] => [
  ...new Set([...roles].flatMap((role) => sources.get(role)?.columns.map(({ name }) => name) ?? [])),
];

function unfedColumn(
  request: ColumnRequestText,
  scopes: readonly (readonly Role[])[],
  sources: ReadonlyMap<Role, DataSource>,
): Diagnostic {
  const roles = new Set(scopes.flat());
  const knownNames = columnNames(roles, sources);
  return diagnose('unfed-column', request.span, {
    what: request.what,
    name: request.name,
    files: fileWords(roles, sources),
    nearest: findNearest(request.name, knownNames),
    known: knownNames,
  });
}

const isUnknownNameError = (error: unknown): boolean =>
  error instanceof Error && /Referenced (column|table) "/.test(error.message);

/** Words DuckDB's message for a data block, without its quotation of the query. `roles`: the tables that were tried. */
export function sqlErrorDiagnostic(
  error: unknown,
  span: Span,
  sources: ReadonlyMap<Role, DataSource>,
  roles: readonly Role[] = [...sources.keys()],
): Diagnostic {
  const reason = sqlReason(error);
  const unknownName = /Referenced column "(.+)" not found/.exec(reason)?.[1];
  if (unknownName !== undefined) {
    const nearestName = findNearest(unknownName, columnNames(roles, sources));
    return diagnose('sql-fails', span, {
      reason: `${fileWords(roles, sources)} has no column \`${unknownName}\``,
      nearest: nearestName,
    });
  }
  const ambiguous = /Ambiguous reference to column name "(.+?)"/.exec(reason)?.[1];
  if (ambiguous !== undefined) {
    const owners = roles.filter((role) => columnNames([role], sources).some((name) => isSameName(name, ambiguous)));
    const choices = owners.map((role) => `${role}.${ambiguous}`).join(' or ');
    return diagnose('sql-fails', span, { reason: `\`${ambiguous}\` is a column of several files: write ${choices}` });
  }
  if (/must appear in the GROUP BY clause|WHERE clause cannot contain aggregates/.test(reason)) {
    return diagnose('sql-fails', span, { reason: 'it gives one value for all rows, and a column has one for each' });
  }
  return diagnose('sql-fails', span, {
    reason: withLowerFirst(reason),
    nearest: /Did you mean "(.+?)"/.exec(String(error))?.[1],
  });
}

/** True if two names are the same column: case does not count, nor does whether an accent is a character of its own. */
const isSameName = (left: string, right: string): boolean =>
  left.normalize('NFC').toLowerCase() === right.normalize('NFC').toLowerCase();

const fileWords = (roles: Iterable<Role>, sources: ReadonlyMap<Role, DataSource>): string =>
  [...roles].map((role) => `\`${sources.get(role)!.described.path}\``).join(' or ');

const withLowerFirst = (sentence: string): string =>
  /^[A-Z][a-z]/.test(sentence) ? sentence[0]!.toLowerCase() + sentence.slice(1) : sentence;

/**
 * Returns the facts of a `column-type` error, or undefined if the type fits. `source` is given for a file's own column. If the data block has no entry for the
 * column, the hint includes one.
 */
function typeErrorOf(
  column: BoundColumn,
  source: DataSource | undefined,
  entryText: string | undefined,
): Facts<'column-type'> | undefined {
  const { type, name, kind } = column;
  const columnSql = entryText ?? quoteSqlName(name);
  /** @param sql the suggested expression, introduced by `advice` */
  const typeFacts = (needs: string, advice?: string, sql?: string): Facts<'column-type'> => {
    const entry = entryText === undefined ? `columns { ${name} = "${sql?.replaceAll('"', '\\"')}" }` : sql;
    return { name, needs, found: describeType(type), hint: sql === undefined ? advice : `${advice}: \`${entry}\`` };
  };
  // A JSON value may have any type, and so may a CSV column without values in the sample.
  const isOpen = type === 'JSON' || (type === 'VARCHAR' && source !== undefined && hasNoSampleValues(column, source));
  switch (kind) {
    case 'text':
      if (isList(type)) return typeFacts('one value a row', 'declare the feature as `list(…)`');
      return isNestedType(type) ? typeFacts('one value a row', 'take a part of it', `${columnSql}.part`) : undefined;
    case 'number':
    case 'probability':
      if (isNumber(type) || type === 'BOOLEAN' || isOpen) return undefined;
      if (isTimeType(type)) return typeFacts('a number', 'take seconds', `epoch(${columnSql})`);
      if (type !== 'VARCHAR') return typeFacts('a number');
      return typeFacts('a number', 'if its values are numbers, convert them', `TRY_CAST(${columnSql} AS DOUBLE)`);
    case 'binary':
      if (isNumber(type) || type === 'BOOLEAN' || isOpen) return undefined;
      return typeFacts('0 and 1, or true and false', 'compare it', `${columnSql} = '…'`);
    case 'moment':
      if (isNumber(type) || isTimeType(type) || isOpen) return undefined;
      return typeFacts('a date, a time, or seconds since 1970', 'read it as one', `strptime(${columnSql}, '%d/%m/%Y')`);
    case 'time':
      if (isNumber(type) || isTimeType(type) || isOpen) return undefined;
      return typeFacts('a number, a date or a time', 'read it as one', `strptime(${columnSql}, '%d/%m/%Y')`);
    case 'texts':
    case 'numbers': {
      const list = isList(type) && !isList(elementOf(type)) && !isNestedType(elementOf(type));
      if (!list && type === 'VARCHAR') return typeFacts('a list', 'split it', `string_split(${columnSql}, '|')`);
      if (!list) return typeFacts('a list');
      return kind === 'numbers' && !isNumber(elementOf(type)) ? typeFacts('a list of numbers') : undefined;
    }
    case 'vector':
      return isList(type) && isNumber(elementOf(type)) ? undefined : typeFacts('a list of numbers');
    case 'any':
      return undefined;
    case 'condition':
      return type === 'BOOLEAN' || isNumber(type) ? undefined : typeFacts('true or false');
  }
}

const hasNoSampleValues = (column: BoundColumn, source: DataSource): boolean =>
  source.columns.some((description) => description.name === column.bare && description.unknown === true);

const isNestedType = (type: string): boolean => /^(STRUCT|MAP|UNION)\b/.test(type);

const isTimeType = (type: string): boolean => /^(DATE|TIMESTAMP)/.test(type);

function describeType(type: string): string {
  if (isList(type)) return `a list (${type})`;
  if (isNumber(type)) return `a number (${type})`;
  if (isTimeType(type)) return `a time (${type})`;
  if (type === 'VARCHAR') return 'text';
  return type;
}
