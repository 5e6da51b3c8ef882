/** What `train` and `evaluate` leave in a run's folder for people to read. Apart, so that a command may name them and load nothing else. */
export const reportFile = 'report.html';
export const evaluationFile = 'evaluation.json';
