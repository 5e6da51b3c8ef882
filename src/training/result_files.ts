/** Files that `train`, `evaluate` and `--track` write next to a model. Apart, so that a command may name them and load nothing else. */
export const reportFile = 'report.html';
export const evaluationFile = 'evaluation.json';
export const trackingFile = 'tracking.json';
