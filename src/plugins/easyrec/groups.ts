/** Converts the groups of features in a config, and assigns them to the towers. */

import { isIdentifier } from '../../base/text/names.ts';
import { groupBy } from '../../base/util/objects.ts';
import type { ConfigPart, ConfigPosition, ImportNotes } from './part.ts';

/** Converts names of a config to names of the language and to columns of SQL. */
export class Identifiers {
  private readonly byName = new Map<string, string>();
  private readonly taken = new Set<string>(['__proto__', 'vector']);

  /** @param own names that the import itself uses */
  constructor(own: readonly string[]) {
    for (const name of own) this.taken.add(name);
  }

  /** Returns the same name for the same text. */
  of(text: string): string {
    const nameBefore = this.byName.get(text);
    if (nameBefore !== undefined) return nameBefore;
    const freeName = this.free(isIdentifier(text) ? text : slugOf(text));
    this.byName.set(text, freeName);
    return freeName;
  }

  free(wish: string): string {
    let freeName = wish;
    for (let number = 2; this.taken.has(freeName); number++) freeName = `${wish}_${number}`;
    this.taken.add(freeName);
    return freeName;
  }
}

function slugOf(text: string): string {
  const plainName = text.replaceAll(/[^A-Za-z0-9_]+/g, '_').replaceAll(/^_+|_+$/g, '');
  return /^[A-Za-z_]/.test(plainName) ? plainName : `column_${plainName}`;
}

/** Quotes a column for SQL, because names may be words of SQL or have other characters. */
export const quotedColumn = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a text for SQL. */
export function quotedText(text: string): string {
  // Control characters are not allowed in a file of the language, so they are written by their number.
  const writtenParts: string[] = [];
  let plain = '';
  const endPart = (): void => {
    if (plain !== '') writtenParts.push(`'${plain.replaceAll("'", "''")}'`);
    plain = '';
  };
  for (const sign of text) {
    const code = sign.codePointAt(0)!;
    if (code >= 32 && code !== 127) plain += sign;
    else {
      endPart();
      writtenParts.push(`chr(${code})`);
    }
  }
  endPart();
  return writtenParts.length === 0 ? "''" : writtenParts.join(' || ');
}

export interface ConfigGroup {
  readonly name: string;
  readonly at: ConfigPart;
  readonly features: readonly string[];
  /** Sequences that attention or pooling combines. */
  readonly sequences: readonly string[];
}

/** Encoders of sequences that depend on the candidate or on all elements. Two towers use pooling instead. */
const encoders: readonly string[] = [
  'din_encoder',
  'simple_attention',
  'multi_window_din_encoder',
  'self_attention_encoder',
];

export function configGroups(model: ConfigPart): ConfigGroup[] {
  return model.parts('feature_groups').map((at) => {
    for (const name of ['wide_deep', 'group_type']) {
      if (/^WIDE/.test(at.text(name) ?? ''))
        at.at(name).differs('Tower has no wide part: the features of this group have vectors, as those of a deep one');
    }
    at.noteIfAny('a feature has one table in all groups', 'embedding_name_suffix');
    const attendedLists = at.parts('sequence_features').flatMap((sequence) => {
      const attentionMaps = sequence.parts('seq_att_map');
      sequence.differs(
        'attention to the candidate would make the user tower read the item: the sequence is pooled by its mean',
      );
      sequence.skip(...sequence.names);
      return attentionMaps.flatMap((map) => [...map.texts('hist_seq'), ...map.texts('aux_hist_seq')]);
    });
    const groupedLists = at.parts('sequence_groups').flatMap((sequence) => {
      sequence.skip('group_name', 'embedding_name_suffix');
      return sequence.texts('feature_names');
    });
    for (const encoder of at.parts('sequence_encoders')) {
      const foundEncoder = encoder.oneOf(encoders);
      if (foundEncoder)
        foundEncoder.part.differs(`in place of \`${foundEncoder.name}\`, sequences are pooled by their mean`);
      foundEncoder?.part.skip(...foundEncoder.part.names);
      const poolingEncoder = encoder.part('pooling_encoder');
      const type = poolingEncoder?.text('pooling_type');
      if (type !== undefined && type !== 'mean')
        poolingEncoder!.at('pooling_type').differs('sequences are pooled by their mean');
      if (poolingEncoder?.has('max_seq_length'))
        poolingEncoder.at('max_seq_length').differs('the length of a list is the `max` of its feature');
      poolingEncoder?.skip('input', 'name', 'max_seq_length');
    }
    return {
      name: at.text('group_name') ?? '',
      at,
      features: at.texts('feature_names'),
      sequences: [...attendedLists, ...groupedLists],
    };
  });
}

const otherSide = { user: 'item', item: 'user' } as const;

export class TowerSides {
  readonly used = new Map<string, FeatureDraft>();
  private readonly sideOf = new Map<string, SideName>();
  private readonly own: Readonly<Record<SideName, ReadonlySet<string>>>;

  constructor(
    private readonly features: ReadonlyMap<string, FeatureDraft>,
    private readonly names: Identifiers,
    groups: Readonly<Record<SideName, readonly ConfigGroup[]>>,
  ) {
    const columns = (side: SideName): Set<string> =>
      new Set(
        groups[side]
          .flatMap((group) => group.features)
          .flatMap((original) => {
            const feature = features.get(original);
            return feature?.reads.length === 1 ? feature.reads : [];
          }),
      );
    this.own = { user: columns('user'), item: columns('item') };
  }

  group(side: SideName, wish: string, groups: readonly ConfigGroup[]): GroupDraft | undefined {
    const features = groups.flatMap(({ features, sequences, at }) =>
      [...features, ...sequences].flatMap((original) => this.use(side, original, at) ?? []),
    );
    const allNames = [...new Set(features)];
    return allNames.length === 0 ? undefined : { name: this.names.free(wish), features: allNames };
  }

  /** Returns the lists of a group as sequences, whose elements belong together. */
  sequences(side: SideName, group: ConfigGroup): string[] {
    const lists: string[] = [];
    for (const original of [...group.features, ...group.sequences]) {
      const usedName = this.use(side, original, group.at);
      const feature = usedName === undefined ? undefined : this.used.get(usedName);
      if (usedName === undefined || feature === undefined || lists.includes(usedName)) continue;
      if (!feature.list) {
        group.at.leftOut(`\`${original}\` is no list, so it is no part of the history`);
        this.used.delete(usedName);
        continue;
      }
      const [first] = lists;
      const { weights: _, ...list } = feature.list;
      this.used.set(usedName, { ...feature, list: { ...list, pool: 'none', along: first } });
      lists.push(usedName);
    }
    return lists;
  }

  /** Returns the name of a feature in the model; undefined if the tower cannot read it. */
  use(side: SideName, original: string, at: ConfigPosition): string | undefined {
    const feature = this.features.get(original);
    if (feature === undefined) {
      at.leftOut(`the group names \`${original}\`, which is no feature that was converted`);
      return undefined;
    }
    const foreignColumn = this.foreignColumn(side, feature);
    if (foreignColumn !== undefined) {
      const what = { path: `${at.path}.feature_names`, line: feature.line };
      at.notes.add(
        'left out',
        what,
        `\`${original}\` reads \`${foreignColumn}\`, a column of the other tower: only the score joins two towers`,
      );
      return undefined;
    }
    const sideBefore = this.sideOf.get(feature.name);
    if (sideBefore === undefined || sideBefore === side) {
      this.sideOf.set(feature.name, side);
      this.used.set(feature.name, feature);
      return feature.name;
    }
    return this.copied(side, feature);
  }

  /** Adds a copy of a feature that both towers use, with another name, and with the same column and table. */
  private copied(side: SideName, feature: FeatureDraft): string {
    const copyName = this.names.of(`${feature.name}_of_${side}`);
    const column = feature.sql ?? feature.name;
    this.used.set(copyName, { ...feature, name: copyName, sql: column, table: feature.table ?? `\0${feature.name}` });
    const owner = this.used.get(feature.name)!;
    this.used.set(feature.name, { ...owner, table: owner.table ?? `\0${feature.name}` });
    return copyName;
  }

  private foreignColumn(side: SideName, { reads, side: said }: FeatureDraft): string | undefined {
    if (reads.length < 2) return said === 'item' && side === 'user' ? reads[0] : undefined;
    const [ownColumns, otherColumns] = [this.own[side], this.own[otherSide[side]]];
    return reads.find((column) => otherColumns.has(column) && !ownColumns.has(column));
  }
}

/** Makes one table for the features that share the name of a table. */
export function withSharedTables(
  features: readonly FeatureDraft[],
  names: Identifiers,
  notes: ImportNotes,
): FeatureDraft[] {
  const owners = new Map<string, FeatureDraft>();
  const tables: FeatureDraft[] = [];
  const inTables = features.filter(({ table }) => table !== undefined);
  for (const [table, sharing] of groupBy(inTables, (feature) => feature.table!)) {
    if (sharing.length < 2) continue;
    const plainFeature = sharing.find(({ list }) => !list);
    const first = sharing[0]!;
    if (!plainFeature && !/^id\(hash/.test(first.element)) {
      notes.add('differs', { path: table, line: first.line }, 'each of these lists has a table of its own');
      continue;
    }
    // A list uses the table of another feature. If all are lists, a feature without values gets the table.
    const owner = plainFeature ?? {
      ...first,
      list: undefined,
      reads: [],
      name: names.free(`${first.name}_table`),
      sql: 'CAST(NULL AS VARCHAR)',
    };
    if (!plainFeature) tables.push(owner);
    owners.set(table, owner);
  }
  const sharedFeatures = features.map((feature) => {
    const owner = feature.table === undefined ? undefined : owners.get(feature.table);
    if (owner === undefined || owner.name === feature.name) return feature;
    return { ...feature, element: feature.list ? owner.name : `like(${owner.name})` };
  });
  return [...tables, ...sharedFeatures];
}

/** A feature, and how its column is converted to values. */
export interface FeatureDraft {
  readonly name: string;
  readonly reads: readonly string[];
  /** SQL of DuckDB, or the name of the column if it is not that of the feature. Absent: the column with the feature's name. */
  readonly sql?: string;
  /** The kind of one value, such as `id(hash: 100, dim: 16)`. */
  readonly element: string;
  readonly list?: ListDraft;
  /** Name of a table in the config. Features with the same one also share a table here. */
  readonly table?: string;
  /** Absent if either tower may use it. */
  readonly side?: SideName;
  /** Rows of its table; 0 if it has none. */
  readonly rows: number;
  readonly line: number;
}

interface ListDraft {
  readonly pool: 'mean' | 'sum' | 'none';
  readonly max: number;
  readonly weights?: string;
  /** The list whose elements these values belong to. */
  readonly along?: string;
}

export type SideName = 'user' | 'item';

export interface TowerDraft {
  readonly groups: readonly GroupDraft[];
  readonly alone: readonly string[];
  readonly steps: readonly string[];
  readonly channel: string;
}

export interface GroupDraft {
  readonly name: string;
  readonly features: readonly string[];
}

export interface TaskDraft {
  readonly score: string;
  readonly loss: string;
  readonly label?: string;
  readonly weight?: string;
}

export interface LabelDraft {
  readonly name: string;
  readonly kind: 'binary' | 'number';
  readonly column?: string;
}

export interface ModelDraft {
  readonly name: string;
  /** Model class of the config, such as `DSSM`. */
  readonly kind: string;
  readonly features: readonly FeatureDraft[];
  readonly towers: Readonly<Record<SideName, TowerDraft>>;
  readonly keys: { readonly user?: string; readonly item: string };
  readonly labels: readonly LabelDraft[];
  readonly task: TaskDraft;
  readonly train: readonly string[];
}
