/** Converts a `MatchModel` to towers: a graph of blocks, two of which are the outputs. */
import type { ConfigGroup, GroupDraft, SideName, TowerDraft } from './groups.ts';
import { type ConvertedTowers, kerasMlp, type ModelContext, senetBlock } from './layers.ts';
import type { ConfigPart } from './part.ts';

interface BackboneBlock {
  readonly name: string;
  readonly part: ConfigPart;
  readonly inputs: readonly { readonly name: string; readonly isGroup: boolean }[];
}

/** A layer as blocks. `takes` says whether it needs fields or a vector. `flatten` turns fields into a vector. */
interface BackboneLayer {
  readonly takes: 'fields' | 'vector';
  readonly gives: 'fields' | 'vector';
  readonly blocks: readonly string[];
}

interface BlockValue {
  readonly text: string;
  readonly shape: 'fields' | 'vector';
}

/** The function is long because both towers traverse the same graph of blocks. */
export function backboneTowers(context: ModelContext): ConvertedTowers {
  const { model, settings, groups, refuse } = context;
  const backbone = model.needed('backbone');
  const blocks = new Map(backbone.parts('blocks').map((part) => [part.text('name') ?? '', blockOf(part)]));
  const packages = backbone.parts('packages');
  if (packages.length > 0) throw refuse('its backbone has `packages`');
  const outputs = [...backbone.texts('output_blocks'), ...backbone.texts('concat_blocks')];
  const outputNames = {
    user: outputs[settings.whole('user_tower_idx_in_output') ?? 0],
    item: outputs[settings.whole('item_tower_idx_in_output') ?? 1],
  };
  const readLayer = { user: groupsBelow(outputNames.user), item: groupsBelow(outputNames.item) };
  const sides = context.sides(readLayer);
  return { sides, user: towerOf('user'), item: towerOf('item'), keys: { user: undefined, item: undefined } };

  function groupsBelow(output: string | undefined): ConfigGroup[] {
    if (output === undefined || !blocks.has(output))
      throw refuse('its backbone does not say which two blocks are the towers');
    const foundGroups = new Set<string>();
    const seenBlocks = new Set<string>();
    const visitBlock = (name: string): void => {
      if (seenBlocks.has(name)) return;
      seenBlocks.add(name);
      for (const input of blocks.get(name)?.inputs ?? []) {
        if (input.isGroup) foundGroups.add(input.name);
        else visitBlock(input.name);
      }
    };
    visitBlock(output);
    return groups.filter((group) => foundGroups.has(group.name));
  }

  function towerOf(side: SideName): TowerDraft {
    const madeGroups = new Map<string, GroupDraft>();
    const blockValues = new Map<string, BlockValue>();
    const steps: string[] = [];
    const output = outputNames[side]!;
    const channel = flowOf(output, new Set());
    if (madeGroups.size === 0) throw refuse(`no feature of its ${side} tower was converted`);
    const channelText = channel.shape === 'fields' ? `${channel.text} -> flatten` : channel.text;
    return { groups: [...new Set(madeGroups.values())], alone: [], steps, channel: channelText };

    /** Returns the flow of a block. Flows of its inputs become earlier steps. */
    function flowOf(name: string, above: ReadonlySet<string>): BlockValue {
      const block = blocks.get(name);
      if (!block) throw refuse(`its backbone has no block \`${name}\``);
      if (above.has(name)) throw refuse(`the block \`${name}\` reads itself`);
      const aboveAndOwn = new Set([...above, name]);
      const inputs = block.inputs.map((input) =>
        input.isGroup ? groupValue(input.name) : stepValue(input.name, aboveAndOwn),
      );
      if (inputs.length === 0) throw refuse(`the block \`${name}\` has no input`);
      const firstValue: BlockValue =
        inputs.length === 1
          ? inputs[0]!
          : { text: `concat(${inputs.map(({ text }) => text).join(', ')})`, shape: 'vector' };
      const layer = layerOf(block, context);
      if (layer.blocks.length === 0) return firstValue;
      if (layer.takes === 'fields' && firstValue.shape === 'vector')
        throw refuse(`the block \`${name}\` needs fields, and gets a vector`);
      const flattening = layer.takes === 'vector' && firstValue.shape === 'fields' ? ['flatten'] : [];
      return { text: [firstValue.text, ...flattening, ...layer.blocks].join(' -> '), shape: layer.gives };
    }

    function groupValue(name: string): BlockValue {
      const group = groups.find((candidate) => candidate.name === name);
      const draft = madeGroups.get(name) ?? (group && sides.group(side, name.replaceAll(/\W+/g, '_'), [group]));
      if (!draft) throw refuse(`no feature of the group \`${name}\` was converted`);
      const sameGroup =
        [...madeGroups.values()].find(({ features }) => features.join() === draft.features.join()) ?? draft;
      madeGroups.set(name, sameGroup);
      return { text: sameGroup.name, shape: 'fields' };
    }

    function stepValue(name: string, above: ReadonlySet<string>): BlockValue {
      const valueBefore = blockValues.get(name);
      if (valueBefore) return valueBefore;
      const flowValue = flowOf(name, above);
      // A flow that is only the name of another step needs no step.
      if (/^\w+$/.test(flowValue.text)) return flowValue;
      const step = context.names.free(/^[A-Za-z_]\w*$/.test(name) ? name : 'step');
      steps.push(`${step} = ${flowValue.text}`);
      blockValues.set(name, { text: step, shape: flowValue.shape });
      return blockValues.get(name)!;
    }
  }
}

function blockOf(part: ConfigPart): BackboneBlock {
  const inputs = part.parts('inputs').flatMap((input) => {
    const [group, block] = [input.text('feature_group_name'), input.text('block_name')];
    if (input.flag('ignore_input', false)) return [];
    if (group !== undefined) return [{ name: group, isGroup: true }];
    return block === undefined ? [] : [{ name: block, isGroup: false }];
  });
  return { name: part.text('name') ?? '', part, inputs };
}

const passes: BackboneLayer = { takes: 'fields', gives: 'fields', blocks: [] };

function layerOf({ name, part }: BackboneBlock, context: ModelContext): BackboneLayer {
  const { refuse } = context;
  const kind = part.oneOf([
    'keras_layer',
    'recurrent',
    'repeat',
    'input_layer',
    'lambda',
    'raw_input',
    'embedding_layer',
    'sequence_encoder',
  ]);
  if (!kind) return passes;
  switch (kind.name) {
    case 'input_layer':
      return passes;
    case 'lambda': {
      const expression = kind.part.text('expression') ?? '';
      if (!/concat/.test(expression)) throw refuse(`the block \`${name}\` is code of Python: \`${expression}\``);
      return passes;
    }
    case 'keras_layer':
      return kerasLayer(name, kind.part, 1, context);
    case 'recurrent':
    case 'repeat': {
      const repetitions = kind.part.whole('num_steps', 1) ?? kind.part.whole('num_repeat', 1) ?? 1;
      return kerasLayer(name, kind.part.needed('keras_layer'), repetitions, context);
    }
    default:
      kind.part.leftOut('Tower has nothing like it');
      throw refuse(`the block \`${name}\` is a \`${kind.name}\``);
  }
}

function kerasLayer(name: string, part: ConfigPart, times: number, context: ModelContext): BackboneLayer {
  const kind = part.text('class_name') ?? '';
  const read = Object.hasOwn(layers, kind) ? layers[kind] : undefined;
  if (!read) throw context.refuse(`the block \`${name}\` is a layer \`${kind}\`, which the import does not know`);
  return read(part, times, context);
}

const layers: Readonly<Record<string, (part: ConfigPart, times: number, context: ModelContext) => BackboneLayer>> = {
  MLP: (part) => ({ takes: 'vector', gives: 'vector', blocks: kerasMlp(part.needed('mlp')) }),
  SENet: (part) => {
    const senet = part.needed('senet');
    const weighedBlock = senetBlock(senet);
    return senet.flag('use_output_layer_norm', true)
      ? { takes: 'fields', gives: 'vector', blocks: [weighedBlock, 'flatten', 'layer_norm'] }
      : { takes: 'fields', gives: 'fields', blocks: [weighedBlock] };
  },
  FM: (part) => {
    if (part.part('fm')?.flag('use_variant', false) !== true)
      part.differs('EasyRec sums the products of an FM to one number: `fm` gives a number for each of the width');
    return { takes: 'fields', gives: 'vector', blocks: ['fm'] };
  },
  CIN: (part) => ({
    takes: 'fields',
    gives: 'vector',
    blocks: [`cin(${part.needed('cin').wholes('hidden_feature_sizes').join(', ')})`],
  }),
  Cross: (part, times) => {
    const rank = part.part('cross')?.whole('projection_dim', 1);
    const settings = [`layers: ${times}`, ...(rank === undefined ? [] : [`rank: ${rank}`])];
    return { takes: 'vector', gives: 'vector', blocks: [`cross_v2(${settings.join(', ')})`] };
  },
  LayerNormalization: () => ({ takes: 'vector', gives: 'vector', blocks: ['layer_norm'] }),
  BatchNormalization: () => ({ takes: 'vector', gives: 'vector', blocks: ['batch_norm'] }),
  Concatenate: () => passes,
};
