/** What becomes of a command whose answers or messages cannot be written. */
import { failure } from '../diagnostics/failure.ts';
import { systemReason } from '../diagnostics/system_reason.ts';
import { reportUnanswered } from './report.ts';

/**
 * `tower inspect … | head` ends quietly when `head` has read enough. A full disk under stdout is a failure like any other. What
 * stderr cannot take is lost and ends nothing: a training that nobody watches any more still leaves its model.
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
