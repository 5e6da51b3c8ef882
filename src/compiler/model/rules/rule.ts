import type { Report } from '../report.ts';
import type { Resolution } from '../resolution.ts';

export interface RuleOptions {
  /** Bytes that embedding tables may take before a warning; their optimizer's state comes on top. Default 2 GB. */
  readonly tableBudget?: number;
}

/** One mistake that names and arguments alone do not show. */
export interface Rule {
  readonly name: string;
  readonly check: (resolution: Resolution, report: Report, options: RuleOptions) => void;
}
