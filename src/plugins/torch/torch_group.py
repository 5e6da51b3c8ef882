"""
Communication in a group of workers, for torch_runner.py: the two ops of graphs between workers, and messages of bytes. Each worker has
a rank; a worker that is not in a group is a group of one.
"""
import datetime

import torch
import torch.distributed as dist

from torch_meeting import Meeting, NotMet, PeerError


def size():
    return dist.get_world_size() if dist.is_initialized() else 1


def chunk(total):
    """Returns the number of rows of each worker; the last ones may have fewer. Tower divides the rows of a step in the same way."""
    return -(-total // size())


def waiting(work):
    """Runs an op within a step. Meanwhile workers that ask learn that this worker waits for others."""
    if meeting is None:
        return work()
    meeting.is_waiting = True
    result = work()
    meeting.is_waiting = False
    return result


@torch.library.custom_op('tower::all_gather', mutates_args=())
def all_gather(rows: torch.Tensor, places: torch.Tensor, total: int) -> torch.Tensor:
    if size() == 1:
        return torch.zeros((total, *rows.shape[1:]), dtype=rows.dtype, device=rows.device).index_copy(0, places.long(), rows)
    own = rows.new_zeros((chunk(total), *rows.shape[1:]))
    own[: rows.shape[0]] = rows
    whole = own.new_empty((size() * own.shape[0], *rows.shape[1:]))
    waiting(lambda: dist.all_gather_into_tensor(whole, own))
    # The padding is at the end of the whole.
    return whole[:total].clone()


@all_gather.register_fake
def _(rows, places, total):
    return rows.new_empty((total, *rows.shape[1:]))


@torch.library.custom_op('tower::all_reduce', mutates_args=())
def all_reduce(value: torch.Tensor) -> torch.Tensor:
    total = value.clone(memory_format=torch.contiguous_format)
    if size() > 1:
        waiting(lambda: dist.all_reduce(total))
    return total


@all_reduce.register_fake
def _(value):
    return torch.empty_like(value, memory_format=torch.contiguous_format)


meeting = None
# The group with the longer timeout, for waiting while a worker compiles a step or ranks a corpus.
patient = None


def join(message):
    """Waits until all workers have connected."""
    global meeting, patient
    if dist.is_initialized():
        dist.destroy_process_group()
    meeting = Meeting(message)
    try:
        dist.init_process_group(
            message['backend'],
            store=dist.PrefixStore('group', meeting.store),
            rank=message['rank'],
            world_size=message['workers'],
            timeout=datetime.timedelta(seconds=meeting.left),
        )
        patient = dist.new_group(backend='gloo', timeout=datetime.timedelta(seconds=message['patientSeconds']))
        # The first message between each two workers detects an address in the store at which nobody listens.
        dist.barrier()
        meeting.together(None, lambda: dist.barrier(group=patient))
        dist.distributed_c10d._set_pg_timeout(datetime.timedelta(seconds=message['seconds']), dist.group.WORLD)
    except Exception as error:
        raise NotMet(f'{error}', None) from error
    return {'machines': meeting.machines}


def note(message):
    meeting.note(message['doing'])


def leave(message):
    meeting.leave(message['reason'])


def lengths(message):
    """Returns the number of bytes that each worker will send."""
    mine = torch.tensor([message['bytes']], dtype=torch.int64)
    all_of_them = torch.empty(size(), dtype=torch.int64)
    group = patient if message['patient'] else None
    meeting.together(None, lambda: dist.all_gather_into_tensor(all_of_them, mine, group=group))
    return {'lengths': all_of_them.tolist()}


def exchange(memory, message):
    """Sends the bytes of each worker to all, which get them concatenated in the order of ranks."""
    known = message['lengths']
    longest = max(known)
    mine = torch.zeros(longest, dtype=torch.uint8)
    rank = dist.get_rank()
    mine[: known[rank]] = memory.view(torch.uint8, message['from'], [known[rank]])
    parts = torch.empty(size() * longest, dtype=torch.uint8)
    meeting.together(message.get('what'), lambda: dist.all_gather_into_tensor(parts, mine))
    at = message['into']
    for worker, length in enumerate(known):
        memory.view(torch.uint8, at, [length]).copy_(parts[worker * longest : worker * longest + length])
        at += length
    return {}


def lengths_each(message):
    """Returns the number of bytes that each worker has for this one."""
    mine = torch.tensor(message['lengths'], dtype=torch.int64)
    theirs = torch.empty_like(mine)
    meeting.together(None, lambda: dist.all_to_all_single(theirs, mine))
    return {'lengths': theirs.tolist()}


def all_to_all(memory, message):
    """Sends bytes from each worker to each, which gets them concatenated in the order of ranks."""
    mine, theirs = message['mine'], message['lengths']
    sent = memory.view(torch.uint8, message['from'], [sum(mine)])
    received = torch.empty(sum(theirs), dtype=torch.uint8)
    meeting.together(message.get('what'), lambda: dist.all_to_all_single(received, sent, theirs, mine))
    memory.view(torch.uint8, message['into'], [sum(theirs)]).copy_(received)


def run(work):
    """Runs a step, which may wait for other workers."""
    if meeting is None:
        return work()
    meeting.note('runs a step')
    result = work()
    meeting.note('prepares its next step')
    return result


def failed(error):
    """Returns an error that names the worker, if this one says that a worker is gone or too slow."""
    if isinstance(error, (NotMet, PeerError)) or meeting is None or not is_peer_error(error):
        return error
    return PeerError(f'{error}', meeting.lost())


def is_peer_error(error):
    """Returns true if a worker is gone or too slow: gloo and the store report it only by errors of these types."""
    text = str(error).lower()
    words = ('gloo', 'timed out', 'timeout', 'connection', 'socket', 'peer', 'store', 'broken pipe')
    return isinstance(error, dist.DistError) or any(word in text for word in words)
