import { notes } from '../../../base/diagnostics/notes.ts';
import type { Span } from '../../../base/text/source.ts';
import { defined } from '../../../base/util/defined.ts';
import { valuesNamed } from '../references.ts';
import type { TowerPart } from '../resolution.ts';
import type { Rule } from './rule.ts';

/** A tower is a wall: no feature is on both sides of it. */
export const featureBothSides: Rule = {
  name: 'feature on both sides',
  check({ towers, features: declared, library }, report) {
    /** The features, each with those whose values it takes, and so on. */
    const valuesOf = (names: readonly string[]): readonly string[] => {
      const values = new Set<string>();
      const add = (name: string): void => {
        if (values.has(name)) return;
        values.add(name);
        const call = declared.get(name)?.call;
        if (call && library.features[call.kind]?.readsNamed) valuesNamed(call, library.features).forEach(add);
      };
      names.forEach(add);
      return [...values];
    };
    const places = new Map(
      towers.map((tower) => [
        tower,
        inputsAndKey(tower).map(({ features, span }) => ({ features: valuesOf(features), span })),
      ]),
    );
    const reported = new Set<string>();
    for (const [at, tower] of towers.entries()) {
      const seen = new Set(places.get(tower)!.flatMap(({ features }) => features));
      for (const other of towers.slice(at + 1)) {
        for (const { features, span } of places.get(other)!) {
          const both = features.filter((feature) => seen.has(feature) && !reported.has(feature));
          for (const feature of both) reported.add(feature);
          const [name] = both;
          if (name === undefined) continue;
          const first = places.get(tower)!.find((place) => place.features.includes(name))!;
          const facts = { name, first: tower.name, second: other.name };
          // A key that is no input of its own tower is wrong itself, and not the tower that it belongs to.
          if (first.span === tower.key?.span) {
            const note = { message: notes.read(other.name, name), at: span };
            report('feature-both-sides', first.span, { ...facts, keyOf: tower.name }, { notes: [note] });
          } else {
            const note = { message: notes.read(tower.name, name), at: first.span };
            const keyOf = span === other.key?.span ? other.name : undefined;
            report('feature-both-sides', span, { ...facts, ...defined({ keyOf }) }, { notes: [note] });
          }
        }
      }
    }
  },
};

interface Place {
  readonly features: readonly string[];
  readonly span: Span;
}

/** Where a tower lets features in. */
function inputsAndKey({ inputs, key }: TowerPart): Place[] {
  return [...inputs, ...(key ? [{ features: [key.name], span: key.span }] : [])];
}
