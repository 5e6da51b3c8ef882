/** Describes the requests and answers of a version, for the page and for other programs with a form. */
import type { ItemColumn } from '../../retrieval/filter/filter_columns.ts';
import type { QueryDescription } from '../../retrieval/prepare.ts';
import type { Snapshot } from '../../retrieval/snapshot.ts';

export interface About {
  readonly version: string;
  readonly items: number;
  readonly users: number;
  /** Length of a vector of either tower. */
  readonly width: number;
  readonly query: QueryDescription;
  /** The scores that `retrieve` adds up, with their factors. Empty if the run does not have them. */
  readonly objectives: readonly { readonly name: string; readonly factor: number }[];
  readonly columns: readonly AboutColumn[];
  /** The moment up to which answers know events of users. */
  readonly asOf?: string | number;
  /** Default of `removeSeen`. */
  readonly removeSeen: boolean;
  /** Columns that an event must have beside its user, item and time. Absent: the server takes no events. */
  readonly eventColumns?: readonly string[];
}

export interface AboutColumn {
  readonly name: string;
  readonly kind: ItemColumn['kind'];
  /** True if its values are URLs of pictures. */
  readonly picture?: true;
  /** A value, if one of the first items has one. */
  readonly example?: string | number | boolean;
}

export function aboutOf(
  { version, count, users, width, objectives, columns }: Snapshot,
  query: QueryDescription,
  removeSeen: boolean,
): About {
  return {
    version,
    items: count,
    users,
    width,
    query,
    objectives: objectives.map(({ name, factor }) => ({ name, factor })),
    columns: [...columns].map(([name, column]) => aboutColumn(name, column)),
    removeSeen,
  };
}

const maxSampledValues = 100;

function aboutColumn(name: string, column: ItemColumn): AboutColumn {
  const values = valuesOf(column);
  const [example] = values;
  const isPicture =
    column.kind === 'text' && values.length > 0 && values.every((value) => isPictureAddress(name, String(value)));
  return {
    name,
    kind: column.kind,
    ...(isPicture ? { picture: true } : {}),
    ...(example === undefined || isPicture
      ? {}
      : { example: typeof example === 'string' ? example.slice(0, 80) : example }),
  };
}

/** Returns the first values that are not missing. */
function valuesOf(column: ItemColumn): readonly (string | number | boolean)[] {
  switch (column.kind) {
    case 'number':
      return [...column.values.subarray(0, maxSampledValues)].filter((value) => !Number.isNaN(value));
    case 'text':
    case 'texts':
      return column.words.slice(0, maxSampledValues);
    case 'truth':
      return [...column.values.subarray(0, maxSampledValues)].filter((value) => value >= 0).map((value) => value === 1);
  }
}

const pictureEndings = /\.(?:png|jpe?g|webp|avif|gif|svg)(?:[?#]|$)/i;
const pictureNames = /image|picture|photo|poster|thumb|cover|artwork|logo/i;

/** True for a `data:` URL of a picture, a URL that ends like one, or any URL in a column whose name suggests pictures. */
function isPictureAddress(name: string, value: string): boolean {
  if (/^data:image\//i.test(value)) return true;
  return /^(?:https?:\/\/|\.{0,2}\/)\S+$/i.test(value) && (pictureEndings.test(value) || pictureNames.test(name));
}
