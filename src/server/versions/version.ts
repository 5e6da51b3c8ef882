/** A trained model that is loaded and answers. */
import type { Answers } from '../answers.ts';

export interface Version {
  /** What its answers name: the checksum of the manifest. */
  readonly id: string;
  /** The folder that it was loaded from, as a person reads it. */
  readonly folder: string;
  readonly answers: Answers;
  readonly loaded: Date;
  /** Gives back what the engine holds. Nothing asks the version after that. */
  close(): Promise<void>;
}

export interface VersionSource {
  readonly answers: Answers;
  readonly folder?: string;
  close?(): Promise<void>;
}

export const makeVersion = ({ answers, folder = '', close = async () => {} }: VersionSource): Version => ({
  id: answers.version,
  folder,
  answers,
  loaded: new Date(),
  close,
});
