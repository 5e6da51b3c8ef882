/** Options that every command about a trained model takes. */
import type { Command } from 'commander';
import type { RunOptions } from './open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  keepSeenOption,
  removeSeenOption,
  unfinishedOption,
} from './options.ts';

interface RunCommandOptions extends RunOptions {
  readonly json?: boolean;
}

/** For a command that ranks items: whether those that the user had before may be among them. */
export interface RankingOptions extends RunCommandOptions {
  readonly removeSeen?: boolean;
  readonly keepSeen?: boolean;
}

/** Adds the options of `OfRun`. */
export function addRunOptions(command: Command): Command {
  const options = [dataOption(), allowOption(), engineOption(), unfinishedOption(), jsonOption()];
  for (const option of options) command.addOption(option);
  return command;
}

/** Adds the options of `OfRanking` that `OfRun` does not have. */
export function addSeenOptions(command: Command): Command {
  return command.addOption(removeSeenOption()).addOption(keepSeenOption());
}
