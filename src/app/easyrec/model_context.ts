/** What a row of a model reads, and what it makes. */
import type { FeatureDraft, SideName, TowerDraft } from './draft.ts';
import type { ConfigGroup, Identifiers, TowerSides } from './groups.ts';
import type { ImportNotes } from './notes.ts';
import type { ConfigPart } from './part.ts';
import type { ConfigDialect } from './scoring.ts';

export interface ModelContext {
  readonly dialect: ConfigDialect;
  readonly model: ConfigPart;
  readonly settings: ConfigPart;
  readonly groups: readonly ConfigGroup[];
  readonly names: Identifiers;
  readonly notes: ImportNotes;
  /** A feature by its name in the config. */
  readonly feature: (original: string) => FeatureDraft | undefined;
  /** Says which groups the towers read, before any feature is taken. */
  readonly sides: (groups: Readonly<Record<SideName, readonly ConfigGroup[]>>) => TowerSides;
  /** A Failure `config-model`: the model cannot become two towers. */
  readonly refuse: (reason: string) => Error;
}

export interface ConvertedTowers {
  readonly sides: TowerSides;
  readonly user: TowerDraft;
  readonly item: TowerDraft;
  readonly keys: { readonly user: string | undefined; readonly item: string | undefined };
}
