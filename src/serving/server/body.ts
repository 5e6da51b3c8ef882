/** Validates the body of a request against its schema, and says what is wrong in it. */
import type { ErrorObject, ValidateFunction } from 'ajv';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { quotedList } from '../../base/diagnostics/wording.ts';
import { loadSchemaCompiler } from '../../base/util/json_schema.ts';
import { unknownFacts } from '../../retrieval/top_request.ts';
import type { Limits } from './limits.ts';
import { errorDetailOf, pointer, RequestError, refused } from './refused.ts';
import type { ErrorDetail, Schemas } from './schemas.ts';

export const bodyAdvice = 'send one JSON object, or an array of objects';

export const missingBodyError = (): RequestError =>
  refused(400, diagnose('request-body', undefined, { reason: 'is empty', advice: bodyAdvice }));

/** @throws RequestError 400, 413 */
export type Reader = (body: unknown) => { readonly bodies: readonly unknown[]; readonly isArray: boolean };

export const maxErrors = 20;

export async function makeReaders<N extends keyof Schemas>(
  schemas: Schemas,
  names: readonly N[],
  limits: Limits,
): Promise<Readonly<Record<N, Reader>>> {
  const compile = await loadSchemaCompiler({ allowUnionTypes: true, verbose: true });
  const readers = names.map((name) => [name, makeReader(compile(schemas[name]), limits)]);
  return Object.fromEntries(readers) as Record<N, Reader>;
}

function makeReader(validate: ValidateFunction, { batch }: Limits): Reader {
  return (body) => {
    if (body === undefined) throw missingBodyError();
    const isArray = Array.isArray(body);
    const bodyList: readonly unknown[] = isArray ? body : [body];
    if (bodyList.length > batch) {
      throw refused(413, diagnose('request-size', undefined, { what: 'an array', limit: batch, unit: 'requests' }));
    }
    const errorDetails: ErrorDetail[] = [];
    for (const [index, requestBody] of bodyList.entries()) {
      if (errorDetails.length === maxErrors) break;
      if (!validate(requestBody)) errorDetails.push(errorDetailIn(validate.errors![0]!, isArray ? pointer(index) : ''));
    }
    if (errorDetails.length > 0) throw new RequestError(400, errorDetails);
    return { bodies: bodyList, isArray };
  };
}

function errorDetailIn(error: ErrorObject, prefix: string): ErrorDetail {
  const { keyword, params, instancePath: path, parentSchema } = error;
  if (keyword === 'additionalProperties') {
    const name: string = params.additionalProperty;
    const knownEntries = Object.keys(parentSchema!.properties);
    const { nearest, ...unknown } = unknownFacts('entry of a request', name, knownEntries);
    // A body has more entries than messages list by themselves.
    const suggestion = nearest === undefined ? { advice: `use one of ${quotedList(knownEntries)}` } : { nearest };
    const facts = { ...unknown, ...suggestion, name: truncateName(name) };
    return errorDetailOf(diagnose('unknown-name', undefined, facts), prefix + path + pointer(name));
  }
  return errorDetailOf(diagnosticOf(error), prefix + path);
}

function diagnosticOf({ keyword, params, instancePath: path, data }: ErrorObject): Diagnostic {
  if (path === '' && keyword === 'type') {
    const reason = `has ${describeJsonType(data)} in the place of an object`;
    return diagnose('request-body', undefined, { reason, advice: bodyAdvice });
  }
  const entry = keyword === 'required' ? params.missingProperty : path.slice(1).replaceAll('/', '.');
  const [reason, advice] = reasonAndAdvice(keyword, params, data);
  return diagnose('request-value', undefined, { entry, reason, advice });
}

function reasonAndAdvice(
  keyword: string,
  params: Readonly<Record<string, unknown>>,
  data: unknown,
): readonly [reason: string, advice: string] {
  switch (keyword) {
    case 'required':
      return ['is missing', 'give its value'];
    case 'type':
      return [`is ${describeJsonType(data)}`, `give ${[params.type].flat().map(typeWords).join(' or ')}`];
    case 'minimum':
    case 'maximum':
      if (Math.abs(Number(params.limit)) === Number.MAX_SAFE_INTEGER)
        return ['has more than 15 digits, and JSON rounds such numbers', 'send it as a text, within quotes'];
      return keyword === 'maximum'
        ? [`is ${data}`, `give a number up to ${params.limit}`]
        : [`is ${data}`, `give a number from ${params.limit}`];
    case 'minItems':
      return ['is an empty list', 'give a list with elements'];
    default:
      return ['is too long', `give ${params.limit ?? lengthLimitText} at most`];
  }
}

const lengthLimitText = 'as much as `/openapi.json` allows';

const typeWords = (type: unknown): string =>
  ({
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: '`true` or `false`',
    array: 'a list',
    object: 'an object',
  })[String(type)] ?? String(type);

function describeJsonType(value: unknown): string {
  if (value === null) return '`null`';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number past all bounds';
  if (typeof value === 'boolean') return `\`${value}\``;
  return typeof value === 'string' ? 'a text' : 'an object';
}

export const truncateName = (name: string): string => (name.length > 60 ? `${name.slice(0, 60)}…` : name);
