"""
Runs graphs for Tower as a child process of worker.ts, and holds the parameters of each program. Messages are frames on stdin and
stdout, 4 bytes of length and JSON; numbers are in a file that both processes have open, at offsets that the message has.

    python torch_runner.py '{"threads": 2, "device": "cpu", "compile": true, "cache": "/home/me/.cache/tower-lang/torch"}'
"""
import hashlib
import json
import mmap
import os
import platform
import select
import shutil
import signal
import struct
import sys
import threading
import time
import traceback
import warnings

# Ctrl-C reaches all processes of a terminal, and schedulers signal all of a job. The parent ends this process after the current step.
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_IGN)
# Frames are written to a copy of stdout, and everything that a library prints goes to stderr.
frames_in = os.fdopen(os.dup(0), 'rb')
frames_out = os.fdopen(os.dup(1), 'wb')
os.dup2(2, 1)
settings = json.loads(sys.argv[1])
# cuBLAS has a fixed order of sums only with a workspace of its own; torch refuses products without it.
os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
os.environ.setdefault('TORCHINDUCTOR_CACHE_DIR', os.path.join(settings['cache'], 'inductor'))


def send(message):
    body = json.dumps(message).encode()
    frames_out.write(struct.pack('<I', len(body)) + body)
    frames_out.flush()


def end_with_parent():
    """Ends this process when the other end of stdin closes, even in the middle of a run, because the parent may have been killed."""
    poll = select.poll()
    poll.register(0, select.POLLHUP)
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
        pass
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
warnings.simplefilter('ignore')

try:
    import torch
except Exception as error:  # The user gets any error of loading torch as the reason.
    send({'error': {'kind': 'import', 'message': f'{type(error).__name__}: {error}'}})
    sys.exit(1)

# This module is next to this file and has the ops between workers.
import torch_group

dtypes = {'float32': torch.float32, 'int32': torch.int32, 'bool': torch.bool}


class SharedMemory:
    """The files that both processes have open, as mapped memory. A file may grow between two messages."""

    def __init__(self, descriptors):
        self.descriptors = descriptors
        self.maps = [None] * len(descriptors)
        self.current = None

    def use(self, file, size):
        found = self.maps[file]
        if found is None or len(found) != size:
            found = self.maps[file] = mmap.mmap(self.descriptors[file], size) if size > 0 else None
        self.current = found

    def view(self, dtype, at, shape):
        """Returns a tensor in the shared memory."""
        count = 1
        for length in shape:
            count *= length
        if count == 0:
            return torch.empty(shape, dtype=dtype)
        return torch.frombuffer(self.current, dtype=dtype, count=count, offset=at).reshape(shape)


def own(value, borrowed):
    """Returns the value in memory of its own that torch has allocated: rounding in products may depend on the address of their operands."""
    storage = value.untyped_storage()
    is_whole = value.is_contiguous() and storage.nbytes() == value.numel() * value.element_size()
    return value if is_whole and storage.data_ptr() not in borrowed else value.clone(memory_format=torch.contiguous_format)


class Program:
    def __init__(self, message, parameters, device):
        self.inputs = [dtypes[each['dtype']] for each in message['inputs']]
        self.outputs = [dtypes[dtype] for dtype in message['outputs']]
        self.updates = message['updates']
        self.parameters = parameters
        self.device = device
        self.times = []
        module = {'__clock': self.clock}
        exec(compile(message['source'], f'<{message["entry"]}>', 'exec'), module)
        self.function = module[message['entry']]
        if message['compile']:
            self.function = compiled(self.function, message, parameters)

    def clock(self, node):
        """Called after each line by a function that is timed."""
        if self.device.type == 'cuda':
            torch.cuda.synchronize(self.device)
        self.times.append([node, time.perf_counter()])

    def time_lines(self, memory, places):
        """Runs once without changing parameters. @returns [node, start, milliseconds] of each line"""
        inputs = [memory.view(dtype, at, shape) for dtype, (at, shape) in zip(self.inputs, places['inputs'])]
        inputs = [value.to(self.device) for value in inputs]
        self.times.clear()
        self.clock(-1)
        self.function(*inputs, *self.parameters)
        began = self.times[0][1]
        return [
            [node, 1000 * (before - began), 1000 * (after - before)]
            for (_, before), (node, after) in zip(self.times, self.times[1:])
        ]

    def run(self, memory, places):
        """@param places of inputs and of outputs: an offset and a shape for each"""
        inputs = [memory.view(dtype, at, shape) for dtype, (at, shape) in zip(self.inputs, places['inputs'])]
        borrowed = {value.untyped_storage().data_ptr() for value in inputs}
        if self.device.type != 'cpu':
            inputs = [value.to(self.device) for value in inputs]
        results = self.function(*inputs, *self.parameters)
        for value, dtype, (at, shape) in zip(results, self.outputs, places['outputs']):
            if value.dtype != dtype or list(value.shape) != shape:
                raise TypeError(f'an output is {value.dtype}{list(value.shape)}, and the graph says {dtype}{shape}')
            if value.numel() > 0:
                memory.view(dtype, at, shape).copy_(value)
        # All values are copied before any parameter changes, because each was computed from the values before the run.
        values = [own(value, borrowed) for value in results[len(self.outputs):]]
        for parameter, value in zip(self.updates, values):
            self.parameters[parameter] = value


# Number of rows that the compiler plans for, instead of that of the first run: a step is then the same program in each run, with the same bits.
planned_rows = 1024


def compiled(function, message, parameters):
    """Returns the function compiled by Inductor for all sizes, from the cache if it was compiled before on such a machine."""
    folder = os.path.join(settings['cache'], 'programs')
    about = [message['source'], message['inputs'], [list(each.shape) for each in parameters], torch.__version__]
    key = hashlib.sha256(json.dumps([*about, machine(), torch.get_num_threads(), planned_rows]).encode()).hexdigest()
    path = os.path.join(folder, f'{key}.pt2')
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        # The file has a unique name until it is complete, because two processes may compile the same step.
        partial = os.path.join(folder, f'{key}.{os.getpid()}.pt2')
        try:
            package(function, message, parameters, partial)
            os.replace(partial, path)
        except Exception as error:
            traceback.print_exc()
            raise CompileError(f'{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}') from error
        finally:
            if os.path.exists(partial):
                os.remove(partial)
    loaded = torch._inductor.aoti_load_package(path)
    return lambda *values: loaded(*values)


class CompileError(Exception):
    pass


def package(function, message, parameters, path):
    from torch._inductor import config

    # Avoids a pool of processes that would outlive a kill, and minutes for the few lines around the kernels.
    config.compile_threads = 1
    config.aot_inductor.compile_wrapper_opt_level = 'O1'

    class Step(torch.nn.Module):
        def forward(self, *values):
            return function(*values)

    symbols = {}
    rows = {}

    def dim(each):
        """Returns the symbol of an input's length, or a multiple of it."""
        name = each['symbol']
        if name not in symbols:
            symbols[name] = torch.export.Dim(f's{len(symbols)}', min=2)
            # Each symbol has another example, because the compiler would take equal ones for one symbol.
            rows[name] = planned_rows - len(rows)
        return symbols[name] if each['times'] == 1 else each['times'] * symbols[name]

    examples = []
    shapes = []
    for each in message['inputs']:
        shapes.append({axis: dim(length) for axis, length in enumerate(each['shape']) if isinstance(length, dict)})
        lengths = [rows[d['symbol']] * d['times'] if isinstance(d, dict) else d for d in each['shape']]
        examples.append(torch.zeros(lengths, dtype=dtypes[each['dtype']]))
    dynamic = (tuple([*shapes, *({} for _ in parameters)]),)
    exported = torch.export.export(Step(), (*examples, *parameters), dynamic_shapes=dynamic, strict=False)
    torch._inductor.aoti_compile_and_package(exported, package_path=path)


def machine():
    """Returns the instructions of the processor, on which compiled code depends."""
    try:
        with open('/proc/cpuinfo') as file:
            return next((line for line in file if line.startswith(('flags', 'Features'))), platform.machine())
    except OSError:
        return f'{platform.machine()} {platform.processor()}'


def cpp_compiler():
    names = [os.environ.get('CXX'), 'g++', 'c++', 'clang++']
    return next((name for name in names if name and shutil.which(name)), None)


class Runner:
    def __init__(self, device):
        self.device = device
        self.memory = SharedMemory([3, 4])
        self.programs = {}

    def open(self, message):
        parameters = [
            self.memory.view(dtypes[dtype], at, shape).clone().to(self.device)
            for dtype, at, shape in message['parameters']
        ]
        self.programs[message['program']] = Program(message, parameters, self.device)

    def run(self, message):
        self.programs[message['program']].run(self.memory, message)

    def read(self, message):
        program = self.programs[message['program']]
        for index, at in message['parameters']:
            value = program.parameters[index]
            self.memory.view(value.dtype, at, list(value.shape)).copy_(value)

    def write(self, message):
        program = self.programs[message['program']]
        for index, at in message['parameters']:
            old = program.parameters[index]
            value = self.memory.view(old.dtype, at, list(old.shape))
            program.parameters[index] = value.clone().to(self.device)

    def close(self, message):
        del self.programs[message['program']]

    def answer(self, message):
        try:
            self.memory.use(message['file'], message['size'])
            # The requests of Tower. Messages come only from the parent.
            requests = {
                'open': self.open,
                'run': lambda asked: torch_group.run(lambda: self.run(asked)),
                'time': lambda asked: self.programs[asked['program']].time_lines(self.memory, asked),
                'read': self.read,
                'write': self.write,
                'close': self.close,
                'join': torch_group.join,
                'note': torch_group.note,
                'leave': torch_group.leave,
                'lengths': torch_group.lengths,
                'lengthsEach': torch_group.lengths_each,
                'allToAll': lambda asked: torch_group.all_to_all(self.memory, asked),
                'exchange': lambda asked: torch_group.exchange(self.memory, asked),
            }
            return {'result': requests[message['do']](message)}
        except Exception as raised:
            error = torch_group.failed(raised)
            text = f'{type(error).__name__}: {error}'
            if isinstance(error, torch_group.NotMet):
                return {'error': {'kind': 'meeting', 'message': text, 'missing': error.missing}}
            if isinstance(error, torch_group.PeerError):
                return {'error': {'kind': 'peer', 'message': text, 'lost': error.lost}}
            is_full = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in text
            kind = 'memory' if is_full else 'compile' if isinstance(error, CompileError) else 'run'
            return {'error': {'kind': kind, 'message': text}}


def main():
    try:
        device = torch.device(settings['device'])
        torch.zeros(1, device=device)
    except Exception as error:
        return send({'error': {'kind': 'device', 'message': str(error).strip().splitlines()[0]}})
    torch.set_num_threads(settings['threads'])
    torch.set_grad_enabled(False)
    # The same seed must give the same bits.
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    runner = Runner(device)
    send({'version': torch.__version__, 'python': platform.python_version(), 'compiler': cpp_compiler()})
    while True:
        head = frames_in.read(4)
        if len(head) < 4:
            return
        (length,) = struct.unpack('<I', head)
        send(runner.answer(json.loads(frames_in.read(length))))


main()
