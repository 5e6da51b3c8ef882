import { Command } from 'commander';
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import { nearest } from '../../text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';
import { endable } from '../signals.ts';
import { notesText } from '../views/import_notes.ts';

interface Options {
  readonly out: string;
  readonly events?: string;
  readonly test?: string;
  /** False with `--no-items`. */
  readonly items?: string | boolean;
  readonly user?: string;
  readonly item?: string;
  readonly json?: boolean;
}

/** Programs whose configs are known. TorchEasyRec is found from the config. */
const programs = ['easyrec'];

export function importCommand(program: Command): void {
  const command = new Command('import')
    .description('convert a config of EasyRec or TorchEasyRec, and list what could not be converted')
    .argument('<program>', 'whose config it is: `easyrec`, also for TorchEasyRec')
    .argument('<config>', 'the config of a match model, in the text format of Protocol Buffers')
    .option('--out <folder>', 'write data.tower and model.tower into this folder', 'imported')
    .option('--events <file>', 'read the rows of training from this file (default: `train_input_path` of the config)')
    .option('--test <file>', 'measure on the rows of this file (default: `eval_input_path` of the config)')
    .option('--items <file>', 'read one row for each item from this file (default: that of the negative sampler)')
    .option('--no-items', 'take the items from the events')
    .option('--user <column>', 'take this column for what identifies a user, where the config does not say')
    .option('--item <column>', 'take this column for what identifies an item, where the config does not say')
    .addOption(jsonOption())
    .action(async (name: string, config: string, { json, items, ...options }: Options) => {
      if (!programs.includes(name.toLowerCase().replace(/^torch/, ''))) {
        throw failure('unknown-name', { what: 'program', name, nearest: nearest(name, programs), known: programs });
      }
      const { importConfig } = await import('../../api/import.ts');
      const imported = await endable((signal) =>
        importConfig({
          config,
          signal,
          out: options.out,
          ...defined({ events: options.events, test: options.test, user: options.user, item: options.item }),
          ...(items === false || typeof items === 'string' ? { items } : {}),
        }),
      );
      if (json) return answerJson(imported);
      const { model, data, notes, copies, missing, allow, warnings, dialect } = imported;
      for (const { from, to, rows } of copies) {
        say(`wrote ${to}${rows === undefined ? ' with a header' : `, ${rows} items`}, from ${from.join(', ')}`);
      }
      if (warnings !== '') say(warnings);
      if (notes.length > 0) answer(`${notesText(notes)}\n`);
      answer(`wrote ${data} and ${model}, from a config of ${dialect}`);
      if (missing.length > 0) {
        for (const { path, columns } of missing) {
          answer(`put the rows into ${path}, with a header: ${columns.join(', ')}`);
        }
        answer(`then run \`npx tower check ${model}\``);
        return;
      }
      const allowed = allow.map((folder) => ` --allow ${folder}`).join('');
      answer(`train with \`npx tower train ${model}${allowed} --out runs/imported\``);
    });
  program.addCommand(
    withExample(
      command,
      'tower import easyrec dssm.config --out imported',
      'tower import easyrec dssm.config --events clicks.parquet --test clicks-test.parquet',
    ),
  );
}
