/** What a group is made of: features, and groups whose features it takes. */
import type { Scope } from './scope.ts';

/** The groups among a group's members, among their members, and so on, in order, each once; without the group itself. */
export function groupsWithin({ groups }: Pick<Scope, 'groups'>, name: string): readonly string[] {
  const found = new Set([name]);
  // A set goes on through what is added to it on the way.
  for (const group of found) {
    for (const member of groups.get(group)?.members ?? []) if (groups.has(member.name)) found.add(member.name);
  }
  found.delete(name);
  return [...found];
}

/** Whether every member is declared: one that is not is reported, and its features are not known. */
export function isWholeGroup({ groups, features }: Pick<Scope, 'groups' | 'features'>, name: string): boolean {
  return [name, ...groupsWithin({ groups }, name)].every((group) =>
    groups.get(group)?.members.every((member) => features.has(member.name) || groups.has(member.name)),
  );
}
