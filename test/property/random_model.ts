/**
 * Models at random out of the library's tables, as text that a person could have written: features, blocks that take what flows
 * into them, scores, losses and weightings, each at arguments that its declaration allows.
 */
import { blocks } from '../../src/compiler/library/blocks/table.ts';
import {
  type BlockKind,
  type BoundKind,
  type KindRow,
  type LossKind,
  ShapeError,
  type Value,
} from '../../src/compiler/library/contract.ts';
import { features } from '../../src/compiler/library/features/table.ts';
import { losses } from '../../src/compiler/library/losses/table.ts';
import { optimizers } from '../../src/compiler/library/optimizers/table.ts';
import { scores } from '../../src/compiler/library/scores/table.ts';
import { weightings } from '../../src/compiler/library/weightings/table.ts';
import { printCall as printBound } from '../../src/compiler/model/print_model.ts';
import { needsOf } from '../../src/compiler/model/references.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { lossGraph } from '../compiler/library/losses/support.ts';
import { contextOf, fieldInputs, sequenceInput } from '../compiler/library/support.ts';
import { type Choose, oneOf, randomCall, type Surroundings } from './random_arguments.ts';

const taskNames = ['click', 'like', 'share'];
/** Mostly one width, as many blocks ask for fields alike. */
const widths = [4, 4, 4, 3];
const vectorWidth = 4;
/** A score that is fitted as a whole, and one of several vectors on both sides, have models of their own. */
const vectorScores = Object.keys(scores).filter((name) => scores[name]!.lower && name !== 'max_sim');

export function randomModel(choose: Choose): string {
  const tasks = taskNames.slice(0, 1 + choose(3));
  const profile = [1, 2].slice(0, 1 + choose(2)).map((n) => randomFeature(choose, `about_user_${n}`, true));
  const about = [1, 2].slice(0, 1 + choose(2)).map((n) => randomFeature(choose, `about_item_${n}`, false));
  const sequence = tasks.length > 1 && choose(3) === 1;
  const declared = [
    { name: 'user_id', text: 'id(dim: 4)', width: 4 },
    { name: 'seen', text: 'list(item_id, max: 3)', width: 4 },
    ...profile,
    { name: 'item_id', text: 'id(dim: 4)', width: 4 },
    ...about,
  ];
  const userNames = ['user_id', 'seen', ...profile.map(({ name }) => name)];
  const itemNames = ['item_id', ...about.map(({ name }) => name)];
  const user = randomTower(choose, 'profile', userNames, declared, tasks, sequence);
  const item = randomTower(choose, 'about', itemNames, declared, tasks, false);
  const lossOf = tasks.map((task, at) => ({ task, loss: fitting(randomLoss(choose), user, task, at, sequence) }));
  const labelled = lossOf.filter(({ loss }) => labelOf(loss) !== 'none');
  const only = choose(4) === 1;
  return [
    'model random',
    'features {',
    ...declared.map(({ name, text }) => `  ${name} : ${text}`),
    ...(sequence ? ['  recent : sequence(item_id, 3)', '  about_recent : along(recent, category(dim: 4))'] : []),
    '}',
    `labels { ${[...labelled.map(({ task, loss }) => `of_${task}: ${labelOf(loss)}`), ...(only ? ['shown: binary'] : [])].join(', ')} }`,
    // A group of a group and of features.
    `group profile = user_id, known`,
    `group known = ${userNames.slice(1).join(', ')}`,
    `group about = ${itemNames.join(', ')}`,
    `tower user(profile${sequence ? ', recent, about_recent' : ''}) keyed by user_id {`,
    ...user.map((line) => `  ${line}`),
    '}',
    'tower item(about) keyed by item_id {',
    ...item.map((line) => `  ${line}`),
    '}',
    ...lossOf.map(({ task, loss }) => {
      const label = labelOf(loss) === 'none' ? '' : `, label = of_${task}`;
      // A distance has no direction.
      const kinds = vectorScores.filter((kind) => kind !== 'distance' || !losses[loss.kind]!.normalizesVectors);
      const score = `${oneOf(choose, kinds)}(user.${task}, item.${task})`;
      return `task ${task} { score = ${score}${takesBound(loss, 2) ? oneOf(choose, ['', ' / 0.5', ' * 2']) : ''}, loss = ${printCall(loss)}${label}${only && loss.kind !== 'contrast' ? ', only = shown' : ''} }`;
    }),
    ...(tasks.length > 1 ? [`objective = ${randomObjective(choose, tasks)}`] : []),
    // The best of several interests is alone.
    ...(sequence ? ['retrieve = click'] : []),
    `train { batch = 8, epochs = 1, dense = ${randomOptimizer(choose)}, embeddings = adagrad${oneOf(choose, ['', ', clip = 0.1', ', clip = 1e6'])} }`,
  ]
    .filter((line) => line !== 'labels {  }')
    .join('\n');
}

/** A model whose towers read lists in sequence through one block, which is `shared` or not. */
export function randomSequenceModel(choose: Choose): string {
  const [seen, tagged] = [1 + choose(60), 1 + choose(60)];
  const most = choose(3) === 0 ? [seen, seen] : [seen, tagged];
  const { text, value } = randomFlow(choose, sequenceInput(makeBuilder('sequence'), 3, vectorWidth), []);
  if (value.kind === 'outputs') return randomSequenceModel(choose);
  const steps = `${text} -> ${asVector(value).slice(4)}`.replace(/^ -> /, '').replace(/^-> /, '');
  const channel = (list: string): string => `{ channel main = ${list} -> encoder -> dense(${vectorWidth}) }`;
  return [
    'model random',
    'features {',
    '  user_id : id(dim: 0)',
    `  history : list(item_id, max: ${most[0]}, pool: none)`,
    `  item_id : id(dim: ${vectorWidth})`,
    `  tags    : list(category(dim: ${vectorWidth}), max: ${most[1]}, pool: none)`,
    '}',
    `${oneOf(choose, ['shared ', 'shared ', ''])}block encoder = ${steps}`,
    `tower user(user_id, history) keyed by user_id ${channel('history')}`,
    `tower item(item_id, tags) keyed by item_id ${channel('tags')}`,
    'task click { score = dot(user, item), loss = softmax(in_batch) }',
    `train { batch = ${oneOf(choose, [8, 512])}, epochs = 1 }`,
  ].join('\n');
}

/** Losses that leave a tower without training come second, and views need one vector of a tower, a way to differ, and a list in sequence to be changed. */
function fitting(loss: BoundKind, user: readonly string[], task: string, at: number, sequence: boolean): BoundKind {
  if (at === 0 && (losses[loss.kind] as LossKind).oneSided) return { kind: 'softmax', arguments: {} };
  if (loss.kind !== 'contrast') return loss;
  const isVector = user.some((line) => line.startsWith(`channel ${task} `) && line.endsWith(`dense(${vectorWidth})`));
  if (!isVector) return { kind: 'softmax', arguments: {} };
  const unchanged = { crop: undefined, mask: undefined, reorder: undefined };
  return { ...loss, arguments: { ...loss.arguments, ...(sequence ? {} : unchanged), same_item: true } };
}

const labelOf = (loss: BoundKind) => needsOf({ losses }, loss).label;

/** As a file has it: tasks come first, without quotes. */
function printCall({ kind, arguments: args }: BoundKind): string {
  const { tasks, ...named } = args;
  const rest = printBound({ kind, arguments: named }).slice(kind.length + 1, -1);
  const parts = [...((tasks as readonly string[] | undefined) ?? []), ...(rest === '' ? [] : [rest])];
  return parts.length === 0 ? kind : `${kind}(${parts.join(', ')})`;
}

interface Declared {
  readonly name: string;
  readonly text: string;
  readonly width: number;
}

/** A feature that gives one field. */
function randomFeature(choose: Choose, name: string, isUser: boolean): Declared {
  const elements = [{ kind: 'category', arguments: { dim: 4 } }, ...(isUser ? [{ feature: 'item_id' }] : [])];
  // These are sequences, and no fields.
  const kinds = Object.keys(features).filter(
    (kind) => !['along', 'sequence'].includes(kind) && (isUser || kind !== 'like'),
  );
  for (let attempt = 0; attempt < 5; attempt++) {
    const kind = oneOf(choose, kinds);
    const around = { names: { feature: ['item_id'] }, elements, widths };
    const call = randomCall(choose, kind, features[kind]!, around);
    if (!call) continue;
    const args: Record<string, unknown> = {
      ...call.arguments,
      ...(call.arguments.pool === 'none' ? { pool: 'mean' } : {}),
    };
    if ('hash' in args && args.hash !== undefined) args.hash = 50;
    const element = args.of ?? args.element;
    try {
      const use = features[kind]!.use(
        args as never,
        element === undefined ? undefined : { encoder: { owner: 'item_id' }, gives: 'code', dim: 4 },
      );
      const width = use.gives === 'numbers' ? (use.project ?? use.size ?? 1) : (use.dim ?? 4);
      if (width > 0) return { name, text: printCall({ kind, arguments: args }), width };
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
    }
  }
  return { name, text: 'category(dim: 4)', width: 4 };
}

/** A channel for each task; sometimes over a step that they share. */
function randomTower(
  choose: Choose,
  group: string,
  names: readonly string[],
  declared: readonly Declared[],
  tasks: readonly string[],
  sequence: boolean,
): string[] {
  const lines: string[] = [];
  const builder = makeBuilder('scratch');
  const inputs = declared.filter(({ name }) => names.includes(name));
  const given = fieldInputs(
    builder,
    inputs.map(({ width }) => width),
  );
  const fields = {
    ...given,
    fields: (given as Extract<Value, { kind: 'fields' }>).fields.map((field, at) => ({
      ...field,
      name: inputs[at]!.name,
    })),
  } as Value;
  const source = { text: group, value: fields };
  let begin: { text: string; value: Value } = source;
  if (choose(2) === 1 && tasks.length > (sequence ? 1 : 0)) {
    const shared = randomFlow(choose, begin.value, sequence ? [] : tasks);
    lines.push(`base = ${group}${shared.text}`);
    begin = { text: 'base', value: shared.value };
  }
  tasks.forEach((task, at) => {
    const whole = at === 0 && sequence;
    const { text, value } = whole
      ? { text: 'sum(recent, about_recent)', value: sequenceInput(makeBuilder('sequence'), 3, 4) }
      : begin.value.kind === 'outputs'
        ? { text: `base.${task}`, value: begin.value.outputs.get(task)! }
        : begin;
    const flow = randomFlow(choose, value, [task]);
    if (flow.value.kind === 'outputs') {
      lines.push(`step_${task} = ${text}${flow.text}`);
      const [name, output] = [...flow.value.outputs][0]!;
      lines.push(`channel ${task} = step_${task}.${name}${asVector(output)}`);
    } else if (flow.value.kind === 'interests' && flow.value.width === vectorWidth && choose(2) === 1) {
      lines.push(`channel ${task} = ${text}${flow.text}`);
    } else lines.push(`channel ${task} = ${text}${flow.text}${asVector(flow.value)}`);
  });
  return lines;
}

/** Up to three blocks, each of which takes what it gets. */
function randomFlow(choose: Choose, from: Value, tasks: readonly string[]): { text: string; value: Value } {
  let value = from;
  let text = '';
  const length = choose(4);
  for (let at = 0; at < length && value.kind !== 'outputs'; at++) {
    for (let attempt = 0; attempt < 6; attempt++) {
      const kind = oneOf(choose, Object.keys(blocks));
      const next = apply(choose, kind, blocks[kind]!, value, { names: { task: tasks }, widths });
      if (next === undefined) continue;
      text += ` -> ${next.text}`;
      value = next.value;
      break;
    }
  }
  return { text, value };
}

function apply(choose: Choose, kind: string, row: BlockKind, value: Value, around: Surroundings) {
  const flows = Object.entries(row.parameters).filter(([, { type }]) => type.is === 'flow');
  if (flows.length > 0) return undefined;
  const call = randomCall(choose, kind, row, around);
  if (!call) return undefined;
  const tensor = tensorOf(value);
  if (tensor === undefined) return undefined;
  try {
    // On a graph of its own: only the type of what comes out counts.
    const builder = makeBuilder('scratch');
    return {
      text: printCall(call),
      value: row.lower({ ...contextOf(builder), ...ofEvents }, fresh(value, builder), call.arguments as never),
    };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return undefined;
  }
}

/** The rows of these models are events, so that arguments that need users are drawn again. */
const needUsers = (): never => {
  throw new ShapeError('needs rows of users');
};
const ofEvents = { itemCounts: needUsers, earlier: needUsers };

const tensorOf = (value: Value) => (value.kind === 'outputs' ? undefined : value);

/** The same value as inputs of another graph. */
function fresh(value: Value, builder: ReturnType<typeof makeBuilder>): Value {
  const input = (name: string, ref: { readonly type: { readonly shape: readonly unknown[] } }) =>
    builder.input(name, ref.type.shape as never);
  switch (value.kind) {
    case 'fields':
      return {
        kind: 'fields',
        fields: value.fields.map((field) => ({ ...field, tensor: input(field.name, field.tensor) })),
      };
    case 'sequence':
      return { ...value, tensor: input('x', value.tensor), mask: input('mask', value.mask) };
    case 'outputs':
      return value;
    default:
      return { ...value, tensor: input('x', value.tensor) };
  }
}

function asVector(value: Value): string {
  const before =
    value.kind === 'fields' || value.kind === 'interests' ? ' -> flatten' : value.kind === 'sequence' ? ' -> mean' : '';
  return `${before} -> dense(${vectorWidth})`;
}

/** Arguments that go together: what a loss refuses is drawn again. */
function randomLoss(choose: Choose): BoundKind {
  for (let attempt = 0; attempt < 8; attempt++) {
    const kind = oneOf(choose, Object.keys(losses));
    const row = losses[kind]! as KindRow;
    const call = randomCall(choose, kind, row, { names: { feature: ['seen'] }, widths });
    if (!call) continue;
    // Written so it asks for negatives that nobody draws, which is an error.
    if (call.arguments.in_batch === false && call.arguments.negatives === undefined) continue;
    if (takesBound(call, undefined)) return call;
  }
  return { kind: 'softmax', arguments: {} };
}

/** Whether a loss takes scores that never exceed a bound, or of which none is known. */
function takesBound({ kind, arguments: args }: BoundKind, bound: number | undefined): boolean {
  const named = {
    ...args,
    ...(args.mask === undefined ? {} : { mask: 'history' }),
    ...(args.list === undefined ? {} : { list: 'taught' }),
  };
  try {
    const label = labelOf({ kind, arguments: args }) !== 'none';
    lossGraph({ kind, width: 2, label, arguments: named, ...(bound === undefined ? {} : { bound }) });
    return true;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return false;
  }
}

function randomObjective(choose: Choose, tasks: readonly string[]): string {
  const kinds = Object.keys(weightings);
  const at = choose(kinds.length + 1);
  const kind = kinds[at - 1];
  if (kind === undefined) return tasks.map((task, place) => `${place + 0.5} * ${task}`).join(' + ');
  const call = randomCall(choose, kind, weightings[kind]!, { names: { task: tasks }, widths })!;
  const { least, iterations } = call.arguments;
  return printCall({
    kind,
    arguments: {
      ...call.arguments,
      ...(typeof least === 'number' ? { least: least / 4 } : {}),
      // Before it has come to its end it goes one way or another by a last digit.
      ...(iterations === undefined ? {} : { iterations: 30 }),
    },
  });
}

/** A step of lamb is as long whatever the gradient. */
export const undamped: ReadonlySet<string> = new Set(['lamb']);

/** None that makes a whole step of what rounding leaves of a gradient of 0: engines round each in their own way. */
function randomOptimizer(choose: Choose): string {
  const kind = oneOf(
    choose,
    Object.keys(optimizers).filter((each) => !undamped.has(each)),
  );
  const { arguments: args } = randomCall(choose, kind, optimizers[kind]!, { names: {}, widths })!;
  const damped = { per: 'element', initial: 0.1, epsilon: 0.1 };
  return printCall({
    kind,
    arguments: { ...args, ...Object.fromEntries(Object.entries(damped).filter(([name]) => name in args)) },
  });
}
