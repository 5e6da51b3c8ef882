/** Resolves features, labels and groups. Members of a group are features and other groups. */
import { notes } from '../../../base/diagnostics/wording.ts';
import { labelTypes } from '../../library/declarations/labels_declaration.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import { describeExpression } from '../describe.ts';
import { singleName } from '../expressions.ts';
import { find, guess } from '../guess.ts';
import type { Feature, Label } from '../model.ts';
import { declaredIn, removal } from '../report.ts';
import type { Workspace } from '../scope.ts';

/** Returns the features that are valid. */
export function resolveFeatures(workspace: Workspace): ReadonlyMap<string, Feature> {
  const { features: kinds } = workspace.library;
  const features = new Map<string, Feature>();
  /** By entry, because an entry may declare several names, and its errors are reported once. */
  const calls = new Map<Ast.TypedEntryNode, Feature['call'] | undefined>();
  for (const [name, { entry, value, name: node }] of workspace.scope.features) {
    if (!calls.has(entry)) calls.set(entry, bindKind('kind of feature', kinds, value, workspace));
    const call = calls.get(entry);
    if (call) features.set(name, { name, span: node.span, call });
  }
  return features;
}

export function resolveLabels({ scope, report, note }: Workspace): ReadonlyMap<string, Label> {
  const labels = new Map<string, Label>();
  const reported = new Set<Ast.TypedEntryNode>();
  for (const [name, { value, name: at, entry }] of scope.labels) {
    const word = singleName(value)?.name;
    const type = labelTypes.find((known) => known === word);
    if (type) {
      labels.set(name, { name, span: at.span, type });
      note(value.span, { is: 'label type', name: type });
    }
    // An error in the type of several names is reported once.
    if (type || reported.has(entry)) continue;
    reported.add(entry);
    if (word === undefined) {
      const typeFacts = { of: name, expected: '`binary`, `probability` or `number`', found: describeExpression(value) };
      report('wrong-type', value.span, typeFacts);
    } else {
      const { extra, ...meant } = guess(word, value.span, labelTypes, 'label');
      report('unknown-kind', value.span, { what: 'type of label', name: word, known: labelTypes, ...meant }, extra);
    }
  }
  return labels;
}

/** Returns a note at the declaration of the label, and a fix that removes it here. */
export function labelExtra(
  { scope, onName }: Workspace,
  word: Ast.IdentifierNode,
): Parameters<Workspace['report']>[3] & {} {
  const { name, span } = word;
  onName('label', name, word);
  return {
    notes: [{ message: notes.declared('label', name), at: scope.labels.get(name)!.name.span }],
    fixes: [[removal(span)]],
  };
}

/** A member after correction: a misspelled name stands for the nearest one. */
interface Member {
  readonly node: Ast.IdentifierNode;
  readonly name: string;
  readonly isGroup: boolean;
}

/** Returns the features of each group, with nested groups expanded in place and without repetition. Members that could not be looked up are omitted. */
export function resolveGroups(workspace: Workspace): ReadonlyMap<string, readonly string[]> {
  const { scope, report } = workspace;
  const members = new Map([...scope.groups].map(([name, group]) => [name, membersOf(workspace, group)]));
  const done = new Map<string, readonly string[]>();
  const open = new Set<string>();

  /** Expands nested groups before the group that contains them. It is iterative, because a long chain of groups would overflow the stack. */
  function settle(wanted: string): void {
    const groupPath = [{ name: wanted, next: 0 }];
    open.add(wanted);
    for (let top = groupPath.at(-1); top !== undefined; top = groupPath.at(-1)) {
      const member = members.get(top.name)![top.next++];
      if (member === undefined) {
        groupPath.pop();
        done.set(top.name, featuresOf(top.name));
        open.delete(top.name);
      } else if (member.isGroup && open.has(member.name)) {
        report(
          'group-cycle',
          member.node.span,
          { name: member.name },
          { fixes: cycleFix(scope.groups.get(top.name)!, member) },
        );
      } else if (member.isGroup && !done.has(member.name)) {
        groupPath.push({ name: member.name, next: 0 });
        open.add(member.name);
      }
    }
  }

  function featuresOf(group: string): readonly string[] {
    /** Each feature with the member that first included it. */
    const memberOfFeature = new Map<string, Member>();
    for (const member of members.get(group)!) {
      if (!member.isGroup && !memberOfFeature.has(member.name)) {
        memberOfFeature.set(member.name, member);
        continue;
      }
      // A nested group without a result is part of a cycle.
      const brought = member.isGroup ? (done.get(member.name) ?? []) : [member.name];
      const twice = brought.filter((feature) => memberOfFeature.has(feature));
      // A misspelled name is already reported.
      if (twice.length > 0 && member.node.name === member.name) {
        repeated(workspace, group, member, memberOfFeature.get(twice[0]!)!, twice, twice.length === brought.length);
      }
      for (const feature of brought) if (!memberOfFeature.has(feature)) memberOfFeature.set(feature, member);
    }
    return [...memberOfFeature.keys()];
  }

  for (const name of scope.groups.keys()) if (!done.has(name)) settle(name);
  return new Map([...scope.groups.keys()].map((name) => [name, done.get(name)!]));
}

function membersOf(workspace: Workspace, { name, members }: Ast.GroupNode): readonly Member[] {
  const { scope, report, onName, onWord, uncertain, brokenGroups } = workspace;
  const groupMembers: Member[] = [];
  for (const node of members) {
    // No label or group has the name of a feature.
    if (scope.features.has(node.name)) {
      onName('feature', node.name, node);
      groupMembers.push({ node, name: node.name, isGroup: false });
      continue;
    }
    if (scope.labels.has(node.name)) {
      report('label-as-feature', node.span, { name: node.name }, labelExtra(workspace, node));
      brokenGroups.add(name.name);
      continue;
    }
    onWord('group', node);
    const meant = scope.groups.has(node.name) ? node.name : lookedUp(node);
    if (meant === undefined) {
      uncertain.add('feature');
      uncertain.add('group');
      brokenGroups.add(name.name);
      continue;
    }
    const isGroup = scope.groups.has(meant);
    if (!isGroup) onName('feature', meant);
    groupMembers.push({ node, name: meant, isGroup });
  }
  return groupMembers;

  /** Looks a member up, but never corrects a misspelled name to the group itself. */
  function lookedUp(node: Ast.IdentifierNode): string | undefined {
    const table = new Map<string, unknown>([...scope.features, ...scope.groups]);
    table.delete(name.name);
    const hasGroups = scope.groups.size > 1;
    const expectedWords = hasGroups ? 'group or feature' : 'feature';
    const within = [...declaredIn.feature, ...(hasGroups ? declaredIn.group : [])] as const;
    return find(expectedWords, table, node, report, within)?.name;
  }
}

/** @param all true if the member adds no other features */
function repeated(
  { report }: Workspace,
  group: string,
  member: Member,
  first: Member,
  names: readonly string[],
  all: boolean,
): undefined {
  const at = first.node.span;
  const note = { message: first.isGroup ? notes.brings(first.name, names[0]!) : notes.first(first.name), at };
  if (member.name === first.name) {
    const nameFacts = { what: 'member', name: member.name, other: 'member' };
    const noteAndFix = { notes: [{ message: notes.first(member.name), at }], fixes: [[removal(member.node.span)]] };
    return report('repeated-name', member.node.span, nameFacts, noteAndFix);
  }
  const needless = all ? member : first.isGroup ? undefined : first;
  const fixes = needless ? [[removal(needless.node.span)]] : [];
  const memberFacts = { group, names, first: first.name, second: member.name };
  report('repeated-member', member.node.span, memberFacts, { notes: [note], fixes });
}

/** Returns the fix for a cycle; none if it would leave the group empty. */
const cycleFix = ({ members }: Ast.GroupNode, { node }: Member) => (members.length > 1 ? [[removal(node.span)]] : []);
