import type { FeatureKind } from '../contract.ts';
import { along } from './along.ts';
import { category } from './category.ts';
import { cross } from './cross.ts';
import { id } from './id.ts';
import { last } from './last.ts';
import { like } from './like.ts';
import { list } from './list.ts';
import { number } from './number.ts';
import { sequence } from './sequence.ts';
import { text } from './text.ts';
import { time } from './time.ts';
import { vector } from './vector.ts';

/** Maps names in a file to kinds of features. */
export const features: Readonly<Record<string, FeatureKind>> = {
  id,
  category,
  number,
  time,
  list,
  sequence,
  text,
  vector,
  like,
  along,
  last,
  cross,
};
