"""Compiles functions of tensors by Inductor, for all sizes, and keeps the programs in a folder."""
import hashlib
import json
import os
import platform
import shutil
import traceback

import torch

# Number of rows that the compiler plans for, instead of that of the first run: a step is then the same program in each run, with the same bits.
planned_rows = 1024


class CompileError(Exception):
    pass


def compiled(about, export, folder, writes_once=False):
    """
    Returns the program that `export` gives to the compiler, from the folder if it was compiled before on such a machine.
    @param about what decides the program, as JSON
    @param export returns an exported program
    @param writes_once true if it writes no row twice, so that the order of writing does not matter
    """
    key = hashlib.sha256(json.dumps([*about, torch.__version__, machine(), torch.get_num_threads(), planned_rows]).encode())
    path = os.path.join(folder, f'{key.hexdigest()}.pt2')
    if not os.path.exists(path):
        os.makedirs(folder, exist_ok=True)
        # The file has a unique name until it is complete, because two processes may compile the same step.
        partial = os.path.join(folder, f'{key.hexdigest()}.{os.getpid()}.pt2')
        try:
            torch.use_deterministic_algorithms(not writes_once)
            package(export(), partial)
            os.replace(partial, path)
        except Exception as error:
            traceback.print_exc()
            raise CompileError(f'{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}') from error
        finally:
            torch.use_deterministic_algorithms(True)
            if os.path.exists(partial):
                os.remove(partial)
    loaded = torch._inductor.aoti_load_package(path)
    return lambda *values: loaded(*values)


def package(exported, path):
    from torch._inductor import config

    # Avoids a pool of processes that would outlive a kill, and minutes for the few lines around the kernels.
    config.compile_threads = 1
    config.aot_inductor.compile_wrapper_opt_level = 'O1'
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
