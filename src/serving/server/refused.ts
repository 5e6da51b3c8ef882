/** Makes error responses: the HTTP status, and the errors with their positions. */
import { type Diagnostic, diagnose, Failure, factsOf } from '../../base/diagnostics/diagnostic.ts';
import type { ErrorDetail } from './schemas.ts';

export class RequestError extends Error {
  constructor(
    readonly status: number,
    readonly mistakes: readonly ErrorDetail[],
    readonly headers: Readonly<Record<string, string>> = {},
    /** For the log, but not for the client. */
    readonly reason?: string,
  ) {
    // A refusal is no bug, so nobody reads its stack trace, which would take longer than everything else.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(mistakes.map(({ message }) => message).join('; '));
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Joins segments to a JSON pointer (RFC 6901). */
export const pointer = (...segments: readonly (string | number)[]): string =>
  segments.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** @param at JSON pointer into the body. Default: derived from the diagnostic */
export function errorDetailOf(diagnostic: Diagnostic, at: string = pointerOf(diagnostic)): ErrorDetail {
  // There may be many known names, but none near.
  const { code, message, hint = 'correct the entry that `at` names', at: span } = diagnostic;
  return { code, message, hint, at, start: span?.start, end: span?.end };
}

export const refused = (status: number, diagnostic: Diagnostic, at = '', headers = {}): RequestError =>
  new RequestError(status, [errorDetailOf(diagnostic, at)], headers);

/** Converts a Failure to an error response; rethrows other errors. */
export function throwWithStatus(status: number, error: unknown): never {
  if (!(error instanceof Failure)) throw error;
  const details = error.diagnostics.map((diagnostic) => errorDetailOf(diagnostic, ''));
  throw new RequestError(status, details);
}

/** Seconds after which a refused client may try again. */
export const retrySeconds = 1;

/** Refuses a request because the server is overloaded or not ready. */
export const busy = (reason: string): RequestError =>
  refused(503, diagnose('server-busy', undefined, { reason, seconds: retrySeconds }), '', {
    'retry-after': String(retrySeconds),
  });

/** Made only once, because a server that is overloaded should refuse quickly. */
export const overload: RequestError = busy('it has more requests than it can answer');

/** Returns the error for the client. The reason goes only to the log. */
export const internalError = (): ErrorDetail =>
  errorDetailOf(diagnose('internal', undefined, { reason: 'the log of the server has the reason' }), '');

/** Returns the errors of a request that the core refused; undefined if the error is not the client's. */
export function errorDetailsOf(error: unknown): readonly ErrorDetail[] | undefined {
  if (error instanceof RequestError) return error.mistakes;
  if (findFailedDependency(error)) return undefined;
  return error instanceof Failure ? error.diagnostics.map((diagnostic) => errorDetailOf(diagnostic)) : undefined;
}

const retryAfterSeconds = 5;

/** Services that the server itself calls. Their failure is not an error of the request. */
const dependencies = [
  { begins: 'index-', name: 'index', isShown: true },
  // The last output of its process may contain file names.
  { begins: 'engine-', name: 'engine', isShown: false },
] as const;

function findFailedDependency(
  error: unknown,
): ((typeof dependencies)[number] & { readonly diagnostic: Diagnostic }) | undefined {
  if (!(error instanceof Failure)) return undefined;
  for (const dependency of dependencies) {
    const ownDiagnostic = error.diagnostics.find(({ code }) => code.startsWith(dependency.begins));
    if (ownDiagnostic) return { ...dependency, diagnostic: ownDiagnostic };
  }
  return undefined;
}

/** Returns 503 if the index or the engine behind the server does not answer; its address goes only to the log. Undefined for another error. */
export function dependencyRefusal(error: unknown): RequestError | undefined {
  const failedDependency = findFailedDependency(error);
  if (failedDependency === undefined) return undefined;
  const { diagnostic: own, name, isShown } = failedDependency;
  const { reason = own.message } = factsOf(own) as { readonly reason?: string };
  const facts = { reason: `its ${name} does not answer${isShown ? ` (${reason})` : ''}`, seconds: retryAfterSeconds };
  const { mistakes, headers } = refused(503, diagnose('server-busy', undefined, facts), '', {
    'retry-after': String(retryAfterSeconds),
  });
  return new RequestError(503, mistakes, headers, own.message);
}

export const atIndex = (index: number, mistake: ErrorDetail): ErrorDetail => ({
  ...mistake,
  at: pointer(index) + mistake.at,
});

/** Returns the JSON pointer to the entry that a diagnostic of the core is about. */
function pointerOf(diagnostic: Diagnostic): string {
  const { what, name, feature, entry, column } = factsOf(diagnostic) as Readonly<Record<string, string>>;
  switch (diagnostic.code) {
    case 'filter-syntax':
    case 'filter-type':
      return pointer(...(entry ?? 'filter').split('.'));
    case 'feature-value':
      return pointer('values', feature!);
    case 'item-value':
      return pointer(column!);
    case 'event-value':
      return ['user', 'item', 'time'].includes(column!) ? pointer(column!) : pointer('columns', column!);
    case 'no-user-key':
      return pointer('user');
    case 'request-value':
      return pointer(...entry!.split('.'));
    case 'unknown-name':
      if (diagnostic.at !== undefined) return pointer(...(entry ?? 'filter').split('.'));
      if (what === 'column of the items') return entry ? pointer(entry, name!) : pointer('columns');
      if (what === 'column of the items file') return pointer(name!);
      if (what === 'column of the events file') return pointer('columns', name!);
      if (what === 'objective') return pointer('weights', name!);
      return ['user', 'item', 'version'].includes(what!) ? pointer(what!) : pointer(entry ?? 'values', name!);
    default:
      return '';
  }
}
