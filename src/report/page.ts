/** `report.html`: one file, no network, no script. The same run gives the same bytes. */
import type { Lineage } from '../artifact/lineage.ts';
import { type Manifest, validationUnit } from '../artifact/manifest.ts';
import { evaluated, slices } from './evaluation_section.ts';
import { examplesSection } from './examples_section.ts';
import { counted, escapeHtml, figure, paragraph, section } from './html.ts';
import { normsSection } from './norms_section.ts';
import type { ReportParts } from './parts.ts';
import { figureOf } from './picture.ts';
import { profileSection } from './profile_section.ts';
import { settingsSection } from './settings_section.ts';
import { shell } from './shell.ts';
import { time } from './time_section.ts';
import { losses, temperatures, validation, weights } from './training_sections.ts';
import { attentionSection, vectorsSection } from './vectors_section.ts';
import { verdictSection } from './verdict_section.ts';

export function reportPage(parts: ReportParts): string {
  const { manifest, evaluation } = parts;
  const { model } = manifest.plan;
  return shell(`${model}: a run of Tower`, [
    `<h1>${escapeHtml(model)}</h1>`,
    verdictSection(manifest, evaluation),
    summary(manifest),
    evaluated(evaluation),
    losses(parts),
    validation(parts),
    weights(parts),
    temperatures(parts),
    normsSection(parts),
    slices(evaluation),
    examplesSection(evaluation),
    attentionSection(evaluation),
    vectorsSection(evaluation),
    picture(parts),
    time(parts),
    profileSection(parts.profile),
    settingsSection(manifest, parts.sources),
  ]);
}

const ended: Readonly<Record<Manifest['training']['status'], string>> = {
  epochs: 'ended after its last epoch',
  patience: 'ended early, because validation no longer improved',
  interrupted: 'was interrupted and can be resumed: the model is unfinished',
  stopped: 'was stopped before its end, and the model was kept as it was',
};

function summary({ plan, training, data, engine, seed, settings, from }: Manifest): string {
  const { best } = training;
  const unit = validationUnit(plan);
  const set = Object.entries(settings ?? {}).map(([name, value]) => `${name} = ${value}`);
  return section(
    'The run',
    paragraph(
      `Training ${ended[training.status]}: ${counted(training.epochs, unit)}, ${counted(training.steps, 'step')} of ${counted(plan.train.batch, 'row')}.` +
        (best
          ? ` Best ${best.metric} on validation: ${figure(best.value)} in ${unit} ${best.epoch}; the run keeps the weights of this ${unit}.`
          : ''),
    ),
    paragraph(
      `${counted(data.train, 'training event')}, ${data.validation.toLocaleString('en')} for validation and ${data.test.toLocaleString('en')} for the test; ${counted(data.items, 'item')}, ${counted(data.users, 'user')}${data.rejected > 0 ? `; ${counted(data.rejected, 'invalid row')} excluded` : ''}.`,
    ),
    ...(from ? [paragraph(lineageWords(from))] : []),
    paragraph(
      `Seed ${seed}. Engine ${engine.name}, ${engine.version}.${set.length > 0 ? ` Set on the command line: ${set.join(', ')}.` : ''}`,
    ),
  );
}

const lineageWords = ({ name, checksum, runs, steps, events = 0, fresh, replay = 0 }: Lineage): string =>
  `Began with the state of ${name} (${checksum.slice(0, 12)}), after ${counted(runs, 'run')} and ${counted(steps, 'step')}; trained on ${fresh ? counted(events, 'new event') : 'all training events'}${replay > 0 ? `, with ${replay} earlier ones for each of them` : ''}.`;

function picture({ manifest, drawing }: ReportParts): string {
  return section(
    'The model',
    drawing
      ? figureOf(manifest.plan.model, drawing)
      : paragraph('The model is not drawn: the files of the run do not compile with this version of Tower.'),
  );
}
