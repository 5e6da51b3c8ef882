import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { failure, hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import { printModel } from '../../../compiler/model/print_model.ts';
import { printGraph } from '../../../graph/print_graph.ts';
import { readManifest } from '../../../training/artifact/load.ts';
import { type CheckRequest, check, checkAndLower } from '../../api/check.ts';
import { graphPicture, modelPicture } from '../../api/compile.ts';
import { attention, inspectStep, load } from '../../api/run.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  setOption,
  unfinishedOption,
  wholeNumberFrom0,
  withExample,
} from '../options.ts';
import { answer, answerAsIs, answerJson, report, say, sayDiagnostics, sayEngine, sayNotes } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';
import {
  astJson,
  attentionText,
  graphOf,
  plainStage,
  planJson,
  planText,
  summarise,
  summaryText,
} from '../views/graph_view.ts';

interface InspectCommandOptions extends RunOptions {
  readonly ast?: boolean;
  readonly model?: boolean;
  readonly plan?: boolean;
  readonly graph?: boolean | string;
  readonly svg?: boolean;
  readonly attention?: boolean;
  readonly step?: number;
  readonly out?: string;
  readonly force?: boolean;
  readonly set: Record<string, string>;
  readonly json?: boolean;
}

export function inspectCommand(command: Command): void {
  command
    .argument('<model|run>', 'a `.tower` file, or the folder of a trained model')
    .addOption(new Option('--ast', 'show the syntax tree').conflicts(['model', 'plan', 'graph']))
    .addOption(
      new Option('--model', 'show the model after names and arguments are checked').conflicts(['plan', 'graph']),
    )
    .addOption(new Option('--plan', 'show the inputs of each graph').conflicts('graph'))
    .addOption(
      new Option(
        '--graph [name]',
        'show shapes, parameters, FLOPs and bytes of each block; with a name (step, or a tower), show each node of that graph',
      ),
    )
    .addOption(
      new Option(
        '--svg',
        'with --graph: write a picture, as SVG: the towers, or with a name that graph with a box for each block',
      ).conflicts('json'),
    )
    .addOption(
      new Option('--attention', 'show the weight that `senet` gives each field of a trained model').conflicts([
        'ast',
        'model',
        'plan',
        'graph',
      ]),
    )
    .addOption(
      new Option('--step <number>', 'replay this step of a run, and show its inputs and outputs')
        .argParser(wholeNumberFrom0)
        .conflicts(['ast', 'model', 'plan', 'graph', 'attention']),
    )
    .option('--out <folder>', 'with --step: write step.json, and the state before and after the step as safetensors')
    .option('--force', 'with --out: write into a folder that is not empty')
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(engineOption())
    .addOption(setOption())
    .addOption(unfinishedOption())
    .addOption(jsonOption())
    .action((path: string, options: InspectCommandOptions) => inspect(command, path, options));
  withExample(
    command,
    'tower inspect models/two_tower.tower --graph',
    'tower inspect models/two_tower.tower --graph step',
    'tower inspect models/two_tower.tower --graph step --svg',
    'tower inspect runs/first',
    'tower inspect runs/first --attention',
    'tower inspect runs/first --step 17 --out audit/step-17',
  );
}

async function inspect(command: Command, path: string, options: InspectCommandOptions): Promise<void> {
  if (options.step === undefined && (options.out !== undefined || options.force)) {
    command.error("error: options '--out' and '--force' need '--step <number>'");
  }
  if (options.svg && !options.graph) command.error("error: option '--svg' needs '--graph'");
  if (existsSync(path) && statSync(path).isDirectory()) return inspectRun(path, options);
  if (options.attention) throw failure('attention-of-model', { path });
  if (options.step !== undefined) throw failure('step-of-model', { path });
  if (options.ast) return inspectTree(path, options);
  return inspectLowered(path, options);
}

async function inspectLowered(path: string, options: InspectCommandOptions): Promise<void> {
  const { model, lowered, diagnostics } = await withInterruptSignal((signal) =>
    checkAndLower(path, { ...requestOf(options), signal }),
  );
  report(diagnostics);
  const { plan } = lowered;
  if (options.model) return options.json ? answerJson(plainStage(model)) : answerAsIs(printModel(model));
  if (options.plan) return options.json ? answerJson(planJson(plan)) : answerAsIs(planText(plan));
  if (typeof options.graph === 'string') {
    const graph = graphOf(plan, options.graph);
    if (options.svg) return answer(graphPicture(graph, lowered).trimEnd());
    return options.json ? answerJson(plainStage(graph)) : answerAsIs(printGraph(graph).trimEnd());
  }
  if (options.svg) return answer(modelPicture(model, lowered).trimEnd());
  const summary = summarise(lowered);
  return options.json ? answerJson(summary) : answerAsIs(summaryText(summary));
}

const requestOf = ({ set, allow }: InspectCommandOptions): CheckRequest => ({ set, allow });

async function inspectTree(path: string, options: InspectCommandOptions): Promise<void> {
  const { file, diagnostics } = await withInterruptSignal((signal) => check(path, { ...requestOf(options), signal }));
  answerJson(astJson(file));
  sayDiagnostics(diagnostics);
  if (hasErrors(diagnostics)) process.exitCode = 1;
}

async function inspectRun(folder: string, options: InspectCommandOptions): Promise<void> {
  const { ast, model, plan, graph, set } = options;
  if (ast || model || plan || graph || Object.keys(set).length > 0) throw failure('stage-of-run', { folder });
  if (options.attention) return inspectAttention(folder, options);
  if (options.step !== undefined) return inspectStepOf(folder, { ...options, step: options.step });
  if (!existsSync(join(folder, 'manifest.json')) && !existsSync(join(folder, 'run.json'))) {
    throw failure('not-a-run', { folder });
  }
  answerJson(await readManifest(folder));
}

async function inspectAttention(folder: string, { json, ...options }: InspectCommandOptions): Promise<void> {
  const run = await openRun(folder, options);
  sayEngine(await run.engine());
  const attentionValues = await attention(run);
  sayNotes(await run.notes());
  if (json) answerJson(attentionValues);
  else answer(attentionText(attentionValues));
}

async function inspectStepOf(
  folder: string,
  options: InspectCommandOptions & { readonly step: number },
): Promise<void> {
  const { step, out, force, engine, data, allow, json } = options;
  const record = await withInterruptSignal(async (signal) => {
    const run = await load(folder, { data, allow, signal, unfinished: true });
    return inspectStep(run, { step, out, force, engine, signal });
  });
  say(`engine: ${record.engine.name}, ${record.engine.version}`);
  if (record.taken?.agrees === false) {
    say(`note: steps.jsonl of the run has other figures for step ${step}, because another engine or machine took it`);
  }
  if (out === undefined || json) answerJson(record);
  else answer(`wrote step ${step} of ${record.steps} into ${out}: ${record.files.join(', ')}`);
}
