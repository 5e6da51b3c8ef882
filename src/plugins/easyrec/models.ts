/** Converts each model of the configs to two towers. A row says how its groups and layers become flows. */
import { backboneTowers } from './backbone.ts';
import type { ConfigGroup, GroupDraft, SideName, TowerDraft } from './groups.ts';
import { activeEnd, type ConvertedTowers, linearEnd, type ModelContext, senetBlock } from './layers.ts';
import type { ConfigPart } from './part.ts';

export interface ModelRow {
  readonly title: string;
  readonly settings: string;
  readonly towers: (context: ModelContext) => ConvertedTowers;
  readonly isRanking?: boolean;
}

/** `group -> flatten -> mlp(…)` */
const flow = (start: string, ...blocks: readonly string[]): string => [start, ...blocks].join(' -> ');

const towerOf = (group: GroupDraft, steps: readonly string[], channel: string): TowerDraft => ({
  groups: [group],
  alone: [],
  steps,
  channel,
});

function groupNamed(groups: readonly ConfigGroup[], name: string, context: ModelContext): ConfigGroup {
  const foundGroup = groups.find((group) => group.name === name);
  if (!foundGroup) throw context.refuse(`it has no feature group \`${name}\``);
  return foundGroup;
}

function filled(group: GroupDraft | undefined, side: SideName, context: ModelContext): GroupDraft {
  if (!group) throw context.refuse(`no feature of its ${side} tower was converted`);
  return group;
}

/** Returns the name of a tower's group: `user` and `item` in EasyRec, or the one that the tower names in TorchEasyRec. */
const inputOf = (tower: ConfigPart | undefined, otherwise: string): string => tower?.text('input') ?? otherwise;

function dssm(context: ModelContext): ConvertedTowers {
  const { settings, groups, dialect } = context;
  const towerParts = { user: settings.needed('user_tower'), item: settings.needed('item_tower') };
  const groupsRead = {
    user: [groupNamed(groups, inputOf(towerParts.user, 'user'), context)],
    item: [groupNamed(groups, inputOf(towerParts.item, 'item'), context)],
  };
  const sides = context.sides(groupsRead);
  const outputWidth = settings.whole('output_dim') ?? 0;
  const tower = (side: SideName): TowerDraft => {
    const part = towerParts[side];
    const layers = part.part('dnn') ?? part.part('mlp');
    const group = filled(sides.group(side, `${side}_features`, groupsRead[side]), side, context);
    const isLinear = dialect === 'EasyRec' || outputWidth > 0;
    const lastWidths = outputWidth > 0 ? [outputWidth] : [];
    let blocks = lastWidths.map((width) => `dense(${width})`);
    if (layers) blocks = isLinear ? linearEnd(layers, dialect === 'EasyRec', lastWidths) : activeEnd(layers, false);
    return towerOf(group, [], flow(group.name, ...weighed(part), 'flatten', ...normed(part), ...blocks));
  };
  return {
    sides,
    user: tower('user'),
    item: tower('item'),
    keys: { user: towerParts.user.text('id'), item: towerParts.item.text('id') ?? settings.text('item_id') },
  };
}

const weighed = (part: ConfigPart): string[] => part.parts('senet').slice(-1).map(senetBlock);

const normed = (part: ConfigPart): string[] => {
  const senet = part.part('senet');
  return senet?.flag('use_output_layer_norm', true) ? ['layer_norm'] : [];
};

const leftOutOfMind: Readonly<Record<string, string>> = {
  max_interests_simi: 'nothing keeps interests apart',
  time_id_fea: 'elements do not count by their time: `positions` gives each place a vector',
};

function mind(context: ModelContext): ConvertedTowers {
  const { settings, groups, dialect, names } = context;
  const isTorch = dialect === 'TorchEasyRec';
  const tower = isTorch ? settings.needed('user_tower') : settings;
  const itemPart = isTorch ? settings.needed('item_tower') : undefined;
  const user = groupNamed(groups, inputOf(isTorch ? tower : undefined, 'user'), context);
  const history = groupNamed(groups, isTorch ? (tower.text('history_input') ?? 'hist') : 'hist', context);
  const item = groupNamed(groups, inputOf(itemPart, 'item'), context);
  const time = settings.text('time_id_fea');
  const without = (names: readonly string[]): string[] => names.filter((name) => !time || !name.includes(time));
  const read = { ...history, features: without(history.features), sequences: without(history.sequences) };
  const sides = context.sides({ user: [user, read], item: [item] });
  const lists = sides.sequences('user', read);
  if (lists.length === 0) throw context.refuse('no sequence of its history was converted');

  const capsule = tower.needed('capsule_config');
  const keptElements = sides.used.get(lists[0]!)?.list?.max;
  const longest = capsule.whole('max_seq_len', 1);
  if (longest !== undefined && keptElements !== undefined && longest !== keptElements)
    capsule.at('max_seq_len').differs(`the history keeps ${keptElements} elements: see the \`max\` of its feature`);
  const capsuleWidth = capsule.whole('high_dim', 1) ?? 64;
  const routing = `multi_interest(${Math.min(capsule.whole('max_k', 1) ?? 5, 64)}, routing, iterations: ${Math.min(capsule.whole('num_iters', 1) ?? 3, 16)})`;
  capsule.noteIfAny(
    'the capsules are those of the paper: logits from 0, a squash of power 1, and all interests',
    'routing_logits_scale',
    'routing_logits_stddev',
    'squash_pow',
    'scale_ratio',
    'const_caps_num',
    'routing_init_method',
  );
  for (const name of ['simi_pow', 'max_interests_simi', 'time_id_fea']) {
    if (!settings.has(name)) continue;
    if (name === 'simi_pow')
      settings.at(name).differs('the interest that fits the item best scores the row; `power` of the score mixes them');
    else settings.at(name).leftOut(leftOutOfMind[name]!);
    settings.skip(name);
  }
  const layersBefore = tower.part('pre_capsule_dnn') ?? tower.part('hist_seq_mlp');
  const combination = tower.text('user_seq_combine') ?? 'SUM';
  const flowStart =
    lists.length === 1 ? lists[0]! : `${combination === 'CONCAT' || isTorch ? 'concat' : 'sum'}(${lists.join(', ')})`;
  const interests = names.free('interests');
  const steps = [
    `${interests} = ${flow(flowStart, ...(layersBefore ? (isTorch ? linearEnd(layersBefore, false) : activeEnd(layersBefore, true)) : []), `dense(${capsuleWidth})`, routing)}`,
  ];
  const userGroup = sides.group('user', 'user_features', [user]);
  const concat = tower.part('concat_dnn') ?? tower.part('concat_mlp');
  const layers = tower.part('user_dnn') ?? tower.part('user_mlp');
  const outputWidth = settings.whole('output_dim') ?? 0;
  const flowEnd = concat ? linearEnd(concat, !isTorch, outputWidth > 0 ? [outputWidth] : []) : [];
  let channel = interests;
  if (userGroup) {
    const userStep = names.free('known');
    const blocks = layers ? (isTorch ? linearEnd(layers, false) : ['batch_norm', ...activeEnd(layers, true)]) : [];
    steps.push(`${userStep} = ${flow(userGroup.name, 'flatten', ...blocks)}`);
    channel = `concat(${interests}, ${userStep})`;
  }
  const itemGroup = filled(sides.group('item', 'item_features', [item]), 'item', context);
  const itemLayers = settings.part('item_dnn') ?? itemPart?.part('mlp');
  const itemBlocks = itemLayers ? linearEnd(itemLayers, !isTorch, outputWidth > 0 ? [outputWidth] : []) : [];
  return {
    sides,
    user: { groups: userGroup ? [userGroup] : [], alone: lists, steps, channel: flow(channel, ...flowEnd) },
    item: towerOf(itemGroup, [], flow(itemGroup.name, 'flatten', ...itemBlocks)),
    keys: { user: undefined, item: settings.text('item_id') },
  };
}

/** Converts models that rank. In the config, further layers combine the layers of all groups; two towers combine them only in the score. */
function multiTower(context: ModelContext): ConvertedTowers {
  const { settings, groups, dialect, names } = context;
  const recall = settings.has('user_tower');
  const towerParts = recall
    ? (['user', 'item'] as const).map((side) => ({ name: side as string, part: settings.needed(`${side}_tower`) }))
    : settings.parts('towers').map((part) => ({ name: part.text('input') ?? '', part }));
  const read: Record<SideName, { group: ConfigGroup; part: ConfigPart }[]> = { user: [], item: [] };
  for (const { name, part } of towerParts) {
    const group = groupNamed(groups, name, context);
    const side = sideNamed(name);
    const halves = side ? [] : halvesOf(group, context);
    if (side) read[side].push({ group, part });
    else if (halves.length > 0) {
      part.differs(`the group \`${name}\` has features of both sides: each tower has layers for its own`);
      for (const half of halves) read[half.side].push({ group: half.group, part });
    } else {
      part.leftOut(
        `the group \`${name}\` is of no one side: a group with \`user\`, \`context\` or \`item\` in its name is`,
      );
      part.skip(...part.names);
    }
  }
  for (const name of ['din_towers', 'bst_towers'] as const) {
    for (const part of settings.parts(name)) {
      const lists = listsOf(part.text('input') ?? '', context);
      const firstInput = read.user[0];
      if (lists.length > 0 && firstInput) {
        part.differs(
          'attention to the candidate needs both sides: the user tower reads the history, pooled by its mean',
        );
        read.user[0] = {
          ...firstInput,
          group: { ...firstInput.group, sequences: [...firstInput.group.sequences, ...lists] },
        };
      } else part.leftOut('attention to the candidate needs both sides: give the user tower a history instead');
      part.skip(...part.names);
    }
  }
  const finalLayers = settings.part('final_dnn') ?? settings.part('final');
  const outputWidth = finalLayers?.wholes('hidden_units').at(-1) ?? 32;
  if (finalLayers) {
    finalLayers.differs(
      `layers over both sides cannot be searched: the score is the inner product of two vectors of ${outputWidth} numbers`,
    );
    finalLayers.skip(...finalLayers.names);
  }
  const sides = context.sides({ user: read.user.map(({ group }) => group), item: read.item.map(({ group }) => group) });
  const tower = (side: SideName): TowerDraft => {
    if (read[side].length === 0) throw context.refuse(`it has no group of the ${side} side`);
    const builtGroups = read[side].flatMap(({ group, part }) => {
      const draft = sides.group(side, `${group.name.replaceAll(/\W+/g, '_')}_features`, [group]);
      const layers = part.part('dnn') ?? part.part('mlp');
      return draft ? [{ draft, blocks: layers ? activeEnd(layers, dialect === 'EasyRec') : [] }] : [];
    });
    const [first] = builtGroups;
    if (!first) throw context.refuse(`no feature of its ${side} side was converted`);
    if (builtGroups.length === 1)
      return towerOf(first.draft, [], flow(first.draft.name, 'flatten', ...first.blocks, `dense(${outputWidth})`));
    const steps = builtGroups.map(({ draft, blocks }) => ({
      name: names.free(draft.name.replace(/_features/, '_deep')),
      text: flow(draft.name, 'flatten', ...blocks),
    }));
    return {
      groups: builtGroups.map(({ draft }) => draft),
      alone: [],
      steps: steps.map(({ name, text }) => `${name} = ${text}`),
      channel: flow(`concat(${steps.map(({ name }) => name).join(', ')})`, `dense(${outputWidth})`),
    };
  };
  return { sides, user: tower('user'), item: tower('item'), keys: { user: undefined, item: undefined } };
}

/** Splits a group into the features of each side. Empty unless the config assigns features to both. */
function halvesOf(
  group: ConfigGroup,
  context: ModelContext,
): { readonly side: SideName; readonly group: ConfigGroup }[] {
  const isItem = (original: string): boolean => context.feature(original)?.side === 'item';
  const [item, user] = [group.features.filter(isItem), group.features.filter((original) => !isItem(original))];
  if (item.length === 0 || user.length === 0) return [];
  return [
    { side: 'user', group: { ...group, name: 'user', features: user } },
    { side: 'item', group: { ...group, name: 'item', features: item, sequences: [] } },
  ];
}

function listsOf(name: string, { groups, feature }: ModelContext): string[] {
  const group = groups.find((candidate) => candidate.name === name);
  return [...(group?.features ?? []), ...(group?.sequences ?? [])].filter((original) => feature(original)?.list);
}

function sideNamed(name: string): SideName | undefined {
  if (/item|goods|product|video|candidate|(^|_)ad(_|$)/i.test(name)) return 'item';
  return /user|context|query|profile/i.test(name) ? 'user' : undefined;
}

/** Models by `model_class` of EasyRec. */
export const easyrecModels: Readonly<Record<string, ModelRow>> = {
  DSSM: { title: 'DSSM', settings: 'dssm', towers: dssm },
  DSSM_SENet: { title: 'DSSM-SENet', settings: 'dssm_senet', towers: dssm },
  MIND: { title: 'MIND', settings: 'mind', towers: mind },
  MultiTower: { title: 'MultiTower', settings: 'multi_tower', towers: multiTower, isRanking: true },
  MultiTowerDIN: { title: 'MultiTowerDIN', settings: 'multi_tower', towers: multiTower, isRanking: true },
  MultiTowerBST: { title: 'MultiTowerBST', settings: 'multi_tower', towers: multiTower, isRanking: true },
  MultiTowerRecall: { title: 'MultiTowerRecall', settings: 'multi_tower_recall', towers: multiTower, isRanking: true },
  MatchModel: { title: 'MatchModel', settings: 'model_params', towers: backboneTowers },
};

/** Models by the message in `model_config` of TorchEasyRec. */
export const torchModels: Readonly<Record<string, ModelRow>> = {
  dssm: { title: 'DSSM', settings: 'dssm', towers: dssm },
  dssm_v2: { title: 'DSSM V2', settings: 'dssm_v2', towers: dssm },
  mind: { title: 'MIND', settings: 'mind', towers: mind },
  multi_tower: { title: 'MultiTower', settings: 'multi_tower', towers: multiTower, isRanking: true },
  multi_tower_din: { title: 'MultiTowerDIN', settings: 'multi_tower_din', towers: multiTower, isRanking: true },
};
