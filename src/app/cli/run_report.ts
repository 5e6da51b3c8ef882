import { Failure } from '../../base/diagnostics/failure.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { say } from './report.ts';

/** Leaves `report.html` in a run's folder. What was asked for is done by then: where it cannot be written, that is said and no failure. */
export async function leaveReport(folder: string, evaluation?: Evaluation): Promise<void> {
  const { writeReport } = await import('../api/report.ts');
  try {
    say(`report: ${await writeReport(folder, evaluation)}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`no report: ${error.diagnostics.map(({ message }) => message).join('; ')}`);
  }
}
