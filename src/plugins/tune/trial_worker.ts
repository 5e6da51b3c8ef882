/** The program of a worker: trains the jobs that it gets, one after the other, and ends when its parent ends. */
import { answerJobs } from '../../app/api/child_process.ts';
import { trainJob } from './train_job.ts';

answerJobs(trainJob);
