/** What the readers of blocks share: which declared block is being read, for which values, and how large it is so far. */
import type { Span } from '../../../base/text/source.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { FlowStep } from '../model.ts';
import type { Report } from '../report.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** Blocks of the library that a declared one may become, written out, and declared blocks within one another. */
export const most = { blocks: 10_000, depth: 64 };

/** How much a declared block is, written out. */
interface Extent {
  blocks: number;
  depth: number;
}

/** A declared block, written out for some values of its parameters; without steps where it is not valid. */
export interface Written {
  readonly steps?: readonly FlowStep[];
  readonly extent: Extent;
}

/** What the values of parameters are where a block is read, and where its mistakes are reported. */
export interface Frame {
  readonly report: Report;
  readonly binding: Binding;
}

export type ReadStep = (expression: Ast.ExpressionNode) => FlowStep | undefined;

export interface Reading {
  readonly workspace: Workspace;
  readonly step: ReadStep;
  /** The frame outside of every declared block. */
  readonly outermost: Frame;
  /** The frame of the block that is being read. */
  frame: Frame;
  /** Names of the declared blocks that are being read, the innermost last. */
  readonly open: string[];
  /** Of the declared block that is being read; of all flows of towers, outside of one. */
  extent: Extent;
  /** One message is enough: what contains the block is too large as well. */
  isTooLarge: boolean;
  /** By name and values. */
  readonly done: Map<string, Written>;
  /** Blocks with parameters that are read without values already. */
  readonly known: Set<string>;
  /** Blocks with parameters that are wrong whatever their values. */
  readonly broken: Set<string>;
  /** Places within blocks of which a mistake is reported for some values. */
  readonly reported: Set<string>;
  /** The values that the first use of each shared block gives, and where that is. */
  readonly shared: Map<string, { readonly values: string; readonly at: Span }>;
}

/** @param step reads a step of a flow; it may be called once this returns */
export function makeReading(workspace: Workspace, step: ReadStep): Reading {
  const outermost: Frame = { report: workspace.report, binding: { ...workspace.binding, steps: step } };
  return {
    workspace,
    step,
    outermost,
    frame: outermost,
    open: [],
    extent: { blocks: 0, depth: 0 },
    isTooLarge: false,
    done: new Map(),
    known: new Set(),
    broken: new Set(),
    reported: new Set(),
    shared: new Map(),
  };
}

/** The frame within a declared block, where its parameters have these values. */
export function frameWithin(
  { workspace, outermost }: Reading,
  values: ReadonlyMap<string, number | undefined>,
  report: Report,
): Frame {
  const constants = workspace.constants.within(values, report);
  return { report, binding: { ...outermost.binding, report, constants } };
}

/** Whether what is read so far is small enough; reports once where it is not. */
export function fits(reading: Reading, name: string, span: Span): boolean {
  const { extent, frame } = reading;
  if (extent.depth <= most.depth && extent.blocks <= most.blocks) return true;
  if (!reading.isTooLarge) frame.report('block-too-large', span, { name, ...most });
  reading.isTooLarge = true;
  return false;
}
