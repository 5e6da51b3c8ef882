/** Texts that the scripts for launchers share: those of a training of several workers, and those of shards in parts. */

/** Quotes a text for a shell. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Quotes a text for YAML and Python. */
export const quotedText = (value: string): string => JSON.stringify(value);

/** Cores of a process. */
export const coresPerProcess = 4;

/** Runs the `tower` that wrote the job with the arguments of the script, or the one that `TOWER` names. @param program its path */
export const startTower = (program: string | undefined): string => `[ -z "$TOWER" ] || exec $TOWER "$@"
${program === undefined ? '# `--no`: npm has another program of this name, which npx would fetch.\nexec npx --no -- tower' : `exec node ${quoted(program)}`} "$@"
`;

/** Runs a command in a job of Slurm, and again if it was killed: Slurm itself starts only those of a lost machine again. */
export const restarted = (command: string): string => `# What is killed runs again, at most three times.
for try in 1 2 3 4; do
  ${command}
  code=$?
  [ $code -gt 128 ] || break
done
exit $code
`;

/** Mounts each folder that is not in another one, at its own path. A mounted folder hides what the image has there. */
export const mountsOf = (folders: readonly string[]): string =>
  [...new Set(folders)]
    .filter((folder) => !folders.some((other) => folder.startsWith(`${other}/`)))
    .map(
      (folder) =>
        `            - { name: shared, mountPath: ${quotedText(folder)}, subPath: ${quotedText(folder.slice(1))} }`,
    )
    .join('\n');

export const sharedVolume = `      volumes:
        - name: shared
          persistentVolumeClaim:
            claimName: tower
`;

/** Returns a name that DNS allows, because Kubernetes makes addresses from it. */
export const jobName = (folder: string): string => {
  const folderName = folder
    .slice(folder.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return folderName === '' ? 'tower-job' : folderName;
};
