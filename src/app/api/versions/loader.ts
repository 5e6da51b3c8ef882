/** The program that loads a run while a server answers. It gets one run, and writes everything that is needed for answers to a file. */
import { answerJobs } from '../child_process.ts';
import { type LoadJob, readWhole, writeLoaded } from './load_beside.ts';

// If the server has ended, nobody waits for the result.
process.on('disconnect', () => process.exit());
answerJobs(async ({ folder, request, path }: LoadJob): Promise<readonly string[]> => {
  const saidLines: string[] = [];
  await writeLoaded(path, await readWhole(folder, { ...request, say: (line) => void saidLines.push(line) }));
  return saidLines;
});
