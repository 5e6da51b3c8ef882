/** What becomes of a command whose reader has gone. */

/**
 * `tower inspect … | head` ends quietly when `head` has read enough. A closed stderr ends nothing: a training that nobody watches
 * any more still leaves its model.
 */
export function endQuietly(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
