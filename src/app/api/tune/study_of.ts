/** What a study is, from what is asked and from the model; of one that goes on, whether it is the same. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { failure } from '../../../base/diagnostics/failure.ts';
import { defined } from '../../../base/util/defined.ts';
import type { SearchParameter } from '../../../compiler/model/search.ts';
import type { Settings } from '../../../compiler/model/settings/text.ts';
import type { TrainPlan } from '../../../graph/plan/plan.ts';
import { declaredMeasures, labelOf, makeMeasures } from '../../../training/evaluation/measures.ts';
import { rungsOf } from '../../../training/tune/halving.ts';
import type { Dimension, SearchSpace } from '../../../training/tune/space.ts';
import type { Study } from '../../../training/tune/trial.ts';
import type { Lowering } from '../check.ts';

interface StudyRequest
  extends Partial<Pick<Study, 'sampler' | 'seed' | 'halving' | 'parallel' | 'finalists' | 'seeds' | 'metric'>> {
  readonly out: string;
  readonly set?: Settings;
}

/** @throws Failure `no-search`, `unknown-measure`, `other-study` */
export function studyOf(path: string, request: StudyRequest, checked: Lowering, before: Study | undefined): Study {
  const { search, sources, data, lowered } = checked;
  const { train } = lowered.plan;
  if (search.length === 0) throw failure('no-search', { path });
  const measured = makeMeasures([...(train.stop ? [train.stop] : []), ...declaredMeasures([lowered.plan])]);
  const knownMeasures = measured.map(({ label }) => label);
  const metric = request.metric ?? before?.metric ?? (train.stop ? labelOf(train.stop) : knownMeasures[0]!);
  if (!knownMeasures.includes(metric)) throw failure('unknown-measure', { name: metric, known: knownMeasures });
  const halving = request.halving ?? before?.halving ?? true;
  const requestedSettings = { ...before, ...defined({ ...pick(request) }) };
  const study: Study = {
    model: lowered.plan.model,
    sources: sha256([...sources.map(({ text }) => text), data!.source.text].join('\0')),
    space: spaceOf(search),
    set: textsOf(request.set ?? before?.set ?? {}),
    metric,
    stops: train.stop !== undefined && metric === labelOf(train.stop),
    fileSeed: train.seed,
    sampler: requestedSettings.sampler ?? 'tpe',
    seed: requestedSettings.seed ?? 1,
    halving,
    rungs: rungsOf(validationsOf(train), halving),
    parallel: Math.min(requestedSettings.parallel ?? 1, 4 * availableParallelism()),
    finalists: requestedSettings.finalists ?? 3,
    seeds: requestedSettings.seeds ?? 3,
  };
  const words = { model: 'model', sources: 'model file or data block', space: '`search`', set: '`--set`' } as const;
  for (const [name, value] of Object.entries(study)) {
    if (!before || JSON.stringify(value) === JSON.stringify(before[name as keyof Study])) continue;
    const what = name in words ? words[name as keyof typeof words] : `\`${name}\``;
    throw failure('other-study', { folder: request.out, what });
  }
  return study;
}

/** `steps` in epochs of unknown length are taken as many. */
function validationsOf({ steps, epochs, validate }: TrainPlan): number {
  const every = validate?.epochs ?? 1;
  if (validate?.steps !== undefined) return steps === undefined ? many : Math.ceil(steps / validate.steps / every);
  return steps === undefined ? Math.ceil(epochs / every) : many;
}

const many = 27;

const pick = ({ sampler, seed, parallel, finalists, seeds }: StudyRequest): Partial<Study> =>
  defined({ sampler, seed, parallel, finalists, seeds });

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const textsOf = (set: Settings): Record<string, string> =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)]));

const spaceOf = (parameters: readonly SearchParameter[]): SearchSpace =>
  parameters.map(({ name, domain, usual }): Dimension => {
    if (domain.kind === 'choices') {
      return {
        name,
        domain: { kind: 'choices', texts: domain.choices.map(({ text }) => text) },
        ...defined({ usual }),
      };
    }
    const { from, to, log, whole } = domain;
    return { name, domain: { kind: 'range', from, to, log, whole }, ...defined({ usual }) };
  });
