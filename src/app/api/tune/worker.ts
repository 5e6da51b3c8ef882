/** The program of a worker: trains the jobs that it is sent, one after the other, and ends when its parent does. */
import { answerJobs } from '../child_process.ts';
import { trainJob } from './train_job.ts';

answerJobs(trainJob);
