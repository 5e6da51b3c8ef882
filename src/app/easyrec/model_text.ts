/** The text of `model.tower`. The formatter aligns it. */
import type { FeatureDraft, ModelDraft, SideName, TowerDraft } from './draft.ts';

export function modelText(draft: ModelDraft, from: string): string {
  const { name, kind, features, towers, keys, labels, task, train } = draft;
  return [
    `use "data.tower"`,
    `/// ${kind}, imported from ${from.replaceAll(/[\r\n]+/g, ' ')}.`,
    `model ${name}`,
    '',
    `features {\n${features.map(featureLine).join('\n')}\n}`,
    ...(labels.length > 0
      ? [`labels {\n${labels.map((label) => `  ${label.name} : ${label.kind}`).join('\n')}\n}`]
      : []),
    '',
    ...(['user', 'item'] as const).flatMap((side) =>
      towers[side].groups.map((group) => `group ${group.name} = ${group.features.join(', ')}`),
    ),
    '',
    towerText('user', towers.user, keys.user),
    towerText('item', towers.item, keys.item),
    '',
    'task match {',
    `  score = ${task.score}`,
    `  loss = ${task.loss}`,
    ...(task.label === undefined ? [] : [`  label = ${task.label}`]),
    ...(task.weight === undefined ? [] : [`  weight = ${task.weight}`]),
    '}',
    '',
    `train {\n${train.map((line) => `  ${line}`).join('\n')}\n}`,
    '',
  ].join('\n');
}

function featureLine({ name, element, list }: FeatureDraft): string {
  if (!list) return `  ${name} : ${element}`;
  const { pool, max, along, weights } = list;
  if (along !== undefined) return `  ${name} : along(${along}, ${element})`;
  const weighed = weights === undefined ? '' : `, weights: ${name}_weights`;
  return `  ${name} : list(${element}, max: ${max}, pool: ${pool}${weighed})`;
}

function towerText(name: SideName, { groups, alone, steps, channel }: TowerDraft, key: string | undefined): string {
  const inputs = [...groups.map((group) => group.name), ...alone].join(', ');
  const lines = [...steps, `channel main = ${channel}`].map((line) => `  ${line}`);
  return `tower ${name}(${inputs})${key === undefined ? '' : ` keyed by ${key}`} {\n${lines.join('\n')}\n}`;
}
