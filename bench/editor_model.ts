/** A model of two thousand lines, as large teams have them: many features, some channels, several tasks. */

const kinds = [
  'id(hash: 100_000, dim: 16)',
  'category("web", "app", "mail", dim: 4)',
  'number(boundaries: [18, 25, 35, 45, 55], dim: 4)',
  'list(category(dim: 16), max: 20)',
  'text(trigrams, hash: 30_000, dim: 16)',
];
const perGroup = 20;

/** 1,240 features in 62 groups, 40 channels a side, each over a step and a block of its own, and 40 tasks. */
export function largeModel(): string {
  const groupsASide = 31;
  const channels = 40;
  const tasks = 40;
  const lines = ['/// Everything we know of people and things.', 'model large', '', 'let width = 64', ''];
  lines.push('block deep = flatten -> mlp(width, 32) -> normalize', '', 'features {');
  lines.push('  user_id : id(dim: 16)', '  item_id : id(dim: 16)');
  const groups: string[] = [];
  for (const side of ['user', 'item']) {
    for (let group = 0; group < groupsASide; group++) {
      const names = Array.from({ length: perGroup }, (_, at) => `${side}_${group}_${at}`);
      lines.push('', `  // ${side}s, part ${group}`);
      for (const [at, name] of names.entries()) {
        if (at % 10 === 0) lines.push(`  /// What is known of the ${side}.`);
        lines.push(`  ${name} : ${kinds[at % kinds.length]}`);
      }
      groups.push(`group ${side}s_${group} = ${names.join(', ')}`);
    }
  }
  lines.push('}', '', 'labels {');
  for (let task = 0; task < tasks; task++) lines.push(`  done_${task} : binary`);
  lines.push('}', '', ...groups, '');
  for (const side of ['user', 'item']) {
    const inputs = Array.from({ length: groupsASide }, (_, at) => `${side}s_${at}`);
    lines.push(`tower ${side}(${inputs.join(', ')}) keyed by ${side}_id {`);
    for (let channel = 0; channel < channels; channel++) {
      lines.push(`  weighted_${channel} = ${inputs[channel % groupsASide]} -> senet(reduction: 4)`);
      lines.push(`  channel main_${channel} = weighted_${channel} -> deep`);
    }
    lines.push('}', '');
  }
  for (let task = 0; task < tasks; task++) {
    lines.push(`task task_${task} {`, `  score = cosine(user.main_${task}, item.main_${task}) / 0.1`);
    lines.push(`  loss  = bce`, `  label = done_${task}`, '}', '');
  }
  lines.push(
    'train {',
    '  batch = 4096, epochs = 3',
    '  dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05)',
    '}',
  );
  return `${lines.join('\n')}\n`;
}
