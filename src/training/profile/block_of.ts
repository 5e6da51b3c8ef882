/** Which block of the model a node of the training step belongs to, by its label: `gradient/user/main/mlp` is the way back through an `mlp`. */

export interface BlockPosition {
  /** As a message would call the file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface NodeBlock {
  /** `user tower · deep · mlp`, `loss · watch`, `optimizer` */
  readonly name: string;
  readonly place?: BlockPosition;
  readonly isBackward: boolean;
}

const gradient = /^(?:gradient\/)+/;

/** @param places of steps, scores and losses by the label of their nodes */
export function blockOf(
  label: string,
  towers: readonly string[],
  places: ReadonlyMap<string, BlockPosition>,
): NodeBlock {
  const forwardLabel = label.replace(gradient, '');
  const isBackward = forwardLabel !== label || forwardLabel === 'gradient';
  const path = forwardLabel.split('/');
  for (let length = path.length; length > 0; length--) {
    const blockPosition = places.get(path.slice(0, length).join('/'));
    if (blockPosition) return { name: nameOf(path.slice(0, length), towers), place: blockPosition, isBackward };
  }
  const [first = ''] = path;
  if (first === '' || first === 'gradient') return { name: 'rest of the graph', isBackward };
  if (first === 'optimizer') return { name: 'optimizer', isBackward };
  return { name: nameOf(path.slice(0, 2), towers), isBackward };
}

/** A step that is named after its channel would say the name twice. */
function nameOf([first, ...rest]: readonly string[], towers: readonly string[]): string {
  const distinctNames = rest.filter((name, at) => name !== rest[at - 1]);
  return [towers.includes(first!) ? `${first} tower` : first, ...distinctNames].join(' · ');
}
