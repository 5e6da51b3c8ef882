/** Handles errors of stdout and stderr. */
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import { reportUnanswered } from './report_failure.ts';

/**
 * `tower inspect … | head` ends without a message when `head` has read enough. A full disk under stdout is a failure. Errors of
 * stderr are ignored, so a training whose terminal has closed still writes its model.
 */
export function endWell(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    process.exit(reportUnanswered(failure('cannot-write', { path: 'standard output', reason })));
  });
  process.stderr.on('error', () => {});
}
