/** What a row of a model reads, and what it makes. */
import type { FeatureDraft, SideName, TowerDraft } from './draft.ts';
import type { ConfigGroup, Sides } from './groups.ts';
import type { Identifiers } from './identifiers.ts';
import type { Notes } from './notes.ts';
import type { Part } from './part.ts';
import type { Dialect } from './scoring.ts';

export interface ModelContext {
  readonly dialect: Dialect;
  /** `model_config` */
  readonly model: Part;
  readonly settings: Part;
  readonly groups: readonly ConfigGroup[];
  readonly names: Identifiers;
  readonly notes: Notes;
  /** A feature by its name in the config. */
  readonly feature: (original: string) => FeatureDraft | undefined;
  /** Says which groups the towers read, before any feature is taken. */
  readonly sides: (groups: Readonly<Record<SideName, readonly ConfigGroup[]>>) => Sides;
  /** A Failure `config-model`: the model cannot become two towers. */
  readonly refuse: (reason: string) => Error;
}

export interface Towers {
  readonly sides: Sides;
  readonly user: TowerDraft;
  readonly item: TowerDraft;
  /** Names of the config, where it says which features identify a user and an item. */
  readonly keys: { readonly user: string | undefined; readonly item: string | undefined };
}
