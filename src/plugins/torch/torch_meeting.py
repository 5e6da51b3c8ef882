"""
Lets the workers of a group find each other, and lets the remaining ones learn which one is gone. Both use the store where they meet:
each worker reports that it has come; and when an op between workers fails, each remaining one reports what it does.
"""
import datetime
import json
import os
import queue
import socket
import threading
import time

import torch.distributed as dist

# Seconds between two checks of the store, and until a worker that does not answer counts as gone.
glance = 0.3
answer_seconds = 2.5


class PeerError(Exception):
    """Another worker is gone or too slow. `lost` has the known ranks, machines, and what they last did."""

    def __init__(self, message, lost):
        super().__init__(message)
        self.lost = lost


class NotMet(Exception):
    """Not all workers came to the meeting. `missing` has the ranks of the others, if they are known."""

    def __init__(self, message, missing):
        super().__init__(message)
        self.missing = missing


def open_store(meet, rank, workers, seconds):
    limit = datetime.timedelta(seconds=seconds)
    if meet.startswith('file://'):
        path = meet[len('file://') :]
        # The store itself would wait for a folder that does not exist.
        if not os.path.isdir(os.path.dirname(path)):
            raise NotMet(f'there is no folder {os.path.dirname(path)}', None)
        store = dist.FileStore(path, workers)
        store.set_timeout(limit)
        return store
    host, port = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
    # torchrun has a store of its own, which outlives its workers, so each start uses another prefix.
    is_host = rank == 0 and os.environ.get('TORCHELASTIC_USE_AGENT_STORE') != 'True'
    store = dist.TCPStore(host, port, workers, is_host, timeout=limit, wait_for_workers=False)
    return dist.PrefixStore(f'tower/{os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")}', store)


def within(until, work):
    """Returns the result of `work`, with a timeout: a store tries to connect for longer than its own, and waits forever for a program that is no store."""
    results = queue.Queue()

    def attempt():
        try:
            results.put((work(), None))
        except Exception as error:
            results.put((None, error))

    threading.Thread(target=attempt, daemon=True).start()
    try:
        result, error = results.get(timeout=max(0, until - time.monotonic()))
    except queue.Empty:
        raise TimeoutError('it does not answer') from None
    if error is not None:
        raise error
    return result


class Meeting:
    def __init__(self, message):
        self.rank, self.workers = message['rank'], message['workers']
        self.doing, self.since = 'meets the others', time.monotonic()
        self.is_waiting = False
        # The last thing that all workers completed together.
        self.last = None
        self.verdict = None
        self.machines = [None] * self.workers
        until = time.monotonic() + message['meetSeconds']
        try:
            asked = message['meet'], self.rank, self.workers, message['meetSeconds']
            self.store = within(until, lambda: open_store(*asked))
            self.store.set(f'came/{self.rank}', socket.gethostname())
            self.wait_for_all(until)
            self.machines = [self.store.get(f'came/{each}').decode() for each in range(self.workers)]
        except NotMet:
            raise
        except Exception as error:
            # The first worker hosts the store.
            raise NotMet(f'{error}', [0] if self.rank > 0 and not message['meet'].startswith('file://') else None) from error
        self.left = max(1, until - time.monotonic())
        threading.Thread(target=self.attend, daemon=True).start()

    def wait_for_all(self, until):
        missing = list(range(self.workers))
        while True:
            missing = [each for each in missing if not self.store.check([f'came/{each}'])]
            if not missing:
                return
            if time.monotonic() > until:
                raise NotMet('they did not come', missing)
            time.sleep(glance)

    def note(self, doing, is_waiting=False):
        self.doing, self.since, self.is_waiting = doing, time.monotonic(), is_waiting

    def together(self, what, work):
        """Runs an op between workers. @param what is complete after it, if that is worth reporting"""
        self.note(self.doing, True)
        result = work()
        if what is not None:
            self.last = what
        self.note('prepares its next step')
        return result

    def attend(self):
        """Answers, in a thread of its own, when another worker calls the roll."""
        has_answered = False
        try:
            while self.verdict is None:
                time.sleep(glance)
                if not self.store.check(['roll-call']):
                    continue
                if not has_answered:
                    self.answer()
                    has_answered = True
                if self.store.check(['verdict']):
                    self.verdict = json.loads(self.store.get('verdict'))
        except Exception:
            # The store is gone with the worker that hosts it.
            return

    def answer(self):
        here = {'doing': self.doing, 'seconds': round(time.monotonic() - self.since), 'waits': self.is_waiting}
        self.store.set(f'here/{self.rank}', json.dumps(here))

    def leave(self, reason):
        """Tells the remaining workers why this one ends."""
        self.store.set(f'left/{self.rank}', reason)

    def lost(self):
        """Returns the lost workers: those that left, else those that do not answer, else those that the others wait for."""
        try:
            if self.verdict is None:
                self.store.set('roll-call', '1')
                self.answer()
                self.verdict = self.call_roll()
                self.store.set('verdict', json.dumps(self.verdict))
                # The others have time to read it before the store may be gone.
                time.sleep(3 * glance)
            who = self.verdict
        except Exception:
            hosts = self.rank > 0 and 'TORCHELASTIC_USE_AGENT_STORE' not in os.environ
            who = [self.about(0, 'gone')] if hosts else []
        return {'who': who, 'last': self.last}

    def call_roll(self):
        others = [each for each in range(self.workers) if each != self.rank]
        until = time.monotonic() + answer_seconds
        while time.monotonic() < until and not all(self.store.check([f'here/{each}']) for each in others):
            time.sleep(glance)
        left = [each for each in others if self.store.check([f'left/{each}'])]
        if left:
            return [self.about(each, 'left', said=self.store.get(f'left/{each}').decode()) for each in left]
        here = {each: json.loads(self.store.get(f'here/{each}')) for each in others if self.store.check([f'here/{each}'])}
        gone = [each for each in others if each not in here]
        if gone:
            return [self.about(each, 'gone') for each in gone]
        slow = [each for each in others if not here[each]['waits']]
        return [self.about(each, 'slow', doing=here[each]['doing'], seconds=here[each]['seconds']) for each in slow]

    def about(self, rank, state, **more):
        return {'rank': rank, 'machine': self.machines[rank], 'state': state, **more}
