/** `train { … }`: how it is trained. What it does not say has a default here. */
import type { Parameters } from '../../library/contract.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Span } from '../../text/source.ts';
import { bindDefaults, bindKind, bindValue } from '../arguments.ts';
import { describeType, inRange } from '../describe.ts';
import { entriesByName } from '../entries.ts';
import { trainDocs } from '../entry_names.ts';
import type { Library } from '../library.ts';
import type { Call, Training } from '../model.ts';
import type { Workspace } from '../workspace.ts';

/** What `train` may say, as parameters: type, default, one line of doc. */
export function trainEntries(library: Library): Parameters {
  return {
    batch: { type: { is: 'integer', min: 1 }, doc: trainDocs.batch, default: 1024 },
    epochs: { type: { is: 'integer', min: 0 }, doc: trainDocs.epochs, default: 10 },
    seed: { type: { is: 'integer', min: 0 }, doc: trainDocs.seed, default: 1 },
    dense: {
      type: { is: 'kind', of: library.optimizers },
      doc: trainDocs.dense,
    },
    embeddings: {
      type: { is: 'kind', of: library.optimizers },
      doc: trainDocs.embeddings,
    },
    stop: {
      type: { is: 'kind', of: library.metrics },
      doc: trainDocs.stop,
    },
  };
}

/** What `stop` adds to the metric that it watches. */
export const stopParameters: Parameters = {
  patience: {
    type: { is: 'integer', min: 1 },
    doc: 'Epochs without a new best before training ends.',
    default: 2,
  },
};

export function defaultTraining(library: Library, span: Span): Training {
  return {
    batch: 1024,
    epochs: 10,
    seed: 1,
    dense: bindDefaults('adam', library.optimizers.adam!, { rate: 1e-3 }, span),
    embeddings: bindDefaults('adagrad', library.optimizers.adagrad!, { rate: 0.05 }, span),
  };
}

export function resolveTrain(workspace: Workspace, node: Ast.Train): Training | undefined {
  const { library, binding, report } = workspace;
  const parameters = trainEntries(library);
  const entries = entriesByName('`train`', node.entries, Object.keys(parameters), report, 'train');
  let sound = true;
  const value = <T>(name: string, otherwise: T): T => {
    const entry = entries.get(name);
    if (!entry) return otherwise;
    const converted = bindValue(parameters[name]!.type, entry.value, name, binding);
    if (!converted) sound = false;
    return converted ? (converted.value as T) : otherwise;
  };
  const kind = (name: 'dense' | 'embeddings', otherwise: Call): Call => {
    const entry = entries.get(name);
    if (!entry) return otherwise;
    const call = bindKind('optimizer', library.optimizers, entry.value, binding);
    if (!call) sound = false;
    return call ?? otherwise;
  };

  const defaults = defaultTraining(library, node.span);
  const batch = value('batch', defaults.batch);
  const epochs = value('epochs', defaults.epochs);
  const seed = value('seed', defaults.seed);
  const dense = kind('dense', defaults.dense);
  const embeddings = kind('embeddings', defaults.embeddings);
  const stopEntry = entries.get('stop');
  const stop = stopEntry && bindKind('metric', library.metrics, stopEntry.value, binding, stopParameters);
  if ((stopEntry && !stop) || !sound) return undefined;
  if (!stop) return { span: node.span, batch, epochs, seed, dense, embeddings };
  const { patience, ...metric } = stop.arguments;
  return {
    span: node.span,
    batch,
    epochs,
    seed,
    dense,
    embeddings,
    stop: { metric: { ...stop, arguments: metric }, patience: patience as number },
  };
}

/** The numbers of `train` that settings override, where no constant has their name. */
export const trainNumbers = ['batch', 'epochs', 'seed'] as const;

/** `--set seed=2` */
export function overrideTraining(
  training: Training,
  settings: Readonly<Record<string, number>>,
  { library, report, constants }: Workspace,
): Training {
  const changed: Partial<Record<(typeof trainNumbers)[number], number>> = {};
  for (const name of trainNumbers) {
    const value = settings[name];
    if (value === undefined || constants.names.includes(name)) continue;
    const { type } = trainEntries(library)[name]!;
    if (type.is === 'integer' && Number.isSafeInteger(value) && inRange(value, type)) changed[name] = value;
    else report('out-of-range', undefined, { of: name, expected: describeType(type), value });
  }
  return { ...training, ...changed };
}
