/**
 * Resolves the steps of flows: blocks of the library, and declared blocks, which are expanded for the values of each use. Long because the reading of a block
 * and of its uses share the limits on their size.
 */
import { notes } from '../../../base/diagnostics/wording.ts';
import { type Span, spanText } from '../../../base/text/source.ts';
import type { BlockKind, FlowArgument, KindRow, LossKind } from '../../library/contract.ts';
import { columnArguments, correctionArgument, meanOfRows } from '../../library/losses/formula_loss.ts';
import type * as Ast from '../../syntax/ast.ts';
import { translateSpan } from '../../syntax/foreign_calls.ts';
import { bindCall } from '../arguments.ts';
import { describeExpression } from '../describe.ts';
import { asCall, rowOfBlock, stepsOf } from '../expressions.ts';
import { type FormulaScope, readFormula } from '../formula/read_formula.ts';
import { guess } from '../guess.ts';
import { rowIn } from '../library.ts';
import type { Call, FlowSource, FlowStep, Formula, FormulaStep, LossInputKind, TermSource } from '../model.ts';
import { declares, inputSymbol, type NamedSymbol, parameterSymbol, reads as readsWord } from '../occurrences.ts';
import { declaredIn, noteAt, type Report, repeats } from '../report.ts';
import type { Workspace } from '../scope.ts';
import { type Binding, parametersOfArguments } from '../values.ts';

/** Reads what a use gives to an input of a formula: a value of a tower, or of another formula. */
type ReadSource = (value: Ast.ExpressionNode) => FlowSource | TermSource | undefined;

/** @param source absent where no values have names, within a block that is a flow */
export type ReadStep = (expression: Ast.ExpressionNode, source?: ReadSource) => FlowStep | undefined;

/** Maximum number of library blocks in an expanded declared block, and maximum nesting of declared blocks. */
const limits = { blocks: 10_000, depth: 64 };
/** Maximum number of nested uses that a message names. */
const mostNotes = 3;

/** Reads all blocks and losses of the file. @returns functions that read the steps of its flows, and the uses of its losses */
export function resolveBlocks(workspace: Workspace) {
  const reader = new BlockReader(workspace);
  reader.readDeclared();
  return reader;
}

type FormulaOwner = Ast.BlockNode | Ast.LossNode;

/** Describes a loss of the file like a row of the library. */
export function rowOfLoss(node: Ast.LossNode): LossKind {
  const { inputs } = node.formula;
  const has = (kind: LossInputKind): boolean => inputs.some(({ shape }) => shape.name === kind);
  const hasColumns = inputs.some(({ axes }) => axes.length > 1);
  const row = rowOfBlock({ doc: 'A loss of this file.', ...node });
  return {
    ...row,
    label: has('labels') ? 'number' : 'none',
    needsItemKey: hasColumns,
    parameters: { ...row.parameters, ...(hasColumns && columnArguments), ...(has('log_q') && correctionArgument) },
    lower: meanOfRows,
  };
}

/** The size of a declared block after expansion. */
interface BlockExtent {
  blocks: number;
  depth: number;
}

/** A declared block, expanded for some values of its parameters. It has neither steps nor a formula if it is invalid. */
interface WrittenBlock {
  readonly steps?: readonly FlowStep[];
  readonly formula?: Formula;
  readonly extent: BlockExtent;
}

/** The values that a use gives to the parameters of a declared block, and the binding for reading the block with them. */
interface BlockUse {
  /** The arguments of the call. */
  readonly given: Call['arguments'];
  readonly values: ReadonlyMap<string, number>;
  readonly flows: ParameterFlows;
  readonly binding: Binding;
}

/** The flows that a use gives to parameters. Without steps while a block is read without values. */
type ParameterFlows = ReadonlyMap<string, readonly FlowStep[]>;

/** The values that a use gives to inputs of a formula by their names, and the arguments that give them. */
interface GivenInputs {
  readonly arguments: ReadonlySet<Ast.ArgumentNode>;
  /** True if each input but the first has a valid value. */
  readonly isWhole: boolean;
  readonly inputs: FormulaStep['inputs'];
}

class BlockReader {
  readonly #workspace: Workspace;
  /** The binding outside of all declared blocks. */
  readonly #outermost: Binding;
  /** The binding of the block that is currently read. */
  #binding: Binding;
  /** The flows that the parameters of the block that is currently read stand for. */
  #flows: ParameterFlows = new Map();
  /** Reads values for inputs of formulas, where the step that is currently read has some. */
  #source: ReadSource | undefined;
  /** The number of blocks that were read for a use alone, because it gives them flows. */
  #readForUse = 0;
  /** Names of the declared blocks that are currently read, the innermost last. */
  readonly #open: string[] = [];
  /** The extent of the declared block that is currently read; outside of blocks, that of all flows of towers. */
  #extent: BlockExtent = { blocks: 0, depth: 0 };
  /** True once an excessive size is reported: the surrounding blocks are too large as well. */
  #isTooLarge = false;
  /** Expanded blocks by name and values. */
  readonly #written = new Map<string, WrittenBlock>();
  /** Blocks and losses with parameters that were already checked without values. */
  readonly #readWithoutValues = new Set<FormulaOwner>();
  /** Blocks with parameters that are invalid for any values. */
  readonly #broken = new Set<FormulaOwner>();
  /** Positions in blocks at which an error was already reported for some values. */
  readonly #reported = new Set<string>();
  /** For each shared block, the values and the span of its first use. */
  readonly #shared = new Map<string, { readonly values: string; readonly at: Span }>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    this.#outermost = { ...workspace, steps: (expression) => this.readStep(expression) };
    this.#binding = this.#outermost;
  }

  /** Reads every block of the file, so that unused blocks are checked too. */
  readDeclared(): void {
    for (const [name, block] of this.#workspace.scope.blocks) {
      if (block.parameters.length === 0) this.#writeOnce(name, block, this.#outermost);
      else this.#checkWithoutValues(block);
    }
    for (const loss of this.#workspace.scope.losses.values()) {
      const first = loss.parameters.find(
        ({ isFlow, name }) => isFlow || Object.hasOwn(columnArguments, name.name) || name.name === 'correction',
      );
      const reason = first?.isFlow
        ? 'is a flow, and a loss takes numbers'
        : 'is an argument of each loss of columns already';
      if (first) this.#outermost.report('wrong-axes', first.span, { what: first.name.name, reason });
      this.#checkWithoutValues(loss);
    }
    this.#extent = { blocks: 0, depth: 0 };
  }

  /** Reads the use of a loss of the file. */
  readonly readLoss = (call: Ast.CallNode, node: Ast.LossNode): Call | undefined => {
    const { name } = node.name;
    this.#workspace.onName('loss', name, call.callee);
    const row = this.#workspace.library.losses[name]!;
    const use = this.#useOf(call, node, row);
    const formula = use && this.#write(node, use.binding).formula;
    const values = { ...use?.given, ...Object.fromEntries(use?.values ?? []) };
    return formula && { kind: name, span: call.span, arguments: values, declared: { row, formula } };
  };

  /** Reads a step: a block of this file or, if there is none, of the library. Within its own declaration a name always refers to the library. */
  readonly readStep: ReadStep = (expression, source = this.#source) => {
    const outer = this.#source;
    this.#source = source;
    const step = this.#readStep(expression);
    this.#source = outer;
    return step;
  };

  #readStep(expression: Ast.ExpressionNode): FlowStep | undefined {
    const { scope, library } = this.#workspace;
    const call = asCall(expression);
    if (!call) {
      const foundWords = describeExpression(expression);
      return this.#binding.report('not-a-flow', expression.span, { found: foundWords, expected: 'a block' });
    }
    const { name } = call.callee;
    const flow = this.#flows.get(name);
    if (flow) return this.#parameterStep(call, flow);
    const block = scope.blocks.get(name);
    if (block && this.#open.at(-1) !== name) return this.#declaredStep(call, block);
    const row = rowIn(library.blocks, name);
    if (row) return this.#libraryStep(call, row);
    return this.#reportUnknown(call, block);
  }

  /** Reads the name of a parameter that stands for a flow. */
  #parameterStep(call: Ast.CallNode, steps: readonly FlowStep[]): FlowStep | undefined {
    const { name, span } = call.callee;
    const around = this.#workspace.scope.blocks.get(this.#open.at(-1) ?? '');
    const parameter = around?.parameters.find((each) => each.name.name === name);
    if (around && parameter) this.#binding.note(span, readsWord(parameterSymbol(around.name.name, parameter)));
    if (call.arguments.length > 0)
      return this.#binding.report('block-arguments', call.span, { name }, { fixes: [[{ at: call.span, text: name }]] });
    return { kind: 'declared', span: call.span, name, shared: false, steps };
  }

  #libraryStep(call: Ast.CallNode, row: BlockKind): FlowStep | undefined {
    const extent = this.#extent;
    extent.blocks++;
    const { name, span } = call.callee;
    this.#binding.note(span, { is: 'kind', what: 'block', name, row });
    const blocksBefore = extent.blocks;
    const boundCall = bindCall(call, row, this.#binding);
    if (!boundCall) return undefined;
    extent.blocks = blocksBefore + (extent.blocks - blocksBefore) * (row.times?.(boundCall.arguments) ?? 1);
    return this.#fits(call.callee) ? { kind: 'block', span: call.span, call: boundCall } : undefined;
  }

  /** @param own the block that is currently read, if the step has the same name */
  #reportUnknown(call: Ast.CallNode, own: Ast.BlockNode | undefined): undefined {
    const { scope, library, onName, uncertain } = this.#workspace;
    const { report } = this.#binding;
    const { name, span } = call.callee;
    const blockAround = scope.blocks.get(this.#open.at(-1) ?? '');
    if (blockAround?.parameters.some((parameter) => parameter.name.name === name)) {
      const foundWords = `the parameter \`${name}\`, which is a number`;
      return report('not-a-flow', call.span, { found: foundWords, expected: 'a block' });
    }
    // With arguments it refers to the library, which has no block of this name.
    if (own && (call.arguments.length === 0 || own.parameters.length > 0)) return report('block-cycle', span, { name });
    const blockNames = [...scope.blocks.keys(), ...Object.keys(library.blocks)].filter((word) => word !== name);
    const { extra, ...meant } = guess(name, span, blockNames, 'block', { declared: scope.blocks.keys() });
    if (meant.nearest === undefined) uncertain.add('block');
    else if (scope.blocks.has(meant.nearest)) onName('block', meant.nearest);
    const kindFacts = { what: 'block', name, known: blockNames, ...meant };
    const isDeclared = (word: string) => scope.blocks.has(word);
    const translated = translateSpan(call.span, { places: ['block'], isFormula: false, isDeclared });
    const fixed = translated?.written && {
      fixes: [[{ at: call.span, text: translated.written }]],
      ...(translated.doubtful && { doubtful: true }),
    };
    report('unknown-kind', span, kindFacts, { ...extra, ...fixed, within: declaredIn.block });
  }

  #declaredStep(written: Ast.CallNode, block: Ast.BlockNode): FlowStep | undefined {
    const { name, span } = written.callee;
    const { report } = this.#binding;
    this.#workspace.onName('block', name, written.callee);
    const given = this.#inputsOf(written, block);
    const call = { ...written, arguments: written.arguments.filter((argument) => !given.arguments.has(argument)) };
    if (block.parameters.length === 0 && call.arguments.length > 0)
      return report(
        'block-arguments',
        call.span,
        { name },
        { fixes: block.formula ? [] : [[{ at: call.span, text: name }]] },
      );
    if (this.#open.includes(name)) return report('block-cycle', span, { name });
    // Blocks beyond the maximum depth are not read, so that a long chain does not overflow the stack.
    const isDeep = this.#open.length > limits.depth;
    if (isDeep || block.parameters.length === 0)
      return this.#stepOf(call, block, given, isDeep ? undefined : this.#writeOnce(name, block, this.#outermost));
    this.#checkWithoutValues(block);
    const use = this.#useOf(call, block);
    if (!use || (block.shared && !this.#sharesValues(call, block, use))) return undefined;
    if (use.flows.size > 0) {
      if (++this.#readForUse > limits.blocks) this.#extent.blocks += limits.blocks;
      const isFew = this.#readForUse <= limits.blocks;
      return this.#stepOf(call, block, given, isFew ? this.#write(block, use.binding, use.flows) : undefined, use);
    }
    const key = `${name} ${[...use.values.values()].join()}`;
    // Each value makes another block, so their number could double at every level.
    if (this.#isTooLarge && !this.#written.has(key)) return undefined;
    return this.#stepOf(call, block, given, this.#writeOnce(key, block, use.binding), use);
  }

  /** Reads the arguments with the name of an input: they give a formula the values of its inputs after the first. */
  #inputsOf(call: Ast.CallNode, { name: block, formula }: Ast.BlockNode): GivenInputs {
    const nodes = (formula?.inputs ?? []).slice(1);
    const names = nodes.map(({ name }) => name.name);
    const given = new Map<Ast.ArgumentNode, string>();
    for (const argument of call.arguments) {
      const node = nodes.find(({ name }) => name.name === argument.name?.name);
      if (!node || !argument.name) continue;
      given.set(argument, node.name.name);
      this.#binding.note(argument.name.span, readsWord(inputSymbol(block.name, node)));
    }
    const inputs: Record<string, FlowSource | TermSource> = {};
    for (const [{ value, span }, name] of given) {
      const source = this.#source?.(value);
      if (source) inputs[name] = source;
      if (this.#source) continue;
      const reason = 'gets a value only in a tower or in a formula: a block that is a flow has none to give';
      this.#binding.report('wrong-axes', span, { what: name, reason });
    }
    const absent = names.filter((name) => ![...given.values()].includes(name));
    const [missing] = absent;
    const meant = absent.length === 1 ? this.#unnamedInput(call, block.name, given) : undefined;
    if (meant) {
      given.set(meant, missing!);
      const reason = `takes its input \`${missing}\` by this name: write \`${missing}: ${spanText(meant.value.span)}\``;
      const fixes = [[{ at: meant.span, text: `${missing}: ${spanText(meant.value.span)}` }]];
      this.#binding.report('wrong-axes', meant.span, { what: block.name, reason }, { fixes });
    } else if (missing !== undefined) {
      const reason = `needs a value for its input \`${missing}\`: write \`${block.name}(${missing}: …)\``;
      this.#binding.report('wrong-axes', call.span, { what: block.name, reason });
    }
    return { arguments: new Set(given.keys()), isWhole: names.every((name) => Object.hasOwn(inputs, name)), inputs };
  }

  /** Returns the only argument that may be a value for an input: it has no name, or one that is no parameter. */
  #unnamedInput(
    call: Ast.CallNode,
    block: string,
    given: ReadonlyMap<Ast.ArgumentNode, string>,
  ): Ast.ArgumentNode | undefined {
    const parameters = this.#workspace.scope.blocks.get(block)?.parameters ?? [];
    if (parameters.some(({ isFlow }) => isFlow)) return undefined;
    const others = call.arguments.filter(({ name, value }, index) => {
      if (given.has(call.arguments[index]!)) return false;
      const isNumber = this.#binding.constants.isNumeric(value);
      return name ? !isNumber && !parameters.some((parameter) => parameter.name.name === name.name) : !isNumber;
    });
    return others.length === 1 ? others[0] : undefined;
  }

  /** Counts an expanded block, or one that is too deep to expand. Returns its step if it is valid and small enough. */
  #stepOf(
    call: Ast.CallNode,
    block: Ast.BlockNode,
    { inputs, isWhole }: GivenInputs,
    written: WrittenBlock | undefined,
    use?: BlockUse,
  ): FlowStep | undefined {
    const innerExtent = written?.extent ?? { blocks: 0, depth: limits.depth };
    this.#extent.blocks += innerExtent.blocks;
    this.#extent.depth = Math.max(this.#extent.depth, innerExtent.depth + 1);
    if (!this.#fits(call.callee) || !written || !isWhole) return undefined;
    const { name } = call.callee;
    const useValues = use && use.values.size > 0 ? { values: Object.fromEntries(use.values) } : {};
    const { shared } = block;
    const step = { span: call.span, name, ...useValues, shared };
    if (written.formula) return { kind: 'formula', ...step, formula: written.formula, inputs };
    return written.steps && { kind: 'declared', ...step, steps: written.steps };
  }

  #writeOnce(key: string, block: FormulaOwner, binding: Binding): WrittenBlock {
    const writtenBlock = this.#written.get(key) ?? this.#write(block, binding);
    this.#written.set(key, writtenBlock);
    return writtenBlock;
  }

  #write(block: FormulaOwner, binding: Binding, flows: ParameterFlows = new Map()): WrittenBlock {
    const { name, flow, formula } = block;
    const outer = { extent: this.#extent, binding: this.#binding, flows: this.#flows, source: this.#source };
    const extent = { blocks: formula ? 1 : 0, depth: 0 };
    [this.#extent, this.#binding, this.#flows, this.#source] = [extent, binding, flows, undefined];
    this.#open.push(name.name);
    const steps = flow && stepsOf(flow).map((step) => this.readStep(step));
    const read = formula && readFormula(this.#formulaScope({}), block, formula);
    this.#open.pop();
    [this.#extent, this.#binding, this.#flows, this.#source] = [outer.extent, outer.binding, outer.flows, outer.source];
    if (read) return { formula: read, extent };
    return steps?.every((step) => step !== undefined) ? { steps, extent } : { extent };
  }

  /** What a formula needs of this file. The steps of its flows may get its own values for inputs of other formulas. */
  #formulaScope(owner: object): FormulaScope {
    const { scope, library } = this.#workspace;
    return {
      owner,
      binding: this.#binding,
      blocks: library.blocks,
      isBlock: (name) => this.#flows.has(name) || scope.blocks.has(name) || rowIn(library.blocks, name) !== undefined,
      step: (expression, read) =>
        this.readStep(expression, (value) => {
          const term = read(value);
          return term && { kind: 'term', span: value.span, term, owner };
        }),
    };
  }

  /** Reports, once, the errors of a block that do not depend on the values of its parameters. */
  #checkWithoutValues(block: FormulaOwner): void {
    const { name, parameters } = block;
    if (this.#readWithoutValues.has(block)) return;
    this.#readWithoutValues.add(block);
    const report: Report = (...error) => {
      this.#broken.add(block);
      this.#outermost.report(...error);
    };
    const unknownValues = new Map<string, undefined>();
    const unknownFlows = new Map<string, readonly FlowStep[]>();
    const symbols = new Map(parameters.toReversed().map((node) => [node.name.name, parameterSymbol(name.name, node)]));
    for (const node of parameters) {
      const { name: parameter, span, default: value } = node;
      this.#outermost.note(parameter.span, declares(parameterSymbol(name.name, node)));
      const { name: word } = parameter;
      const firstParameter = parameters.find((other) => other.name.name === word)!.name;
      const nameFacts = { what: 'parameter', name: word, other: 'parameter' };
      if (firstParameter !== parameter)
        report('repeated-name', parameter.span, nameFacts, repeats(word, firstParameter.span, span));
      if (word === '__proto__') report('reserved-name', parameter.span, { what: 'parameter', name: word });
      if (node.isFlow) {
        for (const step of value ? stepsOf(value) : []) this.readStep(step);
        unknownFlows.set(word, []);
        continue;
      }
      if (value) this.#workspace.constants.within(unknownValues, report, symbols).number(value, word, 'a number');
      unknownValues.set(word, undefined);
    }
    this.#write(block, this.#bindingWithin(unknownValues, report, symbols), unknownFlows);
  }

  /** Returns the binding within a declared block whose parameters have these values. Its words are recorded in its first reading, which has their symbols. */
  #bindingWithin(
    values: ReadonlyMap<string, number | undefined>,
    report: Report,
    symbols?: ReadonlyMap<string, NamedSymbol>,
  ): Binding {
    const constants = this.#workspace.constants.within(values, report, symbols);
    return { ...this.#outermost, report, constants, note: symbols ? this.#outermost.note : () => {} };
  }

  /** Returns the values of all parameters for a use; undefined if one is invalid or depends on an unknown value. */
  #useOf(call: Ast.CallNode, block: FormulaOwner, row: KindRow = rowOfBlock(block)): BlockUse | undefined {
    const binding = this.#binding;
    const note: Binding['note'] = (span, meaning) => {
      const node = block.parameters.find(({ name }) => meaning.is === 'parameter' && name.name === meaning.name);
      binding.note(span, node ? readsWord(parameterSymbol(block.name.name, node)) : meaning);
    };
    const boundCall = bindCall(call, row, { ...binding, note });
    if (!boundCall || this.#broken.has(block)) return undefined;
    const argumentNames = parametersOfArguments(call, row.parameters, binding.constants);
    const givenExpressions = new Map([...argumentNames].map(([argument, name]) => [name, argument.value]));
    const parameterValues = new Map<string, number>();
    const flows = new Map<string, readonly FlowStep[]>();
    const origins = new Map<string, Span>();
    const report = this.#reportOfUse(call, block, parameterValues, origins);
    for (const { name, isFlow, default: usual } of block.parameters) {
      const writtenExpression = givenExpressions.get(name.name);
      if (isFlow) {
        const given = boundCall.arguments[name.name] as FlowArgument | undefined;
        const steps = writtenExpression ? given?.flow : usual && stepsOf(usual).map((step) => this.readStep(step));
        if (!steps?.every((step) => step !== undefined)) return undefined;
        flows.set(name.name, steps as readonly FlowStep[]);
        continue;
      }
      const parameterValue = writtenExpression
        ? (boundCall.arguments[name.name] as number)
        : usual &&
          this.#workspace.constants.within(new Map(parameterValues), report).number(usual, name.name, 'a number');
      if (parameterValue === undefined) return undefined;
      parameterValues.set(name.name, parameterValue);
      origins.set(name.name, (writtenExpression ?? usual!).span);
    }
    const given = boundCall.arguments;
    return { given, values: parameterValues, flows, binding: this.#bindingWithin(parameterValues, report) };
  }

  /**
   * Returns a report function for a use: an invalid value is reported where it is written, and other errors within the block, with a note at the use.
   * @param origins where each value is written: at the use, or as a default
   */
  #reportOfUse(
    call: Ast.CallNode,
    block: FormulaOwner,
    values: ReadonlyMap<string, number>,
    origins: ReadonlyMap<string, Span>,
  ): Report {
    const { name } = block.name;
    const what = block.kind === 'Loss' ? 'loss' : 'block';
    const { report } = this.#binding;
    return (code, at, facts, extra = {}) => {
      const isValue = code === 'wrong-type' || code === 'out-of-range';
      const origin = at && isValue ? origins.get(spanText(at)) : undefined;
      if (at && origin) {
        const note = { message: notes.parameter(name, spanText(at), what), at };
        return report(code, origin, facts, { notes: [...(extra.notes ?? []), note] });
      }
      const key = `${name} ${code} ${at?.source.name} ${at?.start}`;
      if (this.#reported.has(key)) return;
      this.#reported.add(key);
      const note = { message: notes.values(name, valuesText(values), what), at: call.span };
      // For deeply nested blocks the innermost ones are enough.
      const isEnough = code === 'block-too-large' || (extra.notes ?? []).length >= mostNotes;
      report(code, at, facts, isEnough ? extra : { ...extra, notes: [...(extra.notes ?? []), note] });
    };
  }

  /** Checks that every use of a shared block gives the same values, because they determine the sizes of its weights. */
  #sharesValues({ span }: Ast.CallNode, block: Ast.BlockNode, use: BlockUse): boolean {
    const { name } = block.name;
    const usedValues = valuesText(use.values);
    const firstUse = this.#shared.get(name) ?? { values: usedValues, at: span };
    this.#shared.set(name, firstUse);
    if (firstUse.values === usedValues) return true;
    const note = noteAt(notes.values(name, firstUse.values), firstUse.at);
    this.#binding.report('shared-arguments', span, { name, values: usedValues, others: firstUse.values }, note);
    return false;
  }

  /** True if the blocks read so far are small enough; otherwise reports it once. */
  #fits({ name, span }: Ast.IdentifierNode): boolean {
    if (this.#extent.depth <= limits.depth && this.#extent.blocks <= limits.blocks) return true;
    if (!this.#isTooLarge) this.#binding.report('block-too-large', span, { name, ...limits });
    this.#isTooLarge = true;
    return false;
  }
}

/** Formats values for messages: `w = 64, depth = 2`. */
const valuesText = (values: ReadonlyMap<string, number>): string =>
  [...values].map(([name, value]) => `${name} = ${value}`).join(', ');
