/** Finds the parameter of each argument of a call, and converts a written value to a checked value of the type of its parameter. */
import { isIdentifier } from '../../base/text/names.ts';
import { type Span, spanText } from '../../base/text/source.ts';
import { type KindRow, kindsWithin, type Parameter, type Parameters, type ParameterType } from '../library/contract.ts';
import type { ArgumentNode, CallNode, ExpressionNode, IdentifierNode, TowerNode } from '../syntax/ast.ts';
import type { Constants } from './constants.ts';
import { describeExpression, describeType, inRange } from './describe.ts';
import { asCall, firstWordOf, singleName } from './expressions.ts';
import { guess, unknownKind } from './guess.ts';
import { rowIn } from './library.ts';
import type { Call, FlowStep } from './model.ts';
import { type LookupKind, type NoteMeaning, reads, type SymbolNode, stepNamed } from './occurrences.ts';
import { declaredIn, type Extra, type Report, rewrite } from './report.ts';

/** Maps the arguments of a call to parameters, like `bindCall`. Surplus arguments are absent. */
export function parametersOfArguments(
  call: CallNode,
  parameters: Parameters,
  numbers: NumberTest,
): ReadonlyMap<ArgumentNode, string> {
  const nameOfArgument = new Map<ArgumentNode, string>();
  const argumentOfName = new Map<string, ArgumentNode>();
  const give = (name: string, argument: ArgumentNode): void => {
    nameOfArgument.set(argument, name);
    argumentOfName.set(name, argument);
  };
  for (const argument of call.arguments) {
    const argumentName = argument.name?.name;
    if (argumentName !== undefined && Object.hasOwn(parameters, argumentName)) give(argumentName, argument);
  }
  for (const argument of call.arguments) {
    if (argument.name) continue;
    const fittingName = parameterOf(argument.value, parameters, argumentOfName, numbers);
    if (fittingName !== undefined) give(fittingName, argument);
  }
  return nameOfArgument;
}

/** Tests if an expression is a number: a literal, arithmetic, or the name of a constant. */
interface NumberTest {
  isNumeric(expression: ExpressionNode): boolean;
}

/** Finds the parameter of a positional argument. A word that a parameter accepts goes to it at any position. */
export function parameterOf(
  value: ExpressionNode,
  parameters: Parameters,
  places: ReadonlyMap<string, ArgumentNode>,
  numbers: NumberTest,
): string | undefined {
  const isFree = ([name, { rest }]: [string, Parameter]): boolean =>
    !places.has(name) || (rest === true && places.get(name)!.name === undefined);
  const freeParameters = Object.entries(parameters).filter(isFree);
  const word = firstWordOf(value);
  if (word !== undefined) {
    const knowingParameter = freeParameters.find(
      ([name, { type }]) =>
        (value.kind === 'Name' || Object.hasOwn(kindsWithin(type), word)) && takesWord(name, type, word),
    );
    if (knowingParameter) return knowingParameter[0];
  }
  const positional = freeParameters.filter(([, parameter]) => parameter.positional && parameter.type.is !== 'flag');
  const fittingParameter = positional.find(([, { type }]) => looksLike(type, value, numbers));
  if (fittingParameter) return fittingParameter[0];
  // The argument fits a parameter that is also named, so it is given twice.
  const isNamedAlready = Object.entries(parameters).some(
    ([name, { type, positional }]) =>
      positional && places.get(name)?.name !== undefined && looksLike(type, value, numbers),
  );
  if (isNamedAlready) return undefined;
  // A value of the wrong type still belongs to the first free parameter, but a word does not belong to a parameter that takes a call.
  return positional.find(([, { type }]) => word === undefined || type.is !== 'kind')?.[0];
}

/** True if a parameter takes a word for what it is: one of its choices, its own name for a flag, or one of its calls. */
export const takesWord = (name: string, type: ParameterType, word: string): boolean =>
  (type.is === 'choice' && type.of.includes(word)) ||
  (type.is === 'flag' && name === word) ||
  Object.hasOwn(kindsWithin(type), word);

export function looksLike(type: Parameter['type'], value: ExpressionNode, numbers: NumberTest): boolean {
  switch (type.is) {
    case 'integer':
      if (value.kind === 'Number' && !Number.isInteger(value.value)) return false;
      return looksLike({ is: 'number' }, value, numbers);
    case 'number':
      return numbers.isNumeric(value) || value.kind === 'Unary' || value.kind === 'Binary';
    case 'text':
      return value.kind === 'Text';
    case 'numbers':
      return value.kind === 'List';
    case 'name':
    case 'side':
      return value.kind === 'Name' && !numbers.isNumeric(value);
    case 'feature':
      return value.kind === 'Name' || value.kind === 'Call';
    case 'flow':
      return value.kind === 'Name' || value.kind === 'Call' || value.kind === 'Flow';
    default:
      return false;
  }
}

type NameKind = Exclude<LookupKind, 'constant'>;

/** Resolves the references in values: names, constants, kinds. */
export interface Binding {
  readonly report: Report;
  readonly constants: Constants;
  /** The names in the file, by kind. */
  readonly names: { readonly [S in NameKind]: ReadonlyMap<string, S extends 'tower' ? TowerNode : SymbolNode> };
  readonly featureKinds: Readonly<Record<string, KindRow>>;
  readonly note: NoteMeaning;
  /** Records what a word means; nothing if it is no declared name. */
  onWord(kind: NameKind, word: IdentifierNode): void;
  /** Called for each name that is read, with the word that stands for it; `onUnknown` if a name could not be looked up. */
  onName(kind: Exclude<NameKind, 'column'>, name: string, word?: IdentifierNode): void;
  onUnknown(kind: Exclude<NameKind, 'column'>): void;
  /** Reads a step of a flow. Absent if no argument can be a flow. */
  readonly steps?: (step: ExpressionNode) => FlowStep | undefined;
}

export interface Converted {
  readonly value: unknown;
}

/** Binds a nested call, as in `negatives: sampled(4)`. */
export type BindNested = (call: CallNode, row: KindRow) => Call | undefined;

/**
 * @param of the use of the value, for messages @returns undefined if it does not fit, which is reported
 */
export function convertArgument(
  parameter: Parameter,
  value: ExpressionNode,
  of: string,
  binding: Binding,
  bind: BindNested,
): Converted | undefined {
  const convert = converters[parameter.type.is] as Converter<ParameterType>;
  return convert({ type: parameter.type, parameter, value, of, binding, bind });
}

/** A value in the source, and its use. */
interface WrittenValue<T extends ParameterType = ParameterType> {
  readonly type: T;
  readonly parameter: Parameter;
  readonly value: ExpressionNode;
  readonly of: string;
  readonly binding: Binding;
  readonly bind: BindNested;
}

type TypeOf<K extends ParameterType['is']> = Extract<ParameterType, { readonly is: K }>;
type Converter<T extends ParameterType> = (written: WrittenValue<T>) => Converted | undefined;

const converters: { readonly [K in ParameterType['is']]: Converter<TypeOf<K>> } = {
  integer: number,
  number(written) {
    const { or } = written.type;
    const { value, of } = written;
    // A call is no arithmetic: it is a kind that may replace the number, or a misspelling of one.
    const isCall = value.kind === 'Call' || Object.hasOwn(or ?? {}, singleName(value)?.name ?? '');
    return or && isCall ? kind(or, of, written) : number(written);
  },
  choice: (written) => noted(written, choice(written)),
  flag: (written) => noted(written, flag(written)),
  text,
  numbers,
  name,
  column,
  side,
  kind: (written) => kind(written.type.of, written.type.what ?? written.of, written),
  feature,
  flow,
};

/** Records the word of a choice or a flag, if it is a valid one. */
function noted({ value, of, parameter, binding }: WrittenValue, converted: Converted | undefined) {
  const word = converted && singleName(value);
  if (word) binding.note(word.span, { is: 'word', word: word.name, name: of, parameter });
  return converted;
}

function wrong({ type, value, of, binding }: WrittenValue, extra?: Extra): undefined {
  const typeFacts = { of, expected: describeType(type), found: describeExpression(value) };
  binding.report('wrong-type', value.span, typeFacts, extra);
}

/** Returns a fix that removes the quotation marks of a text that should be a word. */
function unquoted(value: ExpressionNode, words: { has(word: string): boolean }): Extra | undefined {
  return value.kind === 'Text' && words.has(value.value) ? rewrite(value.span, value.value) : undefined;
}

function number({ type, value, of, binding }: WrittenValue<TypeOf<'integer' | 'number'>>): Converted | undefined {
  const expected = describeType(type);
  const foundNumber = binding.constants.number(value, of, expected);
  if (foundNumber === undefined) return undefined;
  if (type.is === 'integer' && !Number.isSafeInteger(foundNumber)) {
    const valueText = spanText(value.span);
    const foundWords = value.kind === 'Number' ? `the number ${valueText}` : `${valueText} = ${foundNumber}`;
    return binding.report('wrong-type', value.span, { of, expected, found: foundWords });
  }
  if (inRange(foundNumber, type)) return { value: foundNumber };
  return binding.report('out-of-range', value.span, { of, expected, value: foundNumber });
}

function choice(written: WrittenValue<TypeOf<'choice'>>): Converted | undefined {
  const { value } = written;
  const choices = written.type.of;
  const word = singleName(value)?.name;
  if (word === undefined) return wrong(written, unquoted(value, new Set(choices)));
  if (choices.includes(word)) return { value: word };
  return unknownChoice(written, word, value.span, choices);
}

function unknownChoice({ of, binding }: WrittenValue, word: string, span: Span, choices: readonly string[]): undefined {
  const { extra, ...meant } = guess(word, span, choices, 'choice');
  return binding.report('unknown-choice', span, { of, word, choices, ...meant }, extra);
}

function flag(written: WrittenValue): Converted | undefined {
  const word = singleName(written.value)?.name;
  return word === 'true' || word === 'false' ? { value: word === 'true' } : wrong(written);
}

function text(written: WrittenValue): Converted | undefined {
  const { value } = written;
  if (value.kind === 'Text') return { value: value.value };
  const word = singleName(value)?.name;
  return wrong(written, word === undefined ? undefined : rewrite(value.span, `"${word}"`));
}

function numbers(written: WrittenValue<TypeOf<'numbers'>>): Converted | undefined {
  const { type, value, of, binding } = written;
  if (value.kind !== 'List') {
    const single = binding.constants.isNumeric(value);
    return wrong(written, single ? rewrite(value.span, `[${spanText(value.span)}]`) : undefined);
  }
  const items = value.items.map((item) => binding.constants.number(item, of, 'a list of numbers'));
  if (items.some((item) => item === undefined)) return undefined;
  const givenNumbers = items as number[];
  if (type.ascending && givenNumbers.some((item, index) => index > 0 && item <= givenNumbers[index - 1]!)) {
    const sorted = [...new Set(givenNumbers)].sort((a, b) => a - b);
    return binding.report('not-ascending', value.span, { of }, rewrite(value.span, `[${sorted.join(', ')}]`));
  }
  return { value: givenNumbers };
}

/** Converts a name that the file declares. */
function name(written: WrittenValue<TypeOf<'name'>>): Converted | undefined {
  const { value, binding } = written;
  const { of } = written.type;
  const word = singleName(value);
  if (word === undefined) return wrong(written, unquoted(value, binding.names[of]));
  return unlessUndefined(declared(of, word, binding));
}

/** Returns a declared name; reports an undeclared one and returns undefined. */
function declared(of: Exclude<NameKind, 'column'>, written: IdentifierNode, binding: Binding): string | undefined {
  const { name: word, span } = written;
  const names = binding.names[of];
  if (names.has(word)) {
    binding.onName(of, word, written);
    return word;
  }
  const knownNames = [...names.keys()];
  const { nearest: near, extra } = guess(word, span, knownNames);
  if (near === undefined) binding.onUnknown(of);
  else binding.onName(of, near);
  const nameFacts = { what: of, name: word, nearest: near, known: knownNames };
  return binding.report('unknown-name', span, nameFacts, { ...extra, within: declaredIn[of] });
}

/** Only the data determines the columns. */
function column(written: WrittenValue): Converted | undefined {
  const { value, binding } = written;
  const word = singleName(value);
  if (!word) return wrong(written, unquoted(value, isName));
  binding.onWord('column', word);
  return { value: word.name };
}

const isName = { has: isIdentifier };

/** Converts a side, `item` or `item.main`. Its channel is checked later, when the steps of the tower are read. */
function side(written: WrittenValue): Converted | undefined {
  const { value, binding } = written;
  if (value.kind !== 'Name' || value.parts.length > 2) return wrong(written, unquoted(value, binding.names.tower));
  const [first, second] = value.parts;
  // A file of features for other files has no towers.
  const isAlone = binding.names.tower.size === 0;
  const tower = isAlone ? first!.name : declared('tower', first!, binding);
  if (tower === undefined) return undefined;
  const step = second && !isAlone ? stepNamed(binding.names.tower.get(tower)!, second.name) : undefined;
  if (step) binding.note(second!.span, reads(step));
  return { value: { tower, ...(second ? { channel: second.name } : {}) } };
}

/** @param what the word for such a kind */
function kind(rows: Readonly<Record<string, KindRow>>, what: string, written: WrittenValue): Converted | undefined {
  const { value, binding, bind } = written;
  const call = asCall(value);
  if (!call) return wrong(written);
  const { name, span } = call.callee;
  const row = rowIn(rows, name);
  if (row) {
    binding.note(span, { is: 'kind', what, name, row });
    return unlessUndefined(bind(call, row));
  }
  return unknownChoice(written, name, span, Object.keys(rows));
}

function flow(written: WrittenValue): Converted | undefined {
  const { value, binding } = written;
  if (!binding.steps) return wrong(written);
  const steps = (value.kind === 'Flow' ? value.steps : [value]).map(binding.steps);
  return steps.every((step) => step !== undefined) ? { value: { flow: steps } } : undefined;
}

/** Returns a value as the result of a conversion; undefined for none. */
export const unlessUndefined = (value: unknown): Converted | undefined => (value === undefined ? undefined : { value });

/** Converts the name of a declared feature, or a call of a feature kind. */
function feature(written: WrittenValue): Converted | undefined {
  const { value, binding, bind } = written;
  const call = asCall(value);
  if (!call) return wrong(written);
  const { name, span } = call.callee;
  if (value.kind === 'Name' && binding.names.feature.has(name)) {
    binding.onName('feature', name, call.callee);
    return { value: { feature: name } };
  }
  const row = rowIn(binding.featureKinds, name);
  if (row) {
    binding.note(span, { is: 'kind', what: 'kind of feature', name, row });
    return unlessUndefined(bind(call, row));
  }
  const kinds = Object.keys(binding.featureKinds);
  if (value.kind === 'Name') {
    const featureNames = [...binding.names.feature.keys()];
    const { extra, ...meant } = guess(name, span, [...featureNames, ...kinds], 'feature', { declared: featureNames });
    if (meant.nearest === undefined) binding.onUnknown('feature');
    else if (binding.names.feature.has(meant.nearest)) binding.onName('feature', meant.nearest);
    const nameFacts = { what: 'feature', name, known: featureNames, ...meant };
    binding.report('unknown-name', span, nameFacts, { ...extra, within: declaredIn.feature });
  } else unknownKind(binding.report, 'kind of feature', call.callee, kinds, 'feature');
  return undefined;
}
